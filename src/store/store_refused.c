#include "store/store_refused.h"

#include "store/row.h"

static const struct db_sql SQL_ADD = {
    "INSERT INTO refused_request (id, account_id, at, client_ip, path, body_bytes, request_box)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"};
static const struct db_sql SQL_TRIM = {
    "DELETE FROM refused_request WHERE account_id = $1 AND id <= (SELECT id FROM refused_request"
    " WHERE account_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)"};
static const struct db_sql SQL_TRIM_ALL = {
    "DELETE FROM refused_request WHERE id <= (SELECT id FROM refused_request"
    " ORDER BY id DESC LIMIT 1 OFFSET $1)"};
static const struct db_sql SQL_FORGET = {"DELETE FROM refused_request WHERE at < $1"};
static const struct db_sql SQL_OLDEST = {"SELECT MIN(at) AS at FROM refused_request"};
static const struct db_sql SQL_EACH = {
    "SELECT id, account_id, at, client_ip, path, body_bytes, NULL AS request_box"
    " FROM refused_request WHERE account_id = $1 AND at >= $2 ORDER BY id DESC LIMIT $3"};
static const struct db_sql SQL_GET = {
    "SELECT id, account_id, at, client_ip, path, body_bytes, request_box"
    " FROM refused_request WHERE id = $1 AND account_id = $2"};

enum err store_refused_add(struct tx *tx, struct refused_row *r)
{
    enum err e = tx_next_id(tx, STORE_ID_ROW, &r->id);
    if (e != ERR_OK)
        return e;
    r->at = tx_now_ms(tx);
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, r->id);
    db_int(st, 2, r->account_id);
    db_int(st, 3, r->at);
    db_text(st, 4, r->client_ip);
    db_text(st, 5, r->path);
    db_int(st, 6, r->body_bytes);
    db_blob(st, 7, r->request_box);
    return db_do_one(st, ERR_INTERNAL);
}

enum err store_refused_trim(struct tx *tx, int64_t account_id, int64_t of_account, int64_t of_all)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_TRIM);
    db_int(st, 1, account_id);
    db_int(st, 2, of_account);
    enum err e = db_do(st);
    if (e != ERR_OK)
        return e;
    st = db_query(tx_db(tx), &SQL_TRIM_ALL);
    db_int(st, 1, of_all);
    return db_do(st);
}

enum err store_refused_forget(struct tx *tx, int64_t before)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_FORGET);
    db_int(st, 1, before);
    return db_do(st);
}

enum err store_refused_oldest(struct db *db, int64_t *ret_at)
{
    return row_one_int_or_none(db_query(db, &SQL_OLDEST), "at", ret_at);
}

static void refused_read(struct row *r, struct refused_row *ret)
{
    *ret = (struct refused_row){
        .id = row_int(r, "id"),
        .account_id = row_int(r, "account_id"),
        .at = row_int(r, "at"),
        .client_ip = row_str(r, "client_ip"),
        .path = row_str(r, "path"),
        .body_bytes = row_int(r, "body_bytes"),
        .request_box = row_str(r, "request_box"),
    };
}

enum err store_refused_each(
    struct db *db, int64_t account_id, int64_t since, int64_t limit, store_refused_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH);
    db_int(st, 1, account_id);
    db_int(st, 2, since);
    db_int(st, 3, limit);
    return row_each(st, struct refused_row, refused_read, fn, arg);
}

enum err store_refused_get(
    struct db *db, struct arena *a, int64_t account_id, int64_t id, struct refused_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_GET);
    db_int(st, 1, id);
    db_int(st, 2, account_id);
    return row_one(st, a, refused_read, ret);
}
