/* The store itself: durability, isolation of units, opening. */
#include "store_batch.h"

#include <pthread.h>

static void a_unit_that_is_done_is_there_after_reopening(void **state)
{
    struct fixture *f = *state;
    int64_t id = sample_make(f, "A-1", T0);
    assert_int_equal(id, 100000001);
    fixture_reopen(f);
    struct payment_row r;
    ok(store_payment_by_id(store_reader(f->s), &f->arena, id, &r));
    assert_true(str_is(r.order_id, "A-1"));
    assert_int_equal(r.amount.poisha, 10000);
    assert_int_equal(r.state, PAYMENT_OPEN);
    assert_int_equal(r.version, 1);
    assert_true(str_is(r.success_url, "https://shop.example/ok"));
    assert_true(str_absent(r.fail_url));
    assert_true(str_is(r.desc, "tea"));
    assert_int_equal(sample_make(f, "A-2", T0) > id, 1);
}

/* As kill -9 leaves it: a child that ends without closing, right after its unit is done. */
static void a_unit_that_is_done_survives_the_death_of_the_process(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    for (int i = 0; i < 5; i++) {
        char order[16];
        snprintf(order, sizeof order, "K-%d", i);
        pid_t pid = fork();
        if (pid == 0) {
            fixture_open(f);
            struct sample x;
            sample_init(&x, f, order, T0);
            _exit(run(f->s, sample_insert, &x) == ERR_OK ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    fixture_open(f);
    int64_t total;
    int32_t day = dhaka_day(T0);
    ok(store_history_total(store_reader(f->s), f->account_id, day, day, &total));
    assert_int_equal(total, 5);
}

static enum err nothing(void *arg, struct tx *tx)
{
    (void)arg;
    (void)tx;
    return ERR_OK;
}

#define QUEUED 40

static void a_unit_that_fails_undoes_only_itself(void **state)
{
    struct fixture *f = *state;
    static struct queued q[QUEUED];
    queued_init(q, f, "N", QUEUED);
    for (int i = 0; i < QUEUED; i += 3)
        q[i].after = ERR_CONFLICT;
    run_as_a_batch(f, q, QUEUED);
    for (int i = 0; i < QUEUED; i++) {
        struct payment_row r;
        enum err found = store_payment_by_order(
            store_reader(f->s), &f->arena, f->account_id, q[i].x.p.row.order_id, &r);
        bool fails = i % 3 == 0;
        assert_int_equal(q[i].result, fails ? ERR_CONFLICT : ERR_OK);
        assert_int_equal(found, fails ? ERR_NO_ROW : ERR_OK);
        if (!fails)
            assert_int_equal(r.id, q[i].x.p.row.id);
    }
}

static void units_that_wait_share_a_commit(void **state)
{
    struct fixture *f = *state;
    static struct queued q[QUEUED];
    queued_init(q, f, "G", QUEUED);
    int64_t before = atomic_load(&f->fault.count[FAULT_COMMIT]);
    run_as_a_batch(f, q, QUEUED);
    for (int i = 0; i < QUEUED; i++)
        assert_int_equal(q[i].result, ERR_OK);
    assert_true(atomic_load(&f->fault.count[FAULT_COMMIT]) - before <= 3);
}

/* Ids that were leased by a unit or a batch that is undone belong to nobody: whoever comes next leases them again. */
static void ids_never_meet_when_their_lease_is_undone(void **state)
{
    struct fixture *f = *state;
    static struct queued q[QUEUED];
    queued_init(q, f, "L", QUEUED);
    for (int i = 0; i < QUEUED; i += 2)
        q[i].after = ERR_STATE;
    run_as_a_batch(f, q, QUEUED);
    static struct queued lost[QUEUED];
    for (int round = 0; round < 20; round++) {
        char order[16];
        snprintf(order, sizeof order, "M%d", round);
        queued_init(lost, f, order, QUEUED);
        db_fault_arm(&f->fault, FAULT_COMMIT, 1, ERR_STORE_IO, false);
        run_as_a_batch(f, lost, QUEUED);
        db_fault_clear(&f->fault);
        snprintf(order, sizeof order, "after-%d", round);
        sample_make(f, order, T0);
    }
    fixture_reopen(f);
    static struct queued again[QUEUED];
    queued_init(again, f, "O", QUEUED);
    run_as_a_batch(f, again, QUEUED);
    int64_t last = 0;
    for (int i = 0; i < QUEUED; i++)
        if (q[i].result == ERR_OK) {
            assert_true(q[i].x.p.row.id > last);
            last = q[i].x.p.row.id;
        }
    assert_true(last > 0);
    for (int i = 0; i < QUEUED; i++) {
        assert_int_equal(again[i].result, ERR_OK);
        assert_true(again[i].x.p.row.id > last);
        last = again[i].x.p.row.id;
    }
}

static void a_full_queue_refuses_and_a_stopped_store_too(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    struct store_options o = fixture_options(f);
    o.queue_max = 3;
    ok(fixture_try_open(f, &o, NULL, 0));
    struct blocker b;
    blocker_init(&b);
    ok(store_submit(f->s, &b.unit));
    usleep(50000); /* the writer has it */
    struct job j[4];
    for (int i = 0; i < 3; i++) {
        j[i] = (struct job){.unit = {.run = job_run}, .fn = nothing};
        ok(store_submit(f->s, &j[i].unit));
    }
    j[3] = (struct job){.unit = {.run = job_run}, .fn = nothing};
    assert_int_equal(store_submit(f->s, &j[3].unit), ERR_BUSY);
    blocker_open(&b);
    fixture_close(f);
}

struct resubmit {
    struct store_unit unit;
    struct fixture *f;
    enum err refused;
    int left;
};

static enum err resubmit_run(struct store_unit *u, struct tx *tx)
{
    (void)u;
    (void)tx;
    return ERR_OK;
}

static void resubmit_done(struct store_unit *u, enum err result)
{
    struct resubmit *r = unit_owner(u, struct resubmit, unit);
    (void)result;
    if (r->left-- > 0)
        r->refused = store_submit(r->f->s, u);
}

static void done_may_submit_and_closing_completes_what_is_queued(void **state)
{
    struct fixture *f = *state;
    struct resubmit r = {
        .unit = {.run = resubmit_run, .done = resubmit_done}, .f = f, .left = 1000000000};
    struct sample x;
    sample_init(&x, f, "closing", T0);
    struct job j = {.unit = {.run = job_run}, .fn = sample_insert, .arg = &x};
    ok(store_submit(f->s, &r.unit));
    ok(store_submit(f->s, &j.unit));
    fixture_close(f);
    assert_int_equal(r.refused, ERR_STOPPING);
    fixture_open(f);
    struct payment_row row;
    ok(store_payment_by_order(store_reader(f->s), &f->arena, f->account_id, STR("closing"), &row));
}

#define THREADS 64

struct race {
    struct sample x;
    pthread_barrier_t *start;
    enum err result;
};

static void *race_main(void *arg)
{
    struct race *r = arg;
    pthread_barrier_wait(r->start);
    r->result = run(r->x.f->s, sample_insert, &r->x);
    struct payment_row row;
    struct arena a;
    arena_init(&a, 65536);
    ok(store_payment_by_order(
        store_reader(r->x.f->s), &a, r->x.f->account_id, r->x.p.row.order_id, &row));
    arena_clear(&a);
    return NULL;
}

static void many_threads_with_one_order_make_one_payment(void **state)
{
    struct fixture *f = *state;
    static struct race r[THREADS];
    pthread_t threads[THREADS];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        sample_init(&r[i].x, f, "one", T0);
        r[i].start = &start;
        if (i % 2)
            r[i].x.p.body_sha256[0] ^= 1; /* another body */
        assert_int_equal(pthread_create(&threads[i], NULL, race_main, &r[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    int winner = -1;
    for (int i = 0; i < THREADS; i++)
        if (r[i].result == ERR_OK) {
            assert_int_equal(winner, -1);
            winner = i;
        }
    assert_int_not_equal(winner, -1);
    for (int i = 0; i < THREADS; i++) {
        if (i == winner)
            continue;
        assert_int_equal(r[i].result, ERR_DUPLICATE);
        assert_int_equal(r[i].x.same, i % 2 == winner % 2);
        assert_int_equal(r[i].x.id, r[winner].x.p.row.id);
        assert_string_equal(r[i].x.first_uuid, r[winner].x.uuid);
    }
    int64_t total;
    int32_t day = dhaka_day(T0);
    ok(store_history_total(store_reader(f->s), f->account_id, day, day, &total));
    assert_int_equal(total, 1);
}

static void a_snapshot_does_not_see_later_commits(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    struct payment_row r;
    ok(store_read_begin(db));
    assert_int_equal(
        store_payment_by_order(db, &f->arena, f->account_id, STR("late"), &r), ERR_NO_ROW);
    sample_make(f, "late", T0);
    assert_int_equal(
        store_payment_by_order(db, &f->arena, f->account_id, STR("late"), &r), ERR_NO_ROW);
    store_read_end(db);
    ok(store_payment_by_order(db, &f->arena, f->account_id, STR("late"), &r));
}

/* Half of a pair of processes that write to one file. */
static int write_many(struct fixture *f, const char *prefix, int n)
{
    fixture_open(f);
    for (int i = 0; i < n; i++) {
        char order[32];
        snprintf(order, sizeof order, "%s-%d", prefix, i);
        struct sample x;
        sample_init(&x, f, order, T0);
        if (run(f->s, sample_insert, &x) != ERR_OK)
            return 1;
    }
    fixture_close(f);
    return 0;
}

static enum err count_each(void *arg, const struct history_item *item)
{
    int64_t *ids = arg;
    assert_true(item->id > ids[0]);
    ids[0] = item->id;
    ids[1]++;
    return ERR_OK;
}

static void two_processes_write_to_one_store(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    pid_t pid = fork();
    if (pid == 0)
        _exit(write_many(f, "child", 300));
    assert_int_equal(write_many(f, "parent", 300), 0);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    fixture_open(f);
    int64_t seen[2] = {0};
    int32_t day = dhaka_day(T0);
    ok(store_history_page(store_reader(f->s), f->account_id, day, day, 0, 1000, count_each, seen));
    assert_int_equal(seen[1], 600);
}

/* 0: some other process has a lock on the file that keeps this one from taking all of it. */
static int locked_by_another(const char *path)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fcntl(fd, F_GETLK, &all) != 0)
        return 2;
    return all.l_type == F_UNLCK ? 1 : 0;
}

/* Without its lock a process that ends, such as the command line, takes itself for the last one and deletes the log. */
static void opening_a_further_connection_keeps_the_locks_on_the_file(void **state)
{
    struct fixture *f = *state;
    assert_non_null(store_reader(f->s));
    pid_t pid = fork();
    if (pid == 0)
        _exit(locked_by_another(f->path));
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* PostgreSQL has no such texts; a store of either kind takes the same. */
static void a_text_that_is_none_is_refused_and_found_nowhere(void **state)
{
    static const struct str bad[] = {STR("a\0b"), STR("\0"), STR("\xff"), STR("caf\xc3"),
        STR("\xed\xa0\x80"), STR("\xc0\x80"), STR("\xf4\x90\x80\x80")};
    struct fixture *f = *state;
    static struct queued q[array_len(bad) + 1];
    queued_init(q, f, "X", array_len(q));
    for (size_t i = 0; i < array_len(bad); i++)
        q[i].x.p.row.desc = bad[i];
    q[array_len(bad)].x.p.row.desc = STR("\xe0\xa6\x9a\xe0\xa6\xbe \xf0\x9f\x8d\xb5");
    run_as_a_batch(f, q, array_len(q));
    for (size_t i = 0; i < array_len(q); i++) {
        struct payment_row r;
        bool good = i == array_len(bad);
        assert_int_equal(q[i].result, good ? ERR_OK : ERR_INVALID);
        enum err e = store_payment_by_order(
            store_reader(f->s), &f->arena, f->account_id, q[i].x.p.row.order_id, &r);
        assert_int_equal(e, good ? ERR_OK : ERR_NO_ROW);
        if (good)
            assert_true(str_eq(r.desc, q[i].x.p.row.desc));
        else
            assert_int_equal(
                store_payment_by_order(store_reader(f->s), &f->arena, f->account_id, bad[i], &r),
                ERR_NO_ROW);
    }
    sample_make(f, "after", T0);
}

int main(void)
{
#define WITH(setup, test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(fixture_setup, a_unit_that_is_done_is_there_after_reopening),
        WITH(fixture_setup, a_unit_that_is_done_survives_the_death_of_the_process),
        WITH(fixture_setup, a_unit_that_fails_undoes_only_itself),
        WITH(fixture_setup, a_text_that_is_none_is_refused_and_found_nowhere),
        WITH(fixture_setup_fault, units_that_wait_share_a_commit),
        WITH(fixture_setup_fault, ids_never_meet_when_their_lease_is_undone),
        WITH(fixture_setup, a_full_queue_refuses_and_a_stopped_store_too),
        WITH(fixture_setup, done_may_submit_and_closing_completes_what_is_queued),
        WITH(fixture_setup, many_threads_with_one_order_make_one_payment),
        WITH(fixture_setup, a_snapshot_does_not_see_later_commits),
        WITH(fixture_setup, two_processes_write_to_one_store),
    };
    const struct CMUnitTest of_files[] = {
        WITH(fixture_setup, opening_a_further_connection_keeps_the_locks_on_the_file),
    };
    int failed = cmocka_run_group_tests_name("store", tests, NULL, NULL);
    if (!test_store_is_pg())
        failed += cmocka_run_group_tests_name("store: its file", of_files, NULL, NULL);
    return failed;
}
