/* Wallet credentials and tokens; secrets in boxes. */
#ifndef KASSA_STORE_WALLET_H
#define KASSA_STORE_WALLET_H

#include "core/catalog.h"
#include "store/store.h"

struct credential_row {
    int64_t id;
    enum wallet_kind wallet;
    struct str name;
    int64_t account_id;  /* 0: shared by all accounts */
    struct str base_url; /* of the wallet's API */
    struct str
        secret_box; /* purpose "wallet"; JSON: bKash {"username","password","app_key","app_secret"}, Nagad
                       {"merchant_id","own_key","wallet_key"} with keys as base64 of their DER */
    bool enabled;
    bool refunds_v1; /* bKash: by its first API */
    int64_t created_at;
};
enum err store_credential_add(struct tx *tx, struct credential_row *r) must_check;
enum err store_credential_get(
    struct db *db, struct arena *a, int64_t id, struct credential_row *ret) must_check;
/* The enabled one of the account, else the enabled shared one; newest wins. ERR_NO_ROW. */
enum err store_credential_for(struct db *db, struct arena *a, enum wallet_kind wallet,
    int64_t account_id, struct credential_row *ret) must_check;
enum err store_credential_set_enabled(struct tx *tx, int64_t id, bool enabled) must_check;
/* ERR_NO_ROW: no such one of bKash. */
enum err store_credential_set_refunds(struct tx *tx, int64_t id, bool v1) must_check;
typedef enum err (*store_credential_fn)(void *arg, const struct credential_row *r);
enum err store_credential_each(struct db *db, store_credential_fn fn, void *arg) must_check;

/* A credential's Dhaka day at its bank (table wallet_close). */
struct close_row {
    int64_t credential_id;
    int64_t day;
    struct str state; /* "sent", "done", "refused", "unknown"; "broken": certainly not sent */
    int64_t sent_at, answered_at; /* 0: not answered */
    struct str code, answer;      /* absent: none */
};
/* Enabled Rocket credentials whose day was neither sent nor answered; those that broke again only when that was before
 * `broken_before`. At most `max` ids. */
enum err store_close_due(struct db *db, int64_t day, int64_t broken_before, int64_t *ret_ids,
    int max, int *ret_count) must_check;
/* Makes the day this caller's to send. ERR_CONFLICT: somebody else has it. */
enum err store_close_begin(
    struct tx *tx, int64_t credential_id, int64_t day, int64_t broken_before) must_check;
/* Writes state, code, answer and answered_at of a day that is "sent". ERR_CONFLICT. */
enum err store_close_end(struct tx *tx, const struct close_row *r) must_check;
typedef enum err (*store_close_fn)(void *arg, const struct close_row *r);
/* Of one day. */
enum err store_close_each(struct db *db, int64_t day, store_close_fn fn, void *arg) must_check;

struct token_row {
    int64_t credential_id;
    struct str token_box;   /* purpose "token"; absent: none or invalidated */
    struct str refresh_box; /* purpose "token"; absent: none */
    int64_t expires_at, refresh_expires_at;
    int64_t version; /* 1, 2, ... */
};
/* ERR_NO_ROW. */
enum err store_token_get(
    struct db *db, struct arena *a, int64_t credential_id, struct token_row *ret) must_check;
/* Sets the version. */
enum err store_token_put(struct tx *tx, struct token_row *r) must_check;
/* Makes getting a new token `node`'s turn until then. ERR_CONFLICT: there is another token than `version` (0: none) by now, to be
 * read first; ERR_BUSY: it is another node's turn. */
enum err store_token_turn_take(struct tx *tx, int64_t credential_id, int64_t version,
    struct str node, int64_t until) must_check;
/* Ends it, if it is still this node's. */
enum err store_token_turn_end(struct tx *tx, int64_t credential_id, struct str node) must_check;
/* Counts a token call that is about to be made, if fewer than `budget` were made since `since`: ERR_BUDGET else. */
enum err store_token_renewal_take(
    struct tx *tx, int64_t credential_id, int64_t now, int64_t since, int64_t budget) must_check;
/* Takes the newest counted call back: it certainly was not made. */
enum err store_token_renewal_return(struct tx *tx, int64_t credential_id) must_check;

#endif
