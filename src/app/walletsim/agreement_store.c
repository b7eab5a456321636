#include "agreement_store.h"

#include "sim_store_sql.h"
#include <sqlite3.h>

enum err agreement_insert(struct sim_store *st, const struct sim_agreement *g)
{
    return sim_run(st, sim_query(st,
                           "INSERT INTO agreement (id, payer_reference, made_ms, cancelled_ms)"
                           " VALUES (?1, ?2, ?3, 0)",
                           "tti", g->id, g->payer_reference, g->made_ms));
}

enum err agreement_find(
    struct sim_store *st, struct arena *a, struct str id, struct sim_agreement *ret)
{
    sqlite3_stmt *q = sim_query(st,
        "SELECT id, payer_reference, made_ms, cancelled_ms FROM agreement WHERE id = ?1", "t", id);
    enum err e = sim_row(st, q);
    if (e == ERR_OK)
        *ret = (struct sim_agreement){
            .id = arena_copy(a, sim_column(q, 0)),
            .payer_reference = arena_copy(a, sim_column(q, 1)),
            .made_ms = sqlite3_column_int64(q, 2),
            .cancelled_ms = sqlite3_column_int64(q, 3),
        };
    sqlite3_finalize(q);
    return e;
}

enum err agreement_cancel(struct sim_store *st, struct str id, int64_t at_ms)
{
    return sim_run(
        st, sim_query(st, "UPDATE agreement SET cancelled_ms = ?1 WHERE id = ?2", "it", at_ms, id));
}
