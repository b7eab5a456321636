/* Several programs on one store: whose clock is believed, whether its server answers, and in which order ids are given. */
#include "base/metrics.h"
#include "store_batch.h"

#define WAIT_MS 20000

static enum err setting_write(void *arg, struct tx *tx)
{
    (void)arg;
    return store_setting_put(tx, "nodes", STR("written"));
}

static bool setting_is_there(struct fixture *f)
{
    struct str value;
    return store_setting_get(store_reader(f->s), &f->arena, "nodes", &value) == ERR_OK;
}

static void state_wait(struct store *s, enum store_state wanted)
{
    int64_t until = clock_mono_ms() + WAIT_MS;
    while (store_state(s) != wanted) {
        if (clock_mono_ms() > until)
            fail_msg("the store's state is %d, not %d", (int)store_state(s), (int)wanted);
        usleep(5000);
    }
}

/* With this machine's clock, and a thread that watches the server. */
static void fixture_watch(struct fixture *f)
{
    struct store_options o = fixture_options(f);
    char text[512];
    fixture_close(f);
    f->clock.wall_ms = NULL;
    o.watch = true;
    enum err e = fixture_try_open(f, &o, text, sizeof text);
    if (e != ERR_OK)
        fail_msg("%s: %s", err_name(e), text);
}

static void a_node_whose_clock_is_not_the_databases_writes_nothing(void **state)
{
    static const int64_t aparts[] = {3600000, -3600000, 6000, -6000};
    struct fixture *f = *state;
    fixture_watch(f);
    assert_int_equal(store_state(f->s), STORE_GOOD);
    for (size_t i = 0; i < array_len(aparts); i++) {
        atomic_store(&f->fault.clock_apart_ms, aparts[i]);
        assert_int_equal(run(f->s, setting_write, NULL), ERR_STORE_IO);
        assert_false(setting_is_there(f));
        state_wait(f->s, STORE_CLOCK_APART);
        assert_true(store_clock_apart(f->s));
    }
    atomic_store(&f->fault.clock_apart_ms, 0);
    state_wait(f->s, STORE_GOOD);
    ok(run(f->s, setting_write, NULL));
    assert_true(setting_is_there(f));
}

static void a_little_apart_is_no_fault(void **state)
{
    struct fixture *f = *state;
    fixture_watch(f);
    atomic_store(&f->fault.clock_apart_ms, -3000);
    ok(run(f->s, setting_write, NULL));
    assert_int_equal(store_state(f->s), STORE_GOOD);
    assert_false(store_clock_apart(f->s));
}

static void an_injected_clock_agrees_with_every_server(void **state)
{
    struct fixture *f = *state;
    atomic_store(&f->fault.clock_apart_ms, 86400000);
    ok(run(f->s, setting_write, NULL));
}

static void a_server_that_does_not_answer_shows_within_seconds(void **state)
{
    struct fixture *f = *state;
    fixture_watch(f);
    atomic_store(&f->fault.silent, true);
    state_wait(f->s, STORE_SILENT);
    assert_false(store_clock_apart(f->s));
    atomic_store(&f->fault.silent, false);
    state_wait(f->s, STORE_GOOD);
}

/* ---- batches ---- */

/* Two nodes under load would else make twice as many commits of half as many units, each behind all others'. */
static void what_comes_while_another_node_is_waited_for_goes_along(void **state)
{
    struct fixture *f = *state;
    struct fixture other = {.clock = f->clock, .engine = f->engine};
    struct blocker b;
    struct queued q[3];
    _Atomic int left = 3;
    snprintf(other.path, sizeof other.path, "%s", f->path);
    fixture_open(&other);
    queued_init(q, f, "J", 3);
    blocker_init(&b);
    ok(store_submit(other.s, &b.unit));
    while (!atomic_load(&b.running))
        usleep(1000);
    int64_t commits = metric_get(METRIC_store_commits_total);
    for (int i = 0; i < 3; i++) {
        q[i].unit = (struct store_unit){.run = queued_run, .done = queued_done};
        q[i].left = &left;
        ok(store_submit(f->s, &q[i].unit));
        usleep(50000); /* the writer has the first one, and waits */
    }
    blocker_open(&b);
    while (atomic_load(&left) > 0)
        usleep(1000);
    assert_int_equal(metric_get(METRIC_store_commits_total) - commits, 2);
    fixture_close(&other);
}

/* ---- ids ---- */

struct ids {
    int64_t payment, row;
};

static enum err ids_take(void *arg, struct tx *tx)
{
    struct ids *x = arg;
    enum err e = tx_next_id(tx, STORE_ID_PAYMENT, &x->payment);
    for (int i = 0; e == ERR_OK && i < 3; i++)
        e = tx_next_id(tx, STORE_ID_ROW, &x->row);
    return e;
}

static void ids_of_several_nodes_are_in_the_order_of_their_commits(void **state)
{
    struct fixture *f = *state;
    struct fixture other = {.clock = f->clock, .engine = f->engine};
    struct ids last = {0}, x = {0};
    snprintf(other.path, sizeof other.path, "%s", f->path);
    atomic_store(&f->fault.clock_apart_ms, 1); /* on SQLite, too, the engine seems to be shared */
    fixture_reopen(f);
    fixture_open(&other);
    for (int i = 0; i < 40; i++) {
        ok(run(i % 3 ? f->s : other.s, ids_take, &x));
        assert_true(x.payment > last.payment);
        assert_true(x.row > last.row);
        last = x;
    }
    /* and they are not wasted: what a batch took is what the next one leases, but for each store's first block */
    assert_true(last.payment < 100000001 + 40 + 2 * 8);
    fixture_close(&other);
}

#define WITH(setup, test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(fixture_setup_fault, a_node_whose_clock_is_not_the_databases_writes_nothing),
        WITH(fixture_setup_fault, a_little_apart_is_no_fault),
        WITH(fixture_setup_fault, an_injected_clock_agrees_with_every_server),
        WITH(fixture_setup_fault, a_server_that_does_not_answer_shows_within_seconds),
        WITH(fixture_setup, what_comes_while_another_node_is_waited_for_goes_along),
        WITH(fixture_setup_fault, ids_of_several_nodes_are_in_the_order_of_their_commits),
    };
    return cmocka_run_group_tests_name("store nodes", tests, NULL, NULL);
}
