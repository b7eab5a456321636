#include "core/payment.h"
#include "golden.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void effects_print(struct buf *out, unsigned effects)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {
        {PAYMENT_FX_FINAL, "final"},
        {PAYMENT_FX_NOTIFY, "notify"},
        {PAYMENT_FX_POST_PAID, "post_paid"},
        {PAYMENT_FX_POST_SUSPENSE, "post_suspense"},
        {PAYMENT_FX_POST_ATTACH, "post_attach"},
        {PAYMENT_FX_ALARM, "alarm"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (effects & names[i].bit) {
            buf_printf(out, " %s", names[i].name);
            effects &= ~names[i].bit;
        }
    }
    assert_int_equal(effects, 0);
}

static void every_state_and_event_does_what_the_golden_file_says(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, GOLDEN_MAX);
    for (int s = 0; s < PAYMENT_STATE_COUNT; s++) {
        for (int e = 0; e < PAYMENT_EVENT_COUNT; e++) {
            enum payment_state to = PAYMENT_STATE_COUNT;
            unsigned effects = 0;
            buf_printf(&out, "%-10s %-16s ", payment_state_text((enum payment_state)s),
                payment_event_text((enum payment_event)e));
            if (payment_next((enum payment_state)s, (enum payment_event)e, &to, &effects)) {
                assert_int_equal(to, PAYMENT_STATE_COUNT);
                buf_cstr(&out, "-\n");
                continue;
            }
            buf_cstr(&out, payment_state_text(to));
            effects_print(&out, effects);
            buf_char(&out, '\n');
        }
    }
    assert_true(golden_equals(&out, GOLDEN("payment.txt")));
    buf_clear(&out);
}

static bool next(int s, int e, enum payment_state *ret_to, unsigned *ret_effects)
{
    return payment_next((enum payment_state)s, (enum payment_event)e, ret_to, ret_effects) ==
           ERR_OK;
}

static void entering_a_final_state_always_ends_and_notifies(void **state)
{
    (void)state;
    for (int s = 0; s < PAYMENT_STATE_COUNT; s++) {
        for (int e = 0; e < PAYMENT_EVENT_COUNT; e++) {
            enum payment_state to;
            unsigned fx;
            if (!next(s, e, &to, &fx)) {
                continue;
            }
            bool enters = payment_is_final(to) && (int)to != s;
            assert_int_equal((fx & PAYMENT_FX_FINAL) != 0, enters);
            if (payment_is_final(to)) {
                assert_true(fx & PAYMENT_FX_NOTIFY);
            } else {
                assert_false(fx & PAYMENT_FX_NOTIFY);
            }
        }
    }
}

static void money_reaches_the_merchant_only_together_with_paid(void **state)
{
    (void)state;
    unsigned credits = PAYMENT_FX_POST_PAID | PAYMENT_FX_POST_ATTACH;
    for (int s = 0; s < PAYMENT_STATE_COUNT; s++) {
        for (int e = 0; e < PAYMENT_EVENT_COUNT; e++) {
            enum payment_state to;
            unsigned fx;
            if (next(s, e, &to, &fx)) {
                assert_int_equal((fx & credits) != 0, to == PAYMENT_PAID && s != PAYMENT_PAID);
            }
        }
    }
}

static void only_attached_money_leads_out_of_a_final_state(void **state)
{
    (void)state;
    for (int s = 0; s < PAYMENT_STATE_COUNT; s++) {
        for (int e = 0; e < PAYMENT_EVENT_COUNT; e++) {
            enum payment_state to;
            unsigned fx;
            if (payment_is_final((enum payment_state)s) && next(s, e, &to, &fx) && (int)to != s) {
                assert_int_equal(e, PAYMENT_EV_ATTACH);
                assert_int_equal(to, PAYMENT_PAID);
            }
        }
    }
}

static void a_payment_with_money_in_motion_cannot_be_ended_by_clock_or_payer(void **state)
{
    (void)state;
    static const enum payment_event ends[] = {
        PAYMENT_EV_CANCEL, PAYMENT_EV_EXPIRE, PAYMENT_EV_EXPIRE_FAILED};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        enum payment_state to;
        unsigned fx;
        assert_false(next(PAYMENT_EXECUTING, ends[i], &to, &fx));
        assert_false(next(PAYMENT_REVIEW, ends[i], &to, &fx));
    }
}

static void states_are_projected_to_the_four_statuses(void **state)
{
    (void)state;
    assert_string_equal(payment_status_text(PAYMENT_OPEN), "wait");
    assert_string_equal(payment_status_text(PAYMENT_EXECUTING), "wait");
    assert_string_equal(payment_status_text(PAYMENT_REVIEW), "wait");
    assert_string_equal(payment_status_text(PAYMENT_PAID), "paid");
    assert_string_equal(payment_status_text(PAYMENT_CANCELLED), "cancel");
    assert_string_equal(payment_status_text(PAYMENT_FAILED), "fail");
}

static void state_texts_are_read_back_and_others_refused(void **state)
{
    (void)state;
    for (int s = 0; s < PAYMENT_STATE_COUNT; s++) {
        enum payment_state got = PAYMENT_STATE_COUNT;
        assert_int_equal(
            payment_state_parse(str_from(payment_state_text((enum payment_state)s)), &got), ERR_OK);
        assert_int_equal(got, s);
    }
    enum payment_state got = PAYMENT_STATE_COUNT;
    assert_int_equal(payment_state_parse(STR("wait"), &got), ERR_SYNTAX);
    assert_int_equal(payment_state_parse(STR(""), &got), ERR_SYNTAX);
    assert_int_equal(payment_state_parse(STR("Open"), &got), ERR_SYNTAX);
    assert_int_equal(got, PAYMENT_STATE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_event_does_what_the_golden_file_says),
        cmocka_unit_test(entering_a_final_state_always_ends_and_notifies),
        cmocka_unit_test(money_reaches_the_merchant_only_together_with_paid),
        cmocka_unit_test(only_attached_money_leads_out_of_a_final_state),
        cmocka_unit_test(a_payment_with_money_in_motion_cannot_be_ended_by_clock_or_payer),
        cmocka_unit_test(states_are_projected_to_the_four_statuses),
        cmocka_unit_test(state_texts_are_read_back_and_others_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
