/* What the payer's use cases share: one unit that decides on rows it reads itself, then perhaps one call to the wallet. */
#ifndef KASSA_SERVICE_CHECKOUT_ACT_H
#define KASSA_SERVICE_CHECKOUT_ACT_H

#include "service/checkout.h"
#include "service/errand.h"

struct act_own {
    enum err (*run)(struct checkout_act *c, struct act_own *own, struct tx *tx);
    struct arena arena; /* of the unit, reset for each run */
    int tries;
    /* set by run: */
    enum err verdict;      /* what done is told when the unit itself is kept */
    bool has_call;         /* the attempt below gets this call after the commit */
    enum errand_kind call; /* its work_begin was done */
    struct attempt_row attempt;
    int64_t decided_ms;  /* monotonic: errand.h */
    struct str payer_ip; /* for a create; in the arena */
    bool wake_deliver, wake_settle;
};

/* Submits the act with `run` as its unit's work. */
enum err act_submit(struct service *s, struct checkout_act *c,
    enum err (*run)(struct checkout_act *c, struct act_own *own, struct tx *tx)) must_check;
/* In run, at most once: the attempt's call is made after the commit. False: it has one under way already. */
bool act_call(struct checkout_act *c, enum errand_kind kind, const struct attempt_row *a);
/* In run: an event row that changes no state. */
enum err act_event(struct tx *tx, int64_t payment_id, int64_t attempt_id, const char *event,
    struct str reason) must_check;

#endif
