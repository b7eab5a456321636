/* The statement's lines of the day that no row of the day was about. Lines of other days are there to be found by rows alone:
 * what we count after midnight the wallet may have taken before. */
#include "app/reconcile/parts.h"

#include "store/store_sms.h"

static struct reconcile_difference line_difference(const struct statement_line *l)
{
    return (struct reconcile_difference){.object = "line",
        .id = l->number,
        .trx_id = str_from(l->trx_id),
        .has_theirs = true,
        .theirs = l->amount};
}

static void line_compare(struct reconcile *x, struct reconcile_till *t,
    const struct statement_line *l, struct money ours)
{
    struct reconcile_difference d = line_difference(l);
    if (!money_eq(ours, l->amount)) {
        d.check = ours.poisha < 0 ? "refund-differs" : "amount-differs";
        d.has_ours = true;
        d.ours = ours;
        d.text = "we have another amount";
        reconcile_tell(x, t, d);
    }
}

/* Of another day than the line. ERR_NO_ROW: none. */
static enum err find_counted(struct reconcile *x, const struct statement_line *l)
{
    struct day_credit c;
    enum err e = ERR_NO_ROW;
    for (size_t i = 0; i < x->till_count && e == ERR_NO_ROW; i++) {
        struct reconcile_till *t = &x->tills[i];
        if (t->chosen) {
            e = store_day_credit_find(x->db, t->wallet, t->id, str_from(l->trx_id), &c);
        }
        if (t->chosen && e == ERR_OK) {
            line_compare(x, t, l, c.amount);
        }
    }
    return e;
}

static enum err find_received(struct reconcile *x, const struct statement_line *l)
{
    struct number_credit_row r;
    enum err e = ERR_NO_ROW;
    for (size_t i = 0; i < x->till_count && e == ERR_NO_ROW; i++) {
        struct reconcile_till *t = &x->tills[i];
        if (!t->chosen || !t->is_number) {
            continue;
        }
        arena_reset(&x->arena);
        e = store_number_credit_find(x->db, &x->arena, t->wallet, str_from(l->trx_id), &r);
        if (e == ERR_OK && r.number_id == t->id) {
            line_compare(x, t, l, r.amount);
        } else if (e == ERR_OK) {
            e = ERR_NO_ROW;
        }
    }
    return e;
}

static enum err find_refund(struct reconcile *x, const struct statement_line *l)
{
    struct day_refund r;
    enum err e = ERR_NO_ROW;
    for (size_t i = 0; i < x->till_count && e == ERR_NO_ROW; i++) {
        struct reconcile_till *t = &x->tills[i];
        if (t->chosen) {
            e = store_day_refund_find(x->db, t->wallet, t->id, str_from(l->trx_id), &r);
        }
        if (t->chosen && e == ERR_OK) {
            line_compare(x, t, l, money_neg(r.amount));
        }
    }
    return e;
}

static enum err line_judge(struct reconcile *x, const struct statement_line *l)
{
    bool out = l->amount.poisha < 0;
    enum err e = out ? find_refund(x, l) : find_counted(x, l);
    if (e == ERR_NO_ROW && !out) {
        e = find_received(x, l);
    }
    if (e == ERR_NO_ROW) {
        struct reconcile_difference d = line_difference(l);
        d.check = out ? "money-went-out" : "money-without-payment";
        d.text = out ? "it is no refund of ours" : "it is no payment of ours";
        reconcile_tell(x, NULL, d);
        e = ERR_OK;
    }
    return e;
}

enum err reconcile_lines(struct reconcile *x)
{
    struct statement *s = x->o->statement;
    enum err e = ERR_OK;
    for (size_t i = 0; s && i < s->count && e == ERR_OK; i++) {
        const struct statement_line *l = &s->lines[i];
        if (!reconcile_in_day(x, l->at)) {
            continue;
        }
        x->r.lines++;
        if (l->amount.poisha < 0) {
            x->r.lines_out = money_sub(x->r.lines_out, l->amount);
        } else {
            x->r.lines_in = money_add(x->r.lines_in, l->amount);
        }
        e = l->found ? ERR_OK : line_judge(x, l);
    }
    return e;
}
