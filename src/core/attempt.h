/* An attempt: one try to pay a payment by one wallet; a table like the payment's. Money of a bKash attempt moves
 * at execute and only there; execute is sent at most once for an attempt's whole life. Money of a Nagad attempt moves at the
 * wallet's own page, so also after the page, or we, took the attempt for ended. */
#ifndef KASSA_CORE_ATTEMPT_H
#define KASSA_CORE_ATTEMPT_H

#include "base/err.h"
#include "base/str.h"

enum attempt_state {
    ATTEMPT_CREATING, /* the wallet's create call is on its way, or was lost (no money can move) */
    ATTEMPT_REDIRECTED, /* the payer is sent to the wallet's page */
    ATTEMPT_REFUSED, /* the wallet's page reported a failure; a later success callback still counts */
    ATTEMPT_CANCELLED, /* the payer cancelled at the wallet's page; a later success callback still counts */
    ATTEMPT_EXECUTING, /* persisted before execute is sent */
    ATTEMPT_UNKNOWN, /* the answer of execute was lost or unclear: only asking the wallet settles it */
    ATTEMPT_PAID,
    ATTEMPT_DECLINED, /* the wallet refused execute, or never did it */
    ATTEMPT_FAILED,   /* create refused or lost */
    ATTEMPT_REVIEW,   /* what the wallet says differs from ours, or it never told */
    ATTEMPT_STATE_COUNT
};

enum attempt_event {
    ATTEMPT_EV_CREATED,
    ATTEMPT_EV_CREATE_FAILED,
    ATTEMPT_EV_CALLBACK_SUCCESS, /* redirected, refused, cancelled -> executing */
    ATTEMPT_EV_CALLBACK_FAILURE,
    ATTEMPT_EV_CALLBACK_CANCEL,
    ATTEMPT_EV_PAID,     /* executing, unknown, review -> paid */
    ATTEMPT_EV_DECLINED, /* executing, unknown, review -> declined */
    ATTEMPT_EV_UNKNOWN,  /* executing -> unknown */
    ATTEMPT_EV_MISMATCH, /* executing, unknown -> review */
    ATTEMPT_EV_GIVE_UP,  /* unknown -> review */
    /* redirected, refused, cancelled, failed -> paid, review: found by asking a wallet that takes the money at its page */
    ATTEMPT_EV_PAID_AT_PAGE,
    ATTEMPT_EV_MISMATCH_AT_PAGE,
    ATTEMPT_EVENT_COUNT
};

/* ERR_STATE when the table has no such row. */
enum err attempt_next(
    enum attempt_state from, enum attempt_event event, enum attempt_state *ret_to) must_check;
/* True when the wallet's or the payer's side ended it without money: REFUSED, DECLINED, FAILED count as refused at
 * the end of the payment's lifetime (status `fail`); CANCELLED does not. */
bool attempt_was_refused(enum attempt_state s);
const char *attempt_state_text(enum attempt_state s);
enum err attempt_state_parse(struct str s, enum attempt_state *ret) must_check;
const char *attempt_event_text(enum attempt_event e);

#endif
