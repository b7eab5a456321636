#include "service/settle_unit.h"

#include "base/log.h"
#include "base/mem.h"
#include "service/errand.h"
#include "service/outcome.h"
#include "service/transition.h"
#include "service/work.h"

#define UNIT_BYTES_MAX (1U << 20)
/* Beyond the wallet's time-out, token calls included: when a query is taken as lost with its process. */
#define ASK_MARGIN_MS 60000
/* So long the end of a payment waits for a wallet that takes the money at its page. */
#define PAGE_GRACE_MS 60000

static void unit_reset(struct settle_unit *u)
{
    if (u->asks) {
        work_end(u->service->work, u->attempt.id);
    }
    u->asks = u->held = false;
    arena_reset(&u->arena);
}

void settle_unit_free(struct settle_unit *u)
{
    arena_clear(&u->arena);
    mem_free(u);
}

static void unit_done(struct store_unit *unit, enum err result)
{
    struct settle_unit *u = unit_owner(unit, struct settle_unit, unit);
    struct settle *x = u->settle;
    bool held = u->held && result == ERR_OK;
    if (result != ERR_OK) {
        unit_reset(u);
    }
    if (result != ERR_OK && result != ERR_CONFLICT) {
        log_error("settle_step_failed", LOG_I("id", u->id), LOG_ERR(result));
    }
    if (u->asks) {
        errand_send(errand_new(u->service, ERRAND_QUERY, &u->attempt, STR_ABSENT));
    }
    settle_unit_free(u);
    settle_unit_ended(x, held);
}

static struct settle_unit *unit_new(struct settle *x, struct service *s, int64_t id,
    enum err (*run)(struct store_unit *u, struct tx *tx))
{
    struct settle_unit *u = mem_alloc(sizeof *u);
    u->unit = (struct store_unit){.run = run, .done = unit_done};
    u->settle = x;
    u->service = s;
    u->id = id;
    arena_init(&u->arena, UNIT_BYTES_MAX);
    return u;
}

/* No money can have moved, and the payer may press again. Where the wallet has given a reference the payment may have been
 * placed, though nobody was told where its page is: it is asked all the same. */
static enum err create_lost(struct tx *tx, const struct attempt_row *a)
{
    struct attempt_row to = *a;
    to.next_ask_at = str_absent(a->wallet_ref) ? 0 : tx_now_ms(tx);
    to.reason = STR("unavailable");
    return transition_attempt(tx, a, ATTEMPT_EV_CREATE_FAILED, STR("clock"), &to);
}

/* The next time to ask is moved on before the wallet is asked, so that a crash leaves a row that is asked about again. */
static enum err ask(
    struct settle_unit *u, struct tx *tx, const struct attempt_row *a, enum work_kind kind)
{
    struct attempt_row to = *a;
    to.next_ask_at = tx_now_ms(tx) + u->service->config->wallet_timeout_ms + ASK_MARGIN_MS;
    to.asked_at = tx_now_ms(tx);
    to.asks = a->asks + 1;
    enum err e = ERR_OK;
    if (a->state == ATTEMPT_EXECUTING) {
        to.reason = STR("answer_lost");
        e = transition_attempt(tx, a, ATTEMPT_EV_UNKNOWN, STR("clock"), &to);
    } else {
        e = store_attempt_cas(tx, a, &to);
    }
    if (e == ERR_OK && work_begin(u->service->work, a->id, kind)) {
        u->asks = true;
        u->attempt = to;
        return ERR_OK;
    }
    return e == ERR_OK ? ERR_CONFLICT : e;
}

static enum err ask_page(struct settle_unit *u, struct tx *tx, const struct attempt_row *a)
{
    struct payment_row p;
    struct attempt_row to = *a;
    enum err e = store_payment_by_id(tx_db(tx), &u->arena, a->payment_id, &p);
    if (e != ERR_OK) {
        return e;
    }
    to.next_ask_at = outcome_ask_after(u->service->config, a, &p);
    return to.next_ask_at > tx_now_ms(tx) ? store_attempt_cas(tx, a, &to)
                                          : ask(u, tx, a, work_verify(a->wallet));
}

static enum err attempt_run(struct store_unit *unit, struct tx *tx)
{
    struct settle_unit *u = unit_owner(unit, struct settle_unit, unit);
    struct attempt_row a;
    unit_reset(u);
    enum err e = store_attempt_by_id(tx_db(tx), &u->arena, u->id, &a);
    if (e != ERR_OK) {
        return e;
    }
    if (a.next_ask_at == 0 || a.next_ask_at > tx_now_ms(tx) || work_has(u->service->work, a.id)) {
        return ERR_OK;
    }
    if (a.state == ATTEMPT_CREATING) {
        return create_lost(tx, &a);
    }
    if (a.state == ATTEMPT_EXECUTING || a.state == ATTEMPT_UNKNOWN) {
        return ask(u, tx, &a, WORK_ASK);
    }
    return outcome_is_at_page(&a) ? ask_page(u, tx, &a) : ERR_OK;
}

struct settle_unit *settle_unit_attempt(struct settle *x, struct service *s, int64_t attempt_id)
{
    return unit_new(x, s, attempt_id, attempt_run);
}

/* ---- the end ---- */

struct page_search {
    struct settle_unit *unit;
    int64_t now;
    bool asked; /* an attempt whose wallet is being asked, or is about to be */
};

/* By whichever node: what its wallet answered would have set another time. */
static bool is_asked(const struct config *c, const struct attempt_row *a)
{
    return a->asked_at != 0 && a->next_ask_at == a->asked_at + c->wallet_timeout_ms + ASK_MARGIN_MS;
}

static enum err page_match(void *arg, const struct attempt_row *a)
{
    struct page_search *s = arg;
    struct service *service = s->unit->service;
    bool due = a->next_ask_at != 0 && a->next_ask_at <= s->now;
    bool asked = is_asked(service->config, a) || work_has(service->work, a->id);
    if (outcome_is_at_page(a) && (due || asked)) {
        s->asked = true;
    }
    return ERR_OK;
}

/* A payer who paid in the last minute is not told that it was too late: the end waits for what the wallet says. */
static enum err end_waits(
    struct settle_unit *u, struct tx *tx, const struct payment_row *p, bool *ret)
{
    struct page_search s = {.unit = u, .now = tx_now_ms(tx)};
    enum err e = ERR_OK;
    if (s.now < p->expires_at + PAGE_GRACE_MS && outcome_takes_at_page(p->wallet)) {
        e = store_attempt_each(tx_db(tx), p->id, page_match, &s);
    }
    *ret = s.asked;
    return e;
}

static enum err expire_run(struct store_unit *unit, struct tx *tx)
{
    struct settle_unit *u = unit_owner(unit, struct settle_unit, unit);
    struct payment_row p;
    struct attempt_row last;
    unit_reset(u);
    enum err e = store_payment_by_id(tx_db(tx), &u->arena, u->id, &p);
    if (e != ERR_OK) {
        return e;
    }
    if (p.state != PAYMENT_OPEN || tx_now_ms(tx) < p.expires_at) {
        return ERR_OK;
    }
    e = end_waits(u, tx, &p, &u->held);
    if (e != ERR_OK || u->held) {
        return e;
    }
    e = store_attempt_last(tx_db(tx), &u->arena, p.id, &last);
    if (e != ERR_OK && e != ERR_NO_ROW) {
        return e;
    }
    bool refused = e == ERR_OK && attempt_was_refused(last.state);
    struct transition t = {
        .event = refused ? PAYMENT_EV_EXPIRE_FAILED : PAYMENT_EV_EXPIRE,
        .actor = STR("clock"),
        .reason = STR_ABSENT,
    };
    return transition_apply(tx, &p, &t);
}

struct settle_unit *settle_unit_expire(struct settle *x, struct service *s, int64_t payment_id)
{
    return unit_new(x, s, payment_id, expire_run);
}
