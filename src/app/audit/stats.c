/* The counters of the overview, and the ledger's days: by account, against the payments and against the balance. */
#include "app/audit/parts.h"

#include "base/mem.h"
#include "store/store_ledger.h"
#include "store/store_stat.h"
#include <inttypes.h>

static const struct {
    enum stat_field field;
    const char *name;
} COMPARED[] = {
    {STAT_PAID, "paid"},
    {STAT_CANCELLED, "cancelled"},
    {STAT_FAILED, "failed"},
    {STAT_REVIEW, "review"},
    {STAT_RECEIVED, "received"},
    {STAT_COMMISSION, "commission"},
    {STAT_REFUNDED, "refunded"},
};

static struct audit_stat *stat_of(struct audit_stats *s, int64_t account_id)
{
    for (size_t i = s->count; i > 0; i--)
        if (s->items[i - 1].account_id == account_id)
            return &s->items[i - 1];
    if (s->count == s->room) {
        s->room = s->room ? s->room * 2 : 16;
        s->items = mem_realloc(s->items, s->room * sizeof *s->items);
    }
    s->items[s->count] = (struct audit_stat){.account_id = account_id};
    return &s->items[s->count++];
}

void audit_stat_see(struct audit *a, const struct books_payment *p)
{
    struct audit_stat *s = stat_of(&a->stats, p->account_id);
    s->v[STAT_PAID] += p->state == PAYMENT_PAID;
    s->v[STAT_CANCELLED] += p->state == PAYMENT_CANCELLED;
    s->v[STAT_FAILED] += p->state == PAYMENT_FAILED;
    s->v[STAT_REVIEW] += p->state == PAYMENT_REVIEW;
    /* What an altered row holds may be anything: unsigned sums do not overflow. */
    s->v[STAT_RECEIVED] += (uint64_t)p->credited.poisha + (uint64_t)p->commission.poisha;
    s->v[STAT_COMMISSION] += (uint64_t)p->commission.poisha;
    s->v[STAT_REFUNDED] += (uint64_t)p->refunded.poisha;
}

static enum err account_check(struct audit *a, const struct audit_stat *want)
{
    struct stat_row have;
    enum err e = store_stat_sum(a->db, want->account_id, &have);
    for (size_t i = 0; e == ERR_OK && i < array_len(COMPARED); i++) {
        int64_t counted = have.v[COMPARED[i].field], there = (int64_t)want->v[COMPARED[i].field];
        if (counted != there)
            audit_tell(a, "overview-counter", "account_id", want->account_id,
                "%s is counted as %" PRId64 ", its payments say %" PRId64, COMPARED[i].name,
                counted, there);
    }
    return e;
}

static enum err ledger_check(struct audit *a, int64_t account_id)
{
    struct ledger_day_row all;
    struct money payable;
    enum err e = store_ledger_day_before(a->db, account_id, INT32_MAX, &all);
    e = e == ERR_OK ? store_ledger_balance(a->db, LEDGER_MERCHANT_PAYABLE, account_id, &payable)
                    : e;
    if (e != ERR_OK)
        return e;
    uint64_t days =
        (uint64_t)all.received.poisha - (uint64_t)all.fee.poisha - (uint64_t)all.refunded.poisha;
    if ((int64_t)(days + (uint64_t)payable.poisha) != 0)
        audit_tell(a, "ledger-day", "account_id", account_id,
            "its days add up to %" PRId64 " poisha, its balance is %" PRId64, (int64_t)days,
            (int64_t)(0 - (uint64_t)payable.poisha));
    return e;
}

enum err audit_stat_counters(struct audit *a)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < a->stats.count; i++) {
        e = account_check(a, &a->stats.items[i]);
        e = e == ERR_OK ? ledger_check(a, a->stats.items[i].account_id) : e;
    }
    return e;
}
