/* Refunds: what an operator asks for, and the steps that settle's loop makes from the rows. The commission is kept. */
#ifndef KASSA_SERVICE_REFUND_H
#define KASSA_SERVICE_REFUND_H

#include "service/service.h"

struct refund_request {
    int64_t payment_id;
    struct money amount; /* zero: all that is left */
    struct str operator_name, reason;
};
/* In one unit with its audit row; kassad sends it. ERR_STATE: not paid, or nothing is left. ERR_RANGE: more than is left.
 * ERR_DUPLICATE: one is under way. ERR_INVALID: not through this wallet's connector, or the wallet does not know the payment. */
enum err refund_request(
    struct service *s, const struct refund_request *rq, int64_t *ret_id) must_check;

/* What only a person can decide, after a look at the wallet's own statement. */
struct refund_settle {
    int64_t refund_id;
    bool done;
    struct str refund_trx_id; /* when done */
    struct str operator_name, reason;
};
/* With its audit row. ERR_NO_ROW; ERR_STATE: it is not one that waits for a person. ERR_DUPLICATE: the TrxID is another's. */
enum err refund_settle(struct service *s, const struct refund_settle *d) must_check;

#endif
