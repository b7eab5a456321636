/* A wallet may be served in two ways: at its own page (checkout), or by money sent to a number with its TrxID. Which one a payer is
 * shown, and when the other is closed to him, so that nobody pays twice. */
#ifndef KASSA_SERVICE_WAYS_H
#define KASSA_SERVICE_WAYS_H

#include "service/checkout.h"

/* Chooses what the page shows of what is there; `v` has its payment, stage, last_reason and number. Sets wallet_healthy, may_switch
 * and number.on, and makes a page at the wallet an open one when the number is chosen instead. */
void ways_choose(struct service *s, enum page_way wanted, struct page_view *v);
/* Money has come to a number, or its payer says that it was sent: the wallet's own page would take the whole a second time.
 * In a unit. */
enum err ways_bound_to_number(struct db *db, const struct payment_row *p, bool *ret) must_check;

#endif
