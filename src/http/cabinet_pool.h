/* A few threads that do what would keep an HTTP thread from serving others, in the order of asking. */
#ifndef KASSA_HTTP_CABINET_POOL_H
#define KASSA_HTTP_CABINET_POOL_H

#include "base/err.h"
#include <stdbool.h>

struct cabinet_pool;

struct cabinet_job {
    /* `stopping`: the pool ends; only tell whoever waits. */
    void (*run)(struct cabinet_job *j, bool stopping);
    struct cabinet_job *next; /* the pool's */
};

/* ERR_IO: no threads. */
enum err cabinet_pool_new(int threads, int queue_max, struct cabinet_pool **ret) must_check;
/* ERR_BUSY: as many wait already; ERR_STOPPING. `run` is then not called. */
enum err cabinet_pool_push(struct cabinet_pool *p, struct cabinet_job *j) must_check;
/* Runs what waits with `stopping`, waits for the rest. */
void cabinet_pool_free(struct cabinet_pool *p);

#endif
