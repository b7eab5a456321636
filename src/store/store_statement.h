/* An account's statement: the ledger entries that move what it is owed, what is kept in suspense for it, and its refunds under
 * way, each as one line. Ids of entries are in the order of the commits, so that a line's balance is the one before and the line. */
#ifndef KASSA_STORE_STATEMENT_H
#define KASSA_STORE_STATEMENT_H

#include "base/text.h"
#include "store/store_ledger.h"

struct statement_line {
    int64_t entry_id;
    int64_t at;
    struct str
        kind; /* the entry's word: "paid", "attach", "suspense", "refund", "refund_done", "refund_returned" */
    int64_t payment_id;     /* 0: none */
    struct str order_id;    /* absent: no payment */
    struct money received;  /* fee included */
    struct money fee;       /* our part */
    struct money refunded;  /* taken off for a refund, or given back */
    struct money net;       /* what the balance changed by */
    bool has_balance;       /* it moved the balance: else the two are 0 */
    struct money balance;   /* after it */
    struct money suspended; /* into suspense, or out of it */
};
/* Texts until it returns. */
typedef enum err (*store_statement_fn)(void *arg, const struct statement_line *l);
/* With entry ids below `below`, the newest first; at most `max` entries. */
enum err store_statement_back(struct db *db, int64_t account_id, int64_t below, int64_t max,
    store_statement_fn fn, void *arg) must_check;
/* With entry ids of `from` or above, the oldest first. */
enum err store_statement_on(struct db *db, int64_t account_id, int64_t from, int64_t max,
    store_statement_fn fn, void *arg) must_check;
/* A payment's, the oldest first. */
enum err store_statement_of(
    struct db *db, int64_t payment_id, store_statement_fn fn, void *arg) must_check;
/* The first entry made at this time or later, whosever; one that can't be yet when there is none. */
enum err store_statement_from(struct db *db, int64_t at, int64_t *ret_entry_id) must_check;

#endif
