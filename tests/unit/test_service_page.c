/* Wallets that take the money at their page: which attempts are asked about, and when. */
#include "service/outcome.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define T0 INT64_C(1794000000000)
#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)

static struct attempt_row attempt(enum attempt_state state)
{
    return (struct attempt_row){
        .wallet = WALLET_NAGAD, .state = state, .wallet_ref = STR("ref="), .created_at = T0};
}

static const struct payment_row open_payment = {
    .wallet = WALLET_NAGAD, .state = PAYMENT_OPEN, .expires_at = T0 + HOUR};
static const struct payment_row ended_payment = {
    .wallet = WALLET_NAGAD, .state = PAYMENT_CANCELLED, .expires_at = T0 + HOUR};

/* Milliseconds from `age` to the next question. */
static int64_t wait_at(const struct payment_row *p, int64_t age)
{
    struct attempt_row a = attempt(ATTEMPT_REDIRECTED);
    return outcome_next_verify(&a, p, T0 + age) - (T0 + age);
}

static void it_is_asked_often_at_first_and_then_by_its_age(void **state)
{
    (void)state;
    assert_int_equal(wait_at(&open_payment, 0), 10 * SECOND);
    assert_int_equal(wait_at(&open_payment, 40 * SECOND), 10 * SECOND);
    assert_int_equal(wait_at(&open_payment, 80 * SECOND), 20 * SECOND);
    assert_int_equal(wait_at(&ended_payment, 2 * HOUR), HOUR / 2);
    assert_int_equal(wait_at(&ended_payment, 10 * HOUR), HOUR);
    assert_int_equal(wait_at(&open_payment, -HOUR), 10 * SECOND); /* the clock was set back */
}

static void it_is_asked_when_the_lifetime_ends(void **state)
{
    (void)state;
    assert_int_equal(wait_at(&open_payment, HOUR - 30 * SECOND), 30 * SECOND);
    assert_int_equal(wait_at(&open_payment, HOUR - 1), 1);
    assert_int_equal(wait_at(&open_payment, HOUR), HOUR / 4);
    assert_true(wait_at(&ended_payment, HOUR - 30 * SECOND) > 30 * SECOND);
}

static void after_a_day_it_is_asked_once_more_and_no_longer(void **state)
{
    (void)state;
    struct attempt_row a = attempt(ATTEMPT_CANCELLED);
    int64_t at = T0, asks = 0;
    for (int64_t next; (next = outcome_next_verify(&a, &ended_payment, at)) != 0; at = next) {
        assert_true(next > at);
        asks++;
    }
    assert_int_equal(at, T0 + 24 * HOUR);
    assert_true(asks > 40 && asks < 60);
}

static void only_attempts_that_can_be_paid_are_asked_about(void **state)
{
    (void)state;
    for (int s = 0; s < ATTEMPT_STATE_COUNT; s++) {
        struct attempt_row a = attempt((enum attempt_state)s);
        bool can = s == ATTEMPT_REDIRECTED || s == ATTEMPT_REFUSED || s == ATTEMPT_CANCELLED ||
                   s == ATTEMPT_FAILED;
        assert_int_equal(outcome_is_at_page(&a), can);
        a.wallet_ref = STR_ABSENT;
        assert_false(outcome_is_at_page(&a));
        a = attempt((enum attempt_state)s);
        a.wallet = WALLET_BKASH;
        assert_false(outcome_is_at_page(&a));
    }
}

static void a_payer_who_came_back_waits_and_is_not_sent_away_again(void **state)
{
    (void)state;
    struct attempt_row a = attempt(ATTEMPT_REDIRECTED);
    assert_false(outcome_may_be_paid(&a));
    a.reason = STR("OtpSent");
    assert_false(outcome_may_be_paid(&a));
    a.reason = STR(OUTCOME_CAME_BACK);
    assert_true(outcome_may_be_paid(&a));
    a.reason = STR(OUTCOME_STRANGE);
    assert_true(outcome_may_be_paid(&a));
}

/* Asking completes the payment at Rocket's bank: of one that has ended the bank is asked when its page has run out, unless its
 * payer has come back. */
static void t26_what_nobody_waits_for_is_not_completed_by_asking(void **state)
{
    (void)state;
    struct config c = {.rocket_page_timeout_s = 1800};
    struct attempt_row a = attempt(ATTEMPT_REDIRECTED);
    assert_int_equal(outcome_ask_after(&c, &a, &ended_payment), 0); /* Nagad only tells */
    a.wallet = WALLET_ROCKET;
    assert_int_equal(outcome_ask_after(&c, &a, &open_payment), 0);
    assert_int_equal(outcome_ask_after(&c, &a, &ended_payment), T0 + 1800 * SECOND);
    a.reason = STR(OUTCOME_CAME_BACK);
    assert_int_equal(outcome_ask_after(&c, &a, &ended_payment), 0);
    a.state = ATTEMPT_CANCELLED;
    assert_int_equal(outcome_ask_after(&c, &a, &ended_payment), T0 + 1800 * SECOND);
}

/* Another merchant's money is nobody's here, though all else fits. */
static void n8_money_of_another_merchant_differs(void **state)
{
    (void)state;
    struct attempt_row a = attempt(ATTEMPT_REDIRECTED);
    a.amount = money_poisha(1600);
    a.currency = STR("BDT");
    a.invoice = STR("K1N1");
    struct wallet_answer w = {.outcome = WALLET_OK,
        .completed = true,
        .ref = STR("ref="),
        .has_amount = true,
        .amount = money_poisha(1600),
        .currency = STR("BDT"),
        .invoice = STR("K1N1"),
        .trx_id = STR("0001")};
    assert_null(outcome_differs(&w, &a));
    w.elsewhere = true;
    assert_string_equal(outcome_differs(&w, &a), "merchant_differs");
}

static void t26_late_money_of_another_amount_is_kept_when_all_else_fits(void **state)
{
    (void)state;
    struct attempt_row a = attempt(ATTEMPT_REDIRECTED);
    a.amount = money_poisha(1600);
    a.currency = STR("BDT");
    a.invoice = STR("K1N1");
    struct wallet_answer w = {.outcome = WALLET_OK,
        .completed = true,
        .ref = STR("ref="),
        .has_amount = true,
        .amount = money_poisha(1500),
        .currency = STR("BDT"),
        .invoice = STR("K1N1"),
        .trx_id = STR("0001")};
    assert_true(outcome_is_late_money(&w, &a));
    w.invoice = STR_ABSENT; /* as Rocket's may be, in time too */
    assert_true(outcome_is_late_money(&w, &a));
    w.invoice = STR("");
    assert_false(outcome_is_late_money(&w, &a));
    w.invoice = STR("K1N2");
    assert_false(outcome_is_late_money(&w, &a));
    w.invoice = a.invoice;
    w.elsewhere = true;
    assert_false(outcome_is_late_money(&w, &a));
    w.elsewhere = false;
    w.currency = STR("USD");
    assert_false(outcome_is_late_money(&w, &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_asked_often_at_first_and_then_by_its_age),
        cmocka_unit_test(it_is_asked_when_the_lifetime_ends),
        cmocka_unit_test(after_a_day_it_is_asked_once_more_and_no_longer),
        cmocka_unit_test(only_attempts_that_can_be_paid_are_asked_about),
        cmocka_unit_test(a_payer_who_came_back_waits_and_is_not_sent_away_again),
        cmocka_unit_test(t26_late_money_of_another_amount_is_kept_when_all_else_fits),
        cmocka_unit_test(n8_money_of_another_merchant_differs),
        cmocka_unit_test(t26_what_nobody_waits_for_is_not_completed_by_asking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
