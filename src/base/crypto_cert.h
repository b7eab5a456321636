/* An X.509 certificate that signs messages: its RSA key, whose it is and when it holds. It is not checked as a chain here:
 * whoever fetches one must have checked whom he got it from. Immutable, any thread. */
#ifndef KASSA_BASE_CRYPTO_CERT_H
#define KASSA_BASE_CRYPTO_CERT_H

#include "base/crypto.h"

struct cert;

/* The text's first certificate. ERR_SYNTAX; ERR_RANGE: a key that is not allowed here. */
enum err cert_from_pem(struct str pem, struct cert **ret) must_check;
void cert_free(struct cert *c);
const struct rsa_public *cert_key(const struct cert *c);
/* One of its names (with none, its common name) is `host`, or covers it by a wildcard. An address counts too. */
bool cert_is_for(const struct cert *c, const char *host);
bool cert_holds_at(const struct cert *c, int64_t now_ms);
/* When it ends, in ms; 0: its date can't be read. */
int64_t cert_ends_at(const struct cert *c);

#endif
