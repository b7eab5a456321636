/* What a person does with money in suspense. Each act is one unit with its row in the audit chain. */
#include "base/json.h"
#include "service/checkout_settle.h"

struct attach_unit {
    struct store_unit unit;
    int64_t credit_id;
    struct str reason;
    struct arena arena;
    char actor[SETTLE_ACTOR_MAX];
};

static enum err attach_audit(
    struct attach_unit *x, struct tx *tx, const char *action, const struct credit_row *credit)
{
    struct buf after, amount;
    struct json_writer w;
    buf_init(&after, 16384);
    buf_init(&amount, 64);
    money_format(&amount, credit->amount, 2);
    json_w_init(&w, &after);
    json_w_open(&w, '{');
    json_w_kint(&w, "credit", credit->id);
    json_w_kstr(&w, "amount", buf_view(&amount));
    json_w_kstr(&w, "trx_id", credit->trx_id);
    json_w_kstr(&w, "reason", x->reason);
    json_w_close(&w);
    enum err e = settle_audit_add(tx, x->actor, action, credit->payment_id, credit->account_id,
        STR("{\"attached\":false}"), &after);
    buf_clear(&after);
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
        e = attach_audit(x, tx, "credit.attach", &credit);
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
        .with_parts = credit.attempt_id == 0,
        .parts_to_sum = payment_is_final(p.state),
    };
    struct settle_verdict v = {.paid = true, .trx_id = credit.trx_id, .actor = x->actor};
    e = transition_apply(tx, &p, &t);
    return e == ERR_OK ? settle_leave_review(tx, &x->arena, credit.attempt_id, &v) : e;
}

/* Of a payment that has ended the attempt is decided with it; else the payment's own decision is still to come. */
static enum err mark_run(struct store_unit *u, struct tx *tx)
{
    struct attach_unit *x = unit_owner(u, struct attach_unit, unit);
    struct settle_verdict v = {.paid = false, .actor = x->actor};
    struct credit_row credit;
    struct payment_row p;
    arena_reset(&x->arena);
    enum err e = store_credit_get(tx_db(tx), &x->arena, x->credit_id, &credit);
    if (e == ERR_OK) {
        e = store_credit_mark(tx, credit.id);
    }
    if (e == ERR_OK) {
        e = attach_audit(x, tx, "credit.mark", &credit);
    }
    if (e != ERR_OK || credit.payment_id == 0) {
        return e;
    }
    e = store_payment_by_id(tx_db(tx), &x->arena, credit.payment_id, &p);
    return e == ERR_OK && payment_is_final(p.state)
               ? settle_leave_review(tx, &x->arena, credit.attempt_id, &v)
               : e;
}

static enum err act(struct service *s, enum err (*run)(struct store_unit *u, struct tx *tx),
    int64_t credit_id, struct str operator_name, struct str reason)
{
    struct attach_unit unit = {.unit = {.run = run}, .credit_id = credit_id, .reason = reason};
    arena_init(&unit.arena, SETTLE_BYTES_MAX);
    settle_actor(operator_name, unit.actor);
    enum err e = store_run(s->store, &unit.unit);
    arena_clear(&unit.arena);
    if (e == ERR_OK) {
        settle_wake(s);
    }
    return e;
}

enum err checkout_attach(
    struct service *s, int64_t credit_id, struct str operator_name, struct str reason)
{
    return act(s, attach_run, credit_id, operator_name, reason);
}

enum err checkout_mark(
    struct service *s, int64_t credit_id, struct str operator_name, struct str reason)
{
    return act(s, mark_run, credit_id, operator_name, reason);
}
