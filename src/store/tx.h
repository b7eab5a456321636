/* A unit's view of the transaction, and the ids leased in it. Private to the store. */
#ifndef KASSA_STORE_TX_H
#define KASSA_STORE_TX_H

#include "store/create.h"
#include "store/db.h"
#include "store/history.h"
#include "store/stat.h"
#include "store/store.h"

/* A block of ids that the store gave away by raising id_block.next. What the transaction that raised it does not commit
 * is forgotten, and never what a unit took out of a committed block: such ids are lost, not used twice. */
struct id_lease {
    int64_t next, end;
    int64_t size;  /* of the next block: small for a short command, larger for a server */
    int64_t taken; /* in this batch */
    bool in_unit;  /* leased since the savepoint */
    bool in_batch; /* leased since the begin */
};

struct tx {
    struct db *db;
    int64_t now_ms;
    bool
        shared; /* others write to the store too: ids in the order of the commits want blocks that end with the batch */
    struct id_lease ids[STORE_ID_COUNT];
    int64_t units; /* of the batch that have not been run yet, with the one under way */
    bool collects; /* payments are written together, at the end of the batch */
    struct payment_puts puts;
    struct day_tally tally;
    struct stat_tally stats;
};

void tx_init(struct tx *tx, struct db *db);
void tx_clear(struct tx *tx);
/* Writes what the kept units left to the end of the batch; before its commit. */
enum err tx_batch_finish(struct tx *tx) must_check;
/* What became of the unit, and of the batch. */
void tx_unit_kept(struct tx *tx);
void tx_unit_undone(struct tx *tx);
void tx_batch_kept(struct tx *tx);
void tx_batch_undone(struct tx *tx);

#endif
