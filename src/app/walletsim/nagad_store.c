#include "nagad_store.h"
#include "base/mem.h"
#include "sim_store_sql.h"
#include <sqlite3.h>

#define COLUMNS                                                                                    \
    "ref, order_id, day, challenge, callback_url, status, issuer_ref, cancel_ref, info, amount,"   \
    " created_ms, paid_ms, cancelled_ms, verifies, cancelled, cancels, reference"

enum err nagad_pay_insert(struct sim_store *st, const struct nagad_pay *p)
{
    /* The oldest make room for the new one. */
    enum err e = sim_run(st, sim_query(st,
                                 "DELETE FROM nagad_payment WHERE seq <="
                                 " (SELECT max(seq) FROM nagad_payment) - ?1",
                                 "i", (int64_t)SIM_PAYMENTS_MAX));
    if (e != ERR_OK)
        return e;
    return sim_run(
        st, sim_query(st,
                "INSERT INTO nagad_payment (" COLUMNS ")"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, 0,"
                " NULL)",
                "ttittttttiiiii", p->ref, p->order_id, p->day, p->challenge, p->callback_url,
                p->status, p->issuer_ref, p->cancel_ref, p->info, p->amount.poisha, p->created_ms,
                p->paid_ms, p->cancelled_ms, p->verifies));
}

/* The texts are the statement's. */
static void pay_read(sqlite3_stmt *q, struct nagad_pay *ret)
{
    *ret = (struct nagad_pay){
        .ref = sim_column(q, 0),
        .order_id = sim_column(q, 1),
        .day = sqlite3_column_int64(q, 2),
        .challenge = sim_column(q, 3),
        .callback_url = sim_column(q, 4),
        .status = sim_column(q, 5),
        .issuer_ref = sim_column(q, 6),
        .cancel_ref = sim_column(q, 7),
        .info = sim_column(q, 8),
        .amount = money_poisha(sqlite3_column_int64(q, 9)),
        .created_ms = sqlite3_column_int64(q, 10),
        .paid_ms = sqlite3_column_int64(q, 11),
        .cancelled_ms = sqlite3_column_int64(q, 12),
        .verifies = sqlite3_column_int64(q, 13),
        .cancelled = money_poisha(sqlite3_column_int64(q, 14)),
        .cancels = sqlite3_column_int64(q, 15),
        .reference = sim_column(q, 16),
    };
}

static enum err pay_copy(struct arena *a, struct nagad_pay *p)
{
    struct str *texts[] = {&p->ref, &p->order_id, &p->challenge, &p->callback_url, &p->status,
        &p->issuer_ref, &p->cancel_ref, &p->info, &p->reference};
    for (size_t i = 0; i < array_len(texts); i++) {
        struct str copy = arena_copy(a, *texts[i]);
        if (str_absent(copy) && !str_absent(*texts[i]))
            return ERR_LIMIT;
        *texts[i] = copy;
    }
    return ERR_OK;
}

enum err nagad_pay_find(
    struct sim_store *st, struct arena *a, struct str ref, struct nagad_pay *ret)
{
    struct nagad_pay p;
    sqlite3_stmt *q =
        sim_query(st, "SELECT " COLUMNS " FROM nagad_payment WHERE ref = ?1", "t", ref);
    enum err e = sim_row(st, q);
    if (e == ERR_OK) {
        pay_read(q, &p);
        e = pay_copy(a, &p);
    }
    if (e == ERR_OK)
        *ret = p;
    sqlite3_finalize(q);
    return e;
}

enum err nagad_pay_update(struct sim_store *st, const struct nagad_pay *p)
{
    return sim_run(
        st, sim_query(st,
                "UPDATE nagad_payment SET callback_url = ?1, status = ?2, issuer_ref = ?3,"
                " cancel_ref = ?4, info = ?5, amount = ?6, paid_ms = ?7,"
                " cancelled_ms = ?8, verifies = ?9, cancelled = ?11, cancels = ?12,"
                " reference = ?13 WHERE ref = ?10",
                "tttttiiiitiit", p->callback_url, p->status, p->issuer_ref, p->cancel_ref, p->info,
                p->amount.poisha, p->paid_ms, p->cancelled_ms, p->verifies, p->ref,
                p->cancelled.poisha, p->cancels, p->reference));
}

enum err nagad_pay_list(struct sim_store *st, struct str order_id, int64_t limit,
    void (*fn)(void *arg, const struct nagad_pay *p), void *arg)
{
    sqlite3_stmt *q = sim_query(st,
        "SELECT " COLUMNS " FROM nagad_payment WHERE (?1 IS NULL OR order_id = ?1)"
        " ORDER BY seq DESC LIMIT ?2",
        "ti", order_id, limit);
    enum err e;
    while ((e = sim_row(st, q)) == ERR_OK) {
        struct nagad_pay p;
        pay_read(q, &p);
        fn(arg, &p);
    }
    sqlite3_finalize(q);
    return e == ERR_NO_ROW ? ERR_OK : e;
}

enum err nagad_totals_get(struct sim_store *st, struct nagad_totals *ret)
{
    sqlite3_stmt *q = sim_query(st,
        "SELECT count(*), count(issuer_ref), coalesce(sum(amount) FILTER (WHERE issuer_ref IS NOT"
        " NULL), 0) FROM nagad_payment",
        "");
    enum err e = sim_row(st, q);
    if (e == ERR_OK)
        *ret = (struct nagad_totals){
            sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2)};
    sqlite3_finalize(q);
    return e;
}
