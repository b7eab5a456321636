#include "http/cabinet_pool.h"

#include "base/mem.h"
#include <pthread.h>

struct cabinet_pool {
    pthread_mutex_t lock;
    pthread_cond_t more;
    pthread_t *threads;
    int thread_count;
    struct cabinet_job *first, **end;
    int waiting, queue_max;
    bool stopping;
};

static void *pool_run(void *arg)
{
    struct cabinet_pool *p = arg;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->first && !p->stopping)
            pthread_cond_wait(&p->more, &p->lock);
        struct cabinet_job *j = p->first;
        if (!j)
            break;
        p->first = j->next;
        if (!p->first)
            p->end = &p->first;
        p->waiting--;
        bool stopping = p->stopping;
        pthread_mutex_unlock(&p->lock);
        j->run(j, stopping);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

enum err cabinet_pool_new(int threads, int queue_max, struct cabinet_pool **ret)
{
    struct cabinet_pool *p = mem_alloc(sizeof(*p));
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->more, NULL);
    p->end = &p->first;
    p->queue_max = queue_max;
    p->threads = mem_array((size_t)threads, sizeof(*p->threads));
    while (p->thread_count < threads) {
        if (pthread_create(&p->threads[p->thread_count], NULL, pool_run, p) != 0) {
            cabinet_pool_free(p);
            return ERR_IO;
        }
        p->thread_count++;
    }
    *ret = p;
    return ERR_OK;
}

enum err cabinet_pool_push(struct cabinet_pool *p, struct cabinet_job *j)
{
    enum err e = ERR_OK;
    pthread_mutex_lock(&p->lock);
    if (p->stopping) {
        e = ERR_STOPPING;
    } else if (p->waiting >= p->queue_max) {
        e = ERR_BUSY;
    } else {
        j->next = NULL;
        *p->end = j;
        p->end = &j->next;
        p->waiting++;
        pthread_cond_signal(&p->more);
    }
    pthread_mutex_unlock(&p->lock);
    return e;
}

void cabinet_pool_free(struct cabinet_pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->more);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->thread_count; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->more);
    pthread_mutex_destroy(&p->lock);
    mem_free(p->threads);
    mem_free(p);
}
