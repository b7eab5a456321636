/* What a wallet's answer does to an attempt and its payment. The only money rules are here: compare before paid, never take an
 * unclear answer for a no, never drop money that arrived. */
#include "service/outcome.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "service/transition.h"

#define SECOND_MS INT64_C(1000)
#define ASK_PENDING_MS (30 * SECOND_MS)
#define EXECUTE_ANSWER_MS (30 * SECOND_MS)
#define GIVE_UP_MS (24 * 3600 * SECOND_MS)
#define MESSAGE_CHARS_MAX 200

enum verdict {
    VERDICT_PAID,
    VERDICT_MISMATCH,
    VERDICT_DECLINED,
    VERDICT_UNKNOWN, /* ask (again) at next_ask_at */
    VERDICT_GIVE_UP
};

struct judgement {
    enum verdict verdict;
    struct str reason;
    int64_t next_ask_at;
};

static const char *const words[] = {
    [WALLET_OK] = "ok",
    [WALLET_DECLINED] = "declined",
    [WALLET_PENDING] = "pending",
    [WALLET_UNKNOWN] = "unknown",
    [WALLET_BROKEN] = "broken",
};

enum err outcome_note(struct errand *c, struct tx *tx, const struct attempt_row *a)
{
    struct buf b;
    struct json_writer w;
    char event[32];
    size_t n = strlen(errand_text(c->kind));
    buf_init(&b, 8192);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kstr(&w, "code", utf8_prefix(c->answer.code, 64));
    json_w_kstr(&w, "message", utf8_prefix(c->answer.message, MESSAGE_CHARS_MAX));
    json_w_kstr(&w, "trx_id", utf8_prefix(c->answer.trx_id, 64));
    if (c->answer.has_amount) {
        json_w_kint(&w, "amount_poisha", c->answer.amount.poisha);
    }
    json_w_kint(&w, "duration_ms", c->took_ms);
    json_w_close(&w);
    memcpy(event, errand_text(c->kind), n);
    memcpy(event + n, "_answer", sizeof "_answer");
    struct event_row row = {
        .payment_id = a->payment_id,
        .attempt_id = a->id,
        .at = tx_now_ms(tx),
        .actor = STR("wallet"),
        .event = str_from(event),
        .from_state = STR_ABSENT,
        .to_state = STR_ABSENT,
        .reason = str_from(words[c->answer.outcome]),
        .detail = buf_ok(&b) ? buf_view(&b) : STR_ABSENT,
    };
    enum err e = store_event_add(tx, &row);
    buf_clear(&b);
    return e;
}

static struct str payer_mask(struct errand *c)
{
    struct buf b;
    if (c->answer.payer.n == 0 || c->answer.payer.n > 64) {
        return STR_ABSENT;
    }
    buf_init(&b, 256);
    text_mask_number(&b, c->answer.payer);
    struct str mask = arena_copy(&c->scratch, buf_view(&b));
    buf_clear(&b);
    return mask;
}

/* ---- execute and query ---- */

/* Names what the wallet says differently from us; NULL when all fits. */
const char *outcome_differs(const struct wallet_answer *w, const struct attempt_row *a)
{
    if (str_absent(w->ref) || !str_eq(w->ref, a->wallet_ref)) {
        return "reference_differs";
    }
    if (!w->has_amount || !money_eq(w->amount, a->amount)) {
        return "amount_differs";
    }
    if (str_absent(w->currency) || !str_eq(w->currency, a->currency)) {
        return "currency_differs";
    }
    if (w->elsewhere) {
        return "merchant_differs";
    }
    if (!str_absent(w->invoice) && !str_eq(w->invoice, a->invoice)) {
        return "invoice_differs";
    }
    return w->trx_id.n == 0 ? "trx_id_missing" : NULL;
}

static struct judgement judge_completed(const struct wallet_answer *w, const struct attempt_row *a)
{
    const char *why = outcome_differs(w, a);
    return (struct judgement){
        .verdict = why ? VERDICT_MISMATCH : VERDICT_PAID, .reason = str_from(why)};
}

/* Codes that say the money moved already: the query will tell, and may be asked at once. So it may after a real time-out;
 * else bKash wants half a minute to pass from the execute. */
static bool ask_at_once(struct str code)
{
    static const char *const codes[] = {"2062", "2068", "2116", "2117", "2119", "timeout"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (str_is(code, codes[i])) {
            return true;
        }
    }
    return false;
}

static struct judgement judge_execute(
    const struct wallet_answer *w, const struct attempt_row *a, int64_t now)
{
    int64_t ask_at = a->execute_sent_at + EXECUTE_ANSWER_MS;
    struct judgement unknown = {
        .verdict = VERDICT_UNKNOWN,
        .reason = str_absent(w->code) ? STR("unclear") : w->code,
        .next_ask_at = ask_at_once(w->code) || ask_at < now ? now : ask_at,
    };
    switch (w->outcome) {
    case WALLET_OK:
        return w->completed ? judge_completed(w, a) : unknown;
    case WALLET_DECLINED:
        return (struct judgement){
            .verdict = VERDICT_DECLINED, .reason = str_absent(w->code) ? STR("declined") : w->code};
    case WALLET_BROKEN:
        return (struct judgement){.verdict = VERDICT_DECLINED, .reason = STR("unavailable")};
    case WALLET_PENDING:
    case WALLET_UNKNOWN:
        break;
    }
    return unknown;
}

/* The wallet has not executed it. That is final only when an execute that was under way would have arrived by now. */
static struct judgement judge_pending(const struct attempt_row *a, int64_t now, int64_t window_ms)
{
    int64_t end = a->execute_sent_at + window_ms;
    int64_t next = now + ASK_PENDING_MS;
    if (now >= end) {
        return (struct judgement){.verdict = VERDICT_DECLINED, .reason = STR("not_executed")};
    }
    return (struct judgement){.verdict = VERDICT_UNKNOWN,
        .reason = STR("pending"),
        .next_ask_at = next < end ? next : end};
}

/* 30 s, 1 min, then every 5 min, until a day after the execute. A refused query says nothing about the money. */
static struct judgement judge_unclear(
    const struct wallet_answer *w, const struct attempt_row *a, int64_t now)
{
    int64_t end = a->execute_sent_at + GIVE_UP_MS;
    int64_t step = a->asks <= 1 ? 30 : a->asks == 2 ? 60 : 300;
    int64_t next = now + step * SECOND_MS;
    if (now >= end) {
        return (struct judgement){.verdict = VERDICT_GIVE_UP, .reason = STR("no_answer_in_a_day")};
    }
    return (struct judgement){.verdict = VERDICT_UNKNOWN,
        .reason = str_absent(w->code) ? STR("unclear") : w->code,
        .next_ask_at = next < end ? next : end};
}

static struct judgement judge_query(
    const struct wallet_answer *w, const struct attempt_row *a, int64_t now, int64_t window_ms)
{
    switch (w->outcome) {
    case WALLET_OK:
        return w->completed ? judge_completed(w, a) : judge_pending(a, now, window_ms);
    case WALLET_PENDING:
        return judge_pending(a, now, window_ms);
    case WALLET_DECLINED:
    case WALLET_UNKNOWN:
    case WALLET_BROKEN:
        break;
    }
    return judge_unclear(w, a, now);
}

struct transition outcome_transition(
    struct errand *c, const struct attempt_row *a, enum payment_event event, struct str reason)
{
    return (struct transition){
        .event = event,
        .actor = STR("wallet"),
        .reason = reason,
        .attempt_id = a->id,
        .received = c->answer.amount,
        .credential_id = a->credential_id,
        .trx_id = c->answer.trx_id,
        .payer_mask = payer_mask(c),
    };
}

static enum err apply_review(struct errand *c, struct tx *tx, struct payment_row *p,
    const struct attempt_row *a, enum verdict v, struct str reason)
{
    bool gave_up = v == VERDICT_GIVE_UP;
    enum outcome_kept kept;
    struct attempt_row to = *a;
    struct transition t =
        outcome_transition(c, a, gave_up ? PAYMENT_EV_GIVE_UP : PAYMENT_EV_MISMATCH, reason);
    to.reason = reason;
    to.next_ask_at = 0;
    enum err e = transition_attempt(
        tx, a, gave_up ? ATTEMPT_EV_GIVE_UP : ATTEMPT_EV_MISMATCH, STR("wallet"), &to);
    if (e == ERR_OK && !gave_up) {
        e = outcome_keep(c, tx, p, a, reason, &kept);
    }
    return e == ERR_OK ? transition_apply(tx, p, &t) : e;
}

static enum err apply_paid(
    struct errand *c, struct tx *tx, struct payment_row *p, const struct attempt_row *a)
{
    struct attempt_row to = *a;
    struct transition t = outcome_transition(c, a, PAYMENT_EV_PAID, STR_ABSENT);
    enum err e = transition_apply(tx, p, &t);
    if (e == ERR_DUPLICATE) {
        return apply_review(c, tx, p, a, VERDICT_MISMATCH, STR("trx_id_taken"));
    }
    if (e != ERR_OK) {
        return e;
    }
    c->wake_deliver = true;
    to.trx_id = t.trx_id;
    to.payer_mask = t.payer_mask;
    to.reason = STR_ABSENT;
    to.next_ask_at = 0;
    return transition_attempt(tx, a, ATTEMPT_EV_PAID, STR("wallet"), &to);
}

static enum err apply_declined(struct errand *c, struct tx *tx, struct payment_row *p,
    const struct attempt_row *a, struct str reason)
{
    struct attempt_row to = *a;
    struct transition t = outcome_transition(c, a, PAYMENT_EV_DECLINED, reason);
    t.payer_mask = STR_ABSENT;
    to.reason = reason;
    to.next_ask_at = 0;
    c->wake_settle = true; /* its lifetime may be over */
    enum err e = transition_attempt(tx, a, ATTEMPT_EV_DECLINED, STR("wallet"), &to);
    return e == ERR_OK ? transition_apply(tx, p, &t) : e;
}

static enum err apply_unknown(
    struct errand *c, struct tx *tx, const struct attempt_row *a, const struct judgement *j)
{
    struct attempt_row to = *a;
    to.reason = j->reason;
    to.next_ask_at = j->next_ask_at;
    c->wake_settle = true;
    if (a->state == ATTEMPT_EXECUTING) {
        return transition_attempt(tx, a, ATTEMPT_EV_UNKNOWN, STR("wallet"), &to);
    }
    return store_attempt_cas(tx, a, &to);
}

static enum err apply_judgement(struct errand *c, struct tx *tx, struct payment_row *p,
    const struct attempt_row *a, const struct judgement *j)
{
    switch (j->verdict) {
    case VERDICT_PAID:
        return apply_paid(c, tx, p, a);
    case VERDICT_MISMATCH:
    case VERDICT_GIVE_UP:
        return apply_review(c, tx, p, a, j->verdict, j->reason);
    case VERDICT_DECLINED:
        return apply_declined(c, tx, p, a, j->reason);
    case VERDICT_UNKNOWN:
        break;
    }
    return apply_unknown(c, tx, a, j);
}

/* An attempt's money moves once. A person counted it already, perhaps under a TrxID that he mistyped. */
static enum err apply_again(struct errand *c, const struct attempt_row *a)
{
    if (!str_ieq(c->answer.trx_id, a->trx_id)) {
        log_alarm("settled_under_another_trx_id", LOG_I("payment", a->payment_id),
            LOG_I("attempt", a->id), LOG_S("trx_id", c->answer.trx_id));
    }
    return ERR_OK;
}

/* The wallet says that the money moved, but a person has decided about this attempt meanwhile. It is kept in suspense and, after
 * the end, told to the merchant; where the payer could still pay again the payment goes under review. */
static enum err apply_stray(
    struct errand *c, struct tx *tx, struct payment_row *p, const struct attempt_row *a)
{
    struct str reason = STR("paid_after_decision");
    struct transition t = outcome_transition(c, a, PAYMENT_EV_EXECUTE, reason);
    enum outcome_kept kept;
    if (a->state == ATTEMPT_PAID) {
        return apply_again(c, a);
    }
    bool open = p->state == PAYMENT_OPEN;
    enum err e = outcome_keep(c, tx, p, a, reason, &kept);
    if (e == ERR_OK && open) {
        e = transition_apply(tx, p, &t);
        t.event = PAYMENT_EV_MISMATCH;
        return e == ERR_OK ? transition_apply(tx, p, &t) : e;
    }
    /* else the person knew the TrxID and has counted it */
    if (e == ERR_OK && kept == OUTCOME_NOT_COUNTABLE) {
        log_alarm("money_after_decision", LOG_I("payment", p->id), LOG_I("attempt", a->id),
            LOG_S("trx_id", c->answer.trx_id));
    }
    return e;
}

static enum err apply_money(struct errand *c, struct tx *tx, const struct attempt_row *a)
{
    struct payment_row p;
    int64_t now = tx_now_ms(tx);
    int64_t window_ms = c->service->config->wallet_unknown_window_s * SECOND_MS;
    enum err e = store_payment_by_id(tx_db(tx), &c->scratch, a->payment_id, &p);
    if (e != ERR_OK) {
        return e;
    }
    if ((a->state == ATTEMPT_EXECUTING || a->state == ATTEMPT_UNKNOWN) &&
        p.state == PAYMENT_EXECUTING) {
        struct judgement j = c->kind == ERRAND_QUERY ? judge_query(&c->answer, a, now, window_ms)
                                                     : judge_execute(&c->answer, a, now);
        return apply_judgement(c, tx, &p, a, &j);
    }
    if (c->answer.outcome == WALLET_OK && c->answer.completed) {
        return apply_stray(c, tx, &p, a);
    }
    return ERR_OK;
}

enum err outcome_apply(struct errand *c, struct tx *tx)
{
    struct attempt_row a;
    enum err e = store_attempt_by_id(tx_db(tx), &c->scratch, c->attempt_id, &a);
    if (e != ERR_OK) {
        return e;
    }
    if (c->kind == ERRAND_QUERY && outcome_takes_at_page(a.wallet)) {
        return outcome_apply_page(c, tx, &a);
    }
    e = outcome_note(c, tx, &a);
    if (e != ERR_OK) {
        return e;
    }
    return c->kind == ERRAND_CREATE || c->kind == ERRAND_PLACE ? outcome_apply_create(c, tx, &a)
                                                               : apply_money(c, tx, &a);
}
