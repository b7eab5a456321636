/* An account's view as accounts.c keeps it: what the header shows, and the parsed keys. */
#ifndef KASSA_SERVICE_ACCOUNTS_KEYS_H
#define KASSA_SERVICE_ACCOUNTS_KEYS_H

#include "service/accounts.h"
#include <stdatomic.h>

struct account_key {
    enum cert_purpose purpose;
    int64_t not_before, not_after;   /* ms; not_after 0: no end */
    struct rsa_public *public_key;   /* payments, payouts */
    struct rsa_private *private_key; /* notifications */
    int64_t cert_id;
    _Atomic int64_t used_noted_at; /* monotonic ms; 0: never */
};

struct account_full {
    struct account_view view; /* first: views are handed out as this */
    _Atomic int64_t refs;
    struct arena arena;       /* texts and presets */
    struct account_key *keys; /* of certificates that are not revoked, newest first */
    int key_count, key_room;
    int64_t newest_cert_id[CERT_PURPOSE_COUNT]; /* revoked ones too; 0: none */
    _Atomic int64_t refused_noted_at;           /* monotonic ms; 0: never */
};

/* Reads an account with its keys and presets; the caller holds the one reference. ERR_NO_ROW, ERR_LIMIT, store errors. */
enum err account_full_load(
    struct db *db, const struct keyring *keys, int64_t id, struct account_full **ret) must_check;
void account_full_free(struct account_full *f);

/* How a signature was looked at: by which key, or why by none. */
struct account_check {
    struct account_key *key; /* of a good one; else NULL */
    const char *why;         /* of a refused one: certificate.refused_why */
};
/* accounts_verify's work; NULL: an unknown account. */
enum rsa_verdict account_full_verify(struct account_full *f, enum cert_purpose p, int64_t now,
    struct str body, struct str sign_base64, struct account_check *ret) must_check;
/* Note a use in the background, each at most once a minute. */
void account_full_note_refused(
    struct store *store, struct account_full *f, enum cert_purpose p, int64_t now, const char *why);
void account_key_note_used(
    struct store *store, struct account_key *key, int64_t now, enum rsa_verdict verdict);

#endif
