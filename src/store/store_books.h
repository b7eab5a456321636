/* Whole tables, for the audit, which adds up by itself, and for what a person looks at. Read them on one snapshot
 * (store_read_begin). Nothing here changes anything. */
#ifndef KASSA_STORE_BOOKS_H
#define KASSA_STORE_BOOKS_H

#include "core/attempt.h"
#include "core/payment.h"
#include "store/store_ledger.h"

struct books_payment {
    int64_t id;
    uint8_t uuid[16];
    int64_t account_id;
    int64_t day; /* as stored */
    int64_t created_at;
    struct money amount;
    enum payment_state state;
    int64_t fee_bp;
    struct money fee_fixed;
    struct money paid, commission, credited, refunded;
    int64_t final_at, sequence, attempts;
};
typedef enum err (*books_payment_fn)(void *arg, const struct books_payment *p);
/* In order of id. */
enum err store_books_payment_each(struct db *db, books_payment_fn fn, void *arg) must_check;

struct books_attempt {
    int64_t id;
    int64_t payment_id;
    int64_t number;
    enum attempt_state state;
    int64_t credits; /* rows of credits that name it */
};
typedef enum err (*books_attempt_fn)(void *arg, const struct books_attempt *a);
enum err store_books_attempt_each(struct db *db, books_attempt_fn fn, void *arg) must_check;

struct books_day {
    int64_t account_id;
    int64_t day;
    int64_t payments; /* what the day's counters say */
};
typedef enum err (*books_day_fn)(void *arg, const struct books_day *d);
/* In order of account and day. */
enum err store_books_day_each(struct db *db, books_day_fn fn, void *arg) must_check;

/* How many ledger entries have no posting, and how many postings have no entry or no ledger account. */
enum err store_books_loose(struct db *db, int64_t *ret_entries, int64_t *ret_postings) must_check;

/* The postings of one payment, in order of time. */
enum err store_books_posting_of(
    struct db *db, int64_t payment_id, store_posting_fn fn, void *arg) must_check;

#endif
