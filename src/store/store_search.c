#include "store/store_search.h"

#include "store/row.h"

#define SEARCH_COLUMNS                                                                             \
    "id, day, uuid, account_id, order_id, amount, currency, wallet, state, created_at, final_at,"  \
    " paid, commission, credited, refunded, payer_mask, description"
/* Ids of payments start behind it. */
#define ID_BEFORE_ALL INT64_C(100000000)

/* Two statements, as SQLite does not use (day, id) < ($2, $3) to find the first row. */
static const struct db_sql SQL_DAY = {
    "SELECT " SEARCH_COLUMNS " FROM payment WHERE account_id = $1 AND day = $2 AND id < $3"
    " ORDER BY id DESC LIMIT $4"};
static const struct db_sql SQL_BEFORE = {
    "SELECT " SEARCH_COLUMNS " FROM payment WHERE account_id = $1 AND day < $2 AND day >= $3"
    " ORDER BY day DESC, id DESC LIMIT $4"};
static const struct db_sql SQL_ALL = {
    "SELECT " SEARCH_COLUMNS " FROM payment WHERE id < $1 ORDER BY id DESC LIMIT $2"};
static const struct db_sql SQL_BY_ID = {"SELECT " SEARCH_COLUMNS " FROM payment WHERE id = $1"};
static const struct db_sql SQL_NEWEST = {"SELECT MAX(id) AS id FROM payment"};
static const struct db_sql SQL_NEXT = {
    "SELECT id, day FROM payment WHERE id >= $1 ORDER BY id LIMIT 1"};

#define FEW " LIMIT 20"
static const struct db_sql SQL_INVOICE = {
    "SELECT payment_id AS id FROM attempt WHERE invoice = $1" FEW};
static const struct db_sql SQL_ROCKET = {
    "SELECT payment_id AS id FROM attempt WHERE wallet = 'rocket' AND wallet_ref = $1" FEW};
static const struct db_sql SQL_WEBHOOK = {
    "SELECT payment_id AS id FROM outbox WHERE webhook_id = $1" FEW};
/* CROSS JOIN: an index lookup for each credential and number, which are few; there is no index by TrxID alone. */
static const struct db_sql SQL_TRX_CREDENTIAL = {
    "SELECT c.payment_id AS id FROM wallet_credential w CROSS JOIN credit c WHERE w.wallet = $1"
    " AND c.wallet = $1 AND c.credential_id = w.id AND c.trx_id = $2"
    " AND c.payment_id IS NOT NULL" FEW};
static const struct db_sql SQL_TRX_NUMBER = {
    "SELECT c.payment_id AS id FROM wallet_number w CROSS JOIN credit c WHERE w.wallet = $1"
    " AND c.wallet = $1 AND c.credential_id = w.id AND c.trx_id = $2"
    " AND c.payment_id IS NOT NULL" FEW};
static const struct db_sql SQL_TRX_REFUND = {
    "SELECT payment_id AS id FROM refund WHERE wallet = $1 AND refund_trx_id = $2" FEW};
static const struct db_sql SQL_TRX_TYPED = {
    "SELECT payment_id AS id FROM number_wait WHERE wallet = $1 AND trx_id = $2" FEW};

static void search_read(struct row *r, struct search_row *ret)
{
    *ret = (struct search_row){
        .id = row_int(r, "id"),
        .day = row_int(r, "day"),
        .uuid = row_uuid(r, "uuid"),
        .account_id = row_int(r, "account_id"),
        .order_id = row_str(r, "order_id"),
        .amount = row_money(r, "amount"),
        .currency = row_str(r, "currency"),
        .wallet = row_wallet(r, "wallet"),
        .created_at = row_int(r, "created_at"),
        .final_at = row_int(r, "final_at"),
        .paid = row_money(r, "paid"),
        .commission = row_money(r, "commission"),
        .credited = row_money(r, "credited"),
        .refunded = row_money(r, "refunded"),
        .payer_mask = row_str(r, "payer_mask"),
        .desc = row_str(r, "description"),
    };
    row_check(r, payment_state_parse(db_col_str(r->st, "state"), &ret->state));
}

struct counting {
    store_search_fn fn;
    void *arg;
    int64_t left;
};

static enum err count_one(void *arg, const struct search_row *r)
{
    struct counting *c = arg;
    c->left--;
    return c->fn(c->arg, r);
}

enum err store_search_account(struct db *db, int64_t account_id, int32_t day_first, int32_t day,
    int64_t below, int64_t max, store_search_fn fn, void *arg)
{
    struct counting c = {fn, arg, max};
    struct db_stmt *st = db_query(db, &SQL_DAY);
    db_int(st, 1, account_id);
    db_int(st, 2, day);
    db_int(st, 3, below);
    db_int(st, 4, max);
    enum err e = row_each(st, struct search_row, search_read, count_one, &c);
    if (e != ERR_OK || c.left == 0 || day <= day_first)
        return e;
    st = db_query(db, &SQL_BEFORE);
    db_int(st, 1, account_id);
    db_int(st, 2, day);
    db_int(st, 3, day_first);
    db_int(st, 4, c.left);
    return row_each(st, struct search_row, search_read, fn, arg);
}

enum err store_search_all(struct db *db, int64_t below, int64_t max, store_search_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_ALL);
    db_int(st, 1, below);
    db_int(st, 2, max);
    return row_each(st, struct search_row, search_read, fn, arg);
}

enum err store_search_by_id(struct db *db, int64_t id, store_search_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_BY_ID);
    db_int(st, 1, id);
    return row_each(st, struct search_row, search_read, fn, arg);
}

/* The day of the first payment with an id of `id` or above. ERR_NO_ROW. */
static enum err next_day(struct db *db, int64_t id, int64_t *ret_day)
{
    struct db_stmt *st = db_query(db, &SQL_NEXT);
    db_int(st, 1, id);
    return row_one_int(st, "day", ret_day);
}

/* By halves: no index tells it. */
enum err store_search_day_end(struct db *db, int32_t day, int64_t *ret_id)
{
    int64_t low = ID_BEFORE_ALL, high = ID_BEFORE_ALL;
    enum err e = row_one_int_or_none(db_query(db, &SQL_NEWEST), "id", &high);
    if (e != ERR_OK && e != ERR_NO_ROW)
        return e;
    high++;
    while (low < high) {
        int64_t middle = low + (high - low) / 2, found;
        e = next_day(db, middle, &found);
        if (e != ERR_OK && e != ERR_NO_ROW)
            return e;
        if (e == ERR_NO_ROW || found > day)
            high = middle;
        else
            low = middle + 1;
    }
    *ret_id = high;
    return ERR_OK;
}

struct id_row {
    int64_t id;
};

static void id_read(struct row *r, struct id_row *ret)
{
    *ret = (struct id_row){row_int(r, "id")};
}

struct id_call {
    store_search_id_fn fn;
    void *arg;
};

static enum err id_tell(void *arg, const struct id_row *r)
{
    const struct id_call *c = arg;
    return c->fn(c->arg, r->id);
}

enum err store_search_names(struct db *db, struct str text, store_search_id_fn fn, void *arg)
{
    static const struct db_sql *const queries[] = {&SQL_INVOICE, &SQL_ROCKET, &SQL_WEBHOOK};
    struct id_call c = {fn, arg};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < sizeof queries / sizeof queries[0]; i++) {
        struct db_stmt *st = db_query(db, queries[i]);
        db_text(st, 1, text);
        e = row_each(st, struct id_row, id_read, id_tell, &c);
    }
    return e;
}

enum err store_search_trx(
    struct db *db, enum wallet_kind wallet, struct str trx_id, store_search_id_fn fn, void *arg)
{
    static const struct db_sql *const queries[] = {
        &SQL_TRX_CREDENTIAL, &SQL_TRX_NUMBER, &SQL_TRX_REFUND, &SQL_TRX_TYPED};
    struct id_call c = {fn, arg};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < sizeof queries / sizeof queries[0]; i++) {
        struct db_stmt *st = db_query(db, queries[i]);
        db_text(st, 1, str_from(wallet_kind_code(wallet)));
        db_text(st, 2, trx_id);
        e = row_each(st, struct id_row, id_read, id_tell, &c);
    }
    return e;
}
