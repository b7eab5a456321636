#include "store/store_wallet.h"

#include "store/row.h"

#define CREDENTIAL_COLUMNS                                                                         \
    "id, wallet, name, account_id, base_url, secret_box, enabled, created_at, refunds_v1"

static const struct db_sql SQL_ADD = {"INSERT INTO wallet_credential (" CREDENTIAL_COLUMNS
                                      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
static const struct db_sql SQL_GET = {
    "SELECT " CREDENTIAL_COLUMNS " FROM wallet_credential WHERE id = $1"};
static const struct db_sql SQL_FOR = {
    "SELECT " CREDENTIAL_COLUMNS " FROM wallet_credential WHERE wallet = $1 AND enabled = 1"
    " AND (account_id = $2 OR account_id IS NULL)"
    " ORDER BY CASE WHEN account_id IS NULL THEN 1 ELSE 0 END, created_at DESC, id DESC LIMIT 1"};
static const struct db_sql SQL_ENABLED = {
    "UPDATE wallet_credential SET enabled = $1 WHERE id = $2"};
static const struct db_sql SQL_REFUNDS = {
    "UPDATE wallet_credential SET refunds_v1 = $1 WHERE id = $2 AND wallet = 'bkash'"};
static const struct db_sql SQL_EACH = {
    "SELECT " CREDENTIAL_COLUMNS " FROM wallet_credential ORDER BY id"};

static const struct db_sql SQL_TOKEN_GET = {
    "SELECT credential_id, token_box, refresh_box, expires_at, refresh_expires_at, version"
    " FROM wallet_token WHERE credential_id = $1"};
static const struct db_sql SQL_TOKEN_PUT = {
    "INSERT INTO wallet_token"
    " (credential_id, token_box, refresh_box, expires_at, refresh_expires_at, version)"
    " VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (credential_id) DO UPDATE SET"
    " token_box = excluded.token_box, refresh_box = excluded.refresh_box,"
    " expires_at = excluded.expires_at, refresh_expires_at = excluded.refresh_expires_at,"
    " version = wallet_token.version + 1 RETURNING version"};
static const struct db_sql SQL_TOKEN_VERSION = {
    "SELECT version FROM wallet_token WHERE credential_id = $1"};
static const struct db_sql SQL_TURN_TAKE = {
    "UPDATE wallet_credential SET token_node = $1, token_until = $2"
    " WHERE id = $3 AND (token_node = $1 OR token_node = '' OR token_until <= $4)"};
static const struct db_sql SQL_TURN_END = {
    "UPDATE wallet_credential SET token_node = '' WHERE id = $1 AND token_node = $2"};

/* Changing the credential's row keeps other writers from counting at the same time. */
static const struct db_sql SQL_CALL_ASK = {
    "UPDATE wallet_credential SET token_asks = token_asks + 1 WHERE id = $1"};
static const struct db_sql SQL_CALL_COUNT = {
    "SELECT COUNT(*) AS calls FROM wallet_token_call WHERE credential_id = $1 AND at >= $2"};
static const struct db_sql SQL_CALL_ADD = {
    "INSERT INTO wallet_token_call (id, credential_id, at) VALUES ($1, $2, $3)"};
static const struct db_sql SQL_CALL_FORGET = {
    "DELETE FROM wallet_token_call WHERE credential_id = $1 AND at < $2"};

static const struct db_sql SQL_CALL_RETURN = {
    "DELETE FROM wallet_token_call WHERE id ="
    " (SELECT MAX(id) FROM wallet_token_call WHERE credential_id = $1)"};

static void credential_read(struct row *r, struct credential_row *ret)
{
    *ret = (struct credential_row){
        .id = row_int(r, "id"),
        .wallet = row_wallet(r, "wallet"),
        .name = row_str(r, "name"),
        .account_id = row_int(r, "account_id"),
        .base_url = row_str(r, "base_url"),
        .secret_box = row_str(r, "secret_box"),
        .enabled = row_bool(r, "enabled"),
        .created_at = row_int(r, "created_at"),
        .refunds_v1 = row_bool(r, "refunds_v1"),
    };
}

enum err store_credential_add(struct tx *tx, struct credential_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_text(st, 2, str_from(wallet_kind_code(r->wallet)));
    db_text(st, 3, r->name);
    db_opt(st, 4, r->account_id);
    db_text(st, 5, r->base_url);
    db_blob(st, 6, r->secret_box);
    db_int(st, 7, r->enabled);
    db_int(st, 8, r->created_at);
    db_int(st, 9, r->refunds_v1);
    e = db_do_one(st, ERR_INTERNAL);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_credential_get(
    struct db *db, struct arena *a, int64_t id, struct credential_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_GET);
    db_int(st, 1, id);
    return row_one(st, a, credential_read, ret);
}

enum err store_credential_for(struct db *db, struct arena *a, enum wallet_kind wallet,
    int64_t account_id, struct credential_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_FOR);
    db_text(st, 1, str_from(wallet_kind_code(wallet)));
    db_int(st, 2, account_id);
    return row_one(st, a, credential_read, ret);
}

enum err store_credential_set_enabled(struct tx *tx, int64_t id, bool enabled)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ENABLED);
    db_int(st, 1, enabled);
    db_int(st, 2, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_credential_set_refunds(struct tx *tx, int64_t id, bool v1)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_REFUNDS);
    db_int(st, 1, v1);
    db_int(st, 2, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_credential_each(struct db *db, store_credential_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH);
    return row_each(st, struct credential_row, credential_read, fn, arg);
}

static void token_read(struct row *r, struct token_row *ret)
{
    *ret = (struct token_row){
        .credential_id = row_int(r, "credential_id"),
        .token_box = row_str(r, "token_box"),
        .refresh_box = row_str(r, "refresh_box"),
        .expires_at = row_int(r, "expires_at"),
        .refresh_expires_at = row_int(r, "refresh_expires_at"),
        .version = row_int(r, "version"),
    };
}

enum err store_token_get(
    struct db *db, struct arena *a, int64_t credential_id, struct token_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_TOKEN_GET);
    db_int(st, 1, credential_id);
    return row_one(st, a, token_read, ret);
}

enum err store_token_put(struct tx *tx, struct token_row *r)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_TOKEN_PUT);
    db_int(st, 1, r->credential_id);
    db_blob(st, 2, r->token_box);
    db_blob(st, 3, r->refresh_box);
    db_int(st, 4, r->expires_at);
    db_int(st, 5, r->refresh_expires_at);
    return row_one_int(st, "version", &r->version);
}

enum err store_token_turn_take(
    struct tx *tx, int64_t credential_id, int64_t version, struct str node, int64_t until)
{
    int64_t have = 0;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_TOKEN_VERSION);
    db_int(st, 1, credential_id);
    enum err e = row_one_int(st, "version", &have);
    if (e != ERR_OK && e != ERR_NO_ROW)
        return e;
    if (have != version)
        return ERR_CONFLICT;
    st = db_query(tx_db(tx), &SQL_TURN_TAKE);
    db_text(st, 1, node);
    db_int(st, 2, until);
    db_int(st, 3, credential_id);
    db_int(st, 4, tx_now_ms(tx));
    return db_do_one(st, ERR_BUSY);
}

enum err store_token_turn_end(struct tx *tx, int64_t credential_id, struct str node)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_TURN_END);
    db_int(st, 1, credential_id);
    db_text(st, 2, node);
    return db_do(st);
}

static enum err call_add(struct tx *tx, int64_t credential_id, int64_t now)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_CALL_ADD);
    db_int(st, 1, id);
    db_int(st, 2, credential_id);
    db_int(st, 3, now);
    return db_do_one(st, ERR_INTERNAL);
}

enum err store_token_renewal_take(
    struct tx *tx, int64_t credential_id, int64_t now, int64_t since, int64_t budget)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_CALL_ASK);
    db_int(st, 1, credential_id);
    enum err e = db_do_one(st, ERR_NO_ROW);
    if (e != ERR_OK)
        return e;
    st = db_query(tx_db(tx), &SQL_CALL_FORGET);
    db_int(st, 1, credential_id);
    db_int(st, 2, since);
    e = db_do(st);
    if (e != ERR_OK)
        return e;
    int64_t calls = 0;
    st = db_query(tx_db(tx), &SQL_CALL_COUNT);
    db_int(st, 1, credential_id);
    db_int(st, 2, since);
    e = row_one_int(st, "calls", &calls);
    if (e != ERR_OK)
        return e;
    return calls < budget ? call_add(tx, credential_id, now) : ERR_BUDGET;
}

enum err store_token_renewal_return(struct tx *tx, int64_t credential_id)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_CALL_RETURN);
    db_int(st, 1, credential_id);
    return db_do(st);
}
