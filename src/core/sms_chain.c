#include "core/sms.h"

/* Whether a fee or a commission is in the balance is not the same for every wallet and every text, so both fit: the sums
 * are told by the same text, and a forger would still have to know the balance to the poisha. */
bool sms_chain_fits(const struct sms *s, struct money before)
{
    struct money sum = s->kind == SMS_DEBIT ? money_neg(s->amount) : s->amount;
    struct money moved = money_sub(s->balance, before);
    struct money extra = money_sub(moved, sum);
    if (extra.poisha == 0)
        return true;
    if (s->has_fee && money_eq(extra, money_neg(s->fee)))
        return true;
    return s->has_commission && money_eq(extra, s->commission);
}
