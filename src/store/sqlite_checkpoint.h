/* Copies the log's pages into the file beside the writer, on a thread and a connection of its own. Private to the SQLite
 * engine.
 *
 * A checkpoint of thousands of pages takes tens of milliseconds, in which the writer must not stand still. But a log starts
 * anew only when all of it is copied, and while the writer writes, a copy beside it is never complete. So there are two steps:
 * the thread copies what is there; what was written meanwhile is little, and the writer copies that itself. */
#ifndef KASSA_STORE_SQLITE_CHECKPOINT_H
#define KASSA_STORE_SQLITE_CHECKPOINT_H

#include <sqlite3.h>

struct checkpointer;

/* Starts the thread. `db` is its own from here on; the caller's thread keeps the rest to itself. */
struct checkpointer *checkpointer_start(sqlite3 *db);
/* Ends a copy under way, and the thread; closes its connection. */
void checkpointer_stop(struct checkpointer *c);

/* Begins a copy of what is committed, and returns. Not while one is under way. */
void checkpointer_begin(struct checkpointer *c);
/* Is a copy under way? */
enum checkpoint_state { CHECKPOINT_NONE, CHECKPOINT_RUNNING, CHECKPOINT_DONE };
/* CHECKPOINT_DONE is told once, with how many of the log's pages are copied; then it is CHECKPOINT_NONE again. */
enum checkpoint_state checkpointer_ask(struct checkpointer *c, int *ret_copied);

/* One copy on the caller's connection. The pages of the log that are copied; -1 after a fault, which is logged and costs
 * nothing but another try. */
int checkpoint_run(sqlite3 *db);

#endif
