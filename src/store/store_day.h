/* What a stretch of time left in the rows, for the day's reconciliation: row by row in order of time, by an index, so that a day costs
 * what it holds however much the store does. Read on one snapshot (store_read_begin). */
#ifndef KASSA_STORE_DAY_H
#define KASSA_STORE_DAY_H

#include "base/money.h"
#include "core/catalog.h"
#include "store/store.h"

/* ms; `to` does not belong to it. */
struct day_range {
    int64_t from, to;
};

/* By the time at which we counted it. */
struct day_credit {
    int64_t id;
    enum wallet_kind wallet;
    int64_t till_id; /* of the credential or the number that it came in by */
    struct str trx_id;
    struct money amount;
    int64_t payment_id; /* 0: none */
    bool attached;
    bool marked; /* a person said that it pays nothing */
    int64_t seen_at;
    int64_t notice_id; /* of the wallet's own message about it; 0: none came */
};
typedef enum err (*day_credit_fn)(void *arg, const struct day_credit *c);
enum err store_day_credit_each(
    struct db *db, struct day_range day, day_credit_fn fn, void *arg) must_check;
/* Of whatever day; without its trx_id. ERR_NO_ROW. */
enum err store_day_credit_find(struct db *db, enum wallet_kind wallet, int64_t till_id,
    struct str trx_id, struct day_credit *ret) must_check;

/* Done by the time of their end; those under way by the time they were asked for. */
struct day_refund {
    int64_t id, payment_id, till_id;
    enum wallet_kind wallet;
    struct money amount;
    struct str state;
    struct str refund_trx_id; /* absent: not told */
};
typedef enum err (*day_refund_fn)(void *arg, const struct day_refund *r);
enum err store_day_refund_each(
    struct db *db, struct day_range day, day_refund_fn fn, void *arg) must_check;
/* Of whatever day; without its texts. ERR_NO_ROW. */
enum err store_day_refund_find(struct db *db, enum wallet_kind wallet, int64_t till_id,
    struct str refund_trx_id, struct day_refund *ret) must_check;

/* Attempts begun then whose end is not certain, or that the wallet is still asked about. */
struct day_attempt {
    int64_t id, payment_id, till_id;
    enum wallet_kind wallet;
    struct money amount;
    struct str state;
};
typedef enum err (*day_attempt_fn)(void *arg, const struct day_attempt *a);
enum err store_day_attempt_each(
    struct db *db, struct day_range day, day_attempt_fn fn, void *arg) must_check;

/* Money that a number's SMS told of, by the wallet's time. */
struct day_received {
    int64_t id, till_id;
    enum wallet_kind wallet;
    struct str trx_id;
    struct money amount;
    struct str state, reason;
};
typedef enum err (*day_received_fn)(void *arg, const struct day_received *r);
enum err store_day_received_each(
    struct db *db, struct day_range day, day_received_fn fn, void *arg) must_check;

/* SMS by the wallet's time, each with what became of it. */
struct day_sms {
    int64_t id;
    int64_t till_id; /* 0: no number could be told */
    struct str sender, body, state;
    int64_t happened_at;
    int64_t received_id; /* its money; 0: none */
    struct money received;
    bool claimed;
    int64_t credit_id; /* 0: none */
    struct money credit;
};
typedef enum err (*day_sms_fn)(void *arg, const struct day_sms *s);
enum err store_day_sms_each(
    struct db *db, struct day_range day, day_sms_fn fn, void *arg) must_check;

/* What a wallet told by itself, by its own time, else by ours. */
struct day_notice {
    int64_t id, till_id;
    struct str trx_id; /* absent: it could not be read */
    struct money amount;
    struct str verdict;
    int64_t credit_id; /* of the same TrxID; 0: none */
    struct money credit;
};
typedef enum err (*day_notice_fn)(void *arg, const struct day_notice *n);
enum err store_day_notice_each(
    struct db *db, struct day_range day, day_notice_fn fn, void *arg) must_check;

/* What was posted on what a wallet holds for us. */
struct day_posting {
    int64_t till_id;
    struct money amount;
};
typedef enum err (*day_posting_fn)(void *arg, const struct day_posting *p);
enum err store_day_posting_each(
    struct db *db, struct day_range day, day_posting_fn fn, void *arg) must_check;

#endif
