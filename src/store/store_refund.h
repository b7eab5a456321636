/* Refunds. State changes are compare-and-set on (state, version) and are made by service/refund_change alone. */
#ifndef KASSA_STORE_REFUND_H
#define KASSA_STORE_REFUND_H

#include "base/money.h"
#include "core/catalog.h"
#include "core/refund.h"
#include "store/store.h"

struct refund_row {
    int64_t id;
    int64_t payment_id, attempt_id, account_id; /* attempt_id 0: of money to a number, by hand */
    enum wallet_kind wallet;
    int64_t credential_id; /* or the number's */
    struct str wallet_ref,
        trx_id;            /* of the payment at the wallet; wallet_ref absent without attempt */
    struct str payer_mask; /* absent: not known */
    struct money amount;
    struct str currency;
    enum refund_state state;
    int64_t version;
    struct str
        known; /* TrxIDs of refunds before it was sent, each between blanks; absent: not copied */
    struct str refund_trx_id; /* absent until done */
    struct str code;          /* the wallet's last word, or ours; absent */
    struct str reason, actor; /* who wanted it and why */
    int64_t created_at;
    int64_t sent_at;     /* 0: never */
    int64_t next_ask_at; /* when settle looks at it next; 0: never */
    int64_t asks;        /* since it was requested, or sent */
    int64_t final_at;    /* 0: under way */
};

/* REQUESTED, or BY_HAND. Sets id and version. ERR_DUPLICATE: the payment has one under way. */
enum err store_refund_add(struct tx *tx, struct refund_row *r) must_check;
enum err store_refund_by_id(
    struct db *db, struct arena *a, int64_t id, struct refund_row *ret) must_check;
/* The one of a payment that is under way; ERR_NO_ROW. */
enum err store_refund_live(struct db *db, int64_t payment_id, int64_t *ret_id) must_check;
/* One that is under way with this credential; ERR_NO_ROW. */
enum err store_refund_live_by(
    struct db *db, enum wallet_kind wallet, int64_t credential_id, int64_t *ret_id) must_check;
/* The refund that the wallet did under this TrxID; ERR_NO_ROW. */
enum err store_refund_by_trx(struct db *db, enum wallet_kind wallet, int64_t credential_id,
    struct str refund_trx_id, int64_t *ret_id) must_check;
/* The same with whatever credential or number; of several the oldest. */
enum err store_refund_by_any_trx(
    struct db *db, enum wallet_kind wallet, struct str refund_trx_id, int64_t *ret_id) must_check;
/* What went back and is under way of the money that `of` is of: its payment, wallet, credential and TrxID. */
enum err store_refund_sum(struct db *db, const struct refund_row *of, struct money *ret) must_check;
/* Compare-and-set: writes state, version + 1, known, refund_trx_id, code, sent_at, next_ask_at, asks and final_at of `to` where
 * id, state and version are those of `from`. ERR_CONFLICT when they are not. */
enum err store_refund_cas(
    struct tx *tx, const struct refund_row *from, struct refund_row *to) must_check;
/* Those that settle has to look at, oldest first; at most `max` ids. */
enum err store_refund_due(
    struct db *db, int64_t now, int64_t *ret_ids, int max, int *ret_count) must_check;
typedef enum err (*store_refund_fn)(void *arg, const struct refund_row *r);
/* Of a payment, or with payment_id 0 of all; only those under way when asked. In order of id. */
enum err store_refund_each(
    struct db *db, int64_t payment_id, bool live_only, store_refund_fn fn, void *arg) must_check;

#endif
