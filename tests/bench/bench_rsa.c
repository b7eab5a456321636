/* One RSA-2048 operation as a program would ask OpenSSL for it with everything prepared, the digest too. In a file of its own:
 * OpenSSL's headers and Kassa's share names. */
#include "bench.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <string.h>

struct bare {
    EVP_PKEY *key;
    EVP_PKEY_CTX *verify, *sign;
    uint8_t digest[SHA_DIGEST_LENGTH];
    uint8_t sig[256];
    size_t sig_n;
};

static EVP_PKEY_CTX *context(EVP_PKEY *key, int (*init)(EVP_PKEY_CTX *ctx))
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
    if (!c || init(c) <= 0 || EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_signature_md(c, EVP_sha1()) <= 0) {
        bench_die("OpenSSL");
    }
    return c;
}

static void sign_once(void *arg)
{
    struct bare *b = arg;
    b->sig_n = sizeof b->sig;
    if (EVP_PKEY_sign(b->sign, b->sig, &b->sig_n, b->digest, sizeof b->digest) <= 0) {
        bench_die("sign");
    }
}

static void verify_once(void *arg)
{
    struct bare *b = arg;
    if (EVP_PKEY_verify(b->verify, b->sig, b->sig_n, b->digest, sizeof b->digest) <= 0) {
        bench_die("verify");
    }
}

void bench_rsa(double *ret_sign_us, double *ret_verify_us)
{
    struct bare b = {.key = EVP_RSA_gen(2048)};
    if (!b.key) {
        bench_die("key");
    }
    memset(b.digest, 7, sizeof b.digest);
    b.sign = context(b.key, EVP_PKEY_sign_init);
    b.verify = context(b.key, EVP_PKEY_verify_init);
    *ret_sign_us = bench_cpu_us(sign_once, &b);
    *ret_verify_us = bench_cpu_us(verify_once, &b);
    EVP_PKEY_CTX_free(b.sign);
    EVP_PKEY_CTX_free(b.verify);
    EVP_PKEY_free(b.key);
}
