#include "bench.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define TIMES_MAX_US 1000000
#define CPU_RUN_NS (250 * INT64_C(1000000))

void bench_die(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

int64_t bench_number(const char *text)
{
    int64_t n;
    if (int64_parse(str_from(text), &n) != ERR_OK || n < 0) {
        fprintf(stderr, "bench: not a number: %s\n", text);
        exit(2);
    }
    return n;
}

int64_t bench_now_ns(void)
{
    return clock_mono_us() * 1000;
}

int64_t bench_cpu_ns(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000000) +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * INT64_C(1000);
}

double bench_cpu_us(void (*once)(void *arg), void *arg)
{
    int64_t calls = 0, until = bench_now_ns() + CPU_RUN_NS, from = bench_cpu_ns(RUSAGE_THREAD);
    while (bench_now_ns() < until) {
        for (int i = 0; i < 16; i++) {
            once(arg);
        }
        calls += 16;
    }
    return (double)(bench_cpu_ns(RUSAGE_THREAD) - from) / 1000.0 / (double)calls;
}

int bench_connect(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        bench_die("connect");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int bench_listen(int *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 512) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
        bench_die("listen");
    }
    *ret_port = ntohs(at.sin_port);
    return fd;
}

void bench_times_init(struct bench_times *t)
{
    t->count = mem_array(TIMES_MAX_US + 1, sizeof *t->count);
    t->n = 0;
}

void bench_times_add(struct bench_times *t, int64_t us)
{
    t->count[us < 0 ? 0 : us > TIMES_MAX_US ? TIMES_MAX_US : us]++;
    t->n++;
}

int64_t bench_times_quantile(const struct bench_times *t, double q)
{
    int64_t seen = 0, wanted = (int64_t)((double)t->n * q);
    for (int64_t us = 0; us <= TIMES_MAX_US; us++) {
        seen += t->count[us];
        if (seen > wanted) {
            return us;
        }
    }
    return TIMES_MAX_US;
}

void bench_times_print(const struct bench_times *t)
{
    static const struct {
        const char *name;
        double q;
    } wanted[] = {{"p50_us", 0.5}, {"p90_us", 0.9}, {"p99_us", 0.99}, {"p999_us", 0.999}};
    for (size_t i = 0; i < array_len(wanted); i++) {
        printf("%s\"%s\":%lld", i ? "," : "", wanted[i].name,
            (long long)bench_times_quantile(t, wanted[i].q));
    }
}

void bench_times_clear(struct bench_times *t)
{
    mem_free(t->count);
    t->count = NULL;
}

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    int args;
    const char *usage;
} verbs[] = {
    {"sign", bench_sign, 6, "KEY PASSWORD FIRST COUNT random|sequential OUT"},
    {"sign-lines", bench_sign_lines, 4, "KEY PASSWORD BODIES OUT"},
    {"sample", bench_sample, 5, "STORE COUNT NEWEST ORDERS PATHS"},
    {"post", bench_post, 8, "PORT ACCOUNT PATH FEED FIRST COUNT CONNECTIONS RATE"},
    {"get", bench_get, 6, "PORT FEED FIRST COUNT CONNECTIONS RATE"},
    {"receive", bench_receive, 0, ""},
    {"serve", bench_serve, 0, ""},
    {"floor", bench_floor, 1, "FOLDER"},
    {"insert", bench_insert, 4, "STORE FOLDER ROWS BATCH"},
    {"fill", bench_fill, 5, "CONFIG ACCOUNT COUNT PAID_PERCENT BATCH"},
    {"query", bench_query, 1, "STORE"},
    {"crowd", bench_crowd, 4, "PORT PATHS IDLE SLOW"},
    {"attack", bench_attack, 6, "PORT ACCOUNT FEED FIRST COUNT CONNECTIONS"},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < array_len(verbs); i++) {
        if (strcmp(argv[1], verbs[i].name) == 0 && argc - 2 == verbs[i].args) {
            return verbs[i].run(argc - 2, argv + 2);
        }
    }
    for (size_t i = 0; i < array_len(verbs); i++) {
        fprintf(stderr, "%s kassa-bench %s %s\n", i ? "      " : "usage:", verbs[i].name,
            verbs[i].usage);
    }
    return 2;
}
