/* The cache: an index of all accounts, rebuilt as a whole when the change counter moves, and lazily the views. */
#include "service/accounts.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "service/accounts_keys.h"
#include <errno.h>
#include <pthread.h>
#include <time.h>

#define WATCH_EVERY_MS 250

struct slot {
    uint8_t uuid[16];
    int64_t id;
    struct account_full *full; /* NULL: not asked for yet; the slot holds a reference */
    struct slot *next_uuid, *next_id;
};

struct index {
    struct slot *slots;
    size_t count, room;
    struct slot **by_uuid, **by_id;
    size_t buckets; /* a power of two */
};

struct accounts {
    struct store *store;
    struct keyring *keys;
    pthread_rwlock_t lock; /* of the index and of the slots' views */
    struct index *index;
    int64_t change;      /* the counter that the index was read at, under reload_lock */
    uint64_t generation; /* of the index */
    pthread_mutex_t reload_lock;
    void (*listener)(void *arg);
    void *listener_arg;
    bool watching;
    pthread_t watcher;
    pthread_mutex_t stop_lock;
    pthread_cond_t stop_cond;
    bool stop;
};

static size_t uuid_bucket(const struct index *x, const uint8_t uuid[16])
{
    uint64_t h = 0;
    memcpy(&h, uuid, sizeof h);
    return (size_t)((h * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (x->buckets - 1);
}

static size_t id_bucket(const struct index *x, int64_t id)
{
    return (size_t)(((uint64_t)id * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (x->buckets - 1);
}

static enum err index_add(void *arg, const struct account_row *r)
{
    struct index *x = arg;
    struct slot slot = {.id = r->id};
    if (!r->enabled || uuid_parse(r->uuid, slot.uuid) != ERR_OK) {
        return ERR_OK;
    }
    if (x->count == x->room) {
        x->room = x->room ? x->room * 2 : 16;
        x->slots = mem_realloc(x->slots, x->room * sizeof *x->slots);
    }
    x->slots[x->count++] = slot;
    return ERR_OK;
}

static void index_link(struct index *x)
{
    x->buckets = 16;
    while (x->buckets < x->count * 2) {
        x->buckets *= 2;
    }
    x->by_uuid = mem_array(x->buckets, sizeof *x->by_uuid);
    x->by_id = mem_array(x->buckets, sizeof *x->by_id);
    for (size_t i = 0; i < x->count; i++) {
        struct slot *s = &x->slots[i];
        size_t u = uuid_bucket(x, s->uuid), d = id_bucket(x, s->id);
        s->next_uuid = x->by_uuid[u];
        x->by_uuid[u] = s;
        s->next_id = x->by_id[d];
        x->by_id[d] = s;
    }
}

static void full_release(struct account_full *f)
{
    if (f && atomic_fetch_sub(&f->refs, 1) == 1) {
        account_full_free(f);
    }
}

static void index_free(struct index *x)
{
    if (!x) {
        return;
    }
    for (size_t i = 0; i < x->count; i++) {
        full_release(x->slots[i].full);
    }
    mem_free(x->slots);
    mem_free(x->by_uuid);
    mem_free(x->by_id);
    mem_free(x);
}

/* Reads the index again if the counter moved, or if it was never read. The counter is read first: what changes while the
 * index is read shows as another change. */
static enum err reload(struct accounts *a, bool first)
{
    int64_t change = 0;
    struct index *x = NULL;
    struct db *db = store_reader(a->store);
    if (!db) {
        return ERR_STORE_IO;
    }
    pthread_mutex_lock(&a->reload_lock);
    enum err e = store_change_get(db, &change);
    if (e == ERR_OK && !first && change == a->change) {
        pthread_mutex_unlock(&a->reload_lock);
        return ERR_OK;
    }
    if (e == ERR_OK) {
        x = mem_alloc(sizeof *x);
        e = store_account_each(db, index_add, x);
    }
    if (e == ERR_OK) {
        if (a->listener) {
            a->listener(a->listener_arg);
        }
        index_link(x);
        pthread_rwlock_wrlock(&a->lock);
        struct index *old = a->index;
        a->index = x;
        a->generation++;
        pthread_rwlock_unlock(&a->lock);
        a->change = change;
        x = old;
    }
    pthread_mutex_unlock(&a->reload_lock);
    index_free(x);
    return e;
}

enum err accounts_new(struct store *store, struct keyring *keys, struct accounts **ret)
{
    struct accounts *a = mem_alloc(sizeof *a);
    a->store = store;
    a->keys = keys;
    pthread_rwlock_init(&a->lock, NULL);
    pthread_mutex_init(&a->reload_lock, NULL);
    pthread_mutex_init(&a->stop_lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&a->stop_cond, &attr);
    pthread_condattr_destroy(&attr);
    enum err e = reload(a, true);
    if (e != ERR_OK) {
        accounts_free(a);
        return e;
    }
    *ret = a;
    return ERR_OK;
}

void accounts_listen(struct accounts *a, void (*fn)(void *arg), void *arg)
{
    a->listener = fn;
    a->listener_arg = arg;
}

/* Sleeps on the monotonic clock; true when it is time to stop. */
static bool watch_wait(struct accounts *a)
{
    int64_t until = clock_mono_ms() + WATCH_EVERY_MS;
    struct timespec ts = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
    pthread_mutex_lock(&a->stop_lock);
    while (!a->stop && pthread_cond_timedwait(&a->stop_cond, &a->stop_lock, &ts) != ETIMEDOUT) {
    }
    bool stop = a->stop;
    pthread_mutex_unlock(&a->stop_lock);
    return stop;
}

static void *watch_main(void *arg)
{
    pthread_setname_np(pthread_self(), "accounts");
    struct accounts *a = arg;
    while (!watch_wait(a)) {
        enum err e = reload(a, false);
        if (e != ERR_OK) {
            log_error("accounts_not_reloaded", LOG_ERR(e));
        }
    }
    return NULL;
}

enum err accounts_watch(struct accounts *a)
{
    ensure(!a->watching, "accounts are watched already");
    if (pthread_create(&a->watcher, NULL, watch_main, a) != 0) {
        return ERR_IO;
    }
    a->watching = true;
    return ERR_OK;
}

void accounts_free(struct accounts *a)
{
    if (!a) {
        return;
    }
    if (a->watching) {
        pthread_mutex_lock(&a->stop_lock);
        a->stop = true;
        pthread_cond_signal(&a->stop_cond);
        pthread_mutex_unlock(&a->stop_lock);
        pthread_join(a->watcher, NULL);
    }
    index_free(a->index);
    pthread_rwlock_destroy(&a->lock);
    pthread_mutex_destroy(&a->reload_lock);
    pthread_mutex_destroy(&a->stop_lock);
    pthread_cond_destroy(&a->stop_cond);
    mem_free(a);
}

/* What is looked for: a uuid, or an id. */
struct want {
    bool by_uuid;
    uint8_t uuid[16];
    int64_t id;
};

static struct slot *slot_find(const struct index *x, const struct want *w)
{
    struct slot *s =
        w->by_uuid ? x->by_uuid[uuid_bucket(x, w->uuid)] : x->by_id[id_bucket(x, w->id)];
    while (s && (w->by_uuid ? memcmp(s->uuid, w->uuid, 16) != 0 : s->id != w->id)) {
        s = w->by_uuid ? s->next_uuid : s->next_id;
    }
    return s;
}

/* A view for the first time it is asked for; read without the lock, kept if nothing changed meanwhile. */
static enum err view_load(struct accounts *a, const struct want *w, int64_t id, uint64_t generation,
    const struct account_view **ret)
{
    struct account_full *f = NULL;
    struct db *db = store_reader(a->store);
    enum err e = db ? account_full_load(db, a->keys, id, &f) : ERR_STORE_IO;
    if (e != ERR_OK) {
        log_error("account_not_loaded", LOG_I("account", id), LOG_ERR(e));
        return e == ERR_NO_ROW ? ERR_INTERNAL : e;
    }
    pthread_rwlock_wrlock(&a->lock);
    struct slot *s = a->generation == generation ? slot_find(a->index, w) : NULL;
    if (s && s->full) {
        struct account_full *other = s->full;
        atomic_fetch_add(&other->refs, 1);
        pthread_rwlock_unlock(&a->lock);
        full_release(f);
        *ret = &other->view;
        return ERR_OK;
    }
    if (s) {
        atomic_fetch_add(&f->refs, 1);
        s->full = f;
    }
    pthread_rwlock_unlock(&a->lock);
    *ret = &f->view;
    return ERR_OK;
}

static enum err view_get(struct accounts *a, const struct want *w, const struct account_view **ret)
{
    /* without a thread that watches, each look-up asks for itself */
    enum err e = a->watching ? ERR_OK : reload(a, false);
    if (e != ERR_OK) {
        return e;
    }
    pthread_rwlock_rdlock(&a->lock);
    struct slot *s = slot_find(a->index, w);
    struct account_full *f = s ? s->full : NULL;
    int64_t id = s ? s->id : 0;
    uint64_t generation = a->generation;
    if (f) {
        atomic_fetch_add(&f->refs, 1);
    }
    pthread_rwlock_unlock(&a->lock);
    if (f) {
        *ret = &f->view;
        return ERR_OK;
    }
    return s ? view_load(a, w, id, generation, ret) : ERR_NO_ROW;
}

enum err accounts_find(struct accounts *a, struct str uuid, const struct account_view **ret)
{
    struct want w = {.by_uuid = true};
    return uuid_parse(uuid, w.uuid) == ERR_OK ? view_get(a, &w, ret) : ERR_NO_ROW;
}

const struct account_view *accounts_get(struct accounts *a, struct str uuid)
{
    const struct account_view *v = NULL;
    return accounts_find(a, uuid, &v) == ERR_OK ? v : NULL;
}

const struct account_view *accounts_get_by_id(struct accounts *a, int64_t id)
{
    struct want w = {.id = id};
    const struct account_view *v = NULL;
    return view_get(a, &w, &v) == ERR_OK ? v : NULL;
}

/* Views are handed out as const; their count and the note of a refused use are not part of what they show. */
static struct account_full *full_of(const struct account_view *v)
{
    return (struct account_full *)(uintptr_t)v;
}

void accounts_release(const struct account_view *v)
{
    full_release(full_of(v));
}

enum rsa_verdict accounts_verify(struct accounts *a, const struct account_view *v,
    enum cert_purpose p, int64_t now, struct str body, struct str sign_base64)
{
    struct account_full *f = full_of(v);
    struct account_check check;
    enum rsa_verdict verdict = account_full_verify(f, p, now, body, sign_base64, &check);
    if (check.key) {
        account_key_note_used(a->store, check.key, now, verdict);
    } else if (f) {
        account_full_note_refused(a->store, f, p, now, check.why);
    }
    return verdict;
}
