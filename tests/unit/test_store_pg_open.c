/* Databases that are none, not ours, or not this program's; and several programs that make one at once. */
#include "store/migrate.h"
#include "store_fixture.h"

static void refused_at(struct fixture *f, const char *path, enum err want, const char *word)
{
    char text[2048];
    struct store_options o = fixture_options(f);
    o.path = path;
    assert_int_equal(fixture_try_open(f, &o, text, sizeof text), want);
    if (!strstr(text, word))
        fail_msg("\"%s\" does not say \"%s\"", text, word);
    if (strstr(text, "s3cret"))
        fail_msg("\"%s\" tells the password", text);
}

static void addresses_that_lead_nowhere_are_named_without_their_password(void **state)
{
    struct fixture *f = *state;
    refused_at(f, "postgresql://kassa:s3cret@127.0.0.1:1/kassa", ERR_IO, "Connection refused");
    refused_at(f, "postgresql://kassa:s3cret@127.0.0.1:1/kassa", ERR_IO, "start the server");
    refused_at(f, "postgresql://kassa:s3cret@no-such-host.invalid/kassa", ERR_IO, "host's name");
    refused_at(f, "postgresql://kassa:s3cret@127.0.0.1:1,127.0.0.1:2/kassa", ERR_IO, "port 2");
    refused_at(f, "postgresql://kassa:s3cret%zz@127.0.0.1/kassa", ERR_IO, "well formed");
    refused_at(f, "postgresql://kassa:s3cret@[::1]x/kassa", ERR_IO, "well formed");
    refused_at(f, "postgresql://h/kassa?password=s3cret%zz", ERR_IO, "well formed");
    refused_at(f, "postgresql://h/kassa?sslmod=require", ERR_IO, "sslmod");
    refused_at(f, "postgresql://h:99999/kassa", ERR_IO, "99999");
}

/* The server's address with another database. */
static void at_database(const char *name, char out[TEST_STORE_PATH_MAX])
{
    const char *server = getenv("KASSA_TEST_PG"), *rest = strstr(server, "/postgres?");
    assert_non_null(rest);
    snprintf(out, TEST_STORE_PATH_MAX, "%.*s/%s%s", (int)(rest - server), server, name,
        rest + strlen("/postgres"));
}

static void databases_that_are_missing_or_of_another_encoding_are_refused(void **state)
{
    struct fixture *f = *state;
    char path[TEST_STORE_PATH_MAX];
    at_database("nowhere", path);
    refused_at(f, path, ERR_IO, "\"nowhere\" does not exist (create it, or correct its name)");
    test_pg_run("CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'");
    at_database("bytes", path);
    refused_at(f, path, ERR_IO, "encoding");
    test_pg_run("DROP DATABASE bytes");
}

static void a_user_who_does_not_exist_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[TEST_STORE_PATH_MAX];
    const char *rest = strstr(getenv("KASSA_TEST_PG"), "@");
    assert_non_null(rest);
    snprintf(path, sizeof path, "postgresql://stranger:s3cret%s", rest);
    refused_at(f, path, ERR_IO, "\"stranger\" does not exist");
}

static void a_database_that_takes_no_writes_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[TEST_STORE_PATH_MAX];
    test_pg_run("CREATE DATABASE still");
    test_pg_run("ALTER DATABASE still SET default_transaction_read_only = on");
    at_database("still", path);
    refused_at(f, path, ERR_IO, "name every host of the cluster");
    test_pg_run("DROP DATABASE still");
}

static void a_user_without_a_place_for_tables_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[TEST_STORE_PATH_MAX];
    snprintf(path, sizeof path, "%s&options=-csearch_path%%3Dnowhere", getenv("KASSA_TEST_PG"));
    refused_at(f, path, ERR_IO, "no schema");
}

static void connections_beyond_the_limit_are_told(void **state)
{
    struct fixture *f = *state;
    char path[TEST_STORE_PATH_MAX];
    test_pg_run("CREATE ROLE narrow LOGIN CONNECTION LIMIT 0");
    snprintf(path, sizeof path, "postgresql://narrow%s", strstr(getenv("KASSA_TEST_PG"), "@"));
    refused_at(f, path, ERR_IO, "max_connections");
    test_pg_run("DROP ROLE narrow");
}

static void in_schema(struct fixture *f, const char *text)
{
    char all[512];
    snprintf(all, sizeof all, "SET search_path = %s; %s", test_pg_schema(f->path), text);
    test_pg_run(all);
}

static void an_empty_database_is_made_a_store_only_when_asked(void **state)
{
    struct fixture *f = *state;
    char text[512];
    struct store_options o = fixture_options(f);
    o.create = o.migrate = false;
    assert_int_equal(fixture_try_open(f, &o, text, sizeof text), ERR_IO);
    assert_non_null(strstr(text, "empty"));
    fixture_open(f);
    fixture_close(f);
    ok(fixture_try_open(f, &o, NULL, 0));
}

static void another_programs_database_is_refused_and_left_alone(void **state)
{
    struct fixture *f = *state;
    in_schema(f, "CREATE TABLE customers (id int)");
    refused_at(f, f->path, ERR_IO, "another program");
    in_schema(f, "DO $$ BEGIN IF (SELECT count(*) FROM pg_tables WHERE schemaname ="
                 " current_schema()) <> 1 THEN RAISE 'touched'; END IF; END $$");
}

static void t47_a_newer_schema_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    fixture_close(f);
    in_schema(
        f, "INSERT INTO schema_version (version, applied_at, program_min) VALUES (99, 1, 99)");
    refused_at(f, f->path, ERR_SCHEMA, "newer");
}

/* The program's versions and up to two behind them. */
static void versions(struct migration out[8], const char *extra, const char *extra2)
{
    int n = 0;
    memset(out, 0, 8 * sizeof *out);
    for (const struct migration *m = migrations_pg; m->version; m++)
        out[n++] = *m;
    if (extra)
        out[n] = (struct migration){n + 1, n + 1, extra}, n++;
    if (extra2)
        out[n] = (struct migration){n + 1, n + 1, extra2}, n++;
}

static void t47_an_older_schema_is_migrated_only_when_asked(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    ok(run(f->s, fixture_rows, f));
    sample_make(f, "T-7", T0);
    fixture_close(f);
    struct migration list[8];
    versions(list, "CREATE TABLE later (a BIGINT)", NULL);
    struct db_engine engine = db_pg_engine;
    engine.migrations = list;
    f->engine = &engine;
    struct store_options o = fixture_options(f);
    char text[512];
    o.migrate = false;
    assert_int_equal(fixture_try_open(f, &o, text, sizeof text), ERR_SCHEMA);
    assert_non_null(strstr(text, "migrate"));
    o.migrate = true;
    ok(fixture_try_open(f, &o, NULL, 0));
    in_schema(f, "INSERT INTO later (a) VALUES (1)");
    struct payment_row r;
    ok(store_payment_by_order(store_reader(f->s), &f->arena, f->account_id, STR("T-7"), &r));
}

static void t47_a_migration_that_breaks_leaves_whole_versions_and_goes_on_later(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    fixture_close(f);
    struct migration list[8];
    struct db_engine engine = db_pg_engine;
    engine.migrations = list;
    f->engine = &engine;
    struct store_options o = fixture_options(f);
    versions(list, "CREATE TABLE second (a BIGINT)",
        "CREATE TABLE third (a BIGINT); CREATE TABLE account (a BIGINT)");
    assert_int_equal(fixture_try_open(f, &o, NULL, 0), ERR_IO);
    in_schema(f, "INSERT INTO second (a) VALUES (1)");
    /* killed in the middle: the connection ends */
    versions(list, "CREATE TABLE second (a BIGINT)",
        "CREATE TABLE third (a BIGINT); SELECT pg_terminate_backend(pg_backend_pid())");
    assert_int_equal(fixture_try_open(f, &o, NULL, 0), ERR_IO);
    versions(list, "CREATE TABLE second (a BIGINT)", "CREATE TABLE third (a BIGINT)");
    ok(fixture_try_open(f, &o, NULL, 0));
    in_schema(f, "INSERT INTO third (a) VALUES (1)");
}

/* Opens in a process of its own; the version behind the program's own waits, so that the others meet it. */
static pid_t opener(struct fixture *f, const struct db_engine *engine)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    f->engine = engine;
    struct store_options o = fixture_options(f);
    char text[1024];
    enum err e = fixture_try_open(f, &o, text, sizeof text);
    if (e == ERR_OK)
        fixture_close(f);
    else
        print_message("%s\n", text);
    _exit(e == ERR_OK ? 0 : 1);
}

static void all_end_well(const pid_t *pids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
}

static void t47_many_processes_make_one_store(void **state)
{
    struct fixture *f = *state;
    struct migration list[8];
    struct db_engine engine = db_pg_engine;
    engine.migrations = list;
    versions(list, "CREATE TABLE second (a BIGINT); SELECT pg_sleep(0.5)",
        "INSERT INTO second (a) VALUES (1)");
    pid_t pids[6];
    for (size_t i = 0; i < array_len(pids); i++)
        pids[i] = opener(f, &engine);
    all_end_well(pids, array_len(pids));
    in_schema(f, "DO $$ BEGIN IF (SELECT count(*) FROM second) <> 1 THEN RAISE 'more than once';"
                 " END IF; END $$");
    f->engine = &engine;
    fixture_open(f);
    ok(run(f->s, fixture_rows, f));
}

/* Longer than any statement of a unit may take, and than another one waits for the lock. */
static void t47_a_long_migration_is_waited_for(void **state)
{
    struct fixture *f = *state;
    struct migration list[8];
    struct db_engine engine = db_pg_engine;
    engine.migrations = list;
    versions(list, "SELECT pg_sleep(12)", NULL);
    pid_t pids[2];
    for (size_t i = 0; i < array_len(pids); i++)
        pids[i] = opener(f, &engine);
    all_end_well(pids, array_len(pids));
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup_closed, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(addresses_that_lead_nowhere_are_named_without_their_password),
        WITH(databases_that_are_missing_or_of_another_encoding_are_refused),
        WITH(a_user_who_does_not_exist_is_refused),
        WITH(a_database_that_takes_no_writes_is_refused),
        WITH(a_user_without_a_place_for_tables_is_refused),
        WITH(connections_beyond_the_limit_are_told),
        WITH(an_empty_database_is_made_a_store_only_when_asked),
        WITH(another_programs_database_is_refused_and_left_alone),
        WITH(t47_a_newer_schema_is_refused),
        WITH(t47_an_older_schema_is_migrated_only_when_asked),
        WITH(t47_a_migration_that_breaks_leaves_whole_versions_and_goes_on_later),
        WITH(t47_many_processes_make_one_store),
        WITH(t47_a_long_migration_is_waited_for),
    };
    return cmocka_run_group_tests_name("store_pg_open", tests, NULL, NULL);
}
