/* A body that trickles. Between two portions the connection is suspended, and a thread of the reply's own resumes it;
 * such replies are for simulators, where a thread each is cheap enough. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/server_private.h"
#include <poll.h>

/* How long the thread sleeps before it looks again whether the server ends. */
#define TICK_MS 100

struct slow {
    struct server *server; /* these two once it is queued */
    struct MHD_Connection *connection;
    struct worker *worker;
    char *body;
    size_t n;
    int bytes_per_s;
    bool started;
    pthread_t thread;
    pthread_mutex_t lock; /* the rest */
    pthread_cond_t changed;
    size_t ready; /* bytes that may go now */
    bool suspended, over;
};

static void interval_wait(struct slow *s, int64_t interval_ms)
{
    int64_t end_ms = clock_mono_ms() + interval_ms, left_ms;
    while ((left_ms = end_ms - clock_mono_ms()) > 0 && !atomic_load(&s->server->abandoning))
        poll(NULL, 0, (int)(left_ms < TICK_MS ? left_ms : TICK_MS));
}

static void *slow_run(void *arg)
{
    struct slow *s = arg;
    int per_second = 1000 / TICK_MS;
    size_t portion = s->bytes_per_s > per_second ? (size_t)(s->bytes_per_s / per_second) : 1;
    int64_t interval_ms = s->bytes_per_s > per_second ? TICK_MS : 1000 / s->bytes_per_s;
    pthread_mutex_lock(&s->lock);
    while (!s->over) {
        if (!s->suspended) {
            pthread_cond_wait(&s->changed, &s->lock);
            continue;
        }
        pthread_mutex_unlock(&s->lock);
        interval_wait(s, interval_ms);
        pthread_mutex_lock(&s->lock);
        s->ready = portion;
        s->suspended = false;
        worker_resume(s->worker, s->connection);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static ssize_t slow_read(void *cls, uint64_t at, char *out, size_t max)
{
    struct slow *s = cls;
    if (atomic_load(&s->server->abandoning))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (!s->started) {
        ensure(pthread_create(&s->thread, NULL, slow_run, s) == 0, "a thread can be started");
        s->started = true;
    }
    pthread_mutex_lock(&s->lock);
    size_t n = s->ready < max ? s->ready : max;
    n = n < s->n - at ? n : s->n - at;
    if (n == 0) {
        MHD_suspend_connection(s->connection);
        s->suspended = true;
        pthread_cond_signal(&s->changed);
    } else {
        memcpy(out, s->body + at, n);
        s->ready = 0;
    }
    pthread_mutex_unlock(&s->lock);
    return (ssize_t)n;
}

static void slow_free(void *cls)
{
    struct slow *s = cls;
    pthread_mutex_lock(&s->lock);
    s->over = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (s->started)
        pthread_join(s->thread, NULL);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    mem_free(s->body);
    mem_free(s);
}

struct reply *reply_slow(int status, const char *content_type, struct str body, int bytes_per_s)
{
    ensure(bytes_per_s > 0, "a slow reply moves");
    struct slow *s = mem_alloc(sizeof(*s));
    s->body = mem_strndup(body.n ? body.p : "", body.n);
    s->n = body.n;
    s->bytes_per_s = bytes_per_s < 1000 ? bytes_per_s : 1000;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    struct reply *r = mem_alloc(sizeof(*r));
    r->status = status;
    r->slow = s;
    r->response = MHD_create_response_from_callback(body.n, 1024, slow_read, s, slow_free);
    ensure(r->response, "there is memory for a response");
    return reply_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, str_from(content_type));
}

void reply_slow_bind(struct slow *s, struct request_private *p)
{
    s->server = p->server;
    s->connection = p->connection;
    s->worker = p->worker;
}
