#include "base/crypto.h"

#include "base/log.h"
#include <pthread.h>

/* OpenSSL has a type with the name of one of our errors. */
#define ERR_STATE openssl_err_state
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#undef ERR_STATE

/* Fetched once: an implicit fetch at each call takes locks and costs more than a short digest. */
static pthread_once_t digests_once = PTHREAD_ONCE_INIT;
static EVP_MD *digest_sha256;
static EVP_MD *digest_sha1;

static void digests_fetch(void)
{
    digest_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    digest_sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    ensure(digest_sha256 && digest_sha1, "OpenSSL lacks SHA-256 or SHA-1");
}

static void digest(EVP_MD *const *md, const void *p, size_t n, uint8_t *out)
{
    pthread_once(&digests_once, digests_fetch);
    int ok = EVP_Digest(n > 0 ? p : "", n, out, NULL, *md, NULL);
    ensure(ok == 1, "a digest failed");
}

void random_bytes(void *p, size_t n)
{
    const size_t chunk_max = 1 << 20;
    for (size_t at = 0; at < n;) {
        size_t chunk = n - at < chunk_max ? n - at : chunk_max;
        ensure(RAND_bytes((unsigned char *)p + at, (int)chunk) == 1, "no random bytes");
        at += chunk;
    }
}

void random_uuid(uint8_t raw[16])
{
    random_bytes(raw, 16);
    raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40);
    raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
}

void sha256(const void *p, size_t n, uint8_t out[SHA256_LEN])
{
    digest(&digest_sha256, p, n, out);
}

void sha1(const void *p, size_t n, uint8_t out[SHA1_LEN])
{
    digest(&digest_sha1, p, n, out);
}

void hmac_sha256(struct str key, struct str message, uint8_t out[SHA256_LEN])
{
    pthread_once(&digests_once, digests_fetch);
    ensure(key.n <= INT32_MAX, "a key for HMAC is longer than an int");
    unsigned n = 0;
    const unsigned char *p = (const unsigned char *)(message.n > 0 ? message.p : "");
    const void *k = key.n > 0 ? key.p : "";
    ensure(HMAC(digest_sha256, k, (int)key.n, p, message.n, out, &n) && n == SHA256_LEN,
        "HMAC failed");
}
