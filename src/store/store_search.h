/* Finding payments for a person: the newest first along an account's days, and by the names that wallets, merchants and we give.
 * Each call reads at most `max` rows; whoever filters asks again from where it ended. */
#ifndef KASSA_STORE_SEARCH_H
#define KASSA_STORE_SEARCH_H

#include "store/store_payment.h"

struct search_row {
    int64_t id;
    int64_t day;
    struct str uuid; /* text, lower case */
    int64_t account_id;
    struct str order_id;
    struct money amount;
    struct str currency;
    enum wallet_kind wallet;
    enum payment_state state;
    int64_t created_at, final_at;
    struct money paid, commission, credited, refunded;
    struct str payer_mask; /* absent: not known */
    struct str desc;       /* absent: none */
};
typedef enum err (*store_search_fn)(void *arg, const struct search_row *r);

/* Payments of an account, the newest first: of `day` those with an id below `below`, and then those of earlier days, not before
 * `day_first`. */
enum err store_search_account(struct db *db, int64_t account_id, int32_t day_first, int32_t day,
    int64_t below, int64_t max, store_search_fn fn, void *arg) must_check;
/* Payments of all accounts with an id below `below`, the newest first. */
enum err store_search_all(
    struct db *db, int64_t below, int64_t max, store_search_fn fn, void *arg) must_check;
/* An id behind those of all payments of `day`, and below or at those of later days: ids are in the order of days. */
enum err store_search_day_end(struct db *db, int32_t day, int64_t *ret_id) must_check;
enum err store_search_by_id(struct db *db, int64_t id, store_search_fn fn, void *arg) must_check;

typedef enum err (*store_search_id_fn)(void *arg, int64_t payment_id);
/* Payments that one of these names; a few at most, the same one perhaps twice. `text` as it was given: the invoice of an attempt,
 * the bank's id of a Rocket transaction, a notification's webhook-id. */
enum err store_search_names(
    struct db *db, struct str text, store_search_id_fn fn, void *arg) must_check;
/* A wallet's TrxID, in its normal form: of money that came, of a refund, or typed by a payer whose money has not come. */
enum err store_search_trx(struct db *db, enum wallet_kind wallet, struct str trx_id,
    store_search_id_fn fn, void *arg) must_check;

#endif
