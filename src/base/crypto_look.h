/* What a signature holds, whatever it was made of: for telling a merchant why his does not fit. Nothing is ever accepted by it. */
#ifndef KASSA_BASE_CRYPTO_LOOK_H
#define KASSA_BASE_CRYPTO_LOOK_H

#include "base/crypto.h"

enum hash_kind {
    HASH_MD5,
    HASH_SHA1,
    HASH_SHA224,
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
    HASH_KIND_COUNT
};
#define HASH_LEN_MAX 64

const char *hash_kind_text(enum hash_kind k); /* "SHA-256" */
size_t hash_kind_len(enum hash_kind k);
void hash_compute(enum hash_kind k, struct str s, uint8_t out[HASH_LEN_MAX]);

enum rsa_form {
    RSA_FORM_NONE,  /* that key did not make it */
    RSA_FORM_PKCS1, /* PKCS#1 v1.5 with a DigestInfo: how it should be */
    RSA_FORM_BARE,  /* the same padding around something that is no DigestInfo */
    RSA_FORM_PSS
};

struct rsa_look {
    enum rsa_form form;
    enum hash_kind hash;        /* not of RSA_FORM_BARE */
    uint8_t bytes[RSA_SIG_MAX]; /* the digest, what stands bare, or PSS's H */
    size_t n;
    uint8_t salt[RSA_SIG_MAX]; /* of PSS */
    size_t salt_n;
    bool sure; /* PSS with a salt as long as fits may be chance, unless the message fits */
};

/* `message` is what was probably signed. */
void rsa_look(
    const struct rsa_public *k, struct str signature, struct str message, struct rsa_look *ret);
/* Is it a signature of that message? What stands bare may be the message, its digest, or that in hex. */
bool rsa_look_is(const struct rsa_look *l, struct str message);

#endif
