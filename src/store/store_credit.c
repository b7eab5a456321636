#include "store/row.h"
#include "store/store_ledger.h"

#define CREDIT_COLUMNS                                                                             \
    "id, wallet, credential_id, trx_id, amount, currency, payer_mask, account_id, payment_id,"     \
    " attempt_id, attached, seen_at, marked_at"

static const struct db_sql SQL_ADD = {
    "INSERT INTO credit (" CREDIT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
    " $12, NULL) ON CONFLICT (wallet, credential_id, trx_id) DO NOTHING"};
static const struct db_sql SQL_FIND = {
    "SELECT id FROM credit WHERE wallet = $1 AND credential_id = $2 AND trx_id = $3"};
static const struct db_sql SQL_ATTACH = {
    "UPDATE credit SET attached = 1, payment_id = $1 WHERE id = $2 AND attached = 0"
    " AND marked_at IS NULL"};
static const struct db_sql SQL_MARK = {
    "UPDATE credit SET marked_at = $1 WHERE id = $2 AND attached = 0 AND marked_at IS NULL"};
static const struct db_sql SQL_GET = {"SELECT " CREDIT_COLUMNS " FROM credit WHERE id = $1"};
static const struct db_sql SQL_EACH = {
    "SELECT " CREDIT_COLUMNS " FROM credit ORDER BY seen_at, id"};
static const struct db_sql SQL_EACH_UNATTACHED = {
    "SELECT " CREDIT_COLUMNS " FROM credit WHERE attached = 0 AND marked_at IS NULL"
    " ORDER BY seen_at, id"};
static const struct db_sql SQL_OF = {
    "SELECT " CREDIT_COLUMNS " FROM credit WHERE payment_id = $1 ORDER BY seen_at, id"};
static const struct db_sql SQL_OF_UNATTACHED = {
    "SELECT " CREDIT_COLUMNS
    " FROM credit WHERE payment_id = $1 AND attached = 0 AND marked_at IS NULL"
    " ORDER BY seen_at, id"};

static void credit_read(struct row *r, struct credit_row *ret)
{
    *ret = (struct credit_row){
        .id = row_int(r, "id"),
        .wallet = row_wallet(r, "wallet"),
        .credential_id = row_int(r, "credential_id"),
        .trx_id = row_str(r, "trx_id"),
        .amount = row_money(r, "amount"),
        .currency = row_str(r, "currency"),
        .payer_mask = row_str(r, "payer_mask"),
        .account_id = row_int(r, "account_id"),
        .payment_id = row_int(r, "payment_id"),
        .attempt_id = row_int(r, "attempt_id"),
        .attached = row_bool(r, "attached"),
        .seen_at = row_int(r, "seen_at"),
        .marked_at = row_int(r, "marked_at"),
    };
}

static enum err credit_find(struct db *db, const struct credit_row *r, int64_t *ret_id)
{
    struct db_stmt *st = db_query(db, &SQL_FIND);
    db_text(st, 1, str_from(wallet_kind_code(r->wallet)));
    db_int(st, 2, r->credential_id);
    db_text(st, 3, r->trx_id);
    return row_one_int(st, "id", ret_id);
}

static enum err credit_insert(struct db *db, const struct credit_row *r, int64_t id)
{
    struct db_stmt *st = db_query(db, &SQL_ADD);
    db_int(st, 1, id);
    db_text(st, 2, str_from(wallet_kind_code(r->wallet)));
    db_int(st, 3, r->credential_id);
    db_text(st, 4, r->trx_id);
    db_int(st, 5, r->amount.poisha);
    db_text(st, 6, r->currency);
    db_text(st, 7, r->payer_mask);
    db_int(st, 8, r->account_id);
    db_opt(st, 9, r->payment_id);
    db_opt(st, 10, r->attempt_id);
    db_int(st, 11, r->attached);
    db_int(st, 12, r->seen_at);
    return db_do_one(st, ERR_DUPLICATE);
}

enum err store_credit_add(struct tx *tx, struct credit_row *r, int64_t *ret_id)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e == ERR_OK)
        e = credit_insert(tx_db(tx), r, id);
    if (e == ERR_DUPLICATE) {
        e = credit_find(tx_db(tx), r, ret_id);
        return e == ERR_OK ? ERR_DUPLICATE : e;
    }
    if (e != ERR_OK)
        return e;
    r->id = id;
    *ret_id = id;
    return ERR_OK;
}

enum err store_credit_attach(struct tx *tx, int64_t id, int64_t payment_id)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ATTACH);
    db_int(st, 1, payment_id);
    db_int(st, 2, id);
    return db_do_one(st, ERR_CONFLICT);
}

enum err store_credit_mark(struct tx *tx, int64_t id)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_MARK);
    db_int(st, 1, tx_now_ms(tx));
    db_int(st, 2, id);
    return db_do_one(st, ERR_CONFLICT);
}

enum err store_credit_get(struct db *db, struct arena *a, int64_t id, struct credit_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_GET);
    db_int(st, 1, id);
    return row_one(st, a, credit_read, ret);
}

enum err store_credit_each(
    struct db *db, int64_t payment_id, bool unattached_only, store_credit_fn fn, void *arg)
{
    const struct db_sql *all = unattached_only ? &SQL_EACH_UNATTACHED : &SQL_EACH;
    const struct db_sql *of = unattached_only ? &SQL_OF_UNATTACHED : &SQL_OF;
    struct db_stmt *st = db_query(db, payment_id ? of : all);
    if (payment_id)
        db_int(st, 1, payment_id);
    return row_each(st, struct credit_row, credit_read, fn, arg);
}
