#include "service/checkout.h"
#include "store/store_ledger.h"

static enum err payment_find(struct db *db, struct arena *a, int64_t account_id,
    const struct status_request *rq, struct payment_row *ret)
{
    if (rq->id == 0) {
        return store_payment_by_order(db, a, account_id, rq->order_id, ret);
    }
    struct payment_row p;
    enum err e = store_payment_by_id(db, a, rq->id, &p);
    if (e != ERR_OK) {
        return e;
    }
    if (p.account_id != account_id) {
        return ERR_NO_ROW;
    }
    if (!str_absent(rq->order_id) && !str_eq(rq->order_id, p.order_id)) {
        return ERR_CONFLICT;
    }
    *ret = p;
    return ERR_OK;
}

static enum err status_read(struct db *db, struct arena *a, int64_t account_id,
    const struct status_request *rq, struct status_view *v)
{
    enum err e = payment_find(db, a, account_id, rq, &v->payment);
    if (e != ERR_OK) {
        return e;
    }
    /* Without money there are no postings to look for. */
    if (v->payment.paid.poisha == 0) {
        return ERR_OK;
    }
    e = store_ledger_payment_balance(db, v->payment.id, &v->old_balance, &v->new_balance);
    v->has_balance = e == ERR_OK;
    return e == ERR_NO_ROW ? ERR_OK : e;
}

enum err checkout_status(struct service *s, struct arena *a, const struct account_view *v,
    const struct status_request *rq, struct status_view *ret)
{
    struct status_view view = {.has_balance = false};
    struct db *db = store_reader(s->store);
    if (!db || store_read_begin(db) != ERR_OK) {
        return ERR_STORE_IO;
    }
    enum err e = status_read(db, a, v->row.id, rq, &view);
    store_read_end(db);
    if (e == ERR_OK) {
        *ret = view;
    }
    return e;
}
