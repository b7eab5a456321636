#include "core/refund.h"

#include "golden.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static bool next(int s, int e, enum refund_state *ret_to)
{
    return refund_next((enum refund_state)s, (enum refund_event)e, ret_to) == ERR_OK;
}

static void every_state_and_event_does_what_the_golden_file_says(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, GOLDEN_MAX);
    for (int s = 0; s < REFUND_STATE_COUNT; s++) {
        for (int e = 0; e < REFUND_EVENT_COUNT; e++) {
            enum refund_state to = REFUND_STATE_COUNT;
            bool allowed = next(s, e, &to);
            assert_int_equal(allowed, to != REFUND_STATE_COUNT);
            buf_printf(&out, "%-10s %-22s %s\n", refund_state_text((enum refund_state)s),
                refund_event_text((enum refund_event)e), allowed ? refund_state_text(to) : "-");
        }
    }
    assert_true(golden_equals(&out, GOLDEN("refund.txt")));
    buf_clear(&out);
}

static void what_may_have_been_sent_is_not_sent_again(void **state)
{
    (void)state;
    for (int e = 0; e < REFUND_EVENT_COUNT; e++) {
        enum refund_state to;
        assert_false(next(REFUND_UNKNOWN, e, &to) && (to == REFUND_REQUESTED || to == REFUND_SENT));
        assert_false(next(REFUND_REVIEW, e, &to) && (to == REFUND_REQUESTED || to == REFUND_SENT));
        assert_false(
            next(REFUND_SENT, e, &to) && to == REFUND_REQUESTED && e != REFUND_EV_NOT_SENT);
    }
}

static void what_leaves_by_hand_is_never_sent_and_ends_by_a_person_alone(void **state)
{
    (void)state;
    for (int e = 0; e < REFUND_EVENT_COUNT; e++) {
        enum refund_state to;
        assert_int_equal(next(REFUND_BY_HAND, e, &to),
            e == REFUND_EV_SETTLE_DONE || e == REFUND_EV_SETTLE_NOT_DONE);
    }
    for (int s = 0; s < REFUND_STATE_COUNT; s++) {
        for (int e = 0; e < REFUND_EVENT_COUNT; e++) {
            enum refund_state to;
            assert_false(next(s, e, &to) && to == REFUND_BY_HAND);
        }
    }
}

static void a_lost_answer_is_no_refusal(void **state)
{
    (void)state;
    enum refund_state to;
    assert_false(next(REFUND_UNKNOWN, REFUND_EV_DECLINED, &to));
    assert_true(next(REFUND_UNKNOWN, REFUND_EV_GIVE_UP, &to));
    assert_int_equal(to, REFUND_REVIEW);
}

static void what_ended_stays(void **state)
{
    (void)state;
    for (int e = 0; e < REFUND_EVENT_COUNT; e++) {
        enum refund_state to;
        assert_false(next(REFUND_DONE, e, &to));
        assert_false(next(REFUND_DECLINED, e, &to));
    }
}

static void texts_and_states_are_one_to_one(void **state)
{
    (void)state;
    for (int s = 0; s < REFUND_STATE_COUNT; s++) {
        enum refund_state back;
        assert_int_equal(
            refund_state_parse(str_from(refund_state_text((enum refund_state)s)), &back), ERR_OK);
        assert_int_equal(back, s);
        assert_int_equal(
            refund_is_live((enum refund_state)s), s != REFUND_DONE && s != REFUND_DECLINED);
    }
    enum refund_state none;
    assert_int_equal(refund_state_parse(STR("asked"), &none), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_event_does_what_the_golden_file_says),
        cmocka_unit_test(what_may_have_been_sent_is_not_sent_again),
        cmocka_unit_test(what_leaves_by_hand_is_never_sent_and_ends_by_a_person_alone),
        cmocka_unit_test(a_lost_answer_is_no_refusal),
        cmocka_unit_test(what_ended_stays),
        cmocka_unit_test(texts_and_states_are_one_to_one),
    };
    return cmocka_run_group_tests_name("refund", tests, NULL, NULL);
}
