#include "core/ledger.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define ACCOUNT 7
#define CREDENTIAL 3

static void assert_posting(
    const struct ledger_entry *e, int i, enum ledger_kind kind, int64_t owner, int64_t poisha)
{
    assert_true(i < e->count);
    assert_int_equal(e->postings[i].kind, kind);
    assert_int_equal(e->postings[i].owner, owner);
    assert_int_equal(e->postings[i].amount.poisha, poisha);
}

static int64_t commission(int64_t amount, int64_t bp, int64_t fixed)
{
    return fee_commission(money_poisha(amount), bp, money_poisha(fixed)).poisha;
}

static void commission_is_rounded_half_up_to_a_poisha(void **state)
{
    (void)state;
    assert_int_equal(commission(30000, 250, 0), 750);
    assert_int_equal(commission(100, 49, 0), 0);  /* 0.49 */
    assert_int_equal(commission(100, 50, 0), 1);  /* 0.50 */
    assert_int_equal(commission(100, 149, 0), 1); /* 1.49 */
    assert_int_equal(commission(100, 150, 0), 2); /* 1.50 */
    assert_int_equal(commission(199, 250, 0), 5); /* 4.975 */
    assert_int_equal(commission(10001, 1, 0), 1); /* 1.0001 */
    assert_int_equal(commission(14999, 1, 0), 1); /* 1.4999 */
    assert_int_equal(commission(15000, 1, 0), 2); /* 1.5 */
    assert_int_equal(commission(0, 250, 0), 0);
}

static void commission_equals_the_exact_quotient_for_many_amounts(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252U;
    for (int i = 0; i < 200000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        int64_t amount = (int64_t)(x % (MONEY_API_MAX_POISHA + 1));
        int64_t bp = (int64_t)(x >> 40) % 10001;
        /* at most 1e11 * 1e4 + 5e3: exact in 64 bits */
        assert_int_equal(commission(amount, bp, 0), (amount * bp + 5000) / 10000);
    }
}

static void commission_adds_the_fixed_sum_and_never_exceeds_the_amount(void **state)
{
    (void)state;
    assert_int_equal(commission(30000, 250, 500), 1250);
    assert_int_equal(commission(300, 0, 500), 300);
    assert_int_equal(commission(MONEY_API_MAX_POISHA, 10000, 1), MONEY_API_MAX_POISHA);
    assert_int_equal(commission(100, 0, INT64_MAX), 100);
    assert_int_equal(commission(100, 10000, INT64_MAX), 100);
    assert_int_equal(commission(0, 0, 500), 0);
}

static void a_payment_is_split_between_merchant_and_fee(void **state)
{
    (void)state;
    struct ledger_entry e;
    ledger_paid(&e, ACCOUNT, CREDENTIAL, money_poisha(30000), money_poisha(750));
    assert_int_equal(e.count, 3);
    assert_posting(&e, 0, LEDGER_WALLET_CLEARING, CREDENTIAL, 30000);
    assert_posting(&e, 1, LEDGER_MERCHANT_PAYABLE, ACCOUNT, -29250);
    assert_posting(&e, 2, LEDGER_OUR_FEE, 0, -750);
    assert_true(ledger_sums_to_zero(&e));
}

static void no_posting_is_ever_zero(void **state)
{
    (void)state;
    struct ledger_entry e;
    ledger_paid(&e, ACCOUNT, CREDENTIAL, money_poisha(100), MONEY_ZERO);
    assert_int_equal(e.count, 2);
    assert_posting(&e, 1, LEDGER_MERCHANT_PAYABLE, ACCOUNT, -100);
    ledger_paid(&e, ACCOUNT, CREDENTIAL, money_poisha(100), money_poisha(100));
    assert_int_equal(e.count, 2);
    assert_posting(&e, 1, LEDGER_OUR_FEE, 0, -100);
}

static void late_money_goes_to_suspense_and_from_there_to_the_merchant(void **state)
{
    (void)state;
    struct ledger_entry e;
    ledger_suspense(&e, ACCOUNT, CREDENTIAL, money_poisha(30000));
    assert_int_equal(e.count, 2);
    assert_posting(&e, 0, LEDGER_WALLET_CLEARING, CREDENTIAL, 30000);
    assert_posting(&e, 1, LEDGER_SUSPENSE, ACCOUNT, -30000);
    ledger_attach(&e, ACCOUNT, money_poisha(30000), money_poisha(750));
    assert_int_equal(e.count, 3);
    assert_posting(&e, 0, LEDGER_SUSPENSE, ACCOUNT, 30000);
    assert_posting(&e, 1, LEDGER_MERCHANT_PAYABLE, ACCOUNT, -29250);
    assert_posting(&e, 2, LEDGER_OUR_FEE, 0, -750);
}

static void an_entry_that_does_not_balance_is_seen(void **state)
{
    (void)state;
    struct ledger_entry e;
    ledger_paid(&e, ACCOUNT, CREDENTIAL, money_poisha(30000), money_poisha(750));
    e.postings[2].amount.poisha++;
    assert_false(ledger_sums_to_zero(&e));
    e.postings[2].amount.poisha--;
    e.count = 2;
    assert_false(ledger_sums_to_zero(&e));
    e.count = 0;
    assert_false(ledger_sums_to_zero(&e));
    struct ledger_entry overflowing = {.count = 3,
        .postings = {{.amount = {INT64_MAX}}, {.amount = {INT64_MAX}}, {.amount = {2}}}};
    assert_false(ledger_sums_to_zero(&overflowing));
    struct ledger_entry zeros = {.count = 2};
    assert_false(ledger_sums_to_zero(&zeros));
}

static void kind_texts_are_read_back_and_others_refused(void **state)
{
    (void)state;
    enum ledger_kind got = LEDGER_KIND_COUNT;
    for (int k = 0; k < LEDGER_KIND_COUNT; k++) {
        assert_int_equal(
            ledger_kind_parse(str_from(ledger_kind_text((enum ledger_kind)k)), &got), ERR_OK);
        assert_int_equal(got, k);
    }
    assert_int_equal(ledger_kind_parse(STR("fee"), &got), ERR_SYNTAX);
}

static void a_refund_takes_from_the_merchant_and_leaves_the_commission(void **state)
{
    (void)state;
    struct ledger_entry e;
    ledger_refund(&e, ACCOUNT, money_poisha(30000));
    assert_int_equal(e.count, 2);
    assert_posting(&e, 0, LEDGER_MERCHANT_PAYABLE, ACCOUNT, 30000);
    assert_posting(&e, 1, LEDGER_REFUNDS, ACCOUNT, -30000);
    ledger_refund_done(&e, ACCOUNT, CREDENTIAL, money_poisha(30000));
    assert_int_equal(e.count, 2);
    assert_posting(&e, 0, LEDGER_REFUNDS, ACCOUNT, 30000);
    assert_posting(&e, 1, LEDGER_WALLET_CLEARING, CREDENTIAL, -30000);
    ledger_refund_returned(&e, ACCOUNT, money_poisha(30000));
    assert_int_equal(e.count, 2);
    assert_posting(&e, 0, LEDGER_REFUNDS, ACCOUNT, 30000);
    assert_posting(&e, 1, LEDGER_MERCHANT_PAYABLE, ACCOUNT, -30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refund_takes_from_the_merchant_and_leaves_the_commission),
        cmocka_unit_test(commission_is_rounded_half_up_to_a_poisha),
        cmocka_unit_test(commission_equals_the_exact_quotient_for_many_amounts),
        cmocka_unit_test(commission_adds_the_fixed_sum_and_never_exceeds_the_amount),
        cmocka_unit_test(a_payment_is_split_between_merchant_and_fee),
        cmocka_unit_test(no_posting_is_ever_zero),
        cmocka_unit_test(late_money_goes_to_suspense_and_from_there_to_the_merchant),
        cmocka_unit_test(an_entry_that_does_not_balance_is_seen),
        cmocka_unit_test(kind_texts_are_read_back_and_others_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
