/* Boxes at rest: secrets in the store are sealed with a key of `secret_key_file` (XChaCha20-Poly1305). Each
 * box names its key, so keys can be rotated: the file's first key seals, all of them open. The only user of
 * libsodium besides password hashes. Thread-safe after loading. */
#ifndef KASSA_BASE_BOX_H
#define KASSA_BASE_BOX_H

#include "base/buf.h"

struct keyring;

/* Makes a key file with one random key, mode 0600; never overwrites. ERR_DUPLICATE, ERR_IO. */
enum err keyring_create(const char *path) must_check;
/* Refuses a file that others can read, that is empty, or holds anything but keys: ERR_CONFIG with a reason in
 * `why` (NUL-ended text for the operator). ERR_IO when it can't be read. */
enum err keyring_load(const char *path, struct buf *why, struct keyring **ret) must_check;
void keyring_free(struct keyring *k);

/* A key of its own for `purpose`, from the file's first key: the same in all processes that have the file, another after
 * a rotation. For what may lapse then, such as form tokens. The caller wipes `out`. */
#define KEYRING_DERIVED_LEN 32
void keyring_derive(const struct keyring *k, const char *purpose, uint8_t out[KEYRING_DERIVED_LEN]);
/* The same from key `i` of the file, for what must outlive a rotation. */
size_t keyring_count(const struct keyring *k);
void keyring_derive_nth(
    const struct keyring *k, size_t i, const char *purpose, uint8_t out[KEYRING_DERIVED_LEN]);

/* Appends the box to `out`. `purpose` is bound to it: a box made for one purpose doesn't open for another. */
void box_seal(const struct keyring *k, const char *purpose, struct str plain, struct buf *out);
/* Appends the plain text. ERR_CRYPTO: unknown key, other purpose, altered; ERR_LIMIT: beyond the cap of `out`.
 * Callers wipe `out` (buf_wipe). */
enum err box_open(
    const struct keyring *k, const char *purpose, struct str box, struct buf *out) must_check;

#endif
