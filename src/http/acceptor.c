/* One thread accepts and hands the connections to the workers in turn. It can stop alone, while the workers still answer. */
#include "base/config.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/server_private.h"
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_BACKLOG 4096
/* How long to wait for a descriptor or a connection to become free. */
#define FULL_WAIT_MS 20

struct acceptor {
    int fd, stop_fd, port;
    pthread_t thread;
    bool running;
    int turn; /* the worker that got the last connection */
    struct server *server;
};

static int socket_open(const struct sockaddr_storage *address, socklen_t n)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    bool good = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0;
    if (address->ss_family == AF_INET6)
        good = good && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0;
    good = good && bind(fd, (const struct sockaddr *)address, n) == 0 &&
           listen(fd, LISTEN_BACKLOG) == 0;
    if (good)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int port_of(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
}

enum err acceptor_new(struct str text, struct buf *why, struct acceptor **ret)
{
    struct sockaddr_storage address = {0};
    if (config_listen_parse(text, &address) != ERR_OK) {
        buf_printf(why, "'%.*s' is no address and port such as 127.0.0.1:8080 or [::1]:8080\n",
            STR_FMT(text));
        return ERR_CONFIG;
    }
    socklen_t n =
        address.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    int fd = socket_open(&address, n);
    int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    n = sizeof(address);
    if (fd < 0 || stop_fd < 0 || getsockname(fd, (struct sockaddr *)&address, &n) != 0) {
        buf_printf(why, "can't listen on %.*s: %s\n", STR_FMT(text), strerrordesc_np(errno));
        if (fd >= 0)
            close(fd);
        if (stop_fd >= 0)
            close(stop_fd);
        return ERR_IO;
    }
    struct acceptor *a = mem_alloc(sizeof(*a));
    *a = (struct acceptor){.fd = fd, .stop_fd = stop_fd, .port = port_of(&address)};
    *ret = a;
    return ERR_OK;
}

int acceptor_port(const struct acceptor *a)
{
    return a->port;
}

/* False when nothing waits any more or nothing can be taken now. */
static bool accept_one(struct acceptor *a, bool *ret_full)
{
    struct sockaddr_storage peer;
    socklen_t n = sizeof(peer);
    if (atomic_load(&a->server->connections) >= a->server->options.connections_max) {
        *ret_full = true;
        return false;
    }
    int fd = accept4(a->fd, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        *ret_full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        return errno == ECONNABORTED || errno == EINTR;
    }
    /* Counted here and not when a worker gets to it, so that the limit is never passed. */
    atomic_fetch_add(&a->server->connections, 1);
    a->turn = (a->turn + 1) % a->server->worker_count;
    worker_give(a->server->workers[a->turn], fd, &peer, n);
    return true;
}

static void *acceptor_main(void *arg)
{
    pthread_setname_np(pthread_self(), "http-accept");
    struct acceptor *a = arg;
    struct pollfd p[2] = {{.fd = a->stop_fd, .events = POLLIN}, {.fd = a->fd, .events = POLLIN}};
    bool was_full = false;
    for (;;) {
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            log_bug(__FILE__, __LINE__, "poll", "waiting for connections works");
        if (p[0].revents)
            return NULL;
        bool full = false;
        while (accept_one(a, &full))
            ;
        if (full && !was_full)
            log_warn("connections_full", LOG_I("open", atomic_load(&a->server->connections)));
        was_full = full;
        if (full)
            poll(p, 1, FULL_WAIT_MS);
    }
}

enum err acceptor_run(struct acceptor *a, struct server *s)
{
    a->server = s;
    a->running = pthread_create(&a->thread, NULL, acceptor_main, a) == 0;
    return a->running ? ERR_OK : ERR_IO;
}

void acceptor_free(struct acceptor *a)
{
    if (a->running) {
        ensure(eventfd_write(a->stop_fd, 1) == 0, "the acceptor can be woken");
        pthread_join(a->thread, NULL);
    }
    close(a->fd);
    close(a->stop_fd);
    mem_free(a);
}
