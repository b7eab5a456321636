#include "service/work.h"

#include "base/log.h"
#include "base/mem.h"
#include "service/settle.h"
#include "wallet/httpc.h"
#include <pthread.h>

#define WORK_BUCKETS 1024

struct work_item {
    int64_t attempt_id;
    enum work_kind kind;
    struct work_item *next;
};

struct work {
    pthread_mutex_t lock;
    struct work_item *buckets[WORK_BUCKETS];
    int counts[WORK_KINDS];
    pthread_mutex_t wake_lock;
    struct settle *settle;
    void (*deliver_kick)(void *arg);
    void *deliver;
    struct httpc *httpc;
};

struct work *work_new(void)
{
    struct work *w = mem_alloc(sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutex_init(&w->wake_lock, NULL);
    return w;
}

void work_free(struct work *w)
{
    if (!w) {
        return;
    }
    for (size_t i = 0; i < WORK_BUCKETS; i++) {
        for (struct work_item *item = w->buckets[i], *next; item; item = next) {
            next = item->next;
            mem_free(item);
        }
    }
    pthread_mutex_destroy(&w->lock);
    pthread_mutex_destroy(&w->wake_lock);
    mem_free(w);
}

/* The place of the item, or of the end of its bucket. */
static struct work_item **work_find(struct work *w, int64_t attempt_id)
{
    struct work_item **at = &w->buckets[(uint64_t)attempt_id % WORK_BUCKETS];
    while (*at && (*at)->attempt_id != attempt_id) {
        at = &(*at)->next;
    }
    return at;
}

bool work_begin(struct work *w, int64_t attempt_id, enum work_kind kind)
{
    pthread_mutex_lock(&w->lock);
    struct work_item **at = work_find(w, attempt_id);
    bool is_new = !*at;
    if (is_new) {
        *at = mem_alloc(sizeof **at);
        (*at)->attempt_id = attempt_id;
        (*at)->kind = kind;
        w->counts[kind]++;
    }
    pthread_mutex_unlock(&w->lock);
    return is_new;
}

void work_end(struct work *w, int64_t attempt_id)
{
    pthread_mutex_lock(&w->lock);
    struct work_item **at = work_find(w, attempt_id);
    struct work_item *item = *at;
    if (item) {
        *at = item->next;
        w->counts[item->kind]--;
    }
    pthread_mutex_unlock(&w->lock);
    mem_free(item);
}

bool work_has(struct work *w, int64_t attempt_id)
{
    pthread_mutex_lock(&w->lock);
    bool has = *work_find(w, attempt_id) != NULL;
    pthread_mutex_unlock(&w->lock);
    return has;
}

int work_count_of(struct work *w, enum work_kind kind)
{
    pthread_mutex_lock(&w->lock);
    int count = w->counts[kind];
    pthread_mutex_unlock(&w->lock);
    return count;
}

int work_count(struct work *w)
{
    int count = 0;
    for (int kind = 0; kind < WORK_KINDS; kind++) {
        count += work_count_of(w, (enum work_kind)kind);
    }
    return count;
}

void work_set_settle(struct work *w, struct settle *x)
{
    pthread_mutex_lock(&w->wake_lock);
    w->settle = x;
    pthread_mutex_unlock(&w->wake_lock);
}

void work_set_deliver(struct work *w, void (*kick)(void *arg), void *arg)
{
    pthread_mutex_lock(&w->wake_lock);
    w->deliver_kick = kick;
    w->deliver = arg;
    pthread_mutex_unlock(&w->wake_lock);
}

void work_set_httpc(struct work *w, struct httpc *h)
{
    pthread_mutex_lock(&w->wake_lock);
    w->httpc = h;
    pthread_mutex_unlock(&w->wake_lock);
}

enum err work_defer(struct work *w, int64_t delay_ms, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&w->wake_lock);
    enum err e = w->httpc ? httpc_defer(w->httpc, delay_ms, fn, arg) : ERR_STOPPING;
    pthread_mutex_unlock(&w->wake_lock);
    return e;
}

void work_kick_settle(struct work *w)
{
    pthread_mutex_lock(&w->wake_lock);
    if (w->settle) {
        settle_kick(w->settle);
    }
    pthread_mutex_unlock(&w->wake_lock);
}

void work_kick_deliver(struct work *w)
{
    pthread_mutex_lock(&w->wake_lock);
    if (w->deliver_kick) {
        w->deliver_kick(w->deliver);
    }
    pthread_mutex_unlock(&w->wake_lock);
}
