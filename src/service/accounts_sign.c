/* What an account's keys are for: verifying its requests, signing what goes to it. */
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "service/accounts_keys.h"

/* Certificates of one purpose that are tried for one signature. */
#define KEYS_TRIED_MAX 4
#define REFUSED_NOTE_EVERY_MS 60000

static bool key_valid(const struct account_key *k, int64_t now)
{
    return k->not_before <= now && (k->not_after == 0 || now < k->not_after);
}

static bool key_fits(
    const struct account_key *k, enum cert_purpose p, int64_t now, size_t signature_n)
{
    return k->purpose == p && k->public_key && key_valid(k, now) &&
           (size_t)(rsa_public_bits(k->public_key) + 7) / 8 == signature_n;
}

/* A refusal costs what a good call does, one operation of the size that the signature's length says: where no key of the
 * account has that size, or there is no account, the decoy makes up for it. Only while certificates overlap it costs one
 * for each of them; to have every refusal cost so much would serve those who send wrong signatures to keep us busy. */
static enum rsa_verdict keys_try(
    const struct account_full *f, enum cert_purpose p, int64_t now, struct str body, struct str sig)
{
    const struct rsa_public *decoy = rsa_public_decoy(sig.n);
    int tried = 0, count = f ? f->key_count : 0;
    enum rsa_verdict verdict = RSA_REFUSED;
    for (int i = 0; i < count && tried < KEYS_TRIED_MAX && verdict == RSA_REFUSED; i++) {
        if (key_fits(&f->keys[i], p, now, sig.n)) {
            tried++;
            verdict = rsa_verify(f->keys[i].public_key, body, sig);
        }
    }
    if (tried == 0) {
        enum rsa_verdict ignored = rsa_verify(decoy, body, sig);
        (void)ignored;
    }
    return verdict;
}

enum rsa_verdict account_full_verify(const struct account_full *f, enum cert_purpose p, int64_t now,
    struct str body, struct str sign_base64)
{
    uint8_t raw[RSA_SIG_MAX];
    size_t n = 0;
    if (base64_decode(str_trim(sign_base64), raw, sizeof raw, &n) != ERR_OK) {
        n = 0;
    }
    return keys_try(f, p, now, body, (struct str){(const char *)raw, n});
}

struct refused_note {
    struct store_unit unit;
    int64_t cert_id;
    int64_t at;
};

static enum err refused_run(struct store_unit *u, struct tx *tx)
{
    struct refused_note *n = unit_owner(u, struct refused_note, unit);
    return store_cert_set_refused(tx, n->cert_id, n->at);
}

static void refused_done(struct store_unit *u, enum err result)
{
    if (result != ERR_OK) {
        log_warn("refused_use_not_noted", LOG_ERR(result));
    }
    mem_free(unit_owner(u, struct refused_note, unit));
}

void account_full_note_refused(
    struct store *store, struct account_full *f, enum cert_purpose p, int64_t now)
{
    int64_t mono = clock_mono_ms();
    int64_t last = atomic_load(&f->refused_noted_at);
    if (f->newest_cert_id[p] == 0 || (last != 0 && mono - last < REFUSED_NOTE_EVERY_MS) ||
        !atomic_compare_exchange_strong(&f->refused_noted_at, &last, mono)) {
        return;
    }
    struct refused_note *n = mem_alloc(sizeof *n);
    n->unit = (struct store_unit){.run = refused_run, .done = refused_done};
    n->cert_id = f->newest_cert_id[p];
    n->at = now;
    if (store_submit(store, &n->unit) != ERR_OK) {
        mem_free(n);
    }
}

enum err accounts_sign(
    const struct account_view *v, int64_t now, struct str message, struct buf *b64)
{
    const struct account_full *f = (const struct account_full *)(const void *)v;
    const struct account_key *key = NULL;
    for (int i = 0; i < f->key_count && !key; i++) {
        if (f->keys[i].private_key && key_valid(&f->keys[i], now)) {
            key = &f->keys[i];
        }
    }
    if (!key) {
        return ERR_NO_ROW;
    }
    uint8_t sig[RSA_SIG_MAX];
    size_t n = 0;
    enum rsa_digest digest = str_is(v->row.digest, "sha256") ? RSA_DIGEST_SHA256 : RSA_DIGEST_SHA1;
    enum err e = rsa_sign(key->private_key, digest, message, sig, sizeof sig, &n);
    if (e == ERR_OK) {
        base64_encode(b64, sig, n);
    }
    return e;
}

const struct redirect_row *account_redirect(const struct account_view *v, int64_t id)
{
    for (int i = 0; i < v->redirect_count; i++) {
        if (v->redirects[i].id == id) {
            return &v->redirects[i];
        }
    }
    return NULL;
}

const struct endpoint_row *account_endpoint(const struct account_view *v, int64_t id)
{
    for (int i = 0; i < v->endpoint_count; i++) {
        if (v->endpoints[i].id == id) {
            return &v->endpoints[i];
        }
    }
    return NULL;
}
