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
#include <sys/socket.h>

#define TIMES_MAX_US 1000000

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

void bench_times_clear(struct bench_times *t)
{
    mem_free(t->count);
    t->count = NULL;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
        int args;
    } commands[] = {
        {"sign", bench_sign, 4},
        {"post", bench_post, 6},
        {"receive", bench_receive, 0},
        {"floor", bench_floor, 1},
    };
    for (size_t i = 0; argc > 1 && i < array_len(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 == commands[i].args) {
            return commands[i].run(argc - 2, argv + 2);
        }
    }
    fprintf(stderr, "usage: kassa-bench sign KEY PASSWORD COUNT OUT | receive | floor FOLDER |\n"
                    "       post PORT ACCOUNT FEED FIRST COUNT CONNECTIONS\n");
    return 2;
}
