/* A receiver of notifications that answers 200 at once. Prints its port, then, for each line on standard input, how many
 * requests it has answered; ends with its standard input. */
#include "base/mem.h"
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX 16384

struct peer {
    int fd;
    size_t n;
    char text[REQUEST_MAX];
};

static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";

static size_t request_len(const struct peer *p)
{
    const char *end = memmem(p->text, p->n, "\r\n\r\n", 4);
    if (!end) {
        return 0;
    }
    const char *length = strcasestr(p->text, "\r\nContent-Length:");
    size_t body = length && length < end ? (size_t)strtoul(length + 17, NULL, 10) : 0;
    size_t whole = (size_t)(end - p->text) + 4 + body;
    return p->n >= whole ? whole : 0;
}

static int64_t peer_serve(int ep, struct peer *p)
{
    ssize_t n = read(p->fd, p->text + p->n, sizeof p->text - 1 - p->n);
    if (n <= 0) {
        epoll_ctl(ep, EPOLL_CTL_DEL, p->fd, NULL);
        close(p->fd);
        mem_free(p);
        return 0;
    }
    p->n += (size_t)n;
    p->text[p->n] = '\0';
    int64_t answered = 0;
    for (size_t whole; (whole = request_len(p)) > 0; answered++) {
        memmove(p->text, p->text + whole, p->n - whole + 1);
        p->n -= whole;
        if (write(p->fd, reply, sizeof reply - 1) != (ssize_t)sizeof reply - 1) {
            bench_die("reply");
        }
    }
    return answered;
}

static void watch(int ep, int fd, void *ptr)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = ptr};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) != 0) {
        bench_die("epoll");
    }
}

int bench_receive(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    int port, ep = epoll_create1(EPOLL_CLOEXEC), door = bench_listen(&port);
    static char door_mark, input_mark;
    watch(ep, door, &door_mark);
    watch(ep, STDIN_FILENO, &input_mark);
    printf("%d\n", port);
    fflush(stdout);
    for (int64_t answered = 0;;) {
        struct epoll_event evs[64];
        int n = epoll_wait(ep, evs, 64, -1);
        for (int i = 0; i < n; i++) {
            char line[16];
            if (evs[i].data.ptr == &door_mark) {
                struct peer *p = mem_alloc(sizeof *p);
                p->fd = accept4(door, NULL, NULL, SOCK_CLOEXEC);
                watch(ep, p->fd, p);
            } else if (evs[i].data.ptr != &input_mark) {
                answered += peer_serve(ep, evs[i].data.ptr);
            } else if (read(STDIN_FILENO, line, sizeof line) <= 0) {
                return 0;
            } else {
                printf("%lld\n", (long long)answered);
                fflush(stdout);
            }
        }
    }
}
