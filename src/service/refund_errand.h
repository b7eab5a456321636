/* A call to a wallet about one refund: the wallet's list, and, once that is copied into the row, the refund itself. From the commit
 * that made it due to the commit of what the wallet answered; on the outgoing thread. Its refund is in service.work for as long
 * as it lives. */
#ifndef KASSA_SERVICE_REFUND_ERRAND_H
#define KASSA_SERVICE_REFUND_ERRAND_H

#include "service/service.h"
#include "store/store_refund.h"

struct refund_errand {
    struct store_unit unit;
    struct service *service;
    bool sends;           /* the refund itself; else it asks for the list */
    struct refund_row of; /* as it was when the errand began; texts in `arena` */
    struct str invoice;   /* of the attempt that was paid; in `arena` */
    struct arena arena;   /* what is asked and what was answered */
    struct arena scratch; /* the unit's */
    struct wallet_answer answer;
    int tries; /* of the unit */
    /* set by the unit */
    bool send_next;
    int64_t decided_ms; /* monotonic, of send_next */
    struct str alarm;   /* static text: the operator is told after the commit; absent: not */
};

/* The refund's work_begin was done by the caller, in the unit that made the call due. Asks for the list. */
struct refund_errand *refund_errand_new(
    struct service *s, const struct refund_row *r, struct str invoice);
/* Any thread. Frees it at its end. */
void refund_errand_send(struct refund_errand *c);

/* Applies c->answer to the rows: the unit's work (refund_outcome.c). */
enum err refund_outcome(struct refund_errand *c, struct tx *tx) must_check;

/* One round of settle: begins an errand for each refund that is due. On settle's thread. */
void refund_look(struct service *s, struct db *db, int64_t now);

#endif
