#include "store/db.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define SLOTS 1024 /* a power of two, well above the number of statements in the program */
#define COLUMNS_MAX 48

struct db_stmt {
    struct db *db;
    const struct db_sql *sql;
    void *h; /* NULL: not prepared */
    enum err err;
    bool busy;
    bool cached;
    int columns;
    int next_column; /* columns are mostly read in their order: where to look first */
    char *names[COLUMNS_MAX];
};

struct db {
    const struct db_ops *ops;
    void *conn;
    size_t used;
    struct db_stmt *slots[SLOTS];
};

struct db *db_new(const struct db_ops *ops, void *conn)
{
    struct db *db = mem_alloc(sizeof *db);
    db->ops = ops;
    db->conn = conn;
    return db;
}

const struct db_ops *db_ops_of(const struct db *db)
{
    return db->ops;
}

void *db_conn_of(const struct db *db)
{
    return db->conn;
}

static void stmt_free(struct db_stmt *st)
{
    if (st->h)
        st->db->ops->finalize(st->h);
    for (int i = 0; i < st->columns; i++)
        mem_free(st->names[i]);
    mem_free(st);
}

void db_forget(struct db *db)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (db->slots[i])
            stmt_free(db->slots[i]);
    mem_free(db);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    const struct db_ops *ops = db->ops;
    void *conn = db->conn;
    db_forget(db);
    ops->close(conn);
}

enum err db_begin(struct db *db, enum db_begin how)
{
    return db->ops->begin(db->conn, how);
}

int64_t db_began_ms(struct db *db)
{
    return db->ops->began_ms ? db->ops->began_ms(db->conn) : 0;
}

enum err db_commit(struct db *db)
{
    return db->ops->commit(db->conn);
}

void db_rollback(struct db *db)
{
    db->ops->rollback(db->conn);
}

enum err db_savepoint(struct db *db)
{
    return db->ops->savepoint(db->conn);
}

enum err db_release(struct db *db)
{
    return db->ops->release(db->conn);
}

enum err db_rollback_to(struct db *db)
{
    return db->ops->rollback_to(db->conn);
}

enum err db_script(struct db *db, const char *text)
{
    return db->ops->script(db->conn, text);
}

enum err db_has_table(struct db *db, const char *name, bool *ret)
{
    return db->ops->has_table(db->conn, name, ret);
}

void db_maintain(struct db *db)
{
    db->ops->maintain(db->conn);
}

bool db_has_arrays(const struct db *db)
{
    return db->ops->arrays && db->ops->arrays(db->conn);
}

void db_pieces(struct db *db)
{
    if (db->ops->pieces)
        db->ops->pieces(db->conn);
}

enum err db_backup(struct db *db, const char *to, struct buf *why)
{
    return db->ops->backup ? db->ops->backup(db->conn, to, why) : ERR_STATE;
}

enum err db_check(struct db *db, struct buf *why)
{
    return db->ops->check ? db->ops->check(db->conn, why) : ERR_OK;
}

static struct db_stmt **slot_of(struct db *db, const struct db_sql *sql)
{
    uint64_t x = (uint64_t)(uintptr_t)sql;
    size_t i = (size_t)((x >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 54);
    while (db->slots[i] && db->slots[i]->sql != sql)
        i = (i + 1) % SLOTS;
    return &db->slots[i];
}

static struct db_stmt *stmt_new(struct db *db, const struct db_sql *sql, bool cached)
{
    struct db_stmt *st = mem_alloc(sizeof *st);
    st->db = db;
    st->sql = sql;
    st->cached = cached;
    return st;
}

static void stmt_prepare(struct db_stmt *st)
{
    st->err = st->db->ops->prepare(st->db->conn, st->sql->text, &st->h);
    if (st->err != ERR_OK)
        return;
    st->columns = st->db->ops->column_count(st->h);
    ensure(st->columns <= COLUMNS_MAX, "a statement has more columns than fit");
    for (int i = 0; i < st->columns; i++)
        st->names[i] = mem_strdup(st->db->ops->column_name(st->h, i));
}

struct db_stmt *db_query(struct db *db, const struct db_sql *sql)
{
    struct db_stmt **slot = slot_of(db, sql);
    if (!*slot) {
        ensure(++db->used < SLOTS, "the statement cache is full");
        *slot = stmt_new(db, sql, true);
    }
    struct db_stmt *st = (*slot)->busy ? stmt_new(db, sql, false) : *slot;
    st->err = ERR_OK;
    st->busy = true;
    st->next_column = 0;
    if (!st->h)
        stmt_prepare(st);
    return st;
}

void db_int(struct db_stmt *st, int k, int64_t v)
{
    if (st->err == ERR_OK)
        st->err = st->db->ops->bind_int(st->h, k, v);
}

static void bind_null(struct db_stmt *st, int k)
{
    if (st->err == ERR_OK)
        st->err = st->db->ops->bind_null(st->h, k);
}

void db_opt(struct db_stmt *st, int k, int64_t v)
{
    if (v == 0)
        bind_null(st, k);
    else
        db_int(st, k, v);
}

static bool text_storable(struct str s)
{
    return utf8_valid(s) && str_find(s, '\0', 0) == s.n;
}

/* What no row can have is not looked for. */
static void text_refused(struct db_stmt *st)
{
    st->err = str_starts(str_from(st->sql->text), STR("SELECT")) ? ERR_NO_ROW : ERR_INVALID;
}

void db_text(struct db_stmt *st, int k, struct str s)
{
    if (str_absent(s))
        bind_null(st, k);
    else if (st->err == ERR_OK && !text_storable(s))
        text_refused(st);
    else if (st->err == ERR_OK)
        st->err = st->db->ops->bind_text(st->h, k, s);
}

void db_blob(struct db_stmt *st, int k, struct str s)
{
    if (str_absent(s))
        bind_null(st, k);
    else if (st->err == ERR_OK)
        st->err = st->db->ops->bind_blob(st->h, k, s);
}

enum err db_step(struct db_stmt *st)
{
    if (st->err == ERR_OK)
        st->err = st->db->ops->step(st->h);
    return st->err;
}

void db_end(struct db_stmt *st)
{
    if (st->h)
        st->db->ops->reset(st->h);
    st->busy = false;
    if (!st->cached)
        stmt_free(st);
}

enum err db_exec(struct db_stmt *st, int64_t *ret_changes)
{
    enum err e = db_step(st);
    while (e == ERR_OK)
        e = db_step(st);
    if (e == ERR_NO_ROW) {
        *ret_changes = st->db->ops->changes(st->h);
        e = ERR_OK;
    }
    db_end(st);
    return e;
}

enum err db_do(struct db_stmt *st)
{
    int64_t changes;
    return db_exec(st, &changes);
}

enum err db_do_one(struct db_stmt *st, enum err none)
{
    int64_t changes;
    enum err e = db_exec(st, &changes);
    if (e != ERR_OK)
        return e;
    return changes == 1 ? ERR_OK : none;
}

static int column_index(struct db_stmt *st, const char *name)
{
    int i = st->next_column;
    for (int n = 0; n < st->columns; n++, i++) {
        if (i >= st->columns)
            i = 0;
        if (strcmp(st->names[i], name) == 0) {
            st->next_column = i + 1;
            return i;
        }
    }
    ensure(false, "a statement lacks a column that is read");
    return -1;
}

bool db_col_null(struct db_stmt *st, const char *name)
{
    return st->db->ops->column_null(st->h, column_index(st, name));
}

int64_t db_col_int(struct db_stmt *st, const char *name)
{
    return st->db->ops->column_int(st->h, column_index(st, name));
}

struct str db_col_str(struct db_stmt *st, const char *name)
{
    int i = column_index(st, name);
    if (st->db->ops->column_null(st->h, i))
        return STR_ABSENT;
    return st->db->ops->column_bytes(st->h, i);
}
