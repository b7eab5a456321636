/* The page's buttons: pay begins an attempt, cancel ends the payment, the language is remembered. */
#include "base/mem.h"
#include "base/text.h"
#include "service/checkout_act.h"
#include "service/credentials.h"
#include "service/links.h"
#include "service/outcome.h"
#include "service/transition.h"
#include "service/ways.h"
#include "service/work.h"
#include <stdio.h>

/* Creates under way at once: a wallet that takes them and does not answer must leave the outgoing connections to executes,
 * queries and notifications. Beyond it the payer is asked to press again. */
#define CREATES_MAX 48
#define SAME_PRESS_MS 10000
#define ATTEMPTS_MAX 200
/* After the wallet's own time-out: the row alone says then that a create was lost. */
#define CREATE_MARGIN_MS 5000

/* 256 random bits, base64url. */
static struct str token_new(struct arena *a)
{
    uint8_t raw[32];
    struct buf b;
    random_bytes(raw, sizeof raw);
    buf_init(&b, 64);
    base64_encode(&b, raw, sizeof raw);
    for (size_t i = 0; i < b.n; i++) {
        b.p[i] = b.p[i] == '+' ? '-' : b.p[i] == '/' ? '_' : b.p[i];
    }
    struct str token = arena_copy(a, str_sub(buf_view(&b), 0, 43));
    buf_wipe(&b);
    return token;
}

static struct str invoice_new(struct arena *a, const struct payment_row *p, int64_t number)
{
    char text[64];
    const struct wallet_ops *ops = wallet_ops_find(p->wallet);
    int n = snprintf(text, sizeof text, ops && ops->plain_invoice ? "K%lldN%lld" : "K%lld-%lld",
        (long long)p->id, (long long)number);
    return arena_copy(a, (struct str){text, (size_t)n});
}

static enum err payment_of(
    struct checkout_act *c, struct act_own *own, struct tx *tx, struct payment_row *ret)
{
    return links_payment(c->service->links, tx_db(tx), &own->arena, str_from(c->uuid), ret);
}

static enum err attempt_begin(struct checkout_act *c, struct act_own *own, struct tx *tx,
    const struct payment_row *p, int64_t credential_id)
{
    int64_t now = tx_now_ms(tx);
    struct payment_row to = *p;
    to.attempts++;
    struct attempt_row a = {
        .payment_id = p->id,
        .number = to.attempts,
        .wallet = p->wallet,
        .credential_id = credential_id,
        .state = ATTEMPT_CREATING,
        .callback_token = token_new(&own->arena),
        .invoice = invoice_new(&own->arena, p, to.attempts),
        .amount = p->amount,
        .currency = p->currency,
        .created_at = now,
        .next_ask_at = now + c->service->config->wallet_timeout_ms + CREATE_MARGIN_MS,
    };
    own->payer_ip = p->customer_ip;
    enum err e = store_attempt_add(tx, &a);
    if (e == ERR_OK) {
        e = store_payment_cas(tx, p, &to);
    }
    if (e == ERR_OK) {
        e = act_event(tx, p->id, a.id, "attempt", STR_ABSENT);
    }
    if (e == ERR_OK && !act_call(c, ERRAND_CREATE, &a)) {
        e = ERR_CONFLICT;
    }
    return e;
}

/* ERR_STATE: the payer came back from a wallet that takes the money at its page, and it has not told yet. His page has no buttons
 * then; one that was left open has. */
static enum err last_told(
    struct act_own *own, struct tx *tx, const struct payment_row *p, struct attempt_row *ret_last)
{
    enum err e = store_attempt_last(tx_db(tx), &own->arena, p->id, ret_last);
    return e == ERR_OK && outcome_may_be_paid(ret_last) ? ERR_STATE : e;
}

static enum err pay_run(struct checkout_act *c, struct act_own *own, struct tx *tx)
{
    struct payment_row p;
    struct attempt_row last;
    int64_t credential_id = 0;
    int64_t now = tx_now_ms(tx);
    enum err e = payment_of(c, own, tx, &p);
    if (e != ERR_OK) {
        return e;
    }
    if (p.state != PAYMENT_OPEN || now >= p.expires_at || p.attempts >= ATTEMPTS_MAX) {
        return ERR_STATE;
    }
    bool bound = false;
    e = ways_bound_to_number(tx_db(tx), &p, &bound);
    if (e != ERR_OK || bound) {
        return e != ERR_OK ? e : ERR_STATE;
    }
    e = last_told(own, tx, &p, &last);
    if (e != ERR_OK && e != ERR_NO_ROW) {
        return e;
    }
    if (e == ERR_OK && last.state == ATTEMPT_CREATING && now - last.created_at < SAME_PRESS_MS) {
        return ERR_OK;
    }
    if (!credentials_find(c->service->credentials, p.wallet, p.account_id, &credential_id)) {
        return ERR_NOT_SENT;
    }
    return attempt_begin(c, own, tx, &p, credential_id);
}

enum err checkout_pay(struct service *s, struct checkout_act *c)
{
    if (work_count_of(s->work, WORK_CREATE) >= CREATES_MAX) {
        return ERR_BUSY;
    }
    return act_submit(s, c, pay_run);
}

static enum err cancel_run(struct checkout_act *c, struct act_own *own, struct tx *tx)
{
    struct payment_row p;
    struct attempt_row last;
    struct transition t = {.event = PAYMENT_EV_CANCEL, .actor = STR("payer")};
    enum err e = payment_of(c, own, tx, &p);
    if (e == ERR_OK && p.state == PAYMENT_OPEN) {
        e = last_told(own, tx, &p, &last);
        e = e == ERR_NO_ROW ? ERR_OK : e;
    }
    if (e == ERR_OK) {
        e = transition_apply(tx, &p, &t);
    }
    own->wake_deliver = e == ERR_OK;
    return e;
}

enum err checkout_cancel(struct service *s, struct checkout_act *c)
{
    return act_submit(s, c, cancel_run);
}

static enum err language_run(struct checkout_act *c, struct act_own *own, struct tx *tx)
{
    struct payment_row p;
    enum err e = payment_of(c, own, tx, &p);
    if (e != ERR_OK || str_eq(p.language, c->language)) {
        return e;
    }
    return store_payment_set_language(tx, p.id, c->language);
}

enum err checkout_language(struct service *s, struct checkout_act *c)
{
    /* a static text from here on: the caller's may be gone when the unit runs */
    if (str_is(c->language, "bn")) {
        c->language = STR("bn");
    } else if (str_is(c->language, "en")) {
        c->language = STR("en");
    } else {
        return ERR_RANGE;
    }
    return act_submit(s, c, language_run);
}
