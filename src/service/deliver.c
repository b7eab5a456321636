/* The thread that leases what is due and starts its tries. A try whose host has its share under way is put off, not
 * counted, so that the queue of a dead host never stands before another merchant's notification; and an account whose
 * notifications go to many dead hosts has a share too. */
#include "service/deliver.h"

#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include "service/deliver_hosts.h"
#include "service/deliver_try.h"
#include "service/work.h"
#include <pthread.h>
#include <stdio.h>

#define LEASE_MARGIN_MS 30000
#define LEASE_ROWS_MAX 64
#define POLL_MS 500
#define PUT_OFF_MS 10000
/* Of all places, what one account may take; never less than one host may. */
#define ACCOUNT_SHARE 4
#define WAITING_COUNT_EVERY_MS 10000

struct deliver {
    struct service *service;
    char owner[UUID_LEN + 1];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool kicked, stopping;
    struct deliver_try *tries; /* not ended yet */
    int under_way;
    struct deliver_hosts *hosts;
    struct deliver_hosts *accounts; /* the same count by account */
    int64_t counted_at;             /* monotonic, of the last count of waiting rows */
};

struct lease_unit {
    struct store_unit unit;
    struct deliver *d;
    int max;
    int64_t ids[LEASE_ROWS_MAX];
    int count;
};

struct put_off_unit {
    struct store_unit unit;
    struct str owner;
    int64_t id;
    int64_t wait_ms;
};

struct account_name {
    char text[24];
};

static struct str account_name(int64_t account_id, struct account_name *out)
{
    int n = snprintf(out->text, sizeof out->text, "%lld", (long long)account_id);
    return (struct str){out->text, (size_t)n};
}

static void try_ended(void *arg, struct deliver_try *t)
{
    struct deliver *d = arg;
    pthread_mutex_lock(&d->lock);
    if (t->holds_host) {
        struct account_name name;
        int64_t now = clock_mono_ms();
        deliver_hosts_give(d->hosts, t->call.host, t->status != 0, now);
        deliver_hosts_give(
            d->accounts, account_name(t->call.row.account_id, &name), t->status != 0, now);
    }
    struct deliver_try **at = &d->tries;
    while (*at != t) {
        at = &(*at)->next;
    }
    *at = t->next;
    d->under_way--;
    d->kicked = true;
    pthread_cond_broadcast(&d->wake);
    pthread_mutex_unlock(&d->lock);
    deliver_try_free(t);
}

static enum err put_off_run(struct store_unit *u, struct tx *tx)
{
    struct put_off_unit *p = unit_owner(u, struct put_off_unit, unit);
    return store_outbox_retry(tx, p->id, p->owner, tx_now_ms(tx) + p->wait_ms);
}

/* A row that could not even be put off comes back when its lease ends. */
static void put_off_done(struct store_unit *u, enum err result)
{
    struct put_off_unit *p = unit_owner(u, struct put_off_unit, unit);
    if (result != ERR_OK && result != ERR_CONFLICT) {
        log_warn("notification_not_put_off", LOG_I("outbox", p->id), LOG_ERR(result));
    }
    mem_free(p);
}

static void put_off(struct deliver *d, int64_t id, int64_t wait_ms)
{
    struct put_off_unit *p = mem_alloc(sizeof *p);
    *p = (struct put_off_unit){.unit = {.run = put_off_run, .done = put_off_done},
        .owner = str_from(d->owner),
        .id = id,
        .wait_ms = wait_ms};
    enum err e = store_submit(d->service->store, &p->unit);
    if (e != ERR_OK) {
        put_off_done(&p->unit, e);
    }
}

struct admission {
    struct deliver *deliver;
    struct deliver_try *try;
    int64_t wait_ms; /* when it was not admitted */
};

static bool admit(void *arg, const struct notify_call *c)
{
    struct admission *x = arg;
    struct deliver *d = x->deliver;
    struct account_name name;
    struct str account = account_name(c->row.account_id, &name);
    int64_t now = clock_mono_ms();
    uint32_t random;
    random_bytes(&random, sizeof random);
    pthread_mutex_lock(&d->lock);
    if (!deliver_hosts_take(d->hosts, c->host, now)) {
        x->wait_ms = deliver_hosts_wait_ms(d->hosts, c->host, now, random);
    } else if (!deliver_hosts_take(d->accounts, account, now)) {
        deliver_hosts_give(d->hosts, c->host, false, now);
        x->wait_ms = deliver_hosts_wait_ms(d->accounts, account, now, random);
    } else {
        x->try->holds_host = true;
    }
    pthread_mutex_unlock(&d->lock);
    return x->try->holds_host;
}

/* False when this row's last try has not ended yet, because the clock was moved or the store is in trouble: two at once could
 * arrive after the payment's next notification. */
static bool try_begin(struct deliver *d, struct deliver_try *t)
{
    pthread_mutex_lock(&d->lock);
    const struct deliver_try *same = d->tries;
    while (same && same->id != t->id) {
        same = same->next;
    }
    if (!same) {
        t->next = d->tries;
        d->tries = t;
        d->under_way++;
    }
    pthread_mutex_unlock(&d->lock);
    return !same;
}

static void try_start(struct deliver *d, int64_t id)
{
    struct deliver_try *t = mem_alloc(sizeof *t);
    struct admission x = {.deliver = d, .try = t, .wait_ms = PUT_OFF_MS};
    struct notify_admit shares = {.fn = admit, .arg = &x};
    t->service = d->service;
    t->owner = str_from(d->owner);
    t->ended = try_ended;
    t->arg = d;
    t->id = id;
    if (!try_begin(d, t)) {
        mem_free(t);
        return;
    }
    int64_t now = clock_now_ms(d->service->clock);
    enum err e = notify_call_build(d->service, id, now, &shares, &t->call);
    if (e != ERR_OK) {
        if (e != ERR_BUSY) {
            log_error("notification_not_built", LOG_I("outbox", id), LOG_ERR(e));
        }
        put_off(d, id, x.wait_ms);
        try_ended(d, t);
    } else if (t->call.park_reason) {
        deliver_try_park(t);
    } else {
        deliver_try_send(t);
    }
}

static enum err lease_run(struct store_unit *u, struct tx *tx)
{
    struct lease_unit *l = unit_owner(u, struct lease_unit, unit);
    int64_t now = tx_now_ms(tx);
    int64_t until = now + l->d->service->config->notify_timeout_ms + LEASE_MARGIN_MS;
    return store_outbox_lease(tx, now, str_from(l->d->owner), until, l->max, l->ids, &l->count);
}

static int places_free(struct deliver *d)
{
    pthread_mutex_lock(&d->lock);
    int n = (int)d->service->config->notify_workers - d->under_way;
    pthread_mutex_unlock(&d->lock);
    return n < LEASE_ROWS_MAX ? n : LEASE_ROWS_MAX;
}

/* Nothing is leased, and so nothing written, unless something is due. */
static bool something_due(struct deliver *d)
{
    int64_t at;
    struct db *db = store_reader(d->service->store);
    return db && store_outbox_next_due(db, &at) == ERR_OK && at <= clock_now_ms(d->service->clock);
}

/* True when more may be due at once. */
static bool round_run(struct deliver *d)
{
    struct lease_unit l = {.unit = {.run = lease_run}, .d = d, .max = places_free(d)};
    if (l.max <= 0 || !something_due(d)) {
        return false;
    }
    enum err e = store_run(d->service->store, &l.unit);
    if (e != ERR_OK) {
        log_warn("notifications_not_leased", LOG_ERR(e));
        return false;
    }
    for (int i = 0; i < l.count; i++) {
        try_start(d, l.ids[i]);
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

static void *deliver_main(void *arg)
{
    pthread_setname_np(pthread_self(), "deliver");
    struct deliver *d = arg;
    while (!stopping(d)) {
        waiting_count(d);
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

enum err deliver_start(struct service *s, struct deliver **ret)
{
    struct deliver *d = mem_alloc(sizeof *d);
    uint8_t raw[16];
    random_bytes(raw, sizeof raw);
    uuid_format(raw, d->owner);
    d->service = s;
    int workers = (int)s->config->notify_workers, per_host = (int)s->config->notify_per_host;
    int share = workers / ACCOUNT_SHARE;
    d->hosts = deliver_hosts_new(workers, per_host);
    d->accounts = deliver_hosts_new(workers, share > per_host ? share : per_host);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&d->thread, NULL, deliver_main, d) != 0) {
        deliver_hosts_free(d->hosts);
        deliver_hosts_free(d->accounts);
        mem_free(d);
        return ERR_IO;
    }
    work_set_deliver(s->work, kick_by_work, d);
    *ret = d;
    return ERR_OK;
}

/* No new tries; those under way end with the outgoing loop (deliver_free waits for them). */
void deliver_stop(struct deliver *d)
{
    work_set_deliver(d->service->work, NULL, NULL);
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_cond_broadcast(&d->wake);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
}

void deliver_free(struct deliver *d)
{
    ensure(d->under_way == 0, "the outgoing loop and the store ended all tries");
    deliver_hosts_free(d->hosts);
    deliver_hosts_free(d->accounts);
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
