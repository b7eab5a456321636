/* The counters behind the history, and the chain of administrative changes. */
#include "app/cli/audit.h"

#include "base/mem.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct days {
    struct audit *audit;
    struct books_day *items; /* counted from the payments, in order of account and day */
    size_t count, room, at;
};

static int by_day(const void *px, const void *py)
{
    const struct books_day *x = px, *y = py;
    int c = (x->account_id > y->account_id) - (x->account_id < y->account_id);
    return c ? c : (x->day > y->day) - (x->day < y->day);
}

static void days_count(struct days *d)
{
    struct audit *a = d->audit;
    size_t n = 0;
    d->items = mem_array(a->book_count + 1, sizeof *d->items);
    for (size_t i = 0; i < a->book_count; i++) {
        const struct books_payment *p = &a->books[i].p;
        int32_t day = dhaka_day(p->created_at);
        d->items[i] = (struct books_day){p->account_id, day, 1};
        if (p->day != day) {
            audit_fault(a, "day", "payment", p->id,
                "it is filed under day %" PRId64 ", it was made on day %" PRId32, p->day, day);
        }
    }
    qsort(d->items, a->book_count, sizeof *d->items, by_day);
    for (size_t i = 0; i < a->book_count; i++) {
        if (n > 0 && by_day(&d->items[n - 1], &d->items[i]) == 0) {
            d->items[n - 1].payments++;
        } else {
            d->items[n++] = d->items[i];
        }
    }
    d->count = n;
}

static void day_fault(struct days *d, const struct books_day *x, int64_t counter)
{
    char day[11];
    dhaka_day_format((int32_t)x->day, day);
    audit_fault(d->audit, "day-counter", "account_id", x->account_id,
        "on %s its counters say %" PRId64 " payments, there are %" PRId64, day, counter,
        x->payments);
}

static enum err day_check(void *arg, const struct books_day *stored)
{
    struct days *d = arg;
    while (d->at < d->count && by_day(&d->items[d->at], stored) < 0) {
        day_fault(d, &d->items[d->at++], 0);
    }
    struct books_day none = {stored->account_id, stored->day, 0};
    bool found = d->at < d->count && by_day(&d->items[d->at], stored) == 0;
    const struct books_day *counted = found ? &d->items[d->at++] : &none;
    if (counted->payments != stored->payments) {
        day_fault(d, counted, stored->payments);
    }
    return ERR_OK;
}

enum err audit_days(struct audit *a)
{
    struct days d = {.audit = a};
    days_count(&d);
    enum err e = store_books_day_each(a->db, day_check, &d);
    while (e == ERR_OK && d.at < d.count) {
        day_fault(&d, &d.items[d.at++], 0);
    }
    mem_free(d.items);
    return e;
}

static enum err link_check(void *arg, const struct audit_row *r)
{
    struct audit *a = arg;
    char hash[65];
    a->changes++;
    if (r->id != a->changes) {
        audit_fault(
            a, "audit-chain", "change", a->changes, "it is missing; the next is %" PRId64, r->id);
        a->changes = r->id;
    }
    store_audit_hash(r, hash);
    if (!str_is(r->hash, hash)) {
        audit_fault(a, "audit-chain", "change", r->id, "it was altered: its hash does not fit");
    }
    if (!str_is(r->prev_hash, a->chain_head)) {
        audit_fault(a, "audit-chain", "change", r->id, "it does not follow the one before");
    }
    snprintf(a->chain_head, sizeof a->chain_head, "%.*s", STR_FMT(r->hash));
    return ERR_OK;
}

enum err audit_chain(struct audit *a)
{
    memset(a->chain_head, '0', sizeof a->chain_head - 1);
    return store_audit_each(a->db, 0, link_check, a);
}
