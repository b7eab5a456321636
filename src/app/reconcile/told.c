/* What wallets told without being asked: bKash's notices, and SMS, each read anew from its words. */
#include "app/reconcile/parts.h"

#include "core/sms.h"
#include "store/store_sms.h"

/* ---- notices ---- */

static bool is_open(struct str verdict)
{
    static const char *const words[] = {"early", "asked", "differs", "review", "unreadable"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_is(verdict, words[i])) {
            return true;
        }
    }
    return false;
}

/* Money that a merchant number's SMS told of too is accounted for there. */
static enum err is_of_number(
    struct reconcile *x, enum wallet_kind wallet, struct str trx_id, bool *ret)
{
    struct number_credit_row r;
    arena_reset(&x->arena);
    enum err e = store_number_credit_find(x->db, &x->arena, wallet, trx_id, &r);
    *ret = e == ERR_OK;
    return e == ERR_NO_ROW ? ERR_OK : e;
}

static enum err notice_judge(
    struct reconcile *x, struct reconcile_till *t, const struct day_notice *n)
{
    bool elsewhere = false;
    struct reconcile_difference d = {.object = "notice",
        .id = n->id,
        .trx_id = n->trx_id,
        .has_theirs = true,
        .theirs = n->amount,
        .has_ours = n->credit_id != 0,
        .ours = n->credit};
    if (is_open(n->verdict)) {
        d.check = "notice-open";
        d.text = "what the wallet told by itself is not settled";
        reconcile_tell(x, t, d);
        return ERR_OK;
    }
    if (n->credit_id && !money_eq(n->credit, n->amount)) {
        d.check = "amount-differs";
        d.text = "the wallet told another amount";
        reconcile_tell(x, t, d);
    }
    if (n->credit_id) {
        return ERR_OK;
    }
    enum err e = is_of_number(x, t->wallet, n->trx_id, &elsewhere);
    if (e == ERR_OK && !elsewhere) {
        d.check = "money-without-payment";
        d.text = "the wallet told of it, and it is no payment of ours";
        reconcile_tell(x, t, d);
    }
    return e;
}

static enum err notice_see(void *arg, const struct day_notice *n)
{
    struct reconcile *x = arg;
    struct reconcile_till *t = reconcile_till(x, n->till_id);
    if (!t || str_is(n->verdict, "ignored")) {
        return ERR_OK;
    }
    t->told++;
    t->told_sum = money_add(t->told_sum, n->amount);
    /* closed: a person has looked */
    return str_is(n->verdict, "closed") ? ERR_OK : notice_judge(x, t, n);
}

/* ---- SMS ---- */

static void link_make(
    struct reconcile *x, struct reconcile_till *t, const struct day_sms *r, const struct sms *s)
{
    struct money sum = s->kind == SMS_DEBIT ? money_neg(s->amount) : s->amount;
    struct reconcile_link l = {.till = t, .sms_id = r->id, .at = s->at_ms, .after = s->balance};
    l.before[l.before_count++] = money_sub(s->balance, sum);
    if (s->has_fee && s->fee.poisha) {
        l.before[l.before_count++] = money_add(money_sub(s->balance, sum), s->fee);
    }
    if (s->has_commission && s->commission.poisha) {
        l.before[l.before_count++] = money_sub(money_sub(s->balance, sum), s->commission);
    }
    reconcile_link_add(x, &l);
}

static void sms_against_rows(
    struct reconcile *x, struct reconcile_till *t, const struct day_sms *r, const struct sms *s)
{
    struct reconcile_difference d = {.object = "sms",
        .id = r->id,
        .trx_id = str_from(s->trx_id),
        .has_theirs = true,
        .theirs = s->amount};
    if (!r->received_id) {
        d.check = "sms-without-money";
        d.text = "it tells of money, and there is no row of it";
    } else if (!money_eq(r->received, s->amount)) {
        d.check = "amount-differs";
        d.has_ours = true;
        d.ours = r->received;
        d.text = "the row of its money has another amount";
    } else if (r->claimed && !r->credit_id) {
        d.check = "claim-without-credit";
        d.text = "a payment claimed it, and nothing was counted";
    } else if (r->claimed && !money_eq(r->credit, s->amount)) {
        d.check = "amount-differs";
        d.has_ours = true;
        d.ours = r->credit;
        d.text = "another amount was counted";
    } else {
        return;
    }
    reconcile_tell(x, t, d);
}

static void sms_open_tell(struct reconcile *x, struct reconcile_till *t, const struct day_sms *r)
{
    reconcile_tell(x, t,
        (struct reconcile_difference){.check = "sms-open",
            .object = "sms",
            .id = r->id,
            .trx_id = STR_ABSENT,
            .text = str_is(r->state, "broken")     ? "its balance does not follow from the others"
                    : str_is(r->state, "conflict") ? "another SMS told its TrxID in other words"
                                                   : "it could not be read"});
}

static enum err sms_see(void *arg, const struct day_sms *r)
{
    struct reconcile *x = arg;
    struct reconcile_till *t = reconcile_till(x, r->till_id);
    struct sms s;
    bool settled = str_is(r->state, "done") || str_is(r->state, "looked_at");
    if (str_is(r->state, "void") ||
        (!t && (r->till_id || x->o->till_count || !x->o->every_wallet))) {
        return ERR_OK;
    }
    if (!settled) {
        sms_open_tell(x, t, r);
        return ERR_OK;
    }
    sms_parse(r->sender, r->body, &s);
    if (!t || !sms_moves_balance(s.kind)) {
        return ERR_OK;
    }
    if (sms_is_received(s.kind)) {
        t->told++;
        t->told_sum = money_add(t->told_sum, s.amount);
    }
    if (sms_is_received(s.kind) && str_is(r->state, "done")) {
        sms_against_rows(x, t, r, &s);
    }
    link_make(x, t, r, &s);
    return ERR_OK;
}

/* ---- money of numbers ---- */

static void received_against_line(
    struct reconcile *x, struct reconcile_till *t, const struct day_received *r)
{
    if (!x->o->statement) {
        return;
    }
    struct statement_line *line = statement_find(x->o->statement, r->trx_id);
    struct reconcile_difference d = {.object = "received",
        .id = r->id,
        .trx_id = r->trx_id,
        .has_ours = true,
        .ours = r->amount};
    if (!line) {
        d.check = "not-at-wallet";
        d.text = "the statement has no such TrxID: the SMS may be forged";
        reconcile_tell(x, t, d);
        return;
    }
    line->found = true;
    if (!money_eq(line->amount, r->amount)) {
        d.check = "amount-differs";
        d.has_theirs = true;
        d.theirs = line->amount;
        d.text = "the statement has another amount";
        reconcile_tell(x, t, d);
    }
}

/* Of money that came through the wallet's page a merchant's number gets an SMS too: that is counted there. */
static enum err received_see(void *arg, const struct day_received *r)
{
    struct reconcile *x = arg;
    struct reconcile_till *t = reconcile_till(x, r->till_id);
    if (!t) {
        return ERR_OK;
    }
    received_against_line(x, t, r);
    if (str_is(r->state, "claimed") || str_is(r->state, "marked")) {
        return ERR_OK;
    }
    enum err e = store_wallet_credit_untaken(x->db, r->wallet, r->trx_id);
    if (e == ERR_OK) {
        reconcile_tell(x, t,
            (struct reconcile_difference){.check = "received-unattached",
                .object = "received",
                .id = r->id,
                .trx_id = r->trx_id,
                .has_theirs = true,
                .theirs = r->amount,
                .text = str_is(r->state, "review") ? "it waits for a person"
                        : str_is(r->state, "late") ? "it came for a payment that had ended"
                                                   : "nobody told its TrxID"});
    }
    return e == ERR_DUPLICATE ? ERR_OK : e;
}

enum err reconcile_told(struct reconcile *x)
{
    enum err e = store_day_notice_each(x->db, x->o->day, notice_see, x);
    if (e == ERR_OK) {
        e = store_day_sms_each(x->db, x->o->day, sms_see, x);
    }
    return e == ERR_OK ? store_day_received_each(x->db, x->o->day, received_see, x) : e;
}
