#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/url.h"
#include "wallet/connector.h"

static const char *op_text(enum connector_op op)
{
    switch (op) {
    case CONNECTOR_OP_CREATE:
        return "create";
    case CONNECTOR_OP_PLACE:
        return "place";
    case CONNECTOR_OP_EXECUTE:
        return "execute";
    case CONNECTOR_OP_QUERY:
        return "query";
    case CONNECTOR_OP_REFUND:
        return "refund";
    case CONNECTOR_OP_REFUND_STATUS:
        return "refund_status";
    case CONNECTOR_OP_CLOSE_DAY:
        return "close_day";
    case CONNECTOR_OP_SEARCH:
        return "search";
    }
    return "?";
}

static const char *outcome_text(enum wallet_outcome outcome)
{
    switch (outcome) {
    case WALLET_OK:
        return "ok";
    case WALLET_DECLINED:
        return "declined";
    case WALLET_PENDING:
        return "pending";
    case WALLET_UNKNOWN:
        return "unknown";
    case WALLET_BROKEN:
        return "broken";
    }
    return "?";
}

static void call_log(const struct connector_call *c, const struct wallet_answer *a)
{
    int64_t ms = (clock_mono_us() - c->started_us) / 1000;
    enum log_level level = a->outcome == WALLET_BROKEN || a->outcome == WALLET_UNKNOWN
                               ? LOG_LEVEL_WARN
                               : LOG_LEVEL_INFO;
    log_event(level, "wallet_call", LOG_C("wallet", wallet_kind_code(c->kind)),
        LOG_C("op", op_text(c->op)), LOG_I("credential", c->credential_id),
        LOG_C("outcome", outcome_text(a->outcome)), LOG_S("code", a->code),
        LOG_S("message", a->message), LOG_S("ref", a->ref), LOG_PHONE("payer", a->payer),
        LOG_I("duration_ms", ms));
}

void connector_call_end(struct connector_call *c, const struct wallet_answer *a,
    enum connector_health health, const char *reason)
{
    struct wallet_answer told = *a;
    if (health == CONNECTOR_HEALTH_BY_OUTCOME && a->doubtful)
        health = CONNECTOR_HEALTH_DOUBTFUL;
    if (c->slot)
        wallet_circuit_note(c->slot, a->outcome, health, reason);
    if ((c->op == CONNECTOR_OP_QUERY || c->op == CONNECTOR_OP_REFUND_STATUS) &&
        (a->outcome == WALLET_DECLINED || a->outcome == WALLET_BROKEN))
        told.outcome = WALLET_UNKNOWN;
    if (told.outcome == WALLET_UNKNOWN)
        metric_add(METRIC_wallet_calls_unknown_total, 1);
    call_log(c, &told);
    c->done(c->arg, &told);
    wallet_secret_unref(c->w, c->secret);
    c->release(c);
}

void connector_call_fail(struct connector_call *c, enum wallet_outcome outcome, const char *code,
    enum connector_health health)
{
    struct wallet_answer a = {.outcome = outcome, .code = str_from(code)};
    connector_call_end(c, &a, health, NULL);
}

bool connector_call_is_late(const struct connector_call *c)
{
    bool moves_money = c->op == CONNECTOR_OP_EXECUTE || c->op == CONNECTOR_OP_REFUND;
    return moves_money &&
           clock_mono_us() - c->started_us > c->w->config->wallet_timeout_ms * INT64_C(1000);
}

bool connector_call_end_unanswered(struct connector_call *c, const struct httpc_result *r)
{
    if (r->outcome == HTTPC_ANSWERED)
        return false;
    bool stopping = strcmp(r->error, "stopping") == 0;
    struct wallet_answer a = {.outcome = WALLET_UNKNOWN, .code = str_from(r->error)};
    if (r->outcome == HTTPC_NOT_SENT) {
        a.outcome = WALLET_BROKEN;
        a.code = stopping ? STR("stopping") : STR("unreachable");
        a.message = str_from(r->error);
    }
    connector_call_end(c, &a, stopping ? CONNECTOR_HEALTH_NONE : CONNECTOR_HEALTH_BY_OUTCOME, NULL);
    return true;
}

bool wallet_base_is_loopback(const struct wallet_secret *s)
{
    struct url u;
    return url_parse(str_from(s->base_url), &u) == ERR_OK && host_is_loopback(u.host);
}

/* Secrets go over TLS, or not beyond this machine. */
static bool base_is_safe(const struct wallet_secret *s)
{
    struct url u;
    return url_parse(str_from(s->base_url), &u) == ERR_OK && (u.https || host_is_loopback(u.host));
}

/* Creates are refused while the circuit is open; all others settle money under way and are always tried. */
static void call_run(void *arg)
{
    struct connector_call *c = arg;
    struct wallet_slot *slot = wallet_slot_use(c->w, c->credential_id, &c->secret);
    if (!slot || slot->kind != c->kind) {
        connector_call_fail(c, WALLET_BROKEN, "no_credential", CONNECTOR_HEALTH_NONE);
        return;
    }
    c->slot = slot;
    if (c->op == CONNECTOR_OP_CREATE && !wallet_circuit_admits(slot))
        connector_call_fail(c, WALLET_BROKEN, "circuit_open", CONNECTOR_HEALTH_NONE);
    else if (!base_is_safe(c->secret))
        connector_call_fail(c, WALLET_BROKEN, "insecure_base_url", CONNECTOR_HEALTH_BY_OUTCOME);
    else
        c->run(c);
}

void connector_call_start(struct connector_call *c)
{
    c->started_us = clock_mono_us();
    if (httpc_defer(c->w->httpc, 0, call_run, c))
        connector_call_fail(c, WALLET_BROKEN, "stopping", CONNECTOR_HEALTH_NONE);
}

static void base_write(struct buf *b, const struct wallet_secret *s, bool at_root)
{
    struct url u;
    if (at_root && url_parse(str_from(s->base_url), &u) == ERR_OK) {
        url_origin(b, &u);
    } else {
        buf_cstr(b, s->base_url);
    }
}

enum err connector_http_send(
    struct wallets *w, const struct wallet_secret *s, const struct connector_http *rq)
{
    const struct config *config = w->config;
    const char *proxy = rq->proxy && rq->proxy[0] ? rq->proxy : config->wallet_proxy;
    struct buf url;
    buf_init(&url, 4096);
    base_write(&url, s, rq->at_root);
    buf_cstr(&url, rq->path);
    bool fits = buf_ok(&url);
    struct httpc_request request = {
        .method = rq->method,
        /* a url that does not fit is no url: the call then ends as one that was not sent */
        .url = fits ? buf_view(&url) : STR(""),
        .headers = rq->headers,
        .body = rq->body,
        .timeout_ms = config->wallet_timeout_ms,
        .connect_timeout_ms = config->wallet_connect_timeout_ms,
        .reply_max = WALLET_REPLY_MAX,
        .fresh_connect = rq->fresh_connect,
        .secret = true,
        .proxy = proxy && proxy[0] ? str_from(proxy) : STR_ABSENT,
        .done = rq->done,
        .arg = rq->arg,
    };
    if (rq->own_tls) {
        request.tls_certificate = str_from(s->own_certificate);
        request.tls_key = str_from(s->own_key);
        request.tls_issuers = str_from(s->wallet_key);
    }
    enum err e = httpc_submit(w->httpc, &request);
    buf_clear(&url);
    return e;
}

void connector_http_note(const struct httpc_result *r)
{
    metric_add(METRIC_wallet_calls_total, 1);
    metric_observe(HISTOGRAM_wallet_call_duration_us, r->duration_ms * 1000);
}
