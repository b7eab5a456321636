/* Trials: deliveries that a person ordered to an endpoint of his own, and what came of them. No payment knows of them. */
#ifndef KASSA_STORE_TRIAL_H
#define KASSA_STORE_TRIAL_H

#include "base/money.h"
#include "store/store.h"

#define TRIAL_REPLY_MAX 1024

struct trial_row {
    int64_t id;
    int64_t account_id, endpoint_id;
    struct str kind; /* "test", "doubled", "late", "out_of_order", "wrong_signature", "slow" */
    struct str order_id;
    struct money amount;
    struct str actor;
    int64_t created_at;
};

struct trial_send_row {
    int64_t trial_id;
    int64_t number; /* 1, 2, ... in the order in which they are sent */
    struct str webhook_id;
    int64_t sequence;
    struct str payment_status;
    int64_t due_at, sent_at; /* sent_at 0: not sent */
    int64_t duration_ms;
    int64_t status;   /* HTTP status; 0: no answer */
    struct str error; /* as outbox_try's */
    struct str reply; /* its first TRIAL_REPLY_MAX bytes */
};

/* Sets the id. */
enum err store_trial_add(struct tx *tx, struct trial_row *r) must_check;
enum err store_trial_send_add(struct tx *tx, const struct trial_send_row *r) must_check;
/* What came of it: sent_at, duration_ms, status, error, reply. ERR_NO_ROW. */
enum err store_trial_send_done(struct tx *tx, const struct trial_send_row *r) must_check;
/* An endpoint's trials from before `until` are forgotten with all that they sent. */
enum err store_trial_forget(struct tx *tx, int64_t endpoint_id, int64_t until) must_check;

enum err store_trial_get(
    struct db *db, struct arena *a, int64_t id, struct trial_row *ret) must_check;
typedef enum err (*store_trial_fn)(void *arg, const struct trial_row *r);
/* Newest first, at most `max`. */
enum err store_trial_each(
    struct db *db, int64_t endpoint_id, int64_t max, store_trial_fn fn, void *arg) must_check;
typedef enum err (*store_trial_send_fn)(void *arg, const struct trial_send_row *r);
enum err store_trial_send_each(
    struct db *db, int64_t trial_id, store_trial_send_fn fn, void *arg) must_check;

#endif
