/* The one place that changes a payment's state: compare-and-set, event row, ledger postings and outbox row in one unit. */
#ifndef KASSA_SERVICE_TRANSITION_H
#define KASSA_SERVICE_TRANSITION_H

#include "store/store_ledger.h"
#include "store/store_payment.h"

struct transition {
    enum payment_event event;
    struct str actor;      /* "payer", "wallet", "clock", "operator:NAME" */
    struct str reason;     /* absent: none */
    int64_t attempt_id;    /* 0: none */
    struct money received; /* PAID, SETTLE_PAID, LATE_MONEY, ATTACH: the money that arrived */
    int64_t credential_id; /* which wallet credential holds it */
    struct str trx_id;     /* its TrxID; absent for ATTACH */
    struct str payer_mask; /* absent: not known */
    int64_t credit_id;     /* ATTACH: the credit */
    bool with_parts;   /* PAID_AT_PAGE, ATTACH: the payment's money in suspense is attached too */
    bool parts_to_sum; /* of these, the oldest, until the payment's amount is reached */
};

/* Applies an event to the payment as read in `p` (updated on success). Inside a unit. Effects of the table: credit row, ledger
 * entry, outbox row with the next sequence number, final_at, event row, metrics. ERR_STATE: the table has no such row (an event
 * row "ignored" is NOT written; the caller logs). ERR_CONFLICT: read again and decide again. ERR_DUPLICATE: the TrxID was counted before. */
enum err transition_apply(
    struct tx *tx, struct payment_row *p, const struct transition *t) must_check;

/* The payment's unattached money under this TrxID, in whatever form it is written; without its texts. ERR_NO_ROW. */
enum err transition_credit_find(struct tx *tx, const struct payment_row *p, struct str trx_id,
    struct credit_row *ret) must_check;

/* The same for an attempt: compare-and-set and event row. Fields to change are set in `to` by the caller before. */
enum err transition_attempt(struct tx *tx, const struct attempt_row *from, enum attempt_event event,
    struct str actor, struct attempt_row *to) must_check;

/* Money that belongs to no attempt which waits for it, while the payment has not ended: unattached credit in suspense, `paid`
 * grows, the state stays. Nobody is told yet: the payment's end tells it. ERR_DUPLICATE as above. */
enum err transition_suspend(
    struct tx *tx, struct payment_row *p, const struct transition *t) must_check;
/* The same for money that is less than the payment wants, or more: nothing is wrong yet, so nobody is called. */
enum err transition_part(
    struct tx *tx, struct payment_row *p, const struct transition *t) must_check;

#endif
