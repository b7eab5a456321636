#include "app/audit/parts.h"

#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>

void audit_tell(
    struct audit *a, const char *check, const char *object, int64_t id, const char *fmt, ...)
{
    char text[512];
    a->r.faults++;
    if (a->r.faults > AUDIT_FAULTS_MAX) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    a->o->fault(a->o->arg, &(struct audit_fault){check, object, id, text});
}

enum err audit_books(const struct audit_options *o, struct audit_result *ret)
{
    enum err (*const parts[])(struct audit *) = {audit_postings, audit_payments, audit_trx_ids,
        audit_numbers, audit_balances, audit_day_counters, audit_stat_counters, audit_changes};
    struct audit a = {.o = o, .db = o->db};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < array_len(parts); i++) {
        e = parts[i](&a);
    }
    if (e == ERR_OK) {
        *ret = a.r;
    }
    mem_free(a.sums.items);
    mem_free(a.days.items);
    mem_free(a.stats.items);
    return e;
}
