/* What is under way in memory only: attempts with a call to their wallet, so that nobody asks about a call whose answer is
 * still coming, and whom a commit wakes. Thread-safe. */
#ifndef KASSA_SERVICE_WORK_H
#define KASSA_SERVICE_WORK_H

#include "core/catalog.h"
#include <stdbool.h>
#include <stdint.h>

struct work;
struct settle;
struct httpc;

struct work *work_new(void);
void work_free(struct work *w);

/* What an attempt's call under way is about. A refund's is kept here, too: its id is no attempt's. */
enum work_kind {
    WORK_CREATE,
    WORK_EXECUTE,
    WORK_ASK,
    WORK_REFUND,
    WORK_VERIFY, /* of the first wallet, and so on: see work_verify */
    WORK_KINDS = WORK_VERIFY + WALLET_COUNT
};
/* A question about what was paid at the wallet's own page: each wallet's are counted for themselves. */
static inline enum work_kind work_verify(enum wallet_kind wallet)
{
    return (enum work_kind)(WORK_VERIFY + (int)wallet);
}

/* False when this attempt has a call under way already; else it has from now on, until work_end. */
bool work_begin(struct work *w, int64_t attempt_id, enum work_kind kind);
void work_end(struct work *w, int64_t attempt_id);
bool work_has(struct work *w, int64_t attempt_id);
int work_count(struct work *w);
int work_count_of(struct work *w, enum work_kind kind);

/* Whom to wake; NULL: nobody (any more). After the call returned nobody is inside the old one. */
void work_set_settle(struct work *w, struct settle *x);
void work_set_deliver(struct work *w, void (*kick)(void *arg), void *arg);
void work_set_httpc(struct work *w, struct httpc *h);
void work_kick_settle(struct work *w);
void work_kick_deliver(struct work *w);
/* httpc_defer, for what may run while the outgoing loop stops: ERR_STOPPING. */
enum err work_defer(struct work *w, int64_t delay_ms, void (*fn)(void *arg), void *arg) must_check;

#endif
