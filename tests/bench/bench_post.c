/* Keep-alive connections, one request under way on each: as soon as an answer is whole the next request goes. */
#include "base/mem.h"
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ANSWER_MAX 8192
#define REQUEST_MAX 8192

struct feed {
    struct buf text;
    struct str *lines;
    int64_t count;
};

struct conn {
    int fd;
    int64_t sent_ns;
    char answer[ANSWER_MAX];
    size_t n;
};

struct run {
    const struct feed *feed;
    const char *account;
    int64_t next, end, answered, good, replayed;
    struct bench_times times;
};

static void feed_load(struct feed *f, const char *path)
{
    buf_init(&f->text, (size_t)2 << 30);
    if (buf_read_file(&f->text, path) != ERR_OK) {
        bench_die(path);
    }
    struct str all = buf_view(&f->text);
    int64_t cap = 1024;
    f->lines = mem_array((size_t)cap, sizeof *f->lines);
    for (size_t i = 0; i < all.n;) {
        size_t end = str_find(all, '\n', i);
        if (f->count == cap) {
            cap *= 2;
            f->lines = mem_realloc(f->lines, (size_t)cap * sizeof *f->lines);
        }
        f->lines[f->count++] = str_sub(all, i, end);
        i = end + 1;
    }
}

static void request_send(struct run *r, struct conn *c)
{
    struct str line = r->feed->lines[r->next++];
    size_t blank = str_find(line, ' ', 0);
    char request[REQUEST_MAX];
    int n = snprintf(request, sizeof request,
        "POST /v1/payment HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Account: %s\r\nSign: %.*s\r\nContent-Length: %zu\r\n\r\n%.*s",
        r->account, (int)blank, line.p, line.n - blank - 1, (int)(line.n - blank - 1),
        line.p + blank + 1);
    c->n = 0;
    c->sent_ns = bench_now_ns();
    if (n <= 0 || n >= (int)sizeof request || write(c->fd, request, (size_t)n) != n) {
        bench_die("send");
    }
}

/* True when the answer is whole: headers and Content-Length bytes. */
static bool answer_whole(const struct conn *c)
{
    const char *end = memmem(c->answer, c->n, "\r\n\r\n", 4);
    const char *length = end ? strcasestr(c->answer, "\r\nContent-Length:") : NULL;
    if (!length || length > end) {
        return false;
    }
    size_t body = (size_t)strtoul(length + 17, NULL, 10);
    return c->n >= (size_t)(end - c->answer) + 4 + body;
}

static void answer_read(struct run *r, struct conn *c)
{
    ssize_t n = read(c->fd, c->answer + c->n, sizeof c->answer - 1 - c->n);
    if (n <= 0) {
        bench_die("the server closed a connection");
    }
    c->n += (size_t)n;
    c->answer[c->n] = '\0';
    if (!answer_whole(c)) {
        return;
    }
    bench_times_add(&r->times, (bench_now_ns() - c->sent_ns) / 1000);
    r->answered++;
    r->good += strncmp(c->answer, "HTTP/1.1 200", 12) == 0;
    r->replayed += strcasestr(c->answer, "Idempotent-Replayed") != NULL;
    if (r->next < r->end) {
        request_send(r, c);
    }
}

static void loop(struct run *r, struct conn *conns, int count)
{
    int ep = epoll_create1(EPOLL_CLOEXEC);
    int64_t first = r->next;
    for (int i = 0; i < count && r->next < r->end; i++) {
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &conns[i]};
        epoll_ctl(ep, EPOLL_CTL_ADD, conns[i].fd, &ev);
        request_send(r, &conns[i]);
    }
    while (r->answered < r->end - first) {
        struct epoll_event evs[128];
        int n = epoll_wait(ep, evs, 128, 30000);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            bench_die("no answer for 30 s");
        }
        for (int i = 0; i < n; i++) {
            answer_read(r, evs[i].data.ptr);
        }
    }
    close(ep);
}

int bench_post(int argc, char **argv)
{
    (void)argc;
    struct feed feed = {0};
    feed_load(&feed, argv[2]);
    int count = (int)bench_number(argv[5]);
    struct run r = {.feed = &feed, .account = argv[1], .next = bench_number(argv[3])};
    r.end = r.next + bench_number(argv[4]);
    if (r.end > feed.count || count < 1) {
        fprintf(stderr, "bench: the feed holds %lld requests\n", (long long)feed.count);
        return 2;
    }
    struct conn *conns = mem_array((size_t)count, sizeof *conns);
    for (int i = 0; i < count; i++) {
        conns[i].fd = bench_connect((int)bench_number(argv[0]));
    }
    bench_times_init(&r.times);
    int64_t from = bench_now_ns();
    loop(&r, conns, count);
    double seconds = (double)(bench_now_ns() - from) / 1e9;
    printf("{\"requests\":%lld,\"good\":%lld,\"replayed\":%lld,\"seconds\":%.4f,\"rate\":%.1f,"
           "\"p50_us\":%lld,\"p90_us\":%lld,\"p99_us\":%lld,\"p999_us\":%lld}\n",
        (long long)r.answered, (long long)r.good, (long long)r.replayed, seconds,
        (double)r.answered / seconds, (long long)bench_times_quantile(&r.times, 0.5),
        (long long)bench_times_quantile(&r.times, 0.9),
        (long long)bench_times_quantile(&r.times, 0.99),
        (long long)bench_times_quantile(&r.times, 0.999));
    for (int i = 0; i < count; i++) {
        close(conns[i].fd);
    }
    bench_times_clear(&r.times);
    mem_free(conns);
    mem_free(feed.lines);
    buf_clear(&feed.text);
    return r.good == r.answered ? 0 : 1;
}
