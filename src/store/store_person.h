/* The cabinet's people, their invitations and recovery codes. Texts of rows live in the caller's arena. */
#ifndef KASSA_STORE_PERSON_H
#define KASSA_STORE_PERSON_H

#include "base/crypto.h"
#include "core/roles.h"
#include "store/store.h"

struct person_row {
    int64_t id;
    struct str email; /* lower case */
    struct str name;
    enum role role;
    int64_t merchant_id;                      /* 0: one of the operator's */
    struct str password_hash;                 /* absent: invited, and has chosen none yet */
    struct str totp_box;                      /* absent: no second factor; purpose "totp" */
    struct str totp_new_box;                  /* waits for its first code */
    int64_t totp_step;                        /* the last accepted one */
    struct str language;                      /* "bn" or "en" */
    int64_t created_at, seen_at, disabled_at; /* 0: never */
    int64_t version;
};

/* Sets id and version. ERR_DUPLICATE: the e-mail address is taken. */
enum err store_person_add(struct tx *tx, struct person_row *r) must_check;
/* ERR_NO_ROW */
enum err store_person_get(
    struct db *db, struct arena *a, int64_t id, struct person_row *ret) must_check;
enum err store_person_by_email(
    struct db *db, struct arena *a, struct str email, struct person_row *ret) must_check;
/* Compare-and-set on the version: ERR_CONFLICT. Columns: name, role, password_hash, totp_box, totp_new_box, language,
 * disabled_at. On success r->version is the new one. */
enum err store_person_update(struct tx *tx, struct person_row *r) must_check;
/* A code of that step counts: ERR_CONFLICT when one of it or of a later one has counted already. */
enum err store_person_totp_step(struct tx *tx, int64_t id, int64_t step) must_check;
enum err store_person_seen(struct tx *tx, int64_t id, int64_t at) must_check;
typedef enum err (*store_person_fn)(void *arg, const struct person_row *r);
/* In the order of their ids, behind `after`, at most `max`. merchant_id 0: the operator's people; PERSON_OF_ALL: everybody. */
#define PERSON_OF_ALL INT64_C(-1)
enum err store_person_each(struct db *db, int64_t merchant_id, int64_t after, int64_t max,
    store_person_fn fn, void *arg) must_check;
/* People of that role who can sign in. */
enum err store_person_count(
    struct db *db, enum role role, int64_t merchant_id, int64_t *ret) must_check;

struct invitation_row {
    int64_t id;
    int64_t person_id;
    struct str token_hash;
    int64_t created_at, expires_at, used_at;
};
/* Sets id; the person's earlier ones work no more. */
enum err store_invitation_add(struct tx *tx, struct invitation_row *r) must_check;
/* Whatever its state. ERR_NO_ROW. */
enum err store_invitation_find(
    struct db *db, struct arena *a, struct str token_hash, struct invitation_row *ret) must_check;
/* Compare-and-set: ERR_CONFLICT when it was used. */
enum err store_invitation_use(struct tx *tx, int64_t id, int64_t at) must_check;
/* Of a person, all: they work no more. */
enum err store_invitation_end(struct tx *tx, int64_t person_id, int64_t at) must_check;

/* Instead of those that there were. */
enum err store_recovery_set(
    struct tx *tx, int64_t person_id, const uint8_t (*hashes)[SHA256_LEN], int count) must_check;
/* ERR_NO_ROW: no such code, or used already. */
enum err store_recovery_use(
    struct tx *tx, int64_t person_id, struct str code_hash, int64_t at) must_check;
enum err store_recovery_left(struct db *db, int64_t person_id, int64_t *ret) must_check;

#endif
