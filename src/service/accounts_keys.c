#include "service/accounts_keys.h"

#include "base/log.h"
#include "base/mem.h"

/* Texts and presets of one account: some thousand presets fit. */
#define VIEW_BYTES_MAX (4U << 20)
#define PRESETS_MAX 4096
#define KEYS_MAX 256
#define BOX_BYTES_MAX 16384

static const char *const purposes[CERT_PURPOSE_COUNT] = {
    [CERT_PAYMENTS] = "payments",
    [CERT_PAYOUTS] = "payouts",
    [CERT_NOTIFICATIONS] = "notifications",
};

const char *cert_purpose_text(enum cert_purpose p)
{
    ensure((unsigned)p < CERT_PURPOSE_COUNT, "no such certificate purpose");
    return purposes[p];
}

enum err cert_purpose_parse(struct str s, enum cert_purpose *ret)
{
    for (size_t i = 0; i < array_len(purposes); i++) {
        if (str_is(s, purposes[i])) {
            *ret = (enum cert_purpose)i;
            return ERR_OK;
        }
    }
    return ERR_SYNTAX;
}

struct loading {
    struct account_full *full;
    const struct keyring *keys;
    struct redirect_row *redirects;
    struct endpoint_row *endpoints;
};

static enum err private_open(const struct keyring *keys, struct str box, struct rsa_private **ret)
{
    struct buf der;
    buf_init(&der, BOX_BYTES_MAX);
    enum err e = box_open(keys, "cert", box, &der);
    if (e == ERR_OK) {
        e = rsa_private_from_der(buf_view(&der), ret);
    }
    buf_wipe(&der);
    return e;
}

static enum err load_cert(void *arg, const struct cert_row *r)
{
    struct loading *l = arg;
    struct account_full *f = l->full;
    struct account_key key = {
        .not_before = r->not_before, .not_after = r->not_after, .cert_id = r->id};
    enum err e = cert_purpose_parse(r->purpose, &key.purpose);
    if (e != ERR_OK) {
        log_error("certificate_purpose_unknown", LOG_I("certificate", r->id));
        return ERR_OK;
    }
    if (f->newest_cert_id[key.purpose] == 0) {
        f->newest_cert_id[key.purpose] = r->id;
    }
    if (r->revoked_at != 0 || f->key_count == KEYS_MAX) {
        return ERR_OK;
    }
    e = key.purpose == CERT_NOTIFICATIONS ? private_open(l->keys, r->private_box, &key.private_key)
                                          : rsa_public_from_der(r->public_der, &key.public_key);
    if (e != ERR_OK) {
        log_error("certificate_unusable", LOG_I("certificate", r->id), LOG_ERR(e));
        return ERR_OK;
    }
    if (f->key_count == f->key_room) {
        f->key_room = f->key_room ? f->key_room * 2 : 4;
        f->keys = mem_realloc(f->keys, (size_t)f->key_room * sizeof *f->keys);
    }
    f->keys[f->key_count++] = key;
    return ERR_OK;
}

/* Copies a text into the view; a failed copy of a text that is there shows in *ret_full. */
static struct str keep(struct account_full *f, struct str s, bool *ret_full)
{
    struct str copy = arena_copy(&f->arena, s);
    if (!str_absent(s) && str_absent(copy)) {
        *ret_full = true;
    }
    return copy;
}

static enum err load_redirect(void *arg, const struct redirect_row *r)
{
    struct loading *l = arg;
    struct account_view *v = &l->full->view;
    bool full = false;
    if (r->deleted_at != 0) {
        return ERR_OK;
    }
    if (v->redirect_count == PRESETS_MAX) {
        return ERR_LIMIT;
    }
    if ((v->redirect_count & (v->redirect_count - 1)) == 0) {
        size_t room = v->redirect_count ? (size_t)v->redirect_count * 2 : 1;
        l->redirects = mem_realloc(l->redirects, room * sizeof *l->redirects);
    }
    struct redirect_row row = *r;
    row.name = keep(l->full, r->name, &full);
    row.url = keep(l->full, r->url, &full);
    l->redirects[v->redirect_count++] = row;
    return full ? ERR_LIMIT : ERR_OK;
}

static enum err load_endpoint(void *arg, const struct endpoint_row *r)
{
    struct loading *l = arg;
    struct account_view *v = &l->full->view;
    bool full = false;
    if (r->deleted_at != 0) {
        return ERR_OK;
    }
    if (v->endpoint_count == PRESETS_MAX) {
        return ERR_LIMIT;
    }
    if ((v->endpoint_count & (v->endpoint_count - 1)) == 0) {
        size_t room = v->endpoint_count ? (size_t)v->endpoint_count * 2 : 1;
        l->endpoints = mem_realloc(l->endpoints, room * sizeof *l->endpoints);
    }
    struct endpoint_row row = *r;
    row.name = keep(l->full, r->name, &full);
    row.url = keep(l->full, r->url, &full);
    row.mode = keep(l->full, r->mode, &full);
    row.secret_box = keep(l->full, r->secret_box, &full);
    row.old_secret_box = keep(l->full, r->old_secret_box, &full);
    row.disabled_reason = keep(l->full, r->disabled_reason, &full);
    l->endpoints[v->endpoint_count++] = row;
    return full ? ERR_LIMIT : ERR_OK;
}

static enum err load_rows(struct db *db, struct loading *l, int64_t id)
{
    struct account_full *f = l->full;
    struct merchant_row merchant = {.id = 0};
    enum err e = store_account_by_id(db, &f->arena, id, &f->view.row);
    if (e == ERR_OK) {
        e = store_merchant_get(db, &f->arena, f->view.row.merchant_id, &merchant);
        f->view.merchant_name = merchant.name;
    }
    if (e == ERR_OK) {
        e = store_cert_each(db, id, load_cert, l);
    }
    if (e == ERR_OK) {
        e = store_redirect_each(db, id, load_redirect, l);
    }
    if (e == ERR_OK) {
        e = store_endpoint_each(db, id, load_endpoint, l);
    }
    return e;
}

enum err account_full_load(
    struct db *db, const struct keyring *keys, int64_t id, struct account_full **ret)
{
    struct account_full *f = mem_alloc(sizeof *f);
    struct loading l = {.full = f, .keys = keys};
    arena_init(&f->arena, VIEW_BYTES_MAX);
    atomic_init(&f->refs, 1);
    enum err e = store_read_begin(db);
    if (e == ERR_OK) {
        e = load_rows(db, &l, id);
        store_read_end(db);
    }
    f->view.redirects = l.redirects;
    f->view.endpoints = l.endpoints;
    if (e != ERR_OK) {
        account_full_free(f);
        return e;
    }
    *ret = f;
    return ERR_OK;
}

void account_full_free(struct account_full *f)
{
    for (int i = 0; i < f->key_count; i++) {
        if (f->keys[i].public_key) {
            rsa_public_free(f->keys[i].public_key);
        }
        if (f->keys[i].private_key) {
            rsa_private_free(f->keys[i].private_key);
        }
    }
    mem_free(f->keys);
    mem_free((void *)(uintptr_t)f->view.redirects);
    mem_free((void *)(uintptr_t)f->view.endpoints);
    arena_clear(&f->arena);
    mem_free(f);
}
