/* What only a person can decide. Each act is one unit with its row in the audit chain. */
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/checkout.h"
#include "service/transition.h"
#include "service/work.h"
#include "store/store_audit.h"
#include <stdio.h>

#define ACT_BYTES_MAX (1U << 20)
#define ACTOR_MAX 128

struct settle_unit {
    struct store_unit unit;
    const struct checkout_settle *order;
    struct arena arena;
    char actor[ACTOR_MAX];
};

struct attach_unit {
    struct store_unit unit;
    int64_t credit_id;
    struct str reason;
    struct arena arena;
    char actor[ACTOR_MAX];
};

static void actor_text(struct str name, char out[ACTOR_MAX])
{
    snprintf(out, ACTOR_MAX, "operator:%.*s", name.n > 100 ? 100 : STR_FMT(name));
}

static enum err audit(struct tx *tx, const char *actor, const char *action, int64_t payment_id,
    const struct buf *detail)
{
    char object[40];
    snprintf(object, sizeof object, "payment:%lld", (long long)payment_id);
    struct audit_row row = {
        .actor = str_from(actor),
        .action = str_from(action),
        .object = str_from(object),
        .detail = buf_view(detail),
    };
    return buf_ok(detail) ? store_audit_add(tx, &row) : ERR_LIMIT;
}

static enum err settle_audit(struct settle_unit *s, struct tx *tx, const struct payment_row *before)
{
    const struct checkout_settle *c = s->order;
    struct buf detail, amount;
    struct json_writer w;
    buf_init(&detail, 16384);
    buf_init(&amount, 64);
    money_format(&amount, c->amount, 2);
    json_w_init(&w, &detail);
    json_w_open(&w, '{');
    json_w_kbool(&w, "paid", c->paid);
    json_w_kcstr(&w, "from", payment_state_text(before->state));
    if (c->paid) {
        json_w_kstr(&w, "amount", buf_view(&amount));
        json_w_kstr(&w, "trx_id", c->trx_id);
    }
    json_w_kstr(&w, "reason", c->reason);
    json_w_close(&w);
    enum err e = audit(tx, s->actor, "payment.settle", before->id, &detail);
    buf_clear(&detail);
    buf_clear(&amount);
    return e;
}

/* The attempt that the decision is about: the live one, else the newest. */
static enum err settle_attempt(
    struct settle_unit *s, struct tx *tx, int64_t payment_id, struct attempt_row *ret)
{
    enum err e = store_attempt_live(tx_db(tx), &s->arena, payment_id, ret);
    return e == ERR_NO_ROW ? store_attempt_last(tx_db(tx), &s->arena, payment_id, ret) : e;
}

static enum err settle_rows(
    struct settle_unit *s, struct tx *tx, struct payment_row *p, const struct attempt_row *a)
{
    const struct checkout_settle *c = s->order;
    struct attempt_row to = *a;
    struct transition t = {
        .event = c->paid ? PAYMENT_EV_SETTLE_PAID : PAYMENT_EV_SETTLE_UNPAID,
        .actor = str_from(s->actor),
        .reason = c->reason,
        .attempt_id = a->id,
        .received = c->paid ? c->amount : MONEY_ZERO,
        .credential_id = a->credential_id,
        .trx_id = c->paid ? c->trx_id : STR_ABSENT,
    };
    enum err e = transition_apply(tx, p, &t);
    if (e != ERR_OK || (a->state != ATTEMPT_UNKNOWN && a->state != ATTEMPT_REVIEW)) {
        return e;
    }
    to.next_ask_at = 0;
    to.trx_id = t.trx_id;
    to.reason = c->paid ? STR_ABSENT : STR("settled_unpaid");
    return transition_attempt(tx, a, c->paid ? ATTEMPT_EV_PAID : ATTEMPT_EV_DECLINED, t.actor, &to);
}

static enum err settle_run(struct store_unit *u, struct tx *tx)
{
    struct settle_unit *s = unit_owner(u, struct settle_unit, unit);
    struct payment_row p;
    struct attempt_row a;
    arena_reset(&s->arena);
    enum err e = store_payment_by_id(tx_db(tx), &s->arena, s->order->payment_id, &p);
    if (e != ERR_OK) {
        return e;
    }
    if (p.state != PAYMENT_EXECUTING && p.state != PAYMENT_REVIEW) {
        return ERR_STATE;
    }
    e = settle_attempt(s, tx, p.id, &a);
    if (e != ERR_OK) {
        return e;
    }
    if (a.state == ATTEMPT_EXECUTING) {
        return ERR_STATE; /* its answer is on the way, or settle will ask within a minute */
    }
    e = settle_audit(s, tx, &p);
    return e == ERR_OK ? settle_rows(s, tx, &p, &a) : e;
}

static void wake(struct service *s)
{
    if (s->work) {
        work_kick_settle(s->work);
        work_kick_deliver(s->work);
    }
}

enum err checkout_settle(struct service *s, const struct checkout_settle *c)
{
    struct settle_unit unit = {.unit = {.run = settle_run}, .order = c};
    if (c->paid && (c->amount.poisha <= 0 || c->trx_id.n == 0)) {
        return ERR_RANGE;
    }
    arena_init(&unit.arena, ACT_BYTES_MAX);
    actor_text(c->operator_name, unit.actor);
    enum err e = store_run(s->store, &unit.unit);
    arena_clear(&unit.arena);
    if (e == ERR_OK) {
        wake(s);
    }
    return e;
}

static enum err attach_audit(struct attach_unit *x, struct tx *tx, const struct credit_row *credit)
{
    struct buf detail, amount;
    struct json_writer w;
    buf_init(&detail, 16384);
    buf_init(&amount, 64);
    money_format(&amount, credit->amount, 2);
    json_w_init(&w, &detail);
    json_w_open(&w, '{');
    json_w_kint(&w, "credit", credit->id);
    json_w_kstr(&w, "amount", buf_view(&amount));
    json_w_kstr(&w, "trx_id", credit->trx_id);
    json_w_kstr(&w, "reason", x->reason);
    json_w_close(&w);
    enum err e = audit(tx, x->actor, "credit.attach", credit->payment_id, &detail);
    buf_clear(&detail);
    buf_clear(&amount);
    return e;
}

static enum err attach_run(struct store_unit *u, struct tx *tx)
{
    struct attach_unit *x = unit_owner(u, struct attach_unit, unit);
    struct credit_row credit;
    struct payment_row p;
    arena_reset(&x->arena);
    enum err e = store_credit_get(tx_db(tx), &x->arena, x->credit_id, &credit);
    if (e != ERR_OK) {
        return e;
    }
    if (credit.attached || credit.payment_id == 0) {
        return ERR_STATE;
    }
    e = store_payment_by_id(tx_db(tx), &x->arena, credit.payment_id, &p);
    if (e == ERR_OK) {
        e = attach_audit(x, tx, &credit);
    }
    if (e != ERR_OK) {
        return e;
    }
    struct transition t = {
        .event = PAYMENT_EV_ATTACH,
        .actor = str_from(x->actor),
        .reason = x->reason,
        .attempt_id = credit.attempt_id,
        .received = credit.amount,
        .credential_id = credit.credential_id,
        .payer_mask = credit.payer_mask,
        .credit_id = credit.id,
        .with_parts = p.state == PAYMENT_REVIEW,
    };
    return transition_apply(tx, &p, &t);
}

enum err checkout_attach(
    struct service *s, int64_t credit_id, struct str operator_name, struct str reason)
{
    struct attach_unit unit = {
        .unit = {.run = attach_run}, .credit_id = credit_id, .reason = reason};
    arena_init(&unit.arena, ACT_BYTES_MAX);
    actor_text(operator_name, unit.actor);
    enum err e = store_run(s->store, &unit.unit);
    arena_clear(&unit.arena);
    if (e == ERR_OK) {
        wake(s);
    }
    return e;
}
