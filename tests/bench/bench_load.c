#include "bench_load.h"

#include "base/mem.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define READ_MAX 32768
#define SILENCE_NS INT64_C(30000000000)
#define LENGTH_NONE INT64_MAX

struct conn {
    int fd;
    int64_t request; /* under way */
    int64_t from_ns; /* when it was due */
    struct bench_answer answer;
    bool in_body;
    int64_t left; /* of the body */
    size_t n;     /* of the head */
    char text[READ_MAX];
};

struct engine {
    struct bench_load *load;
    int ep;
    struct conn *conns, **idle;
    int idle_count;
    int64_t next, answered, start_ns;
};

static void conn_open(struct engine *e, struct conn *c)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    c->fd = bench_connect(e->load->port);
    if (epoll_ctl(e->ep, EPOLL_CTL_ADD, c->fd, &ev) != 0) {
        bench_die("epoll");
    }
}

static void request_send(struct engine *e, struct conn *c, int64_t due_ns)
{
    char request[BENCH_REQUEST_MAX];
    c->request = e->next++;
    size_t n = e->load->compose(e->load->arg, c->request, request);
    c->n = 0;
    c->in_body = false;
    c->answer = (struct bench_answer){0};
    c->from_ns = due_ns ? due_ns : bench_now_ns();
    if (write(c->fd, request, n) != (ssize_t)n && !e->load->tolerant) {
        bench_die("send");
    }
}

static int64_t due_of(const struct engine *e, int64_t i)
{
    return e->start_ns + (i - e->load->first) * INT64_C(1000000000) / e->load->rate;
}

/* Sends what is due to the connections that are free. Gives the nanoseconds until there is more to send. */
static int64_t send_due(struct engine *e)
{
    struct bench_load *l = e->load;
    while (e->next < l->first + l->count && e->idle_count > 0) {
        int64_t due = l->rate ? due_of(e, e->next) : 0;
        int64_t now = bench_now_ns();
        if (due > now) {
            return due - now;
        }
        request_send(e, e->idle[--e->idle_count], due);
    }
    return SILENCE_NS;
}

/* `text` ends with the blank line of the head. */
static void head_parse(struct conn *c, const char *end)
{
    const char *length = strcasestr(c->text, "\r\nContent-Length:");
    const char *close = strcasestr(c->text, "\r\nConnection: close");
    const char *replay = strcasestr(c->text, "\r\nIdempotent-Replayed");
    c->answer.status = (int)strtol(c->text + strlen("HTTP/1.1 "), NULL, 10);
    c->answer.closes = close && close < end;
    c->answer.replayed = replay && replay < end;
    c->left = length && length < end
                  ? (int64_t)strtoull(length + strlen("\r\nContent-Length:"), NULL, 10)
                  : LENGTH_NONE;
    c->left -= (int64_t)c->n - (end + 4 - c->text);
    c->in_body = true;
}

/* True when the answer is whole. */
static bool answer_take(struct conn *c, size_t n)
{
    if (c->in_body) {
        c->left -= (int64_t)n;
        return c->left <= 0;
    }
    c->n += n;
    c->text[c->n] = '\0';
    const char *end = memmem(c->text, c->n, "\r\n\r\n", 4);
    if (!end) {
        return false;
    }
    head_parse(c, end);
    return c->left <= 0;
}

static void answer_count(struct engine *e, struct conn *c)
{
    struct bench_load *l = e->load;
    e->answered++;
    l->good += c->answer.status == 200;
    l->replayed += c->answer.replayed;
    if (!l->answered || l->answered(l->arg, c->request, &c->answer)) {
        bench_times_add(&l->times, (bench_now_ns() - c->from_ns) / 1000);
    }
}

static void conn_read(struct engine *e, struct conn *c)
{
    size_t at = c->in_body ? 0 : c->n;
    ssize_t n = read(c->fd, c->text + at, sizeof c->text - 1 - at);
    bool closed = n <= 0;
    if (closed && !e->load->tolerant) {
        bench_die("the server closed a connection");
    }
    if (!closed && !answer_take(c, (size_t)n)) {
        return;
    }
    answer_count(e, c);
    if (closed || c->answer.closes) {
        close(c->fd);
        conn_open(e, c);
    }
    e->idle[e->idle_count++] = c;
}

static void loop(struct engine *e)
{
    while (e->answered < e->load->count) {
        struct epoll_event evs[128];
        int64_t wait_ns = send_due(e);
        struct timespec wait = {wait_ns / 1000000000, wait_ns % 1000000000};
        int n = epoll_pwait2(e->ep, evs, 128, &wait, NULL);
        if ((n == 0 && wait_ns == SILENCE_NS) || (n < 0 && errno != EINTR)) {
            bench_die("no answer for 30 s");
        }
        for (int i = 0; i < n; i++) {
            conn_read(e, evs[i].data.ptr);
        }
    }
}

void bench_load_run(struct bench_load *l)
{
    struct engine e = {.load = l, .ep = epoll_create1(EPOLL_CLOEXEC), .next = l->first};
    e.conns = mem_array((size_t)l->connections, sizeof *e.conns);
    e.idle = mem_array((size_t)l->connections, sizeof(struct conn *));
    prctl(PR_SET_TIMERSLACK, 1);
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < l->connections; i++) {
        conn_open(&e, &e.conns[i]);
        e.idle[e.idle_count++] = &e.conns[i];
    }
    bench_times_init(&l->times);
    int64_t cpu = bench_cpu_ns(RUSAGE_SELF);
    e.start_ns = bench_now_ns();
    loop(&e);
    l->seconds = (double)(bench_now_ns() - e.start_ns) / 1e9;
    l->cpu_us = (double)(bench_cpu_ns(RUSAGE_SELF) - cpu) / 1e3 / (double)l->count;
    for (int i = 0; i < l->connections; i++) {
        close(e.conns[i].fd);
    }
    close(e.ep);
    mem_free(e.idle);
    mem_free(e.conns);
}

void bench_load_print(struct bench_load *l)
{
    printf("{\"requests\":%lld,\"good\":%lld,\"replayed\":%lld,\"seconds\":%.4f,\"rate\":%.1f,"
           "\"generator_cpu_us\":%.2f,",
        (long long)l->count, (long long)l->good, (long long)l->replayed, l->seconds,
        (double)l->count / l->seconds, l->cpu_us);
    bench_times_print(&l->times);
    puts("}");
    bench_times_clear(&l->times);
}
