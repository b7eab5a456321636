/* Money that a wallet says moved is in the books, whatever of it does not fit. */
#include "base/log.h"
#include "service/outcome.h"

static bool same_or_unsaid(struct str said, struct str ours)
{
    return str_absent(said) || str_eq(said, ours);
}

/* Another reference is another attempt's money, and counting it here would keep it from being counted there. */
static bool is_countable(const struct wallet_answer *w, const struct attempt_row *a)
{
    return w->trx_id.n > 0 && w->has_amount && w->amount.poisha > 0 && !w->elsewhere &&
           same_or_unsaid(w->ref, a->wallet_ref) && same_or_unsaid(w->currency, a->currency);
}

enum err outcome_keep(struct errand *c, struct tx *tx, struct payment_row *p,
    const struct attempt_row *a, struct str reason, enum outcome_kept *ret)
{
    struct transition t = outcome_transition(c, a, PAYMENT_EV_LATE_MONEY, reason);
    bool at_review = p->state == PAYMENT_REVIEW;
    if (!is_countable(&c->answer, a)) {
        *ret = OUTCOME_NOT_COUNTABLE;
        return ERR_OK;
    }
    enum err e = payment_is_final(p->state) ? transition_apply(tx, p, &t)
                 : at_review                ? transition_suspend(tx, p, &t)
                                            : transition_part(tx, p, &t);
    if (e == ERR_DUPLICATE) {
        *ret = OUTCOME_COUNTED_BEFORE;
        return ERR_OK;
    }
    if (e == ERR_OK) {
        *ret = OUTCOME_KEPT;
        c->wake_deliver = c->wake_deliver || payment_is_final(p->state);
    }
    return e;
}
