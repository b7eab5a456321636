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
#define RIVALS_MAX 16

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
        e = store_number_wait_end_trx(tx, c->wallet, c->trx_id);
    if (e == ERR_OK && p->state == PAYMENT_PAID)
        e = store_number_wait_end(tx, p->id);
    return e;
}

/* ---- free money and those who wait ---- */

struct rivals {
    int64_t ids[RIVALS_MAX];
    int count;
};

static enum err rival_see(void *arg, const struct number_wait_row *r)
{
    struct rivals *x = arg;
    if (x->count < RIVALS_MAX)
        x->ids[x->count++] = r->payment_id;
    return ERR_OK;
}

/* The payments that could have this money; `ret` is the last of them. */
static enum err eligible(struct tx *tx, struct arena *a, const struct number_credit_row *c,
    const struct rivals *x, struct payment_row *ret, int *ret_count)
{
    int count = 0;
    for (int i = 0; i < x->count; i++) {
        struct payment_row p;
        bool good = false;
        enum err e = store_payment_by_id(tx_db(tx), a, x->ids[i], &p);
        if (e == ERR_OK)
            e = number_fits(tx, a, c->number_id, &p, &good);
        if (e != ERR_OK)
            return e;
        if (!good || p.state == PAYMENT_PAID || c->received_at < p.created_at - PHONE_STALE_SKEW_MS)
            continue;
        *ret = p;
        count++;
    }
    *ret_count = count;
    return ERR_OK;
}

static enum err match(
    struct tx *tx, struct arena *a, int64_t credit_id, struct money over_tolerance)
{
    struct number_credit_row c;
    struct payment_row p;
    struct rivals x = {.count = 0};
    int count = 0;
    enum err e = store_number_credit_get(tx_db(tx), a, credit_id, &c);
    if (e == ERR_OK)
        e = store_number_wait_each_trx(tx_db(tx), c.wallet, c.trx_id, rival_see, &x);
    if (e == ERR_OK)
        e = eligible(tx, a, &c, &x, &p, &count);
    if (e == ERR_OK && count > 1) {
        log_alarm("trxid_typed_twice", LOG_I("credit", c.id), LOG_I("payments", count));
        e = store_number_credit_move(
            tx, c.id, NUMBER_CREDIT_FREE, NUMBER_CREDIT_REVIEW, STR("typed_twice"));
    }
    if (e == ERR_OK && count == 1) {
        e = store_number_credit_claim(tx, c.id, NUMBER_CREDIT_FREE, p.id, tx_now_ms(tx));
        if (e == ERR_OK)
            e = number_money(tx, &p, &c, STR("wallet"), over_tolerance);
    }
    return e == ERR_OK ? store_number_wait_end_trx(tx, c.wallet, c.trx_id) : e;
}

enum err number_match(struct tx *tx, struct money over_tolerance)
{
    struct arena a;
    enum err e = store_number_wait_forget(tx, tx_now_ms(tx) - WAITS_KEPT_MS);
    arena_init(&a, ROW_BYTES_MAX * RIVALS_MAX);
    for (int i = 0; i < MATCHES_MAX && e == ERR_OK; i++) {
        int64_t credit_id = 0;
        arena_reset(&a);
        e = store_number_wait_told(tx_db(tx), &credit_id);
        if (e == ERR_OK)
            e = match(tx, &a, credit_id, over_tolerance);
    }
    arena_clear(&a);
    return e == ERR_NO_ROW ? ERR_OK : e;
}
