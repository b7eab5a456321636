/* Ledger entries, balances and received credits. */
#ifndef KASSA_STORE_LEDGER_H
#define KASSA_STORE_LEDGER_H

#include "core/catalog.h"
#include "core/ledger.h"
#include "store/store.h"

/* Writes an entry with its postings and the accounts' new balances; asserts that it sums to zero. `kind` is a word
 * ("paid", "suspense", "attach", ...). */
enum err store_ledger_post(struct tx *tx, const struct ledger_entry *e, const char *kind,
    int64_t payment_id, int64_t *ret_entry_id) must_check;
/* Sum of a ledger account: debit positive; zero when it has no postings. */
enum err store_ledger_balance(
    struct db *db, enum ledger_kind kind, int64_t owner, struct money *ret) must_check;
/* The merchant's balance (what we owe) before and after the newest posting of this payment; ERR_NO_ROW. */
enum err store_ledger_payment_balance(
    struct db *db, int64_t payment_id, struct money *ret_old, struct money *ret_new) must_check;

struct posting_item {
    int64_t entry_id;
    int64_t at;
    int64_t payment_id;
    struct str entry_kind;
    enum ledger_kind kind;
    int64_t owner;
    struct money amount;
    struct money balance_after;
    bool loose; /* there is no such entry or ledger account: what they would tell is 0 */
};
typedef enum err (*store_posting_fn)(void *arg, const struct posting_item *p);
/* Every posting in order of entry id: for the audit, which adds up by itself. */
enum err store_posting_each(struct db *db, store_posting_fn fn, void *arg) must_check;
struct balance_item {
    enum ledger_kind kind;
    int64_t owner;
    struct money balance;
};
typedef enum err (*store_balance_fn)(void *arg, const struct balance_item *b);
enum err store_balance_each(struct db *db, store_balance_fn fn, void *arg) must_check;

/* Money that a wallet says arrived. Unique for ever on (wallet, credential, TrxID). */
struct credit_row {
    int64_t id;
    enum wallet_kind wallet;
    int64_t credential_id;
    struct str trx_id;
    struct money amount;
    struct str currency;
    struct str payer_mask;
    int64_t account_id; /* the merchant account it came in for */
    int64_t payment_id; /* the payment it was meant for; 0: not known */
    int64_t attempt_id; /* 0: none */
    bool attached;      /* counts as paid for payment_id; else it is in suspense */
    int64_t seen_at;
    int64_t marked_at; /* a person said that it pays nothing; 0: not */
};
/* ERR_DUPLICATE: that TrxID is taken already (*ret_id tells the row). */
enum err store_credit_add(struct tx *tx, struct credit_row *r, int64_t *ret_id) must_check;
/* Compare-and-set unattached -> attached. ERR_CONFLICT: it is attached or marked. */
enum err store_credit_attach(struct tx *tx, int64_t id, int64_t payment_id) must_check;
/* A person's word that an unattached one pays nothing. It stays in suspense. ERR_CONFLICT as above. */
enum err store_credit_mark(struct tx *tx, int64_t id) must_check;
enum err store_credit_get(
    struct db *db, struct arena *a, int64_t id, struct credit_row *ret) must_check;
typedef enum err (*store_credit_fn)(void *arg, const struct credit_row *r);
/* payment_id 0: all; only those that are neither attached nor marked when asked. */
enum err store_credit_each(struct db *db, int64_t payment_id, bool unattached_only,
    store_credit_fn fn, void *arg) must_check;

#endif
