#include "refund_store.h"

#include "sim_store_sql.h"
#include <sqlite3.h>

enum err refund_insert(struct sim_store *st, struct str payment_trx_id, const struct sim_refund *r)
{
    return sim_run(st, sim_query(st,
                           "INSERT INTO refund (payment_trx_id, trx_id, amount, completed_ms)"
                           " VALUES (?1, ?2, ?3, ?4)",
                           "ttii", payment_trx_id, r->trx_id, r->amount.poisha, r->completed_ms));
}

enum err refund_list(struct sim_store *st, struct str payment_trx_id,
    void (*fn)(void *arg, const struct sim_refund *r), void *arg)
{
    sqlite3_stmt *q = sim_query(st,
        "SELECT trx_id, amount, completed_ms FROM refund WHERE payment_trx_id = ?1 ORDER BY seq",
        "t", payment_trx_id);
    enum err e;
    while ((e = sim_row(st, q)) == ERR_OK) {
        struct sim_refund r = {.trx_id = sim_column(q, 0),
            .amount = money_poisha(sqlite3_column_int64(q, 1)),
            .completed_ms = sqlite3_column_int64(q, 2)};
        fn(arg, &r);
    }
    sqlite3_finalize(q);
    return e == ERR_NO_ROW ? ERR_OK : e;
}
