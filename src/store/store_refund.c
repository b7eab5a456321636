#include "store/store_refund.h"

#include "store/row.h"

#define REFUND_COLUMNS                                                                             \
    "id, payment_id, attempt_id, account_id, wallet, credential_id, wallet_ref, trx_id, amount,"   \
    " currency, state, version, known, refund_trx_id, code, reason, actor, created_at, sent_at,"   \
    " next_ask_at, asks, final_at, payer_mask"
#define LIVE "state IN ('requested', 'sent', 'unknown', 'review', 'by_hand')"

static const struct db_sql SQL_ADD = {
    "INSERT INTO refund (" REFUND_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
    " $11, 1, NULL, NULL, NULL, $12, $13, $14, 0, $15, 0, 0, $16) ON CONFLICT DO NOTHING"};
static const struct db_sql SQL_BY_ID = {"SELECT " REFUND_COLUMNS " FROM refund WHERE id = $1"};
static const struct db_sql SQL_LIVE = {"SELECT id FROM refund WHERE payment_id = $1 AND " LIVE};
static const struct db_sql SQL_LIVE_BY = {
    "SELECT id FROM refund WHERE wallet = $1 AND credential_id = $2 AND " LIVE
    " ORDER BY id LIMIT 1"};
static const struct db_sql SQL_BY_TRX = {
    "SELECT id FROM refund WHERE wallet = $1 AND credential_id = $2 AND refund_trx_id = $3"};
static const struct db_sql SQL_BY_TRX_ANY = {
    "SELECT id FROM refund WHERE wallet = $1 AND refund_trx_id = $2 ORDER BY id LIMIT 1"};
static const struct db_sql SQL_SUM = {
    "SELECT coalesce(sum(amount), 0) AS amount FROM refund WHERE payment_id = $1 AND wallet = $2"
    " AND credential_id = $3 AND trx_id = $4 AND state <> 'declined'"};
static const struct db_sql SQL_CAS = {
    "UPDATE refund SET state = $1, known = $2, refund_trx_id = $3, code = $4, sent_at = $5,"
    " next_ask_at = $6, asks = $7, final_at = $8, version = version + 1"
    " WHERE id = $9 AND state = $10 AND version = $11"};
static const struct db_sql SQL_DUE = {
    "SELECT id FROM refund WHERE next_ask_at <= $1 ORDER BY next_ask_at, id LIMIT $2"};
static const struct db_sql SQL_EACH = {"SELECT " REFUND_COLUMNS " FROM refund ORDER BY id"};
static const struct db_sql SQL_EACH_LIVE = {
    "SELECT " REFUND_COLUMNS " FROM refund WHERE " LIVE " ORDER BY id"};
static const struct db_sql SQL_OF = {
    "SELECT " REFUND_COLUMNS " FROM refund WHERE payment_id = $1 ORDER BY id"};
static const struct db_sql SQL_OF_LIVE = {
    "SELECT " REFUND_COLUMNS " FROM refund WHERE payment_id = $1 AND " LIVE " ORDER BY id"};

static void refund_read(struct row *r, struct refund_row *ret)
{
    *ret = (struct refund_row){
        .id = row_int(r, "id"),
        .payment_id = row_int(r, "payment_id"),
        .attempt_id = row_int(r, "attempt_id"),
        .account_id = row_int(r, "account_id"),
        .wallet = row_wallet(r, "wallet"),
        .credential_id = row_int(r, "credential_id"),
        .wallet_ref = row_str(r, "wallet_ref"),
        .trx_id = row_str(r, "trx_id"),
        .payer_mask = row_str(r, "payer_mask"),
        .amount = row_money(r, "amount"),
        .currency = row_str(r, "currency"),
        .version = row_int(r, "version"),
        .known = row_str(r, "known"),
        .refund_trx_id = row_str(r, "refund_trx_id"),
        .code = row_str(r, "code"),
        .reason = row_str(r, "reason"),
        .actor = row_str(r, "actor"),
        .created_at = row_int(r, "created_at"),
        .sent_at = row_int(r, "sent_at"),
        .next_ask_at = row_int(r, "next_ask_at"),
        .asks = row_int(r, "asks"),
        .final_at = row_int(r, "final_at"),
    };
    row_check(r, refund_state_parse(db_col_str(r->st, "state"), &ret->state));
}

enum err store_refund_add(struct tx *tx, struct refund_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_int(st, 2, r->payment_id);
    db_opt(st, 3, r->attempt_id);
    db_int(st, 4, r->account_id);
    db_text(st, 5, str_from(wallet_kind_code(r->wallet)));
    db_int(st, 6, r->credential_id);
    db_text(st, 7, r->wallet_ref);
    db_text(st, 8, r->trx_id);
    db_int(st, 9, r->amount.poisha);
    db_text(st, 10, r->currency);
    db_text(st, 11, str_from(refund_state_text(r->state)));
    db_text(st, 12, r->reason);
    db_text(st, 13, r->actor);
    db_int(st, 14, r->created_at);
    db_opt(st, 15, r->next_ask_at);
    db_text(st, 16, r->payer_mask);
    e = db_do_one(st, ERR_DUPLICATE);
    if (e != ERR_OK)
        return e;
    r->id = id;
    r->version = 1;
    return ERR_OK;
}

enum err store_refund_by_id(struct db *db, struct arena *a, int64_t id, struct refund_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_BY_ID);
    db_int(st, 1, id);
    return row_one(st, a, refund_read, ret);
}

enum err store_refund_live(struct db *db, int64_t payment_id, int64_t *ret_id)
{
    struct db_stmt *st = db_query(db, &SQL_LIVE);
    db_int(st, 1, payment_id);
    return row_one_int(st, "id", ret_id);
}

enum err store_refund_live_by(
    struct db *db, enum wallet_kind wallet, int64_t credential_id, int64_t *ret_id)
{
    struct db_stmt *st = db_query(db, &SQL_LIVE_BY);
    db_text(st, 1, str_from(wallet_kind_code(wallet)));
    db_int(st, 2, credential_id);
    return row_one_int(st, "id", ret_id);
}

enum err store_refund_by_trx(struct db *db, enum wallet_kind wallet, int64_t credential_id,
    struct str refund_trx_id, int64_t *ret_id)
{
    struct db_stmt *st = db_query(db, &SQL_BY_TRX);
    db_text(st, 1, str_from(wallet_kind_code(wallet)));
    db_int(st, 2, credential_id);
    db_text(st, 3, refund_trx_id);
    return row_one_int(st, "id", ret_id);
}

enum err store_refund_by_any_trx(
    struct db *db, enum wallet_kind wallet, struct str refund_trx_id, int64_t *ret_id)
{
    struct db_stmt *st = db_query(db, &SQL_BY_TRX_ANY);
    db_text(st, 1, str_from(wallet_kind_code(wallet)));
    db_text(st, 2, refund_trx_id);
    return row_one_int(st, "id", ret_id);
}

enum err store_refund_sum(struct db *db, const struct refund_row *of, struct money *ret)
{
    int64_t poisha;
    struct db_stmt *st = db_query(db, &SQL_SUM);
    db_int(st, 1, of->payment_id);
    db_text(st, 2, str_from(wallet_kind_code(of->wallet)));
    db_int(st, 3, of->credential_id);
    db_text(st, 4, of->trx_id);
    enum err e = row_one_int(st, "amount", &poisha);
    if (e == ERR_OK)
        *ret = money_poisha(poisha);
    return e;
}

enum err store_refund_cas(struct tx *tx, const struct refund_row *from, struct refund_row *to)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_CAS);
    db_text(st, 1, str_from(refund_state_text(to->state)));
    db_text(st, 2, to->known);
    db_text(st, 3, to->refund_trx_id);
    db_text(st, 4, to->code);
    db_int(st, 5, to->sent_at);
    db_opt(st, 6, to->next_ask_at);
    db_int(st, 7, to->asks);
    db_int(st, 8, to->final_at);
    db_int(st, 9, from->id);
    db_text(st, 10, str_from(refund_state_text(from->state)));
    db_int(st, 11, from->version);
    enum err e = db_do_one(st, ERR_CONFLICT);
    if (e == ERR_OK)
        to->version = from->version + 1;
    return e;
}

enum err store_refund_due(struct db *db, int64_t now, int64_t *ret_ids, int max, int *ret_count)
{
    struct db_stmt *st = db_query(db, &SQL_DUE);
    db_int(st, 1, now);
    db_int(st, 2, max);
    return row_ids(st, ret_ids, max, ret_count);
}

enum err store_refund_each(
    struct db *db, int64_t payment_id, bool live_only, store_refund_fn fn, void *arg)
{
    const struct db_sql *all = live_only ? &SQL_EACH_LIVE : &SQL_EACH;
    const struct db_sql *of = live_only ? &SQL_OF_LIVE : &SQL_OF;
    struct db_stmt *st = db_query(db, payment_id ? of : all);
    if (payment_id)
        db_int(st, 1, payment_id);
    return row_each(st, struct refund_row, refund_read, fn, arg);
}
