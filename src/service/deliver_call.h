/* What one try sends and where to: read from the rows at the time of the try, so that an address changed or a secret rotated
 * meanwhile counts; the notification's fields themselves are the outbox row's and never change. */
#ifndef KASSA_SERVICE_DELIVER_CALL_H
#define KASSA_SERVICE_DELIVER_CALL_H

#include "core/notify.h"
#include "service/service.h"
#include "store/store_outbox.h"

struct notify_call {
    struct arena arena; /* of the texts below */
    struct outbox_row row;
    int64_t endpoint_id;     /* 0: a per-request url */
    struct str host;         /* lower case with port: what is bounded */
    struct str url, body;    /* body absent for GET */
    const char *method;      /* "GET" or "POST" */
    const char *headers[8];  /* ended by NULL */
    const char *park_reason; /* not NULL: nothing is sent, a person must look */
};

/* Asked once row and host are known, before anything is signed: a queue that must wait costs little. */
struct notify_admit {
    bool (*fn)(void *arg, const struct notify_call *c);
    void *arg;
};

/* Reads on this thread's connection. ERR_OK with either what to send or park_reason; ERR_BUSY when it was not admitted; else
 * try again later. Clear it. */
enum err notify_call_build(struct service *s, int64_t outbox_id, int64_t now,
    const struct notify_admit *admit, struct notify_call *ret) must_check;
void notify_call_clear(struct notify_call *c);

#endif
