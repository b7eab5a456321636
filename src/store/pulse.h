/* Whether a store's server answers, and whether its clock agrees with this machine's. Private to the store.
 *
 * Nodes share rows that say until when they are somebody's, by the clocks of the machines that wrote them. So a node whose clock is
 * not the database's writes nothing: each transaction's beginning tells the time (db_begin_in_time). */
#ifndef KASSA_STORE_PULSE_H
#define KASSA_STORE_PULSE_H

#include "base/clock.h"
#include "store/db.h"

#define CLOCK_APART_MAX_MS 5000

/* db_begin; then *ret_apart_ms is how far the two clocks certainly differ, 0 when they may agree: the server's time was read between
 * two moments of ours. Positive: the server's is ahead. An injected clock agrees with every server. */
enum err db_begin_in_time(
    struct db *db, enum db_begin how, const struct clock *clock, int64_t *ret_apart_ms) must_check;
static inline bool clocks_differ(int64_t apart_ms)
{
    return apart_ms > CLOCK_APART_MAX_MS || apart_ms < -CLOCK_APART_MAX_MS;
}

enum pulse_state { PULSE_GOOD, PULSE_SILENT, PULSE_APART };

struct pulse;
/* A thread with a connection of its own; `g` outlives it. */
struct pulse *pulse_start(const struct db_engine *g, const char *path, const struct clock *clock);
void pulse_stop(struct pulse *p); /* NULL: nothing */
/* Any thread. */
enum pulse_state pulse_state(const struct pulse *p);

#endif
