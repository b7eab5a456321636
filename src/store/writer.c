#include "store/writer.h"

#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "store/pulse.h"
#include "store/tx.h"
#include <pthread.h>
#include <unistd.h>

/* Another process held the file for the whole of the engine's patience: so often more, then the callers are told. */
#define BUSY_TRIES 3
#define BUSY_PAUSE_US 20000
/* How many batches keep their units apart by savepoints after one in which a unit failed. */
#define ISOLATED_BATCHES 32
/* Batches fail as fast as they come while nothing can be written: so often it is told. */
#define FAILED_TELL_MS 1000

/* How a batch's units are kept apart. */
enum way {
    WAY_TOGETHER, /* not at all: the first one that fails ends it */
    WAY_APART, /* by savepoints; only what they handed over for later (store_payment_put) is one piece */
    WAY_SINGLY /* by savepoints, and nothing is left until later */
};

struct queue {
    struct store_unit *first;
    struct store_unit **end;
    int64_t count;
};

struct writer {
    struct db *db;
    const struct clock *clock;
    int64_t queue_max, batch_max;
    struct writer_trust trust;
    pthread_t thread;
    struct tx tx;
    int isolated_left; /* batches to be run with savepoints */
    enum err failed;   /* the last batch's, while they fail */
    int64_t failed_units,
        failed_told_ms; /* since it was told; when that was, by the monotonic clock */
    _Atomic bool writable;
    _Atomic int64_t begun_ms; /* of the batch under way, by the monotonic clock; 0: none is */
    _Atomic int64_t good_ms;  /* of the last one that was kept, likewise */

    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t wake;
    struct queue queue;
    bool waiting;
    bool stopping;
};

static void queue_init(struct queue *q)
{
    *q = (struct queue){0};
    q->end = &q->first;
}

static void queue_put(struct queue *q, struct store_unit *u)
{
    u->next = NULL;
    *q->end = u;
    q->end = &u->next;
    q->count++;
}

/* The first `max` units, as a list of their own. */
static int64_t queue_take(struct queue *q, int64_t max, struct store_unit **ret)
{
    struct store_unit **p = &q->first;
    int64_t n = 0;
    while (*p && n < max) {
        p = &(*p)->next;
        n++;
    }
    *ret = q->first;
    q->first = *p;
    *p = NULL;
    if (!q->first)
        q->end = &q->first;
    q->count -= n;
    return n;
}

static bool is_store_error(enum err e)
{
    return e == ERR_STORE_BUSY || e == ERR_STORE_FULL || e == ERR_STORE_IO;
}

/* Runs a unit inside its savepoint. What is returned is the batch's error: after a fault of the engine the whole
 * transaction may be gone. */
static enum err unit_run(struct writer *w, struct store_unit *u)
{
    enum err e = db_savepoint(w->db);
    if (e != ERR_OK)
        return e;
    u->result = u->run(u, &w->tx);
    if (is_store_error(u->result))
        return u->result;
    if (u->result == ERR_OK) {
        e = db_release(w->db);
        if (e == ERR_OK)
            tx_unit_kept(&w->tx);
    } else {
        e = db_rollback_to(w->db);
        if (e == ERR_OK)
            tx_unit_undone(&w->tx);
    }
    return e;
}

static enum err units_isolated(struct writer *w, struct store_unit *units)
{
    enum err e = ERR_OK;
    for (struct store_unit *u = units; e == ERR_OK && u; u = u->next) {
        e = unit_run(w, u);
        if (u->result != ERR_OK)
            w->isolated_left = ISOLATED_BATCHES;
    }
    return e;
}

/* A savepoint costs as much as a statement, and nearly every unit is kept. So a batch is first run without; the first unit that
 * fails ends that, and the batch is undone and run again with savepoints: units are re-runnable. */
static enum err units_plain(struct writer *w, struct store_unit *units, bool *ret_failed)
{
    for (struct store_unit *u = units; u; u = u->next) {
        u->result = u->run(u, &w->tx);
        if (is_store_error(u->result))
            return u->result;
        if (u->result != ERR_OK) {
            *ret_failed = true;
            return ERR_OK;
        }
        tx_unit_kept(&w->tx);
    }
    return ERR_OK;
}

static enum err batch_commit(struct writer *w)
{
    enum err e = tx_batch_finish(&w->tx);
    if (e != ERR_OK)
        return e;
    int64_t start = clock_mono_us();
    e = db_commit(w->db);
    metric_observe(HISTOGRAM_commit_duration_us, clock_mono_us() - start);
    return e;
}

/* A process that stood still in the middle of this is found out by the same comparison. */
static enum err batch_begin(struct writer *w)
{
    int64_t apart_ms = 0;
    enum err e = db_begin_in_time(w->db, DB_BEGIN_WRITE, w->clock, &apart_ms);
    if (e != ERR_OK || !clocks_differ(apart_ms))
        return e;
    log_alarm("clock_apart", LOG_I("database_ahead_ms", apart_ms));
    db_rollback(w->db);
    return ERR_STORE_IO;
}

/* What came while other nodes' writers were waited for goes along, instead of waiting for its own turn behind them again. Gives
 * how many units the batch has then. */
static int64_t batch_join(struct writer *w, struct store_unit *units)
{
    int64_t n = 1;
    struct store_unit *last = units;
    for (; last->next; last = last->next)
        n++;
    if (n >= w->batch_max)
        return n;
    pthread_mutex_lock(&w->lock);
    n += queue_take(&w->queue, w->batch_max - n, &last->next);
    metric_set(METRIC_store_queue_depth, w->queue.count);
    pthread_mutex_unlock(&w->lock);
    return n;
}

/* What the units handed over. A row that is refused may be any unit's: they have to be run again, each for itself. */
static enum err puts_write(struct writer *w, bool *ret_failed)
{
    enum err e = payment_puts_write(&w->tx);
    if (e == ERR_OK || is_store_error(e))
        return e;
    *ret_failed = true;
    return ERR_OK;
}

/* A unit that is alone is told at once what became of it. */
static bool may_collect(const struct writer *w, const struct store_unit *units, enum way way)
{
    return way != WAY_SINGLY && units->next && db_has_arrays(w->db);
}

/* ERR_OK with *ret_failed: nothing was kept, because something failed that was not kept apart. */
static enum err batch_try(
    struct writer *w, struct store_unit *units, enum way way, bool *ret_failed)
{
    enum err e = batch_begin(w);
    if (e != ERR_OK)
        return e;
    w->tx.units = batch_join(w, units);
    *ret_failed = false;
    w->tx.shared = db_began_ms(w->db) != 0;
    w->tx.now_ms = clock_now_ms(w->clock);
    w->tx.collects = may_collect(w, units, way);
    e = way == WAY_TOGETHER ? units_plain(w, units, ret_failed) : units_isolated(w, units);
    if (e == ERR_OK && !*ret_failed)
        e = puts_write(w, ret_failed);
    if (e == ERR_OK && !*ret_failed)
        e = batch_commit(w);
    if (e == ERR_OK && !*ret_failed) {
        tx_batch_kept(&w->tx);
    } else {
        db_rollback(w->db);
        tx_batch_undone(&w->tx);
    }
    return e;
}

/* A unit that failed alone needs no second run: undoing it has undone the batch. */
static enum err batch_try_isolating(struct writer *w, struct store_unit *units)
{
    enum way way = WAY_TOGETHER;
    if (w->isolated_left > 0) {
        w->isolated_left--;
        way = WAY_APART;
    }
    for (;; way++) {
        bool failed = false;
        enum err e = batch_try(w, units, way, &failed);
        if (e != ERR_OK || !failed || !units->next)
            return e;
    }
}

static void pause_with_jitter(void)
{
    uint16_t random;
    random_bytes(&random, sizeof random);
    usleep(BUSY_PAUSE_US + random % BUSY_PAUSE_US);
}

static enum err batch_run(struct writer *w, struct store_unit *units)
{
    enum err e = ERR_STORE_BUSY;
    for (int i = 0; i < BUSY_TRIES && e == ERR_STORE_BUSY; i++) {
        if (i > 0)
            pause_with_jitter();
        e = batch_try_isolating(w, units);
    }
    return e;
}

static void note_writable(struct writer *w, bool now)
{
    if (atomic_exchange(&w->writable, now) == now)
        return;
    metric_set(METRIC_store_writable, now);
    if (now)
        log_info("store_writable_again");
}

static void tell_failed(struct writer *w, enum err e, int64_t units)
{
    int64_t now = clock_mono_ms();
    w->failed_units += units;
    if (e == w->failed && now - w->failed_told_ms < FAILED_TELL_MS)
        return;
    log_alarm("store_batch_failed", LOG_ERR(e), LOG_I("units", w->failed_units));
    w->failed = e;
    w->failed_told_ms = now;
    w->failed_units = 0;
}

static void note_batch(struct writer *w, const struct store_unit *units, enum err e)
{
    int64_t n = 0, kept = 0;
    for (const struct store_unit *u = units; u; u = u->next) {
        n++;
        kept += e == ERR_OK && u->result == ERR_OK;
    }
    metric_add(METRIC_store_units_total, kept);
    metric_add(METRIC_store_units_failed_total, n - kept);
    if (e == ERR_OK) {
        metric_add(METRIC_store_commits_total, 1);
        w->failed = ERR_OK;
        atomic_store(&w->good_ms, clock_mono_ms());
    } else {
        tell_failed(w, e, n);
    }
    if (is_store_error(e))
        note_writable(w, false);
    else if (kept > 0)
        note_writable(w, true);
}

/* A unit belongs to its owner as soon as its done is called, and may be gone or queued again. */
static void batch_complete(struct store_unit *units, enum err e)
{
    while (units) {
        struct store_unit *u = units;
        units = u->next;
        if (e != ERR_OK)
            u->result = e;
        if (u->done)
            u->done(u, u->result);
    }
}

/* Waits until there is work. False: the end. */
static bool next_batch(struct writer *w, struct store_unit **ret)
{
    pthread_mutex_lock(&w->lock);
    while (!w->queue.first && !w->stopping) {
        w->waiting = true;
        pthread_cond_wait(&w->wake, &w->lock);
        w->waiting = false;
    }
    int64_t n = queue_take(&w->queue, w->batch_max, ret);
    metric_set(METRIC_store_queue_depth, w->queue.count);
    pthread_mutex_unlock(&w->lock);
    return n > 0;
}

static void *writer_main(void *arg)
{
    pthread_setname_np(pthread_self(), "store-writer");
    struct writer *w = arg;
    struct store_unit *units;
    while (next_batch(w, &units)) {
        atomic_store(&w->begun_ms, clock_mono_ms());
        enum err e = batch_run(w, units);
        atomic_store(&w->begun_ms, 0);
        note_batch(w, units, e);
        batch_complete(units, e);
        db_maintain(w->db);
    }
    return NULL;
}

struct writer *writer_start(struct db *db, const struct clock *clock, int64_t queue_max,
    int64_t batch_max, struct writer_trust trust)
{
    ensure(queue_max > 0 && batch_max > 0, "the store's limits are positive");
    struct writer *w = mem_alloc(sizeof *w);
    w->db = db;
    w->clock = clock;
    w->queue_max = queue_max;
    w->batch_max = batch_max;
    w->trust = trust;
    atomic_init(&w->writable, true);
    atomic_init(&w->begun_ms, 0);
    atomic_init(&w->good_ms, clock_mono_ms());
    metric_set(METRIC_store_writable, 1);
    tx_init(&w->tx, db);
    queue_init(&w->queue);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    ensure(pthread_create(&w->thread, NULL, writer_main, w) == 0, "a thread can't be started");
    return w;
}

void writer_stop(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    tx_clear(&w->tx);
    db_close(w->db);
    mem_free(w);
}

/* What waits behind a server that is silent would get its answer when nobody waits for it any more. */
static bool is_stuck(const struct writer *w)
{
    int64_t begun = atomic_load(&w->begun_ms);
    return w->trust.patience_ms && begun && clock_mono_ms() - begun >= w->trust.patience_ms;
}

enum err writer_submit(struct writer *w, struct store_unit *u)
{
    enum err e = ERR_OK;
    pthread_mutex_lock(&w->lock);
    if (w->stopping) {
        e = ERR_STOPPING;
    } else if (w->queue.count >= w->queue_max || is_stuck(w)) {
        e = ERR_BUSY;
    } else {
        queue_put(&w->queue, u);
        metric_set(METRIC_store_queue_depth, w->queue.count);
        if (w->waiting)
            pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    return e;
}

bool writer_is_self(const struct writer *w)
{
    return pthread_equal(pthread_self(), w->thread) != 0;
}

bool writer_writable(const struct writer *w)
{
    return atomic_load(&w->writable) && !is_stuck(w);
}

bool writer_wants_probe(const struct writer *w)
{
    if (!atomic_load(&w->writable))
        return true;
    int64_t age = clock_mono_ms() - atomic_load(&w->good_ms);
    return w->trust.memory_ms && age >= w->trust.memory_ms;
}
