#include "base/crypto_id.h"

#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include <pthread.h>
#include <string.h>

/* OpenSSL has a type with the name of one of our errors. */
#define ERR_STATE openssl_err_state
#include <openssl/evp.h>
#undef ERR_STATE

#define BLOCK 16
/* Encrypted at once: the processor overlaps them, and mostly one of them fits. */
#define TRIES 64
/* None of the first 4096 fits once in 10^28 ids. */
#define TRIES_MAX 4096

struct id_cipher {
    pthread_mutex_t lock; /* of the contexts, which are no more than the expanded keys */
    EVP_CIPHER_CTX *encrypt, *decrypt;
};

static EVP_CIPHER_CTX *context_new(const uint8_t key[ID_KEY_LEN], int encrypt)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    ensure(ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_ecb(), NULL, key, NULL, encrypt) == 1 &&
               EVP_CIPHER_CTX_set_padding(ctx, 0) == 1,
        "OpenSSL lacks AES-256");
    return ctx;
}

struct id_cipher *id_cipher_new(const uint8_t key[ID_KEY_LEN])
{
    struct id_cipher *c = mem_alloc(sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    c->encrypt = context_new(key, 1);
    c->decrypt = context_new(key, 0);
    return c;
}

void id_cipher_free(struct id_cipher *c)
{
    if (!c)
        return;
    EVP_CIPHER_CTX_free(c->encrypt);
    EVP_CIPHER_CTX_free(c->decrypt);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

static void blocks(struct id_cipher *c, EVP_CIPHER_CTX *ctx, uint8_t *p, int n)
{
    int out = 0;
    pthread_mutex_lock(&c->lock);
    int ok = EVP_CipherUpdate(ctx, p, &out, p, n);
    pthread_mutex_unlock(&c->lock);
    ensure(ok == 1 && out == n, "AES failed");
}

static void put64(uint8_t p[8], uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(p, &v, sizeof v);
}

static uint64_t get64(const uint8_t p[8])
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}

static bool is_version_4(const uint8_t uuid[16])
{
    return (uuid[6] & 0xf0) == 0x40 && (uuid[8] & 0xc0) == 0x80;
}

void id_cipher_uuid(struct id_cipher *c, int64_t id, uint8_t ret[16])
{
    uint8_t b[TRIES * BLOCK];
    ensure(id > 0, "an id is above 0");
    for (uint64_t from = 0; from < TRIES_MAX; from += TRIES) {
        for (size_t i = 0; i < TRIES; i++) {
            put64(b + i * BLOCK, (uint64_t)id);
            put64(b + i * BLOCK + 8, from + i);
        }
        blocks(c, c->encrypt, b, sizeof b);
        for (size_t i = 0; i < TRIES; i++) {
            if (is_version_4(b + i * BLOCK)) {
                memcpy(ret, b + i * BLOCK, BLOCK);
                return;
            }
        }
    }
    ensure(false, "an id without a uuid");
}

bool id_cipher_id(struct id_cipher *c, const uint8_t uuid[16], int64_t *ret)
{
    uint8_t b[BLOCK];
    memcpy(b, uuid, BLOCK);
    blocks(c, c->decrypt, b, sizeof b);
    uint64_t id = get64(b);
    if (!is_version_4(uuid) || get64(b + 8) >= TRIES_MAX || id == 0 || id > INT64_MAX)
        return false;
    *ret = (int64_t)id;
    return true;
}
