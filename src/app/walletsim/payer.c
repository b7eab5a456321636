/* What a payer does on the wallet's page, by a browser or through the control API. */
#include "base/mem.h"
#include "sim.h"

static const char *const ACT_NAMES[PAYER_ACT_COUNT] = {
    [PAYER_APPROVE] = "approve",
    [PAYER_DECLINE] = "decline",
    [PAYER_CANCEL] = "cancel",
    [PAYER_WRONG_PIN] = "wrong-pin",
    [PAYER_INSUFFICIENT] = "insufficient",
};

const char *payer_act_name(enum payer_act a)
{
    return ACT_NAMES[a];
}

enum err payer_act_find(struct str name, enum payer_act *ret)
{
    for (int i = 0; i < PAYER_ACT_COUNT; i++) {
        if (!str_is(name, ACT_NAMES[i]))
            continue;
        *ret = (enum payer_act)i;
        return ERR_OK;
    }
    return ERR_NO_ROW;
}

bool pay_is_expired(const struct pay *p, int64_t now_ms)
{
    return now_ms - p->created_ms >= PAYMENT_LIFE_MS;
}

void callback_url_write(struct buf *b, const struct pay *p, const char *status)
{
    struct str url = str_sub(p->callback_url, 0, str_find(p->callback_url, '#', 0));
    bool has_query = str_find(url, '?', 0) < url.n;
    buf_str(b, url);
    buf_char(b, has_query ? '&' : '?');
    buf_printf(b,
        "paymentID=%.*s&status=%s&signature=%.*s&product=tokenized-checkout&apiVersion=1.2.0-beta",
        STR_FMT(p->id), status, STR_FMT(p->signature));
}

/* NULL: the payer stays. */
static const char *first_act(struct pay *p, enum payer_act act)
{
    switch (act) {
    case PAYER_APPROVE:
    case PAYER_INSUFFICIENT:
        p->state = PAY_AUTHORISED;
        p->poor = act == PAYER_INSUFFICIENT;
        return "success";
    case PAYER_DECLINE:
        p->state = PAY_FAILED;
        return "failure";
    case PAYER_CANCEL:
        p->state = PAY_CANCELLED;
        return "cancel";
    case PAYER_WRONG_PIN:
        if (++p->wrong_pins < WRONG_PINS_MAX)
            return NULL;
        p->state = PAY_FAILED;
        return "failure";
    }
    return NULL;
}

/* The same button pressed again, or the page sent twice, leads where it led first. NULL: it does not fit. */
static const char *repeated_act(const struct pay *p, enum payer_act act)
{
    switch (act) {
    case PAYER_APPROVE:
        return (p->state == PAY_AUTHORISED || p->state == PAY_COMPLETED) && !p->poor ? "success"
                                                                                     : NULL;
    case PAYER_INSUFFICIENT:
        return p->poor ? "success" : NULL;
    case PAYER_DECLINE:
        return p->state == PAY_FAILED && !p->poor ? "failure" : NULL;
    case PAYER_WRONG_PIN:
        return p->state == PAY_FAILED && p->wrong_pins >= WRONG_PINS_MAX ? "failure" : NULL;
    case PAYER_CANCEL:
        return p->state == PAY_CANCELLED ? "cancel" : NULL;
    }
    return NULL;
}

static enum err act_apply(struct sim *s, struct pay *p, enum payer_act act, const char **ret_status)
{
    if (p->state != PAY_INITIATED) {
        const char *status = repeated_act(p, act);
        if (!status)
            return ERR_STATE;
        *ret_status = status;
        return ERR_OK;
    }
    if (pay_is_expired(p, clock_now_ms(&s->clock)))
        return ERR_STATE;
    *ret_status = first_act(p, act);
    return pay_update(s->store, p);
}

enum err payer_do(struct sim *s, struct arena *a, struct str payment_id, enum payer_act act,
    struct payer_result *ret)
{
    struct pay p;
    const char *status = NULL;
    enum err e = sim_store_begin(s->store);
    if (e != ERR_OK)
        return e;
    e = pay_find(s->store, a, payment_id, &p);
    if (e == ERR_OK)
        e = act_apply(s, &p, act, &status);
    e = sim_store_end(s->store, e);
    if (e != ERR_OK)
        return e;
    /* The checkout's page is a frame in the shop's own, which nobody leaves. */
    bool leaves = status && p.callback_url.n > 0;
    *ret = (struct payer_result){.leaves = leaves, .pins_left = WRONG_PINS_MAX - (int)p.wrong_pins};
    buf_init(&ret->callback_url, SIM_CALLBACK_URL_MAX + 512);
    if (leaves)
        callback_url_write(&ret->callback_url, &p, status);
    return ERR_OK;
}
