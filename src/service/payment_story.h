/* All that is known of one payment, for a person: what it is now, and what happened to it in the order of time. */
#ifndef KASSA_SERVICE_PAYMENT_STORY_H
#define KASSA_SERVICE_PAYMENT_STORY_H

#include "service/service.h"
#include "store/store_outbox.h"
#include "store/store_payment.h"
#include "store/store_refund.h"
#include "store/store_statement.h"

/* Of each list: what is beyond it is left out, and the story says so. */
#define STORY_ITEMS_MAX 1000

enum story_kind {
    STORY_CREATED, /* the merchant's request */
    STORY_EVENT, /* a row of the payment's events: states, calls to the wallet and their answers, the page opened */
    STORY_LINE, /* the ledger */
    STORY_NOTE, /* a notification became due */
    STORY_TRY   /* and was tried */
};

struct story_item {
    int64_t at;
    enum story_kind kind;
    struct event_row event;
    struct statement_line line;
    const struct outbox_row *note; /* NOTE, TRY */
    struct outbox_try_row one_try; /* its reply is as it came, maybe no text */
};

struct story {
    struct attempt_row *attempts;
    struct refund_row *refunds;
    struct credit_row *credits;
    struct outbox_row *notes; /* oldest first */
    struct story_item *items; /* in the order of time */
    int attempt_count, refund_count, credit_count, note_count, item_count;
    bool cut;
};

/* Texts live in the arena. ERR_LIMIT: it is too small for them. */
enum err payment_story(
    struct db *db, struct arena *a, const struct payment_row *p, struct story *ret) must_check;

#endif
