/* The one place that changes a refund: compare-and-set, event row, ledger postings and the payment's sum in one unit. */
#ifndef KASSA_SERVICE_REFUND_CHANGE_H
#define KASSA_SERVICE_REFUND_CHANGE_H

#include "store/store_payment.h"
#include "store/store_refund.h"

/* A new refund of `p`, taken off what the merchant is owed; sets id. ERR_STATE: `p` is not paid. ERR_RANGE: more than
 * refund_rest, or nothing. ERR_DUPLICATE: one is under way. */
enum err refund_begin(struct tx *tx, const struct payment_row *p, struct refund_row *r) must_check;
/* Fields to change are set in `to` before. ERR_STATE, ERR_CONFLICT as for payments. */
enum err refund_change(struct tx *tx, struct arena *a, const struct refund_row *from,
    enum refund_event event, struct str actor, struct refund_row *to) must_check;
/* What can still go back: of what was attached, the commission with it. One under way is not taken off. */
struct money refund_rest(const struct payment_row *p);
/* What no refund has asked for yet of the money that `r` goes back from. */
enum err refund_left_of(struct tx *tx, const struct refund_row *r, struct money *ret) must_check;

#endif
