/* An administrative change: what is changed, its event in the audit log and the step of the change counter are one unit of
 * work. The use cases of accounts, certificates and presets are functions to be called in such a unit, by the command line and by
 * the cabinet alike; each fills the note. */
#ifndef KASSA_SERVICE_CHANGE_H
#define KASSA_SERVICE_CHANGE_H

#include "base/json.h"
#include "store/store.h"

/* Who asks. */
struct change_by {
    int64_t person_id;    /* 0: nobody who is signed in, as at the command line */
    struct str actor;     /* an e-mail, "cli:root" */
    struct str client_ip; /* absent: not by the network */
};

/* What the audit log is to say. */
struct change_note {
    const char *action;              /* "account.update" */
    char target[128];                /* "account:UUID" */
    int64_t merchant_id, account_id; /* whom it concerns: one of them, or the operator alone */
    bool uncached; /* nothing was changed that caches hold: the change counter stays */
    struct buf after, before;
    /* Open objects: what is now, and what was (left empty: none), without secrets. */
    struct json_writer w, was;
};

void change_target(struct change_note *n, const char *kind, struct str name);
void change_target_id(struct change_note *n, const char *kind, int64_t id);

/* May run more than once. */
typedef enum err (*change_fn)(struct tx *tx, void *arg, struct change_note *note);
enum err change_run(
    struct store *store, const struct change_by *by, change_fn fn, void *arg) must_check;

/* Counts one of "WHAT:ID" in this minute, over all nodes. ERR_RATE: there were `max` already. */
enum err change_limit(struct store *store, const char *what, int64_t id, int64_t max) must_check;

#endif
