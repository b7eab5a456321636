/* What the acts of a person share. */
#ifndef KASSA_SERVICE_CHECKOUT_SETTLE_H
#define KASSA_SERVICE_CHECKOUT_SETTLE_H

#include "service/checkout.h"
#include "service/transition.h"

#define SETTLE_BYTES_MAX (1U << 20)
#define SETTLE_ACTOR_MAX 128

void settle_actor(struct str name, char out[SETTLE_ACTOR_MAX]);
enum err settle_audit_add(struct tx *tx, const char *actor, const char *action, int64_t payment_id,
    int64_t account_id, struct str before, const struct buf *after) must_check;
/* Settle and deliver look at once. */
void settle_wake(struct service *s);

struct settle_verdict {
    bool paid;
    struct str trx_id; /* when paid */
    const char *actor;
};
/* An attempt that waits for a person has his answer; any other, and id 0, stays as it is. */
enum err settle_leave_review(struct tx *tx, struct arena *arena, int64_t attempt_id,
    const struct settle_verdict *v) must_check;

#endif
