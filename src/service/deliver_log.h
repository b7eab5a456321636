/* What an account's receivers were told, for people: notifications of its newest payments first. */
#ifndef KASSA_SERVICE_DELIVER_LOG_H
#define KASSA_SERVICE_DELIVER_LOG_H

#include "store/store_account.h"
#include "store/store_outbox.h"

/* Payments that one page looks at, at most: a page may be short, or empty, and go on all the same. */
#define DELIVER_LOG_PAYMENTS_MAX 500

struct deliver_log_item {
    struct outbox_row row;
    struct str order_id;
};

struct deliver_log_query {
    const struct account_row *account;
    int64_t endpoint_id; /* 0: whatever address */
    struct str state;    /* "waiting", "delivered", "parked"; absent: any */
    int64_t day,
        payment_id; /* goes on behind that payment; INT32_MAX and INT64_MAX: from the newest */
    int max;
};

typedef enum err (*deliver_log_fn)(void *arg, const struct deliver_log_item *item);
/* True in *ret_more: there may be more behind q->day and q->payment_id, which say where it ended. */
enum err deliver_log_page(struct db *db, struct arena *a, struct deliver_log_query *q,
    deliver_log_fn fn, void *arg, bool *ret_more) must_check;

#endif
