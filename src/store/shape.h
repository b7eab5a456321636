/* The tables of a store as its engine knows them, so that what is done to all of them forgets none. */
#ifndef KASSA_STORE_SHAPE_H
#define KASSA_STORE_SHAPE_H

#include "base/buf.h"
#include "store/db.h"

#define SHAPE_TABLES_MAX 96
#define SHAPE_COLUMNS_MAX 48
#define SHAPE_NAME_MAX 64

enum shape_type { SHAPE_INT, SHAPE_TEXT, SHAPE_BLOB };

struct shape_column {
    char name[SHAPE_NAME_MAX];
    enum shape_type type;
    int key; /* 1, 2, ...: its place in the primary key; 0: not in it */
};

struct shape_table {
    char name[SHAPE_NAME_MAX];
    struct shape_column columns[SHAPE_COLUMNS_MAX];
    int column_count, key_count;
    bool after[SHAPE_TABLES_MAX]; /* its rows refer to that table's */
};

struct shape {
    struct shape_table tables[SHAPE_TABLES_MAX];
    int table_count;
};

struct shape_table *shape_table_find(struct shape *s, const char *name);

/* Puts the tables into an order in which none refers to a later one. ERR_STATE: they refer to each other. */
enum err shape_sort(struct shape *s) must_check;

/* "a, b, c": all columns, or those of the primary key in its order. */
void shape_columns_add(const struct shape_table *t, struct buf *b);
void shape_key_add(const struct shape_table *t, struct buf *b);

/* The statement's row, which has the table's columns, as one tuple of PostgreSQL's binary COPY: the count of columns in 2 bytes,
 * then each with its length in 4 (-1: NULL), integers in 8, the highest byte first. Two rows have the same bytes only if they are
 * the same. */
void shape_row_add(const struct shape_table *t, struct db_stmt *st, struct buf *b);

#endif
