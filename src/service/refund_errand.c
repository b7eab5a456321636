#include "service/refund_errand.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "service/errand.h"
#include "service/refund_change.h"
#include "service/work.h"
#include <stdio.h>

#define ERRAND_BYTES_MAX 131072
#define SCRATCH_BYTES_MAX (1U << 20)
#define BUSY_RETRY_MS 50
#define STORE_RETRY_MS 1000
#define CONFLICT_TRIES_MAX 10
/* Errands under way at once, and refunds looked at in one round. */
#define UNDER_WAY_MAX 16
#define DUE_MAX 64
/* Beyond the wallet's time-out, token calls included: when a call is taken as lost with its process. */
#define ASK_MARGIN_MS 60000

static void errand_submit(void *arg);

static void errand_free(struct refund_errand *c)
{
    work_end(c->service->work, c->of.id);
    arena_clear(&c->arena);
    arena_clear(&c->scratch);
    mem_free(c);
}

static enum err errand_run(struct store_unit *u, struct tx *tx)
{
    struct refund_errand *c = unit_owner(u, struct refund_errand, unit);
    arena_reset(&c->scratch);
    c->send_next = false;
    c->alarm = STR_ABSENT;
    return refund_outcome(c, tx);
}

static void errand_submit_later(struct refund_errand *c, int64_t delay_ms)
{
    if (work_defer(c->service->work, delay_ms, errand_submit, c) != ERR_OK) {
        errand_free(c);
    }
}

static void errand_applied(struct refund_errand *c)
{
    if (!str_absent(c->alarm)) {
        metric_add(METRIC_refunds_review_total, 1);
        log_alarm("refund_needs_a_person", LOG_I("refund", c->of.id),
            LOG_I("payment", c->of.payment_id), LOG_S("reason", c->alarm),
            LOG_MONEY("amount", c->of.amount));
    }
    if (!c->send_next) {
        errand_free(c);
        return;
    }
    c->sends = true;
    c->tries = 0;
    refund_errand_send(c);
}

/* An answer is not given up because the store is in trouble. */
static void errand_done(struct store_unit *u, enum err result)
{
    struct refund_errand *c = unit_owner(u, struct refund_errand, unit);
    if (result == ERR_OK) {
        errand_applied(c);
    } else if (result == ERR_CONFLICT && ++c->tries < CONFLICT_TRIES_MAX) {
        errand_submit_later(c, 0);
    } else if (result == ERR_STORE_BUSY || result == ERR_STORE_FULL || result == ERR_STORE_IO) {
        errand_submit_later(c, STORE_RETRY_MS);
    } else {
        log_alarm("refund_answer_not_stored", LOG_I("refund", c->of.id), LOG_ERR(result));
        errand_free(c);
    }
}

static void errand_submit(void *arg)
{
    struct refund_errand *c = arg;
    c->unit = (struct store_unit){.run = errand_run, .done = errand_done};
    enum err e = store_submit(c->service->store, &c->unit);
    if (e == ERR_BUSY) {
        errand_submit_later(c, BUSY_RETRY_MS);
    } else if (e != ERR_OK) {
        errand_free(c);
    }
}

/* False: a wallet that answers with so much is not understood. */
static bool answer_copy(struct refund_errand *c, const struct wallet_answer *a)
{
    c->answer = (struct wallet_answer){
        .outcome = a->outcome,
        .code = arena_copy(&c->arena, a->code),
        .trx_id = arena_copy(&c->arena, a->trx_id),
        .has_amount = a->has_amount,
        .amount = a->amount,
        .paid_day = arena_copy(&c->arena, a->paid_day),
        .refund_count = a->refund_count,
    };
    if ((str_absent(c->answer.trx_id) && !str_absent(a->trx_id)) ||
        (str_absent(c->answer.paid_day) && !str_absent(a->paid_day))) {
        return false;
    }
    if (a->refund_count == 0) {
        return true;
    }
    struct wallet_refund_seen *seen = arena_alloc(&c->arena, a->refund_count * sizeof *seen);
    for (size_t i = 0; seen && i < a->refund_count; i++) {
        seen[i] = a->refunds[i];
        seen[i].trx_id = arena_copy(&c->arena, a->refunds[i].trx_id);
        if (str_absent(seen[i].trx_id)) {
            seen = NULL;
        }
    }
    c->answer.refunds = seen;
    return seen != NULL;
}

static void errand_answered(void *arg, const struct wallet_answer *a)
{
    struct refund_errand *c = arg;
    if (!answer_copy(c, a)) {
        c->answer.outcome = WALLET_UNKNOWN;
        c->answer.refund_count = 0;
    }
    log_info("refund_answer", LOG_C("call", c->sends ? "refund" : "refund_status"),
        LOG_I("refund", c->of.id), LOG_I("payment", c->of.payment_id), LOG_S("code", a->code),
        LOG_S("refund_trx_id", a->trx_id));
    errand_submit(c);
}

/* The wallet wants a merchandise and a reason; ours let a person find the refund in the wallet's statement. */
static void errand_start(void *arg)
{
    struct refund_errand *c = arg;
    const struct refund_row *r = &c->of;
    const struct wallet_ops *ops = wallet_ops_find(r->wallet);
    char sku[32], reason[32], reference[48];
    ensure(ops && ops->refund, "a refund's wallet has a connector that knows refunds");
    if (!c->sends) {
        ops->refund_status(
            c->service->wallets, r->credential_id, r->wallet_ref, r->trx_id, errand_answered, c);
        return;
    }
    if (clock_mono_ms() - c->decided_ms > CALL_BEGINS_MS) {
        struct wallet_answer late = {.outcome = WALLET_BROKEN, .code = STR("too_late")};
        errand_answered(c, &late);
        return;
    }
    snprintf(sku, sizeof sku, "P%lld", (long long)r->payment_id);
    snprintf(reason, sizeof reason, "R%lld", (long long)r->id);
    snprintf(reference, sizeof reference, "K%lldR%lld", (long long)r->payment_id, (long long)r->id);
    struct wallet_refund refund = {
        .credential_id = r->credential_id,
        .ref = r->wallet_ref,
        .trx_id = r->trx_id,
        .invoice = c->invoice,
        .amount = r->amount,
        .currency = r->currency,
        /* of the list that was copied just before */
        .paid = c->answer.has_amount ? c->answer.amount : MONEY_ZERO,
        .paid_day = c->answer.paid_day,
        .sku = str_from(sku),
        .reason = str_from(reason),
        .reference = str_from(reference),
    };
    ops->refund(c->service->wallets, &refund, errand_answered, c);
}

struct refund_errand *refund_errand_new(
    struct service *s, const struct refund_row *r, struct str invoice)
{
    struct refund_errand *c = mem_alloc(sizeof *c);
    c->service = s;
    arena_init(&c->arena, ERRAND_BYTES_MAX);
    arena_init(&c->scratch, SCRATCH_BYTES_MAX);
    c->of = (struct refund_row){
        .id = r->id,
        .payment_id = r->payment_id,
        .wallet = r->wallet,
        .credential_id = r->credential_id,
        .wallet_ref = arena_copy(&c->arena, r->wallet_ref),
        .trx_id = arena_copy(&c->arena, r->trx_id),
        .amount = r->amount,
        .currency = arena_copy(&c->arena, r->currency),
    };
    c->invoice = arena_copy(&c->arena, invoice);
    return c;
}

void refund_errand_send(struct refund_errand *c)
{
    if (work_defer(c->service->work, 0, errand_start, c) != ERR_OK) {
        errand_free(c);
    }
}

/* ---- settle's round ---- */

struct step {
    struct store_unit unit;
    struct service *service;
    int64_t id;
    struct arena arena;
    bool asks; /* its work_begin was done */
    struct refund_row row;
    struct attempt_row attempt; /* that was paid */
};

static void step_reset(struct step *x)
{
    if (x->asks) {
        work_end(x->service->work, x->id);
    }
    x->asks = false;
    arena_reset(&x->arena);
}

/* The next time is moved on before the wallet is asked, so that a crash leaves a row that is asked about again. */
static enum err step_run(struct store_unit *u, struct tx *tx)
{
    struct step *x = unit_owner(u, struct step, unit);
    struct refund_row to;
    step_reset(x);
    enum err e = store_refund_by_id(tx_db(tx), &x->arena, x->id, &x->row);
    if (e != ERR_OK) {
        return e;
    }
    const struct refund_row *r = &x->row;
    if (!refund_is_live(r->state) || r->next_ask_at == 0 || r->next_ask_at > tx_now_ms(tx)) {
        return ERR_OK;
    }
    to = *r;
    to.next_ask_at = tx_now_ms(tx) + x->service->config->wallet_timeout_ms + ASK_MARGIN_MS;
    to.asks++;
    if (r->state == REFUND_SENT) {
        to.code = STR("answer_lost");
        e = refund_change(tx, &x->arena, r, REFUND_EV_UNKNOWN, STR("clock"), &to);
    } else {
        e = store_refund_cas(tx, r, &to);
    }
    e = e == ERR_OK ? store_attempt_by_id(tx_db(tx), &x->arena, r->attempt_id, &x->attempt) : e;
    x->asks = e == ERR_OK && work_begin(x->service->work, x->id, WORK_REFUND);
    return e;
}

static void step(struct service *s, int64_t id)
{
    struct step x = {.unit = {.run = step_run}, .service = s, .id = id};
    arena_init(&x.arena, SCRATCH_BYTES_MAX);
    enum err e = store_run(s->store, &x.unit);
    if (e == ERR_OK && x.asks) {
        refund_errand_send(refund_errand_new(s, &x.row, x.attempt.invoice));
    } else {
        step_reset(&x);
    }
    if (e != ERR_OK && e != ERR_CONFLICT && e != ERR_STOPPING) {
        log_error("refund_step_failed", LOG_I("refund", id), LOG_ERR(e));
    }
    arena_clear(&x.arena);
}

void refund_look(struct service *s, struct db *db, int64_t now)
{
    int64_t ids[DUE_MAX];
    int count = 0;
    int room = UNDER_WAY_MAX - work_count_of(s->work, WORK_REFUND);
    enum err e = store_refund_due(db, now, ids, DUE_MAX, &count);
    if (e != ERR_OK) {
        log_error("due_refunds_not_read", LOG_ERR(e));
        return;
    }
    for (int i = 0; i < count && room > 0; i++) {
        if (!work_has(s->work, ids[i])) {
            step(s, ids[i]);
            room--;
        }
    }
}
