#include "service/refund.h"

#include "base/json.h"
#include "core/sms_trxid.h"
#include "service/audit_log.h"
#include "service/refund_change.h"
#include "service/work.h"
#include "store/store_sms.h"
#include <stdio.h>

#define ACT_BYTES_MAX (1U << 20)
#define ACTOR_MAX 128
#define REFUND_NAME_MAX 32

struct request_unit {
    struct store_unit unit;
    const struct config *config;
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

static enum err audit(struct tx *tx, const char *actor, const char *action, const char *was,
    const struct refund_row *r, struct str reason)
{
    char target[40], before[64];
    struct buf after, amount;
    struct json_writer w;
    buf_init(&after, 16384);
    buf_init(&amount, 64);
    money_format(&amount, r->amount, 2);
    json_w_init(&w, &after);
    json_w_open(&w, '{');
    json_w_kint(&w, "refund", r->id);
    json_w_kstr(&w, "amount", buf_view(&amount));
    json_w_kcstr(&w, "state", refund_state_text(r->state));
    json_w_kstr(&w, "refund_trx_id", r->refund_trx_id);
    json_w_kstr(&w, "reason", reason);
    json_w_close(&w);
    snprintf(target, sizeof target, "payment:%lld", (long long)r->payment_id);
    snprintf(before, sizeof before, "{\"state\":\"%s\"}", was ? was : "");
    struct audit_event event = {
        .actor = str_from(actor),
        .account_id = r->account_id,
        .action = action,
        .target = str_from(target),
        .before = was ? str_from(before) : STR_ABSENT,
        .after = buf_view(&after),
    };
    enum err e = buf_ok(&after) ? audit_log_write(tx, &event) : ERR_LIMIT;
    buf_clear(&after);
    buf_clear(&amount);
    return e;
}

/* ---- asking for one ---- */

struct sources {
    struct db *db;
    int64_t payment_id;
    refund_source_fn fn;
    void *arg;
};

static enum err source_see(void *arg, const struct credit_row *c)
{
    const struct sources *x = arg;
    struct money asked = MONEY_ZERO;
    struct refund_row of = {.payment_id = x->payment_id,
        .wallet = c->wallet,
        .credential_id = c->credential_id,
        .trx_id = c->trx_id};
    enum err e = c->attached ? store_refund_sum(x->db, &of, &asked) : ERR_OK;
    return e == ERR_OK && c->attached ? x->fn(x->arg, c, money_sub(c->amount, asked)) : e;
}

enum err refund_source_each(struct db *db, int64_t payment_id, refund_source_fn fn, void *arg)
{
    struct sources x = {.db = db, .payment_id = payment_id, .fn = fn, .arg = arg};
    return store_credit_each(db, payment_id, false, source_see, &x);
}

struct source {
    struct arena *arena;
    struct str want; /* the TrxID that was asked for; absent: any with money left */
    int attached, fitting;
    struct credit_row credit; /* the one that fits */
    struct money left;
};

static enum err source_choose(void *arg, const struct credit_row *c, struct money left)
{
    struct source *x = arg;
    char trx[TRXID_CAP];
    bool same = !str_absent(x->want) &&
                (str_eq(x->want, c->trx_id) ||
                    (trxid_normal(c->wallet, x->want, trx) == ERR_OK && str_is(c->trx_id, trx)));
    x->attached++;
    if (left.poisha <= 0 || (!str_absent(x->want) && !same)) {
        return ERR_OK;
    }
    x->fitting++;
    x->credit = *c;
    x->credit.trx_id = arena_copy(x->arena, c->trx_id);
    x->credit.currency = arena_copy(x->arena, c->currency);
    x->credit.payer_mask = arena_copy(x->arena, c->payer_mask);
    x->left = left;
    return ERR_OK;
}

static enum err source_find(
    struct request_unit *u, struct tx *tx, const struct payment_row *p, struct source *ret)
{
    *ret = (struct source){.arena = &u->arena, .want = u->rq->trx_id};
    enum err e = refund_source_each(tx_db(tx), p->id, source_choose, ret);
    if (e != ERR_OK || ret->fitting == 1) {
        return e;
    }
    if (p->state != PAYMENT_PAID || ret->fitting == 0) {
        return ret->attached > 0 || p->state != PAYMENT_PAID ? ERR_STATE : ERR_INVALID;
    }
    return ERR_SYNTAX; /* which of them? */
}

/* Of money that an attempt brought: by the wallet's connector, if that takes it. */
static enum err fill_attempt(
    struct request_unit *u, struct tx *tx, const struct source *x, struct refund_row *r)
{
    struct attempt_row a;
    enum err e = store_attempt_by_id(tx_db(tx), &u->arena, r->attempt_id, &a);
    if (e != ERR_OK) {
        return e;
    }
    const struct wallet_ops *ops = wallet_ops_find(a.wallet);
    bool whole = money_eq(r->amount, x->credit.amount);
    r->wallet_ref = a.wallet_ref;
    if (!u->rq->by_hand && ops && ops->refund &&
        (!ops->refund_takes || ops->refund_takes(u->config, whole))) {
        r->state = REFUND_REQUESTED;
        r->next_ask_at = tx_now_ms(tx);
    }
    return str_absent(a.wallet_ref) ? ERR_INVALID : ERR_OK;
}

static enum err refund_fill(
    struct request_unit *u, struct tx *tx, const struct payment_row *p, struct refund_row *ret)
{
    const struct refund_request *rq = u->rq;
    struct source x;
    enum err e = source_find(u, tx, p, &x);
    if (e != ERR_OK) {
        return e;
    }
    *ret = (struct refund_row){
        .payment_id = p->id,
        .attempt_id = x.credit.attempt_id,
        .account_id = p->account_id,
        .wallet = x.credit.wallet,
        .credential_id = x.credit.credential_id,
        .wallet_ref = STR_ABSENT,
        .trx_id = x.credit.trx_id,
        .payer_mask = x.credit.payer_mask,
        .amount = rq->amount.poisha ? rq->amount : x.left,
        .currency = x.credit.currency,
        .state = REFUND_BY_HAND,
        .known = STR_ABSENT,
        .refund_trx_id = STR_ABSENT,
        .code = STR_ABSENT,
        .reason = rq->reason,
        .actor = str_from(u->actor),
        .created_at = tx_now_ms(tx),
    };
    return ret->attempt_id ? fill_attempt(u, tx, &x, ret) : ERR_OK;
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
        e = audit(tx, u->actor, "payment.refund", NULL, &r, u->rq->reason);
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
    struct request_unit u = {.unit = {.run = request_run}, .config = s->config, .rq = rq};
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

/* Letters and digits in upper case, without blanks. */
static enum err name_fold(struct arena *a, struct str told, struct str *ret)
{
    char name[REFUND_NAME_MAX];
    size_t n = 0;
    for (size_t i = 0; i < told.n; i++) {
        char c = told.p[i];
        if (c == ' ') {
            continue;
        }
        if (c >= 'a' && c <= 'z') {
            c = (char)(c - 'a' + 'A');
        }
        if (n == sizeof name || !((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) {
            return ERR_SYNTAX;
        }
        name[n++] = c;
    }
    *ret = arena_copy(a, (struct str){name, n});
    return n ? ERR_OK : ERR_SYNTAX;
}

/* The wallet's own name of the refund, as it is compared. What Nagad's and the bank's systems for merchants call one has no
 * published form. */
static enum err trx_set(struct decision_unit *u, const struct refund_row *r, struct refund_row *to)
{
    char trx[TRXID_CAP];
    struct str told = u->d->refund_trx_id;
    if (trxid_normal(r->wallet, told, trx) == ERR_OK) {
        to->refund_trx_id = arena_copy(&u->arena, str_from(trx));
        return ERR_OK;
    }
    bool free_form = r->attempt_id && r->wallet != WALLET_BKASH;
    return free_form ? name_fold(&u->arena, told, &to->refund_trx_id) : ERR_SYNTAX;
}

/* No other refund's, and not money that came in. What a person sends has its TrxID once for ever, from whatever number. */
static enum err trx_free(struct tx *tx, struct arena *a, const struct refund_row *to)
{
    struct number_credit_row in;
    int64_t other;
    if (str_eq(to->refund_trx_id, to->trx_id)) {
        return ERR_DUPLICATE;
    }
    enum err e = to->state != REFUND_BY_HAND
                     ? store_refund_by_trx(
                           tx_db(tx), to->wallet, to->credential_id, to->refund_trx_id, &other)
                     : store_refund_by_any_trx(tx_db(tx), to->wallet, to->refund_trx_id, &other);
    if (e == ERR_NO_ROW) {
        e = store_number_credit_find(tx_db(tx), a, to->wallet, to->refund_trx_id, &in);
    }
    return e == ERR_OK ? ERR_DUPLICATE : e == ERR_NO_ROW ? ERR_OK : e;
}

/* The wallet's list, and its statement, may lag behind; and what leaves by hand has two who answer for it. */
static enum err decision_judge(
    const struct decision_unit *u, const struct refund_row *r, int64_t now)
{
    if (!u->d->done && r->state != REFUND_REQUESTED && r->sent_at &&
        now < r->sent_at + REFUND_NOT_DONE_MIN_MS) {
        return ERR_LIMIT;
    }
    bool own = u->d->done && r->state == REFUND_BY_HAND && str_is(r->actor, u->actor);
    return own ? ERR_FORBIDDEN : ERR_OK;
}

static enum err decision_run(struct store_unit *unit, struct tx *tx)
{
    struct decision_unit *u = unit_owner(unit, struct decision_unit, unit);
    const struct refund_settle *d = u->d;
    struct refund_row r, to;
    arena_reset(&u->arena);
    enum err e = store_refund_by_id(tx_db(tx), &u->arena, d->refund_id, &r);
    e = e == ERR_OK && !refund_is_live(r.state) ? ERR_STATE : e;
    e = e == ERR_OK ? decision_judge(u, &r, tx_now_ms(tx)) : e;
    if (e != ERR_OK) {
        return e;
    }
    to = r;
    to.code = STR("settled");
    if (d->done) {
        e = trx_set(u, &r, &to);
        e = e == ERR_OK ? trx_free(tx, &u->arena, &to) : e;
    }
    if (e != ERR_OK) {
        return e;
    }
    e = refund_change(tx, &u->arena, &r,
        d->done ? REFUND_EV_SETTLE_DONE : REFUND_EV_SETTLE_NOT_DONE, str_from(u->actor), &to);
    return e == ERR_OK
               ? audit(tx, u->actor, "refund.settle", refund_state_text(r.state), &to, d->reason)
               : e;
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
