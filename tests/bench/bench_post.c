/* Signed requests of a feed to a path of the merchant API. */
#include "bench_load.h"

#include <stdio.h>

struct post {
    struct bench_feed feed;
    const char *account, *path;
};

static size_t compose(void *arg, int64_t i, char *out)
{
    const struct post *p = arg;
    struct str line = bench_feed_line(&p->feed, i);
    size_t blank = str_find(line, ' ', 0), body = line.n - blank - 1;
    int n = snprintf(out, BENCH_REQUEST_MAX,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Account: %s\r\nSign: %.*s\r\nContent-Length: %zu\r\n\r\n%.*s",
        p->path, p->account, (int)blank, line.p, body, (int)body, line.p + blank + 1);
    if (n <= 0 || n >= BENCH_REQUEST_MAX) {
        bench_die("a request is too long");
    }
    return (size_t)n;
}

int bench_post(int argc, char **argv)
{
    (void)argc;
    struct post p = {.account = argv[1], .path = argv[2]};
    bench_feed_open(&p.feed, argv[3]);
    struct bench_load l = {
        .port = (int)bench_number(argv[0]),
        .first = bench_number(argv[4]),
        .count = bench_number(argv[5]),
        .connections = (int)bench_number(argv[6]),
        .rate = bench_number(argv[7]),
        .compose = compose,
        .arg = &p,
    };
    bench_load_run(&l);
    bool good = l.good == l.count;
    bench_load_print(&l);
    bench_feed_close(&p.feed);
    return good ? 0 : 1;
}
