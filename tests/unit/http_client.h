/* A client of raw sockets for the HTTP tests: what goes over the wire is exactly what the test says. */
#ifndef KASSA_TESTS_HTTP_CLIENT_H
#define KASSA_TESTS_HTTP_CLIENT_H

#include "base/buf.h"
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define CLIENT_QUIET_MS 150
#define CLIENT_LIMIT_MS 10000

struct client {
    int fd;
    bool closed; /* by the server */
    struct buf in;
};

static inline bool client_connects(int port, struct client *c)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *c = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    buf_init(&c->in, (size_t)1 << 20);
    return c->fd >= 0 && connect(c->fd, (const struct sockaddr *)&a, sizeof(a)) == 0;
}

static inline struct client client_open(int port)
{
    struct client c;
    assert_true(client_connects(port, &c));
    return c;
}

static inline void client_end(struct client *c)
{
    close(c->fd);
    buf_clear(&c->in);
}

/* The server may have closed already: what it did is judged by what is read. */
static inline void client_send(struct client *c, struct str s)
{
    while (s.n) {
        ssize_t n = send(c->fd, s.p, s.n, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        s = str_sub(s, (size_t)n, s.n);
    }
}

/* One read; false when nothing came in time or the connection is closed. */
static inline bool client_read(struct client *c, int timeout_ms)
{
    char block[8192];
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    if (c->closed || poll(&p, 1, timeout_ms) != 1)
        return false;
    ssize_t n = recv(c->fd, block, sizeof(block), 0);
    c->closed = n <= 0;
    if (n > 0)
        buf_add(&c->in, block, (size_t)n);
    return n > 0;
}

/* Reads until the server closes or is quiet for a while after at least something came. */
static inline void client_drain(struct client *c)
{
    bool any = c->in.n > 0;
    while (client_read(c, any ? CLIENT_QUIET_MS : CLIENT_LIMIT_MS))
        any = true;
}

static inline size_t text_count(struct str s, const char *needle)
{
    size_t n = 0, k = strlen(needle);
    for (size_t i = 0; i + k <= s.n; i++)
        n += memcmp(s.p + i, needle, k) == 0;
    return n;
}

static inline bool client_has(const struct client *c, const char *needle)
{
    return text_count(buf_view(&c->in), needle) > 0;
}

/* Reads until `needle` is there. */
static inline bool client_await(struct client *c, const char *needle)
{
    while (!client_has(c, needle))
        if (!client_read(c, CLIENT_LIMIT_MS))
            return false;
    return true;
}

static inline struct client client_talk(int port, struct str s)
{
    struct client c = client_open(port);
    client_send(&c, s);
    client_drain(&c);
    return c;
}

static inline int client_status(const struct client *c)
{
    struct str s = buf_view(&c->in);
    if (!str_starts(s, STR("HTTP/1.1 ")) || s.n < 12)
        return 0;
    return (s.p[9] - '0') * 100 + (s.p[10] - '0') * 10 + (s.p[11] - '0');
}

#endif
