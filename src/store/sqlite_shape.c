#include "store/sqlite_shape.h"

#include <stdio.h>
#include <string.h>

#define TABLES                                                                                     \
    " FROM sqlite_schema AS t JOIN %s(t.name) AS x WHERE t.type = 'table'"                         \
    " AND t.name NOT LIKE 'sqlite_%%' ORDER BY t.rowid"

typedef enum err (*row_fn)(sqlite3_stmt *st, struct shape *s);

static const char *text_of(sqlite3_stmt *st, int i)
{
    const char *text = (const char *)sqlite3_column_text(st, i);
    return text ? text : "";
}

static enum err name_set(char to[SHAPE_NAME_MAX], const char *name)
{
    return snprintf(to, SHAPE_NAME_MAX, "%s", name) < SHAPE_NAME_MAX ? ERR_OK : ERR_LIMIT;
}

static enum err type_of(const char *text, enum shape_type *ret)
{
    static const struct {
        const char *name;
        enum shape_type type;
    } types[] = {{"INTEGER", SHAPE_INT}, {"TEXT", SHAPE_TEXT}, {"BLOB", SHAPE_BLOB}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(text, types[i].name) == 0) {
            *ret = types[i].type;
            return ERR_OK;
        }
    return ERR_STATE;
}

static enum err table_add(struct shape *s, const char *name, struct shape_table **ret)
{
    struct shape_table *t = s->table_count > 0 ? &s->tables[s->table_count - 1] : NULL;
    if (!t || strcmp(t->name, name) != 0) {
        if (s->table_count == SHAPE_TABLES_MAX)
            return ERR_LIMIT;
        t = &s->tables[s->table_count++];
        *t = (struct shape_table){.column_count = 0};
    }
    *ret = t;
    return name_set(t->name, name);
}

/* table, column, type, place in the key */
static enum err column_add(sqlite3_stmt *st, struct shape *s)
{
    struct shape_table *t;
    enum err e = table_add(s, text_of(st, 0), &t);
    if (e != ERR_OK || t->column_count == SHAPE_COLUMNS_MAX)
        return ERR_LIMIT;
    struct shape_column *c = &t->columns[t->column_count++];
    c->key = sqlite3_column_int(st, 3);
    t->key_count += c->key > 0;
    e = name_set(c->name, text_of(st, 1));
    return e == ERR_OK ? type_of(text_of(st, 2), &c->type) : e;
}

/* table, the table that it refers to */
static enum err reference_add(sqlite3_stmt *st, struct shape *s)
{
    struct shape_table *from = shape_table_find(s, text_of(st, 0));
    struct shape_table *to = shape_table_find(s, text_of(st, 1));
    if (!from || !to)
        return ERR_STATE;
    from->after[to - s->tables] = true;
    return ERR_OK;
}

static enum err each(sqlite3 *db, const char *text, row_fn fn, struct shape *s, struct buf *why)
{
    sqlite3_stmt *st = NULL;
    enum err e = ERR_OK;
    int rc = sqlite3_prepare_v2(db, text, -1, &st, NULL);
    while (rc == SQLITE_OK && e == ERR_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        e = fn(st, s);
        if (e != ERR_OK)
            buf_printf(why, "table %s has something that is no store's: %s", text_of(st, 0),
                text_of(st, 1));
        rc = SQLITE_OK;
    }
    if (e == ERR_OK && rc != SQLITE_DONE) {
        buf_printf(why, "the tables can't be listed: %s", sqlite3_errmsg(db));
        e = ERR_STORE_IO;
    }
    sqlite3_finalize(st);
    return e;
}

enum err sqlite_shape(sqlite3 *db, struct buf *why, struct shape *ret)
{
    char columns[512], references[512];
    snprintf(columns, sizeof columns, "SELECT t.name, x.name, x.type, x.pk" TABLES ", x.cid",
        "pragma_table_info");
    snprintf(references, sizeof references, "SELECT t.name, x.\"table\"" TABLES,
        "pragma_foreign_key_list");
    ret->table_count = 0;
    enum err e = each(db, columns, column_add, ret, why);
    if (e == ERR_OK)
        e = each(db, references, reference_add, ret, why);
    for (int i = 0; e == ERR_OK && i < ret->table_count; i++)
        if (ret->tables[i].key_count == 0) {
            buf_printf(why, "table %s has no primary key", ret->tables[i].name);
            e = ERR_STATE;
        }
    return e;
}
