#include "http/page_limit.h"

#include "base/crypto.h"
#include "base/mem.h"
#include "base/url.h"
#include <pthread.h>
#include <string.h>

#define SETS 2048
#define WAYS 4
#define MINUTE_MS 60000

struct entry {
    uint8_t key[PAGE_LIMIT_KEY_LEN];
    int64_t began_ms;
    int64_t count; /* 0: free */
};

struct page_limit {
    pthread_mutex_t lock;
    int64_t per_minute;
    uint8_t seed[16]; /* so that nobody can choose keys that push another's out */
    struct entry entries[SETS][WAYS];
};

struct page_limit *page_limit_new(int64_t per_minute)
{
    struct page_limit *l = mem_alloc(sizeof(*l));
    pthread_mutex_init(&l->lock, NULL);
    l->per_minute = per_minute;
    random_bytes(l->seed, sizeof(l->seed));
    return l;
}

void page_limit_free(struct page_limit *l)
{
    if (!l)
        return;
    pthread_mutex_destroy(&l->lock);
    mem_free(l);
}

static size_t set_of(const struct page_limit *l, const uint8_t key[PAGE_LIMIT_KEY_LEN])
{
    uint8_t mac[SHA256_LEN];
    hmac_sha256((struct str){(const char *)l->seed, sizeof(l->seed)},
        (struct str){(const char *)key, PAGE_LIMIT_KEY_LEN}, mac);
    return ((size_t)mac[0] << 8 | mac[1]) % SETS;
}

/* The key's entry, else a free one, else the one that began first. */
static struct entry *entry_of(struct entry *set, const uint8_t key[PAGE_LIMIT_KEY_LEN])
{
    struct entry *oldest = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].count > 0 && memcmp(set[i].key, key, PAGE_LIMIT_KEY_LEN) == 0)
            return &set[i];
        if (oldest->count > 0 && (set[i].count == 0 || set[i].began_ms < oldest->began_ms))
            oldest = &set[i];
    }
    *oldest = (struct entry){.count = 0};
    memcpy(oldest->key, key, PAGE_LIMIT_KEY_LEN);
    return oldest;
}

bool page_limit_take(struct page_limit *l, const uint8_t key[PAGE_LIMIT_KEY_LEN], int64_t now_ms)
{
    size_t set = set_of(l, key);
    pthread_mutex_lock(&l->lock);
    struct entry *e = entry_of(l->entries[set], key);
    if (e->count == 0 || now_ms - e->began_ms >= MINUTE_MS) {
        e->began_ms = now_ms;
        e->count = 0;
    }
    if (e->count <= l->per_minute)
        e->count++;
    bool ok = e->count <= l->per_minute;
    pthread_mutex_unlock(&l->lock);
    return ok;
}

void page_limit_address_key(struct str ip, uint8_t ret_key[PAGE_LIMIT_KEY_LEN])
{
    struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
    uint8_t key[PAGE_LIMIT_KEY_LEN] = {0};
    if (ip_parse(ip, &at) == ERR_OK && at.ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)&at;
        memcpy(key, &six->sin6_addr, 8);
    } else if (at.ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)&at;
        memcpy(key + 12, &four->sin_addr, 4);
    }
    memcpy(ret_key, key, sizeof(key));
}
