/* The engine interface, at the level of statements: queries are written once, in the dialect that SQLite and
 * PostgreSQL share (`tools/check-sql` knows its rules), and run on whatever engine a connection has.
 *
 * A statement is a static `struct db_sql`, whose address is the key of the connection's cache of prepared
 * statements. Values are bound to $1, $2, ... and columns are read by name. A statement in use:
 *
 *     struct db_stmt *st = db_query(db, &SQL_THING);
 *     db_int(st, 1, id);
 *     enum err e = db_step(st);          ERR_OK: a row, ERR_NO_ROW: no (further) row
 *     ...db_col_int(st, "column")...
 *     db_end(st);
 *
 * Texts and blobs are not copied: what is bound stays until db_end, what is read dies at the next step or at
 * db_end. An error while preparing or binding is told by the step. A connection belongs to one thread at a time. */
#ifndef KASSA_STORE_DB_H
#define KASSA_STORE_DB_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

struct db;
struct db_stmt;
struct shape;
struct shape_table;

struct db_sql {
    const char *text;
};

enum db_begin { DB_BEGIN_READ, DB_BEGIN_WRITE };

typedef enum err (*db_row_fn)(void *arg, struct str row);

/* What an engine does. Handles are the engine's own. Errors: ERR_STORE_BUSY, ERR_STORE_FULL, ERR_STORE_IO,
 * ERR_DUPLICATE (a uniqueness), ERR_INTERNAL (any other constraint or a wrong statement: a bug). The engine logs its
 * own text for all but BUSY and DUPLICATE, as nothing else carries it. */
struct db_ops {
    const char *name;
    void (*close)(void *conn);
    enum err (*begin)(void *conn, enum db_begin how);
    /* The time that the engine's own machine had at the last begin. NULL, or 0: the engine is in this process. */
    int64_t (*began_ms)(void *conn);
    enum err (*commit)(void *conn);
    /* Undoes whatever is open; nothing is also fine. */
    void (*rollback)(void *conn);
    enum err (*savepoint)(void *conn);
    enum err (*release)(void *conn);
    /* Undoes to the savepoint and forgets it. */
    enum err (*rollback_to)(void *conn);
    /* Statements without values, separated by semicolons: schema files. */
    enum err (*script)(void *conn, const char *text);
    enum err (*has_table)(void *conn, const char *name, bool *ret);
    /* Housekeeping between batches, when nobody waits for the last one any more. */
    void (*maintain)(void *conn);
    /* Does a placeholder that is an array take one value more with each bind, so that a statement is for many rows? NULL: there are
     * none, and a statement for each row costs no more. */
    bool (*arrays)(void *conn);
    /* Results are not kept whole in memory until the transaction ends. NULL: they never are. */
    void (*pieces)(void *conn);
    /* A consistent copy of all that is committed, as the new file `to`, while others write. NULL: the engine's own tools do it. */
    enum err (*backup)(void *conn, const char *to, struct buf *why);
    /* Is every page and index sound? NULL: the engine's own tools tell. */
    enum err (*check)(void *conn, struct buf *why);
    /* Which tables there are (store/shape.h). NULL: a store can't be moved from this engine. */
    enum err (*shape)(void *conn, struct buf *why, struct shape *ret);
    /* All rows of tables at once, as shape_row_add writes them, in a transaction. NULL: a store can't be moved to this engine. */
    const struct db_bulk *bulk;

    enum err (*prepare)(void *conn, const char *text, void **ret_stmt);
    void (*finalize)(void *stmt);
    enum err (*bind_int)(void *stmt, int k, int64_t v);
    enum err (*bind_text)(void *stmt, int k, struct str s);
    enum err (*bind_blob)(void *stmt, int k, struct str s);
    enum err (*bind_null)(void *stmt, int k);
    enum err (*step)(void *stmt); /* ERR_OK: a row; ERR_NO_ROW: done */
    void (*reset)(void *stmt);
    int64_t (*changes)(void *stmt); /* rows that the finished statement changed */
    int (*column_count)(void *stmt);
    const char *(*column_name)(void *stmt, int i);
    bool (*column_null)(void *stmt, int i);
    int64_t (*column_int)(void *stmt, int i);
    struct str (*column_bytes)(void *stmt, int i);
};

struct db_bulk {
    /* In a transaction: what follows on this connection may take as long as it takes, and results come in pieces. */
    enum err (*prepare)(void *conn);
    enum err (*load)(void *conn, const struct shape_table *t);
    enum err (*rows)(void *conn, struct str rows);
    enum err (*end)(void *conn);
    /* In order of the primary key. */
    enum err (*unload)(void *conn, const struct shape_table *t, db_row_fn fn, void *arg);
    /* Other connections to the database, whoever has them. */
    enum err (*others)(void *conn, int64_t *ret);
};

struct db_open {
    const char *path; /* a file's, or a server's address (store_path_is_server) */
    bool create;      /* may make a new file, or the tables of an empty database */
    bool reading;     /* refuses to write */
    bool keen; /* a server that is away is looked for again at once, however long each look takes */
};

struct db_engine {
    /* ERR_IO with a text in `why`; the connection is complete, pragmas set. */
    enum err (*open)(
        const struct db_engine *g, const struct db_open *o, struct buf *why, struct db **ret);
    const struct migration *migrations; /* ends with version 0 (store/migrate.h) */
};

extern const struct db_engine db_sqlite_engine;
extern const struct db_engine db_pg_engine;

/* For engines: a connection around a handle. Owner: the caller, db_close. */
struct db *db_new(const struct db_ops *ops, void *conn);
/* For wrapping engines. */
const struct db_ops *db_ops_of(const struct db *db);
void *db_conn_of(const struct db *db);
/* Frees a connection but not its handle. */
void db_forget(struct db *db);
void db_close(struct db *db);

enum err db_begin(struct db *db, enum db_begin how) must_check;
/* 0: no other machine's programs write to the store. */
int64_t db_began_ms(struct db *db);
enum err db_commit(struct db *db) must_check;
void db_rollback(struct db *db);
enum err db_savepoint(struct db *db) must_check;
enum err db_release(struct db *db) must_check;
enum err db_rollback_to(struct db *db) must_check;
enum err db_script(struct db *db, const char *text) must_check;
enum err db_has_table(struct db *db, const char *name, bool *ret) must_check;
void db_maintain(struct db *db);
bool db_has_arrays(const struct db *db);
void db_pieces(struct db *db);
/* ERR_STATE: this engine has tools of its own for it. Else ERR_DUPLICATE (`to` is there), ERR_STORE_FULL, ERR_STORE_IO, with
 * a text in `why`; nothing stays. */
enum err db_backup(struct db *db, const char *to, struct buf *why) must_check;
/* ERR_STORE_IO with a text in `why`. An engine that can't tell says ERR_OK. */
enum err db_check(struct db *db, struct buf *why) must_check;

/* Never NULL. When the cached statement is in use (a callback asks the same query again), a second one is made. */
struct db_stmt *db_query(struct db *db, const struct db_sql *sql);
void db_int(struct db_stmt *st, int k, int64_t v);
void db_opt(struct db_stmt *st, int k, int64_t v); /* 0: NULL */
/* absent: NULL. A text is UTF-8 without NUL, as PostgreSQL has no other: else the step says ERR_INVALID, a SELECT's ERR_NO_ROW. */
void db_text(struct db_stmt *st, int k, struct str s);
void db_blob(struct db_stmt *st, int k, struct str s); /* absent: NULL */
enum err db_step(struct db_stmt *st) must_check;
void db_end(struct db_stmt *st);
/* Runs to the end, ends; how many rows it changed. */
enum err db_exec(struct db_stmt *st, int64_t *ret_changes) must_check;
/* The same for a statement whose number of changes says nothing. */
enum err db_do(struct db_stmt *st) must_check;
/* The same, where exactly one row must change: `none` when it did not. */
enum err db_do_one(struct db_stmt *st, enum err none) must_check;

/* Asserts that the statement has such a column. NULL reads as 0 and as absent. */
bool db_col_null(struct db_stmt *st, const char *name);
int64_t db_col_int(struct db_stmt *st, const char *name);
struct str db_col_str(struct db_stmt *st, const char *name);

#endif
