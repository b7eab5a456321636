/* A call to a wallet about one attempt, from the commit that made it due to the commit of what the wallet answered. It runs on
 * the outgoing thread, never inside a transaction. Its attempt is in service.work for as long as it lives. */
#ifndef KASSA_SERVICE_ERRAND_H
#define KASSA_SERVICE_ERRAND_H

#include "service/service.h"
#include "store/store_payment.h"

/* A call begins within this time of the commit that made it due, or never. */
#define CALL_BEGINS_MS INT64_C(10000)

enum errand_kind { ERRAND_CREATE, ERRAND_PLACE, ERRAND_EXECUTE, ERRAND_QUERY };
const char *errand_text(enum errand_kind k);

struct errand {
    struct store_unit unit;
    struct service *service;
    enum errand_kind kind;
    int64_t attempt_id;
    int64_t payment_id;
    enum wallet_kind wallet;
    int64_t credential_id;
    struct arena arena;   /* what is asked and what was answered */
    struct arena scratch; /* the unit's */
    struct str ref, invoice, currency, callback_url, payer_reference, challenge, payer_ip;
    int64_t
        asked_until; /* the attempt's next_ask_at when the call began: another one says that somebody came between */
    bool renamed; /* the invoice, once */
    struct money amount;
    struct wallet_answer answer;
    int tries;                /* of the unit */
    int64_t decided_ms;       /* monotonic: when the unit ran that made the call due */
    int64_t sent_us, took_ms; /* monotonic: when the call was made; until its answer */
    /* set by the unit */
    bool wake_settle, wake_deliver;
    bool goes_on;          /* after the commit, with `next` */
    enum errand_kind next; /* PLACE with the answer's reference, or CREATE with `next_invoice` */
    struct str next_invoice;
};

/* The attempt's work_begin was done by the caller, in the unit that made the call due. `payer_ip` may be absent for a query. */
struct errand *errand_new(
    struct service *s, enum errand_kind kind, const struct attempt_row *a, struct str payer_ip);
/* Sends it, once; applies the answer; frees it. Any thread. While the service stops nothing is sent or applied: the rows tell
 * the next start. */
void errand_send(struct errand *c);

/* Applies c->answer to the rows: the unit's work (outcome.c). */
enum err outcome_apply(struct errand *c, struct tx *tx) must_check;

#endif
