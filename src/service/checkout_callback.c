/* The payer comes back from the wallet. With success bKash's money moves at our execute and only there: the intent is
 * committed first, then execute is sent, once. */
#include "base/log.h"
#include "base/text.h"
#include "service/checkout_act.h"
#include "service/outcome.h"
#include "service/transition.h"
#include "service/ways.h"

#define EXECUTE_MARGIN_MS 1000
/* So often a callback may have the wallet asked: anybody who has its address can send it. */
#define VERIFY_EVERY_MS 3000
/* An attempt that was asked about so often is left to its own times, which are some fifty in a day. */
#define CALLBACK_ASKS_MAX 60
#define CALLBACK_ROW_MAX (1U << 20)
#define REFUSED "callback_refused"

/* Notes what was refused, once for an attempt: a payer who reloads must not fill the store. */
static enum err note_once(
    struct tx *tx, const struct attempt_row *a, const char *word, struct str reason)
{
    enum err e = store_event_has(tx_db(tx), a->payment_id, a->id, str_from(word));
    return e == ERR_NO_ROW ? act_event(tx, a->payment_id, a->id, word, reason) : e;
}

static enum err execute_begin(
    struct checkout_act *c, struct tx *tx, struct payment_row *p, const struct attempt_row *a)
{
    int64_t now = tx_now_ms(tx);
    struct attempt_row to = *a;
    struct transition t = {.event = PAYMENT_EV_EXECUTE, .actor = STR("payer"), .attempt_id = a->id};
    ensure(a->execute_sent_at == 0, "execute is sent at most once for an attempt");
    to.execute_sent_at = now;
    to.next_ask_at = now + c->service->config->wallet_timeout_ms + EXECUTE_MARGIN_MS;
    to.reason = STR_ABSENT;
    enum err e = transition_attempt(tx, a, ATTEMPT_EV_CALLBACK_SUCCESS, STR("payer"), &to);
    if (e == ERR_OK) {
        e = transition_apply(tx, p, &t);
    }
    if (e == ERR_OK && !act_call(c, ERRAND_EXECUTE, &to)) {
        e = ERR_CONFLICT;
    }
    return e;
}

static enum err callback_success(
    struct checkout_act *c, struct tx *tx, struct payment_row *p, const struct attempt_row *a)
{
    enum attempt_state to;
    if (a->execute_sent_at != 0 ||
        attempt_next(a->state, ATTEMPT_EV_CALLBACK_SUCCESS, &to) != ERR_OK) {
        return ERR_OK; /* a duplicate: what is stored wins */
    }
    if (p->state == PAYMENT_EXECUTING || p->state == PAYMENT_REVIEW) {
        return ERR_OK; /* another attempt's money may be moving */
    }
    if (p->state != PAYMENT_OPEN || tx_now_ms(tx) >= p->expires_at) {
        log_info("late_callback", LOG_I("payment", p->id), LOG_I("attempt", a->id));
        return note_once(tx, a, "late_callback", STR_ABSENT);
    }
    bool bound = false;
    enum err e = ways_bound_to_number(tx_db(tx), p, &bound);
    if (e != ERR_OK) {
        return e;
    }
    if (bound) {
        return note_once(tx, a, "not_executed", STR("sent_to_number"));
    }
    return execute_begin(c, tx, p, a);
}

/* The wallet's page says that it failed, or the payer left it: not trusted further than this, since a later success of
 * the same attempt still counts. */
static enum err callback_ended(struct tx *tx, const struct payment_row *p,
    const struct attempt_row *a, enum attempt_event event, struct str reason)
{
    enum attempt_state state;
    struct attempt_row to = *a;
    if (p->state != PAYMENT_OPEN || attempt_next(a->state, event, &state) != ERR_OK) {
        return ERR_OK;
    }
    to.reason = reason;
    return transition_attempt(tx, a, event, STR("payer"), &to);
}

/* Nothing that a browser says of a payment at a wallet's page is signed, so it only brings the question to the wallet forward. */
static enum err callback_at_page(struct act_own *own, struct tx *tx, const struct attempt_row *a)
{
    int64_t now = tx_now_ms(tx);
    int64_t soonest = a->asked_at + VERIFY_EVERY_MS;
    struct attempt_row to = *a;
    if (!outcome_is_at_page(a) || a->asks >= CALLBACK_ASKS_MAX) {
        return ERR_OK; /* what is stored wins */
    }
    if (a->state == ATTEMPT_REDIRECTED && !outcome_may_be_paid(a)) {
        to.reason = STR(OUTCOME_CAME_BACK);
    }
    soonest = soonest > now ? soonest : now;
    if (a->next_ask_at == 0 || a->next_ask_at > soonest) {
        to.next_ask_at = soonest;
    }
    if (to.next_ask_at == a->next_ask_at && str_eq(to.reason, a->reason)) {
        return ERR_OK;
    }
    own->wake_settle = true;
    enum err e = store_attempt_cas(tx, a, &to);
    return e == ERR_OK ? note_once(tx, a, "came_back", STR_ABSENT) : e;
}

static bool ref_is_ours(const struct checkout_act *c, const struct attempt_row *a)
{
    struct str ref = str_from(c->ref);
    return !str_absent(a->wallet_ref) && ref.n == a->wallet_ref.n &&
           mem_eq_const_time(ref.p, a->wallet_ref.p, ref.n);
}

/* Rocket's bank sends all payers of a merchant to one address, so the transaction alone names the attempt. */
static enum err attempt_find(
    const struct checkout_act *c, struct db *db, struct arena *a, struct attempt_row *ret)
{
    if (c->wallet == WALLET_ROCKET) {
        return store_attempt_by_rocket_ref(db, a, str_from(c->ref), ret);
    }
    return store_attempt_by_token(db, a, str_from(c->token), ret);
}

static enum err callback_run(struct checkout_act *c, struct act_own *own, struct tx *tx)
{
    struct attempt_row a;
    struct payment_row p;
    enum err e = attempt_find(c, tx_db(tx), &own->arena, &a);
    if (e == ERR_OK) {
        e = store_payment_by_id(tx_db(tx), &own->arena, a.payment_id, &p);
    }
    if (e != ERR_OK) {
        return e;
    }
    memcpy(c->uuid, p.uuid.p, UUID_LEN);
    c->uuid[UUID_LEN] = 0;
    if (!ref_is_ours(c, &a)) {
        log_warn("callback_refused", LOG_I("payment", p.id), LOG_I("attempt", a.id));
        own->verdict = ERR_STATE;
        return note_once(tx, &a, REFUSED, STR("reference_differs"));
    }
    if (outcome_takes_at_page(a.wallet)) {
        return callback_at_page(own, tx, &a);
    }
    switch ((enum callback_status)c->callback_status) {
    case CALLBACK_SUCCESS:
        return callback_success(c, tx, &p, &a);
    case CALLBACK_FAILURE:
        return callback_ended(tx, &p, &a, ATTEMPT_EV_CALLBACK_FAILURE, STR("refused"));
    case CALLBACK_CANCEL:
        return callback_ended(tx, &p, &a, ATTEMPT_EV_CALLBACK_CANCEL, STR("cancelled"));
    case CALLBACK_OTHER:
        break;
    }
    return ERR_OK;
}

/* Another reference than the attempt's was refused and noted before: nothing is left to write. `c->uuid` is set then. */
static enum err refused_before(
    struct db *db, struct arena *arena, struct checkout_act *c, const struct attempt_row *a)
{
    struct payment_row p;
    if (ref_is_ours(c, a)) {
        return ERR_NO_ROW;
    }
    enum err e = store_event_has(db, a->payment_id, a->id, STR(REFUSED));
    if (e == ERR_OK) {
        e = store_payment_by_id(db, arena, a->payment_id, &p);
    }
    if (e == ERR_OK) {
        memcpy(c->uuid, p.uuid.p, UUID_LEN);
        c->uuid[UUID_LEN] = 0;
    }
    return e;
}

/* Tokens are made up by anybody, and merchants' creates wait in the same queue for the writer: only a token that is there may
 * wait in it too, and with another payment's reference once. A token is committed before its payer can have it, and attempts are
 * never deleted. */
static enum err token_known(struct service *s, struct checkout_act *c, bool *ret_refused)
{
    struct arena arena;
    struct attempt_row a;
    struct db *db = store_reader(s->store);
    if (!db) {
        return ERR_STORE_IO;
    }
    arena_init(&arena, CALLBACK_ROW_MAX);
    enum err e = attempt_find(c, db, &arena, &a);
    bool other = e == ERR_OK &&
                 a.wallet != c->wallet; /* at another wallet's address there is no such token */
    if (e == ERR_OK && !other) {
        e = refused_before(db, &arena, c, &a);
        *ret_refused = e == ERR_OK;
        e = e == ERR_NO_ROW ? ERR_OK : e;
    }
    arena_clear(&arena);
    return other ? ERR_NO_ROW : e;
}

enum err checkout_callback(struct service *s, struct checkout_act *c, enum callback_status status)
{
    bool refused = false;
    enum err e = token_known(s, c, &refused);
    if (e != ERR_OK) {
        return e;
    }
    if (refused) {
        c->done(c, ERR_STATE);
        return ERR_OK;
    }
    c->callback_status = (int)status;
    return act_submit(s, c, callback_run);
}
