#include "store/pg_bulk.h"

#include "store/pg_link.h"
#include "store/shape.h"
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 8192

static const char HEADER[19] = "PGCOPY\n\377\r\n"; /* its end, no flags, no extension: zeros */
static const char TRAILER[2] = "\377\377";

/* While the other side is read, this one is idle; but a client that vanished must not keep its locks for ever. */
static enum err bulk_prepare(void *conn)
{
    struct pg_link *pg = conn;
    pg->patient = pg->pieces = true;
    return pg_link_run(pg, "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
                           "SET LOCAL idle_in_transaction_session_timeout = '1h'");
}

/* libpq gives the state of a COPY again and again: it is asked for once. */
static enum err copy_begin(struct pg_link *pg, const struct buf *text, ExecStatusType want)
{
    if (!buf_ok(text))
        return ERR_INTERNAL;
    PGresult *res = PQexec(pg->c, text->p);
    if (PQresultStatus(res) != want)
        return pg_link_fault(pg, res, text->p);
    PQclear(res);
    return ERR_OK;
}

static enum err copy_end(struct pg_link *pg)
{
    PGresult *res = pg_link_result(pg, true);
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        return pg_link_fault(pg, res, "COPY");
    PQclear(res);
    return ERR_OK;
}

static enum err bulk_rows(void *conn, struct str rows)
{
    struct pg_link *pg = conn;
    if (rows.n > INT32_MAX)
        return ERR_LIMIT;
    return PQputCopyData(pg->c, rows.p, (int)rows.n) == 1 ? ERR_OK
                                                          : pg_link_fault(pg, NULL, "COPY");
}

static enum err bulk_load(void *conn, const struct shape_table *t)
{
    struct pg_link *pg = conn;
    struct buf text;
    buf_init(&text, TEXT_MAX);
    buf_printf(&text, "COPY %s (", t->name);
    shape_columns_add(t, &text);
    buf_cstr(&text, ") FROM STDIN (FORMAT binary)");
    enum err e = copy_begin(pg, &text, PGRES_COPY_IN);
    buf_clear(&text);
    return e == ERR_OK ? bulk_rows(pg, (struct str){HEADER, sizeof HEADER}) : e;
}

static enum err bulk_end(void *conn)
{
    struct pg_link *pg = conn;
    enum err e = bulk_rows(pg, (struct str){TRAILER, sizeof TRAILER});
    if (e != ERR_OK)
        return e;
    return PQputCopyEnd(pg->c, NULL) == 1 ? copy_end(pg) : pg_link_fault(pg, NULL, "COPY");
}

/* A message holds a row; the first one has the header in front, the last one is the trailer. */
static enum err piece(struct str s, bool first, db_row_fn fn, void *arg)
{
    if (first && (s.n < sizeof HEADER || memcmp(s.p, HEADER, sizeof HEADER) != 0))
        return ERR_STORE_IO;
    if (first)
        s = (struct str){s.p + sizeof HEADER, s.n - sizeof HEADER};
    if (s.n == 0 || (s.n == sizeof TRAILER && memcmp(s.p, TRAILER, sizeof TRAILER) == 0))
        return ERR_OK;
    return fn(arg, s);
}

static enum err bulk_unload(void *conn, const struct shape_table *t, db_row_fn fn, void *arg)
{
    struct pg_link *pg = conn;
    struct buf text;
    buf_init(&text, TEXT_MAX);
    buf_cstr(&text, "COPY (SELECT ");
    shape_columns_add(t, &text);
    buf_printf(&text, " FROM %s ORDER BY ", t->name);
    shape_key_add(t, &text);
    buf_cstr(&text, ") TO STDOUT (FORMAT binary)");
    enum err e = copy_begin(pg, &text, PGRES_COPY_OUT);
    buf_clear(&text);
    char *p;
    int n = 0;
    bool first = true;
    while (e == ERR_OK && (n = PQgetCopyData(pg->c, &p, 0)) > 0) {
        e = piece((struct str){p, (size_t)n}, first, fn, arg);
        first = false;
        PQfreemem(p);
    }
    if (e != ERR_OK)
        return e;
    return n == -1 ? copy_end(pg) : pg_link_fault(pg, NULL, "COPY");
}

static enum err bulk_others(void *conn, int64_t *ret)
{
    struct pg_link *pg = conn;
    static const char text[] =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    PGresult *res = pg_link_result(pg, PQsendQuery(pg->c, text) == 1);
    if (PQresultStatus(res) != PGRES_TUPLES_OK)
        return pg_link_fault(pg, res, text);
    *ret = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);
    return ERR_OK;
}

const struct db_bulk pg_bulk = {
    .prepare = bulk_prepare,
    .load = bulk_load,
    .rows = bulk_rows,
    .end = bulk_end,
    .unload = bulk_unload,
    .others = bulk_others,
};
