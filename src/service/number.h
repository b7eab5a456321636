/* Payments by number and TrxID: the payer sends the money to a wallet's number by hand and types the TrxID here; a phone tells of
 * the money by its SMS (service/phone). Either may come first, and in one unit of work the money is claimed, counted and told. */
#ifndef KASSA_SERVICE_NUMBER_H
#define KASSA_SERVICE_NUMBER_H

#include "service/checkout.h"
#include "store/store_sms.h"

/* Is there a number for payers of this account? Reads on this thread's connection. */
bool number_is_there(struct service *s, enum wallet_kind wallet, int64_t account_id) must_check;
/* What the payment's page can show of it; whether it does, `on`, is the caller's (service/ways). */
enum err number_view(struct service *s, struct db *db, struct arena *a, const struct payment_row *p,
    struct page_number *ret) must_check;

/* What a payer is told about a TrxID. Whatever forbids one that was told of is one answer, and who does not know the payer's digits
 * gets the answer to one that was never told, so that who guesses learns nothing. */
enum number_answer {
    NUMBER_TAKEN,     /* it counts; the payment tells whether that was all */
    NUMBER_MALFORMED, /* no TrxID of this wallet */
    NUMBER_NO_PAYER,  /* no digits of a number */
    NUMBER_WAITS, /* its SMS has not come, or tells other digits; it counts when one comes that fits */
    NUMBER_LOOK,     /* the same, but one with O for 0 or the like has come */
    NUMBER_UNUSABLE, /* for a person */
    NUMBER_TOO_MANY  /* too many wait already */
};
/* From one address, which many payers may share, so often what one payment may have typed in a minute. */
#define NUMBER_ADDRESS_FACTOR 10
/* The payer typed the TrxID `c->ref`, and `c->payer` of the number that he sent from; `c->answer` is set. ERR_STATE: the payment is not paid that way, or not any more. After the end the
 * money is late. done's ERR_RATE: too many were typed in this minute, here or from `c->address`, at all nodes together. ERR_BUSY, ERR_STOPPING: done is not called. */
enum err number_submit(struct service *s, struct checkout_act *c) must_check;

/* All money that is free and waited for: it pays the one payment that waits; where several wait, a person decides. Inside
 * a unit. */
enum err number_match(struct tx *tx, struct money over_tolerance) must_check;

/* ---- shared by number*.c ---- */

/* The number's owner is the payment's account, or all of them. */
enum err number_fits(struct tx *tx, struct arena *a, int64_t number_id, const struct payment_row *p,
    bool *ret) must_check;
/* Counts money that was claimed for the payment, which is not paid. */
enum err number_money(struct tx *tx, struct payment_row *p, const struct number_credit_row *c,
    struct str actor, struct money over_tolerance) must_check;

#endif
