#include "core/refund.h"

#include "base/mem.h"
#include <assert.h>

struct refund_rule {
    enum refund_state to;
    bool allowed;
};

#define RULE(state)                                                                                \
    {                                                                                              \
        .to = (state), .allowed = true                                                             \
    }

/* What is not here is ERR_STATE. Nothing leads from where it may have been sent to where it is sent again. */
static const struct refund_rule rules[REFUND_STATE_COUNT][REFUND_EVENT_COUNT] = {
    [REFUND_REQUESTED] =
        {
            [REFUND_EV_SEND] = RULE(REFUND_SENT),
            [REFUND_EV_DECLINED] = RULE(REFUND_DECLINED),
            [REFUND_EV_SETTLE_NOT_DONE] = RULE(REFUND_DECLINED),
        },
    [REFUND_SENT] =
        {
            [REFUND_EV_NOT_SENT] = RULE(REFUND_REQUESTED),
            [REFUND_EV_DONE] = RULE(REFUND_DONE),
            [REFUND_EV_DECLINED] = RULE(REFUND_DECLINED),
            [REFUND_EV_UNKNOWN] = RULE(REFUND_UNKNOWN),
        },
    [REFUND_UNKNOWN] =
        {
            [REFUND_EV_DONE] = RULE(REFUND_DONE),
            [REFUND_EV_GIVE_UP] = RULE(REFUND_REVIEW),
            [REFUND_EV_SETTLE_DONE] = RULE(REFUND_DONE),
            [REFUND_EV_SETTLE_NOT_DONE] = RULE(REFUND_DECLINED),
        },
    [REFUND_BY_HAND] =
        {
            [REFUND_EV_SETTLE_DONE] = RULE(REFUND_DONE),
            [REFUND_EV_SETTLE_NOT_DONE] = RULE(REFUND_DECLINED),
        },
    [REFUND_REVIEW] =
        {
            [REFUND_EV_SETTLE_DONE] = RULE(REFUND_DONE),
            [REFUND_EV_SETTLE_NOT_DONE] = RULE(REFUND_DECLINED),
        },
};

static const char *const states[REFUND_STATE_COUNT] = {
    [REFUND_REQUESTED] = "requested",
    [REFUND_SENT] = "sent",
    [REFUND_UNKNOWN] = "unknown",
    [REFUND_REVIEW] = "review",
    [REFUND_BY_HAND] = "by_hand",
    [REFUND_DONE] = "done",
    [REFUND_DECLINED] = "declined",
};

static const char *const events[REFUND_EVENT_COUNT] = {
    [REFUND_EV_SEND] = "refund_send",
    [REFUND_EV_NOT_SENT] = "refund_not_sent",
    [REFUND_EV_DONE] = "refund_done",
    [REFUND_EV_DECLINED] = "refund_declined",
    [REFUND_EV_UNKNOWN] = "refund_unknown",
    [REFUND_EV_GIVE_UP] = "refund_give_up",
    [REFUND_EV_SETTLE_DONE] = "refund_settle_done",
    [REFUND_EV_SETTLE_NOT_DONE] = "refund_settle_not_done",
};

enum err refund_next(enum refund_state from, enum refund_event event, enum refund_state *ret_to)
{
    assert((unsigned)from < REFUND_STATE_COUNT && (unsigned)event < REFUND_EVENT_COUNT);
    const struct refund_rule *r = &rules[from][event];
    if (!r->allowed) {
        return ERR_STATE;
    }
    *ret_to = r->to;
    return ERR_OK;
}

bool refund_is_live(enum refund_state s)
{
    return s != REFUND_DONE && s != REFUND_DECLINED;
}

const char *refund_state_text(enum refund_state s)
{
    assert((unsigned)s < REFUND_STATE_COUNT);
    return states[s];
}

enum err refund_state_parse(struct str s, enum refund_state *ret)
{
    for (size_t i = 0; i < array_len(states); i++) {
        if (str_is(s, states[i])) {
            *ret = (enum refund_state)i;
            return ERR_OK;
        }
    }
    return ERR_SYNTAX;
}

const char *refund_event_text(enum refund_event e)
{
    assert((unsigned)e < REFUND_EVENT_COUNT);
    return events[e];
}
