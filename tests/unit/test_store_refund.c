/* What the store itself refuses of refunds, whatever the program thinks. */
#include "store/store_refund.h"

#include "store_fixture.h"

struct made {
    struct fixture *f;
    int64_t payment_id, attempt_id;
    bool hand;
    struct refund_row row;
    struct refund_row from, to;
    struct payment_row pay_from, pay_to;
};

static enum err attempt_make(void *arg, struct tx *tx)
{
    struct made *m = arg;
    struct attempt_row a = {.payment_id = m->payment_id,
        .number = 1,
        .wallet = WALLET_BKASH,
        .credential_id = m->f->credential_id,
        .state = ATTEMPT_PAID,
        .callback_token = STR("token"),
        .invoice = STR("K1"),
        .amount = money_poisha(10000),
        .currency = STR("BDT"),
        .created_at = T0};
    enum err e = store_attempt_add(tx, &a);
    m->attempt_id = a.id;
    return e;
}

static enum err refund_make(void *arg, struct tx *tx)
{
    struct made *m = arg;
    m->row = (struct refund_row){.payment_id = m->payment_id,
        .attempt_id = m->attempt_id,
        .account_id = m->f->account_id,
        .wallet = WALLET_BKASH,
        .credential_id = m->f->credential_id,
        .wallet_ref = STR("TR1"),
        .trx_id = STR("AAA"),
        .amount = money_poisha(5000),
        .currency = STR("BDT"),
        .reason = STR("why"),
        .actor = STR("operator:x"),
        .created_at = T0,
        .next_ask_at = T0 + 5};
    if (m->hand) {
        m->row.state = REFUND_BY_HAND;
        m->row.attempt_id = 0;
        m->row.credential_id = 77; /* a number's */
        m->row.wallet_ref = STR_ABSENT;
        m->row.payer_mask = STR("***515");
        m->row.next_ask_at = 0;
    }
    return store_refund_add(tx, &m->row);
}

static enum err refund_cas(void *arg, struct tx *tx)
{
    struct made *m = arg;
    return store_refund_cas(tx, &m->from, &m->to);
}

static enum err payment_cas(void *arg, struct tx *tx)
{
    struct made *m = arg;
    return store_payment_cas(tx, &m->pay_from, &m->pay_to);
}

static void made_init(struct made *m, struct fixture *f, const char *order)
{
    *m = (struct made){.f = f, .payment_id = sample_make(f, order, T0)};
    ok(run(f->s, attempt_make, m));
    ok(run(f->s, refund_make, m));
    ok(store_refund_by_id(store_reader(f->s), &f->arena, m->row.id, &m->from));
    m->to = m->from;
}

static void a_second_one_of_a_payment_is_refused_until_the_first_ended(void **state)
{
    struct fixture *f = *state;
    struct made m;
    int64_t id;
    made_init(&m, f, "R-1");
    assert_true(str_absent(m.from.known));
    assert_int_equal(m.from.state, REFUND_REQUESTED);
    assert_int_equal(m.from.next_ask_at, T0 + 5);
    ok(store_refund_live(store_reader(f->s), m.payment_id, &id));
    assert_int_equal(id, m.row.id);
    for (int s = 0; s < REFUND_STATE_COUNT; s++) {
        m.to.state = (enum refund_state)s;
        m.to.known = STR(" ");
        m.to.refund_trx_id = s == REFUND_DONE ? STR("BBB") : STR_ABSENT;
        m.to.final_at = refund_is_live(m.to.state) ? 0 : T0;
        ok(run(f->s, refund_cas, &m));
        if (refund_is_live(m.to.state)) {
            assert_int_equal(run(f->s, refund_make, &m), ERR_DUPLICATE);
        } else {
            assert_int_equal(store_refund_live(store_reader(f->s), m.payment_id, &id), ERR_NO_ROW);
        }
        m.from = m.to;
    }
    ok(run(f->s, refund_make, &m));
}

static void a_change_needs_the_state_and_version_it_was_based_on(void **state)
{
    struct fixture *f = *state;
    struct made m;
    made_init(&m, f, "R-1");
    m.to.asks = 1;
    ok(run(f->s, refund_cas, &m));
    assert_int_equal(m.to.version, 2);
    assert_int_equal(run(f->s, refund_cas, &m), ERR_CONFLICT);
    m.from = m.to;
    m.from.state = REFUND_SENT;
    assert_int_equal(run(f->s, refund_cas, &m), ERR_CONFLICT);
}

static void what_no_program_can_mean_is_refused(void **state)
{
    struct fixture *f = *state;
    struct made m;
    made_init(&m, f, "R-1");
    m.to.state = REFUND_SENT; /* without the wallet's list */
    assert_int_equal(run(f->s, refund_cas, &m), ERR_INTERNAL);
    m.to.state = REFUND_DONE; /* without its TrxID */
    m.to.known = STR(" ");
    m.to.final_at = T0;
    assert_int_equal(run(f->s, refund_cas, &m), ERR_INTERNAL);
    m.to.refund_trx_id = STR("BBB");
    m.to.final_at = 0; /* without an end */
    assert_int_equal(run(f->s, refund_cas, &m), ERR_INTERNAL);
}

static void a_refunds_trx_id_is_one_refunds(void **state)
{
    struct fixture *f = *state;
    struct made m, other;
    int64_t id;
    made_init(&m, f, "R-1");
    m.to.state = REFUND_DONE;
    m.to.known = STR(" ");
    m.to.refund_trx_id = STR("BBB");
    m.to.final_at = T0;
    m.to.next_ask_at = 0;
    ok(run(f->s, refund_cas, &m));
    ok(store_refund_by_trx(store_reader(f->s), WALLET_BKASH, f->credential_id, STR("BBB"), &id));
    assert_int_equal(id, m.row.id);
    other = m;
    ok(run(f->s, refund_make, &other));
    ok(store_refund_by_id(store_reader(f->s), &f->arena, other.row.id, &other.from));
    other.to = m.to;
    assert_int_equal(run(f->s, refund_cas, &other), ERR_DUPLICATE);
}

static void one_by_hand_has_a_number_and_no_attempt(void **state)
{
    struct fixture *f = *state;
    struct made m = {.f = f, .payment_id = sample_make(f, "R-1", T0)};
    int64_t id;
    struct money sum;
    m.hand = true;
    ok(run(f->s, refund_make, &m));
    ok(store_refund_by_id(store_reader(f->s), &f->arena, m.row.id, &m.from));
    assert_int_equal(m.from.state, REFUND_BY_HAND);
    assert_int_equal(m.from.attempt_id, 0);
    assert_true(str_absent(m.from.wallet_ref));
    assert_true(str_is(m.from.payer_mask, "***515"));
    ok(store_refund_due(store_reader(f->s), INT64_MAX, &id, 1, &(int){0}));
    assert_int_equal(run(f->s, refund_make, &m), ERR_DUPLICATE);
    m.to = m.from;
    m.to.state = REFUND_DONE;
    m.to.refund_trx_id = STR("CCC");
    m.to.final_at = T0;
    ok(run(f->s, refund_cas, &m));
    ok(store_refund_by_any_trx(store_reader(f->s), WALLET_BKASH, STR("CCC"), &id));
    assert_int_equal(id, m.from.id);
    assert_int_equal(
        store_refund_by_any_trx(store_reader(f->s), WALLET_NAGAD, STR("CCC"), &id), ERR_NO_ROW);
    ok(store_refund_sum(store_reader(f->s), &m.from, &sum));
    assert_int_equal(sum.poisha, 5000);
}

static void more_than_was_paid_is_refused(void **state)
{
    struct fixture *f = *state;
    struct made m;
    made_init(&m, f, "R-1");
    ok(store_payment_by_id(store_reader(f->s), &f->arena, m.payment_id, &m.pay_from));
    m.pay_to = m.pay_from;
    m.pay_to.state = PAYMENT_PAID;
    m.pay_to.final_at = T0;
    m.pay_to.paid = money_poisha(10000);
    m.pay_to.refunded = money_poisha(10001);
    assert_int_equal(run(f->s, payment_cas, &m), ERR_INTERNAL);
    m.pay_to.refunded = money_poisha(10000);
    ok(run(f->s, payment_cas, &m));
}

static void those_that_are_due_come_oldest_first(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    struct made first;
    int64_t ids[4];
    int count = 0;
    made_init(&first, f, "R-1");
    ok(store_refund_due(db, T0 + 4, ids, 4, &count));
    assert_int_equal(count, 0);
    ok(store_refund_due(db, T0 + 5, ids, 4, &count));
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], first.row.id);
    first.to.next_ask_at = 0;
    ok(run(f->s, refund_cas, &first));
    ok(store_refund_due(db, INT64_MAX, ids, 4, &count));
    assert_int_equal(count, 0);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(a_second_one_of_a_payment_is_refused_until_the_first_ended),
        WITH(a_change_needs_the_state_and_version_it_was_based_on),
        WITH(what_no_program_can_mean_is_refused),
        WITH(a_refunds_trx_id_is_one_refunds),
        WITH(one_by_hand_has_a_number_and_no_attempt),
        WITH(more_than_was_paid_is_refused),
        WITH(those_that_are_due_come_oldest_first),
    };
    return cmocka_run_group_tests_name("store_refund", tests, NULL, NULL);
}
