/* What SQLite alone costs: the rows that creates left in a store, written to an empty file with the same tables and indexes, as
 * durably, with so many payments a commit. Nothing here names a column, so it stays true when the schema changes: written are
 * the tables that have a row for each payment. */
#include "base/mem.h"
#include "bench.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define TABLES_MAX 8
#define SQL_MAX 4096
/* Pages in the log before they are copied into the file: the store's own number. */
#define CHECKPOINT_PAGES 4000

struct table {
    char name[64];
    int columns;
    sqlite3_value **cells; /* of all rows, one row behind the other */
    sqlite3_stmt *insert;
};

struct copy {
    sqlite3 *from, *to;
    struct table tables[TABLES_MAX];
    int count;
    int64_t rows, batch;
};

static void need(sqlite3 *db, bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench: %s: %s\n", what, sqlite3_errmsg(db));
        _exit(1);
    }
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    need(db, sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK, sql);
    return st;
}

static void execute(sqlite3 *db, const char *sql)
{
    need(db, sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, sql);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = prepare(db, sql);
    need(db, sqlite3_step(st) == SQLITE_ROW, sql);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

/* The tables with a row for each payment. */
static void tables_find(struct copy *c)
{
    char sql[SQL_MAX];
    int64_t payments = ask(c->from, "SELECT count(*) FROM payment");
    sqlite3_stmt *st = prepare(
        c->from, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
    while (sqlite3_step(st) == SQLITE_ROW && c->count < TABLES_MAX) {
        struct table *t = &c->tables[c->count];
        snprintf(t->name, sizeof t->name, "%s", (const char *)sqlite3_column_text(st, 0));
        snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%s\"", t->name);
        c->count += ask(c->from, sql) == payments;
    }
    sqlite3_finalize(st);
    if (payments < c->rows || c->rows < 1) {
        fprintf(stderr, "bench: the store holds %lld payments\n", (long long)payments);
        _exit(2);
    }
}

/* In the order in which they were made. */
static void rows_read(struct copy *c, struct table *t)
{
    char sql[SQL_MAX];
    snprintf(sql, sizeof sql,
        "SELECT count(*) FROM pragma_table_info('%s') WHERE name = 'payment_id'", t->name);
    bool named = ask(c->from, sql) > 0;
    snprintf(sql, sizeof sql, "SELECT * FROM \"%s\" ORDER BY %s LIMIT %lld", t->name,
        named ? "payment_id" : "id", (long long)c->rows);
    sqlite3_stmt *st = prepare(c->from, sql);
    t->columns = sqlite3_column_count(st);
    t->cells = mem_array((size_t)(c->rows * t->columns), sizeof(sqlite3_value *));
    for (int64_t r = 0; r < c->rows; r++) {
        need(c->from, sqlite3_step(st) == SQLITE_ROW, sql);
        for (int k = 0; k < t->columns; k++) {
            t->cells[r * t->columns + k] = sqlite3_value_dup(sqlite3_column_value(st, k));
        }
    }
    sqlite3_finalize(st);
}

static void schema_copy(struct copy *c)
{
    execute(c->to, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                   "PRAGMA cache_size = -32768");
    sqlite3_wal_autocheckpoint(c->to, CHECKPOINT_PAGES);
    sqlite3_stmt *st = prepare(c->from,
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
        " ORDER BY type = 'trigger', type = 'index'");
    while (sqlite3_step(st) == SQLITE_ROW) {
        execute(c->to, (const char *)sqlite3_column_text(st, 0));
    }
    sqlite3_finalize(st);
}

static void insert_prepare(struct copy *c, struct table *t)
{
    char sql[SQL_MAX];
    int n = snprintf(sql, sizeof sql, "INSERT INTO \"%s\" VALUES (?", t->name);
    for (int k = 1; k < t->columns; k++) {
        n += snprintf(sql + n, sizeof sql - (size_t)n, ",?");
    }
    snprintf(sql + n, sizeof sql - (size_t)n, ")");
    t->insert = prepare(c->to, sql);
}

static void row_insert(struct copy *c, struct table *t, int64_t row)
{
    for (int k = 0; k < t->columns; k++) {
        sqlite3_bind_value(t->insert, k + 1, t->cells[row * t->columns + k]);
    }
    need(c->to, sqlite3_step(t->insert) == SQLITE_DONE, t->name);
    sqlite3_reset(t->insert);
}

static void insert_all(struct copy *c)
{
    for (int64_t row = 0; row < c->rows;) {
        execute(c->to, "BEGIN IMMEDIATE");
        for (int64_t end = row + c->batch; row < end && row < c->rows; row++) {
            for (int i = 0; i < c->count; i++) {
                row_insert(c, &c->tables[i], row);
            }
        }
        execute(c->to, "COMMIT");
    }
}

static void copy_close(struct copy *c)
{
    for (int i = 0; i < c->count; i++) {
        struct table *t = &c->tables[i];
        for (int64_t k = 0; k < c->rows * t->columns; k++) {
            sqlite3_value_free(t->cells[k]);
        }
        mem_free(t->cells);
        sqlite3_finalize(t->insert);
    }
    sqlite3_close(c->from);
    sqlite3_close(c->to);
}

static void file_remove(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[4096];
    for (size_t i = 0; i < array_len(ends); i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

int bench_insert(int argc, char **argv)
{
    (void)argc;
    char path[4096];
    struct copy c = {.rows = bench_number(argv[2]), .batch = bench_number(argv[3])};
    snprintf(path, sizeof path, "%s/insert.db", argv[1]);
    file_remove(path);
    need(c.from, sqlite3_open_v2(argv[0], &c.from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK,
        argv[0]);
    need(c.to, sqlite3_open(path, &c.to) == SQLITE_OK, path);
    tables_find(&c);
    schema_copy(&c);
    for (int i = 0; i < c.count; i++) {
        rows_read(&c, &c.tables[i]);
        insert_prepare(&c, &c.tables[i]);
    }
    int64_t from = bench_now_ns(), cpu = bench_cpu_ns(RUSAGE_SELF);
    insert_all(&c);
    double seconds = (double)(bench_now_ns() - from) / 1e9;
    cpu = bench_cpu_ns(RUSAGE_SELF) - cpu;
    printf("{\"tables\":%d,\"rows\":%lld,\"batch\":%lld,\"rate\":%.1f,\"cpu_us\":%.2f}\n", c.count,
        (long long)c.rows, (long long)c.batch, (double)c.rows / seconds,
        (double)cpu / 1000.0 / (double)c.rows);
    copy_close(&c);
    file_remove(path);
    return 0;
}
