/* Who else is connected: idle connections that have each asked for one page, clients that send a request byte by byte, and
 * clients that ask for page after page and hardly read. What the server closes is opened again. Prints how many are open, once
 * they are, and again for each line on standard input; ends with it. */
#include "base/mem.h"
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 100
#define REQUEST_MAX 256
#define READ_MAX 16384
#define PAGES_ASKED 100
#define BY_ADDRESS 1000 /* connections from one loopback address */

enum kind { IDLE, SLOW_WRITER, SLOW_READER };

struct guest {
    enum kind kind;
    int fd, number;
    size_t sent; /* of a slow writer's request */
};

struct crowd {
    int port, ep, count;
    struct bench_feed paths;
    struct guest *guests;
    int64_t reopened;
};

static const char slow_request[] =
    "POST /v1/payment HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    "Account: 00000000-0000-4000-8000-000000000000\r\nSign: AAAA\r\nContent-Length: 1000\r\n\r\n{";

static void limit_raise(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
        l.rlim_cur = l.rlim_max;
        setrlimit(RLIMIT_NOFILE, &l);
    }
}

/* Addresses differ as those of many payers do. */
static int guest_connect(const struct crowd *c, const struct guest *g)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)c->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in from = {.sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(g->number / BY_ADDRESS))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;
    if (fd < 0 || bind(fd, (const struct sockaddr *)&from, sizeof from) != 0) {
        bench_die("a socket");
    }
    if (g->kind == SLOW_READER) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    }
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        bench_die("connect");
    }
    return fd;
}

static void page_ask(const struct crowd *c, const struct guest *g, int times)
{
    char request[REQUEST_MAX];
    int n = snprintf(request, sizeof request, "GET %.*s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        STR_FMT(bench_feed_line(&c->paths, g->number)));
    for (int i = 0; i < times; i++) {
        if (send(g->fd, request, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != n) {
            return; /* it is closed, or full: both are seen later */
        }
    }
}

/* One page, whole: the headers and what they announce. */
static void page_read(const struct guest *g)
{
    char text[READ_MAX];
    size_t have = 0, wanted = READ_MAX - 1;
    while (have < wanted) {
        ssize_t n = read(g->fd, text + have, READ_MAX - 1 - have);
        if (n <= 0) {
            bench_die("an idle connection got no page");
        }
        have += (size_t)n;
        text[have] = '\0';
        const char *end = memmem(text, have, "\r\n\r\n", 4);
        const char *length = end ? strcasestr(text, "\r\nContent-Length:") : NULL;
        if (length && length < end) {
            wanted = (size_t)(end + 4 - text) + strtoul(length + 17, NULL, 10);
        }
    }
}

static void guest_open(struct crowd *c, struct guest *g)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = g};
    g->fd = guest_connect(c, g);
    g->sent = 0;
    switch (g->kind) {
    case IDLE:
        page_ask(c, g, 1);
        page_read(g);
        break;
    case SLOW_WRITER:
        break;
    case SLOW_READER:
        page_ask(c, g, PAGES_ASKED);
        ev.events = EPOLLRDHUP;
        break;
    }
    if (epoll_ctl(c->ep, EPOLL_CTL_ADD, g->fd, &ev) != 0) {
        bench_die("epoll");
    }
}

static void guest_again(struct crowd *c, struct guest *g)
{
    close(g->fd);
    c->reopened++;
    guest_open(c, g);
}

/* One byte. */
static void guest_tick(struct crowd *c, struct guest *g)
{
    char byte;
    if (g->kind == SLOW_WRITER) {
        byte = g->sent < sizeof slow_request - 1 ? slow_request[g->sent] : ' ';
        g->sent++;
        if (send(g->fd, &byte, 1, MSG_NOSIGNAL) != 1) {
            guest_again(c, g);
        }
    } else if (g->kind == SLOW_READER && recv(g->fd, &byte, 1, MSG_DONTWAIT) == 0) {
        guest_again(c, g);
    }
}

static void crowd_tell(const struct crowd *c)
{
    printf("%d %lld\n", c->count, (long long)c->reopened);
    fflush(stdout);
}

/* False when the input has ended. */
static bool events_serve(struct crowd *c, int wait_ms)
{
    struct epoll_event evs[256];
    int n = epoll_wait(c->ep, evs, 256, wait_ms);
    for (int i = 0; i < n; i++) {
        char line[16];
        if (evs[i].data.ptr) {
            guest_again(c, evs[i].data.ptr);
        } else if (read(STDIN_FILENO, line, sizeof line) <= 0) {
            return false;
        } else {
            crowd_tell(c);
        }
    }
    return true;
}

static void crowd_serve(struct crowd *c, int idle)
{
    int64_t tick = bench_now_ns();
    for (;;) {
        int64_t left_ms = TICK_MS - (bench_now_ns() - tick) / 1000000;
        if (!events_serve(c, left_ms > 0 ? (int)left_ms : 0)) {
            return;
        }
        if (left_ms <= 0) {
            tick = bench_now_ns();
            for (int i = idle; i < c->count; i++) {
                guest_tick(c, &c->guests[i]);
            }
        }
    }
}

int bench_crowd(int argc, char **argv)
{
    (void)argc;
    int idle = (int)bench_number(argv[2]), slow = (int)bench_number(argv[3]);
    struct crowd c = {.port = (int)bench_number(argv[0]),
        .ep = epoll_create1(EPOLL_CLOEXEC),
        .count = idle + slow};
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL};
    limit_raise();
    bench_feed_open(&c.paths, argv[1]);
    c.guests = mem_array((size_t)c.count + 1, sizeof *c.guests);
    for (int i = 0; i < c.count; i++) {
        enum kind kind = i < idle ? IDLE : i % 2 ? SLOW_WRITER : SLOW_READER;
        c.guests[i] = (struct guest){.kind = kind, .number = i};
        guest_open(&c, &c.guests[i]);
    }
    if (epoll_ctl(c.ep, EPOLL_CTL_ADD, STDIN_FILENO, &input) != 0) {
        bench_die("standard input");
    }
    crowd_tell(&c);
    crowd_serve(&c, idle);
    mem_free(c.guests);
    bench_feed_close(&c.paths);
    return 0;
}
