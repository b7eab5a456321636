/* What happens to each call before its handler, in this order: route, session, role, CSRF, body, scope. */
#include "http/cabinet_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "http/page_limit.h"

#define THREADS 2
#define QUEUE_MAX 64
#define HEADER_MAX 512
#define API_PATH "/cabinet/api"

struct cabinet_visit {
    struct cabinet_job job;
    struct cabinet_call call;
};

/* ---- starting ---- */

static void origin_set(const char *address, char out[300], bool *ret_secure)
{
    struct url url;
    struct buf b;
    ensure(url_parse(str_from(address), &url) == ERR_OK, "the configuration was checked");
    buf_init(&b, 299);
    url_origin(&b, &url);
    ensure(buf_ok(&b), "a host's name is short");
    memcpy(out, b.p, b.n + 1);
    buf_clear(&b);
    *ret_secure = url.https || host_is_loopback(url.host);
}

enum err cabinet_new(struct service *s, struct cabinet **ret)
{
    struct cabinet *c = mem_alloc(sizeof(*c));
    bool other;
    c->service = s;
    const char *address = s->config->server_cabinet_url[0] ? s->config->server_cabinet_url
                                                           : s->config->server_pay_url;
    origin_set(address, c->origins[0], &c->secure);
    origin_set(s->config->server_api_url, c->origins[1], &other);
    enum err e = cabinet_pool_new(THREADS, QUEUE_MAX, &c->pool);
    if (e != ERR_OK) {
        mem_free(c);
        return e;
    }
    *ret = c;
    return ERR_OK;
}

void cabinet_free(struct cabinet *c)
{
    if (!c)
        return;
    cabinet_pool_free(c->pool);
    mem_free(c);
}

/* ---- judging ---- */

static enum cabinet_error session_judge(struct cabinet_call *c)
{
    enum err e = session_find(c->service, c->arena, c->cookie, &c->session);
    if (e != ERR_OK && e != ERR_NO_ROW)
        return err_info(e)->cls == ERR_CLASS_TRANSIENT ? CABINET_busy : CABINET_internal;
    c->signed_in = e == ERR_OK;
    if (c->signed_in) {
        memcpy(c->token, c->cookie.p, SESSION_TOKEN_LEN);
        c->merchant_id = c->session.person.merchant_id;
        c->browser.session_id = c->session.session.id;
    }
    return CABINET_ERROR_COUNT;
}

static enum cabinet_error full_judge(const struct cabinet_call *c)
{
    switch (c->session.session.stage) {
    case SESSION_CODE:
        return CABINET_code_needed;
    case SESSION_SETUP:
        return CABINET_setup_needed;
    case SESSION_FULL:
        break;
    }
    return role_may(c->session.person.role, (enum action)c->route->who) ? CABINET_ERROR_COUNT
                                                                        : CABINET_forbidden;
}

static enum cabinet_error who_judge(const struct cabinet_call *c)
{
    int who = c->route->who;
    enum session_stage stage = c->session.session.stage;
    if (who == WHO_SIGNED_OUT)
        return CABINET_ERROR_COUNT;
    if (!c->signed_in)
        return CABINET_signed_out;
    if (who == WHO_ANY_STAGE)
        return CABINET_ERROR_COUNT;
    if (who == WHO_CODE)
        return stage == SESSION_CODE ? CABINET_ERROR_COUNT : CABINET_forbidden;
    if (who == WHO_SETUP)
        return stage == SESSION_CODE ? CABINET_code_needed : CABINET_ERROR_COUNT;
    return full_judge(c);
}

static bool origin_is_ours(const struct cabinet_call *c)
{
    if (!str_absent(c->fetch_site) && !str_is(c->fetch_site, "same-origin"))
        return false;
    return str_absent(c->origin) || str_is(c->origin, c->cabinet->origins[0]) ||
           str_is(c->origin, c->cabinet->origins[1]);
}

/* A page of another site can't set the header without asking first, and nobody answers that question. So where nobody is signed in, any
 * value of it will do: a browser whose session has ended meanwhile may sign in again. */
static bool csrf_is_ours(const struct cabinet_call *c)
{
    char want[CABINET_CSRF_LEN + 1];
    if (!origin_is_ours(c) || c->csrf.n == 0)
        return false;
    if (!c->signed_in)
        return true;
    cabinet_csrf(c->token, want);
    return c->csrf.n == CABINET_CSRF_LEN && mem_eq_const_time(c->csrf.p, want, CABINET_CSRF_LEN);
}

static bool is_json(struct str type)
{
    static const struct str json = STR("application/json");
    return !str_absent(type) && type.n >= json.n && str_ieq(str_sub(type, 0, json.n), json) &&
           (type.n == json.n || type.p[json.n] == ';' || type.p[json.n] == ' ');
}

static enum cabinet_error post_judge(struct cabinet_call *c)
{
    const char *why;
    struct json *body;
    if (!is_json(c->content_type))
        return CABINET_content_type_invalid;
    if (!csrf_is_ours(c))
        return CABINET_csrf_invalid;
    if (json_parse(c->arena, c->rq->body, &body, &why) != ERR_OK || body->type != JSON_OBJECT)
        return CABINET_body_invalid;
    c->body = body;
    return CABINET_ERROR_COUNT;
}

static struct reply *call_answer(struct cabinet_call *c)
{
    struct str path = c->rq->path;
    enum cabinet_error x =
        cabinet_match(c, c->rq->method, str_sub(path, sizeof(API_PATH) - 1, path.n));
    if (x == CABINET_ERROR_COUNT) {
        c->db = store_reader(c->service->store);
        x = c->db ? session_judge(c) : CABINET_busy;
    }
    if (x == CABINET_ERROR_COUNT)
        x = who_judge(c);
    if (x == CABINET_ERROR_COUNT && strcmp(c->route->method, "POST") == 0)
        x = post_judge(c);
    if (x != CABINET_ERROR_COUNT)
        return cabinet_error(x);
    enum err e = cabinet_scope_find(c);
    return e == ERR_OK ? c->route->handle(c) : cabinet_err(e);
}

/* ---- on the cabinet's threads ---- */

static void visit_run(struct cabinet_job *j, bool stopping)
{
    struct cabinet_visit *v = (void *)((char *)j - offsetof(struct cabinet_visit, job));
    struct cabinet_call *c = &v->call;
    struct request *rq = c->rq;
    log_request_id_set((struct str){rq->request_id, REQUEST_ID_LEN});
    struct reply *r = stopping ? cabinet_error(CABINET_busy) : call_answer(c);
    cabinet_call_clear(c);
    log_request_id_set(STR(""));
    request_answer(rq, r);
}

/* ---- on the HTTP thread ---- */

static struct str header_copy(struct request *rq, const char *name)
{
    struct str value = request_header(rq, name);
    return str_absent(value) || value.n > HEADER_MAX ? STR_ABSENT : arena_copy(&rq->arena, value);
}

static void headers_copy(struct request *rq, struct cabinet_call *c)
{
    struct str cookie = request_cookie(rq, cabinet_cookie_name(c->cabinet));
    c->cookie = cookie.n == SESSION_TOKEN_LEN ? arena_copy(&rq->arena, cookie) : STR_ABSENT;
    c->csrf = header_copy(rq, "X-Kassa-Csrf");
    c->fetch_site = header_copy(rq, "Sec-Fetch-Site");
    c->origin = header_copy(rq, "Origin");
    c->content_type = header_copy(rq, "Content-Type");
    c->browser.ip = str_from(rq->client_ip);
    c->browser.agent = header_copy(rq, "User-Agent");
    if (str_absent(c->browser.agent))
        c->browser.agent = STR("");
    page_limit_address_key(c->browser.ip, c->browser.address);
}

struct reply *cabinet_api_request(struct request *rq)
{
    struct gateway *g = rq->ctx;
    struct cabinet_visit *v = g->cabinet ? arena_alloc(&rq->arena, sizeof(*v)) : NULL;
    if (!v)
        return cabinet_error(CABINET_busy);
    struct cabinet_call *c = &v->call;
    *c = (struct cabinet_call){
        .cabinet = g->cabinet,
        .service = g->cabinet->service,
        .arena = &rq->arena,
        .now = clock_now_ms(g->cabinet->service->clock),
        .rq = rq,
        .query = rq->query,
    };
    headers_copy(rq, c);
    v->job.run = visit_run;
    struct reply *parked = request_park(rq);
    if (cabinet_pool_push(g->cabinet->pool, &v->job) != ERR_OK)
        request_answer(rq, cabinet_error(CABINET_busy));
    return parked;
}
