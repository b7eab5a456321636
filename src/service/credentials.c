#include "service/credentials.h"

#include "base/crypto.h"
#include "base/crypto_cert.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "store/store_wallet.h"
#include "wallet/wallet.h"
#include <pthread.h>

#define CREDENTIALS_MAX 4096
#define SECRET_BYTES_MAX 65536
#define DAY_MS INT64_C(86400000)

struct credential_item {
    int64_t id;
    enum wallet_kind wallet;
    int64_t account_id; /* 0: shared */
    bool enabled;
    bool registered; /* the wallets' registry has it, as `content` */
    uint8_t content[SHA256_LEN];
    int64_t certificate_ends_at; /* of its client certificate; 0: it has none */
    int32_t alarmed_day;         /* the last one on which its end was told */
};

struct snapshot {
    struct credential_item *items;
    size_t count;
};

struct credentials {
    struct store *store;
    struct keyring *keys;
    struct wallets *wallets;
    pthread_rwlock_t lock;
    struct snapshot now;
};

struct reading {
    struct credentials *owner;
    struct snapshot next;
};

static const struct credential_item *item_find(const struct snapshot *s, int64_t id)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->items[i].id == id) {
            return &s->items[i];
        }
    }
    return NULL;
}

/* The arena's copies of a secret; none of them points into memory that somebody still needs. */
static void secret_wipe(struct wallet_credential *w)
{
    const struct str *const texts[] = {
        &w->username, &w->password, &w->app_key, &w->app_secret, &w->own_key};
    for (size_t i = 0; i < array_len(texts); i++) {
        if (texts[i]->n > 0) {
            mem_wipe((void *)(uintptr_t)texts[i]->p, texts[i]->n);
        }
    }
}

static bool secret_is_whole(const struct wallet_credential *w)
{
    if (w->wallet == WALLET_NAGAD) {
        return w->merchant_id.n > 0 && w->own_key.n > 0 && w->wallet_key.n > 0;
    }
    if (w->wallet == WALLET_ROCKET) {
        return w->own_certificate.n > 0 && w->own_key.n > 0 && w->page_url.n > 0;
    }
    return w->username.n > 0 && w->password.n > 0 && w->app_key.n > 0 && w->app_secret.n > 0;
}

static int64_t certificate_end(struct str pem)
{
    struct cert *cert = NULL;
    if (str_absent(pem) || cert_from_pem(pem, &cert) != ERR_OK) {
        return 0;
    }
    int64_t end = cert_ends_at(cert);
    cert_free(cert);
    return end;
}

static enum err secret_put(struct credentials *c, const struct credential_row *r, struct arena *a,
    struct str plain, struct credential_item *item)
{
    struct json *o = NULL;
    const char *why = NULL;
    enum err e = json_parse(a, plain, &o, &why);
    if (e != ERR_OK) {
        return e;
    }
    struct wallet_credential w = {
        .id = r->id,
        .wallet = r->wallet,
        .base_url = r->base_url,
        .username = json_get_string(o, "username"),
        .password = json_get_string(o, "password"),
        .app_key = json_get_string(o, "app_key"),
        .app_secret = json_get_string(o, "app_secret"),
        .merchant_id = json_get_string(o, "merchant_id"),
        .own_key = json_get_string(o, "own_key"),
        .wallet_key = json_get_string(o, "wallet_key"),
        .own_certificate = json_get_string(o, "own_certificate"),
        .page_url = json_get_string(o, "page_url"),
        .refunds_v1 = r->refunds_v1,
    };
    bool whole = secret_is_whole(&w);
    if (whole) {
        wallets_put(c->wallets, &w);
        item->certificate_ends_at = certificate_end(w.own_certificate);
    }
    secret_wipe(&w);
    return whole ? ERR_OK : ERR_CONFIG;
}

static void content_digest(
    const struct credential_row *r, struct str plain, uint8_t ret[SHA256_LEN])
{
    struct buf b;
    buf_init(&b, SECRET_BYTES_MAX * 2);
    buf_str(&b, r->base_url);
    buf_cstr(&b, r->refunds_v1 ? "\n1\n" : "\n");
    buf_str(&b, plain);
    sha256(b.p, b.n, ret);
    buf_wipe(&b);
}

/* Registers what is new or differs. Disabled credentials too: an attempt that was begun with one is still asked about. */
static enum err item_register(
    struct credentials *c, const struct credential_row *r, struct credential_item *item)
{
    struct buf plain;
    struct arena a;
    buf_init(&plain, SECRET_BYTES_MAX);
    enum err e = box_open(c->keys, "wallet", r->secret_box, &plain);
    if (e == ERR_OK) {
        content_digest(r, buf_view(&plain), item->content);
        const struct credential_item *old = item_find(&c->now, r->id);
        if (!old || !old->registered || memcmp(old->content, item->content, SHA256_LEN) != 0) {
            arena_init(&a, SECRET_BYTES_MAX);
            e = secret_put(c, r, &a, buf_view(&plain), item);
            arena_clear(&a);
        } else {
            item->certificate_ends_at = old->certificate_ends_at;
            item->alarmed_day = old->alarmed_day;
        }
    }
    buf_wipe(&plain);
    item->registered = e == ERR_OK;
    return e;
}

static enum err reading_add(void *arg, const struct credential_row *r)
{
    struct reading *rd = arg;
    struct snapshot *s = &rd->next;
    if (s->count == CREDENTIALS_MAX) {
        return ERR_LIMIT;
    }
    struct credential_item item = {
        .id = r->id, .wallet = r->wallet, .account_id = r->account_id, .enabled = r->enabled};
    enum err e = item_register(rd->owner, r, &item);
    if (e != ERR_OK) {
        log_alarm("credential_unusable", LOG_I("credential", r->id), LOG_ERR(e));
    }
    if ((s->count & (s->count - 1)) == 0) {
        s->items = mem_realloc(s->items, (s->count ? s->count * 2 : 1) * sizeof *s->items);
    }
    s->items[s->count++] = item;
    return ERR_OK;
}

static enum err reload(struct credentials *c)
{
    struct reading rd = {.owner = c};
    struct db *db = store_reader(c->store);
    enum err e = db ? store_credential_each(db, reading_add, &rd) : ERR_STORE_IO;
    if (e != ERR_OK) {
        mem_free(rd.next.items);
        return e;
    }
    for (size_t i = 0; i < c->now.count; i++) {
        if (!item_find(&rd.next, c->now.items[i].id)) {
            wallets_remove(c->wallets, c->now.items[i].id);
        }
    }
    pthread_rwlock_wrlock(&c->lock);
    struct credential_item *old = c->now.items;
    c->now = rd.next;
    pthread_rwlock_unlock(&c->lock);
    mem_free(old);
    return ERR_OK;
}

enum err credentials_new(
    struct store *store, struct keyring *keys, struct wallets *wallets, struct credentials **ret)
{
    struct credentials *c = mem_alloc(sizeof *c);
    c->store = store;
    c->keys = keys;
    c->wallets = wallets;
    pthread_rwlock_init(&c->lock, NULL);
    enum err e = reload(c);
    if (e != ERR_OK) {
        credentials_free(c);
        return e;
    }
    *ret = c;
    return ERR_OK;
}

void credentials_free(struct credentials *c)
{
    if (!c) {
        return;
    }
    mem_free(c->now.items);
    pthread_rwlock_destroy(&c->lock);
    mem_free(c);
}

void credentials_reload(struct credentials *c)
{
    enum err e = reload(c);
    if (e != ERR_OK) {
        log_error("credentials_not_reloaded", LOG_ERR(e));
    }
}

bool credentials_find(
    struct credentials *c, enum wallet_kind wallet, int64_t account_id, int64_t *ret_id)
{
    int64_t own = 0, shared = 0;
    pthread_rwlock_rdlock(&c->lock);
    for (size_t i = 0; i < c->now.count; i++) {
        const struct credential_item *item = &c->now.items[i];
        if (!item->enabled || !item->registered || item->wallet != wallet) {
            continue;
        }
        if (item->account_id == account_id && item->id > own) {
            own = item->id;
        } else if (item->account_id == 0 && item->id > shared) {
            shared = item->id;
        }
    }
    pthread_rwlock_unlock(&c->lock);
    if (own == 0 && shared == 0) {
        return false;
    }
    *ret_id = own ? own : shared;
    return true;
}

void credentials_certificates_look(struct credentials *c, int64_t now, int64_t days)
{
    int64_t ending = 0;
    pthread_rwlock_wrlock(&c->lock);
    for (size_t i = 0; i < c->now.count; i++) {
        struct credential_item *item = &c->now.items[i];
        int64_t left = item->certificate_ends_at - now;
        if (!item->enabled || item->certificate_ends_at == 0 || left > days * DAY_MS) {
            continue;
        }
        ending++;
        if (item->alarmed_day != dhaka_day(now)) {
            item->alarmed_day = dhaka_day(now);
            log_alarm("wallet_certificate_ends", LOG_I("credential", item->id),
                LOG_C("wallet", wallet_kind_code(item->wallet)), LOG_I("days", left / DAY_MS));
        }
    }
    pthread_rwlock_unlock(&c->lock);
    metric_set(METRIC_wallet_certificates_ending, ending);
}
