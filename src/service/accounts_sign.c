/* What an account's keys are for: verifying its requests, signing what goes to it. */
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "service/accounts_keys.h"

/* Certificates of one purpose that are tried for one signature. */
#define KEYS_TRIED_MAX 4
#define NOTE_EVERY_MS 60000

static bool key_valid(const struct account_key *k, int64_t now)
{
    return k->not_before <= now && (k->not_after == 0 || now < k->not_after);
}

static bool key_verifies(const struct account_key *k, enum cert_purpose p, int64_t now)
{
    return k->purpose == p && k->public_key && key_valid(k, now);
}

static bool key_fits(const struct account_key *k, size_t signature_n)
{
    return (size_t)(rsa_public_bits(k->public_key) + 7) / 8 == signature_n;
}

/* A refusal costs what a good call does, one operation of the size that the signature's length says: where no key of the
 * account has that size, or there is no account, the decoy makes up for it. Only while certificates overlap it costs one
 * for each of them; to have every refusal cost so much would serve those who send wrong signatures to keep us busy. */
static enum rsa_verdict keys_try(struct account_full *f, enum cert_purpose p, int64_t now,
    struct str body, struct str sig, struct account_check *ret)
{
    const struct rsa_public *decoy = rsa_public_decoy(sig.n);
    int tried = 0, valid = 0, count = f ? f->key_count : 0;
    enum rsa_verdict verdict = RSA_REFUSED;
    for (int i = 0; i < count && tried < KEYS_TRIED_MAX && verdict == RSA_REFUSED; i++) {
        struct account_key *k = &f->keys[i];
        bool verifies = key_verifies(k, p, now);
        valid += verifies;
        if (verifies && key_fits(k, sig.n)) {
            tried++;
            verdict = rsa_verify(k->public_key, body, sig);
            ret->key = verdict == RSA_REFUSED ? NULL : k;
        }
    }
    if (tried == 0) {
        enum rsa_verdict ignored = rsa_verify(decoy, body, sig);
        (void)ignored;
    }
    ret->why = tried > 0    ? "signature"
               : valid == 0 ? "no_certificate"
               : sig.n      ? "length"
                            : "base64";
    return verdict;
}

enum rsa_verdict account_full_verify(struct account_full *f, enum cert_purpose p, int64_t now,
    struct str body, struct str sign_base64, struct account_check *ret)
{
    uint8_t raw[RSA_SIG_MAX];
    size_t n = 0;
    *ret = (struct account_check){.key = NULL};
    if (base64_decode(str_trim(sign_base64), raw, sizeof raw, &n) != ERR_OK) {
        n = 0;
    }
    return keys_try(f, p, now, body, (struct str){(const char *)raw, n}, ret);
}

struct use_note {
    struct store_unit unit;
    int64_t cert_id;
    int64_t at;
    struct str why, digest; /* static texts; one is absent */
};

static enum err use_run(struct store_unit *u, struct tx *tx)
{
    struct use_note *n = unit_owner(u, struct use_note, unit);
    return str_absent(n->why) ? store_cert_set_used(tx, n->cert_id, n->at, n->digest)
                              : store_cert_set_refused(tx, n->cert_id, n->at, n->why);
}

static void use_done(struct store_unit *u, enum err result)
{
    if (result != ERR_OK) {
        log_warn("use_of_a_certificate_not_noted", LOG_ERR(result));
    }
    mem_free(unit_owner(u, struct use_note, unit));
}

/* True for one caller in a minute. */
static bool note_due(_Atomic int64_t *noted_at)
{
    int64_t mono = clock_mono_ms();
    int64_t last = atomic_load_explicit(noted_at, memory_order_relaxed);
    return (last == 0 || mono - last >= NOTE_EVERY_MS) &&
           atomic_compare_exchange_strong(noted_at, &last, mono);
}

static void note_submit(struct store *store, struct use_note note)
{
    struct use_note *n = mem_alloc(sizeof *n);
    *n = note;
    n->unit = (struct store_unit){.run = use_run, .done = use_done};
    if (store_submit(store, &n->unit) != ERR_OK) {
        mem_free(n);
    }
}

void account_full_note_refused(
    struct store *store, struct account_full *f, enum cert_purpose p, int64_t now, const char *why)
{
    if (f->newest_cert_id[p] != 0 && note_due(&f->refused_noted_at)) {
        note_submit(store, (struct use_note){.cert_id = f->newest_cert_id[p],
                               .at = now,
                               .why = str_from(why),
                               .digest = STR_ABSENT});
    }
}

void account_key_note_used(
    struct store *store, struct account_key *key, int64_t now, enum rsa_verdict verdict)
{
    if (note_due(&key->used_noted_at)) {
        note_submit(store, (struct use_note){.cert_id = key->cert_id,
                               .at = now,
                               .why = STR_ABSENT,
                               .digest = verdict == RSA_GOOD_SHA256 ? STR("sha256") : STR("sha1")});
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
