/* What a wallet's answer does to an attempt and its payment: the parts that outcome's files share. */
#ifndef KASSA_SERVICE_OUTCOME_H
#define KASSA_SERVICE_OUTCOME_H

#include "service/errand.h"
#include "service/transition.h"

/* Reasons of a redirected attempt that may be paid already: the payer has come back, or the wallet says what nobody understands. */
#define OUTCOME_CAME_BACK "came_back"
#define OUTCOME_STRANGE "unknown_status"

/* The wallet takes the money at its own page: there is nothing to execute, and it is asked until it tells. */
bool outcome_takes_at_page(enum wallet_kind wallet);
/* An attempt whose money its wallet may take, or have taken, at its page, whatever was heard of it. */
bool outcome_is_at_page(const struct attempt_row *a);
/* A redirected one whose payer should wait rather than go to the wallet again. */
bool outcome_may_be_paid(const struct attempt_row *a);
/* When such an attempt is asked about next: often at first, once at the payment's end, for a day; 0: not any more. */
int64_t outcome_next_verify(const struct attempt_row *a, const struct payment_row *p, int64_t now);

/* Before this time it is not asked: asking would complete a payment that nobody waits for any more, and whose payer has not come
 * back. 0: it may be asked. */
int64_t outcome_ask_after(
    const struct config *c, const struct attempt_row *a, const struct payment_row *p);

/* What the wallet answered as an event row, whatever it does to the states. */
enum err outcome_note(struct errand *c, struct tx *tx, const struct attempt_row *a) must_check;
/* Names what the wallet says differently from us; NULL when all fits. */
const char *outcome_differs(const struct wallet_answer *w, const struct attempt_row *a);
/* Money that came after its payment's end is kept whatever its amount, when all else fits. */
bool outcome_is_late_money(const struct wallet_answer *w, const struct attempt_row *a);
enum outcome_kept {
    OUTCOME_KEPT,
    OUTCOME_COUNTED_BEFORE, /* under this TrxID, for whichever payment */
    OUTCOME_NOT_COUNTABLE /* no TrxID, no amount, or not by our reference, at our merchant, in our currency */
};
/* Money that does not fit its attempt, or that nobody waits for: unattached, in suspense. After the payment's end the merchant is
 * told; before it the caller sees to a person's looking at it. */
enum err outcome_keep(struct errand *c, struct tx *tx, struct payment_row *p,
    const struct attempt_row *a, struct str reason, enum outcome_kept *ret) must_check;
/* With the answer's money. */
struct transition outcome_transition(
    struct errand *c, const struct attempt_row *a, enum payment_event event, struct str reason);

/* Create and place. */
enum err outcome_apply_create(
    struct errand *c, struct tx *tx, const struct attempt_row *a) must_check;
/* A query to a wallet that takes the money at its page. */
enum err outcome_apply_page(
    struct errand *c, struct tx *tx, const struct attempt_row *a) must_check;

#endif
