#include "service/transition.h"

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "core/sms_trxid.h"
#include "store/store_outbox.h"
#include "store/store_sms.h"
#include <stdio.h>

/* TrxIDs are compared in one form, whoever typed them: the wallet's own, or, of what is none of its TrxIDs (a bank's RRN),
 * no blanks and upper case. */
#define TRX_MAX 64
/* A person looks after the rest: a payer who sends coins must not stop what others' money is told with. */
#define TRANSITION_PARTS_MAX 32
static struct str trx_normal(enum wallet_kind wallet, struct str s, char out[TRX_MAX])
{
    size_t n = 0;
    if (trxid_normal(wallet, s, out) == ERR_OK) {
        return str_from(out);
    }
    for (size_t i = 0; i < s.n && n < TRX_MAX; i++) {
        char c = s.p[i];
        if (c == ' ' || c == '\t') {
            continue;
        }
        out[n++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return (struct str){out, n};
}

static enum err credit_add(
    struct tx *tx, const struct payment_row *p, const struct transition *t, bool attached)
{
    char trx[TRX_MAX];
    struct str trx_id = trx_normal(p->wallet, t->trx_id, trx);
    if (trx_id.n == 0 || t->received.poisha <= 0) {
        return ERR_RANGE;
    }
    enum err e = store_number_credit_untaken(tx_db(tx), p->wallet, trx_id, p->id, t->credential_id);
    if (e != ERR_OK) {
        return e;
    }
    struct credit_row credit = {
        .wallet = p->wallet,
        .credential_id = t->credential_id,
        .trx_id = trx_id,
        .amount = t->received,
        .currency = p->currency,
        .payer_mask = t->payer_mask,
        .account_id = p->account_id,
        .payment_id = p->id,
        .attempt_id = t->attempt_id,
        .attached = attached,
        .seen_at = tx_now_ms(tx),
    };
    int64_t id = 0;
    return store_credit_add(tx, &credit, &id);
}

/* What is credited is always the sum of attached money minus one commission of that sum. Returns what the commission grows by. */
static struct money to_attach(struct payment_row *to, struct money received)
{
    struct money total = money_add(money_add(to->credited, to->commission), received);
    struct money commission = fee_commission(total, to->fee_bp, to->fee_fixed);
    struct money more = money_sub(commission, to->commission);
    to->commission = commission;
    to->credited = money_sub(total, commission);
    return more;
}

static enum err suspense_post(
    struct tx *tx, const struct payment_row *p, const struct transition *t)
{
    struct ledger_entry e = {.count = 0};
    int64_t entry_id = 0;
    ledger_suspense(&e, p->account_id, t->credential_id, t->received);
    return store_ledger_post(tx, &e, "suspense", p->id, &entry_id);
}

struct parts {
    int64_t except_id;
    struct part {
        int64_t credit_id;
        struct money amount;
    } items[TRANSITION_PARTS_MAX];
    int count;
};

static enum err part_see(void *arg, const struct credit_row *r)
{
    struct parts *x = arg;
    if (r->id == x->except_id) {
        return ERR_OK;
    }
    if (x->count < TRANSITION_PARTS_MAX) {
        x->items[x->count++] = (struct part){.credit_id = r->id, .amount = r->amount};
    }
    return ERR_OK;
}

static enum err attach_one(
    struct tx *tx, struct payment_row *to, int64_t credit_id, struct money amount)
{
    struct ledger_entry entry = {.count = 0};
    int64_t entry_id = 0;
    enum err e = store_credit_attach(tx, credit_id, to->id);
    if (e != ERR_OK) {
        return e;
    }
    struct money fee = to_attach(to, amount);
    ledger_attach(&entry, to->account_id, amount, fee);
    return store_ledger_post(tx, &entry, "attach", to->id, &entry_id);
}

static enum err attach_parts(struct tx *tx, struct payment_row *to, const struct transition *t)
{
    struct parts x = {.except_id = t->credit_id};
    enum err e = store_credit_each(tx_db(tx), to->id, true, part_see, &x);
    for (int i = 0; i < x.count && e == ERR_OK; i++) {
        struct money sum = money_add(to->credited, to->commission);
        if (t->parts_to_sum && money_cmp(sum, to->amount) >= 0) {
            break;
        }
        e = attach_one(tx, to, x.items[i].credit_id, x.items[i].amount);
    }
    return e;
}

struct search {
    struct str trx_id;
    struct credit_row *ret;
    bool found;
};

static enum err search_see(void *arg, const struct credit_row *r)
{
    struct search *s = arg;
    if (str_eq(r->trx_id, s->trx_id)) {
        *s->ret = *r;
        s->ret->trx_id = s->ret->currency = s->ret->payer_mask = STR_ABSENT;
        s->found = true;
    }
    return ERR_OK;
}

enum err transition_credit_find(
    struct tx *tx, const struct payment_row *p, struct str trx_id, struct credit_row *ret)
{
    char trx[TRX_MAX];
    struct search s = {.trx_id = trx_normal(p->wallet, trx_id, trx), .ret = ret};
    enum err e = store_credit_each(tx_db(tx), p->id, true, search_see, &s);
    return e == ERR_OK && !s.found ? ERR_NO_ROW : e;
}

/* Credits first: a taken TrxID must leave nothing behind. The amounts of `to` are set on the way. */
static enum err effects_money(
    struct tx *tx, struct payment_row *to, const struct transition *t, unsigned fx)
{
    enum err e = ERR_OK;
    struct ledger_entry entry = {.count = 0};
    int64_t entry_id = 0;
    if (fx & PAYMENT_FX_POST_PAID) {
        e = credit_add(tx, to, t, true);
        if (e != ERR_OK) {
            return e;
        }
        to->paid = money_add(to->paid, t->received);
        struct money fee = to_attach(to, t->received);
        ledger_paid(&entry, to->account_id, t->credential_id, t->received, fee);
        e = store_ledger_post(tx, &entry, "paid", to->id, &entry_id);
    } else if (fx & PAYMENT_FX_POST_SUSPENSE) {
        e = credit_add(tx, to, t, false);
        if (e != ERR_OK) {
            return e;
        }
        to->paid = money_add(to->paid, t->received);
        e = suspense_post(tx, to, t);
    } else if (fx & PAYMENT_FX_POST_ATTACH) {
        e = attach_one(tx, to, t->credit_id, t->received);
    }
    if (e == ERR_OK && t->with_parts && (fx & (PAYMENT_FX_POST_PAID | PAYMENT_FX_POST_ATTACH))) {
        e = attach_parts(tx, to, t);
    }
    return e;
}

static enum err outbox_add(struct tx *tx, const struct payment_row *p)
{
    uint8_t raw[16];
    char id[UUID_LEN + 1], webhook_id[UUID_LEN + 8];
    random_uuid(raw);
    uuid_format(raw, id);
    int n = snprintf(webhook_id, sizeof webhook_id, "msg_%s", id);
    struct outbox_row row = {
        .payment_id = p->id,
        .account_id = p->account_id,
        .sequence = p->sequence,
        .webhook_id = {webhook_id, (size_t)n},
        .payment_status = str_from(payment_status_text(p->state)),
        .payment_amount = p->paid,
        .commission_amount = p->commission,
        .is_partial = p->paid.poisha > 0 && money_cmp(p->paid, p->amount) < 0,
        .state = STR("waiting"),
        .due_at = tx_now_ms(tx),
        .created_at = tx_now_ms(tx),
        .parked_reason = STR_ABSENT,
    };
    return store_outbox_add(tx, &row);
}

static enum err event_add(struct tx *tx, const struct transition *t, const char *word,
    const struct payment_row *from, enum payment_state to)
{
    struct event_row row = {
        .payment_id = from->id,
        .attempt_id = t->attempt_id,
        .at = tx_now_ms(tx),
        .actor = t->actor,
        .event = str_from(word),
        .from_state = str_from(payment_state_text(from->state)),
        .to_state = str_from(payment_state_text(to)),
        .reason = t->reason,
        .detail = STR_ABSENT,
    };
    return store_event_add(tx, &row);
}

static void count(enum payment_state from, const struct payment_row *p, enum payment_event event)
{
    if (event == PAYMENT_EV_LATE_MONEY) {
        metric_add(METRIC_late_credits_total, 1);
    }
    if (from == p->state) {
        return;
    }
    switch (p->state) {
    case PAYMENT_OPEN:
    case PAYMENT_EXECUTING:
        break;
    case PAYMENT_REVIEW:
        metric_add(METRIC_payments_review_total, 1);
        break;
    case PAYMENT_PAID:
        metric_add(METRIC_payments_paid_total, 1);
        break;
    case PAYMENT_CANCELLED:
        metric_add(METRIC_payments_cancelled_total, 1);
        break;
    case PAYMENT_FAILED:
        metric_add(METRIC_payments_failed_total, 1);
        break;
    case PAYMENT_STATE_COUNT:
        ensure(false, "no such payment state");
    }
}

static void alarm_operator(const struct payment_row *p, const struct transition *t)
{
    log_alarm("payment_needs_a_person", LOG_I("payment", p->id), LOG_I("attempt", t->attempt_id),
        LOG_C("state", payment_state_text(p->state)), LOG_C("change", payment_event_text(t->event)),
        LOG_S("reason", t->reason), LOG_S("trx_id", t->trx_id), LOG_MONEY("received", t->received));
}

enum err transition_apply(struct tx *tx, struct payment_row *p, const struct transition *t)
{
    unsigned fx = 0;
    struct payment_row to = *p;
    enum err e = payment_next(p->state, t->event, &to.state, &fx);
    if (e != ERR_OK) {
        return e;
    }
    e = effects_money(tx, &to, t, fx);
    if (e != ERR_OK) {
        return e;
    }
    if ((fx & PAYMENT_FX_FINAL) && to.final_at == 0) {
        to.final_at = tx_now_ms(tx);
    }
    if (fx & PAYMENT_FX_NOTIFY) {
        to.sequence++;
    }
    if (!str_absent(t->payer_mask) && t->payer_mask.n > 0) {
        to.payer_mask = t->payer_mask;
    }
    e = store_payment_cas(tx, p, &to);
    if (e == ERR_OK) {
        e = event_add(tx, t, payment_event_text(t->event), p, to.state);
    }
    if (e == ERR_OK && (fx & PAYMENT_FX_NOTIFY)) {
        e = outbox_add(tx, &to);
    }
    if (e != ERR_OK) {
        return e;
    }
    if (fx & PAYMENT_FX_ALARM) {
        alarm_operator(&to, t);
    }
    count(p->state, &to, t->event);
    *p = to;
    return ERR_OK;
}

static enum err suspend(
    struct tx *tx, struct payment_row *p, const struct transition *t, const char *word)
{
    ensure(!payment_is_final(p->state), "late money of an ended payment has its own event");
    struct payment_row to = *p;
    enum err e = credit_add(tx, p, t, false);
    if (e != ERR_OK) {
        return e;
    }
    to.paid = money_add(p->paid, t->received);
    if (!str_absent(t->payer_mask) && t->payer_mask.n > 0) {
        to.payer_mask = t->payer_mask;
    }
    e = suspense_post(tx, p, t);
    if (e == ERR_OK) {
        e = store_payment_cas(tx, p, &to);
    }
    if (e == ERR_OK) {
        e = event_add(tx, t, word, p, to.state);
    }
    if (e == ERR_OK) {
        *p = to;
    }
    return e;
}

enum err transition_suspend(struct tx *tx, struct payment_row *p, const struct transition *t)
{
    enum err e = suspend(tx, p, t, "suspense");
    if (e == ERR_OK) {
        metric_add(METRIC_late_credits_total, 1);
        alarm_operator(p, t);
    }
    return e;
}

enum err transition_part(struct tx *tx, struct payment_row *p, const struct transition *t)
{
    return suspend(tx, p, t, "part");
}

enum err transition_attempt(struct tx *tx, const struct attempt_row *from, enum attempt_event event,
    struct str actor, struct attempt_row *to)
{
    enum attempt_state state = from->state;
    enum err e = attempt_next(from->state, event, &state);
    if (e != ERR_OK) {
        return e;
    }
    to->state = state;
    e = store_attempt_cas(tx, from, to);
    if (e != ERR_OK) {
        return e;
    }
    struct event_row row = {
        .payment_id = from->payment_id,
        .attempt_id = from->id,
        .at = tx_now_ms(tx),
        .actor = actor,
        .event = str_from(attempt_event_text(event)),
        .from_state = str_from(attempt_state_text(from->state)),
        .to_state = str_from(attempt_state_text(to->state)),
        .reason = to->reason,
        .detail = STR_ABSENT,
    };
    return store_event_add(tx, &row);
}
