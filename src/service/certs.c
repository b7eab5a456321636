#include "service/certs.h"

#include "base/mem.h"
#include "base/text.h"

#define PASSWORD_RAW_LEN 24
#define OLD_MAX 256

void cert_pair_init(struct cert_pair *p)
{
    buf_init(&p->password, 256);
    buf_init(&p->private_pem, RSA_PEM_MAX);
    buf_init(&p->public_pem, RSA_PEM_MAX);
}

void cert_pair_wipe(struct cert_pair *p)
{
    buf_wipe(&p->password);
    buf_wipe(&p->private_pem);
    buf_clear(&p->public_pem);
}

int cert_pair_files(const struct cert_pair *p, struct zip_member out[CERT_FILES_MAX])
{
    int n = 0;
    if (p->private_pem.n > 0) {
        out[n++] = (struct zip_member){"password.txt", buf_view(&p->password)};
        out[n++] = (struct zip_member){"private.pem", buf_view(&p->private_pem)};
    }
    out[n++] = (struct zip_member){"public.pem", buf_view(&p->public_pem)};
    return n;
}

enum err cert_pair_archive(const struct cert_pair *p, struct buf *ret)
{
    struct zip_member files[CERT_FILES_MAX];
    return zip_pack(files, cert_pair_files(p, files), ret);
}

bool cert_bits_allowed(int64_t bits)
{
    return bits == 2048 || bits == 3072 || bits == 4096;
}

/* The row's public half; texts in the arena. */
static enum err row_public(struct arena *a, struct cert_row *row, const struct rsa_public *key)
{
    struct buf der, hex;
    uint8_t digest[SHA256_LEN];
    buf_init(&der, RSA_PEM_MAX);
    buf_init(&hex, 2 * SHA256_LEN);
    enum err e = rsa_public_to_der(key, &der);
    if (e == ERR_OK) {
        sha256(der.p, der.n, digest);
        hex_encode(&hex, digest, sizeof digest);
        row->public_der = arena_copy(a, buf_view(&der));
        row->fingerprint = arena_copy(a, buf_view(&hex));
    }
    buf_clear(&der);
    buf_clear(&hex);
    return e;
}

static enum err row_private(
    struct keyring *keys, struct arena *a, struct cert_row *row, const struct rsa_private *key)
{
    struct buf der, box;
    buf_init(&der, RSA_PEM_MAX);
    buf_init(&box, 2 * RSA_PEM_MAX);
    enum err e = rsa_private_to_der(key, &der);
    if (e == ERR_OK) {
        box_seal(keys, "cert", buf_view(&der), &box);
        row->private_box = arena_copy(a, buf_view(&box));
    }
    buf_wipe(&der);
    buf_clear(&box);
    return e;
}

/* Without a line's end: the documented PHP passes the file's raw content as the pass phrase. */
static enum err pair_private(struct cert_pair *p, const struct rsa_private *key)
{
    uint8_t raw[PASSWORD_RAW_LEN];
    random_bytes(raw, sizeof raw);
    hex_encode(&p->password, raw, sizeof raw);
    mem_wipe(raw, sizeof raw);
    return rsa_private_to_pem(key, buf_view(&p->password), &p->private_pem);
}

static void row_begin(struct cert_new *n)
{
    n->row = (struct cert_row){
        .account_id = n->account.id,
        .purpose = str_from(cert_purpose_text(n->purpose)),
        .private_box = STR_ABSENT,
        .refused_why = STR_ABSENT,
        .used_digest = STR_ABSENT,
    };
}

static enum err pair_fill(struct keyring *keys, struct arena *a, const struct rsa_private *key,
    struct cert_new *n, struct cert_pair *ret)
{
    struct rsa_public *public = NULL;
    enum err e = rsa_private_public(key, &public);
    if (e == ERR_OK) {
        e = row_public(a, &n->row, public);
    }
    if (e == ERR_OK) {
        e = n->purpose == CERT_NOTIFICATIONS ? row_private(keys, a, &n->row, key)
                                             : pair_private(ret, key);
    }
    if (e == ERR_OK) {
        e = rsa_public_to_pem(public, &ret->public_pem);
    }
    if (public) {
        rsa_public_free(public);
    }
    return e;
}

enum err cert_make(
    struct keyring *keys, struct arena *a, int bits, struct cert_new *n, struct cert_pair *ret)
{
    struct rsa_private *key = NULL;
    row_begin(n);
    n->imported = false;
    enum err e = rsa_private_generate(bits, &key);
    if (e == ERR_OK) {
        e = pair_fill(keys, a, key, n, ret);
        rsa_private_free(key);
    }
    return e;
}

enum err cert_take(struct arena *a, struct str pem, struct cert_new *n)
{
    struct rsa_public *key = NULL;
    row_begin(n);
    n->imported = true;
    if (n->purpose == CERT_NOTIFICATIONS) {
        return ERR_STATE;
    }
    enum err e = rsa_public_from_pem(pem, &key);
    if (e == ERR_OK) {
        e = row_public(a, &n->row, key);
        rsa_public_free(key);
    }
    return e;
}

struct old_certs {
    struct str purpose;
    int64_t until; /* those that would be valid at this time end then */
    int64_t ids[OLD_MAX];
    int count;
};

static enum err old_note(void *arg, const struct cert_row *r)
{
    struct old_certs *o = arg;
    if (!str_eq(r->purpose, o->purpose) || r->revoked_at ||
        (r->not_after && r->not_after <= o->until)) {
        return ERR_OK;
    }
    if (o->count == OLD_MAX) {
        return ERR_LIMIT;
    }
    o->ids[o->count++] = r->id;
    return ERR_OK;
}

enum err cert_add(struct tx *tx, struct cert_new *n, struct change_note *note)
{
    int64_t now = tx_now_ms(tx);
    struct old_certs old = {.purpose = n->row.purpose, .until = now + n->overlap_ms};
    enum err e = store_cert_each(tx_db(tx), n->account.id, old_note, &old);
    for (int i = 0; e == ERR_OK && i < old.count; i++) {
        e = store_cert_set_not_after(tx, old.ids[i], old.until);
    }
    bool later = old.count > 0 && n->purpose == CERT_NOTIFICATIONS;
    n->row.created_at = now;
    n->row.not_before = later ? old.until : now;
    n->ended = old.count;
    n->old_until = old.count ? old.until : 0;
    if (e == ERR_OK) {
        e = store_cert_add(tx, &n->row);
    }
    note->action = n->imported ? "cert.import" : "cert.new";
    change_target(note, "account", n->account.uuid);
    note->merchant_id = n->account.merchant_id;
    json_w_kint(&note->w, "certificate", n->row.id);
    json_w_kstr(&note->w, "purpose", n->row.purpose);
    json_w_kstr(&note->w, "fingerprint", n->row.fingerprint);
    json_w_kint(&note->w, "older_ended", n->ended);
    json_w_kint(&note->w, "older_until", n->old_until);
    return e;
}

enum err cert_revoke(struct tx *tx, struct arena *a, int64_t id, struct change_note *note)
{
    struct cert_row row;
    enum err e = store_cert_get(tx_db(tx), a, id, &row);
    if (e != ERR_OK) {
        return e;
    }
    note->action = "cert.revoke";
    change_target_id(note, "certificate", id);
    note->account_id = row.account_id;
    json_w_kbool(&note->was, "revoked", row.revoked_at != 0);
    json_w_kbool(&note->w, "revoked", true);
    json_w_kstr(&note->w, "purpose", row.purpose);
    json_w_kstr(&note->w, "fingerprint", row.fingerprint);
    return store_cert_revoke(tx, id, tx_now_ms(tx));
}

const char *cert_state(const struct cert_row *r, int64_t now)
{
    return r->revoked_at                         ? "revoked"
           : r->not_after && now >= r->not_after ? "ended"
           : now < r->not_before                 ? "not yet"
           : r->not_after                        ? "ending"
                                                 : "valid";
}

int cert_bits(const struct cert_row *r)
{
    struct rsa_public *key = NULL;
    if (rsa_public_from_der(r->public_der, &key) != ERR_OK) {
        return 0;
    }
    int bits = rsa_public_bits(key);
    rsa_public_free(key);
    return bits;
}
