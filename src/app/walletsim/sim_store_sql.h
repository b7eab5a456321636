/* Statements on the simulator's state, for the files whose name has "store". */
#ifndef KASSA_APP_SIM_STORE_SQL_H
#define KASSA_APP_SIM_STORE_SQL_H

#include "sim_store.h"

struct sqlite3_stmt;

/* A statement with its values: 't' a struct str (absent: NULL), 'i' an int64_t. NULL on a failure, which the next two tell. */
struct sqlite3_stmt *sim_query(struct sim_store *st, const char *sql, const char *kinds, ...);
/* ERR_OK: a row, ERR_NO_ROW. */
enum err sim_row(struct sim_store *st, struct sqlite3_stmt *q) must_check;
/* Runs a statement that gives no rows, and ends it. */
enum err sim_run(struct sim_store *st, struct sqlite3_stmt *q) must_check;
/* The first column of the one row, and ends it. ERR_NO_ROW. */
enum err sim_number(struct sim_store *st, struct sqlite3_stmt *q, int64_t *ret) must_check;
/* The statement's own text; absent for NULL. */
struct str sim_column(struct sqlite3_stmt *q, int i);

#endif
