/* Totals and pages of the history against counting by hand, on random payments over days and accounts. */
#include "store_batch.h"

#define PAYMENTS 3000
#define ACCOUNTS 3
#define DAYS 12

struct known {
    int64_t id;
    int64_t account;
    int32_t day;
};

struct filling {
    struct fixture *f;
    struct known known[PAYMENTS];
    uint64_t seed;
};

static uint64_t next_number(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Other accounts need no rows of their own in the history's tables, but payments refer to them. */
static enum err more_accounts(void *arg, struct tx *tx)
{
    struct filling *g = arg;
    enum err e = ERR_OK;
    for (int i = 1; e == ERR_OK && i < ACCOUNTS; i++) {
        char text[400];
        snprintf(text, sizeof text,
            "INSERT INTO account SELECT %lld, %s, merchant_id, 'a%d', currency, fee_bp,"
            " 0, services, digest, NULL, NULL, NULL, notify_mode, 11, NULL, NULL, 0, 1, 1 FROM"
            " account WHERE id = %lld",
            (long long)g->f->account_id + 1000 + i,
            test_store_is_pg() ? "uuid_send(gen_random_uuid())" : "randomblob(16)", i,
            (long long)g->f->account_id);
        e = db_script(tx_db(tx), text);
    }
    return e;
}

static int64_t account_of(const struct fixture *f, int64_t i)
{
    return i == 0 ? f->account_id : f->account_id + 1000 + i;
}

/* Ids far apart too, as other processes' blocks make them: each piece of ids is left now and then. */
static enum err fill(void *arg, struct tx *tx)
{
    struct filling *g = arg;
    enum err e = more_accounts(g, tx);
    for (int i = 0; e == ERR_OK && i < PAYMENTS; i++) {
        if (i % 250 == 249)
            e = db_script(
                tx_db(tx), "UPDATE id_block SET next = next + 9000 WHERE name = 'payment'");
        char order[32];
        snprintf(order, sizeof order, "H-%d", i);
        int64_t at = T0 + (int64_t)(next_number(&g->seed) % (DAYS * (uint64_t)DAY_MS));
        struct sample x;
        sample_init(&x, g->f, order, at);
        x.p.row.account_id = account_of(g->f, (int64_t)(next_number(&g->seed) % ACCOUNTS));
        if (e == ERR_OK)
            e = sample_insert(&x, tx);
        g->known[i] = (struct known){x.p.row.id, x.p.row.account_id, dhaka_day(at)};
    }
    return e;
}

static int by_day_and_id(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

struct page {
    int64_t ids[200];
    int count;
};

static enum err page_add(void *arg, const struct history_item *item)
{
    struct page *p = arg;
    assert_int_equal(item->state, PAYMENT_OPEN);
    assert_false(item->has_commission);
    assert_int_equal(item->amount.poisha, 10000);
    p->ids[p->count++] = item->id;
    return ERR_OK;
}

static int expected(
    const struct filling *g, int64_t account, int32_t from, int32_t to, int64_t *ret_ids)
{
    int n = 0;
    for (int i = 0; i < PAYMENTS; i++)
        if (g->known[i].account == account && g->known[i].day >= from && g->known[i].day <= to)
            ret_ids[n++] = g->known[i].id;
    return n;
}

static void check_one(struct filling *g)
{
    static int64_t want[PAYMENTS];
    struct db *db = store_reader(g->f->s);
    int64_t account = account_of(g->f, (int64_t)(next_number(&g->seed) % ACCOUNTS));
    int32_t first = dhaka_day(T0);
    int32_t from = first + (int32_t)(next_number(&g->seed) % (DAYS + 2)) - 1;
    int32_t to = from + (int32_t)(next_number(&g->seed) % DAYS);
    int n = expected(g, account, from, to, want);
    int64_t total;
    ok(store_history_total(db, account, from, to, &total));
    assert_int_equal(total, n);
    int64_t limit = 1 + (int64_t)(next_number(&g->seed) % 100);
    int64_t offset = (int64_t)(next_number(&g->seed) % (uint64_t)(n + 20));
    struct page p = {.count = 0};
    ok(store_history_page(db, account, from, to, offset, limit, page_add, &p));
    int64_t rest = offset < n ? n - offset : 0;
    assert_int_equal(p.count, rest < limit ? rest : limit);
    for (int i = 0; i < p.count; i++)
        assert_int_equal(p.ids[i], want[offset + i]);
}

static void totals_and_pages_are_those_counted_by_hand(void **state)
{
    struct fixture *f = *state;
    struct filling *g = mem_alloc(sizeof *g);
    g->f = f;
    g->seed = UINT64_C(0x5eed5eed1234);
    ok(run(f->s, fill, g));
    qsort(g->known, PAYMENTS, sizeof *g->known, by_day_and_id);
    for (int i = 0; i < 2000; i++)
        check_one(g);
    mem_free(g);
}

static void an_account_without_payments_has_an_empty_history(void **state)
{
    struct fixture *f = *state;
    int64_t total = 7;
    struct page p = {.count = 0};
    ok(store_history_total(store_reader(f->s), f->account_id, 0, 99999, &total));
    assert_int_equal(total, 0);
    ok(store_history_page(store_reader(f->s), f->account_id, 0, 99999, 0, 10, page_add, &p));
    assert_int_equal(p.count, 0);
}

static void a_refused_order_is_not_counted(void **state)
{
    struct fixture *f = *state;
    sample_make(f, "once", T0);
    struct sample x;
    sample_init(&x, f, "once", T0 + DAY_MS);
    assert_int_equal(run(f->s, sample_insert, &x), ERR_DUPLICATE);
    int64_t total;
    ok(store_history_total(store_reader(f->s), f->account_id, 0, 99999, &total));
    assert_int_equal(total, 1);
}

static void units_of_a_batch_are_counted_as_they_are_kept(void **state)
{
    struct fixture *f = *state;
    enum { N = 40 };
    struct queued *q = mem_array(N, sizeof *q);
    queued_init(q, f, "batch", N);
    int kept = 0;
    for (int i = 0; i < N; i++) {
        q[i].x.p.row.created_at = T0 + (i % 4) * DAY_MS; /* several counters */
        q[i].after = i % 5 == 3 ? ERR_CONFLICT : ERR_OK; /* undone after it has counted */
        kept += q[i].after == ERR_OK;
    }
    run_as_a_batch(f, q, N);
    int64_t total = 0, day = 0, sum = 0;
    ok(store_history_total(store_reader(f->s), f->account_id, 0, 99999, &total));
    assert_int_equal(total, kept);
    for (int d = 0; d < 4; d++) {
        int32_t at = dhaka_day(T0 + d * DAY_MS);
        ok(store_history_total(store_reader(f->s), f->account_id, at, at, &day));
        sum += day;
    }
    assert_int_equal(sum, kept);
    mem_free(q);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(totals_and_pages_are_those_counted_by_hand),
        WITH(an_account_without_payments_has_an_empty_history),
        WITH(a_refused_order_is_not_counted),
        WITH(units_of_a_batch_are_counted_as_they_are_kept),
    };
    return cmocka_run_group_tests_name("store_history", tests, NULL, NULL);
}
