/* The log is copied into the file beside the writer, and starts anew while the writer goes on. */
#include "store_fixture.h"
#include <pthread.h>
#include <stdatomic.h>

#define TEXT_LEN 2000
#define PER_UNIT 10
#define UNITS_MAX 40000

/* How often the log has started anew: a big-endian number at offset 12 of its header (SQLite's file format, section 4.1). */
static uint32_t log_starts(const struct fixture *f)
{
    char path[TEST_STORE_PATH_MAX + 8];
    uint8_t head[16] = {0};
    snprintf(path, sizeof path, "%s-wal", f->path);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fread(head, 1, sizeof head, in), sizeof head);
    fclose(in);
    return (uint32_t)head[12] << 24 | (uint32_t)head[13] << 16 | (uint32_t)head[14] << 8 | head[15];
}

struct writing {
    struct fixture *f;
    int made;
    char text[TEXT_LEN];
};

static enum err writing_run(void *arg, struct tx *tx)
{
    struct writing *w = arg;
    for (int i = 0; i < PER_UNIT; i++) {
        struct sample x;
        char order[64];
        snprintf(order, sizeof order, "order-%d", w->made + i);
        sample_init(&x, w->f, order, T0);
        x.p.row.desc = (struct str){w->text, TEXT_LEN};
        enum err e = store_payment_insert(tx, &x.p, &x.same, &x.id, x.first_uuid);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static void write_until_the_log_starts_anew(struct writing *w, int times)
{
    uint32_t first = log_starts(w->f);
    for (int i = 0; log_starts(w->f) < first + (uint32_t)times; i++) {
        assert_true(i < UNITS_MAX);
        ok(run(w->f->s, writing_run, w));
        w->made += PER_UNIT;
    }
}

static int64_t total(struct fixture *f)
{
    int64_t n = -1;
    ok(store_history_total(store_reader(f->s), f->account_id, 0, 99999, &n));
    return n;
}

/* Own connections, that have nothing in memory. */
static void assert_sound(struct fixture *f, int payments)
{
    static const struct db_sql sql = {
        "SELECT (SELECT COUNT(*) FROM payment) AS payments,"
        " (SELECT integrity_check = 'ok' FROM pragma_integrity_check(1)) AS sound"};
    struct db *db;
    struct buf why;
    buf_init(&why, 1024);
    struct db_open how = {.path = f->path, .reading = true};
    ok(f->engine->open(f->engine, &how, &why, &db));
    buf_clear(&why);
    struct db_stmt *st = db_query(db, &sql);
    ok(db_step(st));
    assert_int_equal(db_col_int(st, "payments"), payments);
    assert_int_equal(db_col_int(st, "sound"), 1);
    db_end(st);
    db_close(db);
}

static void the_log_starts_anew_while_the_writer_goes_on(void **state)
{
    struct fixture *f = *state;
    struct writing *w = mem_alloc(sizeof *w);
    w->f = f;
    memset(w->text, 'x', TEXT_LEN);
    write_until_the_log_starts_anew(w, 3);
    assert_int_equal(total(f), w->made);
    assert_sound(f, w->made);
    fixture_reopen(f);
    assert_int_equal(total(f), w->made);
    assert_sound(f, w->made);
    mem_free(w);
}

struct reading {
    struct fixture *f;
    _Atomic bool stop;
    _Atomic int reads;
};

/* Each snapshot is whole: counters and rows of the same commit. */
static void *reading_main(void *arg)
{
    struct reading *r = arg;
    static const struct db_sql sql = {"SELECT (SELECT COUNT(*) FROM payment) AS rows_there,"
                                      " (SELECT SUM(payments) FROM day_count) AS counted"};
    struct db *db = store_reader(r->f->s);
    while (!atomic_load(&r->stop)) {
        struct db_stmt *st = db_query(db, &sql);
        bool whole =
            db_step(st) == ERR_OK && db_col_int(st, "rows_there") == db_col_int(st, "counted");
        db_end(st);
        if (!whole)
            return r;
        atomic_fetch_add(&r->reads, 1);
    }
    return NULL;
}

static void readers_see_whole_commits_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct writing *w = mem_alloc(sizeof *w);
    w->f = f;
    memset(w->text, 'y', TEXT_LEN);
    struct reading r = {.f = f};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, reading_main, &r), 0);
    write_until_the_log_starts_anew(w, 2);
    while (atomic_load(&r.reads) == 0)
        usleep(1000);
    atomic_store(&r.stop, true);
    void *torn = NULL;
    pthread_join(thread, &torn);
    assert_null(torn);
    assert_sound(f, w->made);
    mem_free(w);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(the_log_starts_anew_while_the_writer_goes_on),
        WITH(readers_see_whole_commits_meanwhile),
    };
    return cmocka_run_group_tests_name("store_checkpoint", tests, NULL, NULL);
}
