/* Good creates among bad requests on the same connections: of ten, one has a wrong signature and one is malformed, each time in
 * another way. Counted are the good ones; a bad one that is taken for good is a fault. */
#include "bench_load.h"

#include "base/mem.h"
#include <stdio.h>
#include <string.h>

#define OF 10

struct attack {
    struct bench_feed feed;
    const char *account;
    int64_t good, refused, dropped, wrong;
};

enum kind { GOOD, FORGED, MALFORMED };

static enum kind kind_of(int64_t i)
{
    return i % OF == 3 ? FORGED : i % OF == 7 ? MALFORMED : GOOD;
}

struct parts {
    struct str sign, body;
};

static struct parts parts_of(const struct attack *x, int64_t i)
{
    struct str line = bench_feed_line(&x->feed, i);
    size_t blank = str_find(line, ' ', 0);
    return (struct parts){str_sub(line, 0, blank), str_sub(line, blank + 1, line.n)};
}

#define POST "POST /v1/payment HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"

static int compose_signed(const struct attack *x, char *out, struct str sign, struct str body)
{
    return snprintf(out, BENCH_REQUEST_MAX,
        POST "Account: %s\r\nSign: %.*s\r\nContent-Length: %zu\r\n\r\n%.*s", x->account,
        STR_FMT(sign), body.n, STR_FMT(body));
}

static int compose_malformed(const struct attack *x, int64_t turn, char *out, struct parts p)
{
    static const char *const heads[] = {
        "POST /v1/payment\r\n\r\n",
        POST "Account: 1\r\nContent-Length: abc\r\n\r\n",
        POST "Transfer-Encoding: gzip, chunked\r\nContent-Length: 4\r\n\r\n{}{}",
        "DELETE /v1/payment HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    };
    size_t which = (size_t)turn % (array_len(heads) + 2);
    if (which == array_len(heads)) {
        return compose_signed(x, out, STR("%%%"), p.body);
    }
    if (which == array_len(heads) + 1) {
        return compose_signed(x, out, p.sign, str_sub(p.body, 0, p.body.n / 2));
    }
    return snprintf(out, BENCH_REQUEST_MAX, "%s", heads[which]);
}

static size_t compose(void *arg, int64_t i, char *out)
{
    const struct attack *x = arg;
    struct parts p = parts_of(x, i);
    int n = 0;
    switch (kind_of(i)) {
    case GOOD:
        n = compose_signed(x, out, p.sign, p.body);
        break;
    case FORGED: /* of another body */
        n = compose_signed(x, out, parts_of(x, i + 1).sign, p.body);
        break;
    case MALFORMED:
        n = compose_malformed(x, i / OF, out, p);
        break;
    }
    if (n <= 0 || n >= BENCH_REQUEST_MAX) {
        bench_die("a request is too long");
    }
    return (size_t)n;
}

static bool answered(void *arg, int64_t i, const struct bench_answer *a)
{
    struct attack *x = arg;
    if (kind_of(i) == GOOD) {
        x->good += a->status == 200;
        x->wrong += a->status != 200;
        return true;
    }
    x->refused += a->status >= 400 && a->status < 500;
    x->dropped += a->status == 0;
    x->wrong += a->status != 0 && (a->status < 400 || a->status >= 500);
    return false;
}

int bench_attack(int argc, char **argv)
{
    (void)argc;
    struct attack x = {.account = argv[1]};
    bench_feed_open(&x.feed, argv[2]);
    struct bench_load l = {
        .port = (int)bench_number(argv[0]),
        .first = bench_number(argv[3]),
        .count = bench_number(argv[4]),
        .connections = (int)bench_number(argv[5]),
        .tolerant = true,
        .compose = compose,
        .answered = answered,
        .arg = &x,
    };
    bench_load_run(&l);
    printf("{\"good\":%lld,\"refused\":%lld,\"dropped\":%lld,\"wrong\":%lld,\"good_rate\":%.1f,",
        (long long)x.good, (long long)x.refused, (long long)x.dropped, (long long)x.wrong,
        (double)x.good / l.seconds);
    bench_times_print(&l.times);
    puts("}");
    bench_times_clear(&l.times);
    bench_feed_close(&x.feed);
    return x.wrong == 0 ? 0 : 1;
}
