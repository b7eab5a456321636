#include "wallet/httpc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "wallet/httpc_call.h"
#include <pthread.h>
#include <signal.h>

/* The loop wakes at least this often, though nothing should need it: libcurl's own timers bound the wait. */
#define IDLE_WAIT_MS INT64_C(60000)

struct call_list {
    struct httpc_call *first, *last;
};

struct timer {
    int64_t at_ms;
    uint64_t seq; /* equal times run in the order in which they were asked for */
    void (*fn)(void *arg);
    void *arg;
};

struct httpc {
    pthread_t thread;
    CURLM *multi;
    int active_max;
    char *ca_file;

    pthread_mutex_t lock; /* guards what follows, up to the next blank line */
    bool stopping;
    struct call_list submitted;
    struct timer *timers; /* a heap, the earliest first */
    size_t timers_n, timers_cap;
    uint64_t timers_seq;

    struct call_list waiting, active; /* the outgoing thread's own */
    int active_n, slow_n;
};

static void list_add(struct call_list *l, struct httpc_call *c)
{
    c->next = NULL;
    c->prev = l->last;
    if (l->last)
        l->last->next = c;
    else
        l->first = c;
    l->last = c;
}

static void list_remove(struct call_list *l, struct httpc_call *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        l->first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        l->last = c->prev;
    c->next = c->prev = NULL;
}

static struct httpc_call *list_take(struct call_list *l)
{
    struct httpc_call *c = l->first;
    if (c)
        list_remove(l, c);
    return c;
}

static bool timer_before(const struct timer *a, const struct timer *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->seq < b->seq;
}

static void timer_swap(struct httpc *h, size_t i, size_t j)
{
    struct timer t = h->timers[i];
    h->timers[i] = h->timers[j];
    h->timers[j] = t;
}

static void timer_push(struct httpc *h, struct timer t)
{
    if (h->timers_n == h->timers_cap) {
        h->timers_cap = h->timers_cap ? h->timers_cap * 2 : 64;
        h->timers = mem_realloc(h->timers, h->timers_cap * sizeof(*h->timers));
    }
    size_t i = h->timers_n++;
    h->timers[i] = t;
    for (; i > 0 && timer_before(&h->timers[i], &h->timers[(i - 1) / 2]); i = (i - 1) / 2)
        timer_swap(h, i, (i - 1) / 2);
}

static struct timer timer_pop(struct httpc *h)
{
    struct timer top = h->timers[0];
    h->timers[0] = h->timers[--h->timers_n];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < h->timers_n; child++)
            if (timer_before(&h->timers[child], &h->timers[least]))
                least = child;
        if (least == i)
            return top;
        timer_swap(h, i, least);
        i = least;
    }
}

/* Takes one timer that is due at `now`. */
static bool timer_take(struct httpc *h, int64_t now, struct timer *ret)
{
    pthread_mutex_lock(&h->lock);
    bool due = h->timers_n && h->timers[0].at_ms <= now;
    if (due)
        *ret = timer_pop(h);
    pthread_mutex_unlock(&h->lock);
    return due;
}

static void timers_run(struct httpc *h)
{
    struct timer t;
    for (int64_t now = clock_mono_ms(); timer_take(h, now, &t);)
        t.fn(t.arg);
}

/* Moves what others submitted to the loop's own list; says whether to stop. */
static bool submitted_take(struct httpc *h)
{
    pthread_mutex_lock(&h->lock);
    for (struct httpc_call *c; (c = list_take(&h->submitted));)
        list_add(&h->waiting, c);
    bool stopping = h->stopping;
    pthread_mutex_unlock(&h->lock);
    return stopping;
}

static void call_start(struct httpc *h, struct httpc_call *c)
{
    if (clock_mono_ms() - c->submitted_ms >= c->timeout_ms) {
        httpc_call_abort(c, "timeout");
        return;
    }
    if (c->public_only && c->proxy) {
        /* the address that is checked would be the proxy's */
        httpc_call_abort(c, "blocked");
        return;
    }
    if (!httpc_call_prepare(c, h->ca_file) ||
        curl_multi_add_handle(h->multi, c->easy) != CURLM_OK) {
        httpc_call_abort(c, "protocol");
        return;
    }
    list_add(&h->active, c);
    h->active_n++;
    h->slow_n += c->slow_ms > 0;
}

static void waiting_start(struct httpc *h)
{
    while (h->active_n < h->active_max) {
        struct httpc_call *c = list_take(&h->waiting);
        if (!c)
            return;
        call_start(h, c);
    }
}

static void call_leave(struct httpc *h, struct httpc_call *c)
{
    curl_multi_remove_handle(h->multi, c->easy);
    list_remove(&h->active, c);
    h->active_n--;
    h->slow_n -= c->slow_ms > 0;
}

static void ended_finish(struct httpc *h)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left));) {
        if (m->msg != CURLMSG_DONE)
            continue;
        char *private = NULL;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
        struct httpc_call *c = (struct httpc_call *)(void *)private;
        call_leave(h, c);
        httpc_call_finish(c, code);
    }
}

/* Lets those go on whose next piece is due; the time of the next one, INT64_MAX for none. */
static int64_t slow_run(struct httpc *h)
{
    int64_t next = INT64_MAX, now = clock_mono_ms();
    if (h->slow_n == 0)
        return next;
    for (struct httpc_call *c = h->active.first; c; c = c->next) {
        if (httpc_call_slow_at(c) <= now)
            httpc_call_slow_go(c);
        int64_t at = httpc_call_slow_at(c);
        next = at < next ? at : next;
    }
    return next;
}

static int wait_ms(struct httpc *h, int64_t slow_at)
{
    if (h->waiting.first && h->active_n < h->active_max)
        return 0;
    int64_t wait = IDLE_WAIT_MS;
    if (slow_at != INT64_MAX) {
        int64_t until = slow_at - clock_mono_ms();
        wait = until < 0 ? 0 : until;
    }
    pthread_mutex_lock(&h->lock);
    if (h->timers_n) {
        int64_t until = h->timers[0].at_ms - clock_mono_ms();
        wait = until < 0 ? 0 : until < wait ? until : wait;
    }
    pthread_mutex_unlock(&h->lock);
    return (int)wait;
}

/* What was put off is not forgotten: its owner is told early, and can put nothing off again. */
static void timers_run_all(struct httpc *h)
{
    struct timer t;
    while (timer_take(h, INT64_MAX, &t))
        t.fn(t.arg);
}

static void all_stop(struct httpc *h)
{
    timers_run_all(h);
    for (struct httpc_call *c; (c = h->active.first);) {
        call_leave(h, c);
        httpc_call_abort(c, "stopping");
    }
    for (struct httpc_call *c; (c = list_take(&h->waiting));)
        httpc_call_abort(c, "stopping");
}

static void *loop(void *arg)
{
    pthread_setname_np(pthread_self(), "outgoing");
    struct httpc *h = arg;
    while (!submitted_take(h)) {
        timers_run(h);
        waiting_start(h);
        int running;
        CURLMcode code = curl_multi_perform(h->multi, &running);
        ensure(code == CURLM_OK, "libcurl's loop failed");
        ended_finish(h);
        int64_t slow_at = slow_run(h);
        curl_multi_poll(h->multi, NULL, 0, wait_ms(h, slow_at), NULL);
    }
    all_stop(h);
    return NULL;
}

/* Signals are for the other threads; a broken connection is an error of the write here, never SIGPIPE. */
static int thread_start(struct httpc *h)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int fault = pthread_create(&h->thread, NULL, loop, h);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fault;
}

static void httpc_free(struct httpc *h)
{
    if (h->multi)
        curl_multi_cleanup(h->multi);
    pthread_mutex_destroy(&h->lock);
    mem_free(h->timers);
    mem_free(h->ca_file);
    mem_free(h);
    curl_global_cleanup();
}

enum err httpc_start(int max_connections, struct httpc **ret)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ERR_IO;
    struct httpc *h = mem_alloc(sizeof(*h));
    h->active_max = max_connections;
    pthread_mutex_init(&h->lock, NULL);
    h->multi = curl_multi_init();
    if (!h->multi ||
        curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING) != CURLM_OK ||
        curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)max_connections) != CURLM_OK ||
        thread_start(h) != 0) {
        httpc_free(h);
        return ERR_IO;
    }
    *ret = h;
    return ERR_OK;
}

void httpc_set_ca_file(struct httpc *h, const char *path)
{
    pthread_mutex_lock(&h->lock);
    mem_free(h->ca_file);
    h->ca_file = mem_strdup(path);
    pthread_mutex_unlock(&h->lock);
}

void httpc_stop(struct httpc *h)
{
    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    pthread_mutex_unlock(&h->lock);
    curl_multi_wakeup(h->multi);
    pthread_join(h->thread, NULL);
    httpc_free(h);
}

enum err httpc_submit(struct httpc *h, const struct httpc_request *rq)
{
    struct httpc_call *c = httpc_call_new(rq);
    pthread_mutex_lock(&h->lock);
    bool stopping = h->stopping;
    if (!stopping)
        list_add(&h->submitted, c);
    pthread_mutex_unlock(&h->lock);
    if (stopping) {
        httpc_call_free(c);
        return ERR_STOPPING;
    }
    curl_multi_wakeup(h->multi);
    return ERR_OK;
}

enum err httpc_defer(struct httpc *h, int64_t delay_ms, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&h->lock);
    bool stopping = h->stopping;
    if (!stopping)
        timer_push(h, (struct timer){clock_mono_ms() + delay_ms, h->timers_seq++, fn, arg});
    pthread_mutex_unlock(&h->lock);
    if (stopping)
        return ERR_STOPPING;
    curl_multi_wakeup(h->multi);
    return ERR_OK;
}
