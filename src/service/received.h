/* Money that numbers received, as persons decide about it: what makes it pay an order, or frees or voids it, is asked for by one person
 * and confirmed by another. For the command line and the cabinet alike; each is a change_fn (service/change.h) whose arg is
 * a struct received_act, and adds to its note. */
#ifndef KASSA_SERVICE_RECEIVED_H
#define KASSA_SERVICE_RECEIVED_H

#include "service/change.h"
#include "service/phone.h"

struct received_act {
    struct arena *arena; /* for the rows that are read */
    struct phone_decision
        decision;       /* credit_id, person, reason; is_void and sms_id where they say so */
    int64_t payment_id; /* that is asked for, or confirmed; 0: none */
    struct money over_tolerance; /* for confirm: config.number_over_tolerance_poisha */
    int64_t ret_payment_id;      /* confirm's: which payment has it now; 0: none */
};

/* Asks that it pays payment_id, or, without one, that its TrxID may claim it. ERR_NO_ROW; ERR_CONFLICT: it is claimed or void. */
enum err received_ask(struct tx *tx, void *act, struct change_note *note) must_check;
/* Asks that it never counts; with decision.sms_id that SMS is to make the money instead. ERR_NO_ROW; ERR_CONFLICT. */
enum err received_ask_void(struct tx *tx, void *act, struct change_note *note) must_check;
/* Does what another person asked for. phone_confirm's errors. */
enum err received_confirm(struct tx *tx, void *act, struct change_note *note) must_check;
/* It is for no payment. ERR_NO_ROW; ERR_STATE: it is claimed or marked. */
enum err received_mark(struct tx *tx, void *act, struct change_note *note) must_check;

#endif
