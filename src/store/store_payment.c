#include "store/store_payment.h"

#include "store/history.h"
#include "store/row.h"
#include "store/stat.h"

static const struct db_sql SQL_ORDER_FIND = {"SELECT id, uuid, body_sha256 FROM payment"
                                             " WHERE account_id = $1 AND order_id = $2"};
static const struct db_sql SQL_ADD = {
    "INSERT INTO payment (id, uuid, account_id, day, order_id, body_sha256, amount, currency,"
    " service, wallet, state, version, created_at, expires_at, success_url, fail_url,"
    " endpoint_url, endpoint_id, description, customer_ip, customer_json, fee_bp, fee_fixed, paid,"
    " commission, credited, refunded, payer_mask, final_at, sequence, attempts, language)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $13, $14, $15, $16, $17, $18,"
    " $19, $20, $21, $22, 0, 0, 0, 0, NULL, 0, 0, 0, $23)"
    " ON CONFLICT (account_id, order_id) DO NOTHING"};

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

enum err store_order_find(struct db *db, int64_t account_id, struct str order_id,
    const uint8_t body_sha256[SHA256_LEN], bool *ret_same, int64_t *ret_id, char ret_uuid[37])
{
    struct db_stmt *st = db_query(db, &SQL_ORDER_FIND);
    db_int(st, 1, account_id);
    db_text(st, 2, order_id);
    struct row r = {.st = st};
    r.err = db_step(st);
    if (r.err == ERR_OK) {
        int64_t id = row_int(&r, "id");
        struct str uuid = row_uuid(&r, "uuid");
        struct str sha = row_str(&r, "body_sha256");
        if (r.err == ERR_OK) {
            *ret_id = id;
            *ret_same = str_eq(sha, (struct str){(const char *)body_sha256, SHA256_LEN});
            memcpy(ret_uuid, uuid.p, UUID_LEN + 1);
        }
    }
    db_end(st);
    return r.err;
}

/* ERR_DUPLICATE: the order is taken. */
static enum err payment_add(struct db *db, const struct payment_new *p, int64_t id, int32_t day)
{
    const struct payment_row *r = &p->row;
    uint8_t uuid[16];
    struct db_stmt *st = db_query(db, &SQL_ADD);
    db_int(st, 1, id);
    if (!row_bind_uuid(st, 2, r->uuid, uuid)) {
        db_end(st);
        return ERR_SYNTAX;
    }
    db_int(st, 3, r->account_id);
    db_int(st, 4, day);
    db_text(st, 5, r->order_id);
    db_blob(st, 6, (struct str){(const char *)p->body_sha256, SHA256_LEN});
    db_int(st, 7, r->amount.poisha);
    db_text(st, 8, r->currency);
    db_text(st, 9, r->service);
    db_text(st, 10, str_from(wallet_kind_code(r->wallet)));
    db_text(st, 11, str_from(payment_state_text(r->state)));
    db_int(st, 12, r->created_at);
    db_int(st, 13, r->expires_at);
    db_text(st, 14, r->success_url);
    db_text(st, 15, r->fail_url);
    db_text(st, 16, r->endpoint_url);
    db_opt(st, 17, r->endpoint_id);
    db_text(st, 18, r->desc);
    db_text(st, 19, r->customer_ip);
    db_text(st, 20, r->customer_json);
    db_int(st, 21, r->fee_bp);
    db_int(st, 22, r->fee_fixed.poisha);
    db_text(st, 23, r->language);
    return db_do_one(st, ERR_DUPLICATE);
}

enum err store_payment_id(struct tx *tx, int64_t *ret)
{
    return tx_next_id(tx, STORE_ID_PAYMENT, ret);
}

enum err store_payment_insert(
    struct tx *tx, struct payment_new *p, bool *ret_same, int64_t *ret_id, char ret_uuid[37])
{
    struct db *db = tx_db(tx);
    int64_t id = p->id;
    enum err e = id ? ERR_OK : store_payment_id(tx, &id);
    if (e != ERR_OK)
        return e;
    int32_t day = dhaka_day(p->row.created_at);
    e = payment_add(db, p, id, day);
    if (e == ERR_DUPLICATE) {
        e = store_order_find(
            db, p->row.account_id, p->row.order_id, p->body_sha256, ret_same, ret_id, ret_uuid);
        return e == ERR_OK ? ERR_DUPLICATE : e;
    }
    if (e != ERR_OK)
        return e;
    history_count(tx, p->row.account_id, day, id);
    p->row.id = id;
    p->row.version = 1;
    return ERR_OK;
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
