/* RSA keys, signatures, and their PEM and DER texts. A private key holds EVP contexts that are set up once and then only
 * ever duplicated, because setting one up looks algorithms up under locks; duplicating is safe in any thread. A public
 * operation has no secret and is the greatest part of a request's cost: it is done with OpenSSL's numbers themselves.
 * Every failure of OpenSSL leaves its thread's error queue empty. */
#include "base/crypto.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include <limits.h>
#include <stdatomic.h>

/* OpenSSL has a type with the name of one of our errors. */
#define ERR_STATE openssl_err_state
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#undef ERR_STATE

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096
/* Decoys are as long as signatures may be, in bytes. */
#define DECOY_MIN (RSA_BITS_MIN / 8)
#define DECOYS (RSA_SIG_MAX - DECOY_MIN + 1)
#define RSA_EXPONENT_MIN 65537
/* What PKCS#1 v1.5 takes of a block: 00 02, eight bytes of padding, 00. */
#define RSA_PADDING_MIN 11
/* Larger ones are legal but make a check as slow as a signature. */
#define RSA_EXPONENT_BITS_MAX 64

struct rsa_public {
    EVP_PKEY *pkey;
    BIGNUM *exponent;
    BN_MONT_CTX *mont; /* of the modulus; only read, by any thread */
    size_t size;       /* bytes of the modulus and of every signature */
    int bits;
    uint8_t modulus[RSA_SIG_MAX]; /* big-endian, `size` bytes */
};

struct rsa_private {
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *sign_sha1; /* never used itself, only duplicated */
    EVP_PKEY_CTX *sign_sha256;
};

static enum err fail(enum err e)
{
    ERR_clear_error();
    return e;
}

static bool rsa_size_allowed(const EVP_PKEY *pkey)
{
    int bits = EVP_PKEY_get_bits(pkey);
    BIGNUM *e = NULL;
    if (!EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e))
        return false;
    bool exponent_ok = BN_is_odd(e) && BN_num_bits(e) <= RSA_EXPONENT_BITS_MAX &&
                       BN_get_word(e) >= RSA_EXPONENT_MIN;
    BN_free(e);
    return exponent_ok && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
}

static bool rsa_numbers_take(const EVP_PKEY *pkey, struct rsa_public *k)
{
    BIGNUM *modulus = NULL;
    if (!EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &modulus))
        return false;
    BN_CTX *ctx = BN_CTX_new();
    k->mont = BN_MONT_CTX_new();
    ensure(ctx && k->mont, "no memory for a modulus");
    bool ok = BN_is_odd(modulus) &&
              BN_bn2binpad(modulus, k->modulus, (int)k->size) == (int)k->size &&
              BN_MONT_CTX_set(k->mont, modulus, ctx) == 1 &&
              EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &k->exponent) == 1;
    BN_CTX_free(ctx);
    BN_free(modulus);
    return ok;
}

/* Takes `pkey` over, also on failure. */
static enum err rsa_public_make(EVP_PKEY *pkey, struct rsa_public **ret)
{
    if (!EVP_PKEY_is_a(pkey, "RSA")) {
        EVP_PKEY_free(pkey);
        return fail(ERR_SYNTAX);
    }
    if (!rsa_size_allowed(pkey)) {
        EVP_PKEY_free(pkey);
        return fail(ERR_RANGE);
    }
    struct rsa_public *k = mem_alloc(sizeof(*k));
    k->pkey = pkey;
    k->bits = EVP_PKEY_get_bits(pkey);
    k->size = (size_t)EVP_PKEY_get_size(pkey);
    if (!rsa_numbers_take(pkey, k)) {
        rsa_public_free(k);
        return fail(ERR_SYNTAX);
    }
    *ret = k;
    return ERR_OK;
}

enum err rsa_public_from_der(struct str der, struct rsa_public **ret)
{
    if (der.n == 0 || der.n > RSA_PEM_MAX)
        return ERR_SYNTAX;
    const unsigned char *p = (const unsigned char *)der.p;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)der.n);
    if (!pkey)
        return fail(ERR_SYNTAX);
    if (p != (const unsigned char *)der.p + der.n) {
        EVP_PKEY_free(pkey);
        return fail(ERR_SYNTAX);
    }
    return rsa_public_make(pkey, ret);
}

/* Reads the block by its name rather than through OpenSSL's decoders, which would take other forms too. */
enum err rsa_public_from_pem(struct str pem, struct rsa_public **ret)
{
    if (pem.n == 0 || pem.n > RSA_PEM_MAX)
        return ERR_SYNTAX;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    ensure(bio, "no memory for a BIO");
    char *name = NULL;
    char *header = NULL;
    unsigned char *der = NULL;
    long n = 0;
    enum err e = ERR_SYNTAX;
    if (PEM_read_bio(bio, &name, &header, &der, &n) == 1 && strcmp(name, PEM_STRING_PUBLIC) == 0 &&
        header[0] == 0)
        e = rsa_public_from_der((struct str){(const char *)der, (size_t)n}, ret);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(der, (size_t)n);
    BIO_free(bio);
    return e == ERR_OK ? ERR_OK : fail(e);
}

void rsa_public_free(struct rsa_public *k)
{
    if (!k)
        return;
    BN_MONT_CTX_free(k->mont);
    BN_free(k->exponent);
    EVP_PKEY_free(k->pkey);
    mem_free(k);
}

/* Appends what the BIO holds and frees it with its content wiped. */
static void bio_move(BIO *bio, struct buf *out)
{
    char *p = NULL;
    long n = BIO_get_mem_data(bio, &p);
    buf_add(out, p, n > 0 ? (size_t)n : 0);
    BIO_free(bio);
}

enum err rsa_public_to_pem(const struct rsa_public *k, struct buf *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    ensure(bio, "no memory for a BIO");
    if (PEM_write_bio_PUBKEY(bio, k->pkey) != 1) {
        BIO_free(bio);
        return fail(ERR_CRYPTO);
    }
    bio_move(bio, pem);
    return ERR_OK;
}

enum err rsa_public_to_der(const struct rsa_public *k, struct buf *der)
{
    unsigned char *p = NULL;
    int n = i2d_PUBKEY(k->pkey, &p);
    if (n <= 0)
        return fail(ERR_CRYPTO);
    buf_add(der, p, (size_t)n);
    OPENSSL_free(p);
    return ERR_OK;
}

int rsa_public_bits(const struct rsa_public *k)
{
    return k->bits;
}

/* A modulus of the wanted length out of nothing but counted hashes: an operation with it costs what one with a real
 * key costs, and that is all it is for. */
static void decoy_modulus(uint8_t out[RSA_SIG_MAX], size_t n)
{
    for (size_t i = 0; i < RSA_SIG_MAX / SHA256_LEN; i++) {
        uint8_t counter = (uint8_t)i;
        sha256(&counter, 1, out + i * SHA256_LEN);
    }
    out[0] |= 0x80;
    out[n - 1] |= 1;
}

static struct rsa_public *decoy_make(size_t n)
{
    uint8_t modulus[RSA_SIG_MAX];
    decoy_modulus(modulus, n);
    BIGNUM *bn = BN_bin2bn(modulus, (int)n, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    ensure(bn && build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
               OSSL_PARAM_BLD_push_uint(build, OSSL_PKEY_PARAM_RSA_E, RSA_EXPONENT_MIN) == 1,
        "no memory for a decoy");
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;
    struct rsa_public *k = NULL;
    ensure(params && ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
               EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) == 1 &&
               rsa_public_make(pkey, &k) == ERR_OK,
        "a decoy can't be made");
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(bn);
    return k;
}

const struct rsa_public *rsa_public_decoy(size_t signature_n)
{
    static _Atomic(struct rsa_public *) decoys[DECOYS];
    bool usual = signature_n >= DECOY_MIN && signature_n <= RSA_SIG_MAX;
    size_t n = usual ? signature_n : DECOY_MIN;
    struct rsa_public *k = atomic_load(&decoys[n - DECOY_MIN]);
    if (!k) {
        struct rsa_public *mine = decoy_make(n);
        bool first = atomic_compare_exchange_strong(&decoys[n - DECOY_MIN], &k, mine);
        if (first)
            k = mine;
        else
            rsa_public_free(mine);
    }
    return k;
}

/* sig^exponent mod modulus, `size` bytes each; sig is below the modulus. Square and multiply, from the exponent's highest
 * bit down. In Montgomery's form each product costs one step; the exponent is odd, so the last factor is always the
 * signature, and taken as it is, not in that form, it also brings the product out of the form. */
static void rsa_recover(const struct rsa_public *k, const uint8_t *sig, uint8_t *out)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *s = BN_bin2bn(sig, (int)k->size, NULL), *formed = BN_new(), *power = BN_new();
    bool ok = ctx && s && formed && power && BN_to_montgomery(formed, s, k->mont, ctx) &&
              BN_copy(power, formed);
    for (int bit = BN_num_bits(k->exponent) - 2; ok && bit >= 0; bit--) {
        ok = BN_mod_mul_montgomery(power, power, power, k->mont, ctx);
        if (ok && BN_is_bit_set(k->exponent, bit))
            ok = BN_mod_mul_montgomery(power, power, bit ? formed : s, k->mont, ctx);
    }
    ensure(ok && BN_bn2binpad(power, out, (int)k->size) == (int)k->size,
        "no memory for an RSA operation");
    BN_free(power);
    BN_free(formed);
    BN_free(s);
    BN_CTX_free(ctx);
}

/* DER of DigestInfo up to the digest: RFC 8017, section 9.2, note 1. */
static const uint8_t info_sha1[] = {
    0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
static const uint8_t info_sha256[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
_Static_assert(sizeof(info_sha1) + SHA1_LEN == 35, "SHA-1 DigestInfo");
_Static_assert(sizeof(info_sha256) + SHA256_LEN == 51, "SHA-256 DigestInfo");

/* RFC 8017, section 9.2: 00 01 FF...FF 00 DigestInfo, and so long that at least eight are FF. */
static uint8_t *encoding_begin(
    uint8_t *em, size_t size, const uint8_t *info, size_t info_n, size_t digest_n)
{
    uint8_t *at = em + size - digest_n - info_n;
    memset(em, 0xff, size);
    em[0] = 0;
    em[1] = 1;
    at[-1] = 0;
    memcpy(at, info, info_n);
    return at + info_n;
}

/* Makes the only encoding that may stand there and compares all of it. */
static enum rsa_verdict rsa_encoding_check(const uint8_t *em, size_t size, struct str message)
{
    uint8_t want[RSA_SIG_MAX];
    /* With SHA-1, whose DigestInfo is shorter, padding stands where it begins with SHA-256. */
    bool is_sha256 = em[size - SHA256_LEN - sizeof(info_sha256)] == info_sha256[0];
    if (is_sha256)
        sha256(message.p, message.n,
            encoding_begin(want, size, info_sha256, sizeof(info_sha256), SHA256_LEN));
    else
        sha1(message.p, message.n,
            encoding_begin(want, size, info_sha1, sizeof(info_sha1), SHA1_LEN));
    if (CRYPTO_memcmp(em, want, size) != 0)
        return RSA_REFUSED;
    return is_sha256 ? RSA_GOOD_SHA256 : RSA_GOOD_SHA1;
}

/* A signature that can't be good is refused only after an operation of the size that its length asks for, so that
 * the time tells nothing about the account's key: not its size, not even that it differs from the decoy. */
enum rsa_verdict rsa_verify(const struct rsa_public *k, struct str message, struct str signature)
{
    uint8_t em[RSA_SIG_MAX];
    uint8_t sig[RSA_SIG_MAX] = {0};
    bool possible = signature.n == k->size;
    const struct rsa_public *used = possible ? k : rsa_public_decoy(signature.n);
    if (signature.n == used->size)
        memcpy(sig, signature.p, used->size);
    else
        memset(sig, 0x5a, used->size);
    if (memcmp(sig, used->modulus, used->size) >= 0) {
        possible = false;
        sig[0] = 0;
    }
    rsa_recover(used, sig, em);
    metric_add(METRIC_rsa_verifications_total, 1);
    metric_add(METRIC_rsa_verification_bits_total, (int64_t)used->size * 8);
    return possible ? rsa_encoding_check(em, k->size, message) : RSA_REFUSED;
}

enum err rsa_public_open(const struct rsa_public *k, struct str signature, uint8_t ret[RSA_SIG_MAX])
{
    if (signature.n != k->size || memcmp(signature.p, k->modulus, k->size) >= 0)
        return ERR_RANGE;
    rsa_recover(k, (const uint8_t *)signature.p, ret);
    return ERR_OK;
}

static EVP_PKEY_CTX *rsa_sign_context(EVP_PKEY *pkey, const EVP_MD *md)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (ctx && EVP_PKEY_sign_init(ctx) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_CTX_set_signature_md(ctx, md) == 1)
        return ctx;
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

/* Takes `pkey` over, also on failure. */
static enum err rsa_private_make(EVP_PKEY *pkey, struct rsa_private **ret)
{
    if (!EVP_PKEY_is_a(pkey, "RSA")) {
        EVP_PKEY_free(pkey);
        return fail(ERR_SYNTAX);
    }
    if (!rsa_size_allowed(pkey)) {
        EVP_PKEY_free(pkey);
        return fail(ERR_RANGE);
    }
    struct rsa_private *k = mem_alloc(sizeof(*k));
    k->pkey = pkey;
    k->sign_sha1 = rsa_sign_context(pkey, EVP_sha1());
    k->sign_sha256 = rsa_sign_context(pkey, EVP_sha256());
    if (!k->sign_sha1 || !k->sign_sha256) {
        rsa_private_free(k);
        return fail(ERR_SYNTAX);
    }
    *ret = k;
    return ERR_OK;
}

enum err rsa_private_generate(int bits, struct rsa_private **ret)
{
    if (bits != 2048 && bits != 3072 && bits != 4096)
        return ERR_RANGE;
    EVP_PKEY *pkey = EVP_RSA_gen((unsigned)bits);
    if (!pkey)
        return fail(ERR_CRYPTO);
    return rsa_private_make(pkey, ret);
}

/* Without this OpenSSL would ask on the terminal. */
static int passphrase_give(char *out, int cap, int writing, void *arg)
{
    const struct str *passphrase = arg;
    (void)writing;
    if (passphrase->n == 0 || passphrase->n > (size_t)cap)
        return -1;
    memcpy(out, passphrase->p, passphrase->n);
    return (int)passphrase->n;
}

enum err rsa_private_from_pem(struct str pem, struct str passphrase, struct rsa_private **ret)
{
    if (pem.n == 0 || pem.n > RSA_PEM_MAX)
        return ERR_SYNTAX;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    ensure(bio, "no memory for a BIO");
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, passphrase_give, &passphrase);
    BIO_free(bio);
    if (!pkey)
        return fail(ERR_SYNTAX);
    enum err e = rsa_private_make(pkey, ret);
    ERR_clear_error();
    return e;
}

void rsa_private_free(struct rsa_private *k)
{
    if (!k)
        return;
    EVP_PKEY_CTX_free(k->sign_sha1);
    EVP_PKEY_CTX_free(k->sign_sha256);
    EVP_PKEY_free(k->pkey);
    mem_wipe(k, sizeof(*k));
    mem_free(k);
}

enum err rsa_private_to_pem(const struct rsa_private *k, struct str passphrase, struct buf *pem)
{
    /* The same bound as in reading: a key that could not be opened again must not be made. */
    if (passphrase.n == 0 || passphrase.n > PEM_BUFSIZE)
        return ERR_RANGE;
    BIO *bio = BIO_new(BIO_s_secmem());
    ensure(bio, "no memory for a BIO");
    int ok = PEM_write_bio_PrivateKey_traditional(bio, k->pkey, EVP_aes_256_cbc(),
        (const unsigned char *)passphrase.p, (int)passphrase.n, NULL, NULL);
    if (ok != 1) {
        BIO_free(bio);
        return fail(ERR_CRYPTO);
    }
    bio_move(bio, pem);
    return ERR_OK;
}

enum err rsa_private_to_der(const struct rsa_private *k, struct buf *der)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(k->pkey);
    if (!info)
        return fail(ERR_CRYPTO);
    unsigned char *p = NULL;
    int n = i2d_PKCS8_PRIV_KEY_INFO(info, &p);
    PKCS8_PRIV_KEY_INFO_free(info);
    if (n <= 0)
        return fail(ERR_CRYPTO);
    buf_add(der, p, (size_t)n);
    OPENSSL_clear_free(p, (size_t)n);
    return ERR_OK;
}

enum err rsa_private_from_der(struct str der, struct rsa_private **ret)
{
    if (der.n == 0 || der.n > RSA_PEM_MAX)
        return ERR_SYNTAX;
    const unsigned char *p = (const unsigned char *)der.p;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
    if (!info)
        return fail(ERR_SYNTAX);
    bool whole = p == (const unsigned char *)der.p + der.n;
    EVP_PKEY *pkey = whole ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    if (!pkey)
        return fail(ERR_SYNTAX);
    enum err e = rsa_private_make(pkey, ret);
    ERR_clear_error();
    return e;
}

enum err rsa_private_public(const struct rsa_private *k, struct rsa_public **ret)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(k->pkey, &der);
    if (n <= 0)
        return fail(ERR_CRYPTO);
    enum err e = rsa_public_from_der((struct str){(const char *)der, (size_t)n}, ret);
    OPENSSL_free(der);
    return e;
}

enum err rsa_sign(const struct rsa_private *k, enum rsa_digest digest, struct str message,
    uint8_t *sig, size_t cap, size_t *ret_n)
{
    uint8_t hash[SHA256_LEN];
    size_t hash_n = 0;
    const EVP_PKEY_CTX *ready = NULL;
    switch (digest) {
    case RSA_DIGEST_SHA1:
        sha1(message.p, message.n, hash);
        hash_n = SHA1_LEN;
        ready = k->sign_sha1;
        break;
    case RSA_DIGEST_SHA256:
        sha256(message.p, message.n, hash);
        hash_n = SHA256_LEN;
        ready = k->sign_sha256;
        break;
    }
    if (!ready || cap < RSA_SIG_MAX)
        return ERR_CRYPTO;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_dup(ready);
    ensure(ctx, "no memory for an RSA context");
    size_t n = cap;
    int ok = EVP_PKEY_sign(ctx, sig, &n, hash, hash_n);
    EVP_PKEY_CTX_free(ctx);
    if (ok != 1)
        return fail(ERR_CRYPTO);
    *ret_n = n;
    return ERR_OK;
}

enum err rsa_encrypt(
    const struct rsa_public *k, struct str plain, uint8_t *out, size_t cap, size_t *ret_n)
{
    size_t n = cap;
    if (cap < RSA_SIG_MAX || plain.n > k->size - RSA_PADDING_MIN)
        return ERR_LIMIT;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
    ensure(ctx, "no memory for an RSA context");
    bool ok = EVP_PKEY_encrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
              EVP_PKEY_encrypt(ctx, out, &n, (const unsigned char *)plain.p, plain.n) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (!ok)
        return fail(ERR_CRYPTO);
    *ret_n = n;
    return ERR_OK;
}

enum err rsa_decrypt(
    const struct rsa_private *k, struct str sealed, uint8_t *out, size_t cap, size_t *ret_n)
{
    size_t n = cap;
    if (cap < RSA_SIG_MAX)
        return ERR_CRYPTO;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
    ensure(ctx, "no memory for an RSA context");
    bool ok = EVP_PKEY_decrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
              EVP_PKEY_decrypt(ctx, out, &n, (const unsigned char *)sealed.p, sealed.n) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (!ok)
        return fail(ERR_CRYPTO);
    *ret_n = n;
    return ERR_OK;
}
