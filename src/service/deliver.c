/* One thread leases what is due; the signers, one for each processor, make of it what is sent, for a signature costs more than
 * all the rest; the outgoing loop sends, and the store's writer records many tries in one commit. A try whose host has its
 * share under way is put off, not counted, unless that host is so quick that it can wait: so the queue of a dead host never
 * stands before another merchant's notification; and an account whose notifications go to many dead hosts has a share too. */
#include "service/deliver.h"

#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include "service/deliver_desk.h"
#include "service/work.h"
#include <pthread.h>
#include <unistd.h>

#define LEASE_MARGIN_MS 30000
/* The rest of the margin is for what nodes' clocks may differ. A process that stood still longer leaves the row to another. */
#define SEND_WITHIN_MS 15000
#define POLL_MS 500
#define PUT_OFF_MS 10000
#define SIGNERS_MAX 8
#define WAITING_COUNT_EVERY_MS 10000

struct deliver {
    struct service *service;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool kicked, stopping;
    struct deliver_desk *desk;
    pthread_t signers[SIGNERS_MAX];
    int signer_count;
    int64_t counted_at; /* monotonic, of the last count of waiting rows */
};

struct lease_unit {
    struct store_unit unit;
    struct deliver *d;
    int max;
    int64_t leased_ms; /* monotonic */
    int64_t ids[DELIVER_ROOM_MAX];
    int count;
};

static void try_answered(void *arg, struct deliver_try *t)
{
    struct deliver *d = arg;
    deliver_desk_give(d->desk, t, clock_mono_ms());
}

/* Wakes the thread that leases, when what ended or waits made room. */
static void room_tell(struct deliver *d)
{
    if (deliver_desk_room(d->desk) > 0) {
        deliver_kick(d);
    }
}

static void try_ended(void *arg, struct deliver_try *t)
{
    struct deliver *d = arg;
    deliver_desk_end(d->desk, t, clock_mono_ms());
    deliver_try_free(t);
    room_tell(d);
}

static void try_add(struct deliver *d, int64_t id, int64_t leased_ms)
{
    struct deliver_try *t = mem_alloc(sizeof *t);
    t->service = d->service;
    t->owner = str_from(d->service->node);
    t->answered = try_answered;
    t->ended = try_ended;
    t->arg = d;
    t->id = id;
    t->send_by_ms = leased_ms + SEND_WITHIN_MS;
    if (!deliver_desk_add(d->desk, t)) {
        mem_free(t);
    }
}

/* Its host is another by now, or the store or the clock is in trouble. */
static void not_built(struct deliver_try *t, enum err e)
{
    if (e != ERR_CONFLICT) {
        log_error("notification_not_built", LOG_I("outbox", t->id), LOG_ERR(e));
    }
    deliver_try_put_off(t, e == ERR_CONFLICT ? 0 : PUT_OFF_MS);
}

static void try_sign(struct deliver *d, struct deliver_try *t)
{
    enum err e = notify_call_sign(d->service, &t->call, clock_now_ms(d->service->clock));
    if (e != ERR_OK) {
        not_built(t, e);
    } else if (t->call.park_reason) {
        deliver_try_park(t);
    } else {
        deliver_try_send(t);
    }
}

static void try_read(struct deliver *d, struct deliver_try *t)
{
    int64_t later_ms;
    enum err e = notify_call_read(d->service, t->id, &t->call);
    if (e != ERR_OK) {
        not_built(t, e);
        return;
    }
    if (t->call.park_reason) {
        deliver_try_park(t);
        return;
    }
    switch (deliver_desk_admit(d->desk, t, clock_mono_ms(), &later_ms)) {
    case DELIVER_NOW:
        try_sign(d, t);
        break;
    case DELIVER_WAITS:
        room_tell(d);
        break;
    case DELIVER_LATER:
        deliver_try_put_off(t, later_ms);
        break;
    }
}

static void *signer_main(void *arg)
{
    pthread_setname_np(pthread_self(), "signer");
    struct deliver *d = arg;
    for (struct deliver_try *t; (t = deliver_desk_next(d->desk));) {
        if (t->holds_host) {
            try_sign(d, t);
        } else {
            try_read(d, t);
        }
    }
    return NULL;
}

static enum err lease_run(struct store_unit *u, struct tx *tx)
{
    struct lease_unit *l = unit_owner(u, struct lease_unit, unit);
    int64_t now = tx_now_ms(tx);
    int64_t until = now + l->d->service->config->notify_timeout_ms + LEASE_MARGIN_MS;
    l->leased_ms = clock_mono_ms();
    return store_outbox_lease(
        tx, now, str_from(l->d->service->node), until, l->max, l->ids, &l->count);
}

/* Nothing is leased, and so nothing written, unless something is due. */
static bool something_due(struct deliver *d)
{
    int64_t at;
    struct store *store = d->service->store;
    struct db *db = store_clock_apart(store) ? NULL : store_reader(store);
    return db && store_outbox_next_due(db, &at) == ERR_OK && at <= clock_now_ms(d->service->clock);
}

/* True when more may be due at once. */
static bool round_run(struct deliver *d)
{
    struct lease_unit l = {.unit = {.run = lease_run}, .d = d, .max = deliver_desk_room(d->desk)};
    if (l.max <= 0 || !something_due(d)) {
        return false;
    }
    enum err e = store_run(d->service->store, &l.unit);
    if (e != ERR_OK) {
        log_warn("notifications_not_leased", LOG_ERR(e));
        return false;
    }
    for (int i = 0; i < l.count; i++) {
        try_add(d, l.ids[i], l.leased_ms);
    }
    return l.count == l.max;
}

static void waiting_count(struct deliver *d)
{
    int64_t now = clock_mono_ms(), waiting;
    if (d->counted_at != 0 && now - d->counted_at < WAITING_COUNT_EVERY_MS) {
        return;
    }
    d->counted_at = now;
    struct db *db = store_reader(d->service->store);
    if (db && store_outbox_waiting(db, &waiting) == ERR_OK) {
        metric_set(METRIC_notify_waiting, waiting);
    }
}

/* Due is judged by the injected clock, which no timer follows: so a short poll, woken earlier by a kick. */
static void wait_for_work(struct deliver *d)
{
    int64_t at = clock_mono_ms() + POLL_MS;
    struct timespec until = {.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};
    pthread_mutex_lock(&d->lock);
    int r = 0;
    while (!d->kicked && !d->stopping && r == 0) {
        r = pthread_cond_timedwait(&d->wake, &d->lock, &until);
    }
    d->kicked = false;
    pthread_mutex_unlock(&d->lock);
}

static bool stopping(struct deliver *d)
{
    pthread_mutex_lock(&d->lock);
    bool yes = d->stopping;
    pthread_mutex_unlock(&d->lock);
    return yes;
}

static void left_over_put_off(struct deliver *d, int64_t later_ms)
{
    for (struct deliver_try *t; (t = deliver_desk_left_over(d->desk, clock_mono_ms()));) {
        deliver_try_put_off(t, later_ms);
    }
}

static void *deliver_main(void *arg)
{
    pthread_setname_np(pthread_self(), "deliver");
    struct deliver *d = arg;
    while (!stopping(d)) {
        waiting_count(d);
        left_over_put_off(d, PUT_OFF_MS);
        if (!round_run(d)) {
            wait_for_work(d);
        }
    }
    return NULL;
}

static void kick_by_work(void *arg)
{
    deliver_kick(arg);
}

static int signers_wanted(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > SIGNERS_MAX ? SIGNERS_MAX : (int)n;
}

static enum err threads_start(struct deliver *d)
{
    int wanted = signers_wanted();
    while (d->signer_count < wanted &&
           pthread_create(&d->signers[d->signer_count], NULL, signer_main, d) == 0) {
        d->signer_count++;
    }
    return d->signer_count == wanted && pthread_create(&d->thread, NULL, deliver_main, d) == 0
               ? ERR_OK
               : ERR_IO;
}

static void signers_stop(struct deliver *d)
{
    deliver_desk_close(d->desk);
    while (d->signer_count > 0) {
        pthread_join(d->signers[--d->signer_count], NULL);
    }
}

enum err deliver_start(struct service *s, struct deliver **ret)
{
    struct deliver *d = mem_alloc(sizeof *d);
    d->service = s;
    d->desk = deliver_desk_new((int)s->config->notify_workers, (int)s->config->notify_per_host);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (threads_start(d) != ERR_OK) {
        signers_stop(d);
        deliver_free(d);
        return ERR_IO;
    }
    work_set_deliver(s->work, kick_by_work, d);
    *ret = d;
    return ERR_OK;
}

/* Those under way end with the outgoing loop; what no signer took is given back for the next start. */
void deliver_stop(struct deliver *d)
{
    work_set_deliver(d->service->work, NULL, NULL);
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_cond_broadcast(&d->wake);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    signers_stop(d);
    left_over_put_off(d, 0);
}

void deliver_free(struct deliver *d)
{
    deliver_desk_free(d->desk);
    pthread_cond_destroy(&d->wake);
    pthread_mutex_destroy(&d->lock);
    mem_free(d);
}

void deliver_kick(struct deliver *d)
{
    pthread_mutex_lock(&d->lock);
    d->kicked = true;
    pthread_cond_signal(&d->wake);
    pthread_mutex_unlock(&d->lock);
}
