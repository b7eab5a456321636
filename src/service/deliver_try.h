/* One try of a notification, from its lease to the commit of what came of it. */
#ifndef KASSA_SERVICE_DELIVER_TRY_H
#define KASSA_SERVICE_DELIVER_TRY_H

#include "service/deliver_call.h"

struct deliver_try {
    struct store_unit unit;
    struct service *service;
    struct str owner;                  /* of the lease */
    int64_t id;                        /* the outbox row's */
    struct deliver_try *next, *behind; /* the desk's, as are the next two */
    int64_t waits_since;               /* monotonic */
    bool holds_host;
    /* The host has answered or failed; the outcome is still to be recorded. */
    void (*answered)(void *arg, struct deliver_try *t);
    /* Last thing: the try was recorded, or will be made again after its lease. Any thread. */
    void (*ended)(void *arg, struct deliver_try *t);
    void *arg;
    struct notify_call call;
    /* what came of it */
    int64_t send_by_ms; /* monotonic: after that another node may have the lease */
    int64_t at, duration_ms;
    int status;
    char error[24];
    char reply[OUTBOX_REPLY_MAX];
    size_t reply_n;
    int64_t retry_after_ms;
    uint32_t jitter;
    int submits;
    int64_t later_ms;
    enum deliver_end { DELIVER_DELIVERED, DELIVER_RETRY, DELIVER_PARKED } end; /* set by the unit */
};

/* Sends what t->call holds; later records it and calls ended. */
void deliver_try_send(struct deliver_try *t);
/* Records that nothing is sent and a person must look (t->call.park_reason). */
void deliver_try_park(struct deliver_try *t);
/* Gives the row back, to be leased again after that time; nothing is counted. */
void deliver_try_put_off(struct deliver_try *t, int64_t later_ms);
void deliver_try_free(struct deliver_try *t);

#endif
