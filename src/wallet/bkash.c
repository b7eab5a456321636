#include "wallet/bkash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"

#define BODY_MAX ((size_t)16384)
#define HEADER_MAX ((size_t)16384)
#define REF_MAX ((size_t)64)
/* Under the host's root, whatever the path of the rest. */
#define REFUND_ROOT "/v2/tokenized-checkout/refund/payment/"
/* The first API's, for the refund and for the question alike: the question has no amount. */
#define REFUND_V1 "/tokenized/checkout/payment/refund"

struct bkash_call {
    struct connector_call base;
    struct bkash_waiter waiter;
    struct buf ref;    /* of the payment that is executed or asked for */
    struct buf trx_id; /* of the payment that is refunded */
    struct buf body;
    struct money amount; /* to be refunded */
    struct buf sku, reason;
    int64_t serial; /* of the token in use */
    bool renewed;   /* for this call: it happens once */
};

static struct bkash_call *call_of(struct connector_call *base)
{
    return (struct bkash_call *)base;
}

static void call_release(struct connector_call *base)
{
    struct bkash_call *c = call_of(base);
    buf_clear(&c->ref);
    buf_clear(&c->trx_id);
    buf_clear(&c->sku);
    buf_clear(&c->reason);
    buf_clear(&c->body);
    mem_free(c);
}

static bool starts_at_root(const char *path)
{
    return strncmp(path, "/v2/", 4) == 0;
}

static const char *path_of(const struct bkash_call *c)
{
    switch (c->base.op) {
    case CONNECTOR_OP_CREATE:
        return "/tokenized/checkout/create";
    case CONNECTOR_OP_EXECUTE:
        return "/tokenized/checkout/execute";
    case CONNECTOR_OP_PLACE:
    case CONNECTOR_OP_CLOSE_DAY:
        break;
    case CONNECTOR_OP_QUERY:
        return "/tokenized/checkout/payment/status";
    case CONNECTOR_OP_REFUND:
        return c->base.secret->refunds_v1 ? REFUND_V1 : REFUND_ROOT "transaction";
    case CONNECTOR_OP_REFUND_STATUS:
        return c->base.secret->refunds_v1 ? REFUND_V1 : REFUND_ROOT "status";
    case CONNECTOR_OP_SEARCH:
        return c->base.w->config->wallet_bkash_search_path;
    }
    return "";
}

static void refund_answer_read(
    struct bkash_call *c, struct arena *a, const struct httpc_result *r, struct wallet_answer *ret)
{
    struct str trx_id = buf_view(&c->trx_id);
    bool v1 = c->base.secret->refunds_v1;
    if (c->base.op == CONNECTOR_OP_REFUND)
        (v1 ? bkash_read_refund_v1 : bkash_read_refund)(
            a, r->status, r->body, trx_id, c->amount, ret);
    else
        (v1 ? bkash_read_refund_status_v1 : bkash_read_refund_status)(
            a, r->status, r->body, trx_id, ret);
}

static void answer_read(
    struct bkash_call *c, struct arena *a, const struct httpc_result *r, struct wallet_answer *ret)
{
    switch (c->base.op) {
    case CONNECTOR_OP_PLACE: /* bKash has neither */
    case CONNECTOR_OP_CLOSE_DAY:
    case CONNECTOR_OP_CREATE:
        bkash_read_create(a, r->status, r->body, wallet_base_is_loopback(c->base.secret), ret);
        return;
    case CONNECTOR_OP_EXECUTE:
        bkash_read_execute(a, r->status, r->body, buf_view(&c->ref), ret);
        return;
    case CONNECTOR_OP_QUERY:
        bkash_read_query(a, r->status, r->body, buf_view(&c->ref), ret);
        return;
    case CONNECTOR_OP_REFUND:
    case CONNECTOR_OP_REFUND_STATUS:
        refund_answer_read(c, a, r, ret);
        return;
    case CONNECTOR_OP_SEARCH:
        bkash_read_search(a, r->status, r->body, buf_view(&c->trx_id), ret);
        return;
    }
}

static bool is_refund(enum connector_op op)
{
    return op == CONNECTOR_OP_REFUND || op == CONNECTOR_OP_REFUND_STATUS;
}

/* What a credential may not be allowed to ask, though it takes payments. */
static bool is_beside(enum connector_op op)
{
    return is_refund(op) || op == CONNECTOR_OP_SEARCH;
}

/* A 401 means that the call was not done; of an execute only the gateway's own words are believed. Refunds and searches renew no
 * token: where a credential may not use them at all, each would cost one, of the few that payments need. */
static bool refused_token(const struct bkash_call *c, int status, const struct wallet_answer *a)
{
    return status == 401 && !is_beside(c->base.op) &&
           (c->base.op != CONNECTOR_OP_EXECUTE || a->outcome == WALLET_BROKEN);
}

/* For the same reason their refusal does not take the credential out of use. */
static enum connector_health health_of(const struct bkash_call *c, const struct wallet_answer *a)
{
    return is_beside(c->base.op) && a->outcome == WALLET_BROKEN ? CONNECTOR_HEALTH_NONE
                                                                : CONNECTOR_HEALTH_BY_OUTCOME;
}

static void on_answer(void *arg, const struct httpc_result *r)
{
    struct bkash_call *c = arg;
    struct wallet_answer answer;
    struct arena arena;
    connector_http_note(r);
    if (c->base.op == CONNECTOR_OP_EXECUTE && r->outcome != HTTPC_NOT_SENT)
        metric_add(METRIC_wallet_executes_total, 1);
    if (connector_call_end_unanswered(&c->base, r))
        return;
    arena_init(&arena, BKASH_ARENA_MAX);
    answer_read(c, &arena, r, &answer);
    if (!refused_token(c, r->status, &answer)) {
        connector_call_end(&c->base, &answer, health_of(c, &answer), NULL);
    } else if (c->renewed) {
        connector_call_end(&c->base, &answer, CONNECTOR_HEALTH_TRIP, "credential refused");
    } else {
        c->renewed = true;
        bkash_token_reject(c->base.slot, c->serial);
        bkash_token_get(c->base.slot, c->base.secret, &c->waiter);
    }
    arena_clear(&arena);
}

static enum err call_send(struct bkash_call *c, const char *token)
{
    struct buf authorization, app_key;
    buf_init(&authorization, HEADER_MAX);
    buf_init(&app_key, HEADER_MAX);
    buf_printf(&authorization, "Authorization: %s", token);
    buf_printf(&app_key, "X-App-Key: %s", c->base.secret->app_key);
    const char *path = path_of(c);
    const char *const headers[] = {
        "Content-Type: application/json",
        "Accept: application/json",
        buf_view(&authorization).p,
        buf_view(&app_key).p,
        NULL,
    };
    struct connector_http rq = {
        .method = "POST",
        .path = path,
        .headers = headers,
        .body = buf_view(&c->body),
        .at_root = starts_at_root(path),
        .fresh_connect = c->base.op != CONNECTOR_OP_QUERY &&
                         c->base.op != CONNECTOR_OP_REFUND_STATUS &&
                         c->base.op != CONNECTOR_OP_SEARCH,
        .proxy = c->base.w->config->wallet_bkash_proxy,
        .done = on_answer,
        .arg = c,
    };
    enum err e = connector_http_send(c->base.w, c->base.secret, &rq);
    buf_wipe(&authorization);
    buf_wipe(&app_key);
    return e;
}

/* Without a token nothing of the call was sent, or what was sent was refused with 401: it was certainly not done. */
static void on_token(struct bkash_waiter *waiter, const struct bkash_token_result *t)
{
    struct bkash_call *c =
        (struct bkash_call *)((char *)waiter - offsetof(struct bkash_call, waiter));
    if (!t->token) {
        struct wallet_answer a = {.outcome = WALLET_BROKEN, .code = str_from(t->code)};
        connector_call_end(&c->base, &a, t->health, t->reason);
        return;
    }
    if (connector_call_is_late(&c->base)) {
        connector_call_fail(&c->base, WALLET_BROKEN, "too_late", CONNECTOR_HEALTH_NONE);
        return;
    }
    c->serial = t->serial;
    if (call_send(c, t->token))
        connector_call_fail(&c->base, WALLET_BROKEN, "stopping", CONNECTOR_HEALTH_NONE);
}

/* By the credential's API. The second spells paymentId and trxId, which elsewhere are paymentID and trxID. */
static void refund_write(struct bkash_call *c)
{
    struct json_writer j;
    struct buf amount;
    bool v1 = c->base.secret->refunds_v1;
    json_w_init(&j, &c->body);
    json_w_open(&j, '{');
    json_w_kstr(&j, v1 ? "paymentID" : "paymentId", buf_view(&c->ref));
    json_w_kstr(&j, v1 ? "trxID" : "trxId", buf_view(&c->trx_id));
    if (c->base.op == CONNECTOR_OP_REFUND) {
        buf_init(&amount, 32);
        money_format(&amount, c->amount, 2);
        json_w_kstr(&j, v1 ? "amount" : "refundAmount", buf_view(&amount));
        json_w_kstr(&j, "sku", buf_view(&c->sku));
        json_w_kstr(&j, "reason", buf_view(&c->reason));
        buf_clear(&amount);
    }
    json_w_close(&j);
}

static bool texts_fit(const struct bkash_call *c)
{
    return buf_ok(&c->body) && buf_ok(&c->ref) && buf_ok(&c->trx_id) && buf_ok(&c->sku) &&
           buf_ok(&c->reason);
}

static void call_run(struct connector_call *base)
{
    struct bkash_call *c = call_of(base);
    c->waiter.fn = on_token;
    if (is_refund(base->op))
        refund_write(c);
    if (!texts_fit(c))
        connector_call_fail(base, WALLET_BROKEN, "too_long", CONNECTOR_HEALTH_NONE);
    else
        bkash_token_get(base->slot, base->secret, &c->waiter);
}

static struct bkash_call *call_new(
    struct wallets *w, enum connector_op op, int64_t credential_id, wallet_done_fn done, void *arg)
{
    struct bkash_call *c = mem_alloc(sizeof(*c));
    c->base = (struct connector_call){
        .w = w,
        .kind = WALLET_BKASH,
        .op = op,
        .credential_id = credential_id,
        .done = done,
        .arg = arg,
        .run = call_run,
        .release = call_release,
    };
    buf_init(&c->ref, REF_MAX);
    buf_init(&c->trx_id, REF_MAX);
    buf_init(&c->sku, REF_MAX);
    buf_init(&c->reason, REF_MAX);
    buf_init(&c->body, BODY_MAX);
    return c;
}

static void bkash_create(
    struct wallets *w, const struct wallet_create *p, wallet_done_fn done, void *arg)
{
    struct bkash_call *c = call_new(w, CONNECTOR_OP_CREATE, p->credential_id, done, arg);
    struct json_writer j;
    struct buf amount;
    buf_init(&amount, 32);
    money_format(&amount, p->amount, 2);
    json_w_init(&j, &c->body);
    json_w_open(&j, '{');
    json_w_kcstr(&j, "mode", "0011");
    json_w_kstr(&j, "payerReference", p->payer_reference);
    json_w_kstr(&j, "callbackURL", p->callback_url);
    json_w_kstr(&j, "amount", buf_view(&amount));
    json_w_kstr(&j, "currency", p->currency);
    json_w_kcstr(&j, "intent", "sale");
    json_w_kstr(&j, "merchantInvoiceNumber", p->invoice);
    json_w_close(&j);
    buf_clear(&amount);
    connector_call_start(&c->base);
}

/* Execute and query have the same body. */
static void payment_call(struct wallets *w, enum connector_op op, int64_t credential_id,
    struct str ref, wallet_done_fn done, void *arg)
{
    struct bkash_call *c = call_new(w, op, credential_id, done, arg);
    struct json_writer j;
    buf_str(&c->ref, ref);
    json_w_init(&j, &c->body);
    json_w_open(&j, '{');
    json_w_kstr(&j, "paymentID", ref);
    json_w_close(&j);
    connector_call_start(&c->base);
}

static void bkash_execute(
    struct wallets *w, int64_t credential_id, struct str ref, wallet_done_fn done, void *arg)
{
    payment_call(w, CONNECTOR_OP_EXECUTE, credential_id, ref, done, arg);
}

static void bkash_query(
    struct wallets *w, int64_t credential_id, struct str ref, wallet_done_fn done, void *arg)
{
    payment_call(w, CONNECTOR_OP_QUERY, credential_id, ref, done, arg);
}

/* What is sent is written when the credential is known. */
static struct bkash_call *refund_call(struct wallets *w, enum connector_op op,
    int64_t credential_id, struct str ref, struct str trx_id, wallet_done_fn done, void *arg)
{
    struct bkash_call *c = call_new(w, op, credential_id, done, arg);
    buf_str(&c->ref, ref);
    buf_str(&c->trx_id, trx_id);
    return c;
}

static void bkash_refund(
    struct wallets *w, const struct wallet_refund *r, wallet_done_fn done, void *arg)
{
    struct bkash_call *c =
        refund_call(w, CONNECTOR_OP_REFUND, r->credential_id, r->ref, r->trx_id, done, arg);
    c->amount = r->amount;
    buf_str(&c->sku, r->sku);
    buf_str(&c->reason, r->reason);
    connector_call_start(&c->base);
}

static void bkash_refund_status(struct wallets *w, int64_t credential_id, struct str ref,
    struct str trx_id, wallet_done_fn done, void *arg)
{
    connector_call_start(
        &refund_call(w, CONNECTOR_OP_REFUND_STATUS, credential_id, ref, trx_id, done, arg)->base);
}

/* The second API spells the field otherwise. */
static void bkash_search(
    struct wallets *w, int64_t credential_id, struct str trx_id, wallet_done_fn done, void *arg)
{
    struct bkash_call *c = call_new(w, CONNECTOR_OP_SEARCH, credential_id, done, arg);
    const char *path = w->config->wallet_bkash_search_path;
    struct json_writer j;
    if (path[0] == 0) {
        connector_call_fail(&c->base, WALLET_BROKEN, "not_offered", CONNECTOR_HEALTH_NONE);
        return;
    }
    buf_str(&c->trx_id, trx_id);
    json_w_init(&j, &c->body);
    json_w_open(&j, '{');
    json_w_kstr(&j, starts_at_root(path) ? "trxId" : "trxID", trx_id);
    json_w_close(&j);
    connector_call_start(&c->base);
}

const struct wallet_ops bkash_ops = {
    .kind = WALLET_BKASH,
    .needs_execute = true,
    .create = bkash_create,
    .execute = bkash_execute,
    .query = bkash_query,
    .search = bkash_search,
    .refund = bkash_refund,
    .refund_status = bkash_refund_status,
};
