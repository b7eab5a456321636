/* An engine around another one that counts, records and fails on command: for tests. */
#ifndef KASSA_STORE_DB_FAULT_H
#define KASSA_STORE_DB_FAULT_H

#include "store/db.h"
#include <stdatomic.h>

/* What can fail: each step of a statement, and what frames the work. Readers' connections neither count nor fail. */
enum fault_point {
    FAULT_STEP,
    FAULT_BEGIN,
    FAULT_SAVEPOINT,
    FAULT_RELEASE,
    FAULT_COMMIT,
    FAULT_POINTS
};

struct db_fault {
    struct db_engine engine; /* give this to store_open_on */
    const struct db_engine *inner;
    _Atomic int64_t count[FAULT_POINTS];
    /* The n-th from now (1: the next) fails with `error`; 0: none. `sticky`: all after it too. */
    _Atomic int64_t fail_in[FAULT_POINTS];
    _Atomic bool sticky;
    enum err error;
    /* The engine's machine has a clock that is so far ahead of this one's; 0: the engine's own. */
    _Atomic int64_t clock_apart_ms;
    _Atomic bool silent; /* readers can't begin */
    /* A failing commit: has it reached the file all the same? */
    bool commit_lands;
    /* Called before each statement's step; may be NULL. */
    void (*trace)(void *arg, const char *text);
    void *trace_arg;
};

void db_fault_init(struct db_fault *f, const struct db_engine *inner);
void db_fault_arm(struct db_fault *f, enum fault_point p, int64_t nth, enum err error, bool sticky);
void db_fault_clear(struct db_fault *f);

#endif
