#include "service/deliver_log.h"

struct page {
    struct arena *arena;
    const struct deliver_log_query *query;
    struct told_row *payments;
    int count;
    /* of the payment that is read */
    deliver_log_fn fn;
    void *arg;
    struct str order_id;
    int items;
};

static enum err payment_keep(void *arg, const struct told_row *r)
{
    struct page *p = arg;
    struct told_row *row = &p->payments[p->count++];
    *row = *r;
    row->order_id = arena_copy(p->arena, r->order_id);
    row->endpoint_url = str_absent(r->endpoint_url) ? STR_ABSENT : STR("");
    return str_absent(row->order_id) ? ERR_LIMIT : ERR_OK;
}

static bool goes_there(const struct deliver_log_query *q, const struct told_row *r)
{
    int64_t id = r->endpoint_id ? r->endpoint_id : q->account->endpoint_id;
    return q->endpoint_id == 0 || (str_absent(r->endpoint_url) && id == q->endpoint_id);
}

static enum err item_tell(void *arg, const struct outbox_row *r)
{
    struct page *p = arg;
    if (!str_absent(p->query->state) && !str_eq(p->query->state, r->state)) {
        return ERR_OK;
    }
    struct deliver_log_item item = {.row = *r, .order_id = p->order_id};
    p->items++;
    return p->fn(p->arg, &item);
}

enum err deliver_log_page(struct db *db, struct arena *a, struct deliver_log_query *q,
    deliver_log_fn fn, void *arg, bool *ret_more)
{
    struct page p = {.arena = a, .query = q, .fn = fn, .arg = arg};
    p.payments = arena_alloc(a, DELIVER_LOG_PAYMENTS_MAX * sizeof *p.payments);
    if (!p.payments) {
        return ERR_LIMIT;
    }
    enum err e = store_told_each(
        db, q->account->id, q->day, q->payment_id, DELIVER_LOG_PAYMENTS_MAX, payment_keep, &p);
    int i = 0;
    for (; e == ERR_OK && i < p.count && p.items < q->max; i++) {
        const struct told_row *r = &p.payments[i];
        q->day = r->day;
        q->payment_id = r->payment_id;
        p.order_id = r->order_id;
        if (r->notifications > 0 && goes_there(q, r)) {
            e = store_outbox_each(db, r->payment_id, STR_ABSENT, r->notifications, item_tell, &p);
        }
    }
    if (e == ERR_OK) {
        *ret_more = i < p.count || p.count == DELIVER_LOG_PAYMENTS_MAX;
    }
    return e;
}
