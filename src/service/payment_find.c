#include "service/payment_find.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/sms_trxid.h"
#include "service/links.h"

#define CHUNK_MAX 256
#define CHUNK_LEAST 16
#define ROWS_BYTES_MAX (4U << 20)
#define ROW_BYTES_MAX 262144

/* One account's payments, or everybody's, some read in advance. */
struct stream {
    int64_t account_id; /* 0: all */
    struct arena arena; /* of the rows */
    struct search_row *rows;
    int n, at;
    bool dry; /* nothing behind the rows */
};

struct payment_find {
    struct payment_filter filter;
    struct payment_place place;
    int chunk;
    bool placed; /* the place's id was found for all accounts' payments */
    int stream_count;
    struct stream streams[];
};

struct payment_find *payment_find_new(
    const struct payment_filter *filter, const struct payment_place *from)
{
    int n = filter->account_count ? filter->account_count : 1;
    struct payment_find *f = mem_alloc(sizeof *f + (size_t)n * sizeof f->streams[0]);
    f->filter = *filter;
    f->place = from ? *from : (struct payment_place){filter->day_last, INT64_MAX};
    f->placed = from != NULL;
    if (f->place.day > filter->day_last)
        f->place = (struct payment_place){filter->day_last, INT64_MAX};
    f->chunk = CHUNK_MAX / n < CHUNK_LEAST ? CHUNK_LEAST : CHUNK_MAX / n;
    f->stream_count = n;
    for (int i = 0; i < n; i++) {
        f->streams[i].account_id = filter->account_count ? filter->accounts[i] : 0;
        arena_init(&f->streams[i].arena, ROWS_BYTES_MAX);
    }
    return f;
}

void payment_find_free(struct payment_find *f)
{
    for (int i = 0; i < f->stream_count; i++)
        arena_clear(&f->streams[i].arena);
    mem_free(f);
}

struct payment_place payment_find_place(const struct payment_find *f)
{
    return f->place;
}

static enum err row_keep(void *arg, const struct search_row *r)
{
    struct stream *x = arg;
    struct search_row *to = &x->rows[x->n];
    *to = *r;
    to->uuid = arena_copy(&x->arena, r->uuid);
    to->order_id = arena_copy(&x->arena, r->order_id);
    to->currency = arena_copy(&x->arena, r->currency);
    to->payer_mask = arena_copy(&x->arena, r->payer_mask);
    to->desc = arena_copy(&x->arena, r->desc);
    if (str_absent(to->uuid) || str_absent(to->order_id))
        return ERR_LIMIT;
    x->n++;
    return ERR_OK;
}

/* All accounts' payments are in the order of their ids alone: where the days begin is looked for once. */
static enum err place_all(struct payment_find *f, struct db *db)
{
    if (f->placed)
        return ERR_OK;
    f->placed = true;
    return store_search_day_end(db, f->filter.day_last, &f->place.id);
}

static enum err stream_fill(struct payment_find *f, struct db *db, struct stream *x)
{
    if (x->at < x->n || x->dry)
        return ERR_OK;
    arena_reset(&x->arena);
    x->n = x->at = 0;
    x->rows = arena_alloc(&x->arena, (size_t)f->chunk * sizeof *x->rows);
    ensure(x->rows, "an empty arena has room for a chunk");
    const struct payment_place *p = &f->place;
    enum err e = ERR_OK;
    if (x->account_id) {
        e = store_search_account(
            db, x->account_id, f->filter.day_first, (int32_t)p->day, p->id, f->chunk, row_keep, x);
    } else {
        e = place_all(f, db);
        e = e == ERR_OK ? store_search_all(db, p->id, f->chunk, row_keep, x) : e;
    }
    x->dry = e == ERR_OK && x->n < f->chunk;
    return e;
}

static bool is_newer(const struct search_row *a, const struct search_row *b)
{
    return a->day != b->day ? a->day > b->day : a->id > b->id;
}

/* NULL: there are no more. */
static enum err newest(struct payment_find *f, struct db *db, const struct search_row **ret)
{
    struct stream *best = NULL;
    for (int i = 0; i < f->stream_count; i++) {
        struct stream *x = &f->streams[i];
        enum err e = stream_fill(f, db, x);
        if (e != ERR_OK)
            return e;
        if (x->at < x->n && (!best || is_newer(&x->rows[x->at], &best->rows[best->at])))
            best = x;
    }
    *ret = best ? &best->rows[best->at++] : NULL;
    return ERR_OK;
}

static bool fits(const struct payment_filter *w, const struct search_row *r)
{
    return (!w->states || w->states & (1U << r->state)) &&
           (!w->wallets || w->wallets & (1U << r->wallet)) && r->day <= w->day_last &&
           (!w->least.poisha || money_cmp(r->amount, w->least) >= 0) &&
           (!w->most.poisha || money_cmp(r->amount, w->most) <= 0);
}

enum err payment_find_step(struct payment_find *f, struct db *db, int64_t max, int64_t looks,
    store_search_fn fn, void *arg, bool *ret_end)
{
    int64_t told = 0;
    enum err e = ERR_OK;
    *ret_end = false;
    for (int64_t i = 0; e == ERR_OK && i < looks && told < max; i++) {
        const struct search_row *r = NULL;
        e = newest(f, db, &r);
        if (e != ERR_OK)
            return e;
        if (!r || r->day < f->filter.day_first) {
            *ret_end = true;
            return ERR_OK;
        }
        f->place = (struct payment_place){r->day, r->id};
        if (fits(&f->filter, r)) {
            told++;
            e = fn(arg, r);
        }
    }
    return e;
}

/* ---- by name ---- */

struct named {
    const int64_t *accounts;
    int account_count;
    int64_t ids[PAYMENT_NAMED_MAX];
    int count;
    store_search_fn fn;
    void *arg;
};

static enum err id_add(void *arg, int64_t id)
{
    struct named *x = arg;
    for (int i = 0; i < x->count; i++)
        if (x->ids[i] == id)
            return ERR_OK;
    if (x->count < PAYMENT_NAMED_MAX)
        x->ids[x->count++] = id;
    return ERR_OK;
}

static enum err row_tell(void *arg, const struct search_row *r)
{
    struct named *x = arg;
    for (int i = 0; i < x->account_count; i++)
        if (x->accounts[i] == r->account_id)
            return x->fn(x->arg, r);
    return ERR_OK;
}

static enum err orders_find(struct db *db, struct arena *a, struct str text, struct named *x)
{
    enum err e = ERR_OK;
    for (int i = 0; i < x->account_count && e == ERR_OK; i++) {
        struct payment_row p;
        arena_reset(a);
        e = store_payment_by_order(db, a, x->accounts[i], text, &p);
        e = e == ERR_OK ? id_add(x, p.id) : e == ERR_NO_ROW ? ERR_OK : e;
    }
    return e;
}

static enum err trxids_find(struct db *db, struct str text, struct named *x)
{
    char normal[TRXID_CAP];
    enum err e = ERR_OK;
    for (int w = 0; w < WALLET_COUNT && e == ERR_OK; w++) {
        enum wallet_kind wallet = (enum wallet_kind)w;
        bool is_one = trxid_normal(wallet, text, normal) == ERR_OK;
        e = store_search_trx(db, wallet, is_one ? str_from(normal) : text, id_add, x);
    }
    return e;
}

enum err payment_named(struct service *s, struct db *db, const int64_t *accounts, int count,
    struct str text, store_search_fn fn, void *arg)
{
    struct named x = {.accounts = accounts, .account_count = count, .fn = fn, .arg = arg};
    struct payment_row p;
    struct arena a;
    uint8_t raw[16];
    int64_t id;
    enum err e = ERR_OK;
    arena_init(&a, ROW_BYTES_MAX);
    if (uuid_parse(text, raw) == ERR_OK) {
        e = links_payment(s->links, db, &a, text, &p);
        e = e == ERR_OK ? id_add(&x, p.id) : e == ERR_NO_ROW ? ERR_OK : e;
    }
    if (int64_parse(text, &id) == ERR_OK && id > 0)
        e = e == ERR_OK ? id_add(&x, id) : e;
    e = e == ERR_OK ? orders_find(db, &a, text, &x) : e;
    e = e == ERR_OK ? trxids_find(db, text, &x) : e;
    e = e == ERR_OK ? store_search_names(db, text, id_add, &x) : e;
    arena_clear(&a);
    for (int i = 0; i < x.count && e == ERR_OK; i++)
        e = store_search_by_id(db, x.ids[i], row_tell, &x);
    return e;
}
