/* An account's redirects and notification endpoints. */
#include "store/row.h"
#include "store/store_account.h"

static const struct db_sql SQL_REDIRECT_ADD = {
    "INSERT INTO redirect (id, account_id, name, url, deleted_at) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT DO NOTHING"};
static const struct db_sql SQL_REDIRECT_GET = {
    "SELECT id, account_id, name, url, deleted_at FROM redirect WHERE id = $1"};
static const struct db_sql SQL_REDIRECT_DELETE = {
    "UPDATE redirect SET deleted_at = $1 WHERE id = $2 AND deleted_at = 0"};
static const struct db_sql SQL_REDIRECT_EACH = {
    "SELECT id, account_id, name, url, deleted_at FROM redirect WHERE account_id = $1 ORDER BY id"};

#define ENDPOINT_COLUMNS                                                                           \
    "id, account_id, name, url, mode, field_set, secret_box, old_secret_box, old_secret_until,"    \
    " disabled_at, disabled_reason, deleted_at"

static const struct db_sql SQL_ENDPOINT_ADD = {
    "INSERT INTO endpoint (" ENDPOINT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
    " $11, $12) ON CONFLICT DO NOTHING"};
static const struct db_sql SQL_ENDPOINT_GET = {
    "SELECT " ENDPOINT_COLUMNS " FROM endpoint WHERE id = $1"};
static const struct db_sql SQL_ENDPOINT_EACH = {
    "SELECT " ENDPOINT_COLUMNS " FROM endpoint WHERE account_id = $1 ORDER BY id"};
static const struct db_sql SQL_ENDPOINT_UPDATE = {
    "UPDATE endpoint SET name = $1, url = $2, mode = $3, field_set = $4, secret_box = $5,"
    " old_secret_box = $6, old_secret_until = $7, disabled_at = $8, disabled_reason = $9,"
    " deleted_at = $10 WHERE id = $11"};

static void redirect_read(struct row *r, struct redirect_row *ret)
{
    *ret = (struct redirect_row){
        .id = row_int(r, "id"),
        .account_id = row_int(r, "account_id"),
        .name = row_str(r, "name"),
        .url = row_str(r, "url"),
        .deleted_at = row_int(r, "deleted_at"),
    };
}

enum err store_redirect_add(struct tx *tx, struct redirect_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_REDIRECT_ADD);
    db_int(st, 1, id);
    db_int(st, 2, r->account_id);
    db_text(st, 3, r->name);
    db_text(st, 4, r->url);
    db_int(st, 5, r->deleted_at);
    e = db_do_one(st, ERR_DUPLICATE);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_redirect_get(struct db *db, struct arena *a, int64_t id, struct redirect_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_REDIRECT_GET);
    db_int(st, 1, id);
    return row_one(st, a, redirect_read, ret);
}

enum err store_redirect_delete(struct tx *tx, int64_t id, int64_t at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_REDIRECT_DELETE);
    db_int(st, 1, at);
    db_int(st, 2, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_redirect_each(struct db *db, int64_t account_id, store_redirect_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_REDIRECT_EACH);
    db_int(st, 1, account_id);
    return row_each(st, struct redirect_row, redirect_read, fn, arg);
}

static void endpoint_read(struct row *r, struct endpoint_row *ret)
{
    *ret = (struct endpoint_row){
        .id = row_int(r, "id"),
        .account_id = row_int(r, "account_id"),
        .name = row_str(r, "name"),
        .url = row_str(r, "url"),
        .mode = row_str(r, "mode"),
        .field_set = row_int(r, "field_set"),
        .secret_box = row_str(r, "secret_box"),
        .old_secret_box = row_str(r, "old_secret_box"),
        .old_secret_until = row_int(r, "old_secret_until"),
        .disabled_at = row_int(r, "disabled_at"),
        .disabled_reason = row_str(r, "disabled_reason"),
        .deleted_at = row_int(r, "deleted_at"),
    };
}

enum err store_endpoint_add(struct tx *tx, struct endpoint_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ENDPOINT_ADD);
    db_int(st, 1, id);
    db_int(st, 2, r->account_id);
    db_text(st, 3, r->name);
    db_text(st, 4, r->url);
    db_text(st, 5, r->mode);
    db_int(st, 6, r->field_set);
    db_blob(st, 7, r->secret_box);
    db_blob(st, 8, r->old_secret_box);
    db_int(st, 9, r->old_secret_until);
    db_int(st, 10, r->disabled_at);
    db_text(st, 11, r->disabled_reason);
    db_int(st, 12, r->deleted_at);
    e = db_do_one(st, ERR_DUPLICATE);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_endpoint_get(struct db *db, struct arena *a, int64_t id, struct endpoint_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_ENDPOINT_GET);
    db_int(st, 1, id);
    return row_one(st, a, endpoint_read, ret);
}

enum err store_endpoint_update(struct tx *tx, const struct endpoint_row *r)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ENDPOINT_UPDATE);
    db_text(st, 1, r->name);
    db_text(st, 2, r->url);
    db_text(st, 3, r->mode);
    db_int(st, 4, r->field_set);
    db_blob(st, 5, r->secret_box);
    db_blob(st, 6, r->old_secret_box);
    db_int(st, 7, r->old_secret_until);
    db_int(st, 8, r->disabled_at);
    db_text(st, 9, r->disabled_reason);
    db_int(st, 10, r->deleted_at);
    db_int(st, 11, r->id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_endpoint_each(struct db *db, int64_t account_id, store_endpoint_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_ENDPOINT_EACH);
    db_int(st, 1, account_id);
    return row_each(st, struct endpoint_row, endpoint_read, fn, arg);
}
