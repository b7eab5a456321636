/* Money that a wallet says moved is in the books: in time or late, whatever of it fits, and a person can always decide. */
#include "service/number.h"
#include "service/outcome.h"
#include "service_world.h"

struct told {
    struct store_unit unit;
    struct errand errand;
    enum err result;
};

static struct told say; /* the answer of the next wallet_tells */

static int late_setup(void **state)
{
    struct world *w = mem_alloc(sizeof *w);
    world_start(w);
    say = (struct told){.result = ERR_OK};
    *state = w;
    return 0;
}

static int late_teardown(void **state)
{
    world_stop(*state);
    mem_free(*state);
    return 0;
}

static struct shop_payment create(struct world *w, const char *order, enum wallet_kind wallet)
{
    struct world_create c;
    struct shop_payment p;
    world_create_prepare(w, &w->arena, order, "300.00", order, &c);
    c.create.payment.row.wallet = wallet;
    ok(checkout_create_submit(&w->s, &c.create));
    ok(world_create_wait(&c));
    p.id = c.create.id;
    memcpy(p.uuid, c.create.uuid, sizeof p.uuid);
    return p;
}

struct attempt_unit {
    struct store_unit unit;
    struct attempt_row row;
};

static enum err attempt_run(struct store_unit *u, struct tx *tx)
{
    return store_attempt_add(tx, &unit_owner(u, struct attempt_unit, unit)->row);
}

/* The payer is at the wallet's page. */
static struct attempt_row at_page(struct world *w, const struct shop_payment *p)
{
    static int number;
    char *text = arena_alloc(&w->arena, 32);
    snprintf(text, 32, "K%dN%d", (int)p->id, ++number);
    struct attempt_unit u = {.unit = {.run = attempt_run},
        .row = {.payment_id = p->id,
            .number = number,
            .wallet = WALLET_NAGAD,
            .credential_id = w->credential_id,
            .state = ATTEMPT_REDIRECTED,
            .callback_token = str_from(text),
            .invoice = str_from(text),
            .amount = money_poisha(30000),
            .currency = STR("BDT"),
            .wallet_ref = str_from(text),
            .wallet_url = STR("http://wallet.example/"),
            .trx_id = STR_ABSENT,
            .payer_mask = STR_ABSENT,
            .reason = STR_ABSENT,
            .created_at = WORLD_T0}};
    ok(store_run(w->s.store, &u.unit));
    return world_attempt(w, p->id);
}

static enum err tell_run(struct store_unit *u, struct tx *tx)
{
    struct told *t = unit_owner(u, struct told, unit);
    arena_reset(&t->errand.scratch);
    return outcome_apply(&t->errand, tx);
}

/* All fits, but for what the test changes. */
static struct wallet_answer paid_answer(const struct attempt_row *a, const char *trx_id)
{
    return (struct wallet_answer){.outcome = WALLET_OK,
        .completed = true,
        .code = STR("Success"),
        .message = STR(""),
        .ref = a->wallet_ref,
        .has_amount = true,
        .amount = a->amount,
        .currency = a->currency,
        .invoice = a->invoice,
        .trx_id = str_from(trx_id),
        .payer = STR_ABSENT};
}

static void wallet_tells(
    struct world *w, const struct attempt_row *a, const struct wallet_answer *answer)
{
    say = (struct told){.unit = {.run = tell_run},
        .errand = {.service = &w->s,
            .kind = ERRAND_QUERY,
            .attempt_id = a->id,
            .payment_id = a->payment_id,
            .wallet = a->wallet,
            .credential_id = a->credential_id,
            .answer = *answer}};
    arena_init(&say.errand.scratch, 1U << 20);
    ok(store_run(w->s.store, &say.unit));
    arena_clear(&say.errand.scratch);
}

static struct checkout_settle decision(int64_t payment_id, bool paid)
{
    return (struct checkout_settle){.payment_id = payment_id,
        .paid = paid,
        .amount = money_poisha(25000),
        .trx_id = STR("7AAAAAA1"),
        .operator_name = STR("Rahim"),
        .reason = STR("seen in the portal")};
}

struct credits {
    int count;
    int64_t ids[8];
    int64_t poisha;
};

static enum err credit_see(void *arg, const struct credit_row *r)
{
    struct credits *c = arg;
    c->ids[c->count++] = r->id;
    c->poisha += r->amount.poisha;
    return ERR_OK;
}

static struct credits credits(struct world *w, int64_t payment_id)
{
    struct credits c = {.count = 0};
    ok(store_credit_each(world_db(w), payment_id, true, credit_see, &c));
    return c;
}

/* ---- money of another amount or invoice ---- */

static void n8_money_that_does_not_fit_is_kept_and_reviewed(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "L-1", WALLET_NAGAD);
    struct attempt_row a = at_page(w, &p);
    struct wallet_answer answer = paid_answer(&a, "7AAAAAA1");
    answer.amount = money_poisha(25000);
    wallet_tells(w, &a, &answer);
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_REVIEW);
    assert_int_equal(world_attempt(w, p.id).state, ATTEMPT_REVIEW);
    assert_int_equal(world_payment(w, p.id).paid.poisha, 25000);
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), -25000);
    assert_int_equal(world_outbox(w, p.id).count, 0);
    world_books(w, 1);

    struct checkout_settle c = decision(p.id, true);
    c.amount = money_poisha(30000);
    assert_int_equal(checkout_settle(&w->s, &c), ERR_RANGE);
    c = decision(p.id, true);
    c.trx_id = STR("7AAAAAB1"); /* one slip of the pen, and the money would be there twice */
    assert_int_equal(checkout_settle(&w->s, &c), ERR_INVALID);
    c.trx_id = STR("7aaa aaa1");
    ok(checkout_settle(&w->s, &c));
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_PAID);
    assert_int_equal(world_payment(w, p.id).paid.poisha, 25000);
    assert_int_equal(world_attempt(w, p.id).state, ATTEMPT_PAID);
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), 0);
    assert_true(world_outbox(w, p.id).newest.is_partial);
    world_books(w, 2);
}

static void n9_money_of_another_invoice_after_the_end_is_kept_told_and_attached(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "L-2", WALLET_NAGAD);
    struct attempt_row a = at_page(w, &p);
    struct wallet_answer answer = paid_answer(&a, "7AAAAAA1");
    ok(world_cancel(w, &p));
    answer.invoice = STR("K999N9");
    wallet_tells(w, &a, &answer);
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_CANCELLED);
    assert_int_equal(world_attempt(w, p.id).state, ATTEMPT_REVIEW);
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), -30000);
    assert_int_equal(world_outbox(w, p.id).count, 2);
    struct credits c = credits(w, p.id);
    assert_int_equal(c.count, 1);
    ok(checkout_attach(&w->s, c.ids[0], STR("Rahim"), STR("it is his")));
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_PAID);
    assert_int_equal(world_attempt(w, p.id).state, ATTEMPT_PAID);
    world_books(w, 2);
}

static void what_a_person_marks_is_listed_no_more_and_can_not_be_attached(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "L-3", WALLET_NAGAD);
    struct attempt_row a = at_page(w, &p);
    struct wallet_answer answer = paid_answer(&a, "7AAAAAA1");
    ok(world_cancel(w, &p));
    answer.invoice = STR("K999N9");
    wallet_tells(w, &a, &answer);
    struct credits c = credits(w, p.id);
    ok(checkout_mark(&w->s, c.ids[0], STR("Rahim"), STR("given back at the portal")));
    assert_int_equal(checkout_mark(&w->s, c.ids[0], STR("Rahim"), STR("again")), ERR_CONFLICT);
    assert_int_equal(
        checkout_attach(&w->s, c.ids[0], STR("Rahim"), STR("after all")), ERR_CONFLICT);
    assert_int_equal(credits(w, p.id).count, 0);
    assert_int_equal(world_attempt(w, p.id).state, ATTEMPT_DECLINED);
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_CANCELLED);
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), -30000);
    world_books(w, 1);
}

/* Counted here, another attempt's money could not be counted there, and another merchant's is nobody's. */
static void n8_money_of_another_reference_or_merchant_is_not_counted(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "L-4", WALLET_NAGAD);
    struct attempt_row a = at_page(w, &p), b = at_page(w, &p), d = at_page(w, &p);
    struct wallet_answer answer = paid_answer(&a, "7AAAAAA1");
    ok(world_cancel(w, &p));
    answer.ref = STR("K1N99");
    wallet_tells(w, &a, &answer);
    answer = paid_answer(&b, "7AAAAAA2");
    answer.elsewhere = true;
    wallet_tells(w, &b, &answer);
    answer = paid_answer(&d, "7AAAAAA3");
    answer.currency = STR("USD");
    wallet_tells(w, &d, &answer);
    assert_int_equal(credits(w, p.id).count, 0);
    assert_int_equal(world_payment(w, p.id).paid.poisha, 0);
    assert_int_equal(world_outbox(w, p.id).count, 1);
    world_books(w, 0);
    /* a person takes them out of review, although the payment has ended */
    struct checkout_settle c = decision(p.id, false);
    ok(checkout_settle(&w->s, &c));
    assert_int_equal(world_attempt(w, p.id).state, ATTEMPT_DECLINED);
    assert_int_equal(checkout_settle(&w->s, &c), ERR_STATE);
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_CANCELLED);
    assert_int_equal(world_outbox(w, p.id).count, 1);
}

/* The wallet told no TrxID; a person found it on the statement after the payment's end. */
static void money_without_a_trx_id_is_booked_by_a_person_after_the_end(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "L-5", WALLET_NAGAD);
    struct attempt_row a = at_page(w, &p);
    struct wallet_answer answer = paid_answer(&a, "");
    ok(world_cancel(w, &p));
    wallet_tells(w, &a, &answer);
    assert_int_equal(world_attempt(w, p.id).state, ATTEMPT_REVIEW);
    world_books(w, 0);
    struct checkout_settle c = decision(p.id, true);
    ok(checkout_settle(&w->s, &c));
    assert_int_equal(world_attempt(w, p.id).state, ATTEMPT_PAID);
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_CANCELLED);
    assert_int_equal(credits(w, p.id).poisha, 25000);
    assert_int_equal(world_outbox(w, p.id).count, 2);
    ok(checkout_attach(&w->s, credits(w, p.id).ids[0], STR("Rahim"), STR("it is his")));
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_PAID);
    world_books(w, 2);
}

static void money_that_the_wallet_gave_back_is_not_counted(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "L-6", WALLET_NAGAD);
    struct attempt_row a = at_page(w, &p);
    struct wallet_answer answer = paid_answer(&a, "7AAAAAA1");
    answer.reversed = true;
    wallet_tells(w, &a, &answer);
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_REVIEW);
    assert_int_equal(credits(w, p.id).count, 0);
    world_books(w, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            n8_money_that_does_not_fit_is_kept_and_reviewed, late_setup, late_teardown),
        cmocka_unit_test_setup_teardown(
            n9_money_of_another_invoice_after_the_end_is_kept_told_and_attached, late_setup,
            late_teardown),
        cmocka_unit_test_setup_teardown(
            what_a_person_marks_is_listed_no_more_and_can_not_be_attached, late_setup,
            late_teardown),
        cmocka_unit_test_setup_teardown(
            n8_money_of_another_reference_or_merchant_is_not_counted, late_setup, late_teardown),
        cmocka_unit_test_setup_teardown(
            money_without_a_trx_id_is_booked_by_a_person_after_the_end, late_setup, late_teardown),
        cmocka_unit_test_setup_teardown(
            money_that_the_wallet_gave_back_is_not_counted, late_setup, late_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
