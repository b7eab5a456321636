/* What only a person can decide. Each act is one unit with its row in the audit chain. */
#include "service/checkout_settle.h"

#include "base/json.h"
#include "base/mem.h"
#include "service/audit_log.h"
#include "service/work.h"
#include <stdio.h>

struct settle_unit {
    struct store_unit unit;
    const struct checkout_settle *order;
    struct arena arena;
    char actor[SETTLE_ACTOR_MAX];
};

void settle_actor(struct str name, char out[SETTLE_ACTOR_MAX])
{
    snprintf(out, SETTLE_ACTOR_MAX, "operator:%.*s", name.n > 100 ? 100 : STR_FMT(name));
}

enum err settle_audit_add(struct tx *tx, const char *actor, const char *action, int64_t payment_id,
    int64_t account_id, struct str before, const struct buf *after)
{
    char target[40];
    snprintf(target, sizeof target, "payment:%lld", (long long)payment_id);
    struct audit_event event = {
        .actor = str_from(actor),
        .account_id = account_id,
        .action = action,
        .target = str_from(target),
        .before = before,
        .after = buf_view(after),
    };
    return buf_ok(after) ? audit_log_write(tx, &event) : ERR_LIMIT;
}

static enum err settle_audit(struct settle_unit *s, struct tx *tx, const struct payment_row *before)
{
    const struct checkout_settle *c = s->order;
    struct buf after, amount;
    struct json_writer w;
    char was[64];
    buf_init(&after, 16384);
    buf_init(&amount, 64);
    money_format(&amount, c->amount, 2);
    snprintf(was, sizeof was, "{\"state\":\"%s\"}", payment_state_text(before->state));
    json_w_init(&w, &after);
    json_w_open(&w, '{');
    json_w_kbool(&w, "paid", c->paid);
    if (c->paid) {
        json_w_kstr(&w, "amount", buf_view(&amount));
        json_w_kstr(&w, "trx_id", c->trx_id);
    }
    json_w_kstr(&w, "reason", c->reason);
    json_w_close(&w);
    enum err e = settle_audit_add(
        tx, s->actor, "payment.settle", before->id, before->account_id, str_from(was), &after);
    buf_clear(&after);
    buf_clear(&amount);
    return e;
}

enum err settle_leave_review(
    struct tx *tx, struct arena *arena, int64_t attempt_id, const struct settle_verdict *v)
{
    struct attempt_row a;
    if (attempt_id == 0) {
        return ERR_OK;
    }
    enum err e = store_attempt_by_id(tx_db(tx), arena, attempt_id, &a);
    if (e != ERR_OK || a.state != ATTEMPT_REVIEW) {
        return e;
    }
    struct attempt_row to = a;
    to.next_ask_at = 0;
    to.trx_id = v->paid ? v->trx_id : a.trx_id;
    to.reason = v->paid ? STR_ABSENT : STR("settled_unpaid");
    return transition_attempt(
        tx, &a, v->paid ? ATTEMPT_EV_PAID : ATTEMPT_EV_DECLINED, str_from(v->actor), &to);
}

/* ---- money that the wallet named is in suspense ---- */

struct kept {
    int64_t attempt_id;
    bool found;
};

static enum err kept_see(void *arg, const struct credit_row *r)
{
    struct kept *k = arg;
    k->found = k->found || (r->attempt_id != 0 && r->attempt_id == k->attempt_id);
    return ERR_OK;
}

/* The credit that a person's TrxID names; `ret->id` is 0 when there is none and he may say what came. An attempt's money moves
 * once: where the wallet has named it, another TrxID for it is a slip of the pen. Money that numbers receive is never typed in. */
static enum err settle_kept(struct settle_unit *s, struct tx *tx, const struct payment_row *p,
    int64_t attempt_id, struct credit_row *ret)
{
    struct kept k = {.attempt_id = attempt_id};
    *ret = (struct credit_row){.id = 0};
    enum err e = transition_credit_find(tx, p, s->order->trx_id, ret);
    if (e == ERR_OK) {
        return money_eq(ret->amount, s->order->amount) ? ERR_OK : ERR_RANGE;
    }
    if (e == ERR_NO_ROW) {
        e = store_credit_each(tx_db(tx), p->id, true, kept_see, &k);
    }
    return e == ERR_OK && (k.found || attempt_id == 0) ? ERR_INVALID : e;
}

static enum err settle_attach(
    struct settle_unit *s, struct tx *tx, struct payment_row *p, const struct credit_row *credit)
{
    const struct checkout_settle *c = s->order;
    struct settle_verdict v = {.paid = true, .trx_id = c->trx_id, .actor = s->actor};
    struct transition t = {
        .event = PAYMENT_EV_ATTACH,
        .actor = str_from(s->actor),
        .reason = c->reason,
        .attempt_id = credit->attempt_id,
        .received = credit->amount,
        .credential_id = credit->credential_id,
        .credit_id = credit->id,
        .with_parts = credit->attempt_id == 0,
    };
    enum err e = transition_apply(tx, p, &t);
    return e == ERR_OK ? settle_leave_review(tx, &s->arena, credit->attempt_id, &v) : e;
}

/* ---- after the end: only attempts that wait for a person ---- */

struct reviewed {
    int64_t attempt_id, credential_id;
};

static enum err reviewed_see(void *arg, const struct attempt_row *a)
{
    struct reviewed *r = arg;
    if (a->state == ATTEMPT_REVIEW) {
        *r = (struct reviewed){.attempt_id = a->id, .credential_id = a->credential_id};
    }
    return ERR_OK;
}

/* Money of which the wallet told too little to count it: a person has found it on the statement. */
static enum err ended_paid(
    struct settle_unit *s, struct tx *tx, struct payment_row *p, const struct reviewed *r)
{
    const struct checkout_settle *c = s->order;
    struct credit_row credit;
    struct transition t = {
        .event = PAYMENT_EV_LATE_MONEY,
        .actor = str_from(s->actor),
        .reason = c->reason,
        .attempt_id = r->attempt_id,
        .received = c->amount,
        .credential_id = r->credential_id,
        .trx_id = c->trx_id,
    };
    enum err e = settle_kept(s, tx, p, r->attempt_id, &credit);
    if (e != ERR_OK) {
        return e;
    }
    return credit.id ? ERR_CONFLICT : transition_apply(tx, p, &t);
}

static enum err settle_ended(struct settle_unit *s, struct tx *tx, struct payment_row *p)
{
    struct reviewed r = {.attempt_id = 0};
    struct settle_verdict v = {
        .paid = s->order->paid, .trx_id = s->order->trx_id, .actor = s->actor};
    enum err e = store_attempt_each(tx_db(tx), p->id, reviewed_see, &r);
    if (e == ERR_OK && r.attempt_id == 0) {
        return ERR_STATE;
    }
    if (e == ERR_OK) {
        e = settle_audit(s, tx, p);
    }
    if (e == ERR_OK && v.paid) {
        e = ended_paid(s, tx, p, &r);
    }
    while (e == ERR_OK && r.attempt_id != 0) {
        e = settle_leave_review(tx, &s->arena, r.attempt_id, &v);
        r.attempt_id = 0;
        if (e == ERR_OK && !v.paid) {
            e = store_attempt_each(tx_db(tx), p->id, reviewed_see, &r);
        }
    }
    return e;
}

/* ---- before the end ---- */

/* The attempt that the decision is about: the live one, else the newest; with id 0 of money sent to a number. */
static enum err settle_attempt(
    struct settle_unit *s, struct tx *tx, int64_t payment_id, struct attempt_row *ret)
{
    enum err e = store_attempt_live(tx_db(tx), &s->arena, payment_id, ret);
    e = e == ERR_NO_ROW ? store_attempt_last(tx_db(tx), &s->arena, payment_id, ret) : e;
    if (e == ERR_NO_ROW) {
        *ret = (struct attempt_row){.id = 0};
        return ERR_OK;
    }
    return e;
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
    if (e != ERR_OK || a->id == 0 || (a->state != ATTEMPT_UNKNOWN && a->state != ATTEMPT_REVIEW)) {
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
    struct credit_row credit = {.id = 0};
    arena_reset(&s->arena);
    enum err e = store_payment_by_id(tx_db(tx), &s->arena, s->order->payment_id, &p);
    if (e != ERR_OK || payment_is_final(p.state)) {
        return e == ERR_OK ? settle_ended(s, tx, &p) : e;
    }
    if (p.state != PAYMENT_EXECUTING && p.state != PAYMENT_REVIEW) {
        return ERR_STATE;
    }
    e = settle_attempt(s, tx, p.id, &a);
    if (e == ERR_OK && a.id != 0 && a.state == ATTEMPT_EXECUTING) {
        return ERR_STATE; /* its answer is on the way, or settle will ask within a minute */
    }
    if (e == ERR_OK && s->order->paid) {
        e = settle_kept(s, tx, &p, a.id, &credit);
    }
    if (e == ERR_OK) {
        e = settle_audit(s, tx, &p);
    }
    if (e != ERR_OK) {
        return e;
    }
    return credit.id ? settle_attach(s, tx, &p, &credit) : settle_rows(s, tx, &p, &a);
}

void settle_wake(struct service *s)
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
    arena_init(&unit.arena, SETTLE_BYTES_MAX);
    settle_actor(c->operator_name, unit.actor);
    enum err e = store_run(s->store, &unit.unit);
    arena_clear(&unit.arena);
    if (e == ERR_OK) {
        settle_wake(s);
    }
    return e;
}
