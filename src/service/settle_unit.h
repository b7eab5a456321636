/* One step of settle about one row: a unit that reads, decides again and writes. */
#ifndef KASSA_SERVICE_SETTLE_UNIT_H
#define KASSA_SERVICE_SETTLE_UNIT_H

#include "service/service.h"
#include "store/store_payment.h"

struct settle_unit {
    struct store_unit unit;
    struct settle *settle;
    struct service *service;
    int64_t id;
    struct arena arena;
    bool held; /* the end waits for the wallet's answer */
    bool asks; /* the attempt below is asked about after the commit; its work_begin was done */
    struct attempt_row attempt;
};

/* A lost create fails; an execute without an answer becomes unknown and the wallet is asked. */
struct settle_unit *settle_unit_attempt(struct settle *x, struct service *s, int64_t attempt_id);
/* An open payment whose lifetime is over ends. */
struct settle_unit *settle_unit_expire(struct settle *x, struct service *s, int64_t payment_id);
void settle_unit_free(struct settle_unit *u);

/* settle.c's: each submitted unit ends once. `held`: its row stays as it is for now. */
void settle_unit_ended(struct settle *x, bool held);

#endif
