/* What the store does with files that are no store, not its own, or not this program's. */
#include "store_fixture.h"

#include "store/migrate.h"
#include <sys/stat.h>

static void write_file(const char *path, const void *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), n);
    close(fd);
}

static void refused(struct fixture *f, struct store_options *o, enum err want, const char *word)
{
    char text[512];
    assert_int_equal(fixture_try_open(f, o, text, sizeof text), want);
    if (!strstr(text, word))
        fail_msg("\"%s\" does not say \"%s\"", text, word);
}

static void a_missing_file_is_made_only_when_asked(void **state)
{
    struct fixture *f = *state;
    struct store_options o = fixture_options(f);
    o.create = false;
    refused(f, &o, ERR_IO, "No such file");
    fixture_open(f);
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    fixture_close(f);
    ok(fixture_try_open(f, &o, NULL, 0));
}

static void a_store_that_is_there_is_not_taken_for_a_fresh_one(void **state)
{
    struct fixture *f = *state;
    struct store_options o = fixture_options(f);
    o.create = o.fresh = true;
    ok(fixture_try_open(f, &o, NULL, 0));
    fixture_close(f);
    refused(f, &o, ERR_DUPLICATE, "a store already");
    o.fresh = false;
    ok(fixture_try_open(f, &o, NULL, 0));
}

static void a_folder_and_an_empty_file_are_no_store(void **state)
{
    struct fixture *f = *state;
    struct store_options o = fixture_options(f);
    char path[160];
    snprintf(path, sizeof path, "%s", f->dir);
    o.path = path;
    refused(f, &o, ERR_IO, path);
    write_file(f->path, "", 0);
    o = fixture_options(f);
    o.create = false;
    refused(f, &o, ERR_IO, "empty");
}

static void a_wrong_header_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store_options o = fixture_options(f);
    char junk[8192];
    memset(junk, 'k', sizeof junk);
    write_file(f->path, junk, sizeof junk);
    refused(f, &o, ERR_IO, "header");
    write_file(f->path, "SQLite", 6);
    refused(f, &o, ERR_IO, "header");
}

static void cut_to(struct fixture *f, off_t n)
{
    assert_int_equal(truncate(f->path, n), 0);
}

static off_t made_and_closed(struct fixture *f)
{
    fixture_open(f);
    ok(run(f->s, fixture_rows, f));
    for (int i = 0; i < 50; i++) {
        char order[16];
        snprintf(order, sizeof order, "T-%d", i);
        sample_make(f, order, T0);
    }
    fixture_close(f);
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    return st.st_size;
}

static void a_truncated_file_is_refused(void **state)
{
    struct fixture *f = *state;
    off_t size = made_and_closed(f);
    struct store_options o = fixture_options(f);
    cut_to(f, size - 4096);
    refused(f, &o, ERR_IO, f->path);
    cut_to(f, size / 2 + 100);
    refused(f, &o, ERR_IO, f->path);
    cut_to(f, 50);
    refused(f, &o, ERR_IO, f->path);
}

static void a_damaged_page_is_found_when_opening(void **state)
{
    struct fixture *f = *state;
    off_t size = made_and_closed(f);
    int damaged = 0;
    for (off_t page = 1; page < size / 4096; page++) {
        int fd = open(f->path, O_RDWR | O_CLOEXEC);
        char keep[64], junk[64];
        memset(junk, 0xa5, sizeof junk);
        assert_int_equal(pread(fd, keep, sizeof keep, page * 4096), sizeof keep);
        assert_int_equal(pwrite(fd, junk, sizeof junk, page * 4096), sizeof junk);
        struct store_options o = fixture_options(f);
        assert_int_equal(fixture_try_open(f, &o, NULL, 0), ERR_IO);
        assert_int_equal(pwrite(fd, keep, sizeof keep, page * 4096), sizeof keep);
        close(fd);
        damaged++;
    }
    assert_true(damaged > 30);
    fixture_open(f);
}

static enum err script(void *arg, struct tx *tx)
{
    return db_script(tx_db(tx), arg);
}

static void another_programs_database_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    ok(run(f->s, script, (void *)(uintptr_t) "PRAGMA application_id = 77"));
    fixture_close(f);
    struct store_options o = fixture_options(f);
    refused(f, &o, ERR_IO, "another program");
}

static void a_newer_schema_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    ok(run(f->s, script,
        (void *)(uintptr_t) "INSERT INTO schema_version (version, applied_at, program_min) VALUES "
                            "(99, 1, 99)"));
    fixture_close(f);
    struct store_options o = fixture_options(f);
    refused(f, &o, ERR_SCHEMA, "newer");
}

/* The first `n` of the program's versions and `extra` behind them. */
static void versions(struct migration out[8], const char *extra, const char *extra2)
{
    int n = 0;
    memset(out, 0, 8 * sizeof *out);
    for (const struct migration *m = migrations_sqlite; m->version; m++)
        out[n++] = *m;
    if (extra)
        out[n] = (struct migration){n + 1, 1, extra}, n++;
    if (extra2)
        out[n] = (struct migration){n + 1, 1, extra2}, n++;
}

static void an_older_schema_is_migrated_only_when_asked(void **state)
{
    struct fixture *f = *state;
    made_and_closed(f);
    struct migration list[8];
    versions(list, "CREATE TABLE later (a INTEGER) STRICT", NULL);
    struct db_engine engine = db_sqlite_engine;
    engine.migrations = list;
    f->engine = &engine;
    struct store_options o = fixture_options(f);
    o.migrate = false;
    refused(f, &o, ERR_SCHEMA, "migrate");
    o.migrate = true;
    ok(fixture_try_open(f, &o, NULL, 0));
    ok(run(f->s, script, (void *)(uintptr_t) "INSERT INTO later (a) VALUES (1)"));
    struct payment_row r;
    ok(store_payment_by_order(store_reader(f->s), &f->arena, f->account_id, STR("T-7"), &r));
}

static void a_migration_that_breaks_leaves_whole_versions_and_goes_on_later(void **state)
{
    struct fixture *f = *state;
    made_and_closed(f);
    struct migration list[8];
    struct db_engine engine = db_sqlite_engine;
    engine.migrations = list;
    f->engine = &engine;
    struct store_options o = fixture_options(f);
    versions(list, "CREATE TABLE second (a INTEGER) STRICT",
        "CREATE TABLE third (a INTEGER) STRICT; CREATE TABLE account (a INTEGER)");
    assert_int_equal(fixture_try_open(f, &o, NULL, 0), ERR_IO);
    /* the second is there, the third not even in part */
    versions(
        list, "CREATE TABLE second (a INTEGER) STRICT", "CREATE TABLE third (a INTEGER) STRICT");
    ok(fixture_try_open(f, &o, NULL, 0));
    ok(run(f->s, script, (void *)(uintptr_t) "INSERT INTO third (a) VALUES (1)"));
}

static void many_processes_make_one_store(void **state)
{
    struct fixture *f = *state;
    pid_t pids[6];
    for (size_t i = 0; i < array_len(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct store_options o = fixture_options(f);
            enum err e = fixture_try_open(f, &o, NULL, 0);
            if (e == ERR_OK)
                fixture_close(f);
            _exit(e == ERR_OK ? 0 : 1);
        }
    }
    for (size_t i = 0; i < array_len(pids); i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    fixture_open(f);
    ok(run(f->s, fixture_rows, f));
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup_closed, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(a_missing_file_is_made_only_when_asked),
        WITH(a_store_that_is_there_is_not_taken_for_a_fresh_one),
        WITH(a_folder_and_an_empty_file_are_no_store),
        WITH(a_wrong_header_is_refused),
        WITH(a_truncated_file_is_refused),
        WITH(a_damaged_page_is_found_when_opening),
        WITH(another_programs_database_is_refused),
        WITH(a_newer_schema_is_refused),
        WITH(an_older_schema_is_migrated_only_when_asked),
        WITH(a_migration_that_breaks_leaves_whole_versions_and_goes_on_later),
        WITH(many_processes_make_one_store),
    };
    return cmocka_run_group_tests_name("store_open", tests, NULL, NULL);
}
