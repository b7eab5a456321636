#include "app/audit/parts.h"

#include "base/mem.h"
#include <stdlib.h>

static size_t place(const struct audit_sums *s, enum ledger_kind kind, int64_t owner)
{
    uint64_t x = ((uint64_t)owner << 4) + (uint64_t)kind;
    size_t i = (size_t)((x * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (s->room - 1);
    while (s->items[i].used && (s->items[i].kind != kind || s->items[i].owner != owner)) {
        i = (i + 1) & (s->room - 1);
    }
    return i;
}

static void grow(struct audit_sums *s)
{
    struct audit_sums more = {.count = s->count, .room = s->room ? s->room * 2 : 64};
    more.items = mem_array(more.room, sizeof *more.items);
    for (size_t i = 0; i < s->room; i++) {
        if (s->items[i].used) {
            more.items[place(&more, s->items[i].kind, s->items[i].owner)] = s->items[i];
        }
    }
    mem_free(s->items);
    *s = more;
}

struct audit_sum *audit_sum(struct audit *a, enum ledger_kind kind, int64_t owner)
{
    struct audit_sums *s = &a->sums;
    if (s->count * 2 >= s->room) {
        grow(s);
    }
    struct audit_sum *item = &s->items[place(s, kind, owner)];
    if (!item->used) {
        *item = (struct audit_sum){.kind = kind, .owner = owner, .used = true};
        s->count++;
    }
    return item;
}

void audit_want(struct audit *a, enum ledger_kind kind, int64_t owner, struct money amount)
{
    audit_sum(a, kind, owner)->wanted += amount.poisha;
}

static int by_ledger_account(const void *px, const void *py)
{
    const struct audit_sum *x = px, *y = py;
    int c = (x->kind > y->kind) - (x->kind < y->kind);
    return c ? c : (x->owner > y->owner) - (x->owner < y->owner);
}

void audit_sums_sort(struct audit *a)
{
    struct audit_sums *s = &a->sums;
    size_t n = 0;
    for (size_t i = 0; i < s->room; i++) {
        if (s->items[i].used) {
            s->items[n++] = s->items[i];
        }
    }
    if (n > 1) {
        qsort(s->items, n, sizeof *s->items, by_ledger_account);
    }
}
