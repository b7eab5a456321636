/* A row in every table that a SQLite store has, made of what the columns' definitions say. Header only. */
#ifndef KASSA_TESTS_EVERY_ROW_H
#define KASSA_TESTS_EVERY_ROW_H

#include "store/shape.h"
#include "store_fixture.h"

/* A statement that is made here: its address is its key, and lives as long as the test. */
static inline struct db_stmt *query(struct arena *texts, struct db *db, const char *text)
{
    struct db_sql *sql = arena_alloc(texts, sizeof *sql);
    sql->text = arena_copy(texts, str_from(text)).p;
    return db_query(db, sql);
}

static inline int64_t number(struct arena *texts, struct db *db, const char *text)
{
    struct db_stmt *st = query(texts, db, text);
    ok(db_step(st));
    int64_t n = db_col_int(st, "n");
    db_end(st);
    return n;
}

static inline int64_t count(struct arena *texts, struct db *db, const char *table)
{
    char text[128];
    snprintf(text, sizeof text, "SELECT COUNT(*) AS n FROM %s", table);
    return number(texts, db, text);
}

/* Rows that the columns' own words do not tell: what depends on another column, and values at their limits. */
static const struct {
    const char *table, *column, *value;
} SPECIAL[] = {
    {"certificate", "private_box", "NULL"},
    {"person", "merchant_id", "NULL"},
    {"audit_log", "before_json", "NULL"},
    {"payment", "final_at", "0"},
    {"payment", "description", "'\xE0\xA6\x9A\xE0\xA6\xBE, ''tea''\n\\. \xF0\x9F\x8D\xB5'"},
    {"payment", "customer_json", "NULL"},
    {"refund", "refund_trx_id", "NULL"},
    {"refund", "final_at", "0"},
    {"ledger_account", "balance", "-9223372036854775807"},
    {"posting", "amount", "9223372036854775807"},
    {"outbox_try", "reply", "x'00ff2c0a5c00'"},
    {"outbox_try", "error", "''"},
};

/* What a column's definition asks for: the first text that it lists, a length, a least number; else 1 and 'x', so that what refers
 * to a row refers to the only one. */
static inline void value_add(struct buf *b, const struct shape_table *t, int i, const char *sql)
{
    const struct shape_column *c = &t->columns[i];
    for (size_t k = 0; k < array_len(SPECIAL); k++)
        if (strcmp(SPECIAL[k].table, t->name) == 0 && strcmp(SPECIAL[k].column, c->name) == 0) {
            buf_cstr(b, SPECIAL[k].value);
            return;
        }
    char head[96];
    snprintf(head, sizeof head, "\n    %s ", c->name);
    const char *from = strstr(sql, head);
    assert_non_null(from);
    const char *to = strstr(from, ",\n    ");
    size_t n = to ? (size_t)(to - from) : strlen(from);
    const char *list = memmem(from, n, "'", 1), *length = memmem(from, n, ") = ", 4);
    const char *least = memmem(from, n, "BETWEEN ", 8);
    if (c->type == SHAPE_INT)
        buf_printf(b, "%s", least && least[8] == '1' && least[9] == '0' ? "10" : "1");
    else if (length)
        buf_printf(b, c->type == SHAPE_BLOB ? "zeroblob(%d)" : "printf('%%0%dd', 7)",
            (int)strtol(length + 4, NULL, 10));
    else if (list && c->type == SHAPE_TEXT)
        buf_printf(b, "%.*s", (int)(strchr(list + 1, '\'') - list + 1), list);
    else
        buf_cstr(b, c->type == SHAPE_BLOB ? "x'00fe'" : "'x'");
}

static inline void row_make(struct arena *texts, struct db *db, const struct shape_table *t)
{
    char text[160];
    struct buf b;
    buf_init(&b, 65536);
    snprintf(text, sizeof text, "SELECT sql FROM sqlite_schema WHERE name = '%s'", t->name);
    struct db_stmt *st = query(texts, db, text);
    ok(db_step(st));
    struct str sql = arena_copy(texts, db_col_str(st, "sql"));
    db_end(st);
    buf_printf(&b, "INSERT INTO %s (", t->name);
    shape_columns_add(t, &b);
    buf_cstr(&b, ") VALUES (");
    for (int i = 0; i < t->column_count; i++) {
        buf_cstr(&b, i > 0 ? ", " : "");
        value_add(&b, t, i, sql.p);
    }
    buf_cstr(&b, ")");
    if (db_script(db, b.p) != ERR_OK)
        fail_msg("table %s: what its columns say is not all that it asks for: add to SPECIAL: %s",
            t->name, b.p);
    buf_clear(&b);
}

/* A job (store_fixture.h); its argument is an arena. */
static inline enum err rows_make(void *arg, struct tx *tx)
{
    struct arena *texts = arg;
    struct db *db = tx_db(tx);
    struct buf why;
    buf_init(&why, 1024);
    struct shape *s = mem_alloc(sizeof *s);
    ok(db_ops_of(db)->shape(db_conn_of(db), &why, s));
    ok(shape_sort(s));
    for (int i = 0; i < s->table_count; i++)
        if (count(texts, db, s->tables[i].name) == 0)
            row_make(texts, db, &s->tables[i]);
    mem_free(s);
    buf_clear(&why);
    return ERR_OK;
}

#endif
