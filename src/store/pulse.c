#include "store/pulse.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include <errno.h>
#include <pthread.h>
#include <time.h>

#define BEAT_MS 500
#define SILENT_MS 3000

struct pulse {
    const struct db_engine *engine;
    char *path;
    const struct clock *clock;
    struct db *db;               /* the thread's; NULL: not open */
    _Atomic int64_t answered_at; /* monotonic */
    _Atomic bool apart;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
};

enum err db_begin_in_time(
    struct db *db, enum db_begin how, const struct clock *clock, int64_t *ret_apart_ms)
{
    int64_t before = 0, after = 0;
    bool machine = clock_wall_ms(clock, &before);
    enum err e = db_begin(db, how);
    if (e != ERR_OK)
        return e;
    int64_t theirs = db_began_ms(db);
    machine = machine && clock_wall_ms(clock, &after) && theirs != 0;
    *ret_apart_ms = !machine || (theirs >= before && theirs <= after) ? 0
                    : theirs < before                                 ? theirs - before
                                                                      : theirs - after;
    return ERR_OK;
}

static enum err beat(struct pulse *p, int64_t *ret_apart_ms)
{
    struct buf why;
    buf_init(&why, 1024);
    struct db_open how = {.path = p->path, .reading = true, .keen = true};
    enum err e = p->db ? ERR_OK : p->engine->open(p->engine, &how, &why, &p->db);
    buf_clear(&why);
    if (e == ERR_OK)
        e = db_begin_in_time(p->db, DB_BEGIN_READ, p->clock, ret_apart_ms);
    if (e == ERR_OK)
        db_rollback(p->db);
    return e;
}

static void note_apart(struct pulse *p, int64_t apart_ms)
{
    bool apart = clocks_differ(apart_ms);
    metric_set(METRIC_store_clock_apart_ms, apart_ms);
    if (atomic_exchange(&p->apart, apart) == apart)
        return;
    if (apart)
        log_alarm("clock_apart", LOG_I("database_ahead_ms", apart_ms));
    else
        log_info("clock_agrees_again");
}

static void beat_note(struct pulse *p)
{
    int64_t apart_ms = 0;
    enum err e = beat(p, &apart_ms);
    bool was_silent = pulse_state(p) == PULSE_SILENT;
    if (e == ERR_OK) {
        atomic_store(&p->answered_at, clock_mono_ms());
        note_apart(p, apart_ms);
        if (was_silent)
            log_info("store_answers_again");
    }
}

/* True when it is time to stop. */
static bool pause_until_next(struct pulse *p)
{
    int64_t at = clock_mono_ms() + BEAT_MS;
    struct timespec until = {.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};
    pthread_mutex_lock(&p->lock);
    while (!p->stopping && pthread_cond_timedwait(&p->wake, &p->lock, &until) != ETIMEDOUT)
        ;
    bool stop = p->stopping;
    pthread_mutex_unlock(&p->lock);
    return stop;
}

static void *pulse_main(void *arg)
{
    pthread_setname_np(pthread_self(), "store-pulse");
    struct pulse *p = arg;
    while (!pause_until_next(p))
        beat_note(p);
    return NULL;
}

struct pulse *pulse_start(const struct db_engine *g, const char *path, const struct clock *clock)
{
    struct pulse *p = mem_alloc(sizeof *p);
    pthread_condattr_t attr;
    p->engine = g;
    p->path = mem_strdup(path);
    p->clock = clock;
    atomic_init(&p->answered_at, clock_mono_ms());
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&p->wake, &attr);
    pthread_condattr_destroy(&attr);
    beat_note(p);
    ensure(pthread_create(&p->thread, NULL, pulse_main, p) == 0, "a thread can't be started");
    return p;
}

void pulse_stop(struct pulse *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    db_close(p->db);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    mem_free(p->path);
    mem_free(p);
}

enum pulse_state pulse_state(const struct pulse *p)
{
    if (clock_mono_ms() - atomic_load(&p->answered_at) > SILENT_MS)
        return PULSE_SILENT;
    return atomic_load(&p->apart) ? PULSE_APART : PULSE_GOOD;
}
