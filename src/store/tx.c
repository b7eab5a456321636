#include "store/tx.h"

#include "base/mem.h"
#include "store/row.h"

#define LEASE_MIN 8
#define LEASE_MAX 256
/* Of a shared store, whose blocks begin with what the last batch took. */
#define LEASE_SHARED_MAX 4096

static const struct db_sql SQL_LEASE = {
    "UPDATE id_block SET next = next + $1 WHERE name = $2 RETURNING next"};

static const char *id_name(enum store_id which)
{
    switch (which) {
    case STORE_ID_PAYMENT:
        return "payment";
    case STORE_ID_ROW:
        return "row";
    case STORE_ID_COUNT:
        break;
    }
    return NULL;
}

void tx_init(struct tx *tx, struct db *db)
{
    *tx = (struct tx){.db = db};
    for (int i = 0; i < STORE_ID_COUNT; i++)
        tx->ids[i].size = LEASE_MIN;
}

void tx_clear(struct tx *tx)
{
    mem_free(tx->puts.items);
    mem_free(tx->tally.adds);
    mem_free(tx->stats.adds);
}

enum err tx_batch_finish(struct tx *tx)
{
    enum err e = day_tally_write(&tx->tally, tx->db);
    return e == ERR_OK ? stat_tally_write(&tx->stats, tx->db) : e;
}

struct db *tx_db(struct tx *tx)
{
    return tx->db;
}

int64_t tx_now_ms(const struct tx *tx)
{
    return tx->now_ms;
}

/* What a shared store's batch does not take is lost. A unit makes one payment at most. */
static int64_t lease_size(const struct tx *tx, enum store_id which)
{
    int64_t size = tx->ids[which].size;
    if (!tx->shared || which != STORE_ID_PAYMENT)
        return size;
    int64_t room = 2 * size, units = tx->units < 1 ? 1 : tx->units;
    return room < units ? room : units;
}

static enum err lease(struct tx *tx, enum store_id which)
{
    struct id_lease *l = &tx->ids[which];
    int64_t size = lease_size(tx, which);
    struct db_stmt *st = db_query(tx->db, &SQL_LEASE);
    db_int(st, 1, size);
    db_text(st, 2, str_from(id_name(which)));
    int64_t end;
    enum err e = row_one_int(st, "next", &end);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_STORE_IO : e;
    l->end = end;
    l->next = end - size;
    l->in_unit = l->in_batch = true;
    if (l->size < (tx->shared ? LEASE_SHARED_MAX : LEASE_MAX))
        l->size *= 2;
    return ERR_OK;
}

enum err tx_next_id(struct tx *tx, enum store_id which, int64_t *ret)
{
    struct id_lease *l = &tx->ids[which];
    if (l->next == l->end) {
        enum err e = lease(tx, which);
        if (e != ERR_OK)
            return e;
    }
    *ret = l->next++;
    l->taken++;
    return ERR_OK;
}

/* Histories and events are read in the order of their ids. A block that outlived its batch would give smaller ids than those that
 * another node has given meanwhile. */
static void block_end(struct id_lease *l)
{
    l->next = l->end = 0;
    l->size = l->taken < 1 ? 1 : l->taken < LEASE_SHARED_MAX ? l->taken : LEASE_SHARED_MAX;
}

void tx_unit_kept(struct tx *tx)
{
    tx->units--;
    payment_puts_keep(&tx->puts);
    day_tally_keep(&tx->tally);
    stat_tally_keep(&tx->stats);
    for (int i = 0; i < STORE_ID_COUNT; i++)
        tx->ids[i].in_unit = false;
}

void tx_unit_undone(struct tx *tx)
{
    tx->units--;
    payment_puts_undo(&tx->puts);
    day_tally_undo(&tx->tally);
    stat_tally_undo(&tx->stats);
    for (int i = 0; i < STORE_ID_COUNT; i++) {
        struct id_lease *l = &tx->ids[i];
        if (l->in_unit)
            l->next = l->end = 0;
        l->in_unit = false;
    }
}

void tx_batch_kept(struct tx *tx)
{
    payment_puts_clear(&tx->puts);
    day_tally_clear(&tx->tally);
    stat_tally_clear(&tx->stats);
    for (int i = 0; i < STORE_ID_COUNT; i++) {
        struct id_lease *l = &tx->ids[i];
        l->in_unit = l->in_batch = false;
        if (tx->shared)
            block_end(l);
        l->taken = 0;
    }
}

void tx_batch_undone(struct tx *tx)
{
    payment_puts_clear(&tx->puts);
    day_tally_clear(&tx->tally);
    stat_tally_clear(&tx->stats);
    for (int i = 0; i < STORE_ID_COUNT; i++) {
        struct id_lease *l = &tx->ids[i];
        if (l->in_batch)
            l->next = l->end = 0;
        l->in_unit = l->in_batch = false;
        l->taken = 0;
    }
}
