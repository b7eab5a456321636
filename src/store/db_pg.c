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
#include "store/pg_link.h"
#include "store/pg_plan.h"
#include "store/pg_value.h"
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOCK_CLASS 0x4B534131 /* "KSA1" */
/* Marks of writers that are long gone. */
#define MARK_DAYS "7"

struct pg {
    struct pg_link conn; /* first, as pg_bulk and pg_cursor know a connection by it */
    struct pg_plans plans;
    bool writing;     /* a writer's transaction is open */
    bool marks;       /* the table of marks is there */
    char mark[33];    /* this writer's name in it */
    int64_t batch;    /* what the last commit left there, or tried to */
    int64_t began_ms; /* the server's clock */
    char begin[256];  /* a writer's */
};

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
    PGresult *res;
    int row;
    struct pg_cursor cursor;
};

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
    return run_within(conn, "SAVEPOINT unit");
}

static enum err pg_release(void *conn)
{
    return run_within(conn, "RELEASE SAVEPOINT unit");
}

static enum err pg_rollback_to(void *conn)
{
    return run_within(conn, "ROLLBACK TO SAVEPOINT unit; RELEASE SAVEPOINT unit");
}

/* A change of the schema rewrites whole tables. */
static enum err pg_script(void *conn, const char *text)
{
    struct pg *pg = conn;
    enum err e = pg_link_ready(&pg->conn);
    if (e == ERR_OK && pg->writing)
        e = pg_link_run(&pg->conn, "SET LOCAL statement_timeout = 0");
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

/* ---- statements ---- */

/* May the statement go to a new connection? Within a transaction it can't. */
static bool may_reopen(const struct pg *pg)
{
    return pg->conn.lost && !pg->conn.open;
}

static enum err plan_ready(struct pg *pg, struct pg_plan *p)
{
    enum err e = pg_link_ready(&pg->conn);
    return e == ERR_OK ? pg_plan_make(&pg->plans, &pg->conn, p) : e;
}

static enum err pg_prepare(void *conn, const char *text, void **ret)
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
    *ret = st;
    return ERR_OK;
}

static void pg_reset(void *stmt)
{
    struct pg_stmt *st = stmt;
    PQclear(st->res);
    st->res = NULL;
    pg_cursor_close(&st->pg->conn, &st->cursor);
    for (int i = 0; i < st->plan->params; i++)
        st->params[i].type = 0;
}

static void pg_finalize(void *stmt)
{
    pg_reset(stmt);
    mem_free(stmt);
}

static enum err bind(struct pg_stmt *st, int k, Oid type, const char *p, size_t n)
{
    ensure(k >= 1 && k <= st->plan->params, "a statement has no such placeholder");
    ensure(
        type == 0 || type == st->plan->param_types[k - 1], "a value is not of its column's type");
    if (n > INT32_MAX)
        return ERR_STORE_IO;
    struct param *to = &st->params[k - 1];
    to->type = type;
    to->p = p;
    to->n = (int)n;
    return ERR_OK;
}

static enum err pg_bind_int(void *stmt, int k, int64_t v)
{
    struct pg_stmt *st = stmt;
    ensure(k >= 1 && k <= PG_PARAMS_MAX, "a statement has no such placeholder");
    char *to = st->params[k - 1].int8;
    pg_int8_put(v, to);
    return bind(st, k, PG_INT8, to, 8);
}

static enum err pg_bind_text(void *stmt, int k, struct str s)
{
    return bind(stmt, k, PG_TEXT, s.p, s.n);
}

static enum err pg_bind_blob(void *stmt, int k, struct str s)
{
    return bind(stmt, k, PG_BYTEA, s.p, s.n);
}

static enum err pg_bind_null(void *stmt, int k)
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

static enum err execute_once(struct pg_stmt *st)
{
    struct pg *pg = st->pg;
    enum err e = plan_ready(pg, st->plan);
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

static enum err pg_step(void *stmt)
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

static int64_t pg_changes(void *stmt)
{
    struct pg_stmt *st = stmt;
    return strtoll(PQcmdTuples(st->res), NULL, 10);
}

static int pg_column_count(void *stmt)
{
    return ((struct pg_stmt *)stmt)->plan->columns;
}

static const char *pg_column_name(void *stmt, int i)
{
    return PQfname(((struct pg_stmt *)stmt)->plan->shape, i);
}

static bool pg_column_null(void *stmt, int i)
{
    struct pg_stmt *st = stmt;
    return PQgetisnull(st->res, st->row, i) == 1;
}

static struct str pg_column_bytes(void *stmt, int i)
{
    struct pg_stmt *st = stmt;
    return (struct str){PQgetvalue(st->res, st->row, i), (size_t)PQgetlength(st->res, st->row, i)};
}

static int64_t pg_column_int(void *stmt, int i)
{
    struct pg_stmt *st = stmt;
    int64_t v = 0;
    if (pg_column_null(stmt, i))
        return 0;
    enum err e = pg_int_get(PQftype(st->res, i), pg_column_bytes(stmt, i), &v);
    ensure(e == ERR_OK, "a column that is read as a number holds none");
    return v;
}

/* ---- opening ---- */

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
    .pieces = pg_cursor_ask,
    .bulk = &pg_bulk,
    .prepare = pg_prepare,
    .finalize = pg_finalize,
    .bind_int = pg_bind_int,
    .bind_text = pg_bind_text,
    .bind_blob = pg_bind_blob,
    .bind_null = pg_bind_null,
    .step = pg_step,
    .reset = pg_reset,
    .changes = pg_changes,
    .column_count = pg_column_count,
    .column_name = pg_column_name,
    .column_null = pg_column_null,
    .column_int = pg_column_int,
    .column_bytes = pg_column_bytes,
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
