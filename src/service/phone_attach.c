/* A person's decision about money that numbers received. One asks, another confirms: who could do both could pay any order with
 * money that never came. */
#include "service/phone.h"
#include "service/transition.h"

struct late {
    struct str trx_id;
    int64_t credit_id;
};

static enum err late_look(void *arg, const struct credit_row *r)
{
    struct late *l = arg;
    if (str_eq(r->trx_id, l->trx_id))
        l->credit_id = r->id;
    return ERR_OK;
}

/* Of a payment that has ended: late money, which is then attached. */
static enum err late_attach(struct tx *tx, struct payment_row *p, struct transition *t)
{
    struct late l = {.trx_id = t->trx_id};
    t->event = PAYMENT_EV_LATE_MONEY;
    enum err e = transition_apply(tx, p, t);
    if (e == ERR_OK)
        e = store_credit_each(tx_db(tx), p->id, true, late_look, &l);
    if (e != ERR_OK)
        return e;
    t->event = PAYMENT_EV_ATTACH;
    t->credit_id = l.credit_id;
    return l.credit_id ? transition_apply(tx, p, t) : ERR_INTERNAL;
}

/* The wallet's and the account's own money, the whole sum. */
static enum err fits(
    struct tx *tx, struct arena *a, const struct number_credit_row *c, const struct payment_row *p)
{
    struct number_row n;
    enum err e = store_number_get(tx_db(tx), a, c->number_id, &n);
    if (e != ERR_OK)
        return e;
    if (p->wallet != c->wallet || (n.account_id && n.account_id != p->account_id))
        return ERR_STATE;
    return money_eq(p->amount, c->amount) ? ERR_OK : ERR_RANGE;
}

static enum err attach(struct tx *tx, struct arena *a, const struct number_credit_row *c,
    const struct phone_decision *d, int64_t *ret_payment_id)
{
    struct payment_row p;
    enum err e = store_payment_by_id(tx_db(tx), a, c->asked_payment_id, &p);
    if (e == ERR_OK)
        e = fits(tx, a, c, &p);
    if (e == ERR_OK)
        e = store_wallet_credit_untaken(tx_db(tx), c->wallet, c->trx_id);
    if (e == ERR_OK)
        e = store_number_credit_claim(tx, c->id, c->state, p.id, tx_now_ms(tx));
    if (e != ERR_OK)
        return e;
    struct transition t = {.event = PAYMENT_EV_PAID_AT_PAGE,
        .actor = d->person,
        .reason = d->reason,
        .received = c->amount,
        .credential_id = c->number_id,
        .trx_id = c->trx_id,
        .payer_mask = c->payer_mask};
    e = p.state == PAYMENT_OPEN                                     ? transition_apply(tx, &p, &t)
        : p.state == PAYMENT_CANCELLED || p.state == PAYMENT_FAILED ? late_attach(tx, &p, &t)
                                                                    : ERR_STATE;
    if (e == ERR_OK)
        *ret_payment_id = p.id;
    return e;
}

enum err phone_confirm(
    struct tx *tx, struct arena *a, const struct phone_decision *d, int64_t *ret_payment_id)
{
    struct number_credit_row c;
    enum err e = store_number_credit_get(tx_db(tx), a, d->credit_id, &c);
    if (e != ERR_OK)
        return e;
    if (str_absent(c.asked_by) || c.state == NUMBER_CREDIT_CLAIMED)
        return ERR_STATE;
    if (str_eq(c.asked_by, d->person))
        return ERR_FORBIDDEN;
    if (c.asked_payment_id != d->payment_id || c.asked_void != d->is_void ||
        c.asked_sms_id != d->sms_id)
        return ERR_INVALID;
    if (c.asked_void)
        return phone_void(tx, a, &c, d);
    if (c.asked_payment_id)
        return attach(tx, a, &c, d, ret_payment_id);
    /* No TrxID could ever claim it without its payer's digits. */
    e = c.state == NUMBER_CREDIT_FREE || str_absent(c.payer_end)
            ? ERR_STATE
            : store_number_credit_move(tx, c.id, c.state, NUMBER_CREDIT_FREE, d->reason);
    if (e == ERR_OK)
        *ret_payment_id = 0;
    return e;
}

enum err phone_mark(struct tx *tx, struct arena *a, const struct phone_decision *d)
{
    struct number_credit_row c;
    enum err e = store_number_credit_get(tx_db(tx), a, d->credit_id, &c);
    if (e == ERR_OK && (c.state == NUMBER_CREDIT_CLAIMED || c.state == NUMBER_CREDIT_MARKED ||
                           c.state == NUMBER_CREDIT_VOID))
        e = ERR_STATE;
    return e == ERR_OK
               ? store_number_credit_move(tx, c.id, c.state, NUMBER_CREDIT_MARKED, d->reason)
               : e;
}
