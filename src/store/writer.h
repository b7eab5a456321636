/* The one door for writes: a thread that takes the units that wait and commits them together. Private to the store. */
#ifndef KASSA_STORE_WRITER_H
#define KASSA_STORE_WRITER_H

#include "store/db.h"
#include "store/store.h"

struct writer;

/* Starts the thread; the connection is the writer's from now on. */
struct writer *writer_start(
    struct db *db, const struct clock *clock, int64_t queue_max, int64_t batch_max);
/* Refuses new units, completes those that wait, ends the thread, closes the connection. */
void writer_stop(struct writer *w);
enum err writer_submit(struct writer *w, struct store_unit *u) must_check;
bool writer_is_self(const struct writer *w);
bool writer_writable(const struct writer *w);

#endif
