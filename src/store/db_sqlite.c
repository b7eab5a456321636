/* SQLite behind store/db.h. Write-ahead log, every commit synced; other processes may write to the same file. */
#include "store/db.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/migrate.h"
#include "store/sqlite_backup.h"
#include "store/sqlite_checkpoint.h"
#include "store/sqlite_shape.h"
#include "store/sqlite_vfs.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 5000
/* Pages in the log after which they are copied into the file, and again after so many more. */
#define CHECKPOINT_PAGES 4000
#define CHECKPOINT_AGAIN_PAGES 1000
/* So few the writer copies itself; beyond so many it does so even if it takes long, as the log would grow for ever. */
#define CHECKPOINT_REST_PAGES 1000
#define CHECKPOINT_BLOCKS_PAGES 64000
/* Files up to this size are checked whole when they are opened for writing; it takes some 50 ms. */
#define QUICK_CHECK_BYTES (16 * 1024 * 1024)
#define APPLICATION_ID 0x4B534131 /* "KSA1"; also in sql/0001_sqlite.sql */

enum fixed {
    FIXED_BEGIN_READ,
    FIXED_BEGIN_WRITE,
    FIXED_COMMIT,
    FIXED_ROLLBACK,
    FIXED_SAVEPOINT,
    FIXED_RELEASE,
    FIXED_ROLLBACK_TO,
    FIXED_COUNT
};

static const char *const FIXED_TEXTS[FIXED_COUNT] = {
    [FIXED_BEGIN_READ] = "BEGIN",
    [FIXED_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [FIXED_COMMIT] = "COMMIT",
    [FIXED_ROLLBACK] = "ROLLBACK",
    [FIXED_SAVEPOINT] = "SAVEPOINT unit",
    [FIXED_RELEASE] = "RELEASE unit",
    [FIXED_ROLLBACK_TO] = "ROLLBACK TO unit",
};

struct lite {
    sqlite3 *db;
    sqlite3_stmt *fixed[FIXED_COUNT];
    int log_pages;     /* in the write-ahead log after the last commit */
    int checkpoint_at; /* log_pages at which to copy */
    int begun_pages;   /* log_pages when the copy beside was begun; 0: not of this log */
    char *path;
    struct checkpointer *checkpointer; /* NULL: it was never needed */
};

static const char *vfs_name; /* set once, before the first connection */

static bool disk_is_full(const struct lite *l, int primary)
{
    if (primary == SQLITE_FULL)
        return true;
    int sys = primary == SQLITE_IOERR ? sqlite3_system_errno(l->db) : 0;
    return sys == ENOSPC || sys == EDQUOT || sys == EFBIG;
}

static bool is_duplicate(int extended)
{
    return extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
           extended == SQLITE_CONSTRAINT_ROWID;
}

static void tell(const struct lite *l, enum log_level level, const char *what)
{
    log_event(level, "store_engine", LOG_C("what", what), LOG_C("text", sqlite3_errmsg(l->db)),
        LOG_I("code", sqlite3_extended_errcode(l->db)),
        LOG_I("errno", sqlite3_system_errno(l->db)));
}

static enum err lite_fault(const struct lite *l, int rc, const char *what)
{
    int primary = rc & 0xff;
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED)
        return ERR_STORE_BUSY;
    if (is_duplicate(rc))
        return ERR_DUPLICATE;
    bool hard = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
    tell(l, hard ? LOG_LEVEL_ALARM : LOG_LEVEL_ERROR, what);
    if (disk_is_full(l, primary))
        return ERR_STORE_FULL;
    if (hard || primary == SQLITE_IOERR || primary == SQLITE_READONLY ||
        primary == SQLITE_CANTOPEN || primary == SQLITE_PERM || primary == SQLITE_NOMEM)
        return ERR_STORE_IO;
    return ERR_INTERNAL;
}

static enum err run_fixed(struct lite *l, enum fixed which)
{
    int rc = sqlite3_step(l->fixed[which]);
    sqlite3_reset(l->fixed[which]);
    return rc == SQLITE_DONE ? ERR_OK : lite_fault(l, rc, FIXED_TEXTS[which]);
}

static void lite_close(void *conn)
{
    struct lite *l = conn;
    checkpointer_stop(l->checkpointer);
    for (int i = 0; i < FIXED_COUNT; i++)
        sqlite3_finalize(l->fixed[i]);
    int rc = sqlite3_close(l->db);
    ensure(rc == SQLITE_OK, "a connection is closed with statements in use");
    mem_free(l->path);
    mem_free(l);
}

static enum err lite_begin(void *conn, enum db_begin how)
{
    return run_fixed(conn, how == DB_BEGIN_WRITE ? FIXED_BEGIN_WRITE : FIXED_BEGIN_READ);
}

static enum err lite_commit(void *conn)
{
    return run_fixed(conn, FIXED_COMMIT);
}

static void lite_rollback(void *conn)
{
    struct lite *l = conn;
    /* After some errors SQLite has rolled back by itself. */
    if (!sqlite3_get_autocommit(l->db) && run_fixed(l, FIXED_ROLLBACK) != ERR_OK)
        ensure(sqlite3_get_autocommit(l->db), "a transaction can't be rolled back");
}

static enum err lite_savepoint(void *conn)
{
    return run_fixed(conn, FIXED_SAVEPOINT);
}

static enum err lite_release(void *conn)
{
    return run_fixed(conn, FIXED_RELEASE);
}

static enum err lite_rollback_to(void *conn)
{
    enum err e = run_fixed(conn, FIXED_ROLLBACK_TO);
    return e == ERR_OK ? run_fixed(conn, FIXED_RELEASE) : e;
}

static enum err lite_script(void *conn, const char *text)
{
    struct lite *l = conn;
    int rc = sqlite3_exec(l->db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : lite_fault(l, rc, "script");
}

static enum err lite_prepare(void *conn, const char *text, void **ret)
{
    struct lite *l = conn;
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v3(l->db, text, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
    if (rc != SQLITE_OK)
        return lite_fault(l, rc, text);
    /* SQLite numbers the placeholders by their first use; a query is written so that this is their own number. */
    for (int k = 1; k <= sqlite3_bind_parameter_count(st); k++) {
        char name[16];
        snprintf(name, sizeof name, "$%d", k);
        ensure(sqlite3_bind_parameter_index(st, name) == k, "placeholders are out of order");
    }
    *ret = st;
    return ERR_OK;
}

static void lite_finalize(void *stmt)
{
    sqlite3_finalize(stmt);
}

static enum err bound(int rc)
{
    ensure(rc != SQLITE_RANGE && rc != SQLITE_MISUSE, "a statement has no such placeholder");
    return rc == SQLITE_OK ? ERR_OK : ERR_STORE_IO;
}

static enum err lite_bind_int(void *stmt, int k, int64_t v)
{
    return bound(sqlite3_bind_int64(stmt, k, v));
}

static enum err lite_bind_text(void *stmt, int k, struct str s)
{
    return bound(sqlite3_bind_text64(stmt, k, s.p, s.n, SQLITE_STATIC, SQLITE_UTF8));
}

static enum err lite_bind_blob(void *stmt, int k, struct str s)
{
    return bound(sqlite3_bind_blob64(stmt, k, s.p, s.n, SQLITE_STATIC));
}

static enum err lite_bind_null(void *stmt, int k)
{
    return bound(sqlite3_bind_null(stmt, k));
}

static enum err lite_step(void *stmt)
{
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        return ERR_OK;
    if (rc == SQLITE_DONE)
        return ERR_NO_ROW;
    struct lite l = {.db = sqlite3_db_handle(stmt)};
    return lite_fault(&l, rc, sqlite3_sql(stmt));
}

static void lite_reset(void *stmt)
{
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

static int64_t lite_changes(void *stmt)
{
    return sqlite3_changes64(sqlite3_db_handle(stmt));
}

static int lite_column_count(void *stmt)
{
    return sqlite3_column_count(stmt);
}

static const char *lite_column_name(void *stmt, int i)
{
    return sqlite3_column_name(stmt, i);
}

static bool lite_column_null(void *stmt, int i)
{
    return sqlite3_column_type(stmt, i) == SQLITE_NULL;
}

static int64_t lite_column_int(void *stmt, int i)
{
    return sqlite3_column_int64(stmt, i);
}

static struct str lite_column_bytes(void *stmt, int i)
{
    const char *p = sqlite3_column_blob(stmt, i);
    int n = sqlite3_column_bytes(stmt, i);
    return p ? (struct str){p, (size_t)n} : STR("");
}

/* A single value without parameters; 0 and ERR_NO_ROW included in the caller's meaning. */
static enum err ask_int(struct lite *l, const char *text, int64_t *ret)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(l->db, text, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    if (rc == SQLITE_DONE)
        return ERR_NO_ROW;
    return rc == SQLITE_ROW ? ERR_OK : lite_fault(l, rc, text);
}

static enum err lite_has_table(void *conn, const char *name, bool *ret)
{
    struct lite *l = conn;
    sqlite3_stmt *st = NULL;
    const char *text = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1";
    int rc = sqlite3_prepare_v2(l->db, text, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    sqlite3_finalize(st);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return lite_fault(l, rc, text);
    *ret = rc == SQLITE_ROW;
    return ERR_OK;
}

static int committed(void *arg, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    struct lite *l = arg;
    if (pages < l->log_pages)
        l->begun_pages = 0; /* the log started anew */
    l->log_pages = pages;
    if (pages < CHECKPOINT_PAGES)
        l->checkpoint_at = CHECKPOINT_PAGES;
    return SQLITE_OK;
}

/* Another connection to the file, for copying alone. */
static int beside_open(const char *path, sqlite3 **ret)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(path, &db, flags, vfs_name);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db,
            "PRAGMA synchronous = FULL; PRAGMA cache_size = 0; PRAGMA query_only = ON;"
            "SELECT count(*) FROM sqlite_schema", /* opens the log */
            NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        sqlite3_close(db);
    else
        *ret = db;
    return rc;
}

/* The rest of the log, while nobody waits for it: the log can start anew. */
static void checkpoint_rest(struct lite *l)
{
    l->checkpoint_at = l->log_pages + CHECKPOINT_AGAIN_PAGES;
    (void)checkpoint_run(l->db);
}

/* Without a thread of its own the writer copies all by itself. */
static void checkpoint_begin(struct lite *l)
{
    sqlite3 *db;
    if (!l->checkpointer && beside_open(l->path, &db) == SQLITE_OK)
        l->checkpointer = checkpointer_start(db);
    if (!l->checkpointer) {
        checkpoint_rest(l);
        return;
    }
    l->begun_pages = l->log_pages;
    checkpointer_begin(l->checkpointer);
}

/* A copy that a reader or a fault cut short is made again as much later as one that fell behind: not with each batch. */
static void checkpoint_done(struct lite *l, int copied)
{
    if (l->begun_pages == 0)
        checkpoint_begin(l);
    else if (copied >= 0 && l->log_pages - copied <= CHECKPOINT_REST_PAGES)
        checkpoint_rest(l);
    else
        l->checkpoint_at = l->begun_pages + CHECKPOINT_AGAIN_PAGES;
}

static void lite_maintain(void *conn)
{
    struct lite *l = conn;
    int copied = 0;
    if (l->log_pages < l->checkpoint_at)
        return;
    enum checkpoint_state state =
        l->checkpointer ? checkpointer_ask(l->checkpointer, &copied) : CHECKPOINT_NONE;
    if (state == CHECKPOINT_DONE)
        checkpoint_done(l, copied);
    else if (state == CHECKPOINT_NONE && l->log_pages >= CHECKPOINT_BLOCKS_PAGES)
        checkpoint_rest(l);
    else if (state == CHECKPOINT_NONE)
        checkpoint_begin(l);
}

static enum err lite_backup(void *conn, const char *to, struct buf *why)
{
    struct lite *l = conn;
    return sqlite_backup(l->db, to, why);
}

static enum err lite_check(void *conn, struct buf *why)
{
    struct lite *l = conn;
    return sqlite_check(l->db, why);
}

static enum err lite_shape(void *conn, struct buf *why, struct shape *ret)
{
    struct lite *l = conn;
    return sqlite_shape(l->db, why, ret);
}

static const struct db_ops LITE_OPS = {
    .name = "sqlite",
    .close = lite_close,
    .begin = lite_begin,
    .commit = lite_commit,
    .rollback = lite_rollback,
    .savepoint = lite_savepoint,
    .release = lite_release,
    .rollback_to = lite_rollback_to,
    .script = lite_script,
    .has_table = lite_has_table,
    .maintain = lite_maintain,
    .backup = lite_backup,
    .check = lite_check,
    .shape = lite_shape,
    .prepare = lite_prepare,
    .finalize = lite_finalize,
    .bind_int = lite_bind_int,
    .bind_text = lite_bind_text,
    .bind_blob = lite_bind_blob,
    .bind_null = lite_bind_null,
    .step = lite_step,
    .reset = lite_reset,
    .changes = lite_changes,
    .column_count = lite_column_count,
    .column_name = lite_column_name,
    .column_null = lite_column_null,
    .column_int = lite_column_int,
    .column_bytes = lite_column_bytes,
};

static enum err refuse(struct buf *why, const char *path, const char *text)
{
    buf_printf(why, "%s: %s", path, text);
    return ERR_IO;
}

/* Nobody in this process has it open yet, so closing it does no harm. */
static bool file_create(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || errno == EEXIST;
}

/* Is there a file that may be a store? SQLite alone would make one, and would take an empty one. It is looked at without being
 * opened: closing a file drops all locks that the process has on it, those of SQLite's connections too, and another process
 * that ends would then delete the log under them. */
static enum err look_at_file(const struct db_open *o, struct buf *why, int64_t *ret_size)
{
    struct stat st;
    int rc = stat(o->path, &st);
    if (rc != 0 && errno == ENOENT && o->create && file_create(o->path))
        rc = stat(o->path, &st);
    if (rc != 0 || access(o->path, R_OK | W_OK) != 0)
        return refuse(why, o->path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return refuse(why, o->path, "is no regular file");
    if (st.st_size == 0 && !o->create)
        return refuse(why, o->path, "is empty: not a store");
    *ret_size = st.st_size;
    return ERR_OK;
}

/* Other processes that are just opening the file may be in the way for a moment. */
static int exec_patiently(sqlite3 *db, const char *text)
{
    int rc = SQLITE_BUSY;
    for (int i = 0; i < 100 && (rc & 0xff) == SQLITE_BUSY; i++) {
        if (i > 0)
            sqlite3_sleep(50);
        rc = sqlite3_exec(db, text, NULL, NULL, NULL);
    }
    return rc;
}

static int configure(sqlite3 *db, bool reading)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    static const char common[] = "PRAGMA synchronous = FULL; PRAGMA mmap_size = 0;"
                                 "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;"
                                 "PRAGMA journal_size_limit = 67108864;";
    int rc = sqlite3_exec(db, common, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = exec_patiently(db, "PRAGMA journal_mode = WAL");
    if (rc != SQLITE_OK)
        return rc;
    return sqlite3_exec(db,
        reading ? "PRAGMA query_only = ON; PRAGMA cache_size = -2048"
                : "PRAGMA foreign_keys = ON; PRAGMA cache_size = -8192",
        NULL, NULL, NULL);
}

static enum err refuse_engine(const struct lite *l, const struct db_open *o, struct buf *why)
{
    bool foreign = (sqlite3_errcode(l->db) & 0xff) == SQLITE_NOTADB;
    return refuse(
        why, o->path, foreign ? "is not a store: its header is wrong" : sqlite3_errmsg(l->db));
}

/* Another program's database is left as it is: switching it to a write-ahead log would change it already. */
static enum err check_owner(struct lite *l, const struct db_open *o, struct buf *why)
{
    int64_t application = 0, tables = 0;
    if (exec_patiently(l->db, "SELECT count(*) FROM sqlite_schema") != SQLITE_OK)
        return refuse_engine(l, o, why);
    if (ask_int(l, "PRAGMA application_id", &application) != ERR_OK ||
        ask_int(l, "SELECT count(*) FROM sqlite_schema", &tables) != ERR_OK)
        return refuse_engine(l, o, why);
    if (application != APPLICATION_ID && (application != 0 || tables != 0))
        return refuse(why, o->path, "is another program's database, not a store");
    return ERR_OK;
}

/* A damaged file is found before it is written to. */
static enum err check_content(
    struct lite *l, const struct db_open *o, int64_t size, struct buf *why)
{
    int64_t sound = 0;
    if (o->reading || size > QUICK_CHECK_BYTES)
        return ERR_OK;
    static const char check[] = "SELECT quick_check = 'ok' FROM pragma_quick_check(1)";
    if (ask_int(l, check, &sound) != ERR_OK || !sound)
        return refuse(why, o->path, "is damaged: restore it from a backup");
    return ERR_OK;
}

static enum err prepare_fixed(struct lite *l)
{
    for (int i = 0; i < FIXED_COUNT; i++) {
        void *st;
        enum err e = lite_prepare(l, FIXED_TEXTS[i], &st);
        if (e != ERR_OK)
            return e;
        l->fixed[i] = st;
    }
    return ERR_OK;
}

static void engine_once(void)
{
    /* A global lock around every allocation's statistics would join all readers. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    ensure(sqlite3_initialize() == SQLITE_OK, "SQLite can't be initialised");
    vfs_name = sqlite_vfs_register();
}

static enum err open_handle(struct lite *l, const struct db_open *o, int64_t size, struct buf *why)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(o->path, &l->db, flags, vfs_name);
    if (rc != SQLITE_OK)
        return refuse(why, o->path, l->db ? sqlite3_errmsg(l->db) : sqlite3_errstr(rc));
    sqlite3_busy_timeout(l->db, BUSY_TIMEOUT_MS);
    enum err e = check_owner(l, o, why);
    if (e != ERR_OK)
        return e;
    if (configure(l->db, o->reading) != SQLITE_OK)
        return refuse_engine(l, o, why);
    e = check_content(l, o, size, why);
    if (e != ERR_OK)
        return e;
    if (prepare_fixed(l) != ERR_OK)
        return refuse(why, o->path, sqlite3_errmsg(l->db));
    l->checkpoint_at = CHECKPOINT_PAGES;
    sqlite3_wal_hook(l->db, committed, l);
    return ERR_OK;
}

static enum err lite_open(
    const struct db_engine *g, const struct db_open *o, struct buf *why, struct db **ret)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)g;
    pthread_once(&once, engine_once);
    int64_t size = 0;
    enum err e = look_at_file(o, why, &size);
    if (e != ERR_OK)
        return e;
    struct lite *l = mem_alloc(sizeof *l);
    l->path = mem_strdup(o->path);
    e = open_handle(l, o, size, why);
    if (e != ERR_OK) {
        lite_close(l);
        return e;
    }
    *ret = db_new(&LITE_OPS, l);
    return ERR_OK;
}

const struct db_engine db_sqlite_engine = {.open = lite_open, .migrations = migrations_sqlite};
