/* The way from one schema to the next, with versions behind the program's own that only this test knows. */
#include "store_fixture.h"

#include "store/migrate.h"
#include <signal.h>

#define VERSIONS_MAX 16

static const char EXPAND[] =
    "ALTER TABLE merchant ADD COLUMN alias TEXT; UPDATE merchant SET alias = name";
static const char CONTRACT[] = "ALTER TABLE merchant DROP COLUMN alias";

struct versions {
    struct migration list[VERSIONS_MAX];
    struct db_engine engine;
    int64_t own; /* the program's */
};

static const struct migration *own_versions(void)
{
    return test_store_engine()->migrations;
}

/* The program's versions. */
static void versions_init(struct versions *v)
{
    *v = (struct versions){.engine = *test_store_engine()};
    for (const struct migration *m = own_versions(); m->version; m++)
        v->list[v->own++] = *m;
    v->engine.migrations = v->list;
}

static void versions_add(struct versions *v, const char *text, int64_t program_min)
{
    int n = 0;
    while (v->list[n].version)
        n++;
    v->list[n] = (struct migration){n + 1, program_min, text};
}

static struct fixture *filled(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    ok(run(f->s, fixture_rows, f));
    sample_make(f, "T-1", T0);
    fixture_close(f);
    return f;
}

static enum err open_by(struct fixture *f, struct versions *v, bool migrate, char *text, size_t cap)
{
    f->engine = &v->engine;
    struct store_options o = fixture_options(f);
    o.create = false;
    o.migrate = migrate;
    return fixture_try_open(f, &o, text, cap);
}

static struct store_schema look_by(struct fixture *f, struct versions *v)
{
    struct store_schema s;
    struct buf why;
    buf_init(&why, 1000);
    ok(store_schema_look_on(&v->engine, f->path, &why, &s));
    buf_clear(&why);
    return s;
}

static const struct db_sql SQL_STEPS = {"SELECT COUNT(*) AS n FROM schema_version"};

static int64_t steps_applied(struct fixture *f)
{
    struct db_stmt *st = db_query(store_reader(f->s), &SQL_STEPS);
    ok(db_step(st));
    int64_t n = db_col_int(st, "n");
    db_end(st);
    return n;
}

static const struct db_sql SQL_ALIAS = {"SELECT alias FROM merchant"};

static void T47_data_goes_up_with_its_schema(void **state)
{
    struct fixture *f = filled(state);
    struct versions v;
    versions_init(&v);
    versions_add(&v, EXPAND, v.own);
    char text[512];
    assert_int_equal(open_by(f, &v, false, text, sizeof text), ERR_SCHEMA);
    assert_non_null(strstr(text, "migrate it first"));
    ok(open_by(f, &v, true, NULL, 0));
    assert_int_equal(steps_applied(f), v.own + 1);
    struct db_stmt *st = db_query(store_reader(f->s), &SQL_ALIAS);
    ok(db_step(st));
    assert_true(str_is(db_col_str(st, "alias"), "Shop"));
    db_end(st);
    struct payment_row r;
    ok(store_payment_by_order(store_reader(f->s), &f->arena, f->account_id, STR("T-1"), &r));
}

static void T47_what_would_be_done_is_told_before(void **state)
{
    struct fixture *f = filled(state);
    struct versions v;
    versions_init(&v);
    struct store_schema s = look_by(f, &v);
    assert_true(s.have == v.own && s.want == v.own && s.older_go_on && !s.too_new);
    versions_add(&v, EXPAND, v.own);
    s = look_by(f, &v);
    assert_true(s.have == v.own && s.want == v.own + 1 && s.older_go_on && !s.too_new);
    versions_add(&v, CONTRACT, v.own + 1);
    s = look_by(f, &v);
    assert_true(s.want == v.own + 2 && !s.older_go_on);
    versions_init(&v);
    ok(open_by(f, &v, false, NULL, 0)); /* looking has changed nothing */
}

static void T47_an_older_program_works_with_what_was_expanded_and_not_with_what_was_taken_away(
    void **state)
{
    struct fixture *f = filled(state);
    struct versions v, old;
    versions_init(&old);
    versions_init(&v);
    versions_add(&v, EXPAND, v.own);
    ok(open_by(f, &v, true, NULL, 0));
    fixture_close(f);
    assert_false(look_by(f, &old).too_new);
    ok(open_by(f, &old, true, NULL, 0));
    sample_make(f, "T-2", T0);
    assert_int_equal(steps_applied(f), v.own + 1);
    fixture_close(f);
    versions_add(&v, CONTRACT, v.own + 1);
    ok(open_by(f, &v, true, NULL, 0));
    fixture_close(f);
    char text[512];
    assert_true(look_by(f, &old).too_new);
    assert_int_equal(open_by(f, &old, true, text, sizeof text), ERR_SCHEMA);
    assert_non_null(strstr(text, "newer"));
}

static enum err die(void *conn)
{
    (void)conn;
    kill(getpid(), SIGKILL);
    return ERR_INTERNAL;
}

static struct db_ops mortal_ops;

/* A connection whose process is killed when it wants to commit. */
static enum err mortal_open(
    const struct db_engine *g, const struct db_open *o, struct buf *why, struct db **ret)
{
    struct db *db;
    enum err e = test_store_engine()->open(g, o, why, &db);
    if (e != ERR_OK)
        return e;
    mortal_ops = *db_ops_of(db);
    mortal_ops.commit = die;
    *ret = db_new(&mortal_ops, db_conn_of(db));
    db_forget(db);
    return ERR_OK;
}

static int status_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void T47_a_kill_in_the_middle_leaves_the_step_undone_and_the_next_run_does_it(void **state)
{
    struct fixture *f = filled(state);
    struct versions v;
    versions_init(&v);
    versions_add(&v, EXPAND, v.own);
    pid_t pid = fork();
    if (pid == 0) {
        v.engine.open = mortal_open;
        (void)!open_by(f, &v, true, NULL, 0);
        _exit(0);
    }
    int status = status_of(pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(look_by(f, &v).have, v.own);
    ok(open_by(f, &v, true, NULL, 0));
    assert_int_equal(steps_applied(f), v.own + 1);
}

static void T47_of_many_processes_at_once_one_does_each_step(void **state)
{
    struct fixture *f = filled(state);
    struct versions v;
    pid_t pids[6];
    versions_init(&v);
    versions_add(&v, EXPAND, v.own);
    versions_add(&v, "INSERT INTO setting (name, value) VALUES ('once', '1')", v.own);
    for (size_t i = 0; i < array_len(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            enum err e = open_by(f, &v, true, NULL, 0);
            if (e == ERR_OK)
                fixture_close(f);
            _exit(e == ERR_OK ? 0 : 1);
        }
    }
    for (size_t i = 0; i < array_len(pids); i++)
        assert_int_equal(status_of(pids[i]), 0);
    ok(open_by(f, &v, false, NULL, 0));
    assert_int_equal(steps_applied(f), v.own + 2);
}

static const struct db_sql SQL_TIMEOUT = {"SELECT value FROM setting WHERE name = 'timeout'"};

static void a_step_may_take_longer_than_a_batch(void **state)
{
    struct fixture *f = filled(state);
    struct versions v;
    if (!test_store_is_pg())
        return; /* SQLite has no limit of time */
    versions_init(&v);
    versions_add(&v,
        "INSERT INTO setting (name, value) SELECT 'timeout', current_setting('statement_timeout')",
        v.own);
    ok(open_by(f, &v, true, NULL, 0));
    struct db_stmt *st = db_query(store_reader(f->s), &SQL_TIMEOUT);
    ok(db_step(st));
    assert_true(str_is(db_col_str(st, "value"), "0"));
    db_end(st);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup_closed, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(T47_data_goes_up_with_its_schema),
        WITH(T47_what_would_be_done_is_told_before),
        WITH(T47_an_older_program_works_with_what_was_expanded_and_not_with_what_was_taken_away),
        WITH(T47_a_kill_in_the_middle_leaves_the_step_undone_and_the_next_run_does_it),
        WITH(T47_of_many_processes_at_once_one_does_each_step),
        WITH(a_step_may_take_longer_than_a_batch),
    };
    return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
