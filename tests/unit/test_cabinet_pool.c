/* The cabinet's threads: in order, bounded, and nobody is forgotten at the end. */
#include "base/mem.h"
#include "http/cabinet_pool.h"
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct job {
    struct cabinet_job job;
    sem_t *gate, *begun; /* NULL: does not wait */
    atomic_int *order;
    int at;       /* 1, 2, ... in the order of running */
    bool stopped; /* it was told that the pool ends */
};

static void job_run(struct cabinet_job *j, bool stopping)
{
    struct job *x = (void *)((char *)j - offsetof(struct job, job));
    x->at = atomic_fetch_add(x->order, 1) + 1;
    x->stopped = stopping;
    if (x->begun)
        sem_post(x->begun);
    if (x->gate)
        sem_wait(x->gate);
}

static struct job job_of(atomic_int *order, sem_t *gate, sem_t *begun)
{
    return (struct job){.job = {.run = job_run}, .order = order, .gate = gate, .begun = begun};
}

static void what_waits_is_bounded_and_runs_in_its_order(void **state)
{
    struct cabinet_pool *p;
    struct job jobs[5];
    atomic_int order;
    sem_t gate, begun;
    (void)state;
    atomic_init(&order, 0);
    sem_init(&gate, 0, 0);
    sem_init(&begun, 0, 0);
    assert_int_equal(cabinet_pool_new(1, 3, &p), ERR_OK);
    for (size_t i = 0; i < array_len(jobs); i++)
        jobs[i] = job_of(&order, i == 0 ? &gate : NULL, i == 0 || i == 3 ? &begun : NULL);
    assert_int_equal(cabinet_pool_push(p, &jobs[0].job), ERR_OK);
    sem_wait(&begun);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(cabinet_pool_push(p, &jobs[i].job), ERR_OK);
    assert_int_equal(cabinet_pool_push(p, &jobs[4].job), ERR_BUSY);
    sem_post(&gate);
    sem_wait(&begun);
    assert_int_equal(cabinet_pool_push(p, &jobs[4].job), ERR_OK);
    cabinet_pool_free(p);
    for (size_t i = 0; i < array_len(jobs); i++)
        assert_int_equal(jobs[i].at, i + 1);
    assert_false(jobs[3].stopped);
    sem_destroy(&gate);
    sem_destroy(&begun);
}

static void *gate_open(void *arg)
{
    sem_post(arg);
    return NULL;
}

static void at_the_end_what_runs_is_waited_for_and_what_waits_is_told(void **state)
{
    struct cabinet_pool *p;
    struct job jobs[3];
    atomic_int order;
    sem_t gate, begun;
    pthread_t opener;
    (void)state;
    atomic_init(&order, 0);
    sem_init(&gate, 0, 0);
    sem_init(&begun, 0, 0);
    assert_int_equal(cabinet_pool_new(1, 8, &p), ERR_OK);
    for (size_t i = 0; i < array_len(jobs); i++)
        jobs[i] = job_of(&order, i == 0 ? &gate : NULL, i == 0 ? &begun : NULL);
    assert_int_equal(cabinet_pool_push(p, &jobs[0].job), ERR_OK);
    sem_wait(&begun);
    assert_int_equal(cabinet_pool_push(p, &jobs[1].job), ERR_OK);
    assert_int_equal(cabinet_pool_push(p, &jobs[2].job), ERR_OK);
    assert_int_equal(pthread_create(&opener, NULL, gate_open, &gate), 0);
    cabinet_pool_free(p);
    pthread_join(opener, NULL);
    assert_int_equal(atomic_load(&order), 3);
    assert_false(jobs[0].stopped);
    sem_destroy(&gate);
    sem_destroy(&begun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_is_bounded_and_runs_in_its_order),
        cmocka_unit_test(at_the_end_what_runs_is_waited_for_and_what_waits_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
