/* A connection to a PostgreSQL server: opened, waited for with a deadline, and opened anew. Private to the engine (db_pg.c). */
#ifndef KASSA_STORE_PG_LINK_H
#define KASSA_STORE_PG_LINK_H

#include "base/buf.h"
#include "base/err.h"
#include <stdint.h>

/* How long a server may be silent. Longer than its own limits, so that it is mostly the server that gives up. */
#define PG_SILENCE_READ_MS 60000
#define PG_SILENCE_WRITE_MS 20000

/* libpq's */
struct pg_conn;
struct pg_result;

struct pg_link {
    struct pg_conn *c;
    char *url;
    bool reading;
    bool lost; /* nothing can be asked before it is opened anew */
    bool open; /* a transaction is */
    bool
        patient; /* what is under way takes as long as it takes: a change of the schema, a copy of all rows */
    uint64_t epoch; /* counts the openings: what was prepared in another one is gone */
    int64_t schema; /* of the tables: the writers' lock is for them */
};

/* ERR_IO with a text in `why` that names the setting and never a password. */
enum err pg_link_open(struct pg_link *pg, struct buf *why) must_check;
/* A connection that was lost is opened anew; not within a transaction, whose beginning is gone. ERR_STORE_IO, logged. */
enum err pg_link_ready(struct pg_link *pg) must_check;
void pg_link_close(struct pg_link *pg);

/* The last result of what was sent, or the first that failed; NULL: the connection is lost. Owner: the caller, PQclear. */
struct pg_result *pg_link_result(struct pg_link *pg, bool sent) must_check;
/* Statements without values. ERR_OK, or what pg_fault makes of the answer. */
enum err pg_link_run(struct pg_link *pg, const char *text) must_check;
/* The error of an answer, logged where nothing else carries its text. NULL: the connection is lost, which is ERR_STORE_BUSY for a
 * writer (what was not committed can be done again) and ERR_STORE_IO for a reader. */
enum err pg_fault(struct pg_link *pg, const struct pg_result *res, const char *what) must_check;
/* The same, and clears the answer. */
enum err pg_link_fault(struct pg_link *pg, struct pg_result *res, const char *what) must_check;

#endif
