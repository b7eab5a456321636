/* The counters behind the history: how many payments each account has on each day. Payments are counted by the day that they are
 * filed under, in order of an index; those that are filed under another day than theirs are put right beside it. */
#include "app/audit/parts.h"

#include "base/mem.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdlib.h>

static void moved_add(struct audit_days *d, int64_t account_id, int64_t day, int64_t moved)
{
    for (size_t i = 0; i < d->count; i++) {
        if (d->items[i].account_id == account_id && d->items[i].day == day) {
            d->items[i].moved += moved;
            return;
        }
    }
    d->items[d->count++] = (struct audit_day){account_id, day, moved};
}

void audit_day_see(struct audit *a, const struct books_payment *p)
{
    int32_t day = dhaka_day(p->created_at);
    if (p->day == day) {
        return;
    }
    audit_tell(a, "day", "payment", p->id,
        "it is filed under day %" PRId64 ", it was made on day %" PRId32, p->day, day);
    struct audit_days *d = &a->days;
    if (!d->items) {
        d->items = mem_array(AUDIT_DAYS_MAX, sizeof *d->items);
    }
    /* So many faults are told already that those of the counters may be counted wrong. */
    if (d->count + 2 <= AUDIT_DAYS_MAX) {
        moved_add(d, p->account_id, p->day, -1);
        moved_add(d, p->account_id, day, 1);
    }
}

static int by_day(const void *px, const void *py)
{
    const struct audit_day *x = px, *y = py;
    int c = (x->account_id > y->account_id) - (x->account_id < y->account_id);
    return c ? c : (x->day > y->day) - (x->day < y->day);
}

static void day_compare(
    struct audit *a, int64_t account_id, int64_t day, int64_t counter, int64_t payments)
{
    char text[11];
    if (counter != payments) {
        dhaka_day_format((int32_t)day, text);
        audit_tell(a, "day-counter", "account_id", account_id,
            "on %s its counters say %" PRId64 " payments, there are %" PRId64, text, counter,
            payments);
    }
}

static enum err day_check(void *arg, const struct books_day *d)
{
    struct audit *a = arg;
    struct audit_day key = {d->account_id, d->day, 0}, *found = NULL;
    int64_t moved = 0;
    if (a->days.count) {
        found = bsearch(&key, a->days.items, a->days.count, sizeof key, by_day);
    }
    if (found) {
        moved = found->moved;
        found->moved = 0;
    }
    day_compare(a, d->account_id, d->day, d->counter, d->payments + moved);
    return ERR_OK;
}

enum err audit_day_counters(struct audit *a)
{
    struct audit_days *d = &a->days;
    if (d->count > 1) {
        qsort(d->items, d->count, sizeof *d->items, by_day);
    }
    enum err e = store_books_day_each(a->db, day_check, a);
    for (size_t i = 0; e == ERR_OK && i < d->count; i++) {
        day_compare(a, d->items[i].account_id, d->items[i].day, 0, d->items[i].moved);
    }
    return e;
}
