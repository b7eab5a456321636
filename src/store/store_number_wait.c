#include "store/store_number_wait.h"

#include "store/row.h"

#define ALIKE_MAX "100"

static const struct db_sql SQL_ADD = {
    "INSERT INTO number_wait (payment_id, wallet, trx_id, payer_end, typed_at)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (payment_id, trx_id)"
    " DO UPDATE SET payer_end = excluded.payer_end, typed_at = excluded.typed_at"};
static const struct db_sql SQL_END = {"DELETE FROM number_wait WHERE payment_id = $1"};
static const struct db_sql SQL_END_TRX = {
    "DELETE FROM number_wait WHERE wallet = $1 AND trx_id = $2"
    " AND (payer_end = $3 OR payment_id = $4)"};
static const struct db_sql SQL_EACH_TRX = {
    "SELECT payment_id, wallet, trx_id, payer_end, typed_at FROM number_wait"
    " WHERE wallet = $1 AND trx_id = $2 AND payer_end = $3 ORDER BY typed_at, payment_id"};
static const struct db_sql SQL_FORGET = {"DELETE FROM number_wait WHERE typed_at < $1"};
static const struct db_sql SQL_EACH_OF = {
    "SELECT payment_id, wallet, trx_id, payer_end, typed_at FROM number_wait"
    " WHERE payment_id = $1 ORDER BY typed_at, trx_id"};
static const struct db_sql SQL_ALIKE = {
    "SELECT trx_id, number_id FROM number_credit WHERE state = 'free' AND seen_at >= $1"
    " AND wallet = $2 AND amount = $3 AND payer_end = $4 ORDER BY seen_at DESC LIMIT " ALIKE_MAX};

static void wait_read(struct row *r, struct number_wait_row *ret)
{
    *ret = (struct number_wait_row){
        .payment_id = row_int(r, "payment_id"),
        .wallet = row_wallet(r, "wallet"),
        .trx_id = row_str(r, "trx_id"),
        .payer_end = row_str(r, "payer_end"),
        .typed_at = row_int(r, "typed_at"),
    };
}

enum err store_number_wait_add(struct tx *tx, const struct number_wait_row *r)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, r->payment_id);
    db_text(st, 2, str_from(wallet_kind_code(r->wallet)));
    db_text(st, 3, r->trx_id);
    db_text(st, 4, r->payer_end);
    db_int(st, 5, r->typed_at);
    return db_do(st);
}

enum err store_number_wait_end(struct tx *tx, int64_t payment_id)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_END);
    db_int(st, 1, payment_id);
    return db_do(st);
}

enum err store_number_wait_end_trx(struct tx *tx, enum wallet_kind wallet, struct str trx_id,
    struct str payer_end, int64_t payment_id)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_END_TRX);
    db_text(st, 1, str_from(wallet_kind_code(wallet)));
    db_text(st, 2, trx_id);
    db_text(st, 3, payer_end);
    db_int(st, 4, payment_id);
    return db_do(st);
}

enum err store_number_wait_each_trx(struct db *db, enum wallet_kind wallet, struct str trx_id,
    struct str payer_end, store_number_wait_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH_TRX);
    db_text(st, 1, str_from(wallet_kind_code(wallet)));
    db_text(st, 2, trx_id);
    db_text(st, 3, payer_end);
    return row_each(st, struct number_wait_row, wait_read, fn, arg);
}

enum err store_number_wait_each_of(
    struct db *db, int64_t payment_id, store_number_wait_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH_OF);
    db_int(st, 1, payment_id);
    return row_each(st, struct number_wait_row, wait_read, fn, arg);
}

struct alike {
    struct str trx_id;
    int64_t number_id;
};

static void alike_read(struct row *r, struct alike *ret)
{
    *ret = (struct alike){.trx_id = row_str(r, "trx_id"), .number_id = row_int(r, "number_id")};
}

struct alike_call {
    store_number_alike_fn fn;
    void *arg;
};

static enum err alike_call(void *arg, const struct alike *a)
{
    struct alike_call *c = arg;
    return c->fn(c->arg, a->trx_id, a->number_id);
}

enum err store_number_alike_each(struct db *db, enum wallet_kind wallet, struct money amount,
    struct str payer_end, int64_t since, store_number_alike_fn fn, void *arg)
{
    struct alike_call call = {.fn = fn, .arg = arg};
    struct db_stmt *st = db_query(db, &SQL_ALIKE);
    db_int(st, 1, since);
    db_text(st, 2, str_from(wallet_kind_code(wallet)));
    db_int(st, 3, amount.poisha);
    db_text(st, 4, payer_end);
    return row_each(st, struct alike, alike_read, alike_call, &call);
}

enum err store_number_wait_forget(struct tx *tx, int64_t before)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_FORGET);
    db_int(st, 1, before);
    return db_do(st);
}
