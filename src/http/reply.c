#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "http/server_private.h"

#define RETRY_AFTER_BUSY_S "1"
#define RETRY_AFTER_RATE_S "60"
#define HTML_TYPE "text/html; charset=utf-8"
#define ERROR_BODY_MAX ((size_t)4096)

struct reply reply_parked;

static struct reply *reply_of(int status, size_t n, void *p, enum MHD_ResponseMemoryMode mode)
{
    struct reply *r = mem_alloc(sizeof(*r));
    r->status = status;
    r->response = MHD_create_response_from_buffer(n, p, mode);
    ensure(r->response, "there is memory for a response");
    return r;
}

static struct reply *reply_new(int status, struct str body)
{
    /* libmicrohttpd copies, it does not write. */
    void *p = (void *)(uintptr_t)(body.n ? body.p : "");
    return reply_of(status, body.n, p, MHD_RESPMEM_MUST_COPY);
}

static void header_add(struct reply *r, const char *name, const char *value)
{
    ensure(MHD_add_response_header(r->response, name, value) == MHD_YES, "a header is well formed");
}

struct reply *reply_bytes(int status, const char *content_type, struct str body)
{
    struct reply *r = reply_new(status, body);
    header_add(r, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    return r;
}

struct reply *reply_static(int status, const char *content_type, struct str body)
{
    struct reply *r = reply_of(status, body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_PERSISTENT);
    header_add(r, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    return r;
}

struct reply *reply_json(int status, struct str body)
{
    return reply_bytes(status, "application/json", body);
}

struct reply *reply_html(int status, struct str body)
{
    return reply_bytes(status, HTML_TYPE, body);
}

struct reply *reply_html_take(int status, struct buf *html)
{
    size_t n;
    char *p = buf_take(html, &n);
    struct reply *r = reply_of(status, n, p, MHD_RESPMEM_MUST_FREE);
    header_add(r, MHD_HTTP_HEADER_CONTENT_TYPE, HTML_TYPE);
    return r;
}

struct reply *reply_redirect(int status, struct str location)
{
    return reply_header(reply_new(status, STR("")), MHD_HTTP_HEADER_LOCATION, location);
}

struct reply *reply_invalid(struct str json)
{
    return reply_json(400, json);
}

struct reply *reply_close(struct reply *r)
{
    r->close = true;
    return r;
}

struct reply *reply_drop(void)
{
    struct reply *r = reply_new(499, STR(""));
    r->drop = true;
    return r;
}

struct reply *reply_header(struct reply *r, const char *name, struct str value)
{
    ensure(!str_absent(value) && str_find(value, '\r', 0) == value.n &&
               str_find(value, '\n', 0) == value.n && str_find(value, '\0', 0) == value.n,
        "a header's value is one line");
    struct str n = str_from(name);
    if (str_ieq(n, STR("Connection")))
        return reply_close(r);
    if (str_ieq(n, STR("Cache-Control")))
        r->cache_control = true;
    if (!str_ieq(n, STR("Set-Cookie"))) {
        const char *old;
        while ((old = MHD_get_response_header(r->response, name)) != NULL) {
            cleanup(mem_free_at) char *copy = mem_strdup(old);
            MHD_del_response_header(r->response, name, copy);
        }
    }
    cleanup(mem_free_at) char *text = mem_strndup(value.p, value.n);
    header_add(r, name, text);
    return r;
}

void reply_free(struct reply *r)
{
    MHD_destroy_response(r->response);
    mem_free(r);
}

/* ---- errors ---- */

static struct reply *error_json(struct request *rq, enum err e)
{
    const struct server_options *o = &rq->priv->server->options;
    if (o->error_plain)
        return o->error_plain(rq, e);
    const struct err_info *info = err_info(e);
    struct buf b;
    struct json_writer w;
    buf_init(&b, ERROR_BODY_MAX);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "message", info->text);
    json_w_key(&w, "errors");
    json_w_open(&w, '{');
    json_w_key(&w, info->key[0] ? info->key : "request");
    json_w_open(&w, '[');
    json_w_cstr(&w, info->text);
    json_w_close(&w);
    json_w_close(&w);
    json_w_close(&w);
    struct reply *r = reply_json(info->http_status, buf_view(&b));
    buf_clear(&b);
    return r;
}

/* Programs get JSON: they ask for the API, or for an unknown path without saying that they want HTML. */
static bool wants_page(struct request *rq)
{
    if (!rq->priv->server->options.error_page)
        return false;
    if (rq->route)
        return rq->route->kind == ROUTE_PAGE;
    struct str accept = rq->priv->connection ? request_header(rq, "Accept") : STR_ABSENT;
    return !str_absent(accept) && memmem(accept.p, accept.n, "text/html", 9) != NULL;
}

struct reply *reply_error(struct request *rq, enum err e)
{
    const struct err_info *info = err_info(e);
    const struct server *s = rq->priv->server;
    struct reply *r = wants_page(rq) ? s->options.error_page(rq, e) : error_json(rq, e);
    if (e == ERR_METHOD) {
        struct buf allow;
        buf_init(&allow, 256);
        route_allow(s->options.routes, rq->path, &allow);
        reply_header(r, MHD_HTTP_HEADER_ALLOW, buf_view(&allow));
        buf_clear(&allow);
    }
    if (info->http_status == 503)
        reply_header(r, MHD_HTTP_HEADER_RETRY_AFTER, STR(RETRY_AFTER_BUSY_S));
    if (info->http_status == 429)
        reply_header(r, MHD_HTTP_HEADER_RETRY_AFTER, STR(RETRY_AFTER_RATE_S));
    if (e == ERR_BAD_HEADER || e == ERR_TOO_LARGE || e == ERR_STOPPING)
        reply_close(r);
    return r;
}

/* ---- the way out ---- */

/* One line for what was refused or failed; the metrics count the rest. The route's pattern is logged and never the
 * path, which may hold a callback's token. */
static void reply_log(const struct request *rq, int status, int64_t duration_us)
{
    const char *route = rq->route ? rq->route->path : "none";
    if (status >= 500)
        log_error("request_failed", LOG_S("method", rq->method), LOG_C("route", route),
            LOG_I("status", status), LOG_I("duration_us", duration_us));
    else if (status >= 400)
        log_info("request_refused", LOG_S("method", rq->method), LOG_C("route", route),
            LOG_I("status", status), LOG_I("duration_us", duration_us));
    else
        log_debug("request", LOG_S("method", rq->method), LOG_C("route", route),
            LOG_I("status", status), LOG_I("duration_us", duration_us));
}

static void reply_count(const struct request *rq, int status)
{
    int64_t duration_us = clock_mono_us() - rq->started_us;
    metric_add(METRIC_requests_total, 1);
    if (status >= 500)
        metric_add(METRIC_responses_5xx_total, 1);
    else if (status >= 400)
        metric_add(METRIC_responses_4xx_total, 1);
    metric_observe(HISTOGRAM_request_duration_us, duration_us);
    log_request_id_set((struct str){rq->request_id, REQUEST_ID_LEN});
    reply_log(rq, status, duration_us);
    log_request_id_set(STR(""));
}

enum MHD_Result reply_queue(struct request_private *p, struct reply *r)
{
    ensure(r, "each request is answered");
    header_add(r, "X-Request-Id", p->rq.request_id);
    header_add(r, "X-Content-Type-Options", "nosniff");
    if (!r->cache_control)
        header_add(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (r->close || p->last || atomic_load(&p->server->stopping))
        header_add(r, MHD_HTTP_HEADER_CONNECTION, "close");
    reply_count(&p->rq, r->status);
    enum MHD_Result result = MHD_NO;
    if (r->slow)
        reply_slow_bind(r->slow, p);
    if (r->stream)
        reply_stream_bind(r->stream, p);
    if (!r->drop)
        result = MHD_queue_response(p->connection, (unsigned)r->status, r->response);
    reply_free(r);
    return result;
}
