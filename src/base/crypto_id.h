/* Ids that look like random uuids: the id encrypted under a secret key, so that it is found without an index of uuids and
 * nobody without the key can guess one or tell which ids are neighbours.
 *
 * A uuid is AES-256(key, id as 8 bytes | n as 8 bytes, both big endian) with the smallest n for which the result has the
 * version and variant bits of a version 4 uuid (RFC 9562, section 5.4): one block in 64 has. The other 122 bits are a
 * pseudorandom permutation's. Thread-safe. */
#ifndef KASSA_BASE_CRYPTO_ID_H
#define KASSA_BASE_CRYPTO_ID_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_KEY_LEN 32

struct id_cipher;

/* Owner: the caller. The caller wipes the key. */
struct id_cipher *id_cipher_new(const uint8_t key[ID_KEY_LEN]);
void id_cipher_free(struct id_cipher *c);

/* `id` is above 0. */
void id_cipher_uuid(struct id_cipher *c, int64_t id, uint8_t ret[16]);
/* False: no uuid that this key makes. */
bool id_cipher_id(struct id_cipher *c, const uint8_t uuid[16], int64_t *ret);

#endif
