/* What we did: credits, refunds, attempts, and what the ledger says that the wallets hold for us. */
#include "app/reconcile/parts.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/store_wallet.h"

/* ---- credits ---- */

/* A number's money is compared with the statement by the time of its SMS, which is the wallet's. */
static struct statement_line *credit_line(
    struct reconcile *x, const struct reconcile_till *t, struct str trx_id)
{
    return x->o->statement && !t->is_number ? statement_find(x->o->statement, trx_id) : NULL;
}

static void credit_against_line(struct reconcile *x, struct reconcile_till *t,
    const struct day_credit *c, struct statement_line *line)
{
    struct reconcile_difference d = {
        .object = "credit", .id = c->id, .trx_id = c->trx_id, .has_ours = true, .ours = c->amount};
    if (!line) {
        d.check = "not-at-wallet";
        d.text = "the statement has no such TrxID";
        reconcile_tell(x, t, d);
        return;
    }
    line->found = true;
    if (!money_eq(line->amount, c->amount)) {
        d.check = "amount-differs";
        d.has_theirs = true;
        d.theirs = line->amount;
        d.text = "the statement has another amount";
        reconcile_tell(x, t, d);
    }
}

static void credit_against_notice(
    struct reconcile *x, struct reconcile_till *t, const struct day_credit *c)
{
    if (t->tells_from && c->seen_at >= t->tells_from && !c->notice_id) {
        reconcile_tell(x, t,
            (struct reconcile_difference){.check = "not-told",
                .object = "credit",
                .id = c->id,
                .trx_id = c->trx_id,
                .has_ours = true,
                .ours = c->amount,
                .text =
                    "the wallet tells of each payment by its webhook, and did not of this one"});
    }
}

static enum err credit_see(void *arg, const struct day_credit *c)
{
    struct reconcile *x = arg;
    struct reconcile_till *t = reconcile_till(x, c->till_id);
    if (!t) {
        return ERR_OK;
    }
    t->credits++;
    t->credit_sum = money_add(t->credit_sum, c->amount);
    struct statement_line *line = credit_line(x, t, c->trx_id);
    if (x->o->statement && !t->is_number) {
        credit_against_line(x, t, c, line);
    }
    if (!line) {
        credit_against_notice(x, t, c);
    }
    if (!c->attached && !c->marked) {
        reconcile_tell(x, t,
            (struct reconcile_difference){.check = "credit-unattached",
                .object = "credit",
                .id = c->id,
                .trx_id = c->trx_id,
                .has_ours = true,
                .ours = c->amount,
                .text = "it came in and pays no payment yet"});
    }
    return ERR_OK;
}

/* ---- refunds ---- */

static void refund_against_line(
    struct reconcile *x, struct reconcile_till *t, const struct day_refund *r)
{
    if (!x->o->statement || str_absent(r->refund_trx_id)) {
        return;
    }
    struct statement_line *line = statement_find(x->o->statement, r->refund_trx_id);
    struct reconcile_difference d = {.object = "refund",
        .id = r->id,
        .trx_id = r->refund_trx_id,
        .has_ours = true,
        .ours = money_neg(r->amount)};
    if (!line) {
        d.check = "refund-not-at-wallet";
        d.text = "the statement has no such TrxID";
        reconcile_tell(x, t, d);
        return;
    }
    line->found = true;
    if (!money_eq(line->amount, d.ours)) {
        d.check = "refund-differs";
        d.has_theirs = true;
        d.theirs = line->amount;
        d.text = "the statement has another amount";
        reconcile_tell(x, t, d);
    }
}

static enum err refund_see(void *arg, const struct day_refund *r)
{
    struct reconcile *x = arg;
    struct reconcile_till *t = reconcile_till(x, r->till_id);
    if (!t || str_is(r->state, "declined")) {
        return ERR_OK;
    }
    if (str_is(r->state, "done")) {
        t->refunds++;
        t->refund_sum = money_add(t->refund_sum, r->amount);
        refund_against_line(x, t, r);
        return ERR_OK;
    }
    reconcile_tell(x, t,
        (struct reconcile_difference){.check = "refund-open",
            .object = "refund",
            .id = r->id,
            .trx_id = STR_ABSENT,
            .has_ours = true,
            .ours = money_neg(r->amount),
            .text = "it is not certain whether the wallet gave it back"});
    return ERR_OK;
}

/* ---- attempts, the ledger ---- */

static bool is_uncertain(struct str state)
{
    return str_is(state, "executing") || str_is(state, "unknown") || str_is(state, "review");
}

static enum err attempt_see(void *arg, const struct day_attempt *a)
{
    struct reconcile *x = arg;
    struct reconcile_till *t = reconcile_till(x, a->till_id);
    if (!t) {
        return ERR_OK;
    }
    if (!is_uncertain(a->state)) {
        t->asked++;
        return ERR_OK;
    }
    reconcile_tell(x, t,
        (struct reconcile_difference){.check = "attempt-unknown",
            .object = "payment",
            .id = a->payment_id,
            .trx_id = STR_ABSENT,
            .has_ours = true,
            .ours = a->amount,
            .text = str_is(a->state, "review") ? "its attempt waits for a person"
                                               : "it is not certain whether the payer paid"});
    return ERR_OK;
}

static enum err posting_see(void *arg, const struct day_posting *p)
{
    struct reconcile_till *t = reconcile_till(arg, p->till_id);
    if (t) {
        t->ledger_sum = money_add(t->ledger_sum, p->amount);
    }
    return ERR_OK;
}

static void ledger_compare(struct reconcile *x, struct reconcile_till *t)
{
    struct money held = money_sub(t->credit_sum, t->refund_sum);
    if (!money_eq(held, t->ledger_sum)) {
        reconcile_tell(x, t,
            (struct reconcile_difference){.check = "ledger-differs",
                .object = t->is_number ? "number" : "credential",
                .id = t->id,
                .trx_id = STR_ABSENT,
                .has_ours = true,
                .has_theirs = true,
                .ours = t->ledger_sum,
                .theirs = held,
                .text = "the ledger's day is not credits minus refunds: run kassa audit"});
    }
}

/* ---- the bank's day ---- */

static enum err close_see(void *arg, const struct close_row *r)
{
    struct reconcile *x = arg;
    struct reconcile_till *t = reconcile_till(x, r->credential_id);
    if (!t) {
        return ERR_OK;
    }
    t->closed = mem_strndup(r->state.p, r->state.n);
    t->close_answer = str_absent(r->answer) ? NULL : mem_strndup(r->answer.p, r->answer.n);
    /* A bank that has nothing to close may well refuse. */
    if (!str_is(r->state, "done") && t->credits > 0) {
        reconcile_tell(x, t,
            (struct reconcile_difference){.check = "day-not-closed",
                .object = "credential",
                .id = t->id,
                .trx_id = STR_ABSENT,
                .text = str_is(r->state, "refused")  ? "the bank refused to close the day"
                        : str_is(r->state, "broken") ? "the bank could not be told to close the day"
                                                     : "the bank's answer is not known"});
    }
    return ERR_OK;
}

enum err reconcile_rows(struct reconcile *x)
{
    enum err e = store_day_credit_each(x->db, x->o->day, credit_see, x);
    if (e == ERR_OK) {
        e = store_day_refund_each(x->db, x->o->day, refund_see, x);
    }
    if (e == ERR_OK) {
        e = store_day_attempt_each(x->db, x->o->day, attempt_see, x);
    }
    if (e == ERR_OK) {
        e = store_day_posting_each(x->db, x->o->day, posting_see, x);
    }
    if (e == ERR_OK) {
        e = store_close_each(x->db, dhaka_day(x->o->day.from), close_see, x);
    }
    for (size_t i = 0; e == ERR_OK && i < x->till_count; i++) {
        ledger_compare(x, &x->tills[i]);
    }
    return e;
}
