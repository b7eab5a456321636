/* Pages: the paths of a feed. */
#include "bench_load.h"

#include <stdio.h>

static size_t compose(void *arg, int64_t i, char *out)
{
    struct str path = bench_feed_line(arg, i);
    int n = snprintf(out, BENCH_REQUEST_MAX,
        "GET %.*s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n", STR_FMT(path));
    if (n <= 0 || n >= BENCH_REQUEST_MAX) {
        bench_die("a request is too long");
    }
    return (size_t)n;
}

int bench_get(int argc, char **argv)
{
    (void)argc;
    struct bench_feed feed;
    bench_feed_open(&feed, argv[1]);
    struct bench_load l = {
        .port = (int)bench_number(argv[0]),
        .first = bench_number(argv[2]),
        .count = bench_number(argv[3]),
        .connections = (int)bench_number(argv[4]),
        .rate = bench_number(argv[5]),
        .compose = compose,
        .arg = &feed,
    };
    bench_load_run(&l);
    bool good = l.good == l.count;
    bench_load_print(&l);
    bench_feed_close(&feed);
    return good ? 0 : 1;
}
