/* One loop from the rows: stuck creates, executes without an answer (asked by query only), expiries. It is also the
 * recovery after a crash: nothing but the rows is needed. */
#ifndef KASSA_SERVICE_SETTLE_H
#define KASSA_SERVICE_SETTLE_H

#include "service/service.h"

enum err settle_start(struct service *s, struct settle **ret) must_check;
void settle_stop(struct settle *x);
/* Something may be due now (the clock was moved, an attempt became unknown). Any thread. */
void settle_kick(struct settle *x);

#endif
