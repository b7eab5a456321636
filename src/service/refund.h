/* Refunds: what an operator asks for, and the steps that settle's loop makes from the rows. The commission is kept. */
#ifndef KASSA_SERVICE_REFUND_H
#define KASSA_SERVICE_REFUND_H

#include "service/service.h"
#include "store/store_ledger.h"

struct refund_request {
    int64_t payment_id;
    struct money amount; /* zero: all that is left */
    struct str trx_id;   /* which of the payment's credits; absent: the only one with money left */
    bool by_hand;        /* a person gives it back, though the wallet's connector could */
    struct str operator_name, reason;
};
/* In one unit with its audit row; kassad sends it, or, of money to a number and where no connector takes it, a person (BY_HAND). ERR_STATE: not paid, or nothing is
 * left (of `trx_id`). ERR_RANGE: more than that credit has left. ERR_DUPLICATE: one is under way. ERR_SYNTAX: several have money
 * left, and it was not said which. ERR_INVALID: the wallet does not know the payment. */
enum err refund_request(
    struct service *s, const struct refund_request *rq, int64_t *ret_id) must_check;

/* What only a person can decide, after a look at the wallet's own statement. */
struct refund_settle {
    int64_t refund_id;
    bool done;
    struct str refund_trx_id; /* when done */
    struct str operator_name, reason;
};
/* No sooner after sending may a person say that it was not done: lists and statements lag. */
#define REFUND_NOT_DONE_MIN_MS (INT64_C(15) * 60 * 1000)
/* With its audit row. ERR_NO_ROW; ERR_STATE: it is not one that waits for a person. ERR_DUPLICATE: the TrxID is another's,
 * or of money that came in. ERR_SYNTAX: it is none of this wallet. ERR_LIMIT: not done, and too soon. ERR_FORBIDDEN: done, by
 * hand, says who asked for it. */
enum err refund_settle(struct service *s, const struct refund_settle *d) must_check;

/* What a payment's attached credits have left to give back; `c` until it returns. */
typedef enum err (*refund_source_fn)(void *arg, const struct credit_row *c, struct money left);
enum err refund_source_each(
    struct db *db, int64_t payment_id, refund_source_fn fn, void *arg) must_check;

#endif
