/* What an overview adds up: counters of payments by account, day of their making and wallet, and of the ledger by account and day.
 * Creates write none of them; who changes a payment or posts an entry counts it in the same transaction, by store_payment_cas and
 * store_ledger_post themselves. */
#ifndef KASSA_STORE_STAT_PUBLIC_H
#define KASSA_STORE_STAT_PUBLIC_H

#include "store/store_payment.h"

enum stat_field {
    STAT_CREATED,
    STAT_ASKED,   /* sum of amounts */
    STAT_ENDED,   /* the same of those that ended */
    STAT_OPENED,  /* whose page was opened */
    STAT_REACHED, /* whose payer got to the wallet */
    STAT_PAID,
    STAT_CANCELLED,
    STAT_FAILED,
    STAT_REVIEW,
    STAT_RECEIVED, /* money that counts as paid, commission included */
    STAT_COMMISSION,
    STAT_REFUNDED,
    STAT_FIELDS
};

struct stat_row {
    int64_t account_id, day;
    enum wallet_kind wallet;
    int64_t v[STAT_FIELDS];
};
typedef enum err (*store_stat_fn)(void *arg, const struct stat_row *r);
/* In order of day and wallet. */
enum err store_stat_each(struct db *db, int64_t account_id, int32_t day_from, int32_t day_to,
    store_stat_fn fn, void *arg) must_check;
/* All days of an account as one row; day and wallet say nothing. */
enum err store_stat_sum(struct db *db, int64_t account_id, struct stat_row *ret) must_check;

/* Counts something that no change of the payment's row tells: STAT_OPENED, STAT_REACHED. */
void store_stat_note(struct tx *tx, const struct payment_row *p, enum stat_field f);

/* ---- what creates leave to be counted ---- */
/* The payments behind the mark, at most `max` ids of them, added up by account, day and wallet (STAT_CREATED and STAT_ASKED);
 * *ret_to is the mark after them, equal to *ret_from when there are none. Any thread, outside of a unit: the writer is not kept
 * with it. */
enum err store_stat_behind(struct db *db, int64_t max, store_stat_fn fn, void *arg,
    int64_t *ret_from, int64_t *ret_to) must_check;
/* In a unit: moves the mark. False: somebody else counted them meanwhile. */
enum err store_stat_mark(struct tx *tx, int64_t from, int64_t to, bool *ret_moved) must_check;
/* Adds what store_stat_behind told. */
void store_stat_add(struct tx *tx, const struct stat_row *r);

/* ---- the ledger's days ---- */
struct ledger_day_row {
    int64_t day, entries;
    struct money received; /* fee included */
    struct money fee;
    struct money refunded; /* asked for, less what was not done */
};
typedef enum err (*store_ledger_day_fn)(void *arg, const struct ledger_day_row *r);
/* In order of days. */
enum err store_ledger_day_each(struct db *db, int64_t account_id, int32_t day_from, int32_t day_to,
    store_ledger_day_fn fn, void *arg) must_check;
/* All days before `day` as one row. */
enum err store_ledger_day_before(
    struct db *db, int64_t account_id, int32_t day, struct ledger_day_row *ret) must_check;

#endif
