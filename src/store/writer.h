/* The one door for writes: a thread that takes the units that wait and commits them together. Private to the store. */
#ifndef KASSA_STORE_WRITER_H
#define KASSA_STORE_WRITER_H

#include "store/db.h"
#include "store/store.h"

struct writer;

/* How long the batch under way may take before nobody is taken in behind it any more, and how long the last good one tells that
 * the next one will be good. Zeros: for ever, as a file's is. */
struct writer_trust {
    int64_t patience_ms, memory_ms;
};

/* Starts the thread; the connection is the writer's from now on. */
struct writer *writer_start(struct db *db, const struct clock *clock, int64_t queue_max,
    int64_t batch_max, struct writer_trust trust);
/* Refuses new units, completes those that wait, ends the thread, closes the connection. */
void writer_stop(struct writer *w);
enum err writer_submit(struct writer *w, struct store_unit *u) must_check;
bool writer_is_self(const struct writer *w);
/* Did the last batch work, and the one under way not take too long? */
bool writer_writable(const struct writer *w);
/* Is it time to try? */
bool writer_wants_probe(const struct writer *w);

#endif
