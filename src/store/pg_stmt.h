/* Statements of PostgreSQL: prepared, bound, sent and read. Private to the engine (db_pg.c), whose operations they are. */
#ifndef KASSA_STORE_PG_STMT_H
#define KASSA_STORE_PG_STMT_H

#include "store/pg_link.h"
#include "store/pg_plan.h"

/* A savepoint is made by the first statement behind it, and for a unit without any never. */
enum pg_savepoint { SAVEPOINT_NONE, SAVEPOINT_WANTED, SAVEPOINT_MADE };

struct pg {
    struct pg_link conn; /* first, as pg_bulk and pg_cursor know a connection by it */
    struct pg_plans plans;
    bool writing; /* a writer's transaction is open */
    enum pg_savepoint savepoint;
    bool marks;       /* the table of marks is there */
    char mark[33];    /* this writer's name in it */
    int64_t batch;    /* what the last commit left there, or tried to */
    int64_t began_ms; /* the server's clock */
    char begin[256];  /* a writer's */
};

/* Before each statement. */
enum err pg_savepoint_make(struct pg *pg) must_check;

/* As store/db.h says. */
enum err pg_stmt_prepare(void *conn, const char *text, void **ret) must_check;
void pg_stmt_finalize(void *stmt);
enum err pg_stmt_bind_int(void *stmt, int k, int64_t v) must_check;
enum err pg_stmt_bind_text(void *stmt, int k, struct str s) must_check;
enum err pg_stmt_bind_blob(void *stmt, int k, struct str s) must_check;
enum err pg_stmt_bind_null(void *stmt, int k) must_check;
enum err pg_stmt_step(void *stmt) must_check;
void pg_stmt_reset(void *stmt);
int64_t pg_stmt_changes(void *stmt);
int pg_stmt_column_count(void *stmt);
const char *pg_stmt_column_name(void *stmt, int i);
bool pg_stmt_column_null(void *stmt, int i);
int64_t pg_stmt_column_int(void *stmt, int i);
struct str pg_stmt_column_bytes(void *stmt, int i);

#endif
