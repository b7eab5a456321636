/* Counters that are added up in memory and written once a batch, like the history's. Private to the store. */
#ifndef KASSA_STORE_STAT_H
#define KASSA_STORE_STAT_H

#include "core/ledger.h"
#include "store/store_stat.h"

struct stat_tally {
    struct stat_add {
        bool ledger; /* a row of ledger_day: else of payment_stat */
        int64_t account_id, day;
        enum wallet_kind wallet;
        int64_t v[STAT_FIELDS];
    } * adds;
    size_t n, room;
    size_t kept; /* of n: those of units that are kept; behind them those of the unit under way */
};

/* The payment's row was changed from one to the other. */
void stat_payment_changed(
    struct tx *tx, const struct payment_row *from, const struct payment_row *to);
/* An entry was posted. */
void stat_ledger_posted(struct tx *tx, int64_t account_id, const struct ledger_entry *e);
void stat_tally_keep(struct stat_tally *t);
void stat_tally_undo(struct stat_tally *t);
void stat_tally_clear(struct stat_tally *t);
/* Writes what is kept. */
enum err stat_tally_write(struct stat_tally *t, struct db *db) must_check;

#endif
