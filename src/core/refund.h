/* A refund: money of a paid payment that goes back to its payer through the wallet; a table like the payment's. What may have
 * been sent and got no clear answer is unknown, never sent again: only what the wallet lists, or a person, settles it. Pure. */
#ifndef KASSA_CORE_REFUND_H
#define KASSA_CORE_REFUND_H

#include "base/err.h"
#include "base/str.h"

enum refund_state {
    REFUND_REQUESTED, /* taken off the merchant's balance; nothing was sent */
    REFUND_SENT,      /* persisted before it is sent, with what the wallet listed until then */
    REFUND_UNKNOWN,   /* the answer was lost or unclear */
    REFUND_REVIEW,    /* the wallet's list never told: a person must look */
    REFUND_BY_HAND, /* taken off the merchant's balance; no call of the wallet gives it back: a person sends it */
    REFUND_DONE,
    REFUND_DECLINED, /* no money moved; it is the merchant's again */
    REFUND_STATE_COUNT
};

enum refund_event {
    REFUND_EV_SEND,     /* the wallet's list was copied, and it is about to be sent */
    REFUND_EV_NOT_SENT, /* it certainly did not reach the wallet: it may be sent again */
    REFUND_EV_DONE,
    REFUND_EV_DECLINED,
    REFUND_EV_UNKNOWN,
    REFUND_EV_GIVE_UP,
    REFUND_EV_SETTLE_DONE,     /* a person's decision */
    REFUND_EV_SETTLE_NOT_DONE, /* a person's decision */
    REFUND_EVENT_COUNT
};

/* ERR_STATE when the table has no such row. */
enum err refund_next(
    enum refund_state from, enum refund_event event, enum refund_state *ret_to) must_check;
/* It holds money back, and no other refund of its payment may begin. */
bool refund_is_live(enum refund_state s);
const char *refund_state_text(enum refund_state s);
enum err refund_state_parse(struct str s, enum refund_state *ret) must_check;
const char *refund_event_text(enum refund_event e);

#endif
