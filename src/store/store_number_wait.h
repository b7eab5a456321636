/* TrxIDs that payers typed before a phone told of their money. Texts of rows live until a callback returns. */
#ifndef KASSA_STORE_NUMBER_WAIT_H
#define KASSA_STORE_NUMBER_WAIT_H

#include "base/money.h"
#include "core/catalog.h"
#include "store/store.h"

struct number_wait_row {
    int64_t payment_id;
    enum wallet_kind wallet;
    struct str trx_id;    /* the normal form */
    struct str payer_end; /* the last three digits of the number that the money came from */
    int64_t typed_at;
};
/* Of a payment that waits for this TrxID already, what was typed last counts. */
enum err store_number_wait_add(struct tx *tx, const struct number_wait_row *r) must_check;
/* The payment waits for nothing any more. */
enum err store_number_wait_end(struct tx *tx, int64_t payment_id) must_check;
/* Nobody waits for this TrxID of this payer any more, and this payment for that of nobody; 0: no payment. */
enum err store_number_wait_end_trx(struct tx *tx, enum wallet_kind wallet, struct str trx_id,
    struct str payer_end, int64_t payment_id) must_check;
typedef enum err (*store_number_wait_fn)(void *arg, const struct number_wait_row *r);
/* Who waits for a TrxID of this payer, first typed first. */
enum err store_number_wait_each_trx(struct db *db, enum wallet_kind wallet, struct str trx_id,
    struct str payer_end, store_number_wait_fn fn, void *arg) must_check;
/* What a payment waits for, first typed first. */
enum err store_number_wait_each_of(
    struct db *db, int64_t payment_id, store_number_wait_fn fn, void *arg) must_check;

/* What was typed before then. */
enum err store_number_wait_forget(struct tx *tx, int64_t before) must_check;

/* A free TrxID of this wallet, payer and amount, told since then. `trx_id` until it returns. */
typedef enum err (*store_number_alike_fn)(void *arg, struct str trx_id, int64_t number_id);
enum err store_number_alike_each(struct db *db, enum wallet_kind wallet, struct money amount,
    struct str payer_end, int64_t since, store_number_alike_fn fn, void *arg) must_check;

#endif
