#include "base/crypto.h"

#include "base/log.h"
#include "base/mem.h"
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

static void random_fill(void *p, size_t n)
{
    const size_t chunk_max = 1 << 20;
    for (size_t at = 0; at < n;) {
        size_t chunk = n - at < chunk_max ? n - at : chunk_max;
        ensure(RAND_bytes((unsigned char *)p + at, (int)chunk) == 1, "no random bytes");
        at += chunk;
    }
}

/* Each call of the generator costs a system call and a run of its cipher, whatever the size; small wants of a thread
 * share one. What was given out is wiped, so no byte is ever given twice. */
static _Thread_local struct {
    unsigned char bytes[512];
    size_t left;
} stock;

/* A forked child has the thread that forked, and must not have its bytes. */
static void stock_forget(void)
{
    mem_wipe(&stock, sizeof stock);
}

static void stock_prepare(void)
{
    ensure(pthread_atfork(NULL, NULL, stock_forget) == 0, "a fork is watched");
}

void random_bytes(void *p, size_t n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (n > sizeof stock.bytes / 4) {
        random_fill(p, n);
        return;
    }
    if (n > stock.left) {
        pthread_once(&once, stock_prepare);
        random_fill(stock.bytes, sizeof stock.bytes);
        stock.left = sizeof stock.bytes;
    }
    stock.left -= n;
    memcpy(p, stock.bytes + stock.left, n);
    mem_wipe(stock.bytes + stock.left, n);
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

static void hmac(EVP_MD *const *md, struct str key, struct str message, uint8_t *out, unsigned len)
{
    pthread_once(&digests_once, digests_fetch);
    ensure(key.n <= INT32_MAX, "a key for HMAC is longer than an int");
    unsigned n = 0;
    const unsigned char *p = (const unsigned char *)(message.n > 0 ? message.p : "");
    const void *k = key.n > 0 ? key.p : "";
    ensure(HMAC(*md, k, (int)key.n, p, message.n, out, &n) && n == len, "HMAC failed");
}

void hmac_sha256(struct str key, struct str message, uint8_t out[SHA256_LEN])
{
    hmac(&digest_sha256, key, message, out, SHA256_LEN);
}

void hmac_sha1(struct str key, struct str message, uint8_t out[SHA1_LEN])
{
    hmac(&digest_sha1, key, message, out, SHA1_LEN);
}
