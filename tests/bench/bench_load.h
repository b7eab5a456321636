/* A load generator: keep-alive connections with one request under way on each. Without a rate the next request goes as soon as
 * an answer is whole. With a rate requests are due at fixed times, whatever the server does: one that finds no free connection
 * waits, and its latency counts from when it was due. */
#ifndef KASSA_BENCH_LOAD_H
#define KASSA_BENCH_LOAD_H

#include "bench.h"

#define BENCH_REQUEST_MAX 8192

struct bench_answer {
    int status;    /* 0: the connection was closed without an answer */
    bool replayed; /* Idempotent-Replayed */
    bool closes;   /* the server closes the connection after it */
};

struct bench_load {
    int port, connections;
    int64_t first, count; /* numbers of requests */
    int64_t rate;         /* a second; 0: as fast as answers come */
    bool tolerant; /* a connection that the server closes is opened again; else it ends the run */
    /* Writes request `i` to `out`, gives its length. */
    size_t (*compose)(void *arg, int64_t i, char *out);
    /* May be NULL. False: not counted in `times`. */
    bool (*answered)(void *arg, int64_t i, const struct bench_answer *a);
    void *arg;
    /* what came of it */
    int64_t good, replayed; /* answers with 200, and those that were replays */
    double seconds, cpu_us; /* of all; the generator's own CPU for each */
    struct bench_times times;
};

void bench_load_run(struct bench_load *l);
/* Prints the JSON object of a run and clears it. */
void bench_load_print(struct bench_load *l);

#endif
