#include "service/links.h"

#include "base/crypto_id.h"
#include "base/mem.h"
#include "base/text.h"

_Static_assert(KEYRING_DERIVED_LEN == ID_KEY_LEN, "a derived key is an id cipher's");

struct links {
    size_t n;
    struct id_cipher *ciphers[]; /* in the order of the file's keys */
};

struct links *links_new(const struct keyring *keys)
{
    size_t n = keyring_count(keys);
    struct links *l = mem_alloc(sizeof *l + n * sizeof *l->ciphers);
    l->n = n;
    for (size_t i = 0; i < n; i++) {
        uint8_t key[KEYRING_DERIVED_LEN];
        keyring_derive_nth(keys, i, "payment links", key);
        l->ciphers[i] = id_cipher_new(key);
        mem_wipe(key, sizeof key);
    }
    return l;
}

void links_free(struct links *l)
{
    if (!l) {
        return;
    }
    for (size_t i = 0; i < l->n; i++) {
        id_cipher_free(l->ciphers[i]);
    }
    mem_free(l);
}

void links_uuid(struct links *l, int64_t id, char ret[37])
{
    uint8_t raw[16];
    id_cipher_uuid(l->ciphers[0], id, raw);
    uuid_format(raw, ret);
}

bool links_match(struct links *l, const uint8_t uuid[16], int64_t id)
{
    int64_t found = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (id_cipher_id(l->ciphers[i], uuid, &found) && found == id) {
            return true;
        }
    }
    return false;
}

enum err links_payment(
    struct links *l, struct db *db, struct arena *a, struct str uuid, struct payment_row *ret)
{
    uint8_t raw[16];
    char text[UUID_LEN + 1];
    struct payment_row p;
    if (uuid_parse(uuid, raw) != ERR_OK) {
        return ERR_NO_ROW;
    }
    uuid_format(raw, text);
    for (size_t i = 0; i < l->n; i++) {
        int64_t id;
        if (!id_cipher_id(l->ciphers[i], raw, &id)) {
            continue;
        }
        enum err e = store_payment_by_id(db, a, id, &p);
        if (e == ERR_OK && str_is(p.uuid, text)) {
            *ret = p;
            return ERR_OK;
        }
        if (e != ERR_OK && e != ERR_NO_ROW) {
            return e;
        }
    }
    return ERR_NO_ROW;
}
