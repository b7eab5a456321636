#include "store/shape.h"

#include "base/mem.h"
#include "store/pg_value.h"
#include <string.h>

struct shape_table *shape_table_find(struct shape *s, const char *name)
{
    for (int i = 0; i < s->table_count; i++)
        if (strcmp(s->tables[i].name, name) == 0)
            return &s->tables[i];
    return NULL;
}

static bool may_follow(const struct shape *s, int table, const bool placed[SHAPE_TABLES_MAX])
{
    for (int i = 0; i < s->table_count; i++)
        if (s->tables[table].after[i] && i != table && !placed[i])
            return false;
    return true;
}

/* The tables of an order, with what they refer to numbered anew. */
static void reorder(struct shape *s, const int order[SHAPE_TABLES_MAX])
{
    struct shape *old = mem_alloc(sizeof *old);
    *old = *s;
    for (int i = 0; i < s->table_count; i++) {
        s->tables[i] = old->tables[order[i]];
        for (int k = 0; k < s->table_count; k++)
            s->tables[i].after[k] = old->tables[order[i]].after[order[k]];
    }
    mem_free(old);
}

enum err shape_sort(struct shape *s)
{
    int order[SHAPE_TABLES_MAX], count = 0;
    bool placed[SHAPE_TABLES_MAX] = {false};
    while (count < s->table_count) {
        int before = count;
        for (int i = 0; i < s->table_count; i++)
            if (!placed[i] && may_follow(s, i, placed)) {
                placed[i] = true;
                order[count++] = i;
            }
        if (count == before)
            return ERR_STATE;
    }
    reorder(s, order);
    return ERR_OK;
}

void shape_columns_add(const struct shape_table *t, struct buf *b)
{
    for (int i = 0; i < t->column_count; i++)
        buf_printf(b, "%s%s", i > 0 ? ", " : "", t->columns[i].name);
}

void shape_key_add(const struct shape_table *t, struct buf *b)
{
    for (int key = 1; key <= t->key_count; key++)
        for (int i = 0; i < t->column_count; i++)
            if (t->columns[i].key == key)
                buf_printf(b, "%s%s", key > 1 ? ", " : "", t->columns[i].name);
}

static void number_add(struct buf *b, int64_t v, size_t bytes)
{
    char raw[8];
    pg_int8_put(v, raw);
    buf_add(b, raw + sizeof raw - bytes, bytes);
}

void shape_row_add(const struct shape_table *t, struct db_stmt *st, struct buf *b)
{
    number_add(b, t->column_count, 2);
    for (int i = 0; i < t->column_count; i++) {
        const char *name = t->columns[i].name;
        if (db_col_null(st, name)) {
            number_add(b, -1, 4);
        } else if (t->columns[i].type == SHAPE_INT) {
            number_add(b, 8, 4);
            number_add(b, db_col_int(st, name), 8);
        } else {
            struct str s = db_col_str(st, name);
            number_add(b, (int64_t)s.n, 4);
            buf_str(b, s);
        }
    }
}
