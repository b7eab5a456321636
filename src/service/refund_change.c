#include "service/refund_change.h"

#include "base/json.h"
#include "store/store_ledger.h"

struct money refund_rest(const struct payment_row *p)
{
    return money_sub(money_add(p->credited, p->commission), p->refunded);
}

struct credit_sum {
    const struct refund_row *of;
    struct money amount;
};

static enum err credit_see(void *arg, const struct credit_row *c)
{
    struct credit_sum *x = arg;
    if (c->attached && c->wallet == x->of->wallet && c->credential_id == x->of->credential_id &&
        str_eq(c->trx_id, x->of->trx_id)) {
        x->amount = money_add(x->amount, c->amount);
    }
    return ERR_OK;
}

enum err refund_left_of(struct tx *tx, const struct refund_row *r, struct money *ret)
{
    struct credit_sum sum = {.of = r, .amount = MONEY_ZERO};
    struct money asked;
    enum err e = store_credit_each(tx_db(tx), r->payment_id, false, credit_see, &sum);
    e = e == ERR_OK ? store_refund_sum(tx_db(tx), r, &asked) : e;
    if (e == ERR_OK) {
        *ret = money_sub(sum.amount, asked);
    }
    return e;
}

static enum err event_add(struct tx *tx, const struct refund_row *r, struct str from,
    struct str actor, const char *word, struct str reason)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, 4096);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kint(&w, "refund", r->id);
    json_w_kint(&w, "amount_poisha", r->amount.poisha);
    json_w_kstr(&w, "refund_trx_id", r->refund_trx_id);
    json_w_close(&w);
    struct event_row row = {
        .payment_id = r->payment_id,
        .attempt_id = r->attempt_id,
        .at = tx_now_ms(tx),
        .actor = actor,
        .event = str_from(word),
        .from_state = from,
        .to_state = str_from(refund_state_text(r->state)),
        .reason = reason,
        .detail = buf_ok(&b) ? buf_view(&b) : STR_ABSENT,
    };
    enum err e = store_event_add(tx, &row);
    buf_clear(&b);
    return e;
}

static enum err post(
    struct tx *tx, const struct ledger_entry *entry, const char *kind, int64_t payment_id)
{
    int64_t entry_id = 0;
    return store_ledger_post(tx, entry, kind, payment_id, &entry_id);
}

/* The row before its money: the index on those under way decides between two that come at once. */
enum err refund_begin(struct tx *tx, const struct payment_row *p, struct refund_row *r)
{
    struct ledger_entry entry;
    int64_t live;
    if (p->state != PAYMENT_PAID) {
        return ERR_STATE;
    }
    if (r->amount.poisha <= 0 || money_cmp(r->amount, refund_rest(p)) > 0) {
        return ERR_RANGE;
    }
    enum err e = store_refund_live(tx_db(tx), p->id, &live);
    if (e != ERR_NO_ROW) {
        return e == ERR_OK ? ERR_DUPLICATE : e;
    }
    e = store_refund_add(tx, r);
    struct money left;
    e = e == ERR_OK ? refund_left_of(tx, r, &left) : e;
    if (e != ERR_OK || left.poisha < 0) {
        return e == ERR_OK ? ERR_RANGE : e;
    }
    ledger_refund(&entry, r->account_id, r->amount);
    e = post(tx, &entry, "refund", r->payment_id);
    return e == ERR_OK ? event_add(tx, r, STR_ABSENT, r->actor, "refund_request", r->reason) : e;
}

/* The wallet gave the money back. */
static enum err done_post(struct tx *tx, struct arena *a, const struct refund_row *r)
{
    struct payment_row p, to;
    struct ledger_entry entry;
    enum err e = store_payment_by_id(tx_db(tx), a, r->payment_id, &p);
    if (e != ERR_OK) {
        return e;
    }
    to = p;
    to.refunded = money_add(p.refunded, r->amount);
    e = store_payment_cas(tx, &p, &to);
    if (e != ERR_OK) {
        return e;
    }
    ledger_refund_done(&entry, r->account_id, r->credential_id, r->amount);
    return post(tx, &entry, "refund_done", r->payment_id);
}

static enum err declined_post(struct tx *tx, const struct refund_row *r)
{
    struct ledger_entry entry;
    ledger_refund_returned(&entry, r->account_id, r->amount);
    return post(tx, &entry, "refund_returned", r->payment_id);
}

enum err refund_change(struct tx *tx, struct arena *a, const struct refund_row *from,
    enum refund_event event, struct str actor, struct refund_row *to)
{
    enum err e = refund_next(from->state, event, &to->state);
    if (e != ERR_OK) {
        return e;
    }
    if (!refund_is_live(to->state)) {
        to->next_ask_at = 0;
        to->final_at = tx_now_ms(tx);
    }
    e = store_refund_cas(tx, from, to);
    if (e == ERR_OK && to->state == REFUND_DONE) {
        e = done_post(tx, a, to);
    } else if (e == ERR_OK && to->state == REFUND_DECLINED) {
        e = declined_post(tx, to);
    }
    return e == ERR_OK ? event_add(tx, to, str_from(refund_state_text(from->state)), actor,
                             refund_event_text(event), to->code)
                       : e;
}
