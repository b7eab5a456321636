/* The instrument of `make bench`: load generators, a receiver of notifications, the machine's own floors, a filler of stores.
 * One program, a verb each; results are one JSON object on standard output. */
#ifndef KASSA_BENCH_H
#define KASSA_BENCH_H

#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

int bench_sign(int argc, char **argv); /* KEY.pem PASSWORD_FILE FIRST COUNT random|sequential OUT */
int bench_sign_lines(int argc, char **argv); /* KEY.pem PASSWORD_FILE BODIES OUT */
int bench_sample(int argc, char **argv);     /* STORE COUNT NEWEST ORDERS PATHS */
int bench_post(int argc, char **argv);    /* PORT ACCOUNT PATH FEED FIRST COUNT CONNECTIONS RATE */
int bench_get(int argc, char **argv);     /* PORT FEED FIRST COUNT CONNECTIONS RATE */
int bench_receive(int argc, char **argv); /* counts until its input ends */
int bench_serve(int argc, char **argv);   /* a bare HTTP server until its input ends */
int bench_floor(int argc, char **argv);   /* FOLDER */
int bench_insert(int argc, char **argv);  /* STORE FOLDER ROWS BATCH */
int bench_fill(int argc, char **argv);    /* CONFIG ACCOUNT COUNT PAID_PERCENT BATCH */
int bench_query(int argc, char **argv);   /* STORE */
int bench_crowd(int argc, char **argv);   /* PORT PATHS IDLE SLOW, until its input ends */
int bench_attack(int argc, char **argv);  /* PORT ACCOUNT FEED FIRST COUNT CONNECTIONS */

int64_t bench_now_ns(void);
int64_t bench_cpu_ns(int who); /* RUSAGE_SELF, RUSAGE_THREAD */
/* CPU microseconds of one call, over a quarter of a second. */
double bench_cpu_us(void (*once)(void *arg), void *arg);
/* The CPU of OpenSSL's bare operations. */
void bench_rsa(double *ret_sign_us, double *ret_verify_us);
/* A loopback TCP connection, blocking; exits with a message when there is none. */
int bench_connect(int port);
/* A listening socket on a free loopback port. */
int bench_listen(int *ret_port);
void bench_die(const char *what) __attribute__((noreturn));
int64_t bench_number(const char *text);

/* A feed: a file with a request in each line, "<base64 signature> <JSON body>" or a path. */
struct bench_feed {
    struct str all;
    struct str *lines;
    int64_t count;
};
void bench_feed_open(struct bench_feed *f, const char *path);
struct str bench_feed_line(const struct bench_feed *f, int64_t i); /* round and round */
void bench_feed_close(struct bench_feed *f);

/* Latencies in microseconds, exact to the microsecond up to a second. */
struct bench_times {
    uint32_t *count; /* by microsecond */
    int64_t n;
};
void bench_times_init(struct bench_times *t);
void bench_times_add(struct bench_times *t, int64_t us);
int64_t bench_times_quantile(const struct bench_times *t, double q);
/* Writes "p50_us":N,"p90_us":N,"p99_us":N,"p999_us":N. */
void bench_times_print(const struct bench_times *t);
void bench_times_clear(struct bench_times *t);

#endif
