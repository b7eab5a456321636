#include "core/payment.h"

#include "base/mem.h"
#include <assert.h>

struct payment_rule {
    enum payment_state to;
    unsigned effects;
    bool allowed;
};

#define RULE(state, fx)                                                                            \
    {                                                                                              \
        .to = (state), .effects = (fx), .allowed = true                                            \
    }

enum {
    FX_END = PAYMENT_FX_FINAL | PAYMENT_FX_NOTIFY,
    FX_PAID = PAYMENT_FX_FINAL | PAYMENT_FX_NOTIFY | PAYMENT_FX_POST_PAID,
    FX_LATE = PAYMENT_FX_NOTIFY | PAYMENT_FX_POST_SUSPENSE | PAYMENT_FX_ALARM,
    FX_ATTACH = PAYMENT_FX_FINAL | PAYMENT_FX_NOTIFY | PAYMENT_FX_POST_ATTACH,
};

/* What is not here is ERR_STATE. A payment under review leaves it only by a person's decision, so what the wallet
 * says meanwhile changes nothing by itself. */
static const struct payment_rule rules[PAYMENT_STATE_COUNT][PAYMENT_EVENT_COUNT] = {
    [PAYMENT_OPEN] =
        {
            [PAYMENT_EV_EXECUTE] = RULE(PAYMENT_EXECUTING, PAYMENT_FX_NONE),
            [PAYMENT_EV_CANCEL] = RULE(PAYMENT_CANCELLED, FX_END),
            [PAYMENT_EV_EXPIRE] = RULE(PAYMENT_CANCELLED, FX_END),
            [PAYMENT_EV_EXPIRE_FAILED] = RULE(PAYMENT_FAILED, FX_END),
            [PAYMENT_EV_PAID_AT_PAGE] = RULE(PAYMENT_PAID, FX_PAID),
            [PAYMENT_EV_MISMATCH_AT_PAGE] = RULE(PAYMENT_REVIEW, PAYMENT_FX_ALARM),
        },
    [PAYMENT_EXECUTING] =
        {
            [PAYMENT_EV_PAID] = RULE(PAYMENT_PAID, FX_PAID),
            [PAYMENT_EV_DECLINED] = RULE(PAYMENT_OPEN, PAYMENT_FX_NONE),
            [PAYMENT_EV_MISMATCH] = RULE(PAYMENT_REVIEW, PAYMENT_FX_ALARM),
            [PAYMENT_EV_GIVE_UP] = RULE(PAYMENT_REVIEW, PAYMENT_FX_ALARM),
            [PAYMENT_EV_SETTLE_PAID] = RULE(PAYMENT_PAID, FX_PAID),
            [PAYMENT_EV_SETTLE_UNPAID] = RULE(PAYMENT_OPEN, PAYMENT_FX_NONE),
        },
    [PAYMENT_REVIEW] =
        {
            [PAYMENT_EV_SETTLE_PAID] = RULE(PAYMENT_PAID, FX_PAID),
            [PAYMENT_EV_SETTLE_UNPAID] = RULE(PAYMENT_OPEN, PAYMENT_FX_NONE),
            [PAYMENT_EV_ATTACH] = RULE(PAYMENT_PAID, FX_ATTACH),
        },
    [PAYMENT_PAID] =
        {
            [PAYMENT_EV_LATE_MONEY] = RULE(PAYMENT_PAID, FX_LATE),
        },
    [PAYMENT_CANCELLED] =
        {
            [PAYMENT_EV_LATE_MONEY] = RULE(PAYMENT_CANCELLED, FX_LATE),
            [PAYMENT_EV_ATTACH] = RULE(PAYMENT_PAID, FX_ATTACH),
        },
    [PAYMENT_FAILED] =
        {
            [PAYMENT_EV_LATE_MONEY] = RULE(PAYMENT_FAILED, FX_LATE),
            [PAYMENT_EV_ATTACH] = RULE(PAYMENT_PAID, FX_ATTACH),
        },
};

struct payment_state_names {
    const char *text;
    const char *status;
    bool final;
};

static const struct payment_state_names states[PAYMENT_STATE_COUNT] = {
    [PAYMENT_OPEN] = {.text = "open", .status = "wait", .final = false},
    [PAYMENT_EXECUTING] = {.text = "executing", .status = "wait", .final = false},
    [PAYMENT_REVIEW] = {.text = "review", .status = "wait", .final = false},
    [PAYMENT_PAID] = {.text = "paid", .status = "paid", .final = true},
    [PAYMENT_CANCELLED] = {.text = "cancelled", .status = "cancel", .final = true},
    [PAYMENT_FAILED] = {.text = "failed", .status = "fail", .final = true},
};

static const char *const events[PAYMENT_EVENT_COUNT] = {
    [PAYMENT_EV_EXECUTE] = "execute",
    [PAYMENT_EV_PAID] = "paid",
    [PAYMENT_EV_DECLINED] = "declined",
    [PAYMENT_EV_MISMATCH] = "mismatch",
    [PAYMENT_EV_GIVE_UP] = "give_up",
    [PAYMENT_EV_CANCEL] = "cancel",
    [PAYMENT_EV_EXPIRE] = "expire",
    [PAYMENT_EV_EXPIRE_FAILED] = "expire_failed",
    [PAYMENT_EV_SETTLE_PAID] = "settle_paid",
    [PAYMENT_EV_SETTLE_UNPAID] = "settle_unpaid",
    [PAYMENT_EV_LATE_MONEY] = "late_money",
    [PAYMENT_EV_ATTACH] = "attach",
    [PAYMENT_EV_PAID_AT_PAGE] = "paid_at_page",
    [PAYMENT_EV_MISMATCH_AT_PAGE] = "mismatch_at_page",
};

enum err payment_next(enum payment_state from, enum payment_event event, enum payment_state *ret_to,
    unsigned *ret_effects)
{
    assert((unsigned)from < PAYMENT_STATE_COUNT && (unsigned)event < PAYMENT_EVENT_COUNT);
    const struct payment_rule *r = &rules[from][event];
    if (!r->allowed) {
        return ERR_STATE;
    }
    *ret_to = r->to;
    *ret_effects = r->effects;
    return ERR_OK;
}

bool payment_is_final(enum payment_state s)
{
    assert((unsigned)s < PAYMENT_STATE_COUNT);
    return states[s].final;
}

const char *payment_status_text(enum payment_state s)
{
    assert((unsigned)s < PAYMENT_STATE_COUNT);
    return states[s].status;
}

const char *payment_state_text(enum payment_state s)
{
    assert((unsigned)s < PAYMENT_STATE_COUNT);
    return states[s].text;
}

enum err payment_state_parse(struct str s, enum payment_state *ret)
{
    for (size_t i = 0; i < array_len(states); i++) {
        if (str_is(s, states[i].text)) {
            *ret = (enum payment_state)i;
            return ERR_OK;
        }
    }
    return ERR_SYNTAX;
}

const char *payment_event_text(enum payment_event e)
{
    assert((unsigned)e < PAYMENT_EVENT_COUNT);
    return events[e];
}
