/* Trials: a person orders a delivery to an endpoint of his own account, good or bad in a way that he names, to see what its receiver
 * makes of it. Nothing in the books knows of it: its order id begins with a word that he can't choose, its id is none of a
 * payment's, and it carries the header kassa-trial. It is sent by the same road as notifications, with the same rules for addresses. */
#ifndef KASSA_SERVICE_TRIAL_H
#define KASSA_SERVICE_TRIAL_H

#include "base/money.h"
#include "service/change.h"
#include "service/service.h"

#define TRIAL_ORDER_PREFIX "kassa-trial-"
#define TRIAL_REFERENCE_MAX 40
#define TRIAL_DELAY_MIN_MS INT64_C(1000)
#define TRIAL_DELAY_MAX_MS INT64_C(300000)
#define TRIAL_DELAY_DEFAULT_MS INT64_C(60000)
#define TRIAL_AMOUNT_DEFAULT 30000 /* poisha */
#define TRIAL_SENDS_MAX 2
/* A send that should have left so long ago is lost: the process that kept it is gone. */
#define TRIAL_LOST_MS INT64_C(60000)

enum trial_kind {
    TRIAL_TEST,            /* as any notification */
    TRIAL_DOUBLED,         /* twice, with one webhook-id */
    TRIAL_LATE,            /* after a delay */
    TRIAL_OUT_OF_ORDER,    /* the second notification of a payment before the first */
    TRIAL_WRONG_SIGNATURE, /* both signatures are of something else: to be refused */
    TRIAL_SLOW,            /* its body comes in pieces */
    TRIAL_KIND_COUNT
};
const char *trial_kind_text(enum trial_kind k);
enum err trial_kind_parse(struct str s, enum trial_kind *ret) must_check;
/* Whether a receiver that does it right answers 2xx. */
bool trial_kind_is_to_be_taken(enum trial_kind k);

struct trial_order {
    int64_t endpoint_id;
    enum trial_kind kind;
    struct str reference; /* behind the prefix: letters, digits, '.', '_', '-'; absent: random */
    struct money amount;  /* zero: the default */
    int64_t delay_ms;     /* of TRIAL_LATE; 0: the default */
    /* set */
    int64_t id;
    const char *why; /* of ERR_STATE */
};

struct trials;
struct trials *trials_new(struct service *s);
/* After httpc_stop and store_close: what was to be sent later is forgotten. */
void trials_free(struct trials *t);

/* Writes the trial, with its event in the audit log, and sends what it says. Waits for the commit, not for the receiver. ERR_NO_ROW: no
 * such endpoint; ERR_RATE; ERR_BUSY: too many are under way; ERR_STATE, with a word in why: "account_disabled", "address",
 * "no_notifications_key"; ERR_RANGE: what is asked for can't be, a slow GET for one. Never on a thread of HTTP or the writer. */
enum err trial_order(
    struct trials *t, const struct change_by *by, struct trial_order *o) must_check;

/* trial_plan.c, pure: what is sent for a kind. */
struct trial_step {
    int64_t delay_ms;
    int64_t sequence;
    bool paid;  /* else cancelled */
    bool again; /* the webhook-id of the first */
};
int trial_plan(enum trial_kind k, int64_t delay_ms, struct trial_step out[TRIAL_SENDS_MAX]);
bool trial_reference_fit(struct str s);

#endif
