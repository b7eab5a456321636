#include "store/move.h"

#include "base/mem.h"
#include "base/store_path.h"
#include "store/migrate.h"
#include "store/move_copy.h"
#include "store/move_mark.h"
#include <string.h>

struct store_move {
    struct db *from, *to;
    struct move_copy copy;
    struct move_mark mark; /* what the file said before */
    bool marked; /* the file is marked by this run, or may be freed of an earlier run's mark */
    bool made;
};

/* A program that has the file open still, a command that was typed before, does not look for the mark again. */
static const char KEEP_OUT[] =
    "CREATE TRIGGER IF NOT EXISTS moved_audit BEFORE INSERT ON audit_log"
    " BEGIN SELECT RAISE(ABORT, 'the books are not kept here any more'); END;"
    "CREATE TRIGGER IF NOT EXISTS moved_id_block BEFORE UPDATE ON id_block"
    " BEGIN SELECT RAISE(ABORT, 'the books are not kept here any more'); END;";
static const char LET_IN[] =
    "DROP TRIGGER IF EXISTS moved_audit; DROP TRIGGER IF EXISTS moved_id_block";

static enum err failed(struct buf *why, const char *what, enum err e)
{
    if (e != ERR_OK && why->n == 0)
        buf_printf(why, "%s (%s)", what, err_name(e));
    return e == ERR_OK || e == ERR_STATE ? e : ERR_IO;
}

static enum err refuse(struct buf *why, const char *text)
{
    buf_cstr(why, text);
    return ERR_STATE;
}

/* Ends the transaction, whatever becomes of it. */
static enum err end(struct db *db, enum err e)
{
    if (e == ERR_OK)
        e = db_commit(db);
    if (e != ERR_OK)
        db_rollback(db);
    return e;
}

static enum err file_mark(struct db *db, const struct move_mark *m)
{
    enum err e = move_mark_write(db, m);
    return e == ERR_OK ? db_script(db, m->state == MOVE_NONE ? LET_IN : KEEP_OUT) : e;
}

static enum err file_mark_alone(struct db *db, const struct move_mark *m)
{
    enum err e = db_begin(db, DB_BEGIN_WRITE);
    return e == ERR_OK ? end(db, file_mark(db, m)) : e;
}

/* ---- opening ---- */

static enum err schema_check(struct db *db, struct buf *why)
{
    struct migrate_state s;
    enum err e = migrate_look(db, db_sqlite_engine.migrations, why, &s);
    if (e != ERR_OK)
        return failed(why, "the store's schema can't be read", e);
    if (s.have != s.want)
        return refuse(why, "the store's schema is not this program's: \"kassa migrate\" first");
    return ERR_OK;
}

static enum err from_open(struct store_move *m, const char *path, struct buf *why)
{
    const struct db_engine *g = &db_sqlite_engine;
    if (store_path_is_server(path))
        return refuse(why, "store.path is a server already: only a SQLite file is moved");
    enum err e = g->open(g, &(struct db_open){.path = path}, why, &m->from);
    if (e == ERR_OK)
        e = schema_check(m->from, why);
    if (e == ERR_OK)
        e = move_mark_read(m->from, &m->mark);
    return failed(why, "the store can't be read", e);
}

/* In a writer's transaction, which waits for one that an earlier run may have left behind. */
static enum err to_open(struct store_move *m, const char *path, struct buf *why)
{
    const struct db_engine *g = &db_pg_engine;
    if (!store_path_is_server(path))
        return refuse(why, "the target must be postgresql://user@host:port/database");
    enum err e = g->open(g, &(struct db_open){.path = path, .create = true}, why, &m->to);
    if (e == ERR_OK)
        e = db_begin(m->to, DB_BEGIN_WRITE);
    if (e == ERR_OK)
        e = db_ops_of(m->to)->bulk->prepare(db_conn_of(m->to));
    return failed(why, "the database can't be written, or another program is writing there", e);
}

/* ---- moving ---- */

static enum err target_look(struct store_move *m, struct buf *why)
{
    char origin[MOVE_ID_LEN + 1];
    bool has = false;
    enum err e = db_has_table(m->to, "schema_version", &has);
    if (e == ERR_OK)
        e = move_origin_read(m->to, origin);
    if (e != ERR_OK)
        return failed(why, "the database can't be read", e);
    m->made = has && m->mark.state == MOVE_BEGUN && strcmp(origin, m->mark.id) == 0;
    if (has && !m->made)
        return refuse(why, "the database holds a store already: name an empty one");
    return ERR_OK;
}

static enum err copy(struct store_move *m, const struct clock *clock, struct buf *why)
{
    struct move_mark begun = {.state = MOVE_BEGUN};
    move_id_new(begun.id);
    m->marked = true;
    enum err e = file_mark_alone(m->from, &begun);
    m->mark = begun;
    if (e == ERR_OK)
        e = db_begin(m->from, DB_BEGIN_WRITE);
    if (e != ERR_OK)
        return failed(why, "the file can't be written, or another program is writing there", e);
    e = migrate_create(m->to, db_pg_engine.migrations, clock_now_ms(clock));
    if (e != ERR_OK)
        return failed(why, "the tables can't be made there", e);
    e = move_copy_init(&m->copy, m->from, m->to, why);
    return e == ERR_OK ? move_copy_run(&m->copy, why) : e;
}

enum err store_move_begin(
    const struct store_move_options *o, struct buf *why, struct store_move **ret)
{
    struct store_move *m = mem_alloc(sizeof *m);
    enum err e = from_open(m, o->from, why);
    if (e == ERR_OK && m->mark.state == MOVE_GONE)
        e = refuse(why, "the store was moved already");
    if (e == ERR_OK)
        e = to_open(m, o->to, why);
    if (e == ERR_OK)
        e = target_look(m, why);
    if (e == ERR_OK && m->made)
        db_rollback(m->to);
    else if (e == ERR_OK)
        e = copy(m, o->clock, why);
    if (e != ERR_OK) {
        store_move_drop(m);
        return e;
    }
    *ret = m;
    return ERR_OK;
}

bool store_move_was_made(const struct store_move *m)
{
    return m->made;
}

struct db *store_move_from(struct store_move *m)
{
    return m->from;
}

struct db *store_move_to(struct store_move *m)
{
    return m->to;
}

void store_move_each(const struct store_move *m, store_move_fn fn, void *arg)
{
    for (int i = 0; i < m->copy.shape.table_count; i++) {
        struct store_move_table t = {.name = m->copy.shape.tables[i].name,
            .rows = m->copy.tables[i].from.rows,
            .digest = m->copy.tables[i].hex};
        fn(arg, &t);
    }
}

static void move_free(struct store_move *m)
{
    db_close(m->to);
    db_close(m->from);
    move_copy_clear(&m->copy);
    mem_free(m);
}

void store_move_drop(struct store_move *m)
{
    struct move_mark none = {.state = MOVE_NONE};
    if (m->to)
        db_rollback(m->to);
    if (m->from)
        db_rollback(m->from);
    /* If this fails, the next program that opens the file says what to do. */
    if (m->marked && file_mark_alone(m->from, &none) != ERR_OK)
        m->marked = false;
    move_free(m);
}

static enum err target_finish(struct store_move *m)
{
    enum err e = move_mark_write(m->to, &(struct move_mark){.state = MOVE_NONE});
    return e == ERR_OK ? move_origin_write(m->to, m->mark.id) : e;
}

enum err store_move_finish(struct store_move *m, struct buf *why)
{
    enum err e = m->made ? ERR_OK : target_finish(m);
    if (e != ERR_OK) {
        store_move_drop(m);
        return failed(why, "the database can't be written: nothing was moved", e);
    }
    if (!m->made && db_commit(m->to) != ERR_OK) {
        buf_cstr(why,
            "whether the database has taken it is not known: run the same command again, it"
            " finds out");
        move_free(m);
        return ERR_IO;
    }
    m->mark.state = MOVE_GONE;
    e = m->made ? db_begin(m->from, DB_BEGIN_WRITE) : ERR_OK;
    if (e == ERR_OK)
        e = end(m->from, file_mark(m->from, &m->mark));
    move_free(m);
    return failed(why,
        "the books are in the database now, but the file can't be marked: run the same"
        " command again",
        e);
}

/* ---- the way back ---- */

static enum err target_unused(struct store_move *m, struct buf *why)
{
    int64_t others = 0;
    char origin[MOVE_ID_LEN + 1];
    enum err e = db_ops_of(m->to)->bulk->others(db_conn_of(m->to), &others);
    if (e == ERR_OK)
        e = move_origin_read(m->to, origin);
    if (e != ERR_OK)
        return failed(why, "the database can't be read", e);
    if (others > 0)
        return refuse(
            why, "kassad, or another program, is connected to the database: stop it first");
    if (strcmp(origin, m->mark.id) != 0)
        return refuse(why, "the database is not the one that this store was moved to");
    e = db_begin(m->from, DB_BEGIN_READ);
    if (e == ERR_OK)
        e = move_copy_init(&m->copy, m->from, m->to, why);
    if (e == ERR_OK)
        e = move_copy_same(&m->copy, why);
    db_rollback(m->from);
    if (e == ERR_STATE)
        buf_cstr(why, ": the database has been in use since, and what it took is not here");
    return failed(why, "the stores can't be compared", e);
}

/* Without tables nothing came there. */
static enum err target_leave(struct store_move *m, struct buf *why)
{
    bool has = false;
    enum err e = db_has_table(m->to, "schema_version", &has);
    if (e != ERR_OK)
        return failed(why, "the database can't be read", e);
    if (!has && m->mark.state == MOVE_GONE)
        return refuse(why, "the database is empty: it is not the one that this store was moved to");
    if (!has)
        return ERR_OK;
    e = target_unused(m, why);
    struct move_mark gone = m->mark;
    gone.state = MOVE_GONE;
    if (e == ERR_OK)
        e = end(m->to, move_mark_write(m->to, &gone));
    return failed(why, "the database can't be marked", e);
}

enum err store_move_undo(const struct store_move_options *o, struct buf *why)
{
    struct store_move *m = mem_alloc(sizeof *m);
    enum err e = from_open(m, o->from, why);
    if (e == ERR_OK && m->mark.state == MOVE_NONE)
        e = refuse(why, "the store was not moved");
    if (e == ERR_OK && o->to)
        e = to_open(m, o->to, why);
    if (e == ERR_OK && o->to)
        e = target_leave(m, why);
    if (e == ERR_OK)
        e = failed(why, "the file can't be marked",
            file_mark_alone(m->from, &(struct move_mark){.state = MOVE_NONE}));
    if (m->to)
        db_rollback(m->to);
    move_free(m);
    return e;
}
