/* What PostgreSQL refuses, and how it ends connections: each is told apart, nothing half-made stays, and it is well again. */
#include "store/pg_link.h"
#include "store_batch.h"

#include <signal.h>

static int setup(void **state)
{
    pg_limits.outage_ms = 3000;
    pg_limits.silence_read_ms = 60000;
    return fixture_setup(state);
}

/* A unit that makes a payment, and runs a script of its own before the n-th run's end; 0: each. */
struct spoilt {
    struct sample x;
    const char *script;
    unsigned sleep_us;
    int in_run, runs;
};

static enum err spoilt_run(void *arg, struct tx *tx)
{
    struct spoilt *sp = arg;
    enum err e = sample_insert(&sp->x, tx);
    sp->runs++;
    if (e == ERR_OK && (sp->in_run == 0 || sp->in_run == sp->runs)) {
        e = db_script(tx_db(tx), sp->script);
        usleep(sp->sleep_us);
    }
    if (e == ERR_OK)
        e = store_setting_put(tx, "spoilt", STR("x"));
    return e;
}

static void spoilt_init(struct spoilt *sp, struct fixture *f, const char *order, const char *script)
{
    *sp = (struct spoilt){.script = script};
    sample_init(&sp->x, f, order, T0);
}

static bool is_there(struct fixture *f, const char *order)
{
    struct payment_row r;
    enum err e =
        store_payment_by_order(store_reader(f->s), &f->arena, f->account_id, str_from(order), &r);
    assert_true(e == ERR_OK || e == ERR_NO_ROW);
    return e == ERR_OK;
}

static void well_again(struct fixture *f)
{
    for (int i = 0; i < 5000 && !store_writable(f->s); i++) /* asking is trying */
        usleep(1000);
    assert_true(store_writable(f->s));
}

static const struct {
    const char *state;
    enum err always; /* when each run meets it */
    bool again;      /* a run that does not meet it again is good */
} PLANTED[] = {
    {"40001", ERR_STORE_BUSY, true},
    {"40P01", ERR_STORE_BUSY, true},
    {"55P03", ERR_STORE_BUSY, true},
    {"57014", ERR_STORE_BUSY, true},
    {"57P01", ERR_STORE_BUSY, true},
    {"57P02", ERR_STORE_BUSY, true},
    {"08006", ERR_STORE_BUSY, true},
    {"26000", ERR_STORE_BUSY, true},
    {"0A000", ERR_STORE_BUSY, true},
    {"53100", ERR_STORE_FULL, false},
    {"53200", ERR_STORE_IO, false},
    {"53300", ERR_STORE_IO, false},
    {"53400", ERR_STORE_IO, false},
    {"25006", ERR_STORE_IO, false},
    {"42501", ERR_STORE_IO, false},
    {"58030", ERR_STORE_IO, false},
    {"XX001", ERR_STORE_IO, false},
    {"42P01", ERR_INTERNAL, false},
};

/* RAISE says what the server itself would. */
static void raising(const char *state, char *out, size_t cap)
{
    snprintf(out, cap, "DO $$ BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '%s'; END $$", state);
}

static void t44_errors_are_told_apart_and_nothing_half_made_stays(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < array_len(PLANTED); i++) {
        struct spoilt sp;
        char script[128];
        raising(PLANTED[i].state, script, sizeof script);
        spoilt_init(&sp, f, PLANTED[i].state, script);
        enum err e = run(f->s, spoilt_run, &sp);
        if (e != PLANTED[i].always)
            fail_msg("%s is %s", PLANTED[i].state, err_name(e));
        assert_true(sp.runs <= 5);
        assert_false(is_there(f, PLANTED[i].state));
        if (e != ERR_INTERNAL)
            assert_false(store_writable(f->s));
        well_again(f);
        sp.in_run = sp.runs + 1;
        ok(run(f->s, sample_insert, &sp.x));
    }
}

static void t44_what_may_be_tried_again_is_and_once_is_enough(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < array_len(PLANTED); i++) {
        struct spoilt sp;
        char script[128];
        raising(PLANTED[i].state, script, sizeof script);
        spoilt_init(&sp, f, PLANTED[i].state, script);
        sp.in_run = 1;
        enum err e = run(f->s, spoilt_run, &sp);
        assert_int_equal(e, PLANTED[i].again ? ERR_OK : PLANTED[i].always);
        assert_int_equal(sp.runs, PLANTED[i].again ? 2 : 1);
        assert_int_equal(is_there(f, PLANTED[i].state), PLANTED[i].again);
        well_again(f);
    }
}

/* The server's own, not planted. */
static void once(struct fixture *f, const char *order, const char *script, unsigned sleep_us)
{
    struct spoilt sp;
    spoilt_init(&sp, f, order, script);
    sp.sleep_us = sleep_us;
    sp.in_run = 1;
    enum err e = run(f->s, spoilt_run, &sp);
    if (e != ERR_OK)
        fail_msg("%s: %s", script, err_name(e));
    assert_int_equal(sp.runs, 2);
    assert_true(is_there(f, order));
}

static void t44_time_outs_and_ends_of_the_servers_own_are_tried_again(void **state)
{
    struct fixture *f = *state;
    once(f, "cancelled", "SELECT pg_cancel_backend(pg_backend_pid())", 0);
    once(f, "ended", "SELECT pg_terminate_backend(pg_backend_pid())", 0);
    once(f, "idle", "SET LOCAL idle_in_transaction_session_timeout = 50", 400000);
    once(f, "forgotten", "DEALLOCATE ALL", 0);
}

static void t44_a_transaction_that_may_only_read_is_no_store(void **state)
{
    struct fixture *f = *state;
    struct spoilt sp;
    spoilt_init(&sp, f, "readonly", "SET LOCAL transaction_read_only = on");
    assert_int_equal(run(f->s, spoilt_run, &sp), ERR_STORE_IO);
    assert_false(store_writable(f->s));
    well_again(f);
    assert_false(is_there(f, "readonly"));
}

/* Somebody holds a table and wants the store's lock, which a unit holds that wants the table. */
static void t44_a_real_lock_time_out_is_tried_again(void **state)
{
    struct fixture *f = *state;
    char text[256];
    PGconn *c = PQconnectdb(getenv("KASSA_TEST_PG"));
    snprintf(text, sizeof text, "BEGIN; LOCK TABLE %s.setting", test_pg_schema(f->path));
    PQclear(PQexec(c, text));
    struct spoilt sp;
    spoilt_init(&sp, f, "locked", "SET LOCAL lock_timeout = 50");
    assert_int_equal(run(f->s, spoilt_run, &sp), ERR_STORE_BUSY);
    assert_true(sp.runs >= 2 && sp.runs <= 5);
    assert_false(is_there(f, "locked"));
    PQfinish(c);
    well_again(f);
    ok(run(f->s, sample_insert, &sp.x));
}

static void end_all(void)
{
    test_pg_run("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name = 'kassa'");
    usleep(50000);
}

static void t44_who_was_idle_when_the_server_ended_it_notices_nothing(void **state)
{
    struct fixture *f = *state;
    sample_make(f, "first", T0);
    assert_true(is_there(f, "first"));
    for (int i = 0; i < 3; i++) {
        char order[32];
        end_all();
        snprintf(order, sizeof order, "next-%d", i);
        if (i == 2) {
            ok(store_read_begin(store_reader(f->s)));
            store_read_end(store_reader(f->s));
        }
        assert_true(is_there(f, "first")); /* the reader, and what it had prepared */
        sample_make(f, order, T0);
        assert_true(is_there(f, order));
    }
}

static void t44_a_snapshot_that_is_ended_is_told_and_the_next_is_whole(void **state)
{
    struct fixture *f = *state;
    sample_make(f, "first", T0);
    struct db *db = store_reader(f->s);
    struct payment_row r;
    ok(store_read_begin(db));
    ok(store_payment_by_order(db, &f->arena, f->account_id, STR("first"), &r));
    end_all();
    assert_int_equal(
        store_payment_by_order(db, &f->arena, f->account_id, STR("first"), &r), ERR_STORE_IO);
    store_read_end(db);
    ok(store_read_begin(db));
    ok(store_payment_by_order(db, &f->arena, f->account_id, STR("first"), &r));
    store_read_end(db);
}

/* ---- another process that stands still in its unit ---- */

static enum err stand_still(void *arg, struct tx *tx)
{
    enum err e = sample_insert(arg, tx);
    kill(getpid(), SIGSTOP);
    return e;
}

static void t45_a_process_that_stands_still_does_not_keep_the_others_out(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    pid_t pid = fork();
    if (pid == 0) {
        fixture_open(f);
        struct sample x;
        sample_init(&x, f, "still", T0);
        enum err e = run(f->s, stand_still, &x);
        fixture_close(f);
        _exit(e == ERR_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
    fixture_open(f);
    sample_make(f, "other", T0);
    assert_false(is_there(f, "still"));
    /* It wakes, finds its transaction gone, and begins again. */
    kill(pid, SIGCONT);
    while (waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status))
        kill(pid, SIGCONT);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(is_there(f, "still"));
}

/* ---- looking for a server ---- */

static enum err tried(struct pg_link *link, int *ret_failures)
{
    enum err e = pg_link_ready(link);
    *ret_failures = link->failures;
    return e;
}

static void t44_who_waits_for_a_server_tries_at_once_when_another_got_through(void **state)
{
    struct pg_link gone = {.url = mem_strdup("postgresql://kassa@127.0.0.1:1/kassa"), .lost = true};
    struct pg_link good = {.url = mem_strdup(getenv("KASSA_TEST_PG")), .lost = true};
    int failures = 0;
    (void)state;
    for (int tries = 1; tries <= 2; tries++) {
        assert_int_equal(tried(&gone, &failures), ERR_STORE_IO);
        assert_int_equal(failures, tries);
        gone.reopen_ms += 3600 * 1000; /* an hour, for certain longer than this takes */
        assert_int_equal(tried(&gone, &failures), ERR_STORE_IO);
        assert_int_equal(failures, tries);
        usleep(2000);
        good.lost = true;
        ok(pg_link_ready(&good));
    }
    pg_link_close(&gone);
    pg_link_close(&good);
}

/* ---- values ---- */

static const struct db_sql SQL_BORDERS = {
    "SELECT $1 + 0 AS a, -9223372036854775807 - 1 AS b, $2 AS c, NULL AS d"};

static void whole_numbers_and_nulls_go_there_and_back(void **state)
{
    struct fixture *f = *state;
    static const int64_t values[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT32_MAX,
        INT64_C(2147483648), INT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < array_len(values); i++) {
        struct db_stmt *st = db_query(store_reader(f->s), &SQL_BORDERS);
        db_int(st, 1, values[i]);
        db_text(st, 2, i % 2 ? STR("x") : STR_ABSENT);
        ok(db_step(st));
        assert_true(db_col_int(st, "a") == values[i]);
        assert_true(db_col_int(st, "b") == INT64_MIN);
        assert_int_equal(str_absent(db_col_str(st, "c")), i % 2 == 0);
        assert_true(str_absent(db_col_str(st, "d")));
        assert_int_equal(db_col_int(st, "d"), 0);
        db_end(st);
    }
}

static enum err big_setting(void *arg, struct tx *tx)
{
    struct str *s = arg;
    return store_setting_put(tx, "big", *s);
}

static void a_text_of_many_megabytes_goes_there_and_back(void **state)
{
    struct fixture *f = *state;
    struct arena big;
    size_t n = 24u << 20;
    arena_init(&big, 64u << 20);
    char *p = mem_alloc(n);
    memset(p, 'k', n);
    struct str s = {p, n}, back;
    ok(run(f->s, big_setting, &s));
    ok(store_setting_get(store_reader(f->s), &big, "big", &back));
    assert_int_equal(back.n, n);
    assert_memory_equal(back.p, p, n);
    mem_free(p);
    arena_clear(&big);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(t44_errors_are_told_apart_and_nothing_half_made_stays),
        WITH(t44_what_may_be_tried_again_is_and_once_is_enough),
        WITH(t44_time_outs_and_ends_of_the_servers_own_are_tried_again),
        WITH(t44_a_transaction_that_may_only_read_is_no_store),
        WITH(t44_a_real_lock_time_out_is_tried_again),
        WITH(t44_who_was_idle_when_the_server_ended_it_notices_nothing),
        WITH(t44_a_snapshot_that_is_ended_is_told_and_the_next_is_whole),
        WITH(t45_a_process_that_stands_still_does_not_keep_the_others_out),
        WITH(t44_who_waits_for_a_server_tries_at_once_when_another_got_through),
        WITH(whole_numbers_and_nulls_go_there_and_back),
        WITH(a_text_of_many_megabytes_goes_there_and_back),
    };
    return cmocka_run_group_tests_name("store_pg_fault", tests, NULL, NULL);
}
