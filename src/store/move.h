/* A store's way from a SQLite file to an empty PostgreSQL database. The copy is one transaction there, so the target is empty or
 * whole, whatever breaks. Here the file is marked before it, which keeps every program off both, and again behind it.
 *
 *     store_move_begin       marks the file, keeps writers out, copies all tables, reads them back and compares
 *     ...the caller compares what else it wants, with both connections...
 *     store_move_finish      commits there, marks here: the books are there now
 *  or store_move_drop        leaves all as it was
 *
 * Killed in between: store_move_begin finds out by the mark whether the target has the books, and goes on or starts anew. */
#ifndef KASSA_STORE_MOVE_H
#define KASSA_STORE_MOVE_H

#include "store/store.h"

struct store_move;

struct store_move_options {
    const char *from; /* a SQLite file's path; whoever calls keeps kassad off it */
    const char *to;   /* a server's address */
    const struct clock *clock;
};

/* ERR_STATE: one of them is not as it must be (moved already, not empty, another schema); ERR_IO: it can't be read or written;
 * with text in `why`, and nothing has changed. */
enum err store_move_begin(
    const struct store_move_options *o, struct buf *why, struct store_move **ret) must_check;
/* An earlier run had committed there and was cut off: nothing was copied, only finishing is left. */
bool store_move_was_made(const struct store_move *m);

/* Both within the move's transactions; not when it was made already. */
struct db *store_move_from(struct store_move *m);
struct db *store_move_to(struct store_move *m);

struct store_move_table {
    const char *name;
    int64_t rows;
    const char *digest; /* hex SHA-256 over all columns of all rows, the same on both sides */
};
typedef void (*store_move_fn)(void *arg, const struct store_move_table *t);
/* In the order in which they were copied. */
void store_move_each(const struct store_move *m, store_move_fn fn, void *arg);

/* Frees it. On failure `why` says where the books are, or that it is not known yet: running it again finds out. */
enum err store_move_finish(struct store_move *m, struct buf *why) must_check;
/* Gives up and frees it. */
void store_move_drop(struct store_move *m);

/* The way back, as long as nothing was written there: the file is the store again, and the database is marked as the one that was
 * left. `to` NULL: the caller knows that the database is gone. ERR_STATE: there is no mark, or it has been in use. */
enum err store_move_undo(const struct store_move_options *o, struct buf *why) must_check;

#endif
