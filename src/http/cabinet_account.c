/* Accounts, their certificates and redirects. */
#include "base/mem.h"
#include "base/text.h"
#include "http/cabinet_setup.h"
#include "service/certs.h"
#include "service/presets.h"
#include <inttypes.h>
#include <stdio.h>

#define CERTS_PER_MINUTE 10
#define SECRETS_PER_MINUTE 10

static const char *const digests[] = {"sha1", "sha256", NULL};
static const char *const purposes[] = {"payments", "payouts", "notifications", NULL};

/* ---- accounts ---- */

static void services_write(struct json_writer *w, struct str services)
{
    json_w_key(w, "services");
    json_w_open(w, '[');
    for (size_t at = 0; at < services.n;) {
        size_t end = str_find(services, ',', at);
        json_w_str(w, str_sub(services, at, end));
        at = end + 1;
    }
    json_w_close(w);
}

static void account_write(
    struct cabinet_call *c, struct json_writer *w, const struct account_row *r)
{
    char stamp[STAMP_LEN + 1];
    setup_stamp_account(r, stamp);
    json_w_kstr(w, "uuid", r->uuid);
    cabinet_w_id(w, "merchant_id", r->merchant_id);
    json_w_kstr(w, "name", r->name);
    json_w_kstr(w, "currency", r->currency);
    json_w_kint(w, "fee_basis_points", r->fee_bp);
    cabinet_w_money(w, "fee_fixed_poisha", r->fee_fixed);
    services_write(w, r->services);
    json_w_kstr(w, "digest", r->digest);
    cabinet_w_id(w, "success_redirect_id", r->success_redirect_id);
    cabinet_w_id(w, "fail_redirect_id", r->fail_redirect_id);
    cabinet_w_id(w, "endpoint_id", r->endpoint_id);
    json_w_kstr(w, "notify_mode", r->notify_mode);
    json_w_kint(w, "notify_field_set", r->notify_field_set);
    cabinet_w_time(w, "notify_old_secret_until", r->notify_old_secret_until);
    json_w_kbool(w, "enabled", r->enabled);
    cabinet_w_time(w, "created_at", r->created_at);
    json_w_kcstr(w, "api_url", c->service->config->server_api_url);
    json_w_kcstr(w, "stamp", stamp);
}

struct listing {
    struct cabinet_call *c;
    struct json_writer *w;
};

static enum err account_item(void *arg, const struct account_row *r)
{
    struct listing *l = arg;
    if (!cabinet_owns(l->c, r->merchant_id))
        return ERR_OK;
    json_w_open(l->w, '{');
    account_write(l->c, l->w, r);
    json_w_close(l->w);
    return ERR_OK;
}

static struct json_writer *items_begin(struct cabinet_call *c)
{
    struct json_writer *w = cabinet_begin(c);
    json_w_key(w, "items");
    json_w_open(w, '[');
    return w;
}

/* A list that is always whole. */
static struct reply *items_end(struct cabinet_call *c, enum err e)
{
    if (e != ERR_OK)
        return cabinet_err(e);
    json_w_close(&c->w);
    json_w_key(&c->w, "next");
    json_w_null(&c->w);
    return cabinet_done(c);
}

struct reply *cabinet_accounts_get(struct cabinet_call *c)
{
    struct listing l = {.c = c, .w = items_begin(c)};
    return items_end(c, store_account_each(c->db, account_item, &l));
}

static struct reply *account_reply(struct cabinet_call *c, const struct account_row *r)
{
    account_write(c, cabinet_begin(c), r);
    return cabinet_done(c);
}

struct reply *cabinet_account_get(struct cabinet_call *c)
{
    return account_reply(c, &c->account);
}

struct account_update {
    struct cabinet_call *c;
    struct account_row row;
    int64_t success_id, fail_id, endpoint_id, field_set;
    struct str mode, digest;
    /* of a rotation */
    int64_t overlap_ms;
    struct str secret_box;
};

/* The row is read in the unit: what somebody else changed meanwhile is not undone. */
static enum err settings_unit(struct tx *tx, void *arg, struct change_note *note)
{
    struct account_update *u = arg;
    char stamp[STAMP_LEN + 1];
    enum err e = store_account_by_id(tx_db(tx), u->c->arena, u->c->account.id, &u->row);
    if (e != ERR_OK)
        return e;
    setup_stamp_account(&u->row, stamp);
    if (!setup_stamp_fits(u->c, stamp))
        return ERR_CONFLICT;
    u->row.success_redirect_id = u->success_id;
    u->row.fail_redirect_id = u->fail_id;
    u->row.endpoint_id = u->endpoint_id;
    u->row.notify_field_set = u->field_set;
    u->row.notify_mode = u->mode;
    u->row.digest = u->digest;
    return account_change(tx, u->c->arena, &u->row, false, note);
}

struct reply *cabinet_account_settings_post(struct cabinet_call *c)
{
    struct account_update u = {.c = c, .field_set = 11};
    bool good = cabinet_int_or_none(c, "success_redirect_id", 0, INT64_MAX, &u.success_id);
    good = cabinet_int_or_none(c, "fail_redirect_id", 0, INT64_MAX, &u.fail_id) && good;
    good = cabinet_int_or_none(c, "endpoint_id", 0, INT64_MAX, &u.endpoint_id) && good;
    good = cabinet_int(c, "notify_field_set", 10, 12, &u.field_set) && good;
    (void)good; /* what is wrong was noted */
    u.mode = setup_choice(c, "notify_mode", setup_modes);
    u.digest = setup_choice(c, "digest", digests);
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    enum err e = setup_change(c, settings_unit, &u);
    if (e == ERR_NO_ROW)
        return cabinet_error(CABINET_preset_unknown);
    return e == ERR_OK ? account_reply(c, &u.row) : cabinet_err(e);
}

static enum err rotate_unit(struct tx *tx, void *arg, struct change_note *note)
{
    struct account_update *u = arg;
    enum err e = store_account_by_id(tx_db(tx), u->c->arena, u->c->account.id, &u->row);
    if (e != ERR_OK)
        return e;
    u->row.notify_old_secret_box = u->overlap_ms > 0 ? u->row.notify_secret_box : STR_ABSENT;
    u->row.notify_old_secret_until = u->overlap_ms > 0 ? tx_now_ms(tx) + u->overlap_ms : 0;
    u->row.notify_secret_box = u->secret_box;
    return account_change(tx, u->c->arena, &u->row, true, note);
}

/* A new secret for addresses given in requests; told this once. */
struct reply *cabinet_account_secret_post(struct cabinet_call *c)
{
    struct account_update u = {
        .c = c, .overlap_ms = setup_overlap_ms(c, PRESET_OVERLAP_DEFAULT_MS)};
    struct buf secret;
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    buf_init(&secret, PRESET_SECRET_MAX);
    preset_secret_new(c->service->keys, c->arena, &secret, &u.secret_box);
    enum err e = change_limit(c->service->store, "secret", c->account.id, SECRETS_PER_MINUTE);
    e = e == ERR_OK ? setup_change(c, rotate_unit, &u) : e;
    struct reply *r = NULL;
    if (e == ERR_OK) {
        struct json_writer *w = cabinet_begin(c);
        json_w_kstr(w, "secret", buf_view(&secret));
        cabinet_w_time(w, "old_secret_until", u.row.notify_old_secret_until);
        r = cabinet_done(c);
    }
    buf_wipe(&secret);
    return r ? r : cabinet_err(e);
}

/* ---- certificates ---- */

static enum err cert_item(void *arg, const struct cert_row *r)
{
    struct listing *l = arg;
    struct json_writer *w = l->w;
    char algorithm[32];
    snprintf(algorithm, sizeof(algorithm), "RSA-%d", cert_bits(r));
    json_w_open(w, '{');
    cabinet_w_id(w, "id", r->id);
    json_w_kstr(w, "purpose", r->purpose);
    json_w_kcstr(w, "state", cert_state(r, l->c->now));
    json_w_kcstr(w, "algorithm", algorithm);
    json_w_kstr(w, "fingerprint", r->fingerprint);
    cabinet_w_time(w, "created_at", r->created_at);
    cabinet_w_time(w, "not_before", r->not_before);
    cabinet_w_time(w, "not_after", r->not_after);
    cabinet_w_time(w, "revoked_at", r->revoked_at);
    cabinet_w_time(w, "used_at", r->used_at);
    json_w_kstr(w, "used_digest", r->used_digest);
    cabinet_w_time(w, "refused_at", r->refused_at);
    json_w_kstr(w, "refused_why", r->refused_why);
    json_w_close(w);
    return ERR_OK;
}

struct reply *cabinet_certs_get(struct cabinet_call *c)
{
    struct listing l = {.c = c, .w = items_begin(c)};
    return items_end(c, store_cert_each(c->db, c->account.id, cert_item, &l));
}

static enum err cert_add_unit(struct tx *tx, void *arg, struct change_note *note)
{
    return cert_add(tx, arg, note);
}

static bool cert_asked(struct cabinet_call *c, struct cert_new *n)
{
    struct str purpose = setup_choice(c, "purpose", purposes);
    n->account = c->account;
    n->overlap_ms = setup_overlap_ms(c, CERT_OVERLAP_DEFAULT_MS);
    return !str_absent(purpose) && cert_purpose_parse(purpose, &n->purpose) == ERR_OK;
}

/* The archive is the answer itself: it is made once and kept nowhere. */
static struct reply *archive_reply(
    struct cabinet_call *c, const struct cert_new *n, const struct buf *archive)
{
    char name[160], id[24];
    snprintf(name, sizeof(name), "attachment; filename=\"%.*s-%.*s.zip\"", STR_FMT(c->account.uuid),
        STR_FMT(n->row.purpose));
    snprintf(id, sizeof(id), "%" PRId64, n->row.id);
    struct reply *r = reply_bytes(200, "application/zip", buf_view(archive));
    reply_header(r, "Content-Disposition", str_from(name));
    return reply_header(r, "X-Kassa-Certificate", str_from(id));
}

struct reply *cabinet_certs_post(struct cabinet_call *c)
{
    struct cert_new n = {.imported = false};
    struct cert_pair pair;
    struct buf archive;
    int64_t bits = 2048;
    bool good = cert_asked(c, &n);
    good = cabinet_int_or_none(c, "bits", 2048, 4096, &bits) && good;
    if (!cert_bits_allowed(bits))
        cabinet_fault(c, "bits", FAULT_invalid);
    struct reply *faults = cabinet_faults(c);
    if (faults || !good)
        return faults ? faults : cabinet_err(ERR_INTERNAL);
    cert_pair_init(&pair);
    buf_init(&archive, CERT_ARCHIVE_MAX);
    enum err e = change_limit(c->service->store, "cert", c->account.id, CERTS_PER_MINUTE);
    e = e == ERR_OK ? cert_make(c->service->keys, c->arena, (int)bits, &n, &pair) : e;
    e = e == ERR_OK ? cert_pair_archive(&pair, &archive) : e;
    e = e == ERR_OK ? setup_change(c, cert_add_unit, &n) : e;
    struct reply *r = e == ERR_OK ? archive_reply(c, &n, &archive) : cabinet_err(e);
    cert_pair_wipe(&pair);
    buf_wipe(&archive);
    return r;
}

struct reply *cabinet_cert_import_post(struct cabinet_call *c)
{
    struct cert_new n = {.imported = true};
    bool good = cert_asked(c, &n);
    struct str pem = json_get_string(c->body, "public_pem");
    if (str_absent(pem) || pem.n == 0)
        cabinet_fault(c, "public_pem", FAULT_required);
    struct reply *faults = cabinet_faults(c);
    if (faults || !good)
        return faults ? faults : cabinet_err(ERR_INTERNAL);
    enum err e = cert_take(c->arena, pem, &n);
    if (e == ERR_STATE)
        cabinet_fault(c, "purpose", FAULT_invalid);
    else if (e != ERR_OK)
        cabinet_fault(c, "public_pem", e == ERR_RANGE ? FAULT_out_of_range : FAULT_invalid);
    faults = cabinet_faults(c);
    if (faults)
        return faults;
    e = change_limit(c->service->store, "cert", c->account.id, CERTS_PER_MINUTE);
    e = e == ERR_OK ? setup_change(c, cert_add_unit, &n) : e;
    if (e != ERR_OK)
        return cabinet_err(e);
    cabinet_w_id(cabinet_begin(c), "id", n.row.id);
    return cabinet_done(c);
}

static enum err cert_revoke_unit(struct tx *tx, void *arg, struct change_note *note)
{
    struct cabinet_call *c = arg;
    return cert_revoke(tx, c->arena, c->cert.id, note);
}

struct reply *cabinet_cert_revoke_post(struct cabinet_call *c)
{
    enum err e = setup_change(c, cert_revoke_unit, c);
    return e == ERR_OK ? cabinet_ok(c) : cabinet_err(e);
}

struct reply *cabinet_cert_public_get(struct cabinet_call *c)
{
    struct rsa_public *key = NULL;
    struct buf pem;
    buf_init(&pem, RSA_PEM_MAX);
    enum err e = rsa_public_from_der(c->cert.public_der, &key);
    if (e == ERR_OK) {
        e = rsa_public_to_pem(key, &pem);
        rsa_public_free(key);
    }
    struct reply *r =
        e == ERR_OK ? reply_bytes(200, "application/x-pem-file", buf_view(&pem)) : cabinet_err(e);
    buf_clear(&pem);
    return e == ERR_OK
               ? reply_header(r, "Content-Disposition", STR("attachment; filename=\"public.pem\""))
               : r;
}

/* ---- redirects ---- */

static void redirect_write(
    struct json_writer *w, const struct account_row *a, const struct redirect_row *r)
{
    cabinet_w_id(w, "id", r->id);
    json_w_kstr(w, "name", r->name);
    json_w_kstr(w, "url", r->url);
    json_w_kbool(w, "is_success_default", a->success_redirect_id == r->id);
    json_w_kbool(w, "is_fail_default", a->fail_redirect_id == r->id);
}

static enum err redirect_item(void *arg, const struct redirect_row *r)
{
    struct listing *l = arg;
    if (r->deleted_at)
        return ERR_OK;
    json_w_open(l->w, '{');
    redirect_write(l->w, &l->c->account, r);
    json_w_close(l->w);
    return ERR_OK;
}

struct reply *cabinet_redirects_get(struct cabinet_call *c)
{
    struct listing l = {.c = c, .w = items_begin(c)};
    return items_end(c, store_redirect_each(c->db, c->account.id, redirect_item, &l));
}

static enum err redirect_add_unit(struct tx *tx, void *arg, struct change_note *note)
{
    return redirect_add(tx, arg, note);
}

struct reply *cabinet_redirects_post(struct cabinet_call *c)
{
    struct redirect_row row = {
        .account_id = c->account.id,
        .name = setup_name(c, "redirect"),
        .url = setup_url(c, false),
    };
    struct reply *faults = cabinet_faults(c);
    if (faults)
        return faults;
    enum err e = setup_change(c, redirect_add_unit, &row);
    if (e == ERR_DUPLICATE) {
        cabinet_fault(c, "name", FAULT_taken);
        return cabinet_faults(c);
    }
    if (e != ERR_OK)
        return e == ERR_LIMIT ? cabinet_error(CABINET_limit) : cabinet_err(e);
    redirect_write(cabinet_begin(c), &c->account, &row);
    return cabinet_done(c);
}

static enum err redirect_delete_unit(struct tx *tx, void *arg, struct change_note *note)
{
    struct cabinet_call *c = arg;
    return redirect_delete(tx, c->arena, c->redirect.id, note);
}

struct reply *cabinet_redirect_delete_post(struct cabinet_call *c)
{
    enum err e = setup_change(c, redirect_delete_unit, c);
    return e == ERR_OK      ? cabinet_ok(c)
           : e == ERR_STATE ? cabinet_error(CABINET_is_default)
                            : cabinet_err(e);
}
