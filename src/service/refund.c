#include "service/refund.h"

#include "base/json.h"
#include "service/refund_change.h"
#include "service/work.h"
#include "store/store_audit.h"
#include "store/store_ledger.h"
#include <stdio.h>

#define ACT_BYTES_MAX (1U << 20)
#define ACTOR_MAX 128

struct request_unit {
    struct store_unit unit;
    const struct refund_request *rq;
    struct arena arena;
    char actor[ACTOR_MAX];
    int64_t id;
};

struct decision_unit {
    struct store_unit unit;
    const struct refund_settle *d;
    struct arena arena;
    char actor[ACTOR_MAX];
};

static void actor_text(struct str name, char out[ACTOR_MAX])
{
    snprintf(out, ACTOR_MAX, "operator:%.*s", name.n > 100 ? 100 : STR_FMT(name));
}

static enum err audit(struct tx *tx, const char *actor, const char *action,
    const struct refund_row *r, struct str reason)
{
    char object[40];
    struct buf detail, amount;
    struct json_writer w;
    buf_init(&detail, 16384);
    buf_init(&amount, 64);
    money_format(&amount, r->amount, 2);
    json_w_init(&w, &detail);
    json_w_open(&w, '{');
    json_w_kint(&w, "refund", r->id);
    json_w_kstr(&w, "amount", buf_view(&amount));
    json_w_kcstr(&w, "state", refund_state_text(r->state));
    json_w_kstr(&w, "refund_trx_id", r->refund_trx_id);
    json_w_kstr(&w, "reason", reason);
    json_w_close(&w);
    snprintf(object, sizeof object, "payment:%lld", (long long)r->payment_id);
    struct audit_row row = {
        .actor = str_from(actor),
        .action = str_from(action),
        .object = str_from(object),
        .detail = buf_view(&detail),
    };
    enum err e = buf_ok(&detail) ? store_audit_add(tx, &row) : ERR_LIMIT;
    buf_clear(&detail);
    buf_clear(&amount);
    return e;
}

/* ---- asking for one ---- */

struct paid_by {
    int64_t attempt_id, credential_id;
    struct arena *arena;
    struct str trx_id;
};

static enum err paid_by_see(void *arg, const struct credit_row *c)
{
    struct paid_by *x = arg;
    if (c->attached) {
        x->attempt_id = c->attempt_id;
        x->credential_id = c->credential_id;
        x->trx_id = arena_copy(x->arena, c->trx_id);
    }
    return ERR_OK;
}

/* By which attempt the payment was paid: a paid one has a single attached credit. */
static enum err refund_fill(
    struct request_unit *u, struct tx *tx, const struct payment_row *p, struct refund_row *ret)
{
    struct paid_by by = {.arena = &u->arena};
    struct attempt_row a;
    enum err e = store_credit_each(tx_db(tx), p->id, false, paid_by_see, &by);
    if (e == ERR_OK && by.attempt_id == 0) {
        e = p->state == PAYMENT_PAID ? ERR_INVALID : ERR_STATE;
    }
    e = e == ERR_OK ? store_attempt_by_id(tx_db(tx), &u->arena, by.attempt_id, &a) : e;
    if (e != ERR_OK) {
        return e;
    }
    const struct wallet_ops *ops = wallet_ops_find(a.wallet);
    if (!ops || !ops->refund) {
        return ERR_INVALID;
    }
    const struct refund_request *rq = u->rq;
    *ret = (struct refund_row){
        .payment_id = p->id,
        .attempt_id = a.id,
        .account_id = p->account_id,
        .wallet = a.wallet,
        .credential_id = by.credential_id,
        .wallet_ref = a.wallet_ref,
        .trx_id = by.trx_id,
        .amount = rq->amount.poisha ? rq->amount : refund_rest(p),
        .currency = a.currency,
        .known = STR_ABSENT,
        .refund_trx_id = STR_ABSENT,
        .code = STR_ABSENT,
        .reason = rq->reason,
        .actor = str_from(u->actor),
        .created_at = tx_now_ms(tx),
        .next_ask_at = tx_now_ms(tx),
    };
    return str_absent(ret->wallet_ref) || str_absent(ret->trx_id) ? ERR_INVALID : ERR_OK;
}

static enum err request_run(struct store_unit *unit, struct tx *tx)
{
    struct request_unit *u = unit_owner(unit, struct request_unit, unit);
    struct payment_row p;
    struct refund_row r;
    arena_reset(&u->arena);
    enum err e = store_payment_by_id(tx_db(tx), &u->arena, u->rq->payment_id, &p);
    e = e == ERR_OK ? refund_fill(u, tx, &p, &r) : e;
    if (e == ERR_OK && refund_rest(&p).poisha <= 0) {
        e = ERR_STATE;
    }
    e = e == ERR_OK ? refund_begin(tx, &p, &r) : e;
    if (e == ERR_OK) {
        u->id = r.id;
        e = audit(tx, u->actor, "payment.refund", &r, u->rq->reason);
    }
    return e;
}

static void wake(struct service *s)
{
    if (s->work) {
        work_kick_settle(s->work);
    }
}

enum err refund_request(struct service *s, const struct refund_request *rq, int64_t *ret_id)
{
    struct request_unit u = {.unit = {.run = request_run}, .rq = rq};
    arena_init(&u.arena, ACT_BYTES_MAX);
    actor_text(rq->operator_name, u.actor);
    enum err e = rq->amount.poisha < 0 ? ERR_RANGE : store_run(s->store, &u.unit);
    arena_clear(&u.arena);
    if (e == ERR_OK) {
        *ret_id = u.id;
        wake(s);
    }
    return e;
}

/* ---- a person's decision ---- */

static enum err decision_run(struct store_unit *unit, struct tx *tx)
{
    struct decision_unit *u = unit_owner(unit, struct decision_unit, unit);
    const struct refund_settle *d = u->d;
    struct refund_row r, to;
    int64_t other;
    arena_reset(&u->arena);
    enum err e = store_refund_by_id(tx_db(tx), &u->arena, d->refund_id, &r);
    if (e != ERR_OK) {
        return e;
    }
    to = r;
    to.code = STR("settled");
    if (d->done) {
        to.refund_trx_id = d->refund_trx_id;
        e = store_refund_by_trx(tx_db(tx), r.wallet, r.credential_id, d->refund_trx_id, &other);
        if (e != ERR_NO_ROW) {
            return e == ERR_OK ? ERR_DUPLICATE : e;
        }
    }
    e = refund_change(tx, &u->arena, &r,
        d->done ? REFUND_EV_SETTLE_DONE : REFUND_EV_SETTLE_NOT_DONE, str_from(u->actor), &to);
    return e == ERR_OK ? audit(tx, u->actor, "refund.settle", &to, d->reason) : e;
}

enum err refund_settle(struct service *s, const struct refund_settle *d)
{
    struct decision_unit u = {.unit = {.run = decision_run}, .d = d};
    if (d->done && d->refund_trx_id.n == 0) {
        return ERR_RANGE;
    }
    arena_init(&u.arena, ACT_BYTES_MAX);
    actor_text(d->operator_name, u.actor);
    enum err e = store_run(s->store, &u.unit);
    arena_clear(&u.arena);
    return e;
}
