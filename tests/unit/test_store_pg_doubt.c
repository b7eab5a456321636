/* A commit whose answer is lost: it was made or it was not, and the store finds out; what it says is so. */
#include "pg_proxy.h"
#include "store/pg_link.h"
#include "store_batch.h"

struct cut_world {
    struct fixture *f;
    struct proxy *x;
};

static int setup(void **state)
{
    struct cut_world *w = mem_alloc(sizeof *w);
    w->f = fixture_new();
    w->x = proxy_new(w->f->path);
    fixture_open(w->f);
    ok(run(w->f->s, fixture_rows, w->f));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct cut_world *w = *state;
    fixture_close(w->f);
    proxy_free(w->x);
    void *f = w->f;
    mem_free(w);
    return fixture_teardown(&f);
}

/* On a connection that nothing cuts. */
static int64_t rows(struct fixture *f, const char *where)
{
    char text[256];
    PGconn *c = PQconnectdb(getenv("KASSA_TEST_PG"));
    snprintf(text, sizeof text, "SELECT count(*) FROM %s.payment WHERE %s", test_pg_schema(f->path),
        where);
    PGresult *res = PQexec(c, text);
    assert_int_equal(PQresultStatus(res), PGRES_TUPLES_OK);
    int64_t n = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);
    PQfinish(c);
    return n;
}

static void cut_next(struct cut_world *w, enum proxy_cut cut)
{
    atomic_store(&w->x->cut, cut);
}

/* The first of a batch: of the batch's commit, that of the blocker before it is not cut. */
struct arming {
    struct store_unit unit;
    struct cut_world *w;
    enum proxy_cut cut;
};

static enum err arming_run(struct store_unit *u, struct tx *tx)
{
    struct arming *a = unit_owner(u, struct arming, unit);
    (void)tx;
    cut_next(a->w, a->cut);
    a->cut = PROXY_PASS;
    return ERR_OK;
}

/* Units in one batch whose commit is cut: all are told that they are done, and are there once. */
static void a_batch_that_is_cut(struct cut_world *w, enum proxy_cut cut, const char *name)
{
    static struct queued q[5];
    char where[64];
    struct blocker b;
    struct arming a = {.unit = {.run = arming_run}, .w = w, .cut = cut};
    _Atomic int left = 5;
    int before = atomic_load(&w->x->cuts);
    queued_init(q, w->f, name, 5);
    blocker_init(&b);
    ok(store_submit(w->f->s, &b.unit));
    while (!atomic_load(&b.running))
        usleep(200);
    ok(store_submit(w->f->s, &a.unit));
    for (int i = 0; i < 5; i++) {
        q[i].unit = (struct store_unit){.run = queued_run, .done = queued_done};
        q[i].left = &left;
        ok(store_submit(w->f->s, &q[i].unit));
    }
    blocker_open(&b);
    while (atomic_load(&left) > 0)
        usleep(1000);
    assert_int_equal(atomic_load(&w->x->cuts) - before, 1);
    for (int i = 0; i < 5; i++)
        ok(q[i].result);
    snprintf(where, sizeof where, "order_id LIKE '%s-%%'", name);
    assert_int_equal(rows(w->f, where), 5);
    assert_true(store_writable(w->f->s));
}

static enum err insert_once(struct cut_world *w, enum proxy_cut cut, const char *order)
{
    struct sample x;
    sample_init(&x, w->f, order, T0);
    cut_next(w, cut);
    enum err e = run(w->f->s, sample_insert, &x);
    assert_int_equal(atomic_load(&w->x->cut), PROXY_PASS);
    return e;
}

static void t44_a_line_cut_before_the_commit_has_it_made_again(void **state)
{
    struct cut_world *w = *state;
    ok(insert_once(w, PROXY_CUT_BEFORE, "before"));
    assert_int_equal(rows(w->f, "order_id = 'before'"), 1);
    a_batch_that_is_cut(w, PROXY_CUT_BEFORE, "b");
}

static void t44_a_line_cut_behind_the_commit_does_not_have_it_made_again(void **state)
{
    struct cut_world *w = *state;
    ok(insert_once(w, PROXY_CUT_ANSWER, "behind"));
    assert_int_equal(rows(w->f, "order_id = 'behind'"), 1);
    a_batch_that_is_cut(w, PROXY_CUT_ANSWER, "a");
    a_batch_that_is_cut(w, PROXY_CUT_BOTH, "o");
}

struct counted {
    struct sample x;
    int runs;
};

static enum err counted_insert(void *arg, struct tx *tx)
{
    struct counted *c = arg;
    c->runs++;
    return sample_insert(&c->x, tx);
}

/* The server still has the old transaction when the new connection asks: it has to wait for its end. */
static void t44_a_commit_that_arrives_late_is_waited_for(void **state)
{
    struct cut_world *w = *state;
    struct counted c = {.runs = 0};
    sample_init(&c.x, w->f, "late", T0);
    cut_next(w, PROXY_CUT_LATE);
    ok(run(w->f->s, counted_insert, &c));
    assert_int_equal(c.runs, 1);
    assert_int_equal(rows(w->f, "order_id = 'late'"), 1);
    sample_init(&c.x, w->f, "never", T0);
    c.runs = 0;
    cut_next(w, PROXY_CUT_LATE_NEVER);
    ok(run(w->f->s, counted_insert, &c));
    assert_int_equal(c.runs, 2);
    assert_int_equal(rows(w->f, "order_id = 'never'"), 1);
}

static void says_nothing(struct cut_world *w, enum proxy_cut cut, const char *order)
{
    atomic_store(&w->x->dead_after_cut, true);
    assert_int_equal(insert_once(w, cut, order), ERR_STORE_IO);
    assert_false(store_writable(w->f->s));
    atomic_store(&w->x->dead_after_cut, false);
    atomic_store(&w->x->closed, false);
    /* The client repeats its create, as the API tells it to. */
    enum err e = ERR_STORE_IO;
    for (int i = 0; e != ERR_OK && i < 200; i++) {
        struct sample x;
        sample_init(&x, w->f, order, T0);
        e = run(w->f->s, sample_insert, &x);
        if (e == ERR_DUPLICATE && x.same)
            e = ERR_OK;
        usleep(20000);
    }
    ok(e);
    while (!store_writable(w->f->s)) /* asking is trying */
        usleep(1000);
}

static void t44_a_mark_that_cant_be_read_has_nothing_claimed(void **state)
{
    struct cut_world *w = *state;
    pg_limits.resolve_ms = pg_limits.outage_ms = 500;
    says_nothing(w, PROXY_CUT_ANSWER, "made");
    assert_int_equal(rows(w->f, "order_id = 'made'"), 1);
    says_nothing(w, PROXY_CUT_BEFORE, "unmade");
    assert_int_equal(rows(w->f, "order_id = 'unmade'"), 1);
}

/* A commit that waits for a standby which is away, in a server that is told to end: it has made it, and no other machine has. */
static void t44_a_commit_that_no_standby_has_is_not_claimed(void **state)
{
    struct cut_world *w = *state;
    struct queued q;
    _Atomic int left = 1;
    queued_init(&q, w->f, "alone", 1);
    q.unit = (struct store_unit){.run = queued_run, .done = queued_done};
    q.left = &left;
    pg_limits.resolve_ms = pg_limits.outage_ms = 300;
    pg_limits.silence_write_ms = 1000;
    test_pg_run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    test_pg_run("SELECT pg_reload_conf(), pg_sleep(0.3)");
    ok(store_submit(w->f->s, &q.unit));
    for (int i = 0; i < 300 && atomic_load(&left) > 0; i++) {
        test_pg_run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        usleep(20000);
    }
    enum err while_away = atomic_load(&left) > 0 ? ERR_STORE_IO : q.result;
    test_pg_run("ALTER SYSTEM RESET synchronous_standby_names");
    test_pg_run("SELECT pg_reload_conf()");
    while (atomic_load(&left) > 0)
        usleep(1000);
    assert_int_equal(while_away, ERR_STORE_IO);
    assert_int_equal(rows(w->f, "order_id = 'alone-0'"), 1);
}

/* ---- a storm ---- */

#define STORM_THREADS 6
#define STORM_ORDERS 5000
#define STORM_BLOWS 60

struct storm {
    struct cut_world *w;
    _Atomic bool *over;
    int number, orders;
    enum err told[STORM_ORDERS];
    int64_t id[STORM_ORDERS];
    int there[STORM_ORDERS];
};

static void *storm_main(void *arg)
{
    struct storm *st = arg;
    while (st->orders < STORM_ORDERS && !atomic_load(st->over)) {
        int i = st->orders++;
        char order[64];
        struct sample x;
        snprintf(order, sizeof order, "s-%d-%d", st->number, i);
        sample_init(&x, st->w->f, order, T0);
        st->told[i] = run(st->w->f->s, sample_insert, &x);
        st->id[i] = x.p.row.id;
        usleep(500);
    }
    return NULL;
}

/* Lines are cut at commits, and now and then the server ends them all. */
static void blow(struct cut_world *w)
{
    uint8_t random[2];
    random_bytes(random, sizeof random);
    if (random[0] % 4 == 0)
        test_pg_run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'kassa'");
    else
        cut_next(w, (enum proxy_cut)(PROXY_CUT_BEFORE + random[0] % 3));
    usleep(10000 + 200u * random[1]);
}

static void storm_count(struct storm *st, struct fixture *f)
{
    char text[256];
    PGconn *c = PQconnectdb(getenv("KASSA_TEST_PG"));
    snprintf(text, sizeof text, "SELECT order_id, id FROM %s.payment WHERE order_id LIKE 's-%%'",
        test_pg_schema(f->path));
    PGresult *res = PQexec(c, text);
    assert_int_equal(PQresultStatus(res), PGRES_TUPLES_OK);
    for (int k = 0; k < PQntuples(res); k++) {
        char *end;
        long number = strtol(PQgetvalue(res, k, 0) + 2, &end, 10), i = strtol(end + 1, NULL, 10);
        assert_true(number < STORM_THREADS && i < st[number].orders);
        st[number].there[i]++;
        if (st[number].told[i] == ERR_OK)
            assert_int_equal(strtoll(PQgetvalue(res, k, 1), NULL, 10), st[number].id[i]);
    }
    PQclear(res);
    PQfinish(c);
}

/* How often which end was told. */
static void storm_check(const struct storm *st, int64_t told[3])
{
    for (int i = 0; i < st->orders; i++) {
        if (st->told[i] == ERR_OK)
            assert_int_equal(st->there[i], 1);
        else if (st->told[i] == ERR_STORE_BUSY) /* which says that it was not done */
            assert_int_equal(st->there[i], 0);
        else
            assert_int_equal(st->told[i], ERR_STORE_IO);
        assert_true(st->there[i] <= 1);
        told[st->told[i] == ERR_OK ? 0 : st->told[i] == ERR_STORE_BUSY ? 1 : 2]++;
    }
}

static void t44_in_a_storm_what_was_told_is_there_once(void **state)
{
    struct cut_world *w = *state;
    static struct storm st[STORM_THREADS];
    _Atomic bool over = false;
    pthread_t t[STORM_THREADS];
    memset(st, 0, sizeof st);
    for (int i = 0; i < STORM_THREADS; i++) {
        st[i].w = w;
        st[i].number = i;
        st[i].over = &over;
        assert_int_equal(pthread_create(&t[i], NULL, storm_main, &st[i]), 0);
    }
    for (int i = 0; i < STORM_BLOWS; i++)
        blow(w);
    atomic_store(&over, true);
    for (int i = 0; i < STORM_THREADS; i++)
        pthread_join(t[i], NULL);
    cut_next(w, PROXY_PASS);
    int64_t told[3] = {0};
    storm_count(st, w->f);
    for (int i = 0; i < STORM_THREADS; i++)
        storm_check(&st[i], told);
    print_message("storm: %d cuts; done %lld, not done %lld, unknown %lld\n",
        atomic_load(&w->x->cuts), (long long)told[0], (long long)told[1], (long long)told[2]);
    assert_true(told[0] > 100);
    assert_true(atomic_load(&w->x->cuts) > STORM_BLOWS / 4);
}

static const struct pg_limits LIMITS = {.silence_read_ms = 60000,
    .silence_write_ms = 15000,
    .resolve_ms = 15000,
    .outage_ms = 3000,
    .reopen_ms = {50, 1000}};

static int setup_limits(void **state)
{
    pg_limits = LIMITS;
    return setup(state);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup_limits, teardown)
    const struct CMUnitTest tests[] = {
        WITH(t44_a_line_cut_before_the_commit_has_it_made_again),
        WITH(t44_a_line_cut_behind_the_commit_does_not_have_it_made_again),
        WITH(t44_a_commit_that_arrives_late_is_waited_for),
        WITH(t44_a_mark_that_cant_be_read_has_nothing_claimed),
        WITH(t44_a_commit_that_no_standby_has_is_not_claimed),
        WITH(t44_in_a_storm_what_was_told_is_there_once),
    };
    return cmocka_run_group_tests_name("store_pg_doubt", tests, NULL, NULL);
}
