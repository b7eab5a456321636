/* Merchants, accounts, certificates, presets. Texts of rows live in the caller's arena. Every change here is an
 * administrative one: the caller adds its audit row (store_audit_log.h) and bumps the change counter in the same unit. */
#ifndef KASSA_STORE_ACCOUNT_H
#define KASSA_STORE_ACCOUNT_H

#include "base/money.h"
#include "store/store.h"

struct merchant_row {
    int64_t id;
    struct str name;
    int64_t created_at;
};

struct account_row {
    int64_t id;
    struct str uuid; /* lower case */
    int64_t merchant_id;
    struct str name;
    struct str currency;
    int64_t fee_bp; /* basis points */
    struct money fee_fixed;
    struct str services; /* names, separated by commas */
    struct str digest;   /* "sha1" or "sha256": outgoing signatures */
    int64_t success_redirect_id, fail_redirect_id, endpoint_id; /* defaults; 0: none */
    struct str notify_mode; /* for per-request urls: "GET", "POST", "POST_JSON" */
    int64_t notify_field_set;
    struct str notify_secret_box;     /* box of a whsec_ text, purpose "endpoint" */
    struct str notify_old_secret_box; /* absent, or valid until: */
    int64_t notify_old_secret_until;
    bool enabled;
    int64_t created_at;
};

struct cert_row {
    int64_t id;
    int64_t account_id;
    struct str purpose; /* "payments", "payouts", "notifications" */
    struct str public_der;
    struct str private_box;        /* notifications only, purpose "cert"; absent else */
    struct str fingerprint;        /* hex SHA-256 of public_der */
    int64_t not_before, not_after; /* ms; not_after 0: no end */
    int64_t revoked_at;            /* 0: not revoked */
    int64_t created_at;
    int64_t refused_at;     /* last refused use, 0: never */
    struct str refused_why; /* "base64", "length", "no_certificate", "signature"; absent */
    int64_t used_at; /* last good use, 0: never; neither is written more than once a minute */
    struct str used_digest; /* "sha1", "sha256"; absent */
};

struct redirect_row {
    int64_t id;
    int64_t account_id;
    struct str name;
    struct str url;
    int64_t deleted_at;
};

struct endpoint_row {
    int64_t id;
    int64_t account_id;
    struct str name;
    struct str url;
    struct str mode;
    int64_t field_set;
    struct str secret_box, old_secret_box; /* purpose "endpoint" */
    int64_t old_secret_until;
    int64_t disabled_at;
    struct str disabled_reason;
    int64_t deleted_at;
};

/* Inserting sets the row's id. ERR_DUPLICATE where a name or uuid is taken. */
enum err store_merchant_add(struct tx *tx, struct merchant_row *m) must_check;
enum err store_merchant_get(
    struct db *db, struct arena *a, int64_t id, struct merchant_row *ret) must_check;
typedef enum err (*store_merchant_fn)(void *arg, const struct merchant_row *m);
enum err store_merchant_each(struct db *db, store_merchant_fn fn, void *arg) must_check;

enum err store_account_add(struct tx *tx, struct account_row *r) must_check;
/* ERR_NO_ROW. uuid in any case. */
enum err store_account_by_uuid(
    struct db *db, struct arena *a, struct str uuid, struct account_row *ret) must_check;
enum err store_account_by_id(
    struct db *db, struct arena *a, int64_t id, struct account_row *ret) must_check;
/* All columns but id, uuid, merchant_id, currency, created_at are updated. ERR_NO_ROW. */
enum err store_account_update(struct tx *tx, const struct account_row *r) must_check;
typedef enum err (*store_account_fn)(void *arg, const struct account_row *r);
enum err store_account_each(struct db *db, store_account_fn fn, void *arg) must_check;

enum err store_cert_add(struct tx *tx, struct cert_row *r) must_check;
typedef enum err (*store_cert_fn)(void *arg, const struct cert_row *r);
/* All of an account, newest first, revoked ones too. */
enum err store_cert_each(struct db *db, int64_t account_id, store_cert_fn fn, void *arg) must_check;
enum err store_cert_get(
    struct db *db, struct arena *a, int64_t id, struct cert_row *ret) must_check;
/* Compare-and-set: ERR_CONFLICT when it was revoked already. */
enum err store_cert_revoke(struct tx *tx, int64_t id, int64_t at) must_check;
enum err store_cert_set_not_after(struct tx *tx, int64_t id, int64_t not_after) must_check;
enum err store_cert_set_refused(struct tx *tx, int64_t id, int64_t at, struct str why) must_check;
enum err store_cert_set_used(struct tx *tx, int64_t id, int64_t at, struct str digest) must_check;

enum err store_redirect_add(struct tx *tx, struct redirect_row *r) must_check;
enum err store_redirect_get(
    struct db *db, struct arena *a, int64_t id, struct redirect_row *ret) must_check;
enum err store_redirect_delete(struct tx *tx, int64_t id, int64_t at) must_check;
typedef enum err (*store_redirect_fn)(void *arg, const struct redirect_row *r);
enum err store_redirect_each(
    struct db *db, int64_t account_id, store_redirect_fn fn, void *arg) must_check;

enum err store_endpoint_add(struct tx *tx, struct endpoint_row *r) must_check;
enum err store_endpoint_get(
    struct db *db, struct arena *a, int64_t id, struct endpoint_row *ret) must_check;
/* All columns but id, account_id. */
enum err store_endpoint_update(struct tx *tx, const struct endpoint_row *r) must_check;
typedef enum err (*store_endpoint_fn)(void *arg, const struct endpoint_row *r);
enum err store_endpoint_each(
    struct db *db, int64_t account_id, store_endpoint_fn fn, void *arg) must_check;

#endif
