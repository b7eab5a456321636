#include "store/store_payment.h"

#include "store/row.h"
#include "store/stat.h"

#define PAYMENT_COLUMNS                                                                            \
    "id, uuid, account_id, order_id, amount, currency, service, wallet, state, version,"           \
    " created_at, expires_at, success_url, fail_url, endpoint_url, endpoint_id, description,"      \
    " customer_ip, customer_json, fee_bp, fee_fixed, paid, commission, credited, refunded,"        \
    " payer_mask, final_at, sequence, attempts, language"

static const struct db_sql SQL_BY_ID = {"SELECT " PAYMENT_COLUMNS " FROM payment WHERE id = $1"};
static const struct db_sql SQL_BY_ORDER = {
    "SELECT " PAYMENT_COLUMNS " FROM payment WHERE account_id = $1 AND order_id = $2"};
static const struct db_sql SQL_EACH = {
    "SELECT " PAYMENT_COLUMNS " FROM payment WHERE ($1 = 0 OR account_id = $1)"
    " AND ($2 = '' OR state = $2) ORDER BY id DESC LIMIT $3"};
static const struct db_sql SQL_CAS = {
    "UPDATE payment SET state = $1, paid = $2, commission = $3, credited = $4, refunded = $5,"
    " payer_mask = $6, final_at = $7, sequence = $8, attempts = $9, version = version + 1"
    " WHERE id = $10 AND state = $11 AND version = $12"};
static const struct db_sql SQL_LANGUAGE = {"UPDATE payment SET language = $1 WHERE id = $2"};
static const struct db_sql SQL_EXPIRED = {
    "SELECT id FROM payment WHERE state = 'open' AND expires_at <= $1"
    " ORDER BY expires_at, id LIMIT $2"};
static const struct db_sql SQL_NEXT_EXPIRY = {
    "SELECT MIN(expires_at) AS expires_at FROM payment WHERE state = 'open'"};

static void payment_read(struct row *r, struct payment_row *ret)
{
    *ret = (struct payment_row){
        .id = row_int(r, "id"),
        .uuid = row_uuid(r, "uuid"),
        .account_id = row_int(r, "account_id"),
        .order_id = row_str(r, "order_id"),
        .amount = row_money(r, "amount"),
        .currency = row_str(r, "currency"),
        .service = row_str(r, "service"),
        .wallet = row_wallet(r, "wallet"),
        .version = row_int(r, "version"),
        .created_at = row_int(r, "created_at"),
        .expires_at = row_int(r, "expires_at"),
        .success_url = row_str(r, "success_url"),
        .fail_url = row_str(r, "fail_url"),
        .endpoint_url = row_str(r, "endpoint_url"),
        .endpoint_id = row_int(r, "endpoint_id"),
        .desc = row_str(r, "description"),
        .customer_ip = row_str(r, "customer_ip"),
        .customer_json = row_str(r, "customer_json"),
        .fee_bp = row_int(r, "fee_bp"),
        .fee_fixed = row_money(r, "fee_fixed"),
        .paid = row_money(r, "paid"),
        .commission = row_money(r, "commission"),
        .credited = row_money(r, "credited"),
        .refunded = row_money(r, "refunded"),
        .payer_mask = row_str(r, "payer_mask"),
        .final_at = row_int(r, "final_at"),
        .sequence = row_int(r, "sequence"),
        .attempts = row_int(r, "attempts"),
        .language = row_str(r, "language"),
    };
    row_check(r, payment_state_parse(db_col_str(r->st, "state"), &ret->state));
}

enum err store_payment_by_id(struct db *db, struct arena *a, int64_t id, struct payment_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_BY_ID);
    db_int(st, 1, id);
    return row_one(st, a, payment_read, ret);
}

enum err store_payment_by_order(struct db *db, struct arena *a, int64_t account_id,
    struct str order_id, struct payment_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_BY_ORDER);
    db_int(st, 1, account_id);
    db_text(st, 2, order_id);
    return row_one(st, a, payment_read, ret);
}

enum err store_payment_cas(struct tx *tx, const struct payment_row *from, struct payment_row *to)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_CAS);
    db_text(st, 1, str_from(payment_state_text(to->state)));
    db_int(st, 2, to->paid.poisha);
    db_int(st, 3, to->commission.poisha);
    db_int(st, 4, to->credited.poisha);
    db_int(st, 5, to->refunded.poisha);
    db_text(st, 6, to->payer_mask);
    db_int(st, 7, to->final_at);
    db_int(st, 8, to->sequence);
    db_int(st, 9, to->attempts);
    db_int(st, 10, from->id);
    db_text(st, 11, str_from(payment_state_text(from->state)));
    db_int(st, 12, from->version);
    enum err e = db_do_one(st, ERR_CONFLICT);
    if (e == ERR_OK) {
        to->version = from->version + 1;
        stat_payment_changed(tx, from, to);
    }
    return e;
}

enum err store_payment_set_language(struct tx *tx, int64_t id, struct str language)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_LANGUAGE);
    db_text(st, 1, language);
    db_int(st, 2, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_payment_expired(
    struct db *db, int64_t now, int64_t *ret_ids, int max, int *ret_count)
{
    struct db_stmt *st = db_query(db, &SQL_EXPIRED);
    db_int(st, 1, now);
    db_int(st, 2, max);
    return row_ids(st, ret_ids, max, ret_count);
}

enum err store_payment_next_expiry(struct db *db, int64_t *ret_at)
{
    return row_one_int_or_none(db_query(db, &SQL_NEXT_EXPIRY), "expires_at", ret_at);
}

enum err store_payment_each(struct db *db, int64_t account_id, struct str state, int64_t max,
    store_payment_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH);
    db_int(st, 1, account_id);
    db_text(st, 2, str_absent(state) ? STR("") : state);
    db_int(st, 3, max);
    return row_each(st, struct payment_row, payment_read, fn, arg);
}
