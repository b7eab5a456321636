/* Creates of one batch, which are handed over and written together. */
#include "store_batch.h"

#define BATCH 40

static int64_t total(struct fixture *f)
{
    int64_t n;
    int32_t day = dhaka_day(T0);
    ok(store_history_total(store_reader(f->s), f->account_id, day, day, &n));
    return n;
}

static enum err look(struct fixture *f, const struct queued *q, struct payment_row *ret)
{
    return store_payment_by_order(
        store_reader(f->s), &f->arena, f->account_id, q->x.p.row.order_id, ret);
}

static bool is_stored(struct fixture *f, const struct queued *q)
{
    struct payment_row r;
    enum err e = look(f, q, &r);
    assert_true(e == ERR_OK || e == ERR_NO_ROW);
    return e == ERR_OK;
}

static void count(void *arg, const char *text)
{
    (void)text;
    ++*(int *)arg;
}

static void a_batch_of_creates_is_few_statements(void **state)
{
    struct fixture *f = *state;
    static struct queued q[BATCH];
    int statements = 0;
    queued_init(q, f, "warm", BATCH);
    run_as_a_batch(f, q, BATCH);
    queued_init(q, f, "counted", BATCH);
    f->fault.trace_arg = &statements;
    f->fault.trace = count;
    run_as_a_batch(f, q, BATCH);
    f->fault.trace = NULL;
    /* SQLite asks nobody over a line: a statement each, and the counter. On PostgreSQL: ids, and all payments with their counter;
     * the batch before had one unit, so ids come in some blocks of growing size. */
    assert_in_range(statements, 2, test_store_is_pg() ? 8 : BATCH + 3);
    for (int i = 0; i < BATCH; i++) {
        assert_int_equal(q[i].result, ERR_OK);
        assert_false(q[i].answer.taken);
        assert_true(i == 0 || q[i].x.p.row.id > q[i - 1].x.p.row.id);
    }
    assert_int_equal(total(f), 2 * BATCH);
}

static void assert_first(const struct queued *q, int64_t id, const char *uuid, bool same)
{
    assert_int_equal(q->result, ERR_OK);
    assert_true(q->answer.taken);
    assert_int_equal(q->answer.same, same);
    assert_int_equal(q->answer.id, id);
    assert_string_equal(q->answer.uuid, uuid);
}

static void orders_that_come_twice_in_a_batch_or_were_there_are_told_the_first_payment(void **state)
{
    struct fixture *f = *state;
    static struct queued q[9];
    struct sample old;
    sample_init(&old, f, "old", T0);
    ok(run(f->s, sample_insert, &old));
    queued_init(q, f, "new", 9);
    sample_init(&q[1].x, f, "old", T0); /* the same again */
    sample_init(&q[3].x, f, "old", T0);
    q[3].x.p.body_sha256[0] ^= 1;
    sample_init(&q[5].x, f, q[4].x.order, T0);
    q[5].x.p.body_sha256[31] ^= 1;
    sample_init(&q[8].x, f, q[4].x.order, T0);
    run_as_a_batch(f, q, 9);
    assert_first(&q[1], old.p.row.id, old.uuid, true);
    assert_first(&q[3], old.p.row.id, old.uuid, false);
    assert_first(&q[5], q[4].x.p.row.id, q[4].x.uuid, false);
    assert_first(&q[8], q[4].x.p.row.id, q[4].x.uuid, true);
    static const int fresh[] = {0, 2, 4, 6, 7};
    for (size_t i = 0; i < array_len(fresh); i++) {
        struct payment_row r;
        const struct queued *one = &q[fresh[i]];
        assert_int_equal(one->result, ERR_OK);
        assert_false(one->answer.taken);
        ok(look(f, one, &r));
        assert_int_equal(r.id, one->x.p.row.id);
        assert_true(str_is(r.uuid, one->x.uuid));
    }
    assert_int_equal(total(f), 6);
}

static void a_batch_of_nothing_new_writes_nothing(void **state)
{
    struct fixture *f = *state;
    static struct queued first[3], again[3];
    queued_init(first, f, "R", 3);
    queued_init(again, f, "R", 3);
    run_as_a_batch(f, first, 3);
    run_as_a_batch(f, again, 3);
    for (int i = 0; i < 3; i++)
        assert_first(&again[i], first[i].x.p.row.id, first[i].x.uuid, true);
    assert_int_equal(total(f), 3);
}

/* What the engine alone notices: an account that is none, an id that another payment has. */
static void a_row_that_is_refused_fails_its_own_unit_alone(void **state)
{
    struct fixture *f = *state;
    static struct queued q[BATCH];
    int64_t taken = sample_make(f, "has an id", T0);
    queued_init(q, f, "A", BATCH);
    q[7].x.p.row.account_id = 424242;
    q[20].x.p.id = taken;
    q[30].x.p.row.amount = money_poisha(0);
    q[31].x.p.row.uuid = STR("no uuid");
    q[33].after = ERR_CONFLICT;
    run_as_a_batch(f, q, BATCH);
    for (int i = 0; i < BATCH; i++) {
        enum err want = i == 7 || i == 20 || i == 30 ? ERR_INTERNAL
                        : i == 31                    ? ERR_SYNTAX
                        : i == 33                    ? ERR_CONFLICT
                                                     : ERR_OK;
        assert_int_equal(q[i].result, want);
        assert_int_equal(is_stored(f, &q[i]), want == ERR_OK);
    }
    assert_int_equal(total(f), 1 + BATCH - 5);
    sample_make(f, "after", T0);
}

/* Behind a unit that failed, batches keep their units apart: creates are written together all the same. */
static void a_unit_that_failed_does_not_make_creates_dear(void **state)
{
    struct fixture *f = *state;
    static struct queued q[BATCH];
    int statements = 0;
    queued_init(q, f, "F", BATCH);
    q[5].after = ERR_STATE;
    run_as_a_batch(f, q, BATCH);
    queued_init(q, f, "G", BATCH);
    f->fault.trace_arg = &statements;
    f->fault.trace = count;
    run_as_a_batch(f, q, BATCH);
    f->fault.trace = NULL;
    assert_in_range(statements, 2, test_store_is_pg() ? 8 : BATCH + 3);
    assert_int_equal(total(f), 2 * BATCH - 1);
}

struct seen {
    int64_t ids[4], n;
};

static enum err see(void *arg, const struct history_item *item)
{
    struct seen *s = arg;
    if (s->n < (int64_t)array_len(s->ids))
        s->ids[s->n] = item->id;
    s->n++;
    return ERR_OK;
}

/* Pages of the history skip whole pieces of ids by their counters. */
static void the_history_finds_what_was_written_together_across_pieces(void **state)
{
    struct fixture *f = *state;
    static struct queued q[BATCH];
    struct seen s = {.n = 0};
    int32_t day = dhaka_day(T0);
    queued_init(q, f, "P", BATCH);
    for (int i = 0; i < BATCH; i++)
        q[i].x.p.id = 200000000 + i / 10 * (1 << 14) + i;
    run_as_a_batch(f, q, BATCH);
    assert_int_equal(total(f), BATCH);
    ok(store_history_page(store_reader(f->s), f->account_id, day, day, 25, 4, see, &s));
    assert_int_equal(s.n, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(s.ids[i], q[25 + i].x.p.id);
}

/* Optional values, one by one absent and there. */
static void what_is_written_together_is_what_was_handed_over(void **state)
{
    struct fixture *f = *state;
    static struct queued q[16];
    queued_init(q, f, "চা", 16);
    for (int i = 0; i < 16; i++) {
        struct payment_row *p = &q[i].x.p.row;
        p->success_url = i & 1 ? STR("https://shop.example/ok") : STR_ABSENT;
        p->fail_url = i & 2 ? STR("https://shop.example/\xe0\xa6\xa8\xe0\xa6\xbe") : STR_ABSENT;
        p->endpoint_url = i & 4 ? STR("") : STR_ABSENT;
        p->endpoint_id = i & 8 ? INT64_MAX : 0;
        p->desc = i & 1 ? STR_ABSENT : STR("\\N {\"a\",NULL} \xf0\x9f\x8d\xb5");
        p->customer_json = i & 2 ? STR("{\"x\":\"\\u0000\"}") : STR_ABSENT;
        p->language = i & 4 ? STR("bn") : STR_ABSENT;
        p->amount = money_poisha(1 + i);
        p->fee_fixed = money_poisha(i);
        p->expires_at = T0 + i;
    }
    run_as_a_batch(f, q, 16);
    for (int i = 0; i < 16; i++) {
        const struct payment_row *p = &q[i].x.p.row;
        struct payment_row r;
        ok(look(f, &q[i], &r));
        const struct str texts[][2] = {{r.success_url, p->success_url}, {r.fail_url, p->fail_url},
            {r.endpoint_url, p->endpoint_url}, {r.desc, p->desc}, {r.language, p->language},
            {r.customer_json, p->customer_json}, {r.customer_ip, p->customer_ip},
            {r.currency, p->currency}, {r.service, p->service}, {r.uuid, p->uuid}};
        for (size_t k = 0; k < array_len(texts); k++) {
            assert_int_equal(str_absent(texts[k][0]), str_absent(texts[k][1]));
            assert_true(str_absent(texts[k][0]) || str_eq(texts[k][0], texts[k][1]));
        }
        assert_int_equal(r.endpoint_id, p->endpoint_id);
        assert_int_equal(r.amount.poisha, p->amount.poisha);
        assert_int_equal(r.fee_fixed.poisha, p->fee_fixed.poisha);
        assert_int_equal(r.fee_bp, 250);
        assert_int_equal(r.created_at, T0);
        assert_int_equal(r.expires_at, T0 + i);
        assert_int_equal(r.version, 1);
        assert_int_equal(r.state, PAYMENT_OPEN);
        assert_int_equal(r.final_at, 0);
    }
}

/* Of an array that a server would not take: one after the other they are. */
static void rows_that_are_too_large_together_are_written_singly(void **state)
{
    struct fixture *f = *state;
    static struct queued q[BATCH];
    size_t n = 1u << 20;
    char *p = mem_alloc(n);
    memset(p, 'k', n);
    queued_init(q, f, "L", BATCH);
    for (int i = 0; i < BATCH; i++)
        q[i].x.p.row.desc = (struct str){p, n};
    run_as_a_batch(f, q, BATCH);
    for (int i = 0; i < BATCH; i++)
        assert_int_equal(q[i].result, ERR_OK);
    assert_int_equal(total(f), BATCH);
    mem_free(p);
}

/* Each statement of a batch fails once, with each kind of error: what was told is what is there. */
static void each_failing_statement_of_a_batch_is_told(void **state)
{
    struct fixture *f = *state;
    static const enum err errors[] = {ERR_STORE_IO, ERR_STORE_FULL, ERR_STORE_BUSY, ERR_INTERNAL};
    static struct queued q[6];
    int64_t stored = 0;
    sample_make(f, "taken", T0);
    for (size_t k = 0; k < array_len(errors); k++) {
        for (int64_t n = 1, struck = 1; struck; n++) {
            char prefix[32];
            snprintf(prefix, sizeof prefix, "T-%zu-%d", k, (int)n);
            queued_init(q, f, prefix, 6);
            sample_init(&q[2].x, f, "taken", T0);
            db_fault_arm(&f->fault, FAULT_STEP, n, errors[k], false);
            run_as_a_batch(f, q, 6);
            struck = atomic_load(&f->fault.fail_in[FAULT_STEP]) == 0;
            db_fault_clear(&f->fault);
            for (int i = 0; i < 6; i++) {
                bool is_new = q[i].result == ERR_OK && !q[i].answer.taken;
                stored += is_new;
                assert_int_equal(is_stored(f, &q[i]), i == 2 || is_new);
                if (i == 2 && q[i].result == ERR_OK)
                    assert_true(q[i].answer.taken && q[i].answer.same);
            }
            assert_int_equal(total(f), 1 + stored);
            assert_true(n < 40);
        }
    }
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup_fault, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(a_batch_of_creates_is_few_statements),
        WITH(orders_that_come_twice_in_a_batch_or_were_there_are_told_the_first_payment),
        WITH(a_batch_of_nothing_new_writes_nothing),
        WITH(a_row_that_is_refused_fails_its_own_unit_alone),
        WITH(a_unit_that_failed_does_not_make_creates_dear),
        WITH(the_history_finds_what_was_written_together_across_pieces),
        WITH(what_is_written_together_is_what_was_handed_over),
        WITH(rows_that_are_too_large_together_are_written_singly),
        WITH(each_failing_statement_of_a_batch_is_told),
    };
    return cmocka_run_group_tests_name("store_create", tests, NULL, NULL);
}
