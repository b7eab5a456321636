/* What claimed money does to its payment, and what is free to those who wait for it. */
#include "base/log.h"
#include "service/number.h"
#include "service/phone.h"
#include "service/transition.h"
#include "store/store_number_wait.h"

#define ROW_BYTES_MAX 65536
#define WAITS_KEPT_MS (INT64_C(7) * 24 * 3600 * 1000)
/* In one unit; the rest goes on with the next message. */
#define MATCHES_MAX 200

enum err number_fits(
    struct tx *tx, struct arena *a, int64_t number_id, const struct payment_row *p, bool *ret)
{
    struct number_row n;
    enum err e = store_number_get(tx_db(tx), a, number_id, &n);
    if (e == ERR_OK)
        *ret = n.wallet == p->wallet && (n.account_id == 0 || n.account_id == p->account_id);
    return e;
}

/* Short money stays in suspense until the rest comes, and is attached with it. Who sent far too much is not told "paid" by
 * itself: the rest is his. */
static enum err open_money(
    struct tx *tx, struct payment_row *p, struct transition *t, struct money over_tolerance)
{
    struct money left = money_sub(p->amount, p->paid);
    if (money_cmp(t->received, left) < 0)
        return transition_part(tx, p, t);
    if (money_cmp(t->received, money_add(left, over_tolerance)) <= 0) {
        t->event = PAYMENT_EV_PAID_AT_PAGE;
        t->with_parts = true;
        return transition_apply(tx, p, t);
    }
    enum err e = transition_part(tx, p, t);
    t->event = PAYMENT_EV_MISMATCH_AT_PAGE;
    t->reason = STR("amount_over");
    return e == ERR_OK ? transition_apply(tx, p, t) : e;
}

enum err number_money(struct tx *tx, struct payment_row *p, const struct number_credit_row *c,
    struct str actor, struct money over_tolerance)
{
    struct transition t = {.event = PAYMENT_EV_LATE_MONEY,
        .actor = actor,
        .reason = STR_ABSENT,
        .received = c->amount,
        .credential_id = c->number_id,
        .trx_id = c->trx_id,
        .payer_mask = c->payer_mask};
    enum err e = p->state == PAYMENT_OPEN     ? open_money(tx, p, &t, over_tolerance)
                 : payment_is_final(p->state) ? transition_apply(tx, p, &t)
                                              : transition_suspend(tx, p, &t);
    if (e == ERR_OK)
        e = store_number_wait_end_trx(tx, c->wallet, c->trx_id, c->payer_end, p->id);
    if (e == ERR_OK && p->state == PAYMENT_PAID)
        e = store_number_wait_end(tx, p->id);
    return e;
}

/* ---- free money and those who wait ---- */

/* Who could have some money: two are as many as any number, for then nobody gets it. */
#define RIVALS_ENOUGH 2

struct rivals {
    struct tx *tx;
    const struct number_credit_row *credit;
    int64_t payment_id; /* the first */
    int count;
};

static enum err is_eligible(const struct rivals *x, int64_t payment_id, bool *ret)
{
    struct arena a;
    struct payment_row p;
    bool fits = false;
    arena_init(&a, ROW_BYTES_MAX);
    enum err e = store_payment_by_id(tx_db(x->tx), &a, payment_id, &p);
    if (e == ERR_OK)
        e = number_fits(x->tx, &a, x->credit->number_id, &p, &fits);
    if (e == ERR_OK)
        *ret = fits && p.state != PAYMENT_PAID &&
               x->credit->received_at >= p.created_at - PHONE_STALE_SKEW_MS;
    arena_clear(&a);
    return e;
}

static enum err rival_see(void *arg, const struct number_wait_row *r)
{
    struct rivals *x = arg;
    bool good = false;
    if (x->count == RIVALS_ENOUGH)
        return ERR_OK;
    enum err e = is_eligible(x, r->payment_id, &good);
    if (e == ERR_OK && good && x->count++ == 0)
        x->payment_id = r->payment_id;
    return e;
}

static enum err money_give(struct tx *tx, struct arena *a, const struct number_credit_row *c,
    int64_t payment_id, struct money over_tolerance)
{
    struct payment_row p;
    enum err e = store_payment_by_id(tx_db(tx), a, payment_id, &p);
    if (e == ERR_OK)
        e = store_number_credit_claim(tx, c->id, NUMBER_CREDIT_FREE, p.id, tx_now_ms(tx));
    return e == ERR_OK ? number_money(tx, &p, c, STR("wallet"), over_tolerance) : e;
}

/* Whoever typed other digits goes on waiting, and neither takes this money nor keeps it from anybody. What the wallet's API told of
 * was counted then. */
static enum err match(
    struct tx *tx, struct arena *a, int64_t credit_id, struct money over_tolerance)
{
    struct number_credit_row c;
    struct rivals x = {.tx = tx, .credit = &c};
    enum err e = store_number_credit_matched(tx, credit_id);
    if (e == ERR_OK)
        e = store_number_credit_get(tx_db(tx), a, credit_id, &c);
    if (e == ERR_OK)
        e = store_wallet_credit_untaken(tx_db(tx), c.wallet, c.trx_id);
    if (e == ERR_DUPLICATE)
        return ERR_OK;
    if (e == ERR_OK)
        e = store_number_wait_each_trx(tx_db(tx), c.wallet, c.trx_id, c.payer_end, rival_see, &x);
    if (e == ERR_OK && x.count > 1) {
        log_alarm("trxid_typed_twice", LOG_I("credit", c.id));
        e = store_number_credit_move(
            tx, c.id, NUMBER_CREDIT_FREE, NUMBER_CREDIT_REVIEW, STR("typed_twice"));
    }
    if (e == ERR_OK && x.count == 1)
        e = money_give(tx, a, &c, x.payment_id, over_tolerance);
    return e == ERR_OK
               ? store_number_wait_end_trx(tx, c.wallet, c.trx_id, c.payer_end, x.payment_id)
               : e;
}

enum err number_match(struct tx *tx, struct money over_tolerance)
{
    struct arena a;
    enum err e = store_number_wait_forget(tx, tx_now_ms(tx) - WAITS_KEPT_MS);
    arena_init(&a, ROW_BYTES_MAX * 2);
    for (int i = 0; i < MATCHES_MAX && e == ERR_OK; i++) {
        int64_t credit_id = 0;
        arena_reset(&a);
        e = store_number_credit_unmatched(tx_db(tx), &credit_id);
        if (e == ERR_OK)
            e = match(tx, &a, credit_id, over_tolerance);
    }
    arena_clear(&a);
    return e == ERR_NO_ROW ? ERR_OK : e;
}
