/* The audit log: every change that a person makes, append-only, in a hash chain; and the rows of one merchant in a second chain of
 * their own, so that a merchant who has nothing but his own rows can verify them (doc/audit-log.md has the bytes). Use cases write
 * it by service/audit_log.h. */
#ifndef KASSA_STORE_AUDIT_LOG_H
#define KASSA_STORE_AUDIT_LOG_H

#include "base/buf.h"
#include "store/store.h"

#define AUDIT_HASH_LEN 64 /* hex SHA-256 */

struct audit_log_row {
    int64_t id; /* 1, 2, 3, ... without gaps */
    int64_t at;
    int64_t person_id;          /* of the cabinet; 0: none */
    struct str actor;           /* "cli:root", "kassad", a person's e-mail, ... */
    int64_t merchant_id;        /* whom it concerns; 0: the operator alone */
    struct str action;          /* "cert.new", "account.update", "payment.settle", ... */
    struct str target;          /* "account:UUID", "payment:ID", ... */
    struct str before, after;   /* JSON without secrets; absent: none */
    struct str client_ip;       /* absent: not by the network */
    struct str prev_hash, hash; /* hex */
    int64_t merchant_number;    /* 1, 2, 3, ... of the merchant's rows; 0: nobody's */
    struct str merchant_prev_hash, merchant_hash; /* absent: nobody's */
};

/* Sets id, at and merchant_number; the hashes, which are not read, go into the table alone. */
enum err store_audit_log_add(struct tx *tx, struct audit_log_row *r) must_check;
typedef enum err (*store_audit_log_fn)(void *arg, const struct audit_log_row *r);
enum err store_audit_log_each(
    struct db *db, int64_t from_id, store_audit_log_fn fn, void *arg) must_check;
/* The merchants' rows alone: merchant after merchant, each in the order of its numbers. */
enum err store_audit_log_each_owned(struct db *db, store_audit_log_fn fn, void *arg) must_check;
/* What the hashes of a row must be. */
void store_audit_log_hash(const struct audit_log_row *r, char ret_hex[AUDIT_HASH_LEN + 1]);
void store_audit_log_merchant_hash(const struct audit_log_row *r, char ret_hex[AUDIT_HASH_LEN + 1]);

/* Newest first, at most `limit`: rows that are older than `below_id`, of whom and what is asked for. */
struct audit_log_query {
    int64_t below_id;          /* 0: from the newest */
    int64_t merchant_id;       /* 0: all */
    struct str action;         /* whole, or what stands before its dot; absent: any */
    struct str target;         /* absent: any */
    int64_t person_id;         /* 0: any */
    int64_t from_ms, until_ms; /* until 0: no end */
    int64_t limit;
};
enum err store_audit_log_list(
    struct db *db, const struct audit_log_query *q, store_audit_log_fn fn, void *arg) must_check;
/* At most `limit` rows of a merchant in their order, from a number on; with merchant 0 of all, from an id on. */
enum err store_audit_log_piece(struct db *db, int64_t merchant_id, int64_t from, int64_t limit,
    store_audit_log_fn fn, void *arg) must_check;

/* Whose account that is. ERR_NO_ROW. */
enum err store_audit_log_owner(
    struct db *db, int64_t account_id, int64_t *ret_merchant_id) must_check;

#endif
