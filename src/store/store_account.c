#include "store/store_account.h"

#include "store/row.h"

static const struct db_sql SQL_MERCHANT_ADD = {
    "INSERT INTO merchant (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"};
static const struct db_sql SQL_MERCHANT_GET = {
    "SELECT id, name, created_at FROM merchant WHERE id = $1"};
static const struct db_sql SQL_MERCHANT_EACH = {
    "SELECT id, name, created_at FROM merchant ORDER BY id"};

#define ACCOUNT_COLUMNS                                                                            \
    "id, uuid, merchant_id, name, currency, fee_bp, fee_fixed, services, digest,"                  \
    " success_redirect_id, fail_redirect_id, endpoint_id, notify_mode, notify_field_set,"          \
    " notify_secret_box, notify_old_secret_box, notify_old_secret_until, enabled, created_at"

static const struct db_sql SQL_ACCOUNT_ADD = {
    "INSERT INTO account (" ACCOUNT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
    " $11, $12, $13, $14, $15, $16, $17, $18, $19) ON CONFLICT DO NOTHING"};
static const struct db_sql SQL_ACCOUNT_BY_UUID = {
    "SELECT " ACCOUNT_COLUMNS " FROM account WHERE uuid = $1"};
static const struct db_sql SQL_ACCOUNT_BY_ID = {
    "SELECT " ACCOUNT_COLUMNS " FROM account WHERE id = $1"};
static const struct db_sql SQL_ACCOUNT_EACH = {
    "SELECT " ACCOUNT_COLUMNS " FROM account ORDER BY id"};
static const struct db_sql SQL_ACCOUNT_UPDATE = {
    "UPDATE account SET name = $1, fee_bp = $2, fee_fixed = $3, services = $4, digest = $5,"
    " success_redirect_id = $6, fail_redirect_id = $7, endpoint_id = $8, notify_mode = $9,"
    " notify_field_set = $10, notify_secret_box = $11, notify_old_secret_box = $12,"
    " notify_old_secret_until = $13, enabled = $14 WHERE id = $15"};

static void merchant_read(struct row *r, struct merchant_row *ret)
{
    *ret = (struct merchant_row){
        .id = row_int(r, "id"),
        .name = row_str(r, "name"),
        .created_at = row_int(r, "created_at"),
    };
}

enum err store_merchant_add(struct tx *tx, struct merchant_row *m)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_MERCHANT_ADD);
    db_int(st, 1, id);
    db_text(st, 2, m->name);
    db_int(st, 3, m->created_at);
    e = db_do_one(st, ERR_DUPLICATE);
    if (e == ERR_OK)
        m->id = id;
    return e;
}

enum err store_merchant_get(struct db *db, struct arena *a, int64_t id, struct merchant_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_MERCHANT_GET);
    db_int(st, 1, id);
    return row_one(st, a, merchant_read, ret);
}

enum err store_merchant_each(struct db *db, store_merchant_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_MERCHANT_EACH);
    return row_each(st, struct merchant_row, merchant_read, fn, arg);
}

static void account_read(struct row *r, struct account_row *ret)
{
    *ret = (struct account_row){
        .id = row_int(r, "id"),
        .uuid = row_uuid(r, "uuid"),
        .merchant_id = row_int(r, "merchant_id"),
        .name = row_str(r, "name"),
        .currency = row_str(r, "currency"),
        .fee_bp = row_int(r, "fee_bp"),
        .fee_fixed = row_money(r, "fee_fixed"),
        .services = row_str(r, "services"),
        .digest = row_str(r, "digest"),
        .success_redirect_id = row_int(r, "success_redirect_id"),
        .fail_redirect_id = row_int(r, "fail_redirect_id"),
        .endpoint_id = row_int(r, "endpoint_id"),
        .notify_mode = row_str(r, "notify_mode"),
        .notify_field_set = row_int(r, "notify_field_set"),
        .notify_secret_box = row_str(r, "notify_secret_box"),
        .notify_old_secret_box = row_str(r, "notify_old_secret_box"),
        .notify_old_secret_until = row_int(r, "notify_old_secret_until"),
        .enabled = row_bool(r, "enabled"),
        .created_at = row_int(r, "created_at"),
    };
}

enum err store_account_add(struct tx *tx, struct account_row *r)
{
    int64_t id;
    uint8_t raw[16];
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ACCOUNT_ADD);
    if (!row_bind_uuid(st, 2, r->uuid, raw)) {
        db_end(st);
        return ERR_SYNTAX;
    }
    db_int(st, 1, id);
    db_int(st, 3, r->merchant_id);
    db_text(st, 4, r->name);
    db_text(st, 5, r->currency);
    db_int(st, 6, r->fee_bp);
    db_int(st, 7, r->fee_fixed.poisha);
    db_text(st, 8, r->services);
    db_text(st, 9, r->digest);
    db_opt(st, 10, r->success_redirect_id);
    db_opt(st, 11, r->fail_redirect_id);
    db_opt(st, 12, r->endpoint_id);
    db_text(st, 13, r->notify_mode);
    db_int(st, 14, r->notify_field_set);
    db_blob(st, 15, r->notify_secret_box);
    db_blob(st, 16, r->notify_old_secret_box);
    db_int(st, 17, r->notify_old_secret_until);
    db_int(st, 18, r->enabled);
    db_int(st, 19, r->created_at);
    e = db_do_one(st, ERR_DUPLICATE);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_account_by_uuid(
    struct db *db, struct arena *a, struct str uuid, struct account_row *ret)
{
    uint8_t raw[16];
    struct db_stmt *st = db_query(db, &SQL_ACCOUNT_BY_UUID);
    if (!row_bind_uuid(st, 1, uuid, raw)) {
        db_end(st);
        return ERR_NO_ROW;
    }
    return row_one(st, a, account_read, ret);
}

enum err store_account_by_id(struct db *db, struct arena *a, int64_t id, struct account_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_ACCOUNT_BY_ID);
    db_int(st, 1, id);
    return row_one(st, a, account_read, ret);
}

enum err store_account_update(struct tx *tx, const struct account_row *r)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ACCOUNT_UPDATE);
    db_text(st, 1, r->name);
    db_int(st, 2, r->fee_bp);
    db_int(st, 3, r->fee_fixed.poisha);
    db_text(st, 4, r->services);
    db_text(st, 5, r->digest);
    db_opt(st, 6, r->success_redirect_id);
    db_opt(st, 7, r->fail_redirect_id);
    db_opt(st, 8, r->endpoint_id);
    db_text(st, 9, r->notify_mode);
    db_int(st, 10, r->notify_field_set);
    db_blob(st, 11, r->notify_secret_box);
    db_blob(st, 12, r->notify_old_secret_box);
    db_int(st, 13, r->notify_old_secret_until);
    db_int(st, 14, r->enabled);
    db_int(st, 15, r->id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_account_each(struct db *db, store_account_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_ACCOUNT_EACH);
    return row_each(st, struct account_row, account_read, fn, arg);
}
