/* Money of a number counts by its claim alone: each claim has its credit, of the same payment and amount, and each credit of
 * a number its claim. */
#include "app/audit/parts.h"

#include <inttypes.h>

static enum err claim_see(void *arg, const struct books_claim *c)
{
    if (!c->credit_id) {
        audit_tell(arg, "claim", "number_credit", c->id,
            "payment %" PRId64 " claimed it, and there is no credit of it", c->payment_id);
    } else {
        audit_tell(arg, "claim", "number_credit", c->id,
            "it is %" PRId64 " for payment %" PRId64 ", and credit %" PRId64 " is %" PRId64
            " for payment %" PRId64,
            c->amount.poisha, c->payment_id, c->credit_id, c->credit_amount.poisha,
            c->credit_payment_id);
    }
    return ERR_OK;
}

static enum err unclaimed_see(void *arg, int64_t credit_id)
{
    audit_tell(arg, "claim", "credit", credit_id, "it is a number's, and no payment claimed it");
    return ERR_OK;
}

enum err audit_numbers(struct audit *a)
{
    enum err e = store_books_claim_wrong_each(a->db, claim_see, a);
    return e == ERR_OK ? store_books_unclaimed_each(a->db, unclaimed_see, a) : e;
}
