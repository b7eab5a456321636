/* A connection to a PostgreSQL server: opened, waited for with a deadline, and opened anew. Private to the engine (db_pg.c). */
#ifndef KASSA_STORE_PG_LINK_H
#define KASSA_STORE_PG_LINK_H

#include "base/buf.h"
#include "base/err.h"
#include <stdint.h>

/* Waits; tests shorten them. A server may be silent for longer than its own limits last (pg_link.c), so that it is mostly the
 * server that gives up. */
struct pg_limits {
    int silence_read_ms, silence_write_ms;
    int resolve_ms; /* finding out whether a commit was made */
    int outage_ms; /* a writer sits out a restart or a change of primaries that is no longer than this */
    int reopen_ms[2]; /* between two openings that fail: at first, and at most */
};
extern struct pg_limits pg_limits;

/* libpq's */
struct pg_conn;
struct pg_result;

struct pg_link {
    struct pg_conn *c;
    char *url;
    bool reading;
    bool keen; /* nobody waits for a try to open it: it may take long as often as it likes */
    bool lost; /* nothing can be asked before it is opened anew */
    bool open; /* a transaction is */
    /* What is under way takes as long as it takes: a change of the schema, a copy of all rows. */
    bool patient;
    bool pieces;    /* results come in pieces until the transaction ends (pg_cursor.h) */
    int cursors;    /* that there were */
    uint64_t epoch; /* counts the openings: what was prepared in another one is gone */
    int64_t schema; /* of the tables: the writers' lock is for them */
    int failures;   /* openings in a row */
    /* Since when it fails, when it last did, and until when it is not tried again, unless another connection of this process gets
     * through meanwhile; of the monotonic clock. */
    int64_t down_ms, failed_ms, reopen_ms;
    char told[256]; /* the beginning of what was logged of that */
};

/* ERR_IO with a text in `why` that names the setting and never a password. */
enum err pg_link_open(struct pg_link *pg, struct buf *why) must_check;
/* A connection that was lost is opened anew; not within a transaction, whose beginning is gone. ERR_STORE_IO: it can't be, which
 * is logged once for each reason, or was tried a moment ago. */
enum err pg_link_ready(struct pg_link *pg) must_check;
/* Is the outage so young that it may be a restart? Then it has waited a little, for another try. */
bool pg_link_sit_out(struct pg_link *pg);
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
