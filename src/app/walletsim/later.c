#include "later.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include <pthread.h>
#include <time.h>

struct item {
    int64_t due_ms;
    void (*fn)(void *arg, bool in_time);
    void *arg;
    struct item *next;
};

struct later {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct item *first; /* the next due first */
    int count;
    bool stopping;
};

/* Waits for a change, at most until the first is due. */
static void wait_locked(struct later *l)
{
    if (!l->first) {
        pthread_cond_wait(&l->changed, &l->lock);
        return;
    }
    int64_t due_ms = l->first->due_ms;
    struct timespec t = {
        .tv_sec = (time_t)(due_ms / 1000), .tv_nsec = (long)(due_ms % 1000) * 1000000};
    pthread_cond_timedwait(&l->changed, &l->lock, &t);
}

static struct item *take_locked(struct later *l)
{
    struct item *i = l->first;
    if (!i || (!l->stopping && i->due_ms > clock_mono_ms()))
        return NULL;
    l->first = i->next;
    l->count--;
    return i;
}

static void *later_run(void *arg)
{
    struct later *l = arg;
    pthread_mutex_lock(&l->lock);
    while (!l->stopping || l->first) {
        struct item *i = take_locked(l);
        if (!i) {
            wait_locked(l);
            continue;
        }
        bool in_time = !l->stopping;
        pthread_mutex_unlock(&l->lock);
        i->fn(i->arg, in_time);
        mem_free(i);
        pthread_mutex_lock(&l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

struct later *later_start(void)
{
    struct later *l = mem_alloc(sizeof(*l));
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&l->lock, NULL);
    ensure(pthread_create(&l->thread, NULL, later_run, l) == 0, "a thread can be started");
    return l;
}

void later_stop(struct later *l)
{
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
}

void later_free(struct later *l)
{
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->changed);
    mem_free(l);
}

void later_add(struct later *l, int64_t delay_ms, void (*fn)(void *arg, bool in_time), void *arg)
{
    pthread_mutex_lock(&l->lock);
    bool refused = l->stopping || l->count >= LATER_MAX;
    if (!refused) {
        struct item *i = mem_alloc(sizeof(*i));
        *i = (struct item){.due_ms = clock_mono_ms() + delay_ms, .fn = fn, .arg = arg};
        struct item **at = &l->first;
        while (*at && (*at)->due_ms <= i->due_ms)
            at = &(*at)->next;
        i->next = *at;
        *at = i;
        l->count++;
        pthread_cond_signal(&l->changed);
    }
    pthread_mutex_unlock(&l->lock);
    if (refused)
        fn(arg, false);
}
