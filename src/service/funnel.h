/* How far payers got: the page opened, the wallet reached. It is told in the payment's events and counted for the overview, once for
 * each payment. Pages that are opened are written behind them, some at a time: no page waits for it, and a store in trouble loses it. */
#ifndef KASSA_SERVICE_FUNNEL_H
#define KASSA_SERVICE_FUNNEL_H

#include "service/service.h"
#include "store/store_stat.h"

struct funnel;

/* `s` outlives it. */
struct funnel *funnel_new(struct service *s);
/* After the store was closed. NULL is fine. */
void funnel_free(struct funnel *f);

/* An open payment's page was shown. Any thread; does not wait. NULL: nobody counts. */
void funnel_opened(struct funnel *f, int64_t payment_id);

/* In a unit, before what reaches the wallet is written: was it never reached before? */
enum err funnel_is_first(struct tx *tx, int64_t payment_id, bool *ret) must_check;
/* In a unit: a payer of money to a number has typed a TrxID. The first one is an event. */
enum err funnel_typed(struct tx *tx, const struct payment_row *p, struct str trx_id) must_check;

#endif
