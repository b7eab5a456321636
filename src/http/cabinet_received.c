/* Money that numbers received and no payment claimed: what one of the operator's people asks for, another confirms. */
#include "http/cabinet_setup.h"
#include "service/received.h"

#define RECEIVED_MAX 100
#define REASON_MAX 500

struct listing {
    struct json_writer *w;
    int64_t count;
};

static enum err received_item(void *arg, const struct number_credit_row *r)
{
    struct listing *l = arg;
    if (l->count++ >= RECEIVED_MAX)
        return ERR_OK;
    json_w_open(l->w, '{');
    cabinet_w_id(l->w, "id", r->id);
    json_w_kcstr(l->w, "state", number_credit_state_text(r->state));
    json_w_kstr(l->w, "reason", r->reason);
    json_w_kcstr(l->w, "wallet", wallet_kind_code(r->wallet));
    json_w_kstr(l->w, "trx_id", r->trx_id);
    cabinet_w_money(l->w, "amount_poisha", r->amount);
    cabinet_w_id(l->w, "number_id", r->number_id);
    json_w_kstr(l->w, "payer", r->payer_mask);
    cabinet_w_time(l->w, "received_at", r->received_at);
    cabinet_w_id(l->w, "payment_id", r->payment_id);
    json_w_kstr(l->w, "asked_by", r->asked_by);
    cabinet_w_id(l->w, "asked_payment_id", r->asked_payment_id);
    json_w_kbool(l->w, "asked_void", r->asked_void);
    cabinet_w_id(l->w, "asked_sms_id", r->asked_sms_id);
    json_w_close(l->w);
    return ERR_OK;
}

struct reply *cabinet_received_get(struct cabinet_call *c)
{
    struct listing l = {.w = cabinet_begin(c)};
    json_w_key(l.w, "items");
    json_w_open(l.w, '[');
    enum err e = store_number_credit_each_open(c->db, received_item, &l);
    if (e != ERR_OK)
        return cabinet_err(e);
    json_w_close(l.w);
    json_w_kbool(l.w, "more", l.count > RECEIVED_MAX);
    return cabinet_done(c);
}

/* ---- decisions ---- */

/* What the decision's errors mean here; the rest as everywhere. */
static struct reply *act_error(struct cabinet_call *c, enum err e, const struct received_act *x)
{
    if (e == ERR_FORBIDDEN)
        return cabinet_error(CABINET_second_person);
    if (e == ERR_INVALID || e == ERR_CONFLICT)
        return cabinet_error(CABINET_stale);
    if (e == ERR_UNAUTHORIZED)
        return cabinet_error(CABINET_device_on);
    if (e == ERR_DUPLICATE)
        return cabinet_error(CABINET_counted);
    if (e == ERR_RANGE)
        cabinet_fault(c, x->decision.is_void ? "sms_id" : "payment_id", FAULT_does_not_fit);
    else if (e == ERR_NO_ROW)
        cabinet_fault(c, x->decision.sms_id ? "sms_id" : "payment_id", FAULT_unknown);
    struct reply *faults = cabinet_faults(c);
    return faults ? faults : cabinet_err(e);
}

static struct reply *act(struct cabinet_call *c, change_fn fn, struct received_act *x)
{
    x->arena = c->arena;
    x->over_tolerance = money_poisha(c->service->config->number_over_tolerance_poisha);
    x->decision.credit_id = c->received.id;
    x->decision.person = c->session.person.email;
    x->decision.reason = cabinet_text(c, "reason", REASON_MAX);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    enum err e = setup_change(c, fn, x);
    return e == ERR_OK ? cabinet_ok(c) : act_error(c, e, x);
}

struct reply *cabinet_received_attach_post(struct cabinet_call *c)
{
    struct received_act x = {.payment_id = 0};
    (void)!cabinet_int(c, "payment_id", 1, INT64_MAX, &x.payment_id);
    return act(c, received_ask, &x);
}

struct reply *cabinet_received_release_post(struct cabinet_call *c)
{
    struct received_act x = {.payment_id = 0};
    return act(c, received_ask, &x);
}

struct reply *cabinet_received_void_post(struct cabinet_call *c)
{
    struct received_act x = {.decision = {.is_void = true}};
    (void)!cabinet_int_or_none(c, "sms_id", 1, INT64_MAX, &x.decision.sms_id);
    return act(c, received_ask_void, &x);
}

/* Says what it confirms, so that nobody confirms what he did not look at. */
struct reply *cabinet_received_confirm_post(struct cabinet_call *c)
{
    struct received_act x = {.decision = {.is_void = cabinet_bool(c, "void", false)}};
    (void)!cabinet_int_or_none(c, "payment_id", 1, INT64_MAX, &x.payment_id);
    (void)!cabinet_int_or_none(c, "sms_id", 1, INT64_MAX, &x.decision.sms_id);
    return act(c, received_confirm, &x);
}

struct reply *cabinet_received_mark_post(struct cabinet_call *c)
{
    struct received_act x = {.payment_id = 0};
    return act(c, received_mark, &x);
}
