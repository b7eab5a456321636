/* kassa audit: adds up everything again from the rows alone, by arithmetic of its own, and compares. Each part of it is a file:
 * audit_ledger.c (entries, balances), audit_payment.c (payments against credits, postings, notifications), audit_trail.c (day
 * counters, the chain of administrative changes). */
#ifndef KASSA_APP_CLI_AUDIT_H
#define KASSA_APP_CLI_AUDIT_H

#include "app/cli/rows.h"
#include "store/store_books.h"

enum audit_entry { AUDIT_PAID, AUDIT_SUSPENSE, AUDIT_ATTACH, AUDIT_OTHER, AUDIT_ENTRY_COUNT };

struct audit_posting {
    int64_t entry_id, at, payment_id;
    enum audit_entry entry_kind;
    enum ledger_kind kind;
    int64_t owner;
    int64_t amount, after; /* poisha */
};

/* A payment with what its other rows add up to. */
struct audit_book {
    struct books_payment p;
    int64_t credited_in, attached_in; /* sums of its credits: all, attached */
    int64_t credits, attached;        /* how many */
    int64_t sums[LEDGER_KIND_COUNT];  /* of its postings */
    int64_t entries[AUDIT_ENTRY_COUNT];
    int64_t attempts, attempt_last; /* how many, the highest number */
    int64_t notes, note_last;       /* how many, the highest sequence number */
    int64_t note_amount, note_commission;
    char note_status[16];
};

/* What a ledger account must have by what payments and credits say. */
struct audit_sum {
    enum ledger_kind kind;
    int64_t owner;
    int64_t amount;
};

struct audit {
    struct cli *c;
    struct db *db;
    int64_t faults;
    struct audit_posting *postings; /* in order of entry */
    size_t posting_count, posting_room;
    struct audit_book *books; /* in order of id */
    size_t book_count, book_room;
    struct audit_sum *wanted; /* grows by what is seen */
    size_t wanted_count, wanted_room;
    int64_t entries, credits, notifications, changes; /* rows seen */
    char chain_head[65];
};

/* One fault: what is wrong, with which row. Beyond AUDIT_FAULTS_MAX they are counted only. */
#define AUDIT_FAULTS_MAX 1000
void audit_fault(struct audit *a, const char *check, const char *object, int64_t id,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Room for one more item of an array. */
#define audit_grow(items, count, room)                                                             \
    do {                                                                                           \
        if ((count) == (room)) {                                                                   \
            (room) = (room) ? (room)*2 : 64;                                                       \
            (items) = mem_realloc((items), (room) * sizeof *(items));                              \
        }                                                                                          \
    } while (0)

/* Each reads on the audit's snapshot; the order is this. */
enum err audit_postings_load(struct audit *a) must_check;
enum err audit_books_load(struct audit *a) must_check;
enum err audit_credits(struct audit *a) must_check;
enum err audit_attempts(struct audit *a) must_check;
enum err audit_notifications(struct audit *a) must_check;
enum err audit_ledger(struct audit *a) must_check;
void audit_payments(struct audit *a);
enum err audit_days(struct audit *a) must_check;
enum err audit_chain(struct audit *a) must_check;

/* NULL: there is no such payment. */
struct audit_book *audit_book_find(struct audit *a, int64_t id);
void audit_want(struct audit *a, enum ledger_kind kind, int64_t owner, int64_t amount);

#endif
