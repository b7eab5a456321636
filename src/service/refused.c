#include "service/refused.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/url.h"
#include "store/store_refused.h"
#include <stdatomic.h>
#include <stdio.h>

#define PURPOSE "refused"
#define TEXT_MAX (REFUSED_BODY_MAX + 8192)
#define SLOTS 256
#define MINUTE_MS 60000
#define LOOK_EVERY_MS (INT64_C(600) * 1000)

struct refused {
    struct store *store;
    struct keyring *keys;
    _Atomic int64_t kept_at[SLOTS]; /* monotonic ms, by the account's id; accounts may share one */
    _Atomic int64_t minute, of_minute;
    int64_t looked_at; /* the looking thread's */
};

struct refused *refused_new(struct store *store, struct keyring *keys)
{
    struct refused *x = mem_alloc(sizeof *x);
    x->store = store;
    x->keys = keys;
    return x;
}

void refused_free(struct refused *x)
{
    mem_free(x);
}

/* ---- keeping ---- */

struct keeping {
    struct store_unit unit;
    struct refused_row row;
    struct buf box;
    char client_ip[IP_TEXT_LEN];
    char path[64];
};

static enum err keep_run(struct store_unit *u, struct tx *tx)
{
    struct keeping *k = unit_owner(u, struct keeping, unit);
    enum err e = store_refused_add(tx, &k->row);
    return e == ERR_OK
               ? store_refused_trim(tx, k->row.account_id, REFUSED_OF_ACCOUNT, REFUSED_OF_ALL)
               : e;
}

static void keep_free(struct keeping *k)
{
    buf_clear(&k->box);
    mem_free(k);
}

static void keep_done(struct store_unit *u, enum err result)
{
    if (result != ERR_OK) {
        log_warn("refused_request_not_kept", LOG_ERR(result));
    }
    keep_free(unit_owner(u, struct keeping, unit));
}

/* One of the minute's; races let a few more pass. */
static bool minute_take(struct refused *x, int64_t mono)
{
    int64_t now = mono / MINUTE_MS, minute = atomic_load(&x->minute);
    if (minute != now && atomic_compare_exchange_strong(&x->minute, &minute, now)) {
        atomic_store(&x->of_minute, 0);
    }
    return atomic_fetch_add(&x->of_minute, 1) < REFUSED_OF_MINUTE;
}

static bool due(struct refused *x, int64_t account_id)
{
    int64_t mono = clock_mono_ms();
    _Atomic int64_t *slot = &x->kept_at[(uint64_t)account_id % SLOTS];
    int64_t last = atomic_load(slot);
    return (last == 0 || mono - last >= REFUSED_EVERY_MS) &&
           atomic_compare_exchange_strong(slot, &last, mono) && minute_take(x, mono);
}

void refused_keep(
    struct refused *x, int64_t account_id, const char *client_ip, const struct doctor_request *rq)
{
    struct buf text;
    if (rq->body.n > REFUSED_BODY_MAX || !due(x, account_id)) {
        return;
    }
    struct keeping *k = mem_alloc(sizeof *k);
    buf_init(&text, TEXT_MAX);
    buf_init(&k->box, 2 * TEXT_MAX);
    doctor_request_write(rq, &text);
    snprintf(k->client_ip, sizeof k->client_ip, "%s", client_ip);
    snprintf(k->path, sizeof k->path, "%.*s", STR_FMT(rq->path));
    bool good = buf_ok(&text);
    if (good) {
        box_seal(x->keys, PURPOSE, buf_view(&text), &k->box);
    }
    buf_wipe(&text);
    k->unit = (struct store_unit){.run = keep_run, .done = keep_done};
    k->row = (struct refused_row){.account_id = account_id,
        .client_ip = str_from(k->client_ip),
        .path = str_from(k->path),
        .body_bytes = (int64_t)rq->body.n,
        .request_box = buf_view(&k->box)};
    if (!good || store_submit(x->store, &k->unit) != ERR_OK) {
        keep_free(k);
    }
}

enum err refused_open(const struct keyring *keys, const struct refused_row *r, struct buf *text,
    struct doctor_request *ret)
{
    enum err e = box_open(keys, PURPOSE, r->request_box, text);
    if (e == ERR_OK) {
        e = doctor_request_parse(buf_view(text), ret);
    }
    if (e == ERR_OK) {
        ret->at = r->at;
    }
    return e;
}

/* ---- forgetting ---- */

struct forgetting {
    struct store_unit unit;
    int64_t before;
};

static enum err forget_run(struct store_unit *u, struct tx *tx)
{
    return store_refused_forget(tx, unit_owner(u, struct forgetting, unit)->before);
}

static void forget_done(struct store_unit *u, enum err result)
{
    if (result != ERR_OK) {
        log_warn("refused_requests_not_forgotten", LOG_ERR(result));
    }
    mem_free(unit_owner(u, struct forgetting, unit));
}

void refused_look(struct refused *x, struct db *db, int64_t now)
{
    int64_t oldest = 0;
    if (x->looked_at && now >= x->looked_at && now - x->looked_at < LOOK_EVERY_MS) {
        return;
    }
    x->looked_at = now;
    if (store_refused_oldest(db, &oldest) != ERR_OK || oldest >= now - REFUSED_MS) {
        return;
    }
    struct forgetting *f = mem_alloc(sizeof *f);
    f->unit = (struct store_unit){.run = forget_run, .done = forget_done};
    f->before = now - REFUSED_MS;
    if (store_submit(x->store, &f->unit) != ERR_OK) {
        mem_free(f);
    }
}
