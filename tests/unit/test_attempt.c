#include "core/attempt.h"
#include "golden.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static bool next(int s, int e, enum attempt_state *ret_to)
{
    return attempt_next((enum attempt_state)s, (enum attempt_event)e, ret_to) == ERR_OK;
}

static void every_state_and_event_does_what_the_golden_file_says(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, GOLDEN_MAX);
    for (int s = 0; s < ATTEMPT_STATE_COUNT; s++) {
        for (int e = 0; e < ATTEMPT_EVENT_COUNT; e++) {
            enum attempt_state to = ATTEMPT_STATE_COUNT;
            bool allowed = next(s, e, &to);
            assert_int_equal(allowed, to != ATTEMPT_STATE_COUNT);
            buf_printf(&out, "%-10s %-16s %s\n", attempt_state_text((enum attempt_state)s),
                attempt_event_text((enum attempt_event)e), allowed ? attempt_state_text(to) : "-");
        }
    }
    assert_true(golden_equals(&out, GOLDEN("attempt.txt")));
    buf_clear(&out);
}

/* Marks every state that can be reached from `from` by any events. */
static void reach(int from, bool seen[ATTEMPT_STATE_COUNT])
{
    for (int e = 0; e < ATTEMPT_EVENT_COUNT; e++) {
        enum attempt_state to;
        if (next(from, e, &to) && !seen[to]) {
            seen[to] = true;
            reach((int)to, seen);
        }
    }
}

static void execute_is_entered_at_most_once(void **state)
{
    (void)state;
    bool seen[ATTEMPT_STATE_COUNT] = {false};
    reach(ATTEMPT_EXECUTING, seen);
    assert_true(seen[ATTEMPT_PAID]);
    assert_false(seen[ATTEMPT_EXECUTING]);
}

static void a_lost_execute_never_ends_by_itself(void **state)
{
    (void)state;
    for (int e = 0; e < ATTEMPT_EVENT_COUNT; e++) {
        enum attempt_state to;
        if (next(ATTEMPT_EXECUTING, e, &to) && e != ATTEMPT_EV_DECLINED) {
            assert_true(to == ATTEMPT_PAID || to == ATTEMPT_UNKNOWN || to == ATTEMPT_REVIEW);
        }
    }
}

static void paid_is_reached_only_from_where_execute_was_sent(void **state)
{
    (void)state;
    for (int s = 0; s < ATTEMPT_STATE_COUNT; s++) {
        enum attempt_state to;
        bool sent = s == ATTEMPT_EXECUTING || s == ATTEMPT_UNKNOWN || s == ATTEMPT_REVIEW;
        assert_int_equal(next(s, ATTEMPT_EV_PAID, &to), sent);
    }
}

/* Its page may have taken the money before anybody told us. */
static void money_taken_at_the_page_is_found_wherever_the_payer_can_have_been_there(void **state)
{
    (void)state;
    for (int s = 0; s < ATTEMPT_STATE_COUNT; s++) {
        enum attempt_state to;
        bool there = s == ATTEMPT_REDIRECTED || s == ATTEMPT_REFUSED || s == ATTEMPT_CANCELLED ||
                     s == ATTEMPT_FAILED;
        assert_int_equal(next(s, ATTEMPT_EV_PAID_AT_PAGE, &to), there);
        assert_int_equal(next(s, ATTEMPT_EV_MISMATCH_AT_PAGE, &to), there);
    }
}

static void refusals_by_the_wallet_are_told_from_the_payers_cancel(void **state)
{
    (void)state;
    for (int s = 0; s < ATTEMPT_STATE_COUNT; s++) {
        bool refused = s == ATTEMPT_REFUSED || s == ATTEMPT_DECLINED || s == ATTEMPT_FAILED;
        assert_int_equal(attempt_was_refused((enum attempt_state)s), refused);
    }
}

static void state_texts_are_read_back_and_others_refused(void **state)
{
    (void)state;
    enum attempt_state got = ATTEMPT_STATE_COUNT;
    for (int s = 0; s < ATTEMPT_STATE_COUNT; s++) {
        assert_int_equal(
            attempt_state_parse(str_from(attempt_state_text((enum attempt_state)s)), &got), ERR_OK);
        assert_int_equal(got, s);
    }
    assert_int_equal(attempt_state_parse(STR("open"), &got), ERR_SYNTAX);
    assert_int_equal(attempt_state_parse(STR("paid "), &got), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_event_does_what_the_golden_file_says),
        cmocka_unit_test(execute_is_entered_at_most_once),
        cmocka_unit_test(a_lost_execute_never_ends_by_itself),
        cmocka_unit_test(paid_is_reached_only_from_where_execute_was_sent),
        cmocka_unit_test(money_taken_at_the_page_is_found_wherever_the_payer_can_have_been_there),
        cmocka_unit_test(refusals_by_the_wallet_are_told_from_the_payers_cancel),
        cmocka_unit_test(state_texts_are_read_back_and_others_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
