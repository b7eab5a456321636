/* Whole tables, for the audit, which adds up by itself, and for what a person looks at. Read them on one snapshot
 * (store_read_all_begin). Nothing here changes anything, and no query sorts or keeps what it reads: the audit's memory does not grow
 * with the tables. */
#ifndef KASSA_STORE_BOOKS_H
#define KASSA_STORE_BOOKS_H

#include "core/attempt.h"
#include "core/payment.h"
#include "core/refund.h"
#include "store/store_ledger.h"

struct books_payment {
    int64_t id;
    uint8_t uuid[16];
    int64_t account_id;
    int64_t day; /* as stored */
    int64_t created_at;
    enum payment_state state;
    int64_t fee_bp;
    struct money fee_fixed;
    struct money paid, commission, credited, refunded;
    int64_t final_at, sequence, attempts;
};
typedef enum err (*books_payment_fn)(void *arg, const struct books_payment *p);
/* Those with an id of `from` or above, at most `max`, in order of id. */
enum err store_books_payment_each(
    struct db *db, int64_t from, int64_t max, books_payment_fn fn, void *arg) must_check;

/* Rows by the payment that they name, whether there is such a payment or not; both ends belong to it. They come in order of
 * that payment. */
struct books_range {
    int64_t from, to;
};

struct books_attempt {
    int64_t id;
    int64_t payment_id;
    int64_t number;
    enum attempt_state state;
    int64_t credits; /* rows of credits that name it */
};
typedef enum err (*books_attempt_fn)(void *arg, const struct books_attempt *a);
enum err store_books_attempt_each(
    struct db *db, struct books_range payments, books_attempt_fn fn, void *arg) must_check;

struct books_credit {
    int64_t id;
    int64_t credential_id;
    int64_t account_id;
    int64_t payment_id;
    struct money amount;
    bool attached;
};
typedef enum err (*books_credit_fn)(void *arg, const struct books_credit *c);
enum err store_books_credit_each(
    struct db *db, struct books_range payments, books_credit_fn fn, void *arg) must_check;
/* Those that name no payment. */
enum err store_books_credit_loose_each(struct db *db, books_credit_fn fn, void *arg) must_check;

struct books_note {
    int64_t id;
    int64_t payment_id;
    int64_t sequence;
    struct str payment_status;
    struct money payment_amount, commission_amount;
};
typedef enum err (*books_note_fn)(void *arg, const struct books_note *n);
enum err store_books_note_each(
    struct db *db, struct books_range payments, books_note_fn fn, void *arg) must_check;

struct books_refund {
    int64_t id;
    int64_t payment_id, account_id, credential_id;
    struct money amount;
    enum refund_state state;
};
typedef enum err (*books_refund_fn)(void *arg, const struct books_refund *r);
enum err store_books_refund_each(
    struct db *db, struct books_range payments, books_refund_fn fn, void *arg) must_check;

/* Refunds that together take more of a credit than it is, or of one that does not count for their payment. */
struct books_refund_wrong {
    int64_t id; /* the first of them */
    struct money amount, credit;
};
typedef enum err (*books_refund_wrong_fn)(void *arg, const struct books_refund_wrong *r);
enum err store_books_refund_wrong_each(
    struct db *db, struct books_range payments, books_refund_wrong_fn fn, void *arg) must_check;

/* The postings of these payments' entries: those of an entry beside each other, without those that lack their ledger account. */
enum err store_books_posting_each(
    struct db *db, struct books_range payments, store_posting_fn fn, void *arg) must_check;

struct books_trx {
    enum wallet_kind wallet;
    int64_t credential_id;
    struct str trx_id;
    int64_t credit_id;
};
typedef enum err (*books_trx_fn)(void *arg, const struct books_trx *t);
/* Of every credit; equal ones beside each other. */
enum err store_books_trx_each(struct db *db, books_trx_fn fn, void *arg) must_check;
/* A credit with exactly this TrxID; ERR_NO_ROW. */
enum err store_books_trx_find(
    struct db *db, const struct books_trx *t, int64_t *ret_credit_id) must_check;

/* What a payment claimed of a number's money, beside the credit of it. */
struct books_claim {
    int64_t id, payment_id;
    struct money amount;
    int64_t credit_id; /* 0: there is none */
    int64_t credit_payment_id;
    struct money credit_amount;
};
typedef enum err (*books_claim_fn)(void *arg, const struct books_claim *c);
/* Those that have no credit, or one that says otherwise. */
enum err store_books_claim_wrong_each(struct db *db, books_claim_fn fn, void *arg) must_check;
typedef enum err (*books_id_fn)(void *arg, int64_t id);
/* Credits of a number that no payment claimed. */
enum err store_books_unclaimed_each(struct db *db, books_id_fn fn, void *arg) must_check;

struct books_day {
    int64_t account_id;
    int64_t day;
    int64_t counter;  /* what the day's counters say */
    int64_t payments; /* how many are filed under the day */
};
typedef enum err (*books_day_fn)(void *arg, const struct books_day *d);
/* Each day of an account that has a counter or a payment, once. */
enum err store_books_day_each(struct db *db, books_day_fn fn, void *arg) must_check;

/* How many ledger entries have no posting. */
enum err store_books_entries_bare(struct db *db, int64_t *ret_count) must_check;

/* The postings of one payment, in order of time. */
enum err store_books_posting_of(
    struct db *db, int64_t payment_id, store_posting_fn fn, void *arg) must_check;

#endif
