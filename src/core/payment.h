/* A payment's life as a table {from, event, to, effects}. Pure. service/transition is the only caller that
 * changes a stored state; the API's wait/paid/cancel/fail is a projection of the state. */
#ifndef KASSA_CORE_PAYMENT_H
#define KASSA_CORE_PAYMENT_H

#include "base/err.h"
#include "base/str.h"

enum payment_state {
    PAYMENT_OPEN,      /* may be paid, cancelled or run out; no attempt is executing */
    PAYMENT_EXECUTING, /* one attempt's money may be moving, or its outcome is unknown */
    PAYMENT_REVIEW,    /* a person must decide; for the API still `wait` */
    PAYMENT_PAID,
    PAYMENT_CANCELLED,
    PAYMENT_FAILED,
    PAYMENT_STATE_COUNT
};

enum payment_event {
    PAYMENT_EV_EXECUTE, /* the payer authorised an attempt: the wallet is about to be told to take the money */
    PAYMENT_EV_PAID,          /* the wallet says that the money moved, and all fits */
    PAYMENT_EV_DECLINED,      /* the wallet says that it did not move: the payer may try again */
    PAYMENT_EV_MISMATCH,      /* amount, currency, receiver or reference differ from ours */
    PAYMENT_EV_GIVE_UP,       /* the wallet never told: a person must look */
    PAYMENT_EV_CANCEL,        /* the page's own cancel button */
    PAYMENT_EV_EXPIRE,        /* lifetime over, last attempt not refused */
    PAYMENT_EV_EXPIRE_FAILED, /* lifetime over, last attempt refused by the wallet */
    PAYMENT_EV_SETTLE_PAID,   /* a person's decision */
    PAYMENT_EV_SETTLE_UNPAID, /* a person's decision: back to open (the lifetime then ends it) */
    PAYMENT_EV_LATE_MONEY,    /* a credit after the end: kept in suspense, told to the merchant */
    PAYMENT_EV_ATTACH, /* a person attaches money in suspense: the only way out of a final state */
    PAYMENT_EV_PAID_AT_PAGE, /* of an open payment: the wallet took the money at its page, and all fits */
    PAYMENT_EV_MISMATCH_AT_PAGE, /* of an open payment: it took money that does not fit, or gave it back */
    PAYMENT_EVENT_COUNT
};

enum payment_effect {
    PAYMENT_FX_NONE = 0,
    PAYMENT_FX_FINAL = 1,         /* the payment ended: final_at is set */
    PAYMENT_FX_NOTIFY = 2,        /* a notification is due, in the same transaction */
    PAYMENT_FX_POST_PAID = 4,     /* ledger: wallet clearing to merchant and fee */
    PAYMENT_FX_POST_SUSPENSE = 8, /* ledger: wallet clearing to suspense */
    PAYMENT_FX_POST_ATTACH = 16,  /* ledger: suspense to merchant and fee */
    PAYMENT_FX_ALARM = 32         /* the operator is told */
};

/* ERR_STATE when the table has no row for (from, event): the event is then ignored and logged. */
enum err payment_next(enum payment_state from, enum payment_event event, enum payment_state *ret_to,
    unsigned *ret_effects) must_check;

bool payment_is_final(enum payment_state s);
/* "wait", "paid", "cancel", "fail" */
const char *payment_status_text(enum payment_state s);
/* Text in the store and in logs ("open", "executing", ...), both ways; ERR_SYNTAX. */
const char *payment_state_text(enum payment_state s);
enum err payment_state_parse(struct str s, enum payment_state *ret) must_check;
const char *payment_event_text(enum payment_event e);

#endif
