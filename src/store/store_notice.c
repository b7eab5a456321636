#include "store/store_notice.h"

#include "store/row.h"

#define TOPIC_COLUMNS "id, credential_id, arn, created_at, confirmed_at"
#define NOTICE_COLUMNS                                                                             \
    "id, message_id, credential_id, received_at, trx_id, invoice, amount, currency, channel,"      \
    " payer_mask, paid_at, payment_id, attempt_id, verdict, look_at, looks"
#define OPEN " verdict IN ('early', 'differs', 'review', 'unreadable')"

static const struct db_sql SQL_TOPIC_ADD = {
    "INSERT INTO wallet_topic (" TOPIC_COLUMNS ") VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (arn) DO NOTHING"};
static const struct db_sql SQL_TOPIC_GET = {
    "SELECT " TOPIC_COLUMNS " FROM wallet_topic WHERE id = $1"};
static const struct db_sql SQL_TOPIC_BY_ARN = {
    "SELECT " TOPIC_COLUMNS " FROM wallet_topic WHERE arn = $1"};
static const struct db_sql SQL_TOPIC_CONFIRM = {
    "UPDATE wallet_topic SET confirmed_at = $1 WHERE id = $2"};
static const struct db_sql SQL_TOPIC_REMOVE = {"DELETE FROM wallet_topic WHERE id = $1"};
static const struct db_sql SQL_TOPIC_EACH = {
    "SELECT " TOPIC_COLUMNS " FROM wallet_topic ORDER BY id"};

static const struct db_sql SQL_ADD = {
    "INSERT INTO wallet_notice (" NOTICE_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
    " $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (message_id) DO NOTHING"};
static const struct db_sql SQL_FIND = {"SELECT id FROM wallet_notice WHERE message_id = $1"};
static const struct db_sql SQL_GET = {"SELECT " NOTICE_COLUMNS " FROM wallet_notice WHERE id = $1"};
static const struct db_sql SQL_JUDGE = {
    "UPDATE wallet_notice SET payment_id = $1, attempt_id = $2, verdict = $3, look_at = $4,"
    " looks = $5 WHERE id = $6"};
static const struct db_sql SQL_DUE = {
    "SELECT id FROM wallet_notice WHERE look_at <= $1 ORDER BY look_at, id LIMIT $2"};
static const struct db_sql SQL_EACH = {
    "SELECT " NOTICE_COLUMNS " FROM wallet_notice ORDER BY id DESC LIMIT $1"};
static const struct db_sql SQL_EACH_OPEN = {
    "SELECT " NOTICE_COLUMNS " FROM wallet_notice WHERE" OPEN " ORDER BY id DESC LIMIT $1"};
static const struct db_sql SQL_OF = {
    "SELECT " NOTICE_COLUMNS " FROM wallet_notice WHERE payment_id = $1"
    " ORDER BY id DESC LIMIT $2"};
static const struct db_sql SQL_OF_OPEN = {
    "SELECT " NOTICE_COLUMNS " FROM wallet_notice WHERE payment_id = $1 AND" OPEN
    " ORDER BY id DESC LIMIT $2"};
static const struct db_sql SQL_CREDIT = {"SELECT amount, payment_id FROM credit WHERE wallet = "
                                         "'bkash' AND credential_id = $1 AND trx_id = $2"};
static const struct db_sql SQL_ATTEMPT = {
    "SELECT id FROM attempt WHERE invoice = $1 AND wallet = 'bkash'"};

/* ---- topics ---- */

static void topic_read(struct row *r, struct topic_row *ret)
{
    *ret = (struct topic_row){
        .id = row_int(r, "id"),
        .credential_id = row_int(r, "credential_id"),
        .arn = row_str(r, "arn"),
        .created_at = row_int(r, "created_at"),
        .confirmed_at = row_int(r, "confirmed_at"),
    };
}

enum err store_topic_add(struct tx *tx, struct topic_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_TOPIC_ADD);
    db_int(st, 1, id);
    db_int(st, 2, r->credential_id);
    db_text(st, 3, r->arn);
    db_int(st, 4, r->created_at);
    db_int(st, 5, r->confirmed_at);
    e = db_do_one(st, ERR_DUPLICATE);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_topic_get(struct db *db, struct arena *a, int64_t id, struct topic_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_TOPIC_GET);
    db_int(st, 1, id);
    return row_one(st, a, topic_read, ret);
}

enum err store_topic_by_arn(struct db *db, struct arena *a, struct str arn, struct topic_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_TOPIC_BY_ARN);
    db_text(st, 1, arn);
    return row_one(st, a, topic_read, ret);
}

enum err store_topic_confirm(struct tx *tx, int64_t id, int64_t confirmed_at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_TOPIC_CONFIRM);
    db_int(st, 1, confirmed_at);
    db_int(st, 2, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_topic_remove(struct tx *tx, int64_t id)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_TOPIC_REMOVE);
    db_int(st, 1, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_topic_each(struct db *db, store_topic_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_TOPIC_EACH);
    return row_each(st, struct topic_row, topic_read, fn, arg);
}

/* ---- notices ---- */

static void notice_read(struct row *r, struct notice_row *ret)
{
    *ret = (struct notice_row){
        .id = row_int(r, "id"),
        .message_id = row_str(r, "message_id"),
        .credential_id = row_int(r, "credential_id"),
        .received_at = row_int(r, "received_at"),
        .trx_id = row_str(r, "trx_id"),
        .invoice = row_str(r, "invoice"),
        .amount = row_money(r, "amount"),
        .currency = row_str(r, "currency"),
        .channel = row_str(r, "channel"),
        .payer_mask = row_str(r, "payer_mask"),
        .paid_at = row_int(r, "paid_at"),
        .payment_id = row_int(r, "payment_id"),
        .attempt_id = row_int(r, "attempt_id"),
        .verdict = row_str(r, "verdict"),
        .look_at = row_int(r, "look_at"),
        .looks = row_int(r, "looks"),
    };
}

enum err store_notice_add(struct tx *tx, struct notice_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_text(st, 2, r->message_id);
    db_int(st, 3, r->credential_id);
    db_int(st, 4, r->received_at);
    db_text(st, 5, r->trx_id);
    db_text(st, 6, r->invoice);
    db_int(st, 7, r->amount.poisha);
    db_text(st, 8, r->currency);
    db_text(st, 9, r->channel);
    db_text(st, 10, r->payer_mask);
    db_int(st, 11, r->paid_at);
    db_opt(st, 12, r->payment_id);
    db_opt(st, 13, r->attempt_id);
    db_text(st, 14, r->verdict);
    db_opt(st, 15, r->look_at);
    db_int(st, 16, r->looks);
    e = db_do_one(st, ERR_DUPLICATE);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_notice_find(struct db *db, struct str message_id, int64_t *ret_id)
{
    struct db_stmt *st = db_query(db, &SQL_FIND);
    db_text(st, 1, message_id);
    return row_one_int(st, "id", ret_id);
}

enum err store_notice_get(struct db *db, struct arena *a, int64_t id, struct notice_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_GET);
    db_int(st, 1, id);
    return row_one(st, a, notice_read, ret);
}

enum err store_notice_judge(struct tx *tx, const struct notice_row *r)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_JUDGE);
    db_opt(st, 1, r->payment_id);
    db_opt(st, 2, r->attempt_id);
    db_text(st, 3, r->verdict);
    db_opt(st, 4, r->look_at);
    db_int(st, 5, r->looks);
    db_int(st, 6, r->id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_notice_due(struct db *db, int64_t now, int64_t *ret_ids, int max, int *ret_count)
{
    struct db_stmt *st = db_query(db, &SQL_DUE);
    db_int(st, 1, now);
    db_int(st, 2, max);
    return row_ids(st, ret_ids, max, ret_count);
}

enum err store_notice_each(
    struct db *db, int64_t payment_id, bool open, int64_t max, store_notice_fn fn, void *arg)
{
    const struct db_sql *all = open ? &SQL_EACH_OPEN : &SQL_EACH;
    const struct db_sql *of = open ? &SQL_OF_OPEN : &SQL_OF;
    struct db_stmt *st = db_query(db, payment_id ? of : all);
    if (payment_id)
        db_int(st, 1, payment_id);
    db_int(st, payment_id ? 2 : 1, max);
    return row_each(st, struct notice_row, notice_read, fn, arg);
}

/* ---- what they may be about ---- */

static void credit_read(struct row *r, struct notice_credit *ret)
{
    *ret = (struct notice_credit){
        .amount = row_money(r, "amount"), .payment_id = row_int(r, "payment_id")};
}

enum err store_notice_credit(
    struct db *db, int64_t credential_id, struct str trx_id, struct notice_credit *ret)
{
    struct db_stmt *st = db_query(db, &SQL_CREDIT);
    db_int(st, 1, credential_id);
    db_text(st, 2, trx_id);
    return row_one(st, NULL, credit_read, ret);
}

enum err store_notice_attempt(struct db *db, struct str invoice, int64_t *ret_id)
{
    struct db_stmt *st = db_query(db, &SQL_ATTEMPT);
    db_text(st, 1, invoice);
    return row_one_int(st, "id", ret_id);
}
