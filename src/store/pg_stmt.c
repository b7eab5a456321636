#include "store/pg_stmt.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/pg_array.h"
#include "store/pg_cursor.h"
#include "store/pg_value.h"
#include <libpq-fe.h>
#include <stdlib.h>

struct param {
    const char *p;
    int n;
    Oid type; /* 0: NULL */
    char int8[8];
};

struct pg_stmt {
    struct pg *pg;
    struct pg_plan *plan;
    struct param params[PG_PARAMS_MAX];
    struct pg_array *arrays; /* NULL, or one for each placeholder, of which some are arrays */
    PGresult *res;
    int row;
    struct pg_cursor cursor;
};

/* May the statement go to a new connection? Within a transaction it can't. */
static bool may_reopen(const struct pg *pg)
{
    return pg->conn.lost && !pg->conn.open;
}

static enum err plan_ready(struct pg *pg, struct pg_plan *p)
{
    enum err e = pg_link_ready(&pg->conn);
    if (e == ERR_OK)
        e = pg_savepoint_make(pg);
    return e == ERR_OK ? pg_plan_make(&pg->plans, &pg->conn, p) : e;
}

enum err pg_stmt_prepare(void *conn, const char *text, void **ret)
{
    struct pg *pg = conn;
    struct pg_plan *p = pg_plan_find(&pg->plans, text);
    enum err e = plan_ready(pg, p);
    if (e != ERR_OK && may_reopen(pg))
        e = plan_ready(pg, p);
    if (e != ERR_OK)
        return e;
    struct pg_stmt *st = mem_alloc(sizeof *st);
    st->pg = pg;
    st->plan = p;
    for (int i = 0; i < p->params && !st->arrays; i++)
        if (pg_array_element(p->param_types[i]) != 0)
            st->arrays = mem_alloc((size_t)p->params * sizeof *st->arrays);
    *ret = st;
    return ERR_OK;
}

void pg_stmt_reset(void *stmt)
{
    struct pg_stmt *st = stmt;
    PQclear(st->res);
    st->res = NULL;
    pg_cursor_close(&st->pg->conn, &st->cursor);
    for (int i = 0; i < st->plan->params; i++)
        st->params[i].type = 0;
    for (int i = 0; st->arrays && i < st->plan->params; i++)
        pg_array_reset(&st->arrays[i]);
}

void pg_stmt_finalize(void *stmt)
{
    struct pg_stmt *st = stmt;
    pg_stmt_reset(st);
    for (int i = 0; st->arrays && i < st->plan->params; i++)
        pg_array_clear(&st->arrays[i]);
    mem_free(st->arrays);
    mem_free(st);
}

static enum err bind(struct pg_stmt *st, int k, Oid type, const char *p, size_t n)
{
    ensure(k >= 1 && k <= st->plan->params, "a statement has no such placeholder");
    Oid wanted = st->plan->param_types[k - 1], element = pg_array_element(wanted);
    ensure(
        type == 0 || type == (element ? element : wanted), "a value is not of its column's type");
    if (n > INT32_MAX)
        return ERR_STORE_IO;
    if (element) {
        pg_array_add(&st->arrays[k - 1], type ? p : NULL, n);
        return ERR_OK;
    }
    struct param *to = &st->params[k - 1];
    to->type = type;
    to->p = p;
    to->n = (int)n;
    return ERR_OK;
}

enum err pg_stmt_bind_int(void *stmt, int k, int64_t v)
{
    struct pg_stmt *st = stmt;
    ensure(k >= 1 && k <= PG_PARAMS_MAX, "a statement has no such placeholder");
    char *to = st->params[k - 1].int8;
    pg_int8_put(v, to);
    return bind(st, k, PG_INT8, to, 8);
}

enum err pg_stmt_bind_text(void *stmt, int k, struct str s)
{
    return bind(stmt, k, PG_TEXT, s.p, s.n);
}

enum err pg_stmt_bind_blob(void *stmt, int k, struct str s)
{
    return bind(stmt, k, PG_BYTEA, s.p, s.n);
}

enum err pg_stmt_bind_null(void *stmt, int k)
{
    return bind(stmt, k, 0, NULL, 0);
}

static enum err next_piece(struct pg_stmt *st)
{
    enum err e = ERR_OK;
    PQclear(st->res);
    st->row = -1;
    st->res = pg_cursor_next(&st->pg->conn, &st->cursor, &e);
    return e;
}

static enum err arrays_end(struct pg_stmt *st)
{
    enum err e = ERR_OK;
    for (int i = 0; st->arrays && e == ERR_OK && i < st->plan->params; i++) {
        Oid type = st->plan->param_types[i];
        struct str whole;
        if (pg_array_element(type) == 0)
            continue;
        ensure(st->arrays[i].count == st->arrays[0].count, "a row lacks a value");
        e = pg_array_view(&st->arrays[i], type, &whole);
        if (e == ERR_OK)
            st->params[i] = (struct param){.p = whole.p, .n = (int)whole.n, .type = type};
    }
    return e;
}

static enum err execute_once(struct pg_stmt *st)
{
    struct pg *pg = st->pg;
    enum err e = plan_ready(pg, st->plan);
    if (e == ERR_OK)
        e = arrays_end(st);
    if (e != ERR_OK)
        return e;
    const char *values[PG_PARAMS_MAX];
    int lengths[PG_PARAMS_MAX], formats[PG_PARAMS_MAX], n = st->plan->params;
    for (int i = 0; i < n; i++) {
        values[i] = st->params[i].type ? st->params[i].p : NULL;
        lengths[i] = st->params[i].n;
        formats[i] = 1;
    }
    if (pg_cursor_wanted(&pg->conn, st->plan->text)) {
        struct pg_values v = {n, st->plan->param_types, values, lengths, formats};
        e = pg_cursor_open(&pg->conn, &st->cursor, st->plan->text, &v);
        return e == ERR_OK ? next_piece(st) : e;
    }
    bool sent =
        PQsendQueryPrepared(pg->conn.c, st->plan->name, n, values, lengths, formats, 1) == 1;
    PGresult *res = pg_link_result(&pg->conn, sent);
    ExecStatusType status = PQresultStatus(res);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        return pg_link_fault(&pg->conn, res, st->plan->text);
    st->res = res;
    st->row = -1;
    return ERR_OK;
}

enum err pg_stmt_step(void *stmt)
{
    struct pg_stmt *st = stmt;
    if (!st->res) {
        enum err e = execute_once(st);
        if (e != ERR_OK && st->pg->conn.reading && may_reopen(st->pg))
            e = execute_once(st);
        if (e != ERR_OK)
            return e;
    }
    if (++st->row < PQntuples(st->res))
        return ERR_OK;
    if (!st->cursor.more)
        return ERR_NO_ROW;
    enum err e = next_piece(st);
    return e == ERR_OK && ++st->row == PQntuples(st->res) ? ERR_NO_ROW : e;
}

int64_t pg_stmt_changes(void *stmt)
{
    struct pg_stmt *st = stmt;
    return strtoll(PQcmdTuples(st->res), NULL, 10);
}

int pg_stmt_column_count(void *stmt)
{
    return ((struct pg_stmt *)stmt)->plan->columns;
}

const char *pg_stmt_column_name(void *stmt, int i)
{
    return PQfname(((struct pg_stmt *)stmt)->plan->shape, i);
}

bool pg_stmt_column_null(void *stmt, int i)
{
    struct pg_stmt *st = stmt;
    return PQgetisnull(st->res, st->row, i) == 1;
}

struct str pg_stmt_column_bytes(void *stmt, int i)
{
    struct pg_stmt *st = stmt;
    return (struct str){PQgetvalue(st->res, st->row, i), (size_t)PQgetlength(st->res, st->row, i)};
}

int64_t pg_stmt_column_int(void *stmt, int i)
{
    struct pg_stmt *st = stmt;
    int64_t v = 0;
    if (pg_stmt_column_null(stmt, i))
        return 0;
    enum err e = pg_int_get(PQftype(st->res, i), pg_stmt_column_bytes(stmt, i), &v);
    ensure(e == ERR_OK, "a column that is read as a number holds none");
    return v;
}
