/* Units that make one batch, for the store's tests. */
#ifndef KASSA_TESTS_STORE_BATCH_H
#define KASSA_TESTS_STORE_BATCH_H

#include "store_fixture.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

struct blocker {
    struct store_unit unit;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool open;
    _Atomic bool running;
};

static inline enum err blocker_run(struct store_unit *u, struct tx *tx)
{
    (void)tx;
    struct blocker *b = unit_owner(u, struct blocker, unit);
    atomic_store(&b->running, true);
    pthread_mutex_lock(&b->lock);
    while (!b->open)
        pthread_cond_wait(&b->wake, &b->lock);
    pthread_mutex_unlock(&b->lock);
    return ERR_OK;
}

static inline void blocker_init(struct blocker *b)
{
    *b = (struct blocker){.unit = {.run = blocker_run}};
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->wake, NULL);
}

static inline void blocker_open(struct blocker *b)
{
    pthread_mutex_lock(&b->lock);
    b->open = true;
    pthread_cond_signal(&b->wake);
    pthread_mutex_unlock(&b->lock);
}

struct queued {
    struct store_unit unit;
    struct sample x;
    struct payment_answer answer;
    enum err after;  /* what the unit says when its work is done */
    enum err result; /* what done got */
    _Atomic int *left;
};

static inline enum err queued_run(struct store_unit *u, struct tx *tx)
{
    struct queued *q = unit_owner(u, struct queued, unit);
    enum err e = store_payment_put(tx, &q->x.p, &q->answer);
    return e == ERR_OK ? q->after : e;
}

static inline void queued_done(struct store_unit *u, enum err result)
{
    struct queued *q = unit_owner(u, struct queued, unit);
    q->result = result;
    atomic_fetch_sub(q->left, 1);
}

/* Queues units behind a closed door, so that they make one batch, and waits for their ends. */
static inline void run_as_a_batch(struct fixture *f, struct queued *q, int n)
{
    struct blocker b;
    blocker_init(&b);
    ok(store_submit(f->s, &b.unit));
    while (!atomic_load(&b.running)) /* in a batch of its own */
        usleep(200);
    _Atomic int left = n;
    for (int i = 0; i < n; i++) {
        q[i].unit = (struct store_unit){.run = queued_run, .done = queued_done};
        q[i].left = &left;
        ok(store_submit(f->s, &q[i].unit));
    }
    blocker_open(&b);
    while (atomic_load(&left) > 0)
        usleep(1000);
}

static inline void queued_init(struct queued *q, struct fixture *f, const char *prefix, int n)
{
    for (int i = 0; i < n; i++) {
        char order[64];
        snprintf(order, sizeof order, "%s-%d", prefix, i);
        q[i] = (struct queued){0};
        sample_init(&q[i].x, f, order, T0);
    }
}

#endif
