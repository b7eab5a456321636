/* PostgreSQL behind store/db.h. Integers are int8, texts text, blobs bytea, all in their binary forms.
 *
 * Writers of all nodes are one behind the other: a batch holds a lock of the database from its beginning to its end, so what a
 * unit has read is still so when it writes, as with SQLite's one writer.
 *
 * A connection can break while a commit is under way, and nobody can tell from here whether it was made. So each batch writes a
 * mark, in its own transaction; over a new connection, behind the same lock (which the old transaction keeps until it has
 * ended), the mark tells. */
#include "store/db.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/migrate.h"
#include "store/pg_bulk.h"
#include "store/pg_cursor.h"
#include "store/pg_stmt.h"
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOCK_CLASS 0x4B534131 /* "KSA1" */
/* Marks of writers that are long gone. */
#define MARK_DAYS "7"

/* ---- transactions ---- */

#define ASK_TIME "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"

static void begin_text(struct pg *pg)
{
    snprintf(pg->begin, sizeof pg->begin,
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
        "SELECT pg_advisory_xact_lock(%d, %d);" ASK_TIME,
        LOCK_CLASS, (int)pg->conn.schema);
}

/* The time comes last, so that a writer's is from behind the lock. */
static enum err begin_send(struct pg *pg, const char *text)
{
    PGresult *res = pg_link_result(&pg->conn, PQsendQuery(pg->conn.c, text) == 1);
    if (PQresultStatus(res) != PGRES_TUPLES_OK || PQntuples(res) != 1)
        return pg_link_fault(&pg->conn, res, text);
    pg->began_ms = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);
    return ERR_OK;
}

static enum err begin_once(struct pg *pg, enum db_begin how)
{
    enum err e = pg_link_ready(&pg->conn);
    if (e != ERR_OK)
        return e;
    begin_text(pg);
    return begin_send(pg, how == DB_BEGIN_WRITE
                              ? pg->begin
                              : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;" ASK_TIME);
}

static int64_t pg_began_ms(void *conn)
{
    return ((struct pg *)conn)->began_ms;
}

static void pg_rollback(void *conn)
{
    struct pg *pg = conn;
    PGTransactionStatusType t = PQtransactionStatus(pg->conn.c);
    bool open = t == PQTRANS_INTRANS || t == PQTRANS_INERROR;
    pg->writing = false;
    pg->savepoint = SAVEPOINT_NONE;
    pg->conn.open = pg->conn.pieces = false;
    if (pg->conn.lost)
        return;
    if (t != PQTRANS_IDLE && !open)
        pg->conn.lost = true;
    else if (open && pg_link_run(&pg->conn, "ROLLBACK") != ERR_OK)
        pg->conn.lost = true;
}

static enum err pg_has_table(void *conn, const char *name, bool *ret);

/* Before the first migration there is no table of marks. */
static enum err marks_find(struct pg *pg)
{
    bool has = false;
    enum err e = pg_has_table(pg, "commit_mark", &has);
    if (e == ERR_OK && has)
        e = pg_link_run(
            &pg->conn, "DELETE FROM commit_mark WHERE at < now() - interval '" MARK_DAYS " days'");
    pg->marks = e == ERR_OK && has;
    return e;
}

/* A connection that was idle may have been ended meanwhile: nothing is lost with it. A writer waits a moment for a server that
 * restarts, or for the next primary. */
static enum err begin_again(struct pg *pg, enum db_begin how)
{
    bool had = !pg->conn.lost;
    enum err e = begin_once(pg, how);
    if (e != ERR_OK && had && pg->conn.lost)
        e = begin_once(pg, how);
    while (e != ERR_OK && how == DB_BEGIN_WRITE && pg_link_sit_out(&pg->conn))
        e = begin_once(pg, how);
    return e;
}

static enum err pg_begin(void *conn, enum db_begin how)
{
    struct pg *pg = conn;
    enum err e = begin_again(pg, how);
    if (e != ERR_OK) {
        pg_rollback(pg);
        return e;
    }
    pg->conn.open = true;
    pg->writing = how == DB_BEGIN_WRITE;
    if (pg->writing && !pg->marks)
        e = marks_find(pg);
    if (e != ERR_OK)
        pg_rollback(pg);
    return e;
}

static enum err mark_read(struct pg *pg, int64_t *ret)
{
    char text[128];
    snprintf(text, sizeof text, "SELECT batch FROM commit_mark WHERE writer = '%s'", pg->mark);
    PGresult *res = pg_link_result(&pg->conn, PQsendQuery(pg->conn.c, text) == 1);
    enum err e = ERR_OK;
    if (PQresultStatus(res) != PGRES_TUPLES_OK)
        e = pg_fault(&pg->conn, res, text);
    else
        *ret = PQntuples(res) == 1 ? strtoll(PQgetvalue(res, 0, 0), NULL, 10) : 0;
    PQclear(res);
    return e;
}

/* That the mark can be read here does not mean that the standbys which have to confirm a commit know of it: the server may have
 * died while it waited for them. What is committed behind it tells. */
static enum err mark_confirm(struct pg *pg)
{
    char text[192];
    snprintf(text, sizeof text,
        "SET LOCAL statement_timeout = 0;"
        "UPDATE commit_mark SET at = now() WHERE writer = '%s'; COMMIT",
        pg->mark);
    return pg_link_run(&pg->conn, text);
}

/* ERR_OK: the commit was made. ERR_STORE_BUSY: it was not, and can't be any more. */
static enum err resolve_once(struct pg *pg)
{
    int64_t found = 0;
    enum err e = pg_begin(pg, DB_BEGIN_WRITE);
    if (e != ERR_OK)
        return ERR_STORE_IO;
    e = mark_read(pg, &found);
    bool made = e == ERR_OK && found == pg->batch;
    if (made)
        e = mark_confirm(pg);
    pg_rollback(pg);
    if (e != ERR_OK)
        return ERR_STORE_IO;
    return made ? ERR_OK : ERR_STORE_BUSY;
}

static enum err resolve(struct pg *pg)
{
    int64_t until = clock_mono_ms() + pg_limits.resolve_ms;
    enum err e = ERR_STORE_IO;
    pg->conn.open = false;
    for (;;) {
        e = resolve_once(pg);
        if (e != ERR_STORE_IO || clock_mono_ms() > until)
            break;
        usleep(200 * 1000);
    }
    log_warn("store_commit_in_doubt", LOG_C("was", e == ERR_OK           ? "made"
                                                   : e == ERR_STORE_BUSY ? "not made"
                                                                         : "not found out"));
    return e;
}

/* The server says so of a transaction in which a statement failed: nothing is kept, and no error is told. */
static bool was_rolled_back(const PGresult *res)
{
    return PQresultStatus(res) == PGRES_COMMAND_OK &&
           strcmp(PQcmdStatus((PGresult *)(uintptr_t)res), "ROLLBACK") == 0;
}

/* A standby that has to confirm may be away: waiting for it has no time limit of the server's. */
static void commit_text(const struct pg *pg, char *out, size_t cap)
{
    if (!pg->writing || !pg->marks) {
        snprintf(out, cap, "COMMIT");
        return;
    }
    snprintf(out, cap,
        "SET LOCAL statement_timeout = 0;"
        "INSERT INTO commit_mark (writer, batch, at) VALUES ('%s', %" PRId64 ", now())"
        " ON CONFLICT (writer) DO UPDATE SET batch = excluded.batch, at = excluded.at; COMMIT",
        pg->mark, pg->batch);
}

static enum err pg_commit(void *conn)
{
    struct pg *pg = conn;
    char text[320];
    bool marked = pg->writing && pg->marks;
    if (pg->conn.lost)
        return ERR_STORE_BUSY;
    pg->batch += marked;
    commit_text(pg, text, sizeof text);
    PGresult *res = pg_link_result(&pg->conn, PQsendQuery(pg->conn.c, text) == 1);
    enum err e = ERR_OK;
    if (was_rolled_back(res))
        e = ERR_INTERNAL;
    else if (PQresultStatus(res) != PGRES_COMMAND_OK)
        e = pg_fault(&pg->conn, res, "COMMIT");
    PQclear(res);
    if (pg->conn.lost && marked)
        e = resolve(pg);
    else if (pg->conn.lost)
        e = ERR_STORE_IO;
    if (e == ERR_OK)
        pg->writing = pg->conn.open = pg->conn.pieces = false;
    return e;
}

static enum err run_within(struct pg *pg, const char *text)
{
    return pg->conn.lost ? ERR_STORE_BUSY : pg_link_run(&pg->conn, text);
}

static enum err pg_savepoint(void *conn)
{
    struct pg *pg = conn;
    pg->savepoint = SAVEPOINT_WANTED;
    return pg->conn.lost ? ERR_STORE_BUSY : ERR_OK;
}

enum err pg_savepoint_make(struct pg *pg)
{
    if (pg->savepoint != SAVEPOINT_WANTED)
        return ERR_OK;
    pg->savepoint = SAVEPOINT_MADE;
    return run_within(pg, "SAVEPOINT unit");
}

static enum err savepoint_end(struct pg *pg, const char *text)
{
    bool made = pg->savepoint == SAVEPOINT_MADE;
    pg->savepoint = SAVEPOINT_NONE;
    return made ? run_within(pg, text) : ERR_OK;
}

static enum err pg_release(void *conn)
{
    return savepoint_end(conn, "RELEASE SAVEPOINT unit");
}

static enum err pg_rollback_to(void *conn)
{
    return savepoint_end(conn, "ROLLBACK TO SAVEPOINT unit; RELEASE SAVEPOINT unit");
}

/* A change of the schema rewrites whole tables. */
static enum err pg_script(void *conn, const char *text)
{
    struct pg *pg = conn;
    enum err e = pg_link_ready(&pg->conn);
    if (e == ERR_OK && pg->writing)
        e = pg_link_run(&pg->conn, "SET LOCAL statement_timeout = 0");
    if (e == ERR_OK)
        e = pg_savepoint_make(pg);
    if (e != ERR_OK)
        return e;
    bool patient = pg->conn.patient;
    pg->conn.patient = true;
    e = pg_link_run(&pg->conn, text);
    pg->conn.patient = patient;
    return e;
}

static enum err pg_has_table(void *conn, const char *name, bool *ret)
{
    struct pg *pg = conn;
    enum err e = pg_link_ready(&pg->conn);
    if (e != ERR_OK)
        return e;
    static const char text[] =
        "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1";
    PGresult *res = pg_link_result(
        &pg->conn, PQsendQueryParams(pg->conn.c, text, 1, NULL, &name, NULL, NULL, 0) == 1);
    if (PQresultStatus(res) == PGRES_TUPLES_OK)
        *ret = PQntuples(res) > 0;
    else
        e = pg_fault(&pg->conn, res, text);
    PQclear(res);
    return e;
}

static void pg_maintain(void *conn)
{
    (void)conn; /* the server sees to itself */
}

/* ---- opening ---- */

static bool pg_arrays(void *conn)
{
    (void)conn;
    return true;
}

static void pg_close(void *conn)
{
    struct pg *pg = conn;
    pg_plans_free(&pg->plans);
    pg_link_close(&pg->conn);
    mem_free(pg);
}

static const struct db_ops PG_OPS = {
    .name = "postgresql",
    .close = pg_close,
    .begin = pg_begin,
    .began_ms = pg_began_ms,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .savepoint = pg_savepoint,
    .release = pg_release,
    .rollback_to = pg_rollback_to,
    .script = pg_script,
    .has_table = pg_has_table,
    .maintain = pg_maintain,
    .arrays = pg_arrays,
    .pieces = pg_cursor_ask,
    .bulk = &pg_bulk,
    .prepare = pg_stmt_prepare,
    .finalize = pg_stmt_finalize,
    .bind_int = pg_stmt_bind_int,
    .bind_text = pg_stmt_bind_text,
    .bind_blob = pg_stmt_bind_blob,
    .bind_null = pg_stmt_bind_null,
    .step = pg_stmt_step,
    .reset = pg_stmt_reset,
    .changes = pg_stmt_changes,
    .column_count = pg_stmt_column_count,
    .column_name = pg_stmt_column_name,
    .column_null = pg_stmt_column_null,
    .column_int = pg_stmt_column_int,
    .column_bytes = pg_stmt_column_bytes,
};

static enum err refuse(struct buf *why, const char *text)
{
    buf_printf(why, "store.path: %s", text);
    return ERR_IO;
}

/* Another program's tables are left alone, and an empty schema is made a store only when it is asked for. */
static enum err check_owner(struct pg *pg, const struct db_open *o, struct buf *why)
{
    static const char text[] =
        "SELECT count(*) > 0,"
        " count(*) FILTER (WHERE tablename IN ('schema_version', 'id_block')) = 2"
        " FROM pg_tables WHERE schemaname = current_schema()";
    PGresult *res = pg_link_result(&pg->conn, PQsendQuery(pg->conn.c, text) == 1);
    if (PQresultStatus(res) != PGRES_TUPLES_OK) {
        (void)!pg_link_fault(&pg->conn, res, text);
        return refuse(why, "the database's tables can't be listed");
    }
    bool any = PQgetvalue(res, 0, 0)[0] == 't', ours = PQgetvalue(res, 0, 1)[0] == 't';
    PQclear(res);
    if (any && !ours)
        return refuse(why, "is another program's database, not a store");
    if (!any && !o->create)
        return refuse(why, "the database is empty: not a store");
    return ERR_OK;
}

static void mark_name(struct pg *pg)
{
    uint8_t raw[16];
    random_bytes(raw, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++)
        snprintf(pg->mark + 2 * i, 3, "%02x", raw[i]);
}

static enum err pg_open(
    const struct db_engine *g, const struct db_open *o, struct buf *why, struct db **ret)
{
    (void)g;
    struct pg *pg = mem_alloc(sizeof *pg);
    pg->conn.url = mem_strdup(o->path);
    pg->conn.reading = o->reading;
    pg->conn.keen = o->keen;
    mark_name(pg);
    enum err e = pg_link_open(&pg->conn, why);
    if (e == ERR_OK)
        e = check_owner(pg, o, why);
    if (e != ERR_OK) {
        pg_close(pg);
        return e;
    }
    *ret = db_new(&PG_OPS, pg);
    return ERR_OK;
}

const struct db_engine db_pg_engine = {.open = pg_open, .migrations = migrations_pg};
