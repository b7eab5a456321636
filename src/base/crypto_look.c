#include "base/crypto_look.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

/* OpenSSL has a type with the name of one of our errors. */
#define ERR_STATE openssl_err_state
#include <openssl/evp.h>
#undef ERR_STATE

static const struct {
    const char *text;
    size_t n;
    const EVP_MD *(*md)(void);
    uint8_t oid[9];
    size_t oid_n;
} kinds[HASH_KIND_COUNT] = {
    [HASH_MD5] = {"MD5", 16, EVP_md5, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05}, 8},
    [HASH_SHA1] = {"SHA-1", 20, EVP_sha1, {0x2b, 0x0e, 0x03, 0x02, 0x1a}, 5},
    [HASH_SHA224] = {"SHA-224", 28, EVP_sha224,
        {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04}, 9},
    [HASH_SHA256] = {"SHA-256", 32, EVP_sha256,
        {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01}, 9},
    [HASH_SHA384] = {"SHA-384", 48, EVP_sha384,
        {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02}, 9},
    [HASH_SHA512] = {"SHA-512", 64, EVP_sha512,
        {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03}, 9},
};

const char *hash_kind_text(enum hash_kind k)
{
    return kinds[k].text;
}

size_t hash_kind_len(enum hash_kind k)
{
    return kinds[k].n;
}

void hash_compute(enum hash_kind k, struct str s, uint8_t out[HASH_LEN_MAX])
{
    if (k == HASH_SHA256) {
        sha256(s.p, s.n, out);
    } else if (k == HASH_SHA1) {
        sha1(s.p, s.n, out);
    } else {
        int done = EVP_Digest(s.n ? s.p : "", s.n, out, NULL, kinds[k].md(), NULL);
        ensure(done == 1, "a digest failed");
    }
}

/* DER of a DigestInfo with its digest; the NULL parameters may be left out. Returns its length. */
static size_t info_make(enum hash_kind k, bool with_null, uint8_t out[32])
{
    size_t oid_n = kinds[k].oid_n, at = 0, inner = 2 + oid_n + (with_null ? 2U : 0U);
    out[at++] = 0x30;
    out[at++] = (uint8_t)(2 + inner + 2 + kinds[k].n);
    out[at++] = 0x30;
    out[at++] = (uint8_t)inner;
    out[at++] = 0x06;
    out[at++] = (uint8_t)oid_n;
    memcpy(out + at, kinds[k].oid, oid_n);
    at += oid_n;
    if (with_null) {
        out[at++] = 0x05;
        out[at++] = 0x00;
    }
    out[at++] = 0x04;
    out[at++] = (uint8_t)kinds[k].n;
    return at;
}

static void bare_read(const uint8_t *p, size_t n, struct rsa_look *ret)
{
    uint8_t info[32];
    ret->form = RSA_FORM_BARE;
    ret->sure = true;
    ret->n = n;
    memcpy(ret->bytes, p, n);
    for (int k = 0; k < HASH_KIND_COUNT; k++) {
        for (int with_null = 1; with_null >= 0; with_null--) {
            size_t head = info_make((enum hash_kind)k, with_null, info);
            if (n == head + kinds[k].n && memcmp(p, info, head) == 0) {
                ret->form = RSA_FORM_PKCS1;
                ret->hash = (enum hash_kind)k;
                ret->n = kinds[k].n;
                memcpy(ret->bytes, p + head, ret->n);
                return;
            }
        }
    }
}

/* 00 01, at least eight FF, 00 */
static bool pkcs1_read(const uint8_t *em, size_t size, struct rsa_look *ret)
{
    size_t at = 2;
    if (em[0] != 0 || em[1] != 1) {
        return false;
    }
    while (at < size && em[at] == 0xff) {
        at++;
    }
    if (at < 10 || at >= size || em[at] != 0) {
        return false;
    }
    bare_read(em + at + 1, size - at - 1, ret);
    return true;
}

static void mask_take(enum hash_kind k, struct str seed, uint8_t *p, size_t n)
{
    uint8_t block[HASH_LEN_MAX + 4], mask[HASH_LEN_MAX];
    memcpy(block, seed.p, seed.n);
    for (size_t at = 0, i = 0; at < n; i++) {
        block[seed.n] = block[seed.n + 1] = block[seed.n + 2] = 0;
        block[seed.n + 3] = (uint8_t)i;
        hash_compute(k, (struct str){(const char *)block, seed.n + 4}, mask);
        for (size_t j = 0; j < kinds[k].n && at < n; j++, at++) {
            p[at] ^= mask[j];
        }
    }
}

/* RFC 8017, section 9.1.2, with a mask of the same hash, for keys of whole bytes: one bit is left out. */
static bool pss_read(const uint8_t *em, size_t size, enum hash_kind k, struct rsa_look *ret)
{
    uint8_t db[RSA_SIG_MAX];
    size_t h_n = kinds[k].n, db_n = size - h_n - 1, at = 0;
    if (em[size - 1] != 0xbc || (em[0] & 0x80)) {
        return false;
    }
    memcpy(db, em, db_n);
    mask_take(k, (struct str){(const char *)em + db_n, h_n}, db, db_n);
    db[0] &= 0x7f;
    while (at < db_n && db[at] == 0) {
        at++;
    }
    if (at == db_n || db[at] != 1) {
        return false;
    }
    *ret = (struct rsa_look){.form = RSA_FORM_PSS, .hash = k, .n = h_n, .sure = at > 8};
    memcpy(ret->bytes, em + db_n, h_n);
    ret->salt_n = db_n - at - 1;
    memcpy(ret->salt, db + at + 1, ret->salt_n);
    return true;
}

void rsa_look(
    const struct rsa_public *k, struct str signature, struct str message, struct rsa_look *ret)
{
    uint8_t em[RSA_SIG_MAX];
    *ret = (struct rsa_look){.form = RSA_FORM_NONE};
    if (rsa_public_open(k, signature, em) != ERR_OK || pkcs1_read(em, signature.n, ret)) {
        return;
    }
    for (int i = 0; i < HASH_KIND_COUNT && !ret->sure; i++) {
        struct rsa_look found;
        if (pss_read(em, signature.n, (enum hash_kind)i, &found)) {
            found.sure = found.sure || rsa_look_is(&found, message);
            *ret = found;
        }
    }
}

static bool pss_is(const struct rsa_look *l, struct str message)
{
    uint8_t block[8 + HASH_LEN_MAX + RSA_SIG_MAX] = {0}, h[HASH_LEN_MAX];
    size_t n = kinds[l->hash].n;
    hash_compute(l->hash, message, block + 8);
    memcpy(block + 8 + n, l->salt, l->salt_n);
    hash_compute(l->hash, (struct str){(const char *)block, 8 + n + l->salt_n}, h);
    return memcmp(h, l->bytes, n) == 0;
}

static bool bare_is(const struct rsa_look *l, struct str message)
{
    struct str held = {(const char *)l->bytes, l->n};
    uint8_t digest[HASH_LEN_MAX];
    struct buf hex;
    bool same = str_eq(held, message);
    buf_init(&hex, 2 * HASH_LEN_MAX + 1);
    for (int k = 0; k < HASH_KIND_COUNT && !same; k++) {
        if (l->n == kinds[k].n || l->n == 2 * kinds[k].n) {
            hash_compute((enum hash_kind)k, message, digest);
            buf_reset(&hex);
            hex_encode(&hex, digest, kinds[k].n);
            same = str_eq(held, (struct str){(const char *)digest, kinds[k].n}) ||
                   str_ieq(held, buf_view(&hex));
        }
    }
    buf_clear(&hex);
    return same;
}

bool rsa_look_is(const struct rsa_look *l, struct str message)
{
    uint8_t digest[HASH_LEN_MAX];
    switch (l->form) {
    case RSA_FORM_NONE:
        return false;
    case RSA_FORM_PKCS1:
        hash_compute(l->hash, message, digest);
        return memcmp(digest, l->bytes, l->n) == 0;
    case RSA_FORM_BARE:
        return bare_is(l, message);
    case RSA_FORM_PSS:
        return pss_is(l, message);
    }
    return false;
}
