#include "store/db_fault.h"

#include "base/clock.h"
#include "base/mem.h"

struct fault_conn {
    struct db_fault *f; /* NULL: a reader's */
    struct db_fault *of;
    const struct db_ops *ops;
    void *conn;
};

struct fault_stmt {
    struct fault_conn *c;
    void *st;
    const char *text;
    bool stepped;
};

/* Counts; true when it is this one's turn to fail. */
static bool strikes(struct fault_conn *c, enum fault_point p)
{
    struct db_fault *f = c->f;
    if (!f)
        return false;
    atomic_fetch_add(&f->count[p], 1);
    int64_t left = atomic_load(&f->fail_in[p]);
    if (left == 0)
        return false;
    if (left > 1)
        atomic_store(&f->fail_in[p], left - 1);
    else if (!atomic_load(&f->sticky))
        atomic_store(&f->fail_in[p], 0);
    return left == 1;
}

static void fault_close(void *conn)
{
    struct fault_conn *c = conn;
    c->ops->close(c->conn);
    mem_free(c);
}

static enum err fault_begin(void *conn, enum db_begin how)
{
    struct fault_conn *c = conn;
    if (!c->f && atomic_load(&c->of->silent))
        return ERR_STORE_IO;
    return strikes(c, FAULT_BEGIN) ? c->f->error : c->ops->begin(c->conn, how);
}

static enum err fault_commit(void *conn)
{
    struct fault_conn *c = conn;
    if (!strikes(c, FAULT_COMMIT))
        return c->ops->commit(c->conn);
    enum err e = c->f->commit_lands ? c->ops->commit(c->conn) : ERR_OK;
    return e == ERR_OK ? c->f->error : e;
}

static void fault_rollback(void *conn)
{
    struct fault_conn *c = conn;
    c->ops->rollback(c->conn);
}

static int64_t fault_began_ms(void *conn)
{
    struct fault_conn *c = conn;
    int64_t apart = atomic_load(&c->of->clock_apart_ms);
    int64_t now = c->ops->began_ms ? c->ops->began_ms(c->conn) : 0;
    struct clock machine;
    clock_init(&machine);
    if (apart != 0 && now == 0)
        now = clock_now_ms(&machine);
    return now + apart;
}

static enum err fault_savepoint(void *conn)
{
    struct fault_conn *c = conn;
    return strikes(c, FAULT_SAVEPOINT) ? c->f->error : c->ops->savepoint(c->conn);
}

static enum err fault_release(void *conn)
{
    struct fault_conn *c = conn;
    return strikes(c, FAULT_RELEASE) ? c->f->error : c->ops->release(c->conn);
}

static enum err fault_rollback_to(void *conn)
{
    struct fault_conn *c = conn;
    return c->ops->rollback_to(c->conn);
}

static enum err fault_script(void *conn, const char *text)
{
    struct fault_conn *c = conn;
    return c->ops->script(c->conn, text);
}

static enum err fault_has_table(void *conn, const char *name, bool *ret)
{
    struct fault_conn *c = conn;
    return c->ops->has_table(c->conn, name, ret);
}

static void fault_maintain(void *conn)
{
    struct fault_conn *c = conn;
    c->ops->maintain(c->conn);
}

static bool fault_arrays(void *conn)
{
    struct fault_conn *c = conn;
    return c->ops->arrays && c->ops->arrays(c->conn);
}

static enum err fault_prepare(void *conn, const char *text, void **ret)
{
    struct fault_conn *c = conn;
    void *st;
    enum err e = c->ops->prepare(c->conn, text, &st);
    if (e != ERR_OK)
        return e;
    struct fault_stmt *s = mem_alloc(sizeof *s);
    *s = (struct fault_stmt){.c = c, .st = st, .text = text};
    *ret = s;
    return ERR_OK;
}

static void fault_finalize(void *stmt)
{
    struct fault_stmt *s = stmt;
    s->c->ops->finalize(s->st);
    mem_free(s);
}

static enum err fault_bind_int(void *stmt, int k, int64_t v)
{
    struct fault_stmt *s = stmt;
    return s->c->ops->bind_int(s->st, k, v);
}

static enum err fault_bind_text(void *stmt, int k, struct str v)
{
    struct fault_stmt *s = stmt;
    return s->c->ops->bind_text(s->st, k, v);
}

static enum err fault_bind_blob(void *stmt, int k, struct str v)
{
    struct fault_stmt *s = stmt;
    return s->c->ops->bind_blob(s->st, k, v);
}

static enum err fault_bind_null(void *stmt, int k)
{
    struct fault_stmt *s = stmt;
    return s->c->ops->bind_null(s->st, k);
}

static enum err fault_step(void *stmt)
{
    struct fault_stmt *s = stmt;
    struct db_fault *f = s->c->f;
    if (f && f->trace && !s->stepped)
        f->trace(f->trace_arg, s->text);
    s->stepped = true;
    return strikes(s->c, FAULT_STEP) ? f->error : s->c->ops->step(s->st);
}

static void fault_reset(void *stmt)
{
    struct fault_stmt *s = stmt;
    s->stepped = false;
    s->c->ops->reset(s->st);
}

static int64_t fault_changes(void *stmt)
{
    struct fault_stmt *s = stmt;
    return s->c->ops->changes(s->st);
}

static int fault_column_count(void *stmt)
{
    struct fault_stmt *s = stmt;
    return s->c->ops->column_count(s->st);
}

static const char *fault_column_name(void *stmt, int i)
{
    struct fault_stmt *s = stmt;
    return s->c->ops->column_name(s->st, i);
}

static bool fault_column_null(void *stmt, int i)
{
    struct fault_stmt *s = stmt;
    return s->c->ops->column_null(s->st, i);
}

static int64_t fault_column_int(void *stmt, int i)
{
    struct fault_stmt *s = stmt;
    return s->c->ops->column_int(s->st, i);
}

static struct str fault_column_bytes(void *stmt, int i)
{
    struct fault_stmt *s = stmt;
    return s->c->ops->column_bytes(s->st, i);
}

static const struct db_ops FAULT_OPS = {
    .name = "fault",
    .close = fault_close,
    .begin = fault_begin,
    .began_ms = fault_began_ms,
    .commit = fault_commit,
    .rollback = fault_rollback,
    .savepoint = fault_savepoint,
    .release = fault_release,
    .rollback_to = fault_rollback_to,
    .script = fault_script,
    .has_table = fault_has_table,
    .maintain = fault_maintain,
    .arrays = fault_arrays,
    .prepare = fault_prepare,
    .finalize = fault_finalize,
    .bind_int = fault_bind_int,
    .bind_text = fault_bind_text,
    .bind_blob = fault_bind_blob,
    .bind_null = fault_bind_null,
    .step = fault_step,
    .reset = fault_reset,
    .changes = fault_changes,
    .column_count = fault_column_count,
    .column_name = fault_column_name,
    .column_null = fault_column_null,
    .column_int = fault_column_int,
    .column_bytes = fault_column_bytes,
};

static enum err fault_open(
    const struct db_engine *g, const struct db_open *o, struct buf *why, struct db **ret)
{
    /* `engine` is the first member, and is handed out only as a part of it. */
    struct db_fault *f = (struct db_fault *)(uintptr_t)g;
    struct db *inner;
    enum err e = f->inner->open(f->inner, o, why, &inner);
    if (e != ERR_OK)
        return e;
    struct fault_conn *c = mem_alloc(sizeof *c);
    c->f = o->reading ? NULL : f;
    c->of = f;
    c->ops = db_ops_of(inner);
    c->conn = db_conn_of(inner);
    db_forget(inner);
    *ret = db_new(&FAULT_OPS, c);
    return ERR_OK;
}

void db_fault_init(struct db_fault *f, const struct db_engine *inner)
{
    *f = (struct db_fault){.inner = inner};
    f->engine = (struct db_engine){.open = fault_open, .migrations = inner->migrations};
}

void db_fault_arm(struct db_fault *f, enum fault_point p, int64_t nth, enum err error, bool sticky)
{
    f->error = error;
    atomic_store(&f->sticky, sticky);
    atomic_store(&f->fail_in[p], nth);
}

void db_fault_clear(struct db_fault *f)
{
    for (int p = 0; p < FAULT_POINTS; p++)
        atomic_store(&f->fail_in[p], 0);
}
