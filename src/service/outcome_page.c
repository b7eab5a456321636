/* A wallet that takes the money at its own page is asked until it tells: nothing that a browser brings back is believed. What it
 * says counts whatever became of the attempt and the payment meanwhile. */
#include "base/log.h"
#include "service/outcome.h"

#define SECOND_MS INT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define VERIFY_MIN_MS (10 * SECOND_MS)
#define VERIFY_DAY_MS (24 * HOUR_MS)

bool outcome_takes_at_page(enum wallet_kind wallet)
{
    const struct wallet_ops *ops = wallet_ops_find(wallet);
    return ops && !ops->needs_execute;
}

bool outcome_is_at_page(const struct attempt_row *a)
{
    enum attempt_state to;
    return outcome_takes_at_page(a->wallet) && !str_absent(a->wallet_ref) &&
           attempt_next(a->state, ATTEMPT_EV_PAID_AT_PAGE, &to) == ERR_OK;
}

bool outcome_may_be_paid(const struct attempt_row *a)
{
    return a->state == ATTEMPT_REDIRECTED && outcome_is_at_page(a) &&
           (str_is(a->reason, OUTCOME_CAME_BACK) || str_is(a->reason, OUTCOME_STRANGE));
}

int64_t outcome_next_verify(const struct attempt_row *a, const struct payment_row *p, int64_t now)
{
    int64_t day = a->created_at + VERIFY_DAY_MS;
    int64_t end = p->expires_at > day ? p->expires_at : day;
    int64_t step = (now - a->created_at) / 4;
    if (now >= end) {
        return 0;
    }
    step = step < VERIFY_MIN_MS ? VERIFY_MIN_MS : step > HOUR_MS ? HOUR_MS : step;
    int64_t next = now + step;
    if (p->state == PAYMENT_OPEN && now < p->expires_at && next > p->expires_at) {
        next = p->expires_at;
    }
    return next < end ? next : end;
}

int64_t outcome_ask_after(
    const struct config *c, const struct attempt_row *a, const struct payment_row *p)
{
    const struct wallet_ops *ops = wallet_ops_find(a->wallet);
    bool came_back = a->state == ATTEMPT_REDIRECTED && str_is(a->reason, OUTCOME_CAME_BACK);
    bool waits = ops && ops->query_completes && payment_is_final(p->state) && !came_back;
    return waits ? a->created_at + c->rocket_page_timeout_s * SECOND_MS : 0;
}

/* Judged alike whether a person must look at an open payment or at one that has ended. The money is kept before, unless the
 * wallet has given it back. */
static enum err apply_review(struct errand *c, struct tx *tx, struct payment_row *p,
    const struct attempt_row *a, struct str reason)
{
    struct attempt_row to = *a;
    struct transition t = outcome_transition(c, a, PAYMENT_EV_MISMATCH_AT_PAGE, reason);
    enum outcome_kept kept = OUTCOME_NOT_COUNTABLE;
    to.reason = reason;
    to.next_ask_at = 0;
    enum err e = transition_attempt(tx, a, ATTEMPT_EV_MISMATCH_AT_PAGE, STR("wallet"), &to);
    if (e == ERR_OK && !c->answer.reversed) {
        e = outcome_keep(c, tx, p, a, reason, &kept);
    }
    if (e != ERR_OK || p->state == PAYMENT_OPEN) {
        return e == ERR_OK ? transition_apply(tx, p, &t) : e;
    }
    if (kept != OUTCOME_KEPT) {
        log_alarm("money_does_not_fit", LOG_I("payment", p->id), LOG_I("attempt", a->id),
            LOG_C("state", payment_state_text(p->state)), LOG_S("reason", reason),
            LOG_S("trx_id", c->answer.trx_id), LOG_MONEY("received", c->answer.amount));
    }
    return ERR_OK;
}

/* Into the payment while it is open; else late money. */
static enum err money_take(
    struct errand *c, struct tx *tx, struct payment_row *p, const struct attempt_row *a)
{
    struct transition t = outcome_transition(c, a, PAYMENT_EV_PAID_AT_PAGE, STR_ABSENT);
    if (p->state == PAYMENT_OPEN) {
        if (p->paid.poisha > 0) {
            /* sent to a number before: it stays in suspense, and goes back to the payer */
            t.reason = STR("paid_beside_parts");
            log_alarm("payment_needs_a_person", LOG_I("payment", p->id), LOG_I("attempt", a->id),
                LOG_C("state", payment_state_text(p->state)), LOG_S("reason", t.reason),
                LOG_MONEY("parts", p->paid));
        }
        return transition_apply(tx, p, &t);
    }
    t.reason = STR("paid_at_page");
    t.event = PAYMENT_EV_LATE_MONEY;
    return payment_is_final(p->state) ? transition_apply(tx, p, &t) : transition_suspend(tx, p, &t);
}

static enum err apply_paid(
    struct errand *c, struct tx *tx, struct payment_row *p, const struct attempt_row *a)
{
    struct attempt_row to = *a;
    enum err e = money_take(c, tx, p, a);
    if (e == ERR_DUPLICATE) {
        return apply_review(c, tx, p, a, STR("trx_id_taken"));
    }
    if (e != ERR_OK) {
        return e;
    }
    c->wake_deliver = true;
    to.trx_id = c->answer.trx_id;
    to.payer_mask = outcome_transition(c, a, PAYMENT_EV_PAID_AT_PAGE, STR_ABSENT).payer_mask;
    to.reason = STR_ABSENT;
    to.next_ask_at = 0;
    return transition_attempt(tx, a, ATTEMPT_EV_PAID_AT_PAGE, STR("wallet"), &to);
}

bool outcome_is_late_money(const struct wallet_answer *w, const struct attempt_row *a)
{
    struct wallet_answer rest = *w;
    if (w->has_amount && w->amount.poisha > 0) {
        rest.amount = a->amount;
    }
    return !outcome_differs(&rest, a);
}

/* Before the end only the right amount pays. */
static enum err apply_completed(
    struct errand *c, struct tx *tx, struct payment_row *p, const struct attempt_row *a)
{
    const char *why = outcome_differs(&c->answer, a);
    bool late = payment_is_final(p->state) && outcome_is_late_money(&c->answer, a);
    return !why || late ? apply_paid(c, tx, p, a) : apply_review(c, tx, p, a, str_from(why));
}

/* The wallet's page has ended without money, as far as it knows: the payer may press again, and it is asked all the same. */
static enum err apply_page_end(struct tx *tx, const struct attempt_row *a, struct attempt_row *to,
    enum wallet_page_end end, bool *ret_done)
{
    bool refused = end == WALLET_PAGE_REFUSED;
    enum attempt_event event = refused ? ATTEMPT_EV_CALLBACK_FAILURE : ATTEMPT_EV_CALLBACK_CANCEL;
    enum attempt_state state;
    *ret_done = end != WALLET_PAGE_OPEN && attempt_next(a->state, event, &state) == ERR_OK;
    if (!*ret_done) {
        return ERR_OK;
    }
    to->reason = refused ? STR("refused") : STR("cancelled");
    return transition_attempt(tx, a, event, STR("wallet"), to);
}

/* A day has passed, and the wallet has not said that it has no money. */
static void alarm_untold(const struct attempt_row *a, const struct wallet_answer *w)
{
    log_alarm("wallet_never_told", LOG_I("payment", a->payment_id), LOG_I("attempt", a->id),
        LOG_C("wallet", wallet_kind_code(a->wallet)), LOG_S("code", w->code),
        LOG_S("invoice", a->invoice));
}

/* Not paid, or nothing certain. A callback that came while the wallet was asked wants it asked again, at its own time. */
static enum err apply_waiting(
    struct errand *c, struct tx *tx, const struct payment_row *p, const struct attempt_row *a)
{
    const struct wallet_answer *w = &c->answer;
    struct attempt_row to = *a;
    bool called = a->next_ask_at != c->asked_until;
    bool at_page = a->state == ATTEMPT_REDIRECTED;
    bool done = false;
    if (!called) {
        to.next_ask_at = outcome_next_verify(a, p, tx_now_ms(tx));
    }
    if (w->strange && !str_is(a->reason, OUTCOME_STRANGE)) {
        to.reason = STR(OUTCOME_STRANGE);
        log_alarm("wallet_says_an_unknown_status", LOG_I("payment", p->id), LOG_I("attempt", a->id),
            LOG_C("wallet", wallet_kind_code(a->wallet)), LOG_S("status", w->message));
    } else if (w->outcome == WALLET_PENDING && at_page && !called) {
        to.reason = w->code;
    }
    if (to.next_ask_at == 0 && w->outcome != WALLET_PENDING) {
        alarm_untold(a, w);
    }
    enum err e = apply_page_end(tx, a, &to, w->page_end, &done);
    return e != ERR_OK || done ? e : store_attempt_cas(tx, a, &to);
}

/* It is asked some fifty times in a day: only what it has not said before becomes an event. */
static bool is_news(const struct wallet_answer *w, const struct attempt_row *a)
{
    if (w->strange) {
        return !str_is(a->reason, OUTCOME_STRANGE);
    }
    if (w->outcome == WALLET_OK) {
        return true;
    }
    return w->outcome == WALLET_PENDING && a->state == ATTEMPT_REDIRECTED &&
           !str_eq(w->code, a->reason);
}

enum err outcome_apply_page(struct errand *c, struct tx *tx, const struct attempt_row *a)
{
    const struct wallet_answer *w = &c->answer;
    struct payment_row p;
    if (!outcome_is_at_page(a)) {
        return ERR_OK; /* a person has decided meanwhile */
    }
    enum err e = store_payment_by_id(tx_db(tx), &c->scratch, a->payment_id, &p);
    if (e == ERR_OK && is_news(w, a)) {
        e = outcome_note(c, tx, a);
    }
    if (e != ERR_OK) {
        return e;
    }
    if (w->outcome == WALLET_OK && w->reversed) {
        return apply_review(c, tx, &p, a, STR("reversed"));
    }
    if (w->outcome == WALLET_OK && w->completed) {
        return apply_completed(c, tx, &p, a);
    }
    return apply_waiting(c, tx, &p, a);
}
