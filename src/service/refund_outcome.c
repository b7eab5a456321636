/* What a wallet's answer does to a refund. Its list is copied before the refund is sent, so that afterwards what is new in it, with
 * our amount, is ours; an unclear answer is never a no. */
#include "base/log.h"
#include "base/metrics.h"
#include "service/refund_change.h"
#include "service/refund_errand.h"

#define SECOND_MS INT64_C(1000)
#define SENT_ANSWER_MS (30 * SECOND_MS)
/* When a person is asked: after that long in which the wallet's list did not have it, or there was no list. */
#define NOT_LISTED_MS (3600 * SECOND_MS)
#define GIVE_UP_MS (24 * 3600 * SECOND_MS)
#define KNOWN_BYTES_MAX 16384

/* 30 s, 1 min, then every 5 min. */
static int64_t next_ask(const struct refund_row *r, int64_t now)
{
    int64_t step = r->asks <= 1 ? 30 : r->asks == 2 ? 60 : 300;
    return now + step * SECOND_MS;
}

static struct str code_of(const struct refund_errand *c)
{
    return str_absent(c->answer.code) ? STR("unclear") : c->answer.code;
}

static enum err change(struct refund_errand *c, struct tx *tx, const struct refund_row *r,
    enum refund_event event, struct refund_row *to)
{
    return refund_change(tx, &c->scratch, r, event, STR("wallet"), to);
}

static bool known_has(struct str known, struct str trx_id)
{
    struct buf b;
    buf_init(&b, 256);
    buf_char(&b, ' ');
    buf_str(&b, trx_id);
    buf_char(&b, ' ');
    bool has = buf_ok(&b) && !str_absent(known) && memmem(known.p, known.n, b.p, b.n) != NULL;
    buf_clear(&b);
    return has;
}

/* Was not there before it was sent, and is no other refund of ours. ERR_NO_ROW: it is new. */
static enum err trx_seen(struct tx *tx, const struct refund_row *r, struct str trx_id)
{
    int64_t other;
    if (known_has(r->known, trx_id)) {
        return ERR_OK;
    }
    return store_refund_by_trx(tx_db(tx), r->wallet, r->credential_id, trx_id, &other);
}

static enum err apply_done(
    struct refund_errand *c, struct tx *tx, const struct refund_row *r, struct str trx_id)
{
    struct refund_row to = *r;
    to.refund_trx_id = trx_id;
    to.code = code_of(c);
    enum err e = change(c, tx, r, REFUND_EV_DONE, &to);
    if (e == ERR_OK) {
        metric_add(METRIC_refunds_done_total, 1);
    }
    return e;
}

static enum err apply_declined(
    struct refund_errand *c, struct tx *tx, const struct refund_row *r, struct str code)
{
    struct refund_row to = *r;
    to.code = code;
    return change(c, tx, r, REFUND_EV_DECLINED, &to);
}

/* ---- before it is sent ---- */

static bool known_write(const struct refund_errand *c, struct arena *a, struct str *ret)
{
    struct buf b;
    buf_init(&b, KNOWN_BYTES_MAX);
    buf_char(&b, ' ');
    for (size_t i = 0; i < c->answer.refund_count; i++) {
        buf_str(&b, c->answer.refunds[i].trx_id);
        buf_char(&b, ' ');
    }
    *ret = buf_ok(&b) ? arena_copy(a, buf_view(&b)) : STR_ABSENT;
    buf_clear(&b);
    return !str_absent(*ret);
}

/* All was given back already, by whomever: the wallet would refuse it, or do it once more. */
static bool nothing_is_left(const struct refund_errand *c)
{
    for (size_t i = 0; i < c->answer.refund_count; i++) {
        const struct wallet_refund_seen *seen = &c->answer.refunds[i];
        if (seen->completed && seen->untold && seen->whole) {
            return true;
        }
    }
    return false;
}

struct earlier {
    const struct refund_errand *errand;
    struct tx *tx;
    const struct refund_row *of;
    bool was_done;
};

/* One that a person said was not done, and that the wallet lists by now. */
static enum err earlier_see(void *arg, const struct refund_row *r)
{
    struct earlier *x = arg;
    const struct wallet_answer *a = &x->errand->answer;
    if (r->state != REFUND_DECLINED || r->sent_at == 0 || !str_is(r->code, "settled") ||
        r->wallet != x->of->wallet || r->credential_id != x->of->credential_id ||
        !str_eq(r->trx_id, x->of->trx_id)) {
        return ERR_OK;
    }
    for (size_t i = 0; i < a->refund_count; i++) {
        const struct wallet_refund_seen *seen = &a->refunds[i];
        if (seen->completed && (seen->untold || money_eq(seen->amount, r->amount))) {
            enum err e = trx_seen(x->tx, r, seen->trx_id);
            x->was_done = x->was_done || e == ERR_NO_ROW;
            if (e != ERR_OK && e != ERR_NO_ROW) {
                return e;
            }
        }
    }
    return ERR_OK;
}

/* Sent once more it would go back twice: that refund has to be booked first, by hand. */
static enum err apply_earlier(struct refund_errand *c, struct tx *tx, const struct refund_row *r)
{
    c->alarm = STR("earlier_was_done");
    return apply_declined(c, tx, r, c->alarm);
}

static enum err apply_send(
    struct refund_errand *c, struct tx *tx, const struct refund_row *r, struct refund_row *to)
{
    struct earlier x = {.errand = c, .tx = tx, .of = r};
    enum err e = store_refund_each(tx_db(tx), r->payment_id, false, earlier_see, &x);
    if (e != ERR_OK || x.was_done) {
        return e == ERR_OK ? apply_earlier(c, tx, r) : e;
    }
    /* next_ask_at is already when this call is taken as lost */
    to->code = STR_ABSENT;
    to->sent_at = tx_now_ms(tx);
    to->asks = 0;
    c->send_next = true;
    c->decided_ms = clock_mono_ms();
    return change(c, tx, r, REFUND_EV_SEND, to);
}

static enum err apply_copied(struct refund_errand *c, struct tx *tx, const struct refund_row *r)
{
    int64_t now = tx_now_ms(tx);
    struct refund_row to = *r;
    if (c->answer.outcome == WALLET_OK && nothing_is_left(c)) {
        return apply_declined(c, tx, r, STR("refunded_elsewhere"));
    }
    if (c->answer.outcome == WALLET_OK && known_write(c, &c->scratch, &to.known)) {
        return apply_send(c, tx, r, &to);
    }
    if (now >= r->created_at + GIVE_UP_MS) {
        return apply_declined(c, tx, r, STR("unavailable"));
    }
    to.code = code_of(c);
    to.next_ask_at = next_ask(r, now);
    return store_refund_cas(tx, r, &to);
}

/* ---- its answer ---- */

static enum err apply_unknown(
    struct refund_errand *c, struct tx *tx, const struct refund_row *r, struct str code)
{
    int64_t now = tx_now_ms(tx), at = r->sent_at + SENT_ANSWER_MS;
    struct refund_row to = *r;
    if (r->state != REFUND_SENT) {
        return ERR_OK;
    }
    to.code = code;
    to.next_ask_at = at > now && !str_is(code, "timeout") ? at : now;
    return change(c, tx, r, REFUND_EV_UNKNOWN, &to);
}

static enum err apply_not_sent(struct refund_errand *c, struct tx *tx, const struct refund_row *r)
{
    int64_t now = tx_now_ms(tx);
    struct refund_row to = *r;
    if (now >= r->created_at + GIVE_UP_MS) {
        return apply_declined(c, tx, r, STR("unavailable"));
    }
    to.code = code_of(c);
    to.asks = 3; /* a wallet that refuses us altogether is not asked every half minute */
    to.next_ask_at = next_ask(&to, now);
    return change(c, tx, r, REFUND_EV_NOT_SENT, &to);
}

static enum err apply_sent(struct refund_errand *c, struct tx *tx, const struct refund_row *r)
{
    enum err e;
    switch (c->answer.outcome) {
    case WALLET_OK:
        e = trx_seen(tx, r, c->answer.trx_id);
        if (e == ERR_NO_ROW) {
            return apply_done(c, tx, r, c->answer.trx_id);
        }
        return e == ERR_OK ? apply_unknown(c, tx, r, STR("trx_id_of_another")) : e;
    case WALLET_DECLINED:
        return r->state == REFUND_SENT ? apply_declined(c, tx, r, code_of(c)) : ERR_OK;
    case WALLET_BROKEN:
        return r->state == REFUND_SENT ? apply_not_sent(c, tx, r) : ERR_OK;
    case WALLET_PENDING:
    case WALLET_UNKNOWN:
        break;
    }
    return apply_unknown(c, tx, r, code_of(c));
}

/* ---- the list after it was sent ---- */

/* Whether a refund that the wallet lists can be ours. Where it does not tell the amount, at least the word has to fit: nothing is
 * left, or something. */
static bool row_fits(const struct wallet_refund_seen *seen, struct money amount, bool takes_all)
{
    if (!seen->completed) {
        return false;
    }
    return seen->untold ? seen->whole == takes_all : money_eq(seen->amount, amount);
}

static enum err new_rows(struct refund_errand *c, struct tx *tx, const struct refund_row *r,
    int *ret_count, struct str *ret_trx_id)
{
    struct money left;
    enum err e = refund_left_of(tx, r, &left);
    if (e != ERR_OK) {
        return e;
    }
    for (size_t i = 0; i < c->answer.refund_count; i++) {
        const struct wallet_refund_seen *seen = &c->answer.refunds[i];
        if (!row_fits(seen, r->amount, left.poisha == 0)) {
            continue;
        }
        e = trx_seen(tx, r, seen->trx_id);
        if (e == ERR_NO_ROW) {
            *ret_trx_id = seen->trx_id;
            (*ret_count)++;
        } else if (e != ERR_OK) {
            return e;
        }
    }
    return ERR_OK;
}

static enum err apply_given_up(
    struct refund_errand *c, struct tx *tx, const struct refund_row *r, struct str code)
{
    struct refund_row to = *r;
    to.code = code;
    to.next_ask_at = 0;
    c->alarm = code;
    return change(c, tx, r, REFUND_EV_GIVE_UP, &to);
}

static enum err apply_listed(struct refund_errand *c, struct tx *tx, const struct refund_row *r)
{
    int64_t now = tx_now_ms(tx);
    bool told = c->answer.outcome == WALLET_OK;
    struct refund_row to = *r;
    struct str trx_id = STR_ABSENT;
    int count = 0;
    enum err e = new_rows(c, tx, r, &count, &trx_id);
    if (e != ERR_OK) {
        return e;
    }
    if (count == 1) {
        return apply_done(c, tx, r, trx_id);
    }
    if (count > 1) {
        return apply_given_up(c, tx, r, STR("several_fit"));
    }
    if (told && now >= r->sent_at + NOT_LISTED_MS) {
        return apply_given_up(c, tx, r, STR("not_listed"));
    }
    if (now >= r->sent_at + GIVE_UP_MS) {
        return apply_given_up(c, tx, r, STR("no_answer_in_a_day"));
    }
    to.code = told ? STR("not_listed_yet") : code_of(c);
    to.next_ask_at = next_ask(r, now);
    return store_refund_cas(tx, r, &to);
}

enum err refund_outcome(struct refund_errand *c, struct tx *tx)
{
    struct refund_row r;
    enum err e = store_refund_by_id(tx_db(tx), &c->scratch, c->of.id, &r);
    if (e != ERR_OK) {
        return e;
    }
    if (c->sends && (r.state == REFUND_SENT || r.state == REFUND_UNKNOWN)) {
        return apply_sent(c, tx, &r);
    }
    if (!c->sends && r.state == REFUND_REQUESTED) {
        return apply_copied(c, tx, &r);
    }
    if (!c->sends && r.state == REFUND_UNKNOWN) {
        return apply_listed(c, tx, &r);
    }
    /* a person decided meanwhile; the wallet may say otherwise */
    if (c->sends && c->answer.outcome == WALLET_OK && r.state == REFUND_DECLINED) {
        c->alarm = STR("refunded_after_decision");
    }
    return ERR_OK;
}
