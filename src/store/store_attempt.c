#include "store/row.h"
#include "store/store_payment.h"

#define ATTEMPT_COLUMNS                                                                            \
    "id, payment_id, number, wallet, credential_id, state, version, callback_token, invoice,"      \
    " amount, currency, wallet_ref, wallet_url, trx_id, payer_mask, reason, created_at,"           \
    " execute_sent_at, next_ask_at, asked_at, asks"

static const struct db_sql SQL_ADD = {
    "INSERT INTO attempt (" ATTEMPT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $10,"
    " $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"};
static const struct db_sql SQL_BY_ID = {"SELECT " ATTEMPT_COLUMNS " FROM attempt WHERE id = $1"};
static const struct db_sql SQL_BY_TOKEN = {
    "SELECT " ATTEMPT_COLUMNS " FROM attempt WHERE callback_token = $1"};
static const struct db_sql SQL_BY_ROCKET_REF = {
    "SELECT " ATTEMPT_COLUMNS " FROM attempt WHERE wallet = 'rocket' AND wallet_ref = $1"};
static const struct db_sql SQL_ROCKET_REF_TAKEN = {
    "SELECT id FROM attempt WHERE wallet = 'rocket' AND wallet_ref = $1 AND id <> $2"};
static const struct db_sql SQL_LAST = {
    "SELECT " ATTEMPT_COLUMNS " FROM attempt WHERE payment_id = $1"
    " ORDER BY number DESC LIMIT 1"};
static const struct db_sql SQL_LIVE = {
    "SELECT " ATTEMPT_COLUMNS " FROM attempt WHERE payment_id = $1"
    " AND state IN ('executing', 'unknown', 'review')"
    " ORDER BY number DESC LIMIT 1"};
static const struct db_sql SQL_EACH = {
    "SELECT " ATTEMPT_COLUMNS " FROM attempt WHERE payment_id = $1 ORDER BY number"};
static const struct db_sql SQL_CAS = {
    "UPDATE attempt SET state = $1, wallet_ref = $2, wallet_url = $3, trx_id = $4, payer_mask = $5,"
    " reason = $6, execute_sent_at = $7, next_ask_at = $8, asks = $9, asked_at = $10, invoice = "
    "$11,"
    " version = version + 1 WHERE id = $12 AND state = $13 AND version = $14"};
static const struct db_sql SQL_DUE = {
    "SELECT id FROM attempt WHERE next_ask_at <= $1"
    " AND state IN ('creating', 'executing', 'unknown') ORDER BY next_ask_at, id LIMIT $2"};
static const struct db_sql SQL_DUE_AT_PAGE = {
    "SELECT id FROM attempt WHERE next_ask_at <= $1"
    " AND state IN ('redirected', 'refused', 'cancelled', 'failed') AND wallet = $2"
    " ORDER BY next_ask_at, id LIMIT $3"};

static void attempt_read(struct row *r, struct attempt_row *ret)
{
    *ret = (struct attempt_row){
        .id = row_int(r, "id"),
        .payment_id = row_int(r, "payment_id"),
        .number = row_int(r, "number"),
        .wallet = row_wallet(r, "wallet"),
        .credential_id = row_int(r, "credential_id"),
        .version = row_int(r, "version"),
        .callback_token = row_str(r, "callback_token"),
        .invoice = row_str(r, "invoice"),
        .amount = row_money(r, "amount"),
        .currency = row_str(r, "currency"),
        .wallet_ref = row_str(r, "wallet_ref"),
        .wallet_url = row_str(r, "wallet_url"),
        .trx_id = row_str(r, "trx_id"),
        .payer_mask = row_str(r, "payer_mask"),
        .reason = row_str(r, "reason"),
        .created_at = row_int(r, "created_at"),
        .execute_sent_at = row_int(r, "execute_sent_at"),
        .next_ask_at = row_int(r, "next_ask_at"),
        .asked_at = row_int(r, "asked_at"),
        .asks = row_int(r, "asks"),
    };
    row_check(r, attempt_state_parse(db_col_str(r->st, "state"), &ret->state));
}

enum err store_attempt_add(struct tx *tx, struct attempt_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_int(st, 2, r->payment_id);
    db_int(st, 3, r->number);
    db_text(st, 4, str_from(wallet_kind_code(r->wallet)));
    db_int(st, 5, r->credential_id);
    db_text(st, 6, str_from(attempt_state_text(r->state)));
    db_text(st, 7, r->callback_token);
    db_text(st, 8, r->invoice);
    db_int(st, 9, r->amount.poisha);
    db_text(st, 10, r->currency);
    db_text(st, 11, r->wallet_ref);
    db_text(st, 12, r->wallet_url);
    db_text(st, 13, r->trx_id);
    db_text(st, 14, r->payer_mask);
    db_text(st, 15, r->reason);
    db_int(st, 16, r->created_at);
    db_int(st, 17, r->execute_sent_at);
    db_opt(st, 18, r->next_ask_at);
    db_int(st, 19, r->asked_at);
    db_int(st, 20, r->asks);
    e = db_do_one(st, ERR_INTERNAL);
    if (e != ERR_OK)
        return e;
    r->id = id;
    r->version = 1;
    return ERR_OK;
}

enum err store_attempt_by_id(struct db *db, struct arena *a, int64_t id, struct attempt_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_BY_ID);
    db_int(st, 1, id);
    return row_one(st, a, attempt_read, ret);
}

enum err store_attempt_by_token(
    struct db *db, struct arena *a, struct str token, struct attempt_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_BY_TOKEN);
    db_text(st, 1, token);
    return row_one(st, a, attempt_read, ret);
}

enum err store_attempt_by_rocket_ref(
    struct db *db, struct arena *a, struct str ref, struct attempt_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_BY_ROCKET_REF);
    db_text(st, 1, ref);
    return row_one(st, a, attempt_read, ret);
}

enum err store_attempt_last(
    struct db *db, struct arena *a, int64_t payment_id, struct attempt_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_LAST);
    db_int(st, 1, payment_id);
    return row_one(st, a, attempt_read, ret);
}

enum err store_attempt_live(
    struct db *db, struct arena *a, int64_t payment_id, struct attempt_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_LIVE);
    db_int(st, 1, payment_id);
    return row_one(st, a, attempt_read, ret);
}

enum err store_attempt_each(struct db *db, int64_t payment_id, store_attempt_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH);
    db_int(st, 1, payment_id);
    return row_each(st, struct attempt_row, attempt_read, fn, arg);
}

/* Asked first, as callers go on after ERR_DUPLICATE: on PostgreSQL an update that breaks a uniqueness ends the transaction. */
static enum err ref_free(
    struct db *db, const struct attempt_row *from, const struct attempt_row *to)
{
    int64_t other;
    if (from->wallet != WALLET_ROCKET || str_absent(to->wallet_ref) ||
        str_eq(from->wallet_ref, to->wallet_ref))
        return ERR_OK;
    struct db_stmt *st = db_query(db, &SQL_ROCKET_REF_TAKEN);
    db_text(st, 1, to->wallet_ref);
    db_int(st, 2, from->id);
    enum err e = row_one_int(st, "id", &other);
    return e == ERR_NO_ROW ? ERR_OK : e == ERR_OK ? ERR_DUPLICATE : e;
}

enum err store_attempt_cas(struct tx *tx, const struct attempt_row *from, struct attempt_row *to)
{
    enum err e = ref_free(tx_db(tx), from, to);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_CAS);
    db_text(st, 1, str_from(attempt_state_text(to->state)));
    db_text(st, 2, to->wallet_ref);
    db_text(st, 3, to->wallet_url);
    db_text(st, 4, to->trx_id);
    db_text(st, 5, to->payer_mask);
    db_text(st, 6, to->reason);
    db_int(st, 7, to->execute_sent_at);
    db_opt(st, 8, to->next_ask_at);
    db_int(st, 9, to->asks);
    db_int(st, 10, to->asked_at);
    db_text(st, 11, to->invoice);
    db_int(st, 12, from->id);
    db_text(st, 13, str_from(attempt_state_text(from->state)));
    db_int(st, 14, from->version);
    e = db_do_one(st, ERR_CONFLICT);
    if (e == ERR_OK)
        to->version = from->version + 1;
    return e;
}

enum err store_attempt_due(struct db *db, int64_t now, int64_t *ret_ids, int max, int *ret_count)
{
    struct db_stmt *st = db_query(db, &SQL_DUE);
    db_int(st, 1, now);
    db_int(st, 2, max);
    return row_ids(st, ret_ids, max, ret_count);
}

enum err store_attempt_due_at_page(
    struct db *db, enum wallet_kind wallet, int64_t now, int64_t *ret_ids, int max, int *ret_count)
{
    struct db_stmt *st = db_query(db, &SQL_DUE_AT_PAGE);
    db_int(st, 1, now);
    db_text(st, 2, str_from(wallet_kind_code(wallet)));
    db_int(st, 3, max);
    return row_ids(st, ret_ids, max, ret_count);
}
