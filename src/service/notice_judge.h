/* What a wallet's notification means for us. It never moves money by itself: it finds the payment that it may be about, and
 * lets the wallet be asked; the answer then goes the way of every answer (outcome.c). Inside a unit. */
#ifndef KASSA_SERVICE_NOTICE_JUDGE_H
#define KASSA_SERVICE_NOTICE_JUDGE_H

#include "service/service.h"
#include "store/store_notice.h"
#include "store/store_payment.h"

struct notice_case {
    struct service *service;
    struct arena *arena; /* the unit's */
    bool asks; /* the attempt below is asked about after the commit; its work_begin was done */
    bool wake_settle;
    struct attempt_row attempt;
};

/* Undoes what an earlier run had taken. First in each run, and after a failed one. */
void notice_case_reset(struct notice_case *c);
/* Sets the row's verdict, its payment and attempt, and when it is judged again; tells the operator when a person must look. */
enum err notice_judge(struct notice_case *c, struct tx *tx, struct notice_row *row) must_check;
/* After the commit. */
void notice_case_act(struct notice_case *c);

#endif
