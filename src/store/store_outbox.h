/* Notifications to merchants: a row per notification, made in the transaction that made it due, and a row per try. */
#ifndef KASSA_STORE_OUTBOX_H
#define KASSA_STORE_OUTBOX_H

#include "base/money.h"
#include "store/store.h"

struct outbox_row {
    int64_t id;
    int64_t payment_id;
    int64_t account_id;
    int64_t sequence;      /* 1, 2, ... per payment */
    struct str webhook_id; /* "msg_<uuid>", the same for all tries and resends */
    /* the fields that are frozen when the notification is made; the rest never changes on the payment */
    struct str payment_status;
    struct money payment_amount, commission_amount;
    bool is_partial;
    struct str state; /* "waiting", "delivered", "parked" */
    int64_t tries;
    int64_t round;  /* tries since made or last sent again by hand: the place in the schedule */
    int64_t due_at; /* while waiting; while leased: the lease's end */
    int64_t created_at;
    int64_t delivered_at;
    struct str parked_reason;
};

enum err store_outbox_add(struct tx *tx, struct outbox_row *r) must_check; /* sets id */
enum err store_outbox_get(
    struct db *db, struct arena *a, int64_t id, struct outbox_row *ret) must_check;
typedef enum err (*store_outbox_fn)(void *arg, const struct outbox_row *r);
/* payment_id 0: all; `state` absent: any. At most `max`, newest first. */
enum err store_outbox_each(struct db *db, int64_t payment_id, struct str state, int64_t max,
    store_outbox_fn fn, void *arg) must_check;

/* Leases up to `max` rows that are waiting, due, not leased (or whose lease ran out) and whose payment has no earlier row still
 * waiting; until `lease_until`, for `owner`. Gives their ids. One UPDATE: safe with many workers and nodes. */
enum err store_outbox_lease(struct tx *tx, int64_t now, struct str owner, int64_t lease_until,
    int max, int64_t *ret_ids, int *ret_count) must_check;
/* When the next waiting row is due or its lease ends; ERR_NO_ROW. */
enum err store_outbox_next_due(struct db *db, int64_t *ret_at) must_check;
/* Each checks the lease's owner: ERR_CONFLICT when it is somebody else's by now. */
enum err store_outbox_delivered(struct tx *tx, int64_t id, struct str owner, int64_t at) must_check;
enum err store_outbox_retry(struct tx *tx, int64_t id, struct str owner, int64_t due_at) must_check;
enum err store_outbox_park(
    struct tx *tx, int64_t id, struct str owner, struct str reason) must_check;
/* A person sends it again: waiting, due now, round 0, same webhook_id. ERR_NO_ROW; ERR_STATE when it is waiting already. */
enum err store_outbox_resend(struct tx *tx, int64_t id, int64_t now) must_check;
/* The account is enabled again: what was parked as "account_disabled" is waiting, due then, round 0. */
enum err store_outbox_account_enabled(struct tx *tx, int64_t account_id, int64_t due_at) must_check;
enum err store_outbox_waiting(struct db *db, int64_t *ret_count) must_check;

/* A payment of an account, for who looks for its notifications. */
struct told_row {
    int64_t payment_id;
    int64_t day;
    struct str order_id;
    struct str endpoint_url; /* the request's; absent: none */
    int64_t endpoint_id;     /* the request's; 0: none */
    int64_t notifications;   /* made so far */
};
typedef enum err (*store_told_fn)(void *arg, const struct told_row *r);
/* The account's payments before that one (by day, then by id), newest first, at most `max`. */
enum err store_told_each(struct db *db, int64_t account_id, int64_t day, int64_t payment_id,
    int64_t max, store_told_fn fn, void *arg) must_check;

#define OUTBOX_REPLY_MAX 1024
struct outbox_try_row {
    int64_t outbox_id;
    int64_t number;
    int64_t at;
    int64_t duration_ms;
    int64_t status; /* HTTP status; 0: no answer */
    struct str url; /* where it went */
    struct str
        error; /* short word when there was no answer: "timeout", "connect", "blocked", "tls", ... */
    struct str reply; /* first OUTBOX_REPLY_MAX bytes */
};
/* Counts one more in the outbox row's tries and round. ERR_DUPLICATE when the number is taken. */
enum err store_outbox_try_add(struct tx *tx, const struct outbox_try_row *r) must_check;
typedef enum err (*store_outbox_try_fn)(void *arg, const struct outbox_try_row *r);
enum err store_outbox_try_each(
    struct db *db, int64_t outbox_id, store_outbox_try_fn fn, void *arg) must_check;

#endif
