/* The instrument of `make bench`: a load generator that walks requests signed before, a receiver of notifications, and the
 * machine's own floors. One program, a subcommand each; results are one JSON object on standard output. */
#ifndef KASSA_BENCH_H
#define KASSA_BENCH_H

#include "base/buf.h"

/* A feed: bodies with their signatures, a line each: "<base64 signature> <JSON body>\n". */
int bench_sign(int argc, char **argv);    /* KEY.pem PASSWORD_FILE COUNT OUT */
int bench_post(int argc, char **argv);    /* PORT ACCOUNT FEED FIRST COUNT CONNECTIONS */
int bench_receive(int argc, char **argv); /* a receiver; prints its port, counts until SIGTERM */
int bench_floor(int argc, char **argv);   /* FOLDER: RSA verify and sign, fdatasync */

int64_t bench_now_ns(void);
/* A loopback TCP connection, blocking; exits with a message when there is none. */
int bench_connect(int port);
void bench_die(const char *what) __attribute__((noreturn));
int64_t bench_number(const char *text);

/* Latencies in microseconds, exact to the microsecond up to a second. */
struct bench_times {
    uint32_t *count; /* by microsecond */
    int64_t n;
};
void bench_times_init(struct bench_times *t);
void bench_times_add(struct bench_times *t, int64_t us);
int64_t bench_times_quantile(const struct bench_times *t, double q);
void bench_times_clear(struct bench_times *t);

#endif
