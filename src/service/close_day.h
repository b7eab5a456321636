/* A Rocket credential's day at the bank, ECOMM's command b. It is sent once a Dhaka day, from the configured hour on. What may have
 * been sent is never sent again that day: the next day's command closes whatever is left. What certainly was not sent is tried
 * again a quarter of an hour later. It moves no payer's money, and no payment waits for it. */
#ifndef KASSA_SERVICE_CLOSE_DAY_H
#define KASSA_SERVICE_CLOSE_DAY_H

#include "service/service.h"

/* One round of settle, on its thread. */
void close_day_look(struct service *s, struct db *db, int64_t now);

#endif
