/* The counters behind the history. Private to the store.
 * A batch's payments mostly belong to a few counters, so they are added up in memory and written once, before the commit. */
#ifndef KASSA_STORE_HISTORY_H
#define KASSA_STORE_HISTORY_H

#include "store/db.h"
#include <stddef.h>

struct tx;

/* Ids of one piece share all but their last 14 bits: a page is found by adding up whole pieces, of which ten million
 * payments have some 600, and skipping fewer than 16384 entries of an index. */
#define PIECE_BITS 14

struct day_tally {
    struct day_add {
        int64_t account_id, day, piece, payments;
    } * adds;
    size_t n, room;
    size_t kept; /* of n: those of units that are kept; behind them those of the unit under way */
};

/* Counts a payment that the unit under way has inserted; those of a batch's one statement are counted by it (store_create.c). */
void history_count(struct tx *tx, int64_t account_id, int32_t day, int64_t id);
void day_tally_keep(struct day_tally *t);
void day_tally_undo(struct day_tally *t);
void day_tally_clear(struct day_tally *t);
/* Writes what is kept. */
enum err day_tally_write(struct day_tally *t, struct db *db) must_check;

#endif
