/* What operators and their machines ask, on a listener of its own; with sandbox=yes the clock's control. */
#include "base/json.h"
#include "base/metrics.h"
#include "base/text.h"
#include "http/routes.h"
#include "service/work.h"

#define METRICS_MAX ((size_t)256 * 1024)
#define ADVANCE_MAX_S INT64_C(31536000)
/* Of all advances together: a century. */
#define OFFSET_MAX_MS (INT64_C(100) * ADVANCE_MAX_S * 1000)

static struct gateway *gateway_of(struct request *rq)
{
    return rq->ctx;
}

struct reply *ops_health_get(struct request *rq)
{
    (void)rq;
    return reply_bytes(200, "text/plain; charset=utf-8", STR("ok\n"));
}

static struct reply *not_ready(struct request *rq, const char *reason)
{
    struct buf b;
    struct json_writer w;
    (void)rq;
    buf_init(&b, 1024);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "message", "Not ready.");
    json_w_key(&w, "errors");
    json_w_open(&w, '{');
    json_w_key(&w, "server");
    json_w_open(&w, '[');
    json_w_cstr(&w, reason);
    json_w_close(&w);
    json_w_close(&w);
    json_w_close(&w);
    struct reply *r = reply_json(503, buf_view(&b));
    buf_clear(&b);
    return reply_header(r, "Retry-After", STR("1"));
}

/* NULL: none. */
static const char *store_reason(enum store_state state)
{
    switch (state) {
    case STORE_GOOD:
        break;
    case STORE_UNWRITABLE:
        return "The store can't be written.";
    case STORE_SILENT:
        return "The database does not answer.";
    case STORE_CLOCK_APART:
        return "This machine's clock and the database's differ.";
    }
    return NULL;
}

/* The schema was checked when the store was opened and no other program changes it while it is open. */
struct reply *ops_ready_get(struct request *rq)
{
    struct gateway *g = gateway_of(rq);
    if (atomic_load(&g->starting))
        return not_ready(rq, "The service is starting.");
    if (atomic_load(&g->stopping))
        return not_ready(rq, "The service is stopping.");
    const char *reason = store_reason(store_state(g->service->store));
    return reason ? not_ready(rq, reason) : reply_json(200, STR("{\"ready\":true}"));
}

struct reply *ops_metrics_get(struct request *rq)
{
    struct buf b;
    /* Also where nobody asks /readyz; and a server that is silent sets no figure. */
    (void)store_state(gateway_of(rq)->service->store);
    buf_init(&b, METRICS_MAX);
    metrics_render(&b);
    struct reply *r = reply_bytes(200, "text/plain; version=0.0.4; charset=utf-8", buf_view(&b));
    buf_clear(&b);
    return r;
}

static void wallet_write(void *arg, const struct wallet_health *h)
{
    struct json_writer *w = arg;
    char at[25];
    json_w_open(w, '{');
    json_w_kint(w, "credential", h->credential_id);
    json_w_kcstr(w, "wallet", wallet_kind_code(h->wallet));
    json_w_kbool(w, "hidden", h->hidden);
    if (h->reason) {
        utc_time_format(h->since_at, at);
        json_w_kcstr(w, "reason", h->reason);
        json_w_kcstr(w, "since", at);
    }
    json_w_close(w);
}

/* Which credentials are out of use, and why: kassad alone knows it. */
struct reply *ops_wallets_get(struct request *rq)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, METRICS_MAX);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_key(&w, "wallets");
    json_w_open(&w, '[');
    wallets_each_health(gateway_of(rq)->service->wallets, wallet_write, &w);
    json_w_close(&w);
    json_w_close(&w);
    struct reply *r = reply_json(200, buf_view(&b));
    buf_clear(&b);
    return r;
}

/* ---- the sandbox's clock ---- */

static struct reply *clock_reply(struct gateway *g)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, 128);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kint(&w, "now_ms", clock_now_ms(g->service->clock));
    json_w_close(&w);
    struct reply *r = reply_json(200, buf_view(&b));
    buf_clear(&b);
    return r;
}

struct reply *sandbox_clock_get(struct request *rq)
{
    return clock_reply(gateway_of(rq));
}

static struct reply *advance_invalid(void)
{
    return reply_invalid(STR(
        "{\"message\":\"The given data was invalid.\",\"errors\":{\"advance_s\":[\"The advance "
        "s must be an integer between 1 and 31536000, and all advances a century at most.\"]}}"));
}

static enum err advance_parse(struct request *rq, int64_t *ret_ms)
{
    struct json *body = NULL;
    const char *why;
    int64_t seconds = 0;
    if (json_parse(&rq->arena, rq->body, &body, &why) != ERR_OK)
        return ERR_BODY;
    if (body->type != JSON_OBJECT)
        return ERR_BODY;
    if (int64_parse(json_get_scalar(body, "advance_s"), &seconds) != ERR_OK || seconds < 1 ||
        seconds > ADVANCE_MAX_S)
        return ERR_INVALID;
    *ret_ms = seconds * 1000;
    return ERR_OK;
}

struct advance {
    struct store_unit unit;
    struct arena *arena;
    int64_t by_ms;
    int64_t offset_ms; /* of all advances together, set by the unit */
};

/* Kept so that a restart goes on at the moved time, and for the other nodes of the sandbox (service/settle.c). */
static enum err advance_run(struct store_unit *u, struct tx *tx)
{
    struct advance *a = unit_owner(u, struct advance, unit);
    struct str old = STR_ABSENT;
    int64_t offset = 0;
    enum err e = store_setting_get(tx_db(tx), a->arena, SANDBOX_CLOCK_SETTING, &old);
    if (e == ERR_OK)
        e = int64_parse(old, &offset);
    if (e != ERR_OK && e != ERR_NO_ROW)
        return e;
    if (offset + a->by_ms > OFFSET_MAX_MS)
        return ERR_RANGE;
    struct buf b;
    a->offset_ms = offset + a->by_ms;
    buf_init(&b, 32);
    buf_int(&b, a->offset_ms);
    e = store_setting_put(tx, SANDBOX_CLOCK_SETTING, buf_view(&b));
    buf_clear(&b);
    return e;
}

struct reply *sandbox_clock_post(struct request *rq)
{
    struct gateway *g = gateway_of(rq);
    struct advance a = {.unit = {.run = advance_run}, .arena = &rq->arena};
    enum err e = advance_parse(rq, &a.by_ms);
    if (e == ERR_BODY)
        return reply_error(rq, e);
    if (e == ERR_OK)
        e = store_run(g->service->store, &a.unit);
    if (e == ERR_INVALID || e == ERR_RANGE)
        return advance_invalid();
    if (e != ERR_OK)
        return reply_error(rq, e);
    clock_offset_raise(g->service->clock, a.offset_ms);
    work_kick_settle(g->service->work);
    work_kick_deliver(g->service->work);
    return clock_reply(g);
}
