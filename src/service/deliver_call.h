/* What one try sends and where to: read from the rows at the time of the try, so that an address changed or a secret rotated
 * meanwhile counts; the notification's fields themselves are the outbox row's and never change. */
#ifndef KASSA_SERVICE_DELIVER_CALL_H
#define KASSA_SERVICE_DELIVER_CALL_H

#include "core/notify.h"
#include "service/accounts.h"
#include "service/service.h"
#include "store/store_outbox.h"
#include "store/store_payment.h"

/* A payment's row may hold 64 KiB of customer fields; what is sent comes on top of it. */
#define NOTIFY_CALL_ARENA_MAX (256 * 1024)

struct notify_call {
    struct arena arena; /* of the texts below */
    struct outbox_row row;
    struct payment_row payment;
    int64_t endpoint_id;     /* 0: a per-request url */
    struct str host;         /* lower case with port: what is bounded */
    struct str url, body;    /* body absent for GET */
    const char *method;      /* "GET" or "POST" */
    const char *headers[8];  /* ended by NULL */
    const char *park_reason; /* not NULL: nothing is sent, a person must look */
    const char *trial;       /* not NULL: about no payment, and says so */
    bool spoilt;             /* with signatures of something else */
};

/* Reads on this thread's connection what is due, and where to: row, payment and host, or park_reason. Nothing is signed yet,
 * so that a queue that must wait costs little. On an error try again later. Clear it in any case. */
enum err notify_call_read(struct service *s, int64_t outbox_id, struct notify_call *ret) must_check;
/* Makes the rest, signed: ERR_OK with either what to send or park_reason. ERR_CONFLICT: the notification goes to another host
 * since it was read. */
enum err notify_call_sign(struct service *s, struct notify_call *c, int64_t now) must_check;
/* A delivery about no payment, to an endpoint of the account: `c` holds what its row and its payment would say, and trial; signed
 * as if sent at `at`. ERR_OK with what to send or park_reason. */
enum err notify_call_trial(struct service *s, struct notify_call *c, const struct account_view *v,
    const struct endpoint_row *endpoint, int64_t at) must_check;
void notify_call_clear(struct notify_call *c);

#endif
