#include "store/pg_cursor.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#define PIECE_ROWS 1000
#define TEXT_MAX 16384

void pg_cursor_ask(void *conn)
{
    struct pg_link *pg = conn;
    pg->pieces = true;
}

bool pg_cursor_wanted(const struct pg_link *pg, const char *text)
{
    return pg->pieces && pg->open && strncmp(text, "SELECT ", 7) == 0;
}

enum err pg_cursor_open(
    struct pg_link *pg, struct pg_cursor *c, const char *select, const struct pg_values *v)
{
    struct buf text;
    c->number = ++pg->cursors;
    c->more = true;
    buf_init(&text, TEXT_MAX);
    buf_printf(&text, "DECLARE c%d NO SCROLL CURSOR FOR %s", c->number, select);
    enum err e = buf_ok(&text) ? ERR_OK : ERR_INTERNAL;
    if (e == ERR_OK) {
        bool sent = PQsendQueryParams(pg->c, text.p, v->count, v->types, v->values, v->lengths,
                        v->formats, 1) == 1;
        PGresult *res = pg_link_result(pg, sent);
        if (PQresultStatus(res) == PGRES_COMMAND_OK)
            PQclear(res);
        else
            e = pg_link_fault(pg, res, select);
    }
    buf_clear(&text);
    if (e != ERR_OK)
        c->number = 0;
    return e;
}

struct pg_result *pg_cursor_next(struct pg_link *pg, struct pg_cursor *c, enum err *ret)
{
    char text[64];
    snprintf(text, sizeof text, "FETCH %d FROM c%d", PIECE_ROWS, c->number);
    bool sent = PQsendQueryParams(pg->c, text, 0, NULL, NULL, NULL, NULL, 1) == 1;
    PGresult *res = pg_link_result(pg, sent);
    c->more = false;
    if (PQresultStatus(res) != PGRES_TUPLES_OK) {
        *ret = pg_link_fault(pg, res, text);
        return NULL;
    }
    c->more = PQntuples(res) == PIECE_ROWS;
    return res;
}

void pg_cursor_close(struct pg_link *pg, struct pg_cursor *c)
{
    char text[32];
    snprintf(text, sizeof text, "CLOSE c%d", c->number);
    /* A transaction that failed or has ended has closed it. */
    if (c->number && !pg->lost && PQtransactionStatus(pg->c) == PQTRANS_INTRANS)
        (void)!pg_link_run(pg, text);
    *c = (struct pg_cursor){.number = 0};
}
