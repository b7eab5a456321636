/* A day's reconciliation: what we counted, credential by credential and number by number, against what the wallets said: their
 * notices, SMS, answers, and a statement if there is one. It asks no wallet: kassad did, and stored what it was told. Its memory
 * grows with the credentials and numbers, with the statement and with the day's SMS, which have their caps, and not with the store. */
#ifndef KASSA_APP_RECONCILE_RECONCILE_H
#define KASSA_APP_RECONCILE_RECONCILE_H

#include "app/reconcile/statement.h"
#include "store/store_day.h"

/* Where money comes in: a wallet's credential or a number. They share their ids. */
struct reconcile_till {
    int64_t id;
    enum wallet_kind wallet;
    bool is_number, chosen;
    char *name; /* of the credential, or the number */
    /* A wallet that tells of each payment by itself was subscribed to from then on; 0: it does not, or was not. */
    int64_t tells_from;
    int64_t credits, refunds, told,
        asked; /* how many; asked: attempts that the wallet is still asked about */
    /* Counted for payments or kept for later; given back; posted in the ledger as held by the wallet; told by notices or SMS. */
    struct money credit_sum, refund_sum, ledger_sum, told_sum;
    bool has_chain; /* the day's SMS told of balances */
    struct money balance_start, balance_end;
    char *closed,
        *close_answer; /* the bank's day, where one is closed, and the bank's words; NULL: none */
    int64_t differences;
};

struct reconcile_difference {
    const char *check;
    const struct reconcile_till *till; /* NULL: none can be told */
    const char *object;                /* what has the id, "credit"; "line": of the statement */
    int64_t id;
    struct str trx_id; /* absent: none */
    bool has_ours, has_theirs;
    struct money ours, theirs; /* what we say, what the wallet says */
    const char *text;
};

#define RECONCILE_DIFFERENCES_MAX 1000
#define RECONCILE_SMS_MAX 100000

struct reconcile_options {
    struct db *db; /* on one snapshot (store_read_all_begin) */
    struct day_range day;
    bool every_wallet;
    enum wallet_kind wallet; /* unless every_wallet */
    const int64_t *till_ids; /* only these; till_count 0: all */
    size_t till_count;
    struct statement *statement; /* NULL: none; of the tills that are named, together */
    /* Each difference, up to RECONCILE_DIFFERENCES_MAX; beyond they are counted only. */
    void (*difference)(void *arg, const struct reconcile_difference *d);
    /* Each chosen till that has anything to show, after the differences. */
    void (*till)(void *arg, const struct reconcile_till *t);
    void *arg;
};

struct reconcile_result {
    int64_t differences;
    int64_t lines; /* the statement's of the day, and what they sum to */
    struct money lines_in, lines_out;
};

/* An error: the store can't be read to its end, and nothing is known. */
enum err reconcile_day(const struct reconcile_options *o, struct reconcile_result *ret) must_check;

#endif
