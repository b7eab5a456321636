/* The threads that serve connections. Each has a daemon of the library's own, run from outside by MHD_run: the library's
 * internal threads (0.9.75) wait again, without a look at what they have, whenever exactly 128 events come at once, and
 * so leave 128 busy connections unserved until something else happens.
 * A worker is woken by our own eventfd, not by the library's: MHD_run looks for resumed connections first and clears the
 * library's signal later, so a resume between the two would be missed. Ours is cleared before MHD_run. */
#include "base/log.h"
#include "base/mem.h"
#include "http/server_private.h"
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct newcomer {
    int fd;
    struct sockaddr_storage peer;
    socklen_t n;
    struct newcomer *next;
};

struct worker {
    struct server *server;
    struct MHD_Daemon *daemon;
    int epoll_fd, wake_fd;
    struct deadlines deadlines;
    struct parking parking;
    pthread_t thread;
    bool running;
    atomic_bool woken;    /* the signal is given and not yet taken */
    pthread_mutex_t lock; /* the two below */
    struct newcomer *newcomers;
    bool stopping;
};

/* Many answers of one commit cost one signal. */
static void wake(struct worker *w)
{
    if (!atomic_exchange(&w->woken, true)) {
        ensure(eventfd_write(w->wake_fd, 1) == 0, "a worker can be woken");
    }
}

/* What was set before a wake that finds `woken` still true is seen by the MHD_run behind this. A signal may come after its
 * `woken` was taken, so it is taken whenever poll shows it, too: else poll would return at once for ever. */
static void woken_take(struct worker *w, bool signalled)
{
    eventfd_t count;
    if (signalled || atomic_load(&w->woken)) {
        (void)!eventfd_read(w->wake_fd, &count);
        atomic_store(&w->woken, false);
    }
}

void worker_resume(struct worker *w, struct MHD_Connection *c)
{
    MHD_resume_connection(c);
    wake(w);
}

/* It closes the socket when it refuses. */
static void newcomer_add(struct worker *w, struct newcomer *c)
{
    if (MHD_add_connection(w->daemon, c->fd, (struct sockaddr *)&c->peer, c->n) != MHD_YES) {
        atomic_fetch_sub(&w->server->connections, 1);
        log_warn("connection_refused", LOG_I("open", atomic_load(&w->server->connections)));
    }
    mem_free(c);
}

/* False when the worker must stop. */
static bool newcomers_take(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    struct newcomer *first = w->newcomers;
    bool stopping = w->stopping;
    w->newcomers = NULL;
    pthread_mutex_unlock(&w->lock);
    while (first) {
        struct newcomer *c = first;
        first = c->next;
        newcomer_add(w, c);
    }
    return !stopping;
}

struct deadline *worker_deadline_new(struct worker *w, struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    ensure(info, "a connection has a descriptor");
    struct deadline *d = deadline_new(&w->deadlines, info->connect_fd);
    deadline_begin(d, DEADLINE_FIRST_HEADERS);
    return d;
}

/* Until something is due, here or in the library. What a sweep shuts down is an event at once. */
static int wait_ms(struct worker *w)
{
    MHD_UNSIGNED_LONG_LONG library_ms;
    int64_t ms = deadlines_sweep(&w->deadlines);
    if (MHD_get_timeout(w->daemon, &library_ms) == MHD_YES &&
        (ms < 0 || library_ms < (MHD_UNSIGNED_LONG_LONG)ms)) {
        ms = library_ms > INT32_MAX ? INT32_MAX : (int64_t)library_ms;
    }
    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static void *worker_main(void *arg)
{
    pthread_setname_np(pthread_self(), "http");
    struct worker *w = arg;
    struct pollfd p[2] = {
        {.fd = w->epoll_fd, .events = POLLIN}, {.fd = w->wake_fd, .events = POLLIN}};
    for (;;) {
        woken_take(w, p[1].revents != 0);
        if (!newcomers_take(w)) {
            return NULL;
        }
        if (MHD_run(w->daemon) != MHD_YES) {
            log_bug(__FILE__, __LINE__, "MHD_run", "the HTTP library runs");
        }
        int ms = wait_ms(w);
        bool at_once = ms == 0 || atomic_load(&w->woken);
        if (at_once || poll(p, 2, ms) < 0) {
            p[1].revents = 0;
        }
    }
}

/* Signals are for the other threads. */
static bool thread_start(struct worker *w)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&w->thread, NULL, worker_main, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

enum err worker_start(struct server *s, worker_daemon_fn daemon_start, struct worker **ret)
{
    struct worker *w = mem_alloc(sizeof(*w));
    w->server = s;
    deadlines_init(&w->deadlines, &s->options);
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutex_init(&w->parking.lock, NULL);
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->daemon = daemon_start(s, w);
    const union MHD_DaemonInfo *info =
        w->daemon ? MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    w->epoll_fd = info ? info->epoll_fd : -1;
    enum err e = w->daemon ? ERR_IO : ERR_CONFIG;
    w->running = w->wake_fd >= 0 && w->epoll_fd >= 0 && thread_start(w);
    if (!w->running) {
        worker_stop(w);
        return e;
    }
    *ret = w;
    return ERR_OK;
}

struct server *worker_server(struct worker *w)
{
    return w->server;
}

struct parking *worker_parking(struct worker *w)
{
    return &w->parking;
}

void worker_give(struct worker *w, int fd, const struct sockaddr_storage *peer, socklen_t n)
{
    struct newcomer *c = mem_alloc(sizeof(*c));
    c->fd = fd;
    c->peer = *peer;
    c->n = n;
    pthread_mutex_lock(&w->lock);
    c->next = w->newcomers;
    w->newcomers = c;
    pthread_mutex_unlock(&w->lock);
    wake(w);
}

void worker_stop(struct worker *w)
{
    if (w->running) {
        pthread_mutex_lock(&w->lock);
        w->stopping = true;
        pthread_mutex_unlock(&w->lock);
        wake(w);
        pthread_join(w->thread, NULL);
    }
    if (w->daemon) {
        MHD_stop_daemon(w->daemon);
    }
    if (w->wake_fd >= 0) {
        close(w->wake_fd);
    }
    pthread_mutex_destroy(&w->parking.lock);
    pthread_mutex_destroy(&w->lock);
    mem_free(w);
}
