/* One payment: what it is, and its story. */
#include "base/text.h"
#include "http/cabinet_find.h"
#include "service/payment_story.h"

#define REPLY_CHARS_MAX 300
#define URL_CHARS_MAX 500

/* A merchant learns that somebody of the operator's acted, and not who. */
static void actor_write(const struct cabinet_call *c, struct json_writer *w, struct str actor)
{
    size_t colon = str_absent(actor) ? 0 : str_find(actor, ':', 0);
    json_w_kstr(w, "actor", c->merchant_id ? str_sub(actor, 0, colon) : actor);
}

static void facts_write(struct cabinet_call *c, struct json_writer *w)
{
    const struct payment_row *p = &c->payment;
    cabinet_w_id(w, "id", p->id);
    json_w_kstr(w, "uuid", p->uuid);
    json_w_kstr(w, "account", c->account.uuid);
    json_w_kstr(w, "account_name", c->account.name);
    json_w_kstr(w, "order_id", p->order_id);
    json_w_kcstr(w, "wallet", wallet_kind_code(p->wallet));
    json_w_kcstr(w, "state", payment_state_text(p->state));
    json_w_kstr(w, "currency", p->currency);
    json_w_kstr(w, "service", p->service);
    cabinet_w_money(w, "amount_poisha", p->amount);
    cabinet_w_money(w, "paid_poisha", p->paid);
    cabinet_w_money(w, "commission_poisha", p->commission);
    cabinet_w_money(w, "credited_poisha", p->credited);
    cabinet_w_money(w, "refunded_poisha", p->refunded);
    json_w_kint(w, "fee_bp", p->fee_bp);
    cabinet_w_money(w, "fee_fixed_poisha", p->fee_fixed);
    json_w_kstr(w, "payer", p->payer_mask);
    json_w_kstr(w, "description", p->desc);
    json_w_kstr(w, "customer_ip", p->customer_ip);
    json_w_key(w, "customer");
    if (str_absent(p->customer_json))
        json_w_null(w);
    else
        json_w_raw(w, p->customer_json);
    json_w_kstr(w, "language", p->language);
    json_w_kstr(w, "success_url", p->success_url);
    json_w_kstr(w, "fail_url", p->fail_url);
    json_w_kstr(w, "endpoint_url", p->endpoint_url);
    cabinet_w_id(w, "endpoint_id", p->endpoint_id);
    cabinet_w_time(w, "created_at", p->created_at);
    cabinet_w_time(w, "expires_at", p->expires_at);
    cabinet_w_time(w, "final_at", p->final_at);
}

static void attempts_write(struct json_writer *w, const struct story *s)
{
    json_w_key(w, "attempts");
    json_w_open(w, '[');
    for (int i = 0; i < s->attempt_count; i++) {
        const struct attempt_row *a = &s->attempts[i];
        json_w_open(w, '{');
        json_w_kint(w, "number", a->number);
        json_w_kcstr(w, "wallet", wallet_kind_code(a->wallet));
        json_w_kcstr(w, "state", attempt_state_text(a->state));
        json_w_kstr(w, "invoice", a->invoice);
        json_w_kstr(w, "wallet_ref", a->wallet_ref);
        json_w_kstr(w, "trx_id", a->trx_id);
        json_w_kstr(w, "payer", a->payer_mask);
        json_w_kstr(w, "reason", a->reason);
        json_w_kint(w, "asks", a->asks);
        cabinet_w_time(w, "created_at", a->created_at);
        cabinet_w_time(w, "next_ask_at", a->next_ask_at);
        json_w_close(w);
    }
    json_w_close(w);
}

static void credits_write(struct json_writer *w, const struct story *s)
{
    json_w_key(w, "credits");
    json_w_open(w, '[');
    for (int i = 0; i < s->credit_count; i++) {
        const struct credit_row *r = &s->credits[i];
        json_w_open(w, '{');
        json_w_kcstr(w, "wallet", wallet_kind_code(r->wallet));
        json_w_kstr(w, "trx_id", r->trx_id);
        cabinet_w_money(w, "amount_poisha", r->amount);
        json_w_kstr(w, "payer", r->payer_mask);
        json_w_kbool(w, "attached", r->attached);
        cabinet_w_time(w, "seen_at", r->seen_at);
        json_w_close(w);
    }
    json_w_close(w);
}

static void refunds_write(
    const struct cabinet_call *c, struct json_writer *w, const struct story *s)
{
    json_w_key(w, "refunds");
    json_w_open(w, '[');
    for (int i = 0; i < s->refund_count; i++) {
        const struct refund_row *r = &s->refunds[i];
        json_w_open(w, '{');
        cabinet_w_id(w, "id", r->id);
        json_w_kcstr(w, "state", refund_state_text(r->state));
        cabinet_w_money(w, "amount_poisha", r->amount);
        json_w_kstr(w, "trx_id", r->trx_id);
        json_w_kstr(w, "refund_trx_id", r->refund_trx_id);
        json_w_kstr(w, "code", r->code);
        json_w_kstr(w, "reason", r->reason);
        actor_write(c, w, r->actor);
        cabinet_w_time(w, "created_at", r->created_at);
        cabinet_w_time(w, "final_at", r->final_at);
        json_w_close(w);
    }
    json_w_close(w);
}

static void note_write(struct json_writer *w, const struct outbox_row *r)
{
    json_w_open(w, '{');
    cabinet_w_id(w, "id", r->id);
    json_w_kint(w, "sequence", r->sequence);
    json_w_kstr(w, "webhook_id", r->webhook_id);
    json_w_kstr(w, "payment_status", r->payment_status);
    json_w_kstr(w, "state", r->state);
    json_w_kint(w, "tries", r->tries);
    json_w_kstr(w, "parked_reason", r->parked_reason);
    cabinet_w_time(w, "due_at", str_is(r->state, "waiting") ? r->due_at : 0);
    cabinet_w_time(w, "created_at", r->created_at);
    cabinet_w_time(w, "delivered_at", r->delivered_at);
    json_w_close(w);
}

/* ---- what happened ---- */

static void event_write(
    const struct cabinet_call *c, struct json_writer *w, const struct event_row *r)
{
    json_w_kcstr(w, "kind", "event");
    json_w_kstr(w, "event", r->event);
    actor_write(c, w, r->actor);
    json_w_kstr(w, "from_state", r->from_state);
    json_w_kstr(w, "to_state", r->to_state);
    json_w_kbool(w, "of_attempt", r->attempt_id != 0);
    json_w_kstr(w, "reason", r->reason);
    json_w_key(w, "detail");
    if (str_absent(r->detail))
        json_w_null(w);
    else
        json_w_raw(w, r->detail);
}

static void line_write(struct json_writer *w, const struct statement_line *l)
{
    json_w_kcstr(w, "kind", "ledger");
    json_w_kstr(w, "entry", l->kind);
    cabinet_w_money(w, "received_poisha", l->received);
    cabinet_w_money(w, "fee_poisha", l->fee);
    cabinet_w_money(w, "refunded_poisha", l->refunded);
    cabinet_w_money(w, "suspended_poisha", l->suspended);
    cabinet_w_money(w, "net_poisha", l->net);
}

static void try_write(struct json_writer *w, const struct story_item *i)
{
    const struct outbox_try_row *r = &i->one_try;
    json_w_kcstr(w, "kind", "try");
    json_w_kint(w, "sequence", i->note->sequence);
    json_w_kint(w, "number", r->number);
    json_w_kint(w, "status", r->status);
    json_w_kint(w, "duration_ms", r->duration_ms);
    cabinet_w_bytes(w, "url", r->url, URL_CHARS_MAX);
    json_w_kstr(w, "error", r->error);
    cabinet_w_bytes(w, "reply", r->reply, REPLY_CHARS_MAX);
}

static void item_write(
    const struct cabinet_call *c, struct json_writer *w, const struct story_item *i)
{
    json_w_open(w, '{');
    cabinet_w_time(w, "at", i->at);
    switch (i->kind) {
    case STORY_CREATED:
        json_w_kcstr(w, "kind", "created");
        break;
    case STORY_EVENT:
        event_write(c, w, &i->event);
        break;
    case STORY_LINE:
        line_write(w, &i->line);
        break;
    case STORY_NOTE:
        json_w_kcstr(w, "kind", "notification");
        json_w_kint(w, "sequence", i->note->sequence);
        json_w_kstr(w, "payment_status", i->note->payment_status);
        break;
    case STORY_TRY:
        try_write(w, i);
        break;
    }
    json_w_close(w);
}

struct reply *cabinet_payment_get(struct cabinet_call *c)
{
    struct story s;
    enum err e = payment_story(c->db, c->arena, &c->payment, &s);
    if (e != ERR_OK)
        return cabinet_err(e);
    struct json_writer *w = cabinet_begin(c);
    facts_write(c, w);
    attempts_write(w, &s);
    credits_write(w, &s);
    refunds_write(c, w, &s);
    json_w_key(w, "notifications");
    json_w_open(w, '[');
    for (int i = 0; i < s.note_count; i++)
        note_write(w, &s.notes[i]);
    json_w_close(w);
    json_w_key(w, "story");
    json_w_open(w, '[');
    for (int i = 0; i < s.item_count; i++)
        item_write(c, w, &s.items[i]);
    json_w_close(w);
    json_w_kbool(w, "cut", s.cut);
    return cabinet_done(c);
}
