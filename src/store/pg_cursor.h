/* A SELECT whose rows come in pieces: libpq would keep all of a result in memory. Private to the engine (db_pg.c). */
#ifndef KASSA_STORE_PG_CURSOR_H
#define KASSA_STORE_PG_CURSOR_H

#include "store/pg_link.h"

struct pg_cursor {
    int number; /* its name's; 0: there is none */
    bool more;  /* the last piece was a full one */
};

/* As libpq takes them, all binary. */
struct pg_values {
    int count;
    const unsigned *types;
    const char *const *values;
    const int *lengths, *formats;
};

/* Of a connection, which begins with its struct pg_link: from now on, until the transaction ends. */
void pg_cursor_ask(void *conn);
/* Is the statement one whose rows are to come in pieces? */
bool pg_cursor_wanted(const struct pg_link *pg, const char *text);

/* Within a transaction, whose end is the cursor's, too. */
enum err pg_cursor_open(struct pg_link *pg, struct pg_cursor *c, const char *select,
    const struct pg_values *v) must_check;
/* The next rows, binary; NULL: the error is in *ret. Owner: the caller, PQclear. */
struct pg_result *pg_cursor_next(struct pg_link *pg, struct pg_cursor *c, enum err *ret) must_check;
/* Nothing open is also fine. */
void pg_cursor_close(struct pg_link *pg, struct pg_cursor *c);

#endif
