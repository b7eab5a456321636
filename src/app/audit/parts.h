/* The parts of the audit, each a file; nothing outside this folder includes it. */
#ifndef KASSA_APP_AUDIT_PARTS_H
#define KASSA_APP_AUDIT_PARTS_H

#include "app/audit/audit.h"
#include "store/store_books.h"
#include "store/store_stat.h"

/* A ledger account: by its postings, by what payments and credits say, and by its row. */
struct audit_sum {
    enum ledger_kind kind;
    int64_t owner;
    __int128 postings, wanted; /* poisha: sums are wider than what an altered row can hold */
    int64_t posting_count;
    int64_t last; /* the running balance after the newest posting seen */
    bool broken;  /* told once */
    bool has_row;
    int64_t balance; /* of the row */
    bool used;
};

/* A hash table: payments ask for three of its items each. */
struct audit_sums {
    struct audit_sum *items;
    size_t count, room; /* room: a power of two */
};

/* Payments filed under another day than theirs, by account and day. */
struct audit_days {
    struct audit_day {
        int64_t account_id, day;
        int64_t moved; /* how many more belong to it than are filed under it */
    } * items;
    size_t count;
};
#define AUDIT_DAYS_MAX 2000

/* What payments say that the overview's counters must hold, by account. */
struct audit_stats {
    struct audit_stat {
        int64_t account_id;
        uint64_t v[STAT_FIELDS];
    } * items;
    size_t count, room;
};

struct audit {
    const struct audit_options *o;
    struct db *db;
    struct audit_result r;
    struct audit_sums sums;
    struct audit_days days;
    struct audit_stats stats;
};

void audit_tell(struct audit *a, const char *check, const char *object, int64_t id, const char *fmt,
    ...) __attribute__((format(printf, 5, 6)));

/* ---- sums.c ---- */
/* The item of a ledger account, new ones with nothing in it; valid until the next call. */
struct audit_sum *audit_sum(struct audit *a, enum ledger_kind kind, int64_t owner);
void audit_want(struct audit *a, enum ledger_kind kind, int64_t owner, struct money amount);
/* Brings the items together in order of kind and owner; nothing can be asked for any more. */
void audit_sums_sort(struct audit *a);

/* ---- the parts, in their order ---- */
/* ledger.c: entries sum to zero, each ledger account's postings are a chain that begins at zero. */
enum err audit_postings(struct audit *a) must_check;
/* payments.c: payments against their credits, postings, attempts and notifications, by the fee rule. */
enum err audit_payments(struct audit *a) must_check;
/* trx.c: no TrxID counts twice. */
enum err audit_trx_ids(struct audit *a) must_check;
/* numbers.c: what a TrxID claimed of a number's money is one credit, and the reverse. */
enum err audit_numbers(struct audit *a) must_check;
/* ledger.c: balances are what postings sum to, and what payments and credits say. */
enum err audit_balances(struct audit *a) must_check;
/* days.c: the counters behind the history. */
enum err audit_day_counters(struct audit *a) must_check;
/* stats.c: the counters of the overview and the ledger's days. */
enum err audit_stat_counters(struct audit *a) must_check;
/* changes.c: the chain of administrative changes. */
enum err audit_changes(struct audit *a) must_check;

/* Each payment's day, for audit_day_counters. */
void audit_day_see(struct audit *a, const struct books_payment *p);
/* Each payment, for audit_stat_counters. */
void audit_stat_see(struct audit *a, const struct books_payment *p);

#endif
