#include "store/move_copy.h"

#include "base/mem.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

/* The server checks the references of a piece at its end, and remembers them until then. */
#define PIECE_ROWS 20000
#define PIECE_BYTES ((size_t)64 * 1024)
#define ROW_MAX ((size_t)64 * 1024 * 1024)

static void digest_row(struct digest *d, struct str row)
{
    uint8_t both[2 * SHA256_LEN];
    memcpy(both, d->sum, SHA256_LEN);
    sha256(row.p, row.n, both + SHA256_LEN);
    sha256(both, sizeof both, d->sum);
    d->rows++;
}

static enum err digest_add(void *arg, struct str row)
{
    digest_row(arg, row);
    return ERR_OK;
}

/* ---- one table ---- */

static char *text_of(struct buf *b)
{
    size_t n;
    return buf_take(b, &n);
}

static void texts_make(struct moved *m, const struct shape_table *t)
{
    struct buf b;
    buf_init(&b, 8192);
    buf_cstr(&b, "SELECT ");
    shape_columns_add(t, &b);
    buf_printf(&b, " FROM %s ORDER BY ", t->name);
    shape_key_add(t, &b);
    m->select.text = text_of(&b);
    buf_printf(&b, "DELETE FROM %s", t->name);
    m->clear.text = text_of(&b);
    buf_clear(&b);
}

/* What is collected goes out in pieces, each a COPY of its own. */
struct load {
    struct db *to; /* NULL: it is added up only */
    const struct shape_table *t;
    struct buf rows;
    int64_t count; /* in the COPY that is open; 0: none is */
};

static enum err load_flush(struct load *l)
{
    enum err e = ERR_OK;
    if (l->to)
        e = db_ops_of(l->to)->bulk->rows(db_conn_of(l->to), buf_view(&l->rows));
    buf_reset(&l->rows);
    return e;
}

static enum err load_end(struct load *l)
{
    if (l->count == 0)
        return ERR_OK;
    l->count = 0;
    enum err e = load_flush(l);
    return e == ERR_OK && l->to ? db_ops_of(l->to)->bulk->end(db_conn_of(l->to)) : e;
}

static enum err load_row(struct load *l, struct db_stmt *st, struct digest *d)
{
    enum err e = ERR_OK;
    if (l->count == 0 && l->to)
        e = db_ops_of(l->to)->bulk->load(db_conn_of(l->to), l->t);
    if (e != ERR_OK)
        return e;
    size_t before = l->rows.n;
    l->count++;
    shape_row_add(l->t, st, &l->rows);
    if (!buf_ok(&l->rows))
        return ERR_LIMIT;
    digest_row(d, (struct str){l->rows.p + before, l->rows.n - before});
    if (l->count == PIECE_ROWS)
        return load_end(l);
    return l->rows.n >= PIECE_BYTES ? load_flush(l) : ERR_OK;
}

static enum err table_read(struct move_copy *c, int i, struct db *to)
{
    struct load l = {.to = to, .t = &c->shape.tables[i]};
    buf_init(&l.rows, ROW_MAX);
    struct db_stmt *st = db_query(c->from, &c->tables[i].select);
    enum err e;
    while ((e = db_step(st)) == ERR_OK) {
        e = load_row(&l, st, &c->tables[i].from);
        if (e != ERR_OK)
            break;
    }
    db_end(st);
    if (e == ERR_NO_ROW)
        e = load_end(&l);
    buf_clear(&l.rows);
    return e;
}

static enum err table_compare(struct move_copy *c, int i, struct buf *why)
{
    struct moved *t = &c->tables[i];
    const struct shape_table *shape = &c->shape.tables[i];
    enum err e = db_ops_of(c->to)->bulk->unload(db_conn_of(c->to), shape, digest_add, &t->to);
    if (e != ERR_OK)
        return e;
    if (t->from.rows != t->to.rows || memcmp(t->from.sum, t->to.sum, SHA256_LEN) != 0) {
        buf_printf(why, "table %s is not the same there: %lld rows here, %lld there", shape->name,
            (long long)t->from.rows, (long long)t->to.rows);
        return ERR_STORE_IO;
    }
    struct buf hex;
    buf_init(&hex, sizeof t->hex);
    hex_encode(&hex, t->to.sum, SHA256_LEN);
    memcpy(t->hex, hex.p, sizeof t->hex);
    buf_clear(&hex);
    return ERR_OK;
}

/* ---- the whole ---- */

static enum err step(struct buf *why, const char *what, const char *table, enum err e)
{
    if (e != ERR_OK && why->n == 0)
        buf_printf(why, "%s%s%s: %s", what, table ? " " : "", table ? table : "", err_name(e));
    return e == ERR_OK || e == ERR_STATE ? e : ERR_IO;
}

/* The schema's own first rows give way to the store's. */
static enum err tables_clear(struct move_copy *c, struct buf *why)
{
    for (int i = c->shape.table_count - 1; i >= 0; i--) {
        enum err e = db_do(db_query(c->to, &c->tables[i].clear));
        if (e != ERR_OK)
            return step(why, "can't empty", c->shape.tables[i].name, e);
    }
    return ERR_OK;
}

/* The server knows nothing of the new rows yet. */
static enum err table_analyze(struct move_copy *c, int i)
{
    char text[SHAPE_NAME_MAX + 16];
    snprintf(text, sizeof text, "ANALYZE %s", c->shape.tables[i].name);
    return db_script(c->to, text);
}

enum err move_copy_run(struct move_copy *c, struct buf *why)
{
    enum err e = tables_clear(c, why);
    for (int i = 0; e == ERR_OK && i < c->shape.table_count; i++)
        e = step(why, "can't copy", c->shape.tables[i].name, table_read(c, i, c->to));
    for (int i = 0; e == ERR_OK && i < c->shape.table_count; i++)
        e = step(why, "can't compare", c->shape.tables[i].name, table_compare(c, i, why));
    for (int i = 0; e == ERR_OK && i < c->shape.table_count; i++)
        e = step(why, "can't analyze", c->shape.tables[i].name, table_analyze(c, i));
    return e;
}

enum err move_copy_init(struct move_copy *c, struct db *from, struct db *to, struct buf *why)
{
    const struct db_ops *ops = db_ops_of(from);
    c->from = from;
    c->to = to;
    enum err e = ops->shape(db_conn_of(from), why, &c->shape);
    if (e == ERR_OK)
        e = shape_sort(&c->shape);
    if (e != ERR_OK)
        return step(why, "the store's tables", NULL, e);
    c->tables = mem_array((size_t)c->shape.table_count, sizeof *c->tables);
    for (int i = 0; i < c->shape.table_count; i++)
        texts_make(&c->tables[i], &c->shape.tables[i]);
    return ERR_OK;
}

void move_copy_clear(struct move_copy *c)
{
    for (int i = 0; c->tables && i < c->shape.table_count; i++) {
        mem_free((char *)(uintptr_t)c->tables[i].select.text);
        mem_free((char *)(uintptr_t)c->tables[i].clear.text);
    }
    mem_free(c->tables);
    c->tables = NULL;
}

enum err move_copy_same(struct move_copy *c, struct buf *why)
{
    enum err e = ERR_OK;
    for (int i = 0; e == ERR_OK && i < c->shape.table_count; i++) {
        const char *name = c->shape.tables[i].name;
        if (strcmp(name, "setting") == 0)
            continue;
        e = step(why, "can't read", name, table_read(c, i, NULL));
        if (e == ERR_OK)
            e = table_compare(c, i, why);
        if (e == ERR_STORE_IO && why->n > 0)
            e = ERR_STATE;
        else
            e = step(why, "can't compare", name, e);
    }
    return e;
}
