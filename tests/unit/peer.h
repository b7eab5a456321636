/* A scripted HTTP peer on a loopback port: each connection has a thread, and a function of the test's writes
 * whatever bytes it likes. Header only, for unit tests. */
#ifndef KASSA_TESTS_UNIT_PEER_H
#define KASSA_TESTS_UNIT_PEER_H

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEER_CONNECTIONS_MAX 512

struct peer_request {
    char head[16384]; /* request line and header lines */
    char path[512];
    char body[65536];
};

struct peer;
/* True: read another request from the connection; false: close it. */
typedef bool (*peer_fn)(struct peer *p, int fd, const struct peer_request *rq);

struct peer_conn {
    struct peer *peer;
    int fd;
    pthread_t thread;
};

struct peer {
    int fd, port;
    peer_fn fn;
    void *arg;
    pthread_t thread;
    atomic_bool stopping;
    atomic_int connections, requests;
    struct peer_conn conns[PEER_CONNECTIONS_MAX];
    int conns_n;
};

/* False when the other side has gone. */
static inline bool peer_send_n(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static inline bool peer_send(int fd, const char *text)
{
    return peer_send_n(fd, text, strlen(text));
}

/* A whole answer with a length. */
static inline bool peer_answer(int fd, int status, const char *body)
{
    char head[256];
    snprintf(head, sizeof(head),
        "HTTP/1.1 %d Some\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", status,
        strlen(body));
    return peer_send(fd, head) && peer_send(fd, body);
}

/* Sleeps in steps, so that a stop need not wait. */
static inline void peer_wait(struct peer *p, int ms)
{
    for (int i = 0; i < ms && !atomic_load(&p->stopping); i += 10)
        usleep(10000);
}

static inline bool peer_read(int fd, struct peer_request *rq)
{
    size_t n = 0;
    char *end = NULL;
    memset(rq, 0, sizeof(*rq));
    while (!end) {
        ssize_t got = n < sizeof(rq->head) - 1 ? recv(fd, rq->head + n, 1, 0) : 0;
        if (got <= 0)
            return false;
        n += (size_t)got;
        end = strstr(rq->head, "\r\n\r\n");
    }
    sscanf(rq->head, "%*s %511s", rq->path);
    const char *length = strcasestr(rq->head, "\r\ncontent-length:");
    size_t want = length ? strtoul(length + 17, NULL, 10) : 0;
    assert(want < sizeof(rq->body));
    for (size_t have = 0; have < want;) {
        ssize_t got = recv(fd, rq->body + have, want - have, 0);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

static inline void *peer_serve(void *arg)
{
    struct peer_conn *c = arg;
    struct peer_request *rq = calloc(1, sizeof(*rq));
    assert(rq);
    bool more = true;
    while (more && peer_read(c->fd, rq)) {
        atomic_fetch_add(&c->peer->requests, 1);
        more = c->peer->fn(c->peer, c->fd, rq);
    }
    shutdown(c->fd, SHUT_RDWR);
    free(rq);
    return NULL;
}

static inline void *peer_accept(void *arg)
{
    struct peer *p = arg;
    for (;;) {
        int fd = accept(p->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        atomic_fetch_add(&p->connections, 1);
        assert(p->conns_n < PEER_CONNECTIONS_MAX);
        struct peer_conn *c = &p->conns[p->conns_n++];
        *c = (struct peer_conn){.peer = p, .fd = fd};
        int fault = pthread_create(&c->thread, NULL, peer_serve, c);
        assert(fault == 0);
        (void)fault;
    }
}

/* A bound socket on a free loopback port; it refuses connections until it listens. */
static inline int peer_bind(int *ret_port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
        perror("bind");
        exit(1);
    }
    *ret_port = ntohs(a.sin_port);
    return fd;
}

static inline struct peer *peer_start(peer_fn fn, void *arg)
{
    struct peer *p = calloc(1, sizeof(*p));
    assert(p);
    p->fd = peer_bind(&p->port);
    p->fn = fn;
    p->arg = arg;
    if (listen(p->fd, 128) != 0 || pthread_create(&p->thread, NULL, peer_accept, p) != 0) {
        perror("listen");
        exit(1);
    }
    return p;
}

static inline void peer_stop(struct peer *p)
{
    atomic_store(&p->stopping, true);
    shutdown(p->fd, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->fd);
    for (int i = 0; i < p->conns_n; i++)
        shutdown(p->conns[i].fd, SHUT_RDWR);
    for (int i = 0; i < p->conns_n; i++) {
        pthread_join(p->conns[i].thread, NULL);
        close(p->conns[i].fd);
    }
    free(p);
}

#endif
