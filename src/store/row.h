/* Reading a row column by column; the first failure is kept until it is asked for. Private to the store. */
#ifndef KASSA_STORE_ROW_H
#define KASSA_STORE_ROW_H

#include "base/arena.h"
#include "base/money.h"
#include "base/text.h"
#include "core/catalog.h"
#include "store/db.h"

struct row {
    struct db_stmt *st;
    struct arena *arena; /* NULL: texts are the statement's, for a callback */
    enum err
        err; /* ERR_LIMIT: the arena is full; ERR_STORE_IO: no such value can have been written */
    char uuid[UUID_LEN + 1];
};

int64_t row_int(struct row *r, const char *name);
bool row_bool(struct row *r, const char *name);
struct money row_money(struct row *r, const char *name);
struct str row_str(struct row *r, const char *name);
struct str row_uuid(struct row *r, const char *name); /* as text */
void row_uuid_raw(struct row *r, const char *name, uint8_t ret[16]);
enum wallet_kind row_wallet(struct row *r, const char *name);
/* For texts that a parser of core reads. */
void row_check(struct row *r, enum err e);

/* Reads the statement's one row by `read` and ends it. ERR_NO_ROW. `ret` is touched only by a whole row. */
#define row_one(stmt, arena_, read, ret)                                                           \
    ({                                                                                             \
        struct row row_ = {.st = (stmt), .arena = (arena_)};                                       \
        row_.err = db_step(row_.st);                                                               \
        if (row_.err == ERR_OK) {                                                                  \
            __typeof__(*(ret)) row_value_;                                                         \
            read(&row_, &row_value_);                                                              \
            if (row_.err == ERR_OK)                                                                \
                *(ret) = row_value_;                                                               \
        }                                                                                          \
        db_end(row_.st);                                                                           \
        row_.err;                                                                                  \
    })

/* Reads each row by `read` and gives it to fn(arg, &row) until that fails; ends the statement. */
#define row_each(stmt, type, read, fn, arg)                                                        \
    ({                                                                                             \
        struct row row_ = {.st = (stmt)};                                                          \
        enum err row_step_;                                                                        \
        while ((row_step_ = db_step(row_.st)) == ERR_OK) {                                         \
            type row_value_;                                                                       \
            read(&row_, &row_value_);                                                              \
            if (row_.err == ERR_OK)                                                                \
                row_.err = (fn)((arg), &row_value_);                                               \
            if (row_.err != ERR_OK)                                                                \
                break;                                                                             \
        }                                                                                          \
        db_end(row_.st);                                                                           \
        row_step_ == ERR_OK || row_step_ == ERR_NO_ROW ? row_.err : row_step_;                     \
    })

/* The statement's only value, an int named `name`. ERR_NO_ROW. */
enum err row_one_int(struct db_stmt *st, const char *name, int64_t *ret) must_check;
/* The same where NULL, an aggregate's answer about nothing, is no row. */
enum err row_one_int_or_none(struct db_stmt *st, const char *name, int64_t *ret) must_check;
/* At most `max` ints named "id". */
enum err row_ids(struct db_stmt *st, int64_t *ret_ids, int max, int *ret_count) must_check;

/* Binds a uuid in its 16 bytes. False: no uuid, nothing bound. */
bool row_bind_uuid(struct db_stmt *st, int k, struct str uuid, uint8_t raw[16]);

#endif
