/* bKash's webhook: what SNS posts is believed only when its topic is pinned, its certificate comes from the topic's own region
 * and its signature fits; then it is stored once and judged (notice_judge.h). */
#ifndef KASSA_SERVICE_NOTICES_H
#define KASSA_SERVICE_NOTICES_H

#include "service/service.h"

struct notices;

struct notices *notices_new(struct service *s);
void notices_free(struct notices *n); /* after the store was closed */

enum notice_end {
    NOTICE_TAKEN,     /* 200: done, or done before */
    NOTICE_MALFORMED, /* 400 */
    NOTICE_REFUSED,   /* 403: not by a topic of ours, or not by SNS */
    NOTICE_LATER      /* 503: SNS sends it again */
};
/* `body` must live until `done`, which is called exactly once, maybe before this returns, on any thread. */
void notices_take(
    struct notices *n, struct str body, void (*done)(void *arg, enum notice_end end), void *arg);

/* Judges again what is due; settle's thread. */
void notices_look(struct notices *n, struct db *db, int64_t now);

#endif
