/* The life of a request: headers, body, handler, parking, reply. */
#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "http/server_private.h"

/* The tree of a parsed body is larger than its text; a body that would need more is refused as unreadable. */
#define ARENA_PER_BODY_BYTE 64
#define ARENA_BASE ((size_t)256 * 1024)
#define BODY_MAX_UNROUTED ((size_t)64 * 1024)

/* ---- making and ending ---- */

/* An absolute-form target names our own host in front of the path. */
static struct str uri_path(struct str uri)
{
    size_t scheme = 0;
    if (uri.n >= 7 && str_ieq(str_sub(uri, 0, 7), STR("http://")))
        scheme = 7;
    else if (uri.n >= 8 && str_ieq(str_sub(uri, 0, 8), STR("https://")))
        scheme = 8;
    if (!scheme)
        return uri;
    size_t slash = str_find(uri, '/', scheme);
    return slash == uri.n ? STR("/") : str_sub(uri, slash, uri.n);
}

static struct deadline *connection_deadline(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    ensure(info && info->socket_context, "each connection has its deadline");
    return info->socket_context;
}

struct request_private *request_new(struct worker *w, struct MHD_Connection *c, const char *uri)
{
    struct server *s = worker_server(w);
    struct request_private *p = mem_alloc(sizeof(*p));
    p->server = s;
    p->worker = w;
    atomic_fetch_add(&s->refs, 1);
    atomic_init(&p->refs, 1);
    atomic_init(&p->park, PARK_NONE);
    p->connection = c;
    p->deadline = connection_deadline(c);
    p->rq.ctx = s->options.ctx;
    p->rq.priv = p;
    p->rq.started_us = clock_mono_us();
    p->target = str_from(uri);
    arena_init(&p->rq.arena, ARENA_BASE);
    struct str target = uri_path(arena_copy(&p->rq.arena, p->target));
    size_t mark = str_find(target, '?', 0);
    p->rq.path = str_sub(target, 0, mark);
    p->rq.query = mark < target.n ? str_sub(target, mark + 1, target.n) : STR_ABSENT;
    return p;
}

void request_unref(struct request_private *p)
{
    if (atomic_fetch_sub(&p->refs, 1) != 1)
        return;
    struct server *s = p->server;
    arena_clear(&p->rq.arena);
    buf_clear(&p->body);
    mem_free(p);
    server_unref(s);
}

static void parked_unlink(struct request_private *p)
{
    struct parking *all = worker_parking(p->worker);
    pthread_mutex_lock(&all->lock);
    if (p->prev)
        p->prev->next = p->next;
    else if (all->first == p)
        all->first = p->next;
    if (p->next)
        p->next->prev = p->prev;
    p->prev = p->next = NULL;
    pthread_mutex_unlock(&all->lock);
}

/* The client left while it was parked: its handler is not called again when it is resumed. */
static void parked_forget(struct request_private *p)
{
    parked_unlink(p);
    if (atomic_load(&p->park) == PARK_ANSWERED && p->answer)
        reply_free(p->answer);
}

void request_completed(struct request_private *p)
{
    if (atomic_load(&p->park) != PARK_NONE)
        parked_forget(p);
    if (p->headers_seen) {
        atomic_fetch_sub(&p->server->open, 1);
        deadline_begin(p->deadline, DEADLINE_NEXT_HEADERS);
    }
    p->connection = NULL;
    p->deadline = NULL;
    request_unref(p);
}

/* ---- headers ---- */

static void request_id_make(char out[REQUEST_ID_LEN + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t raw[REQUEST_ID_LEN];
    random_bytes(raw, sizeof(raw));
    for (int i = 0; i < REQUEST_ID_LEN; i++)
        out[i] = digits[raw[i] & 63];
    out[REQUEST_ID_LEN] = '\0';
}

/* The first refusal in the order of checks that needs no more than the headers. */
static enum err headers_judge(struct request_private *p, const struct header_facts *f)
{
    struct request *rq = &p->rq;
    enum err e =
        route_match(p->server->options.routes, rq->method, rq->path, &rq->route, &rq->param);
    /* Pages stand on any one segment, but a program's JSON was not meant for one: "/v2" has no page that lacks POST. */
    if (e == ERR_METHOD && rq->route->kind == ROUTE_PAGE && content_type_is_json(f->content_type)) {
        rq->route = NULL;
        e = ERR_NOT_FOUND;
    }
    if (f->malformed)
        return ERR_BAD_HEADER;
    if (e != ERR_OK)
        return e;
    if (rq->route->kind == ROUTE_API && !content_type_is_json(f->content_type))
        return ERR_CONTENT_TYPE;
    if (f->content_length > (int64_t)rq->route->body_max)
        return ERR_TOO_LARGE;
    return ERR_OK;
}

/* True when the refusal can't wait for the body: what frames it is in doubt, it is too long to be read, or its sender
 * waits for our consent before sending it. */
static bool answer_at_once(const struct request_private *p, const struct header_facts *f)
{
    return p->verdict == ERR_BAD_HEADER || f->content_length > (int64_t)BODY_DISCARD_MAX ||
           (f->expect && (f->chunked || f->content_length > 0));
}

static enum MHD_Result refuse(struct request_private *p, bool last)
{
    p->last = p->last || last;
    return reply_queue(p, reply_error(&p->rq, p->verdict));
}

static enum MHD_Result on_headers(
    struct request_private *p, const char *method, const char *version)
{
    struct header_facts facts;
    p->headers_seen = true;
    deadline_begin(p->deadline, DEADLINE_BODY);
    atomic_fetch_add(&p->server->open, 1);
    headers_walk(p->connection, method, p->target, version, &facts);
    p->target = STR_ABSENT;
    p->rq.method = arena_copy(&p->rq.arena, str_from(method));
    request_id_make(p->rq.request_id);
    client_ip_find(p, &facts);
    p->verdict = headers_judge(p, &facts);
    size_t body_max = p->rq.route ? p->rq.route->body_max : BODY_MAX_UNROUTED;
    buf_init(&p->body, body_max);
    p->rq.arena.max = ARENA_BASE + ARENA_PER_BODY_BYTE * body_max;
    p->discard = p->verdict != ERR_OK;
    /* Others may read chunk lines otherwise than our library does: nothing behind such a body is taken for a request. */
    p->last = facts.chunked;
    if (p->discard && answer_at_once(p, &facts)) {
        linger_add(p->server->linger, p->connection);
        return refuse(p, true);
    }
    return MHD_YES;
}

/* ---- body ---- */

static enum MHD_Result on_body(struct request_private *p, const char *data, size_t n)
{
    if (!p->discard) {
        buf_add(&p->body, data, n);
        if (buf_ok(&p->body))
            return MHD_YES;
        p->verdict = ERR_TOO_LARGE;
        p->discard = true;
        p->discarded = p->body.n;
        buf_clear(&p->body);
    }
    p->discarded += n;
    return p->discarded > BODY_DISCARD_MAX ? MHD_NO : MHD_YES;
}

/* ---- parking ---- */

struct reply *request_park(struct request *rq)
{
    struct request_private *p = rq->priv;
    int none = PARK_NONE;
    ensure(atomic_compare_exchange_strong(&p->park, &none, PARK_HANDED_OUT),
        "a request is parked at most once");
    atomic_fetch_add(&p->refs, 1);
    return &reply_parked;
}

static void parked_link(struct parking *all, struct request_private *p)
{
    p->next = all->first;
    if (all->first)
        all->first->prev = p;
    all->first = p;
}

static enum MHD_Result answered_queue(struct request_private *p)
{
    if (atomic_load(&p->park) != PARK_ANSWERED)
        return reply_queue(p, reply_error(&p->rq, ERR_STOPPING));
    struct reply *answer = p->answer_make ? p->answer_make(p->answer_arg) : p->answer;
    p->answer = NULL;
    return reply_queue(p, answer);
}

/* Behind the handler that parked: the answer may be there already, or come at any moment from here on. */
static enum MHD_Result park_commit(struct request_private *p)
{
    struct parking *all = worker_parking(p->worker);
    int handed_out = PARK_HANDED_OUT;
    pthread_mutex_lock(&all->lock);
    if (atomic_load(&p->server->abandoning) || atomic_load(&p->park) == PARK_ANSWERED) {
        /* If the answer came first this changes nothing. */
        atomic_compare_exchange_strong(&p->park, &handed_out, PARK_ABANDONED);
        pthread_mutex_unlock(&all->lock);
        return answered_queue(p);
    }
    MHD_suspend_connection(p->connection);
    parked_link(all, p);
    if (!atomic_compare_exchange_strong(&p->park, &handed_out, PARK_SUSPENDED))
        worker_resume(p->worker, p->connection);
    pthread_mutex_unlock(&all->lock);
    return MHD_YES;
}

/* The answer is set. */
static void parked_answered(struct request_private *p)
{
    struct server *s = p->server;
    atomic_fetch_add(&s->answering, 1);
    int state = atomic_load(&p->park);
    while (state != PARK_ABANDONED) {
        ensure(state == PARK_HANDED_OUT || state == PARK_SUSPENDED, "a request is answered once");
        if (!atomic_compare_exchange_weak(&p->park, &state, PARK_ANSWERED))
            continue;
        if (state == PARK_SUSPENDED)
            worker_resume(p->worker, p->connection);
        break;
    }
    if (state == PARK_ABANDONED && p->answer)
        reply_free(p->answer);
    atomic_fetch_sub(&s->answering, 1);
    request_unref(p);
}

void request_answer(struct request *rq, struct reply *r)
{
    ensure(r != &reply_parked, "an answer is a reply");
    rq->priv->answer = r;
    parked_answered(rq->priv);
}

void request_answer_with(struct request *rq, struct reply *(*make)(void *arg), void *arg)
{
    rq->priv->answer_make = make;
    rq->priv->answer_arg = arg;
    parked_answered(rq->priv);
}

static void parking_abandon(struct parking *all)
{
    pthread_mutex_lock(&all->lock);
    for (struct request_private *p = all->first; p; p = p->next) {
        int suspended = PARK_SUSPENDED;
        if (atomic_compare_exchange_strong(&p->park, &suspended, PARK_ABANDONED))
            worker_resume(p->worker, p->connection);
    }
    pthread_mutex_unlock(&all->lock);
}

void requests_abandon(struct server *s)
{
    /* Whoever does not see it under the lock is linked before the walk. */
    atomic_store(&s->abandoning, true);
    for (int i = 0; i < s->worker_count; i++)
        parking_abandon(worker_parking(s->workers[i]));
}

/* ---- the whole request is there ---- */

static enum MHD_Result on_whole(struct request_private *p)
{
    deadline_end(p->deadline);
    if (atomic_load(&p->park) != PARK_NONE) {
        parked_unlink(p);
        return answered_queue(p);
    }
    if (p->verdict != ERR_OK)
        return refuse(p, p->verdict == ERR_TOO_LARGE);
    p->rq.body = buf_view(&p->body);
    log_request_id_set((struct str){p->rq.request_id, REQUEST_ID_LEN});
    struct reply *r = p->rq.route->handle(&p->rq);
    enum MHD_Result result = r == &reply_parked ? park_commit(p) : reply_queue(p, r);
    log_request_id_set(STR(""));
    return result;
}

enum MHD_Result request_step(
    struct request_private *p, const char *method, const char *version, const char *data, size_t *n)
{
    if (!p->headers_seen)
        return on_headers(p, method, version);
    if (*n == 0)
        return on_whole(p);
    size_t got = *n;
    *n = 0;
    return on_body(p, data, got);
}

struct str request_header(const struct request *rq, const char *name)
{
    const char *value = NULL;
    size_t n = 0;
    if (MHD_lookup_connection_value_n(
            rq->priv->connection, MHD_HEADER_KIND, name, strlen(name), &value, &n) != MHD_YES ||
        !value)
        return STR_ABSENT;
    return str_trim((struct str){value, n});
}

struct str request_cookie(const struct request *rq, const char *name)
{
    const char *value = NULL;
    size_t n = 0;
    if (MHD_lookup_connection_value_n(
            rq->priv->connection, MHD_COOKIE_KIND, name, strlen(name), &value, &n) != MHD_YES ||
        !value)
        return STR_ABSENT;
    return (struct str){value, n};
}
