/* Balances of a day's SMS. bKash and Nagad tell whole minutes, so that the order within one is not known; but whatever it was,
 * each SMS begins at the balance where another one ended, but for the day's first. What begins nowhere shows that money moved
 * of which no SMS told. If there is no such gap, the balance at the start plus what came in minus what went out is the one at
 * the end. */
#include "app/reconcile/parts.h"

#include "base/mem.h"
#include <stdlib.h>

void reconcile_link_add(struct reconcile *x, const struct reconcile_link *l)
{
    if (x->link_count == RECONCILE_SMS_MAX) {
        x->links_full = true;
        return;
    }
    if (x->link_count == x->link_room) {
        x->link_room = x->link_room ? x->link_room * 2 : 64;
        x->links = mem_realloc(x->links, x->link_room * sizeof *x->links);
    }
    x->links[x->link_count++] = *l;
}

static int by_after(const void *px, const void *py)
{
    const struct reconcile_link *x = px, *y = py;
    if (x->till != y->till) {
        return x->till->id > y->till->id ? 1 : -1;
    }
    int c = money_cmp(x->after, y->after);
    return c ? c : (x->sms_id > y->sms_id) - (x->sms_id < y->sms_id);
}

/* The first of the till's links that ended at this balance or above; link_count: none. */
static size_t after_find(const struct reconcile *x, const struct reconcile_till *t, struct money m)
{
    size_t low = 0, high = x->link_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct reconcile_link *l = &x->links[middle];
        bool less = l->till != t ? l->till->id < t->id : money_cmp(l->after, m) < 0;
        low = less ? middle + 1 : low;
        high = less ? high : middle;
    }
    return low;
}

static bool follow(struct reconcile *x, struct reconcile_link *l, struct money before)
{
    for (size_t i = after_find(x, l->till, before); i < x->link_count; i++) {
        struct reconcile_link *other = &x->links[i];
        if (other->till != l->till || !money_eq(other->after, before)) {
            return false;
        }
        if (!other->followed && other != l) {
            other->followed = true;
            l->follows = true;
            return true;
        }
    }
    return false;
}

static bool is_earlier(const struct reconcile_link *x, const struct reconcile_link *y)
{
    return x->at != y->at ? x->at < y->at : x->sms_id < y->sms_id;
}

static void gap_tell(struct reconcile *x, const struct reconcile_link *l)
{
    reconcile_tell(x, l->till,
        (struct reconcile_difference){.check = "balance-gap",
            .object = "sms",
            .id = l->sms_id,
            .trx_id = STR_ABSENT,
            .has_theirs = true,
            .theirs = l->before[0],
            .text = "no SMS told how the balance before it came about"});
}

/* Links [from, to) are a till's. */
static void chain_judge(struct reconcile *x, size_t from, size_t to)
{
    const struct reconcile_link *first = NULL, *last = NULL;
    struct reconcile_till *t = x->links[from].till;
    for (size_t i = from; i < to; i++) {
        const struct reconcile_link *l = &x->links[i];
        if (!l->follows && (!first || is_earlier(l, first))) {
            first = l;
        }
        if (!l->followed && (!last || is_earlier(last, l))) {
            last = l;
        }
    }
    for (size_t i = from; i < to; i++) {
        if (!x->links[i].follows && &x->links[i] != first) {
            gap_tell(x, &x->links[i]);
        }
    }
    t->has_chain = first && last;
    t->balance_start = first ? first->before[0] : MONEY_ZERO;
    t->balance_end = last ? last->after : MONEY_ZERO;
}

void reconcile_chains(struct reconcile *x)
{
    if (x->links_full) {
        reconcile_tell(x, NULL,
            (struct reconcile_difference){.check = "balances-unchecked",
                .object = "sms",
                .trx_id = STR_ABSENT,
                .text = "there are too many SMS for one look: name some of the numbers"});
        return;
    }
    if (x->link_count > 1) {
        qsort(x->links, x->link_count, sizeof *x->links, by_after);
    }
    /* All by the first reading of their text, before any by another. */
    for (int k = 0; k < 3; k++) {
        for (size_t i = 0; i < x->link_count; i++) {
            struct reconcile_link *l = &x->links[i];
            if (!l->follows && k < l->before_count) {
                (void)follow(x, l, l->before[k]);
            }
        }
    }
    for (size_t from = 0, to = 0; from < x->link_count; from = to) {
        while (to < x->link_count && x->links[to].till == x->links[from].till) {
            to++;
        }
        chain_judge(x, from, to);
    }
}
