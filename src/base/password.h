/* Passwords of people: argon2id, by libsodium. Thread-safe; each call takes some 64 MiB and a tenth of a second, so it is
 * never made on a thread that serves HTTP. */
#ifndef KASSA_BASE_PASSWORD_H
#define KASSA_BASE_PASSWORD_H

#include "base/err.h"
#include "base/str.h"

#define PASSWORD_HASH_MAX 128

/* A NUL-ended text that names its own parameters and salt. */
void password_hash(struct str password, char out[PASSWORD_HASH_MAX]);
/* `hash` absent: nobody's; it takes as long, and is false. */
bool password_is(struct str hash, struct str password);

#endif
