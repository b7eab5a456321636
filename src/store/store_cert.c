#include "store/row.h"
#include "store/store_account.h"

#define CERT_COLUMNS                                                                               \
    "id, account_id, purpose, public_der, private_box, fingerprint, not_before, not_after,"        \
    " revoked_at, created_at, refused_at, refused_why, used_at, used_digest"

static const struct db_sql SQL_ADD = {"INSERT INTO certificate (" CERT_COLUMNS
                                      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
                                      " $13, $14)"};
static const struct db_sql SQL_EACH = {
    "SELECT " CERT_COLUMNS " FROM certificate WHERE account_id = $1"
    " ORDER BY created_at DESC, id DESC"};
static const struct db_sql SQL_GET = {"SELECT " CERT_COLUMNS " FROM certificate WHERE id = $1"};
static const struct db_sql SQL_REVOKE = {
    "UPDATE certificate SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0"};
static const struct db_sql SQL_NOT_AFTER = {"UPDATE certificate SET not_after = $1 WHERE id = $2"};
static const struct db_sql SQL_REFUSED = {
    "UPDATE certificate SET refused_at = $1, refused_why = $2 WHERE id = $3"};
static const struct db_sql SQL_USED = {
    "UPDATE certificate SET used_at = $1, used_digest = $2 WHERE id = $3"};

static void cert_read(struct row *r, struct cert_row *ret)
{
    *ret = (struct cert_row){
        .id = row_int(r, "id"),
        .account_id = row_int(r, "account_id"),
        .purpose = row_str(r, "purpose"),
        .public_der = row_str(r, "public_der"),
        .private_box = row_str(r, "private_box"),
        .fingerprint = row_str(r, "fingerprint"),
        .not_before = row_int(r, "not_before"),
        .not_after = row_int(r, "not_after"),
        .revoked_at = row_int(r, "revoked_at"),
        .created_at = row_int(r, "created_at"),
        .refused_at = row_int(r, "refused_at"),
        .refused_why = row_str(r, "refused_why"),
        .used_at = row_int(r, "used_at"),
        .used_digest = row_str(r, "used_digest"),
    };
}

enum err store_cert_add(struct tx *tx, struct cert_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_int(st, 2, r->account_id);
    db_text(st, 3, r->purpose);
    db_blob(st, 4, r->public_der);
    db_blob(st, 5, r->private_box);
    db_text(st, 6, r->fingerprint);
    db_int(st, 7, r->not_before);
    db_int(st, 8, r->not_after);
    db_int(st, 9, r->revoked_at);
    db_int(st, 10, r->created_at);
    db_int(st, 11, r->refused_at);
    db_text(st, 12, r->refused_why);
    db_int(st, 13, r->used_at);
    db_text(st, 14, r->used_digest);
    e = db_do_one(st, ERR_INTERNAL);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_cert_each(struct db *db, int64_t account_id, store_cert_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH);
    db_int(st, 1, account_id);
    return row_each(st, struct cert_row, cert_read, fn, arg);
}

enum err store_cert_get(struct db *db, struct arena *a, int64_t id, struct cert_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_GET);
    db_int(st, 1, id);
    return row_one(st, a, cert_read, ret);
}

static enum err set_time(
    struct tx *tx, const struct db_sql *sql, int64_t id, int64_t at, enum err none)
{
    struct db_stmt *st = db_query(tx_db(tx), sql);
    db_int(st, 1, at);
    db_int(st, 2, id);
    return db_do_one(st, none);
}

enum err store_cert_revoke(struct tx *tx, int64_t id, int64_t at)
{
    return set_time(tx, &SQL_REVOKE, id, at, ERR_CONFLICT);
}

enum err store_cert_set_not_after(struct tx *tx, int64_t id, int64_t not_after)
{
    return set_time(tx, &SQL_NOT_AFTER, id, not_after, ERR_NO_ROW);
}

static enum err set_use(
    struct tx *tx, const struct db_sql *sql, int64_t id, int64_t at, struct str word)
{
    struct db_stmt *st = db_query(tx_db(tx), sql);
    db_int(st, 1, at);
    db_text(st, 2, word);
    db_int(st, 3, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_cert_set_refused(struct tx *tx, int64_t id, int64_t at, struct str why)
{
    return set_use(tx, &SQL_REFUSED, id, at, why);
}

enum err store_cert_set_used(struct tx *tx, int64_t id, int64_t at, struct str digest)
{
    return set_use(tx, &SQL_USED, id, at, digest);
}
