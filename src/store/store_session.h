/* Browsers that are signed in to the cabinet, and how often somebody failed to: rows, so that it is the same on all nodes. */
#ifndef KASSA_STORE_SESSION_H
#define KASSA_STORE_SESSION_H

#include "store/store.h"

enum session_stage {
    SESSION_CODE,  /* the password was right, the second factor is missing */
    SESSION_SETUP, /* there is no second factor yet, and the role wants one */
    SESSION_FULL
};
const char *session_stage_text(enum session_stage s);

struct session_row {
    int64_t id;
    int64_t person_id;
    struct str token_hash;
    enum session_stage stage;
    int64_t created_at, seen_at, ended_at; /* 0: it has not ended */
    struct str client_ip, user_agent;
};

/* Sets id. What began before `forget` is deleted, whoever's it is. */
enum err store_session_add(struct tx *tx, struct session_row *r, int64_t forget) must_check;
/* ERR_NO_ROW. Ended and old ones, too. */
enum err store_session_find(
    struct db *db, struct arena *a, struct str token_hash, struct session_row *ret) must_check;
enum err store_session_get(
    struct db *db, struct arena *a, int64_t id, struct session_row *ret) must_check;
enum err store_session_seen(struct tx *tx, int64_t id, int64_t at) must_check;
/* Compare-and-set: another token and stage for a session that still has this one; ERR_CONFLICT. */
enum err store_session_rotate(struct tx *tx, const struct session_row *r, struct str token_hash,
    enum session_stage stage) must_check;
/* ERR_CONFLICT when it has ended. */
enum err store_session_end(struct tx *tx, int64_t id, int64_t at) must_check;
/* All of a person but `keep` (0: none). */
enum err store_session_end_all(
    struct tx *tx, int64_t person_id, int64_t keep, int64_t at) must_check;
typedef enum err (*store_session_fn)(void *arg, const struct session_row *r);
/* Those of a person that have not ended, newest first. */
enum err store_session_each(
    struct db *db, int64_t person_id, store_session_fn fn, void *arg) must_check;

#define SIGN_IN_SLOT_MS INT64_C(900000)
/* Counts one more try of `who` in the transaction's quarter of an hour; ERR_RATE: there were `max` already. */
enum err store_sign_in_try(struct tx *tx, struct str who, int64_t max) must_check;
/* It was no failure. */
enum err store_sign_in_good(struct tx *tx, struct str who) must_check;

#endif
