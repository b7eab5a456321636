/* Of store_person.h: what a person is let in by besides a password, once. */
#include "store/row.h"
#include "store/store_person.h"

#define INVITATION_COLUMNS "id, person_id, token_hash, created_at, expires_at, used_at"

static const struct db_sql SQL_ADD = {
    "INSERT INTO person_invitation (" INVITATION_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6)"};
static const struct db_sql SQL_FIND = {
    "SELECT " INVITATION_COLUMNS " FROM person_invitation WHERE token_hash = $1"};
static const struct db_sql SQL_USE = {
    "UPDATE person_invitation SET used_at = $1 WHERE id = $2 AND used_at = 0"};
static const struct db_sql SQL_END = {
    "UPDATE person_invitation SET used_at = $1 WHERE person_id = $2 AND used_at = 0"};
static const struct db_sql SQL_RECOVERY_FORGET = {
    "DELETE FROM person_recovery WHERE person_id = $1"};
static const struct db_sql SQL_RECOVERY_ADD = {
    "INSERT INTO person_recovery (person_id, code_hash, used_at) VALUES ($1, $2, 0)"};
static const struct db_sql SQL_RECOVERY_USE = {
    "UPDATE person_recovery SET used_at = $1 WHERE person_id = $2 AND code_hash = $3"
    " AND used_at = 0"};
static const struct db_sql SQL_RECOVERY_LEFT = {
    "SELECT COUNT(*) AS n FROM person_recovery WHERE person_id = $1 AND used_at = 0"};

static void invitation_read(struct row *r, struct invitation_row *ret)
{
    *ret = (struct invitation_row){
        .id = row_int(r, "id"),
        .person_id = row_int(r, "person_id"),
        .token_hash = row_str(r, "token_hash"),
        .created_at = row_int(r, "created_at"),
        .expires_at = row_int(r, "expires_at"),
        .used_at = row_int(r, "used_at"),
    };
}

enum err store_invitation_add(struct tx *tx, struct invitation_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e == ERR_OK)
        e = store_invitation_end(tx, r->person_id, r->created_at);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_int(st, 2, r->person_id);
    db_blob(st, 3, r->token_hash);
    db_int(st, 4, r->created_at);
    db_int(st, 5, r->expires_at);
    db_int(st, 6, r->used_at);
    e = db_do_one(st, ERR_INTERNAL);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_invitation_find(
    struct db *db, struct arena *a, struct str token_hash, struct invitation_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_FIND);
    db_blob(st, 1, token_hash);
    return row_one(st, a, invitation_read, ret);
}

enum err store_invitation_use(struct tx *tx, int64_t id, int64_t at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_USE);
    db_int(st, 1, at);
    db_int(st, 2, id);
    return db_do_one(st, ERR_CONFLICT);
}

enum err store_invitation_end(struct tx *tx, int64_t person_id, int64_t at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_END);
    db_int(st, 1, at);
    db_int(st, 2, person_id);
    return db_do(st);
}

enum err store_recovery_set(
    struct tx *tx, int64_t person_id, const uint8_t (*hashes)[SHA256_LEN], int count)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_RECOVERY_FORGET);
    db_int(st, 1, person_id);
    enum err e = db_do(st);
    for (int i = 0; e == ERR_OK && i < count; i++) {
        st = db_query(tx_db(tx), &SQL_RECOVERY_ADD);
        db_int(st, 1, person_id);
        db_blob(st, 2, (struct str){(const char *)hashes[i], SHA256_LEN});
        e = db_do_one(st, ERR_INTERNAL);
    }
    return e;
}

enum err store_recovery_use(struct tx *tx, int64_t person_id, struct str code_hash, int64_t at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_RECOVERY_USE);
    db_int(st, 1, at);
    db_int(st, 2, person_id);
    db_blob(st, 3, code_hash);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_recovery_left(struct db *db, int64_t person_id, int64_t *ret)
{
    struct db_stmt *st = db_query(db, &SQL_RECOVERY_LEFT);
    db_int(st, 1, person_id);
    return row_one_int(st, "n", ret);
}
