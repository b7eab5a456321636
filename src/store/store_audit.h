/* The audit trail of administrative changes: append-only, each row's hash covers the row and the hash before it. */
#ifndef KASSA_STORE_AUDIT_H
#define KASSA_STORE_AUDIT_H

#include "store/store.h"

struct audit_row {
    int64_t id; /* 1, 2, 3, ... without gaps */
    int64_t at;
    struct str actor;           /* "cli:root", "kassad", ... */
    struct str action;          /* "cert.new", "account.update", "payment.settle", ... */
    struct str object;          /* "account:UUID", "payment:ID", ... */
    struct str detail;          /* JSON without secrets; absent: none */
    struct str prev_hash, hash; /* hex SHA-256 */
};
/* Sets id and at; prev_hash and hash, which are not read, go into the table alone. */
enum err store_audit_add(struct tx *tx, struct audit_row *r) must_check;
typedef enum err (*store_audit_fn)(void *arg, const struct audit_row *r);
enum err store_audit_each(struct db *db, int64_t from_id, store_audit_fn fn, void *arg) must_check;
/* What the hash of a row must be. */
void store_audit_hash(const struct audit_row *r, char ret_hex[65]);

#endif
