/* The store: one door for writes, own connections for reads, and the only place with SQL (store_*.h say what may
 * be asked). Durable means committed with synchronous=FULL.
 *
 * A unit of work is a function that gets a transaction. The writer takes the units that wait (bounded by
 * batch_max), runs them so that one that fails undoes only itself, commits once, and then completes them all. So a unit must be re-runnable (the batch may be rolled back and run again), must not touch the
 * network or wait, and must keep what it learned in its own memory, reset at the start of run. */
#ifndef KASSA_STORE_STORE_H
#define KASSA_STORE_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/store_path.h"
#include <stdint.h>

struct store;
struct db; /* a connection for reading (store/db.h); its queries are in store_*.h */
struct tx; /* a unit's view of the writer's transaction */

struct store_unit {
    /* ERR_OK keeps the unit's work; anything else undoes it (the batch goes on) and is handed to done. */
    enum err (*run)(struct store_unit *u, struct tx *tx);
    /* On the writer's thread, after the commit (or after the failure). Must not block. May submit new units.
     * The unit belongs to its owner again. `result` is run's, or the commit's error for all units of the batch. */
    void (*done)(struct store_unit *u, enum err result);
    struct store_unit *next; /* the store's, while submitted */
    enum err result;         /* the store's */
};

/* What is to be done about a store's schema, without doing it. */
struct store_schema {
    int64_t have;     /* the store's; 0: there are no tables */
    int64_t want;     /* this program's */
    bool too_new;     /* this program refuses the store */
    bool older_go_on; /* programs that work with the store now work with it after the change, too */
};
/* ERR_IO, with a text in `why`. */
enum err store_schema_look(const char *path, struct buf *why, struct store_schema *ret) must_check;

struct store_options {
    const char *path; /* a SQLite file, or a PostgreSQL server's address */
    int64_t queue_max;
    int64_t batch_max;
    const struct clock *clock;
    bool create;  /* make and migrate a new file; else a missing file is ERR_IO */
    bool fresh;   /* with `create`: what is a store already is ERR_DUPLICATE */
    bool migrate; /* bring an older schema up to this program's; else ERR_SCHEMA */
    bool watch;   /* a thread sees whether the store answers, and its clock: store_state tells */
};

/* Opens, checks the header and the schema (quick_check of a file that was not closed cleanly is not needed with WAL),
 * starts the writer. ERR_IO, ERR_SCHEMA (newer schema, or older without `migrate`), ERR_DUPLICATE, ERR_STATE (it was moved,
 * store/move.h), with text in `why`. */
enum err store_open(const struct store_options *o, struct buf *why, struct store **ret) must_check;
/* Completes what is queued, checkpoints, closes. Readers of all threads must be done. */
void store_close(struct store *s);
const struct clock *store_clock(const struct store *s);

/* Any thread. ERR_BUSY when the queue is full or a server silent, ERR_STOPPING; done is then not called. */
enum err store_submit(struct store *s, struct store_unit *u) must_check;
/* Submits and waits; returns what done would get. Never on the writer's thread. u->done may be NULL. */
enum err store_run(struct store *s, struct store_unit *u) must_check;

/* This thread's reading connection; opened on first use, closed with the store. NULL on failure (logged), and while
 * a server is silent (STORE_SILENT). Single statements see the newest commit. */
struct db *store_reader(struct store *s);
/* Several statements on one snapshot: begin and end around them, on the same thread, briefly. */
enum err store_read_begin(struct db *db) must_check;
/* The same for results as long as whole tables, which come in pieces: each statement costs more, and no memory. */
enum err store_read_all_begin(struct db *db) must_check;
void store_read_end(struct db *db);
/* On a reader's connection: a consistent copy of all that is committed, as the new file `to`, while others write; and whether
 * every page and index is sound. Long. Errors as db_backup's and db_check's (store/db.h). */
enum err store_backup(struct db *db, const char *to, struct buf *why) must_check;
enum err store_check(struct db *db, struct buf *why) must_check;
/* Reading inside a unit sees the unit's own writes. */
struct db *tx_db(struct tx *tx);
int64_t tx_now_ms(const struct tx *tx); /* the clock, read once per batch */

/* Names of id blocks; ids are never reused and start at 1 (payments: 100000001). */
enum store_id { STORE_ID_PAYMENT, STORE_ID_ROW, STORE_ID_COUNT };
/* The next id of a leased block. */
enum err tx_next_id(struct tx *tx, enum store_id which, int64_t *ret) must_check;

/* True when the last write worked (or a probe does): /readyz. After STORE_FULL or STORE_IO every new unit is still tried,
 * so that it recovers by itself when space returns. A server is asked again when nothing was written for a second, and one that
 * leaves a batch without an answer for three is not writable; what is submitted then is ERR_BUSY at once. */
bool store_writable(struct store *s);

enum store_state {
    STORE_GOOD,
    STORE_UNWRITABLE,
    STORE_SILENT, /* its server has not answered for seconds */
    STORE_CLOCK_APART, /* its server's clock and this machine's differ: nothing is written until they agree */
};
/* What /readyz tells. Without `watch` only the first two are known. */
enum store_state store_state(struct store *s);
/* STORE_CLOCK_APART alone: what is due can't be judged. */
bool store_clock_apart(const struct store *s);

/* Changed by every administrative change: caches compare it. */
enum err store_change_get(struct db *db, int64_t *ret) must_check;
enum err store_change_bump(struct tx *tx) must_check;
/* Small named values (sandbox clock offset, ...). ERR_NO_ROW. */
enum err store_setting_get(
    struct db *db, struct arena *a, const char *name, struct str *ret) must_check;
enum err store_setting_put(struct tx *tx, const char *name, struct str value) must_check;

/* container_of for units inside larger structs */
#define unit_owner(u, type, member) ((type *)(void *)((char *)(u)-offsetof(type, member)))

#endif
