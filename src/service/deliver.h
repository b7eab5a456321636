/* Delivery of notifications from the outbox: at least once, in order per payment, bounded per host, by the schedule. */
#ifndef KASSA_SERVICE_DELIVER_H
#define KASSA_SERVICE_DELIVER_H

#include "service/service.h"

enum err deliver_start(struct service *s, struct deliver **ret) must_check;
/* No new tries; those under way end with the outgoing loop and the store. */
void deliver_stop(struct deliver *d);
/* After httpc_stop and store_close. */
void deliver_free(struct deliver *d);
/* Something may be due now: after a commit that made an outbox row, after a resend, after the clock was moved. Any thread. */
void deliver_kick(struct deliver *d);

#endif
