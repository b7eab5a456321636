/* A body whose length nobody knows when it begins: it is made piece by piece, each when the one before has left, on one thread that the
 * server has for this. Meanwhile the connection is suspended, so that no thread of the connections waits for a piece; many
 * bodies take turns. */
#include "base/log.h"
#include "base/mem.h"
#include "http/server_private.h"

#define PIECE_MAX ((size_t)1 << 20)
#define BLOCK ((size_t)32768)

struct stream {
    struct server *server; /* these once it is queued as a reply */
    struct MHD_Connection *connection;
    struct worker *worker;
    struct reply_source source;
    /* The connection's while it runs, the maker's while it is suspended. */
    struct buf piece;
    size_t sent;
    bool end, failed;
    struct stream *next;
};

struct streams {
    pthread_t thread;
    pthread_mutex_t lock; /* the rest */
    pthread_cond_t wake;
    bool started, stop;
    struct stream *first, **last;
};

struct streams *streams_new(void)
{
    struct streams *x = mem_alloc(sizeof(*x));
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->wake, NULL);
    x->last = &x->first;
    return x;
}

void streams_free(struct streams *x)
{
    pthread_mutex_lock(&x->lock);
    ensure(!x->first, "all bodies under way were ended first");
    bool started = x->started;
    x->stop = true;
    pthread_cond_signal(&x->wake);
    pthread_mutex_unlock(&x->lock);
    if (started)
        pthread_join(x->thread, NULL);
    pthread_cond_destroy(&x->wake);
    pthread_mutex_destroy(&x->lock);
    mem_free(x);
}

static struct stream *stream_take(struct streams *x)
{
    pthread_mutex_lock(&x->lock);
    while (!x->first && !x->stop)
        pthread_cond_wait(&x->wake, &x->lock);
    struct stream *s = x->first;
    if (s) {
        x->first = s->next;
        if (!x->first)
            x->last = &x->first;
    }
    pthread_mutex_unlock(&x->lock);
    return s;
}

/* After the resume the stream is the connection's again, and may be gone. */
static void *streams_main(void *arg)
{
    pthread_setname_np(pthread_self(), "http-stream");
    struct streams *x = arg;
    struct stream *s;
    while ((s = stream_take(x)) != NULL) {
        struct server *server = s->server;
        buf_reset(&s->piece);
        s->sent = 0;
        enum err e = s->source.more(s->source.arg, &s->piece, &s->end);
        s->failed = e != ERR_OK || !buf_ok(&s->piece);
        if (s->failed)
            log_error("stream_broken", LOG_ERR(e));
        worker_resume(s->worker, s->connection);
        atomic_fetch_sub(&server->answering, 1);
    }
    return NULL;
}

static void stream_put(struct streams *x, struct stream *s)
{
    pthread_mutex_lock(&x->lock);
    if (!x->started)
        ensure(pthread_create(&x->thread, NULL, streams_main, x) == 0, "a thread can be started");
    x->started = true;
    s->next = NULL;
    *x->last = s;
    x->last = &s->next;
    pthread_cond_signal(&x->wake);
    pthread_mutex_unlock(&x->lock);
}

/* The server that stops sets `abandoning` and then waits for `answering`: in this order no connection is suspended behind its
 * back. */
static ssize_t stream_read(void *cls, uint64_t at, char *out, size_t max)
{
    struct stream *s = cls;
    (void)at;
    size_t n = s->piece.n - s->sent;
    if (n > 0 && !s->failed) {
        n = n < max ? n : max;
        memcpy(out, s->piece.p + s->sent, n);
        s->sent += n;
        return (ssize_t)n;
    }
    if (s->failed)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (s->end)
        return MHD_CONTENT_READER_END_OF_STREAM;
    atomic_fetch_add(&s->server->answering, 1);
    if (atomic_load(&s->server->abandoning)) {
        atomic_fetch_sub(&s->server->answering, 1);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    MHD_suspend_connection(s->connection);
    stream_put(s->server->streams, s);
    return 0;
}

static void stream_free(void *cls)
{
    struct stream *s = cls;
    s->source.end(s->source.arg);
    buf_clear(&s->piece);
    mem_free(s);
}

struct reply *reply_stream(int status, const char *content_type, const struct reply_source *source)
{
    struct stream *s = mem_alloc(sizeof(*s));
    s->source = *source;
    buf_init(&s->piece, PIECE_MAX);
    struct reply *r = mem_alloc(sizeof(*r));
    r->status = status;
    r->stream = s;
    r->response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, stream_read, s, stream_free);
    ensure(r->response, "there is memory for a response");
    return reply_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, str_from(content_type));
}

void reply_stream_bind(struct stream *s, struct request_private *p)
{
    s->server = p->server;
    s->connection = p->connection;
    s->worker = p->worker;
}
