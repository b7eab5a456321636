/* The audit of the books: adds up everything again from the rows alone, by arithmetic of its own, and compares. Its memory grows
 * with the ledger accounts, never with the payments: those are read a window at a time, everything else row by row. */
#ifndef KASSA_APP_AUDIT_AUDIT_H
#define KASSA_APP_AUDIT_AUDIT_H

#include "service/links.h"

/* What is wrong, with which row. The texts are the audit's until the call ends. */
struct audit_fault {
    const char *check, *object;
    int64_t id;
    const char *text;
};

/* Less than half a MiB. Each window costs six queries, which are little beside the rows of a thousand payments. */
#define AUDIT_WINDOW 1000

struct audit_options {
    struct db *db; /* on one snapshot (store_read_all_begin) */
    struct links *links;
    int64_t window; /* payments in memory at a time: AUDIT_WINDOW */
    /* Each fault, up to AUDIT_FAULTS_MAX; beyond they are counted only. */
    void (*fault)(void *arg, const struct audit_fault *f);
    void *arg;
};
#define AUDIT_FAULTS_MAX 1000

struct audit_result {
    int64_t faults;
    int64_t payments, credits, refunds, entries, postings, notifications, changes; /* rows seen */
    char chain_head[65];
};

/* An error: the store can't be read to its end, and nothing is known. */
enum err audit_books(const struct audit_options *o, struct audit_result *ret) must_check;

#endif
