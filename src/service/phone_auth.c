/* Who a device is: by a signature under its key, or by a token made from it. */
#include "service/phone.h"

#include "base/crypto.h"
#include "base/mem.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdio.h>

#define ROW_BYTES_MAX 65536
#define TOKEN_MAC_LEN 20

/* ERR_UNAUTHORIZED for a device that is not there or disabled. The caller wipes the key. */
static enum err device_key(
    struct service *s, struct str id, bool by_token, int64_t *ret_id, uint8_t key[PHONE_KEY_LEN])
{
    struct arena a;
    struct buf plain;
    struct device_row d;
    int64_t device_id = 0;
    if (int64_parse(id, &device_id) != ERR_OK || device_id < 1)
        return ERR_UNAUTHORIZED;
    struct db *db = store_reader(s->store);
    if (!db)
        return ERR_STORE_IO;
    arena_init(&a, ROW_BYTES_MAX);
    buf_init(&plain, 1024);
    enum err e = store_device_get(db, &a, device_id, &d);
    if (e == ERR_NO_ROW ||
        (e == ERR_OK && (!d.enabled || (by_token && !str_is(d.accepts, "token")))))
        e = ERR_UNAUTHORIZED;
    if (e == ERR_OK)
        e = box_open(s->keys, "device", d.key_box, &plain);
    if (e == ERR_OK && plain.n != PHONE_KEY_LEN)
        e = ERR_CRYPTO;
    if (e == ERR_OK) {
        memcpy(key, plain.p, PHONE_KEY_LEN);
        *ret_id = device_id;
    }
    buf_wipe(&plain);
    arena_clear(&a);
    return e;
}

static struct str key_view(const uint8_t key[PHONE_KEY_LEN])
{
    return (struct str){(const char *)key, PHONE_KEY_LEN};
}

static void hex(const uint8_t *p, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", p[i]);
}

void phone_token(int64_t device_id, const uint8_t key[PHONE_KEY_LEN], char out[PHONE_TOKEN_CAP])
{
    uint8_t mac[SHA256_LEN];
    char text[2 * TOKEN_MAC_LEN + 1];
    hmac_sha256(key_view(key), STR("kassa device token"), mac);
    hex(mac, TOKEN_MAC_LEN, text);
    snprintf(out, PHONE_TOKEN_CAP, "%" PRId64 "-%s", device_id, text);
    mem_wipe(mac, sizeof mac);
}

enum err phone_auth_token(struct service *s, struct str token, int64_t *ret_device_id)
{
    uint8_t key[PHONE_KEY_LEN];
    char wanted[PHONE_TOKEN_CAP];
    int64_t id = 0;
    size_t dash = str_find(token, '-', 0);
    enum err e = device_key(s, str_sub(token, 0, dash), true, &id, key);
    if (e != ERR_OK)
        return e;
    phone_token(id, key, wanted);
    bool same = token.n == strlen(wanted) && mem_eq_const_time(token.p, wanted, token.n);
    mem_wipe(key, sizeof key);
    mem_wipe(wanted, sizeof wanted);
    if (!same)
        return ERR_UNAUTHORIZED;
    *ret_device_id = id;
    return ERR_OK;
}

void phone_sign(const uint8_t key[PHONE_KEY_LEN], struct str at, struct str body, char out[65])
{
    uint8_t mac[SHA256_LEN];
    struct buf b;
    buf_init(&b, at.n + body.n + 16);
    buf_str(&b, at);
    buf_char(&b, '.');
    buf_str(&b, body);
    hmac_sha256(key_view(key), buf_view(&b), mac);
    hex(mac, sizeof mac, out);
    buf_clear(&b);
}

enum err phone_auth_sign(struct service *s, struct str device_id, struct str at, struct str sign,
    struct str body, int64_t *ret_device_id)
{
    uint8_t key[PHONE_KEY_LEN];
    char wanted[65];
    int64_t id = 0, at_s = 0, now = clock_now_ms(s->clock);
    if (int64_parse(at, &at_s) != ERR_OK || at_s < (now - PHONE_CLOCK_SKEW_MS) / 1000 ||
        at_s > (now + PHONE_CLOCK_SKEW_MS) / 1000)
        return ERR_UNAUTHORIZED;
    enum err e = device_key(s, device_id, false, &id, key);
    if (e != ERR_OK)
        return e;
    phone_sign(key, at, body, wanted);
    bool same = sign.n == 64 && mem_eq_const_time(sign.p, wanted, 64);
    mem_wipe(key, sizeof key);
    mem_wipe(wanted, sizeof wanted);
    if (!same)
        return ERR_UNAUTHORIZED;
    *ret_device_id = id;
    return ERR_OK;
}
