#include "service/errand.h"

#include "base/log.h"
#include "base/mem.h"
#include "service/work.h"
#include <stdio.h>

#define CALL_BYTES_MAX 65536
#define SCRATCH_BYTES_MAX (1U << 20)
#define BUSY_RETRY_MS 50
#define STORE_RETRY_MS 1000
#define CONFLICT_TRIES_MAX 10

static const char *const kinds[] = {
    [ERRAND_CREATE] = "create",
    [ERRAND_PLACE] = "place",
    [ERRAND_EXECUTE] = "execute",
    [ERRAND_QUERY] = "query",
};

static const char *const outcomes[] = {
    [WALLET_OK] = "ok",
    [WALLET_DECLINED] = "declined",
    [WALLET_PENDING] = "pending",
    [WALLET_UNKNOWN] = "unknown",
    [WALLET_BROKEN] = "broken",
};

const char *errand_text(enum errand_kind k)
{
    return kinds[k];
}

static struct str callback_url(struct service *s, struct arena *a, const struct attempt_row *row)
{
    struct buf b;
    buf_init(&b, 2048);
    buf_printf(&b, "%s/callback/%s/", s->config->server_pay_url, wallet_kind_code(row->wallet));
    buf_str(&b, row->callback_token);
    struct str url = arena_copy(a, buf_view(&b));
    buf_clear(&b);
    return url;
}

static void call_submit(void *arg);

static void call_free(struct errand *c)
{
    work_end(c->service->work, c->attempt_id);
    arena_clear(&c->arena);
    arena_clear(&c->scratch);
    mem_free(c);
}

static enum err call_run(struct store_unit *u, struct tx *tx)
{
    struct errand *c = unit_owner(u, struct errand, unit);
    arena_reset(&c->scratch);
    c->wake_settle = c->wake_deliver = c->goes_on = false;
    return outcome_apply(c, tx);
}

static void call_submit_later(struct errand *c, int64_t delay_ms)
{
    if (work_defer(c->service->work, delay_ms, call_submit, c) != ERR_OK) {
        call_free(c);
    }
}

static void call_start(void *arg);

/* The same errand makes the next call: nobody else can make one for its attempt meanwhile. What follows the committed reference
 * lives in memory only. */
static void call_go_on(struct errand *c)
{
    if (c->next == ERRAND_PLACE) {
        c->ref = c->answer.ref;
        c->challenge = c->answer.challenge;
    } else {
        c->invoice = c->next_invoice;
        c->renamed = true;
    }
    c->kind = c->next;
    c->tries = 0;
    if (work_defer(c->service->work, 0, call_start, c) != ERR_OK) {
        call_free(c);
    }
}

/* An outcome is not given up because the store is in trouble: the wallet will not say it again by itself. */
static void call_done(struct store_unit *u, enum err result)
{
    struct errand *c = unit_owner(u, struct errand, unit);
    struct service *s = c->service;
    if (result == ERR_OK && c->goes_on) {
        call_go_on(c);
        return;
    }
    if (result == ERR_OK) {
        bool wake_settle = c->wake_settle, wake_deliver = c->wake_deliver;
        call_free(c);
        if (wake_settle) {
            work_kick_settle(s->work);
        }
        if (wake_deliver) {
            work_kick_deliver(s->work);
        }
        return;
    }
    if (result == ERR_CONFLICT && ++c->tries < CONFLICT_TRIES_MAX) {
        call_submit_later(c, 0);
        return;
    }
    if (result == ERR_STORE_BUSY || result == ERR_STORE_FULL || result == ERR_STORE_IO) {
        call_submit_later(c, STORE_RETRY_MS);
        return;
    }
    log_alarm("wallet_outcome_not_stored", LOG_C("call", kinds[c->kind]),
        LOG_I("attempt", c->attempt_id), LOG_ERR(result));
    call_free(c);
}

static void call_submit(void *arg)
{
    struct errand *c = arg;
    c->unit = (struct store_unit){.run = call_run, .done = call_done};
    enum err e = store_submit(c->service->store, &c->unit);
    if (e == ERR_BUSY) {
        call_submit_later(c, BUSY_RETRY_MS);
    } else if (e != ERR_OK) {
        call_free(c);
    }
}

static void call_answered(void *arg, const struct wallet_answer *a)
{
    struct errand *c = arg;
    c->answer = *a;
    c->took_ms = c->sent_us ? (clock_mono_us() - c->sent_us) / 1000 : 0;
    struct str *const texts[] = {&c->answer.code, &c->answer.message, &c->answer.ref,
        &c->answer.url, &c->answer.trx_id, &c->answer.currency, &c->answer.invoice,
        &c->answer.payer, &c->answer.challenge};
    for (size_t i = 0; i < array_len(texts); i++) {
        struct str copy = arena_copy(&c->arena, *texts[i]);
        if (str_absent(copy) && !str_absent(*texts[i])) {
            /* a wallet that answers with so much is not understood */
            c->answer.outcome = WALLET_UNKNOWN;
        }
        *texts[i] = copy;
    }
    log_info("wallet_answer", LOG_C("call", kinds[c->kind]), LOG_I("payment", c->payment_id),
        LOG_I("attempt", c->attempt_id), LOG_C("outcome", outcomes[a->outcome]),
        LOG_S("code", a->code), LOG_S("ref", c->ref));
    call_submit(c);
}

/* Others take the call as lost some time after its commit, and may then believe that it will never be made (outcome.c). So a
 * process that stood still in between does not make it any more. */
static bool call_is_late(struct errand *c)
{
    int64_t late_ms = clock_mono_ms() - c->decided_ms;
    if (late_ms <= CALL_BEGINS_MS) {
        return false;
    }
    log_warn("wallet_call_too_late", LOG_C("call", kinds[c->kind]), LOG_I("attempt", c->attempt_id),
        LOG_I("after_ms", late_ms));
    struct wallet_answer a = {.outcome = c->kind == ERRAND_QUERY ? WALLET_UNKNOWN : WALLET_BROKEN,
        .code = STR("too_late")};
    call_answered(c, &a);
    return true;
}

static void call_start(void *arg)
{
    struct errand *c = arg;
    c->sent_us = 0;
    if (call_is_late(c)) {
        return;
    }
    c->sent_us = clock_mono_us();
    const struct wallet_ops *ops = wallet_ops_find(c->wallet);
    struct wallets *w = c->service->wallets;
    ensure(ops != NULL, "an attempt's wallet has a connector");
    struct wallet_create create = {
        .credential_id = c->credential_id,
        .invoice = c->invoice,
        .amount = c->amount,
        .currency = c->currency,
        .callback_url = c->callback_url,
        .payer_reference = c->payer_reference,
        .payer_ip = c->payer_ip,
    };
    switch (c->kind) {
    case ERRAND_CREATE:
        ops->create(w, &create, call_answered, c);
        break;
    case ERRAND_PLACE:
        ops->place(w, &create, c->ref, c->challenge, call_answered, c);
        break;
    case ERRAND_EXECUTE:
        ops->execute(w, c->credential_id, c->ref, call_answered, c);
        break;
    case ERRAND_QUERY:
        ops->query(w, c->credential_id, c->ref, call_answered, c);
        break;
    }
}

struct errand *errand_new(
    struct service *s, enum errand_kind kind, const struct attempt_row *a, struct str payer_ip)
{
    struct errand *c = mem_alloc(sizeof *c);
    c->service = s;
    c->kind = kind;
    c->attempt_id = a->id;
    c->payment_id = a->payment_id;
    c->wallet = a->wallet;
    c->credential_id = a->credential_id;
    c->amount = a->amount;
    c->asked_until = a->next_ask_at;
    c->decided_ms = clock_mono_ms();
    arena_init(&c->arena, CALL_BYTES_MAX);
    arena_init(&c->scratch, SCRATCH_BYTES_MAX);
    c->ref = arena_copy(&c->arena, a->wallet_ref);
    c->invoice = arena_copy(&c->arena, a->invoice);
    c->currency = arena_copy(&c->arena, a->currency);
    c->callback_url = callback_url(s, &c->arena, a);
    c->payer_ip = arena_copy(&c->arena, payer_ip);
    char reference[32];
    int n = snprintf(reference, sizeof reference, "P%lld", (long long)a->payment_id);
    c->payer_reference = arena_copy(&c->arena, (struct str){reference, (size_t)n});
    return c;
}

/* Always from the outgoing thread, also when called on the writer's: a connector may wait for a commit there. */
void errand_send(struct errand *c)
{
    if (work_defer(c->service->work, 0, call_start, c) != ERR_OK) {
        call_free(c);
    }
}
