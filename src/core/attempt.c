#include "core/attempt.h"

#include "base/mem.h"
#include <assert.h>

struct attempt_rule {
    enum attempt_state to;
    bool allowed;
};

#define RULE(state)                                                                                \
    {                                                                                              \
        .to = (state), .allowed = true                                                             \
    }

/* What is not here is ERR_STATE. Nothing leads back to EXECUTING from where execute was sent already, so execute is
 * sent at most once. */
static const struct attempt_rule rules[ATTEMPT_STATE_COUNT][ATTEMPT_EVENT_COUNT] = {
    [ATTEMPT_CREATING] =
        {
            [ATTEMPT_EV_CREATED] = RULE(ATTEMPT_REDIRECTED),
            [ATTEMPT_EV_CREATE_FAILED] = RULE(ATTEMPT_FAILED),
        },
    [ATTEMPT_REDIRECTED] =
        {
            [ATTEMPT_EV_CALLBACK_SUCCESS] = RULE(ATTEMPT_EXECUTING),
            [ATTEMPT_EV_CALLBACK_FAILURE] = RULE(ATTEMPT_REFUSED),
            [ATTEMPT_EV_CALLBACK_CANCEL] = RULE(ATTEMPT_CANCELLED),
            [ATTEMPT_EV_PAID_AT_PAGE] = RULE(ATTEMPT_PAID),
            [ATTEMPT_EV_MISMATCH_AT_PAGE] = RULE(ATTEMPT_REVIEW),
        },
    [ATTEMPT_REFUSED] =
        {
            [ATTEMPT_EV_CALLBACK_SUCCESS] = RULE(ATTEMPT_EXECUTING),
            [ATTEMPT_EV_PAID_AT_PAGE] = RULE(ATTEMPT_PAID),
            [ATTEMPT_EV_MISMATCH_AT_PAGE] = RULE(ATTEMPT_REVIEW),
        },
    [ATTEMPT_CANCELLED] =
        {
            [ATTEMPT_EV_CALLBACK_SUCCESS] = RULE(ATTEMPT_EXECUTING),
            [ATTEMPT_EV_PAID_AT_PAGE] = RULE(ATTEMPT_PAID),
            [ATTEMPT_EV_MISMATCH_AT_PAGE] = RULE(ATTEMPT_REVIEW),
        },
    [ATTEMPT_FAILED] =
        {
            [ATTEMPT_EV_PAID_AT_PAGE] = RULE(ATTEMPT_PAID),
            [ATTEMPT_EV_MISMATCH_AT_PAGE] = RULE(ATTEMPT_REVIEW),
        },
    [ATTEMPT_EXECUTING] =
        {
            [ATTEMPT_EV_PAID] = RULE(ATTEMPT_PAID),
            [ATTEMPT_EV_DECLINED] = RULE(ATTEMPT_DECLINED),
            [ATTEMPT_EV_UNKNOWN] = RULE(ATTEMPT_UNKNOWN),
            [ATTEMPT_EV_MISMATCH] = RULE(ATTEMPT_REVIEW),
        },
    [ATTEMPT_UNKNOWN] =
        {
            [ATTEMPT_EV_PAID] = RULE(ATTEMPT_PAID),
            [ATTEMPT_EV_DECLINED] = RULE(ATTEMPT_DECLINED),
            [ATTEMPT_EV_MISMATCH] = RULE(ATTEMPT_REVIEW),
            [ATTEMPT_EV_GIVE_UP] = RULE(ATTEMPT_REVIEW),
        },
    [ATTEMPT_REVIEW] =
        {
            [ATTEMPT_EV_PAID] = RULE(ATTEMPT_PAID),
            [ATTEMPT_EV_DECLINED] = RULE(ATTEMPT_DECLINED),
        },
};

static const char *const states[ATTEMPT_STATE_COUNT] = {
    [ATTEMPT_CREATING] = "creating",
    [ATTEMPT_REDIRECTED] = "redirected",
    [ATTEMPT_REFUSED] = "refused",
    [ATTEMPT_CANCELLED] = "cancelled",
    [ATTEMPT_EXECUTING] = "executing",
    [ATTEMPT_UNKNOWN] = "unknown",
    [ATTEMPT_PAID] = "paid",
    [ATTEMPT_DECLINED] = "declined",
    [ATTEMPT_FAILED] = "failed",
    [ATTEMPT_REVIEW] = "review",
};

static const char *const events[ATTEMPT_EVENT_COUNT] = {
    [ATTEMPT_EV_CREATED] = "created",
    [ATTEMPT_EV_CREATE_FAILED] = "create_failed",
    [ATTEMPT_EV_CALLBACK_SUCCESS] = "callback_success",
    [ATTEMPT_EV_CALLBACK_FAILURE] = "callback_failure",
    [ATTEMPT_EV_CALLBACK_CANCEL] = "callback_cancel",
    [ATTEMPT_EV_PAID] = "paid",
    [ATTEMPT_EV_DECLINED] = "declined",
    [ATTEMPT_EV_UNKNOWN] = "unknown",
    [ATTEMPT_EV_MISMATCH] = "mismatch",
    [ATTEMPT_EV_GIVE_UP] = "give_up",
    [ATTEMPT_EV_PAID_AT_PAGE] = "paid_at_page",
    [ATTEMPT_EV_MISMATCH_AT_PAGE] = "mismatch_at_page",
};

enum err attempt_next(enum attempt_state from, enum attempt_event event, enum attempt_state *ret_to)
{
    assert((unsigned)from < ATTEMPT_STATE_COUNT && (unsigned)event < ATTEMPT_EVENT_COUNT);
    const struct attempt_rule *r = &rules[from][event];
    if (!r->allowed) {
        return ERR_STATE;
    }
    *ret_to = r->to;
    return ERR_OK;
}

bool attempt_was_refused(enum attempt_state s)
{
    return s == ATTEMPT_REFUSED || s == ATTEMPT_DECLINED || s == ATTEMPT_FAILED;
}

const char *attempt_state_text(enum attempt_state s)
{
    assert((unsigned)s < ATTEMPT_STATE_COUNT);
    return states[s];
}

enum err attempt_state_parse(struct str s, enum attempt_state *ret)
{
    for (size_t i = 0; i < array_len(states); i++) {
        if (str_is(s, states[i])) {
            *ret = (enum attempt_state)i;
            return ERR_OK;
        }
    }
    return ERR_SYNTAX;
}

const char *attempt_event_text(enum attempt_event e)
{
    assert((unsigned)e < ATTEMPT_EVENT_COUNT);
    return events[e];
}
