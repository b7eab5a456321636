#include "service/settle.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "service/close_day.h"
#include "service/credentials.h"
#include "service/notices.h"
#include "service/overview.h"
#include "service/refund_errand.h"
#include "service/refused.h"
#include "service/settle_unit.h"
#include "service/work.h"
#include <errno.h>
#include <pthread.h>
#include <time.h>

#define LOOK_EVERY_MS 1000
/* Among them may be many whose call is still under way. */
#define DUE_MAX 1024
#define EXPIRED_MAX 256
/* Queries under way at once. */
#define ASKED_MAX 64
/* Of a wallet with a page of its own these too, in a room of its own: they come by hundreds, and must keep neither the others nor
 * another wallet's, whose answers may be quick while this one hangs. */
#define VERIFIED_MAX 64
#define ROUNDS_MAX 64

struct settle {
    struct service *service;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond; /* kicked, stopped, or a unit of the round ended */
    bool kicked, stop;
    int waiting; /* units of the round that have not ended */
    bool held;   /* one of them left its row as it is */
};

void settle_unit_ended(struct settle *x, bool held)
{
    pthread_mutex_lock(&x->lock);
    x->held = x->held || held;
    x->waiting--;
    pthread_cond_broadcast(&x->cond);
    pthread_mutex_unlock(&x->lock);
}

static bool unit_submit(struct settle *x, int64_t id,
    struct settle_unit *(*make)(struct settle *, struct service *, int64_t))
{
    struct settle_unit *unit = make(x, x->service, id);
    pthread_mutex_lock(&x->lock);
    x->waiting++;
    pthread_mutex_unlock(&x->lock);
    enum err e = store_submit(x->service->store, &unit->unit);
    if (e != ERR_OK) {
        settle_unit_free(unit);
        settle_unit_ended(x, false);
    }
    return e == ERR_OK;
}

/* True when it is time to stop. */
static bool units_wait(struct settle *x)
{
    pthread_mutex_lock(&x->lock);
    while (x->waiting > 0) {
        pthread_cond_wait(&x->cond, &x->lock);
    }
    bool stop = x->stop;
    pthread_mutex_unlock(&x->lock);
    return stop;
}

/* One with a call under way waits for that call's answer. */
static void look_at_due(struct settle *x, enum err e, const int64_t *ids, int count, int room)
{
    if (e != ERR_OK) {
        log_error("due_attempts_not_read", LOG_ERR(e));
        return;
    }
    for (int i = 0; i < count && room > 0; i++) {
        if (!work_has(x->service->work, ids[i]) && unit_submit(x, ids[i], settle_unit_attempt)) {
            room--;
        }
    }
    (void)units_wait(x);
}

/* Attempts whose wallet must be asked, or whose create was lost. */
static void look_at_attempts(struct settle *x, struct db *db, int64_t now)
{
    struct work *work = x->service->work;
    int64_t ids[DUE_MAX];
    int count = 0;
    enum err e = store_attempt_due(db, now, ids, DUE_MAX, &count);
    look_at_due(x, e, ids, count, ASKED_MAX - work_count_of(work, WORK_ASK));
    for (int i = 0; i < WALLET_COUNT; i++) {
        enum wallet_kind wallet = (enum wallet_kind)i;
        e = store_attempt_due_at_page(db, wallet, now, ids, DUE_MAX, &count);
        look_at_due(x, e, ids, count, VERIFIED_MAX - work_count_of(work, work_verify(wallet)));
    }
}

/* True once after units were held: what is read again would be the same rows. */
static bool held_take(struct settle *x)
{
    pthread_mutex_lock(&x->lock);
    bool held = x->held;
    x->held = false;
    pthread_mutex_unlock(&x->lock);
    return held;
}

/* Many payments may run out in one second: their units are submitted together, so they share commits. */
static void look_at_payments(struct settle *x, struct db *db, int64_t now)
{
    int64_t ids[EXPIRED_MAX];
    bool stop = false, all_in = true;
    int count = EXPIRED_MAX;
    for (int round = 0; round < ROUNDS_MAX && count == EXPIRED_MAX && !stop && all_in; round++) {
        enum err e = store_payment_expired(db, now, ids, EXPIRED_MAX, &count);
        if (e != ERR_OK) {
            log_error("expired_payments_not_read", LOG_ERR(e));
            return;
        }
        for (int i = 0; i < count && all_in; i++) {
            all_in = unit_submit(x, ids[i], settle_unit_expire);
        }
        stop = units_wait(x) || held_take(x);
        if (count > 0) {
            work_kick_deliver(x->service->work);
        }
    }
}

/* Sleeps on the monotonic clock until kicked, or for a second; what is due is judged by the injected clock. */
static bool look_wait(struct settle *x)
{
    int64_t until = clock_mono_ms() + LOOK_EVERY_MS;
    struct timespec ts = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
    pthread_mutex_lock(&x->lock);
    while (!x->stop && !x->kicked && pthread_cond_timedwait(&x->cond, &x->lock, &ts) != ETIMEDOUT) {
    }
    x->kicked = false;
    bool stop = x->stop;
    pthread_mutex_unlock(&x->lock);
    return stop;
}

/* The clock may have been moved at another node. */
static void sandbox_clock_follow(struct service *s, struct db *db)
{
    struct arena arena;
    struct str text = STR_ABSENT;
    int64_t offset = 0;
    if (!s->config->sandbox_sandbox) {
        return;
    }
    arena_init(&arena, 4096);
    enum err e = store_setting_get(db, &arena, SANDBOX_CLOCK_SETTING, &text);
    if (e == ERR_OK && int64_parse(text, &offset) == ERR_OK &&
        clock_offset_raise(s->clock, offset)) {
        work_kick_deliver(s->work);
    }
    arena_clear(&arena);
}

static void *settle_main(void *arg)
{
    pthread_setname_np(pthread_self(), "settle");
    struct settle *x = arg;
    do {
        struct service *s = x->service;
        struct db *db = store_clock_apart(s->store) ? NULL : store_reader(s->store);
        if (db) {
            sandbox_clock_follow(s, db);
            int64_t now = clock_now_ms(s->clock);
            look_at_attempts(x, db, now);
            look_at_payments(x, db, now);
            refund_look(x->service, db, now);
            credentials_certificates_look(
                x->service->credentials, now, x->service->config->rocket_certificate_alarm_days);
            close_day_look(x->service, db, now);
            notices_look(x->service->notices, db, now);
            refused_look(x->service->refused, db, now);
            overview_count(s, db);
        }
    } while (!look_wait(x));
    return NULL;
}

static void settle_free(struct settle *x)
{
    pthread_mutex_destroy(&x->lock);
    pthread_cond_destroy(&x->cond);
    mem_free(x);
}

enum err settle_start(struct service *s, struct settle **ret)
{
    struct settle *x = mem_alloc(sizeof *x);
    pthread_condattr_t attr;
    x->service = s;
    pthread_mutex_init(&x->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&x->cond, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&x->thread, NULL, settle_main, x) != 0) {
        settle_free(x);
        return ERR_IO;
    }
    *ret = x;
    return ERR_OK;
}

void settle_stop(struct settle *x)
{
    if (!x) {
        return;
    }
    pthread_mutex_lock(&x->lock);
    x->stop = true;
    pthread_cond_broadcast(&x->cond);
    pthread_mutex_unlock(&x->lock);
    pthread_join(x->thread, NULL);
    settle_free(x);
}

void settle_kick(struct settle *x)
{
    pthread_mutex_lock(&x->lock);
    x->kicked = true;
    pthread_cond_broadcast(&x->cond);
    pthread_mutex_unlock(&x->lock);
}
