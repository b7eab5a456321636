#include "service/deliver_desk.h"

#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/deliver_hosts.h"
#include <pthread.h>
#include <stdio.h>

/* Of all places, what one account may take; never less than one host may. */
#define ACCOUNT_SHARE 4
/* Tries that wait for quick hosts, for each place. */
#define WAITING_PER_PLACE 4
#define WAITING_MAX_MS 1000

struct line {
    struct deliver_try *first, *last;
    int count;
};

struct deliver_desk {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool closed;
    struct deliver_try *tries;             /* all that have not ended */
    struct line leased, admitted, waiting; /* the first two are for signers */
    int places, waiting_max;
    int under_way; /* all but the waiting ones */
    struct deliver_hosts *hosts;
    struct deliver_hosts *accounts; /* the same count by account */
};

struct account_name {
    char text[24];
};

static struct str account_name(const struct deliver_try *t, struct account_name *out)
{
    int n = snprintf(out->text, sizeof out->text, "%lld", (long long)t->call.row.account_id);
    return (struct str){out->text, (size_t)n};
}

static void line_put(struct line *l, struct deliver_try *t)
{
    t->behind = NULL;
    if (l->last) {
        l->last->behind = t;
    } else {
        l->first = t;
    }
    l->last = t;
    l->count++;
}

/* `before`: NULL when it is the first. */
static void line_remove(struct line *l, struct deliver_try *before, struct deliver_try *t)
{
    if (before) {
        before->behind = t->behind;
    } else {
        l->first = t->behind;
    }
    l->last = l->last == t ? before : l->last;
    l->count--;
}

static struct deliver_try *line_take(struct line *l)
{
    struct deliver_try *t = l->first;
    if (t) {
        line_remove(l, NULL, t);
    }
    return t;
}

struct deliver_desk *deliver_desk_new(int places, int per_host)
{
    struct deliver_desk *d = mem_alloc(sizeof *d);
    int share = places / ACCOUNT_SHARE;
    d->places = places;
    d->waiting_max = places * WAITING_PER_PLACE;
    d->hosts = deliver_hosts_new(places, per_host);
    d->accounts = deliver_hosts_new(places, share > per_host ? share : per_host);
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->wake, NULL);
    return d;
}

void deliver_desk_free(struct deliver_desk *d)
{
    ensure(!d->tries, "the outgoing loop and the store ended all tries");
    deliver_hosts_free(d->hosts);
    deliver_hosts_free(d->accounts);
    pthread_mutex_destroy(&d->lock);
    pthread_cond_destroy(&d->wake);
    mem_free(d);
}

/* A lease is a unit of work: a few rows at a time are worth it only when nothing else can be done. */
int deliver_desk_room(struct deliver_desk *d)
{
    pthread_mutex_lock(&d->lock);
    int n = d->places - d->under_way;
    n = n < DELIVER_ROOM_MAX ? n : DELIVER_ROOM_MAX;
    bool busy = n < d->leased.count || d->waiting.count > d->waiting_max / 2;
    pthread_mutex_unlock(&d->lock);
    return busy || n < 0 ? 0 : n;
}

bool deliver_desk_add(struct deliver_desk *d, struct deliver_try *t)
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
        line_put(&d->leased, t);
        pthread_cond_signal(&d->wake);
    }
    pthread_mutex_unlock(&d->lock);
    return !same;
}

static struct deliver_try *for_signer(struct deliver_desk *d)
{
    struct deliver_try *t = line_take(&d->admitted);
    return t ? t : line_take(&d->leased);
}

struct deliver_try *deliver_desk_next(struct deliver_desk *d)
{
    pthread_mutex_lock(&d->lock);
    struct deliver_try *t = NULL;
    while (!d->closed && !(t = for_signer(d))) {
        pthread_cond_wait(&d->wake, &d->lock);
    }
    pthread_mutex_unlock(&d->lock);
    return t;
}

void deliver_desk_close(struct deliver_desk *d)
{
    pthread_mutex_lock(&d->lock);
    d->closed = true;
    pthread_cond_broadcast(&d->wake);
    pthread_mutex_unlock(&d->lock);
}

/* Both places, or what share is used up. */
static struct deliver_hosts *places_take(
    struct deliver_desk *d, struct deliver_try *t, int64_t now_ms)
{
    struct account_name name;
    if (!deliver_hosts_take(d->hosts, t->call.host, now_ms)) {
        return d->hosts;
    }
    if (!deliver_hosts_take(d->accounts, account_name(t, &name), now_ms)) {
        deliver_hosts_give(d->hosts, t->call.host, false, now_ms);
        return d->accounts;
    }
    t->holds_host = true;
    return NULL;
}

static void wait_for_host(struct deliver_desk *d, struct deliver_try *t, int64_t now_ms)
{
    t->waits_since = now_ms;
    line_put(&d->waiting, t);
    d->under_way--;
}

enum deliver_turn deliver_desk_admit(
    struct deliver_desk *d, struct deliver_try *t, int64_t now_ms, int64_t *ret_later_ms)
{
    struct account_name name;
    struct str host = t->call.host, account = account_name(t, &name);
    enum deliver_turn turn = DELIVER_NOW;
    uint32_t random;
    random_bytes(&random, sizeof random);
    pthread_mutex_lock(&d->lock);
    struct deliver_hosts *full = places_take(d, t, now_ms);
    if (full == d->hosts && d->waiting.count < d->waiting_max &&
        deliver_hosts_queue(d->hosts, host, now_ms)) {
        wait_for_host(d, t, now_ms);
        turn = DELIVER_WAITS;
    } else if (full) {
        *ret_later_ms =
            deliver_hosts_wait_ms(full, full == d->hosts ? host : account, now_ms, random);
        turn = DELIVER_LATER;
    }
    pthread_mutex_unlock(&d->lock);
    return turn;
}

/* The first that waits and may go now, for `host` unless that is absent. */
static void waiting_admit(struct deliver_desk *d, struct str host, int64_t now_ms)
{
    struct deliver_try *before = NULL;
    for (struct deliver_try *t = d->waiting.first; t; before = t, t = t->behind) {
        bool wanted = str_absent(host) || str_eq(host, t->call.host);
        if (wanted && !places_take(d, t, now_ms)) {
            line_remove(&d->waiting, before, t);
            deliver_hosts_unqueue(d->hosts, t->call.host);
            d->under_way++;
            line_put(&d->admitted, t);
            pthread_cond_signal(&d->wake);
            return;
        }
    }
}

static void places_give(struct deliver_desk *d, struct deliver_try *t, int64_t now_ms)
{
    struct account_name name;
    bool answered = t->status != 0;
    deliver_hosts_give(d->hosts, t->call.host, answered, now_ms);
    deliver_hosts_give(d->accounts, account_name(t, &name), answered, now_ms);
    t->holds_host = false;
}

void deliver_desk_give(struct deliver_desk *d, struct deliver_try *t, int64_t now_ms)
{
    pthread_mutex_lock(&d->lock);
    places_give(d, t, now_ms);
    if (d->under_way < d->places) {
        waiting_admit(d, t->call.host, now_ms);
    }
    pthread_mutex_unlock(&d->lock);
}

void deliver_desk_end(struct deliver_desk *d, struct deliver_try *t, int64_t now_ms)
{
    pthread_mutex_lock(&d->lock);
    struct deliver_try **at = &d->tries;
    while (*at != t) {
        at = &(*at)->next;
    }
    *at = t->next;
    bool was_full = d->under_way-- >= d->places;
    if (t->holds_host) {
        places_give(d, t, now_ms);
        waiting_admit(d, t->call.host, now_ms);
    } else if (was_full) {
        waiting_admit(d, STR_ABSENT, now_ms);
    }
    pthread_mutex_unlock(&d->lock);
}

struct deliver_try *deliver_desk_left_over(struct deliver_desk *d, int64_t now_ms)
{
    pthread_mutex_lock(&d->lock);
    struct deliver_try *t = d->waiting.first;
    if (t && (d->closed || now_ms - t->waits_since > WAITING_MAX_MS)) {
        line_remove(&d->waiting, NULL, t);
        deliver_hosts_unqueue(d->hosts, t->call.host);
        d->under_way++;
    } else {
        t = d->closed ? for_signer(d) : NULL;
    }
    pthread_mutex_unlock(&d->lock);
    return t;
}
