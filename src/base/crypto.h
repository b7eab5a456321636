/* Digests, RSA, random bytes: the only user of OpenSSL. Verifying functions answer an enum in which nothing
 * but an exact match reads as success. Thread-safe; keys are immutable after they are made. */
#ifndef KASSA_BASE_CRYPTO_H
#define KASSA_BASE_CRYPTO_H

#include "base/buf.h"

#define SHA256_LEN 32
#define SHA1_LEN 20
#define RSA_SIG_MAX 512 /* a 4096-bit signature */
#define RSA_PEM_MAX 16384

/* Cryptographically secure; aborts if the system has none. */
void random_bytes(void *p, size_t n);
/* A version 4 uuid: 122 random bits. */
void random_uuid(uint8_t raw[16]);

void sha256(const void *p, size_t n, uint8_t out[SHA256_LEN]);
void sha1(const void *p, size_t n, uint8_t out[SHA1_LEN]);
void hmac_sha256(struct str key, struct str message, uint8_t out[SHA256_LEN]);
/* For what is defined with it: codes of authenticator apps. */
void hmac_sha1(struct str key, struct str message, uint8_t out[SHA1_LEN]);

enum rsa_digest { RSA_DIGEST_SHA1 = 1, RSA_DIGEST_SHA256 = 2 };
enum rsa_verdict { RSA_REFUSED = 0, RSA_GOOD_SHA1 = 1, RSA_GOOD_SHA256 = 2 };

struct rsa_public;  /* 2048..4096 bits, e >= 65537 */
struct rsa_private; /* its memory is wiped when freed */

/* SubjectPublicKeyInfo as PEM or DER. ERR_SYNTAX unreadable, ERR_RANGE key size or exponent not allowed. */
enum err rsa_public_from_pem(struct str pem, struct rsa_public **ret) must_check;
enum err rsa_public_from_der(struct str der, struct rsa_public **ret) must_check;
void rsa_public_free(struct rsa_public *k);
/* Appends. */
enum err rsa_public_to_pem(const struct rsa_public *k, struct buf *pem) must_check;
enum err rsa_public_to_der(const struct rsa_public *k, struct buf *der) must_check;
int rsa_public_bits(const struct rsa_public *k);

/* A key that signatures of that length could be made with, of 2048 bits when none could: what there is no key for is checked
 * against it, so that it takes as long. It is nobody's key and its verdict says nothing: drop it. Owner: crypto. Any thread. */
const struct rsa_public *rsa_public_decoy(size_t signature_n);

/* PKCS#1 v1.5 over `message`. One RSA operation decides both digests: what the signature holds is compared, padding and all,
 * with the one encoding that it could be, of SHA-256 or of SHA-1 (RFC 8017, section 9.2). */
enum rsa_verdict rsa_verify(
    const struct rsa_public *k, struct str message, struct str signature) must_check;

/* What the signature holds with its padding, as many bytes as the key has. ERR_RANGE: no signature of such a key. */
enum err rsa_public_open(
    const struct rsa_public *k, struct str signature, uint8_t ret[RSA_SIG_MAX]) must_check;

/* `bits` is 2048, 3072 or 4096. ERR_RANGE, ERR_CRYPTO. */
enum err rsa_private_generate(int bits, struct rsa_private **ret) must_check;
/* PKCS#1 or PKCS#8 PEM, encrypted or not. ERR_SYNTAX (also for a wrong pass phrase), ERR_RANGE. */
enum err rsa_private_from_pem(
    struct str pem, struct str passphrase, struct rsa_private **ret) must_check;
void rsa_private_free(struct rsa_private *k);
/* Appends a traditional encrypted PEM (BEGIN RSA PRIVATE KEY, Proc-Type: 4,ENCRYPTED, AES-256-CBC): the only
 * form that the family's PHP, Node, Python and Java samples all read. */
enum err rsa_private_to_pem(
    const struct rsa_private *k, struct str passphrase, struct buf *pem) must_check;
/* Unencrypted PKCS#8 DER: only ever goes into a box (base/box.h). */
enum err rsa_private_to_der(const struct rsa_private *k, struct buf *der) must_check;
enum err rsa_private_from_der(struct str der, struct rsa_private **ret) must_check;
enum err rsa_private_public(const struct rsa_private *k, struct rsa_public **ret) must_check;
/* Raw signature bytes, PKCS#1 v1.5. `cap` at least RSA_SIG_MAX. ERR_CRYPTO. */
enum err rsa_sign(const struct rsa_private *k, enum rsa_digest digest, struct str message,
    uint8_t *sig, size_t cap, size_t *ret_n) must_check;

/* PKCS#1 v1.5 (type 2) of at most the key's bytes less 11. `cap` at least RSA_SIG_MAX. ERR_LIMIT: longer; ERR_CRYPTO. */
enum err rsa_encrypt(const struct rsa_public *k, struct str plain, uint8_t *out, size_t cap,
    size_t *ret_n) must_check;
/* ERR_CRYPTO, whatever was wrong. Whoever may send many such texts and see which of them fail can decrypt with this key
 * (Bleichenbacher): use sealed_open, in which a failure looks like a signature that does not fit. */
enum err rsa_decrypt(const struct rsa_private *k, struct str sealed, uint8_t *out, size_t cap,
    size_t *ret_n) must_check;

#endif
