/* The counters of the overview and of the ledger's days, against the rows; an account's statement. */
#include "store/store_stat.h"
#include "store/store_statement.h"
#include "store_fixture.h"

#define PAYMENTS 60

struct filling {
    struct fixture *f;
    int64_t ids[PAYMENTS];
};

static enum wallet_kind wallet_of(int i)
{
    return (enum wallet_kind)(i % WALLET_COUNT);
}

static enum err create_all(void *arg, struct tx *tx)
{
    struct filling *g = arg;
    enum err e = ERR_OK;
    for (int i = 0; i < PAYMENTS && e == ERR_OK; i++) {
        struct sample x;
        char order[32];
        snprintf(order, sizeof order, "S-%d", i);
        sample_init(&x, g->f, order, T0 + i % 2 * DAY_MS);
        x.p.row.wallet = wallet_of(i);
        x.p.row.amount = money_poisha(100 + i);
        e = sample_insert(&x, tx);
        g->ids[i] = x.p.row.id;
    }
    return e;
}

/* One in three is paid, with a commission; one in three ends without; one in ten is under review. */
static void state_set(int i, struct payment_row *to)
{
    if (i % 3 == 0) {
        to->state = PAYMENT_PAID;
        to->paid = to->amount;
        to->commission = money_poisha(10);
        to->credited = money_sub(to->amount, to->commission);
        to->final_at = T0;
    } else if (i % 3 == 1) {
        to->state = i % 2 ? PAYMENT_CANCELLED : PAYMENT_FAILED;
        to->final_at = T0;
    } else if (i % 10 == 2) {
        to->state = PAYMENT_REVIEW;
    }
}

static enum err change_all(void *arg, struct tx *tx)
{
    struct filling *g = arg;
    enum err e = ERR_OK;
    for (int i = 0; i < PAYMENTS && e == ERR_OK; i++) {
        struct payment_row p, to;
        e = store_payment_by_id(tx_db(tx), &g->f->arena, g->ids[i], &p);
        if (e != ERR_OK)
            return e;
        to = p;
        state_set(i, &to);
        e = store_payment_cas(tx, &p, &to);
        if (e == ERR_OK && i % 2)
            store_stat_note(tx, &p, STAT_OPENED);
        if (e == ERR_OK && i == 0) { /* and some of it goes back */
            p = to;
            to.refunded = money_poisha(7);
            e = store_payment_cas(tx, &p, &to);
        }
    }
    return e;
}

static enum err change_and_fail(void *arg, struct tx *tx)
{
    enum err e = change_all(arg, tx);
    return e == ERR_OK ? ERR_RANGE : e;
}

struct sums {
    int64_t v[WALLET_COUNT][2][STAT_FIELDS];
    int rows;
};

static enum err sums_add(void *arg, const struct stat_row *r)
{
    struct sums *s = arg;
    s->rows++;
    for (int k = 0; k < STAT_FIELDS; k++)
        s->v[r->wallet][r->day - dhaka_day(T0)][k] += r->v[k];
    return ERR_OK;
}

static struct sums sums_read(struct fixture *f)
{
    struct sums s = {.rows = 0};
    int32_t day = dhaka_day(T0);
    ok(store_stat_each(store_reader(f->s), f->account_id, day, day + 1, sums_add, &s));
    return s;
}

static void sums_expect(struct sums *want)
{
    *want = (struct sums){.rows = 0};
    for (int i = 0; i < PAYMENTS; i++) {
        int64_t *v = want->v[wallet_of(i)][i % 2];
        struct payment_row p = {.amount = money_poisha(100 + i), .state = PAYMENT_OPEN};
        state_set(i, &p);
        v[STAT_PAID] += p.state == PAYMENT_PAID;
        v[STAT_CANCELLED] += p.state == PAYMENT_CANCELLED;
        v[STAT_FAILED] += p.state == PAYMENT_FAILED;
        v[STAT_REVIEW] += p.state == PAYMENT_REVIEW;
        v[STAT_ENDED] += payment_is_final(p.state) ? p.amount.poisha : 0;
        v[STAT_RECEIVED] += p.paid.poisha;
        v[STAT_COMMISSION] += p.commission.poisha;
        v[STAT_OPENED] += i % 2;
        v[STAT_REFUNDED] += i == 0 ? 7 : 0;
    }
}

static void changes_are_counted_with_the_rows_and_undone_with_them(void **state)
{
    struct fixture *f = *state;
    struct filling g = {.f = f};
    ok(run(f->s, create_all, &g));
    struct sums have = sums_read(f), want;
    assert_int_equal(have.rows, 0); /* a create writes none */
    assert_int_equal(run(f->s, change_and_fail, &g), ERR_RANGE);
    assert_int_equal(sums_read(f).rows, 0);
    ok(run(f->s, change_all, &g));
    have = sums_read(f);
    sums_expect(&want);
    assert_memory_equal(have.v, want.v, sizeof want.v);
}

struct behind {
    struct stat_row rows[64];
    int n;
    int64_t from, to;
    bool moved;
};

static enum err behind_see(void *arg, const struct stat_row *r)
{
    struct behind *b = arg;
    b->rows[b->n++] = *r;
    return ERR_OK;
}

static enum err behind_count(void *arg, struct tx *tx)
{
    struct behind *b = arg;
    enum err e = store_stat_mark(tx, b->from, b->to, &b->moved);
    for (int i = 0; e == ERR_OK && b->moved && i < b->n; i++)
        store_stat_add(tx, &b->rows[i]);
    return e;
}

static void creates_are_counted_behind_them_in_steps_and_once(void **state)
{
    struct fixture *f = *state;
    struct filling g = {.f = f};
    ok(run(f->s, create_all, &g));
    struct behind first = {.n = 0}, b = {.n = 0};
    ok(store_stat_behind(store_reader(f->s), 25, behind_see, &first, &first.from, &first.to));
    assert_int_equal(first.to - first.from, 25);
    b = first;
    ok(run(f->s, behind_count, &first));
    assert_true(first.moved);
    ok(run(f->s, behind_count, &b)); /* somebody who read the same */
    assert_false(b.moved);
    do {
        b = (struct behind){.n = 0};
        ok(store_stat_behind(store_reader(f->s), 25, behind_see, &b, &b.from, &b.to));
        ok(run(f->s, behind_count, &b));
    } while (b.to > b.from);
    struct stat_row sum;
    ok(store_stat_sum(store_reader(f->s), f->account_id, &sum));
    assert_int_equal(sum.v[STAT_CREATED], PAYMENTS);
    assert_int_equal(sum.v[STAT_ASKED], PAYMENTS * 100 + PAYMENTS * (PAYMENTS - 1) / 2);
    struct sums have = sums_read(f);
    assert_int_equal(have.v[WALLET_BKASH][0][STAT_CREATED], PAYMENTS / 6);
    assert_int_equal(have.v[WALLET_ROCKET][1][STAT_CREATED], PAYMENTS / 6);
}

/* ---- the ledger ---- */

static enum err post(struct tx *tx, const struct ledger_entry *e, const char *kind, int64_t payment)
{
    int64_t id;
    return store_ledger_post(tx, e, kind, payment, &id);
}

static enum err ledger_fill(void *arg, struct tx *tx)
{
    struct filling *g = arg;
    struct fixture *f = g->f;
    struct ledger_entry e;
    int64_t account = f->account_id, credential = f->credential_id;
    ledger_paid(&e, account, credential, money_poisha(10000), money_poisha(150));
    enum err x = post(tx, &e, "paid", g->ids[0]);
    ledger_paid(&e, account + 1, credential, money_poisha(5), money_poisha(1)); /* another's */
    x = x ? x : post(tx, &e, "paid", g->ids[1]);
    ledger_suspense(&e, account, credential, money_poisha(300));
    x = x ? x : post(tx, &e, "suspense", g->ids[2]);
    ledger_attach(&e, account, money_poisha(300), money_poisha(5));
    x = x ? x : post(tx, &e, "attach", g->ids[2]);
    ledger_refund(&e, account, money_poisha(1000));
    x = x ? x : post(tx, &e, "refund", g->ids[0]);
    ledger_refund_done(&e, account, credential, money_poisha(1000));
    x = x ? x : post(tx, &e, "refund_done", g->ids[0]);
    ledger_refund(&e, account, money_poisha(50));
    x = x ? x : post(tx, &e, "refund", g->ids[0]);
    ledger_refund_returned(&e, account, money_poisha(50));
    return x ? x : post(tx, &e, "refund_returned", g->ids[0]);
}

struct lines {
    struct statement_line l[16];
    char kinds[16][20], orders[16][20];
    int n;
};

static enum err line_see(void *arg, const struct statement_line *l)
{
    struct lines *x = arg;
    x->l[x->n] = *l;
    snprintf(x->kinds[x->n], 20, "%.*s", STR_FMT(l->kind));
    snprintf(x->orders[x->n++], 20, "%.*s", STR_FMT(l->order_id));
    return ERR_OK;
}

static void line_check(const struct lines *x, int i, const char *kind, int64_t received,
    int64_t fee, int64_t refunded, int64_t suspended, int64_t balance)
{
    const struct statement_line *l = &x->l[i];
    assert_string_equal(x->kinds[i], kind);
    assert_int_equal(l->received.poisha, received);
    assert_int_equal(l->fee.poisha, fee);
    assert_int_equal(l->refunded.poisha, refunded);
    assert_int_equal(l->suspended.poisha, suspended);
    assert_int_equal(l->net.poisha, received - fee - refunded);
    assert_int_equal(l->has_balance, balance >= 0);
    assert_int_equal(l->balance.poisha, balance >= 0 ? balance : 0);
}

static void a_statement_has_a_line_for_each_entry_with_its_balance(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    struct filling g = {.f = f};
    struct lines x = {.n = 0}, back = {.n = 0}, of = {.n = 0};
    ok(run(f->s, create_all, &g));
    ok(run(f->s, ledger_fill, &g));
    ok(store_statement_on(db, f->account_id, 0, 16, line_see, &x));
    assert_int_equal(x.n, 7);
    line_check(&x, 0, "paid", 10000, 150, 0, 0, 9850);
    line_check(&x, 1, "suspense", 0, 0, 0, 300, -1);
    line_check(&x, 2, "attach", 300, 5, 0, -300, 10145);
    line_check(&x, 3, "refund", 0, 0, 1000, 0, 9145);
    line_check(&x, 4, "refund_done", 0, 0, 0, 0, -1);
    line_check(&x, 5, "refund", 0, 0, 50, 0, 9095);
    line_check(&x, 6, "refund_returned", 0, 0, -50, 0, 9145);
    assert_string_equal(x.orders[0], "S-0");
    assert_string_equal(x.orders[1], "S-2");
    ok(store_statement_back(db, f->account_id, x.l[3].entry_id, 2, line_see, &back));
    assert_int_equal(back.n, 2);
    assert_int_equal(back.l[0].entry_id, x.l[2].entry_id);
    assert_int_equal(back.l[1].entry_id, x.l[1].entry_id);
    ok(store_statement_of(db, g.ids[2], line_see, &of));
    assert_int_equal(of.n, 2);
    int64_t from;
    ok(store_statement_from(db, T0, &from));
    assert_int_equal(from, x.l[0].entry_id);
    ok(store_statement_from(db, T0 + 1, &from));
    assert_int_equal(from, x.l[6].entry_id + 1);
}

static enum err days_see(void *arg, const struct ledger_day_row *r)
{
    *(struct ledger_day_row *)arg = *r;
    return ERR_OK;
}

static void the_ledgers_days_add_up_to_the_balance(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    struct filling g = {.f = f};
    struct ledger_day_row day = {.entries = 0}, before;
    struct money payable;
    int32_t today = dhaka_day(T0);
    ok(run(f->s, create_all, &g));
    ok(run(f->s, ledger_fill, &g));
    ok(store_ledger_day_each(db, f->account_id, today - 1, today + 1, days_see, &day));
    assert_int_equal(day.day, today);
    assert_int_equal(day.entries, 7);
    assert_int_equal(day.received.poisha, 10300);
    assert_int_equal(day.fee.poisha, 155);
    assert_int_equal(day.refunded.poisha, 1000);
    ok(store_ledger_balance(db, LEDGER_MERCHANT_PAYABLE, f->account_id, &payable));
    assert_int_equal(-payable.poisha, 10300 - 155 - 1000);
    ok(store_ledger_day_before(db, f->account_id, today, &before));
    assert_int_equal(before.entries, 0);
    ok(store_ledger_day_before(db, f->account_id, today + 1, &before));
    assert_int_equal(before.received.poisha, 10300);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(changes_are_counted_with_the_rows_and_undone_with_them),
        TEST(creates_are_counted_behind_them_in_steps_and_once),
        TEST(a_statement_has_a_line_for_each_entry_with_its_balance),
        TEST(the_ledgers_days_add_up_to_the_balance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
