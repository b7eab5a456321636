/* Numbers and devices. */
#include "store/row.h"
#include "store/store_sms.h"

#define NUMBER_COLUMNS                                                                             \
    "id, wallet, number, kind, account_id, enabled, balance, balance_at, created_at"

static const struct db_sql SQL_NUMBER_ADD = {
    "INSERT INTO wallet_number (" NUMBER_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " ON CONFLICT DO NOTHING"};
static const struct db_sql SQL_NUMBER_GET = {
    "SELECT " NUMBER_COLUMNS " FROM wallet_number WHERE id = $1"};
static const struct db_sql SQL_NUMBER_FOR = {
    "SELECT " NUMBER_COLUMNS " FROM wallet_number WHERE wallet = $1 AND enabled = 1"
    " AND (account_id = $2 OR account_id IS NULL)"
    " ORDER BY CASE WHEN account_id IS NULL THEN 1 ELSE 0 END, id DESC LIMIT 1"};
static const struct db_sql SQL_NUMBER_ENABLE = {
    "UPDATE wallet_number SET enabled = $1 WHERE id = $2"};
static const struct db_sql SQL_NUMBER_BALANCE = {
    "UPDATE wallet_number SET balance = $1, balance_at = $2 WHERE id = $3"};
static const struct db_sql SQL_NUMBER_EACH = {
    "SELECT " NUMBER_COLUMNS " FROM wallet_number ORDER BY id"};
static const struct db_sql SQL_NUMBER_SEEN = {
    "SELECT MAX(device.seen_at) AS at FROM device_number"
    " JOIN device ON device.id = device_number.device_id"
    " WHERE device_number.number_id = $1 AND device.enabled = 1"};

#define DEVICE_COLUMNS "id, name, accepts, key_box, model, enabled, created_at, seen_at, synced_at"

static const struct db_sql SQL_DEVICE_ADD = {
    "INSERT INTO device (" DEVICE_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " ON CONFLICT DO NOTHING"};
static const struct db_sql SQL_DEVICE_GET = {"SELECT " DEVICE_COLUMNS " FROM device WHERE id = $1"};
static const struct db_sql SQL_DEVICE_ENABLE = {"UPDATE device SET enabled = $1 WHERE id = $2"};
static const struct db_sql SQL_DEVICE_SEEN = {
    "UPDATE device SET seen_at = CASE WHEN seen_at < $1 THEN $1 ELSE seen_at END,"
    " synced_at = CASE WHEN synced_at < $2 THEN $2 ELSE synced_at END,"
    " model = COALESCE($3, model) WHERE id = $4"};
static const struct db_sql SQL_DEVICE_EACH = {"SELECT " DEVICE_COLUMNS " FROM device ORDER BY id"};
static const struct db_sql SQL_BIND = {
    "INSERT INTO device_number (device_id, number_id, sim) VALUES ($1, $2, $3)"
    " ON CONFLICT DO NOTHING"};
static const struct db_sql SQL_OF_SLOT = {
    "SELECT wallet_number.id AS id FROM device_number"
    " JOIN wallet_number ON wallet_number.id = device_number.number_id"
    " WHERE device_number.device_id = $1 AND wallet_number.wallet = $2 AND device_number.sim = $3"
    " AND wallet_number.enabled = 1 ORDER BY wallet_number.id LIMIT 2"};

static const struct db_sql SQL_SLOT_BOUND = {
    "SELECT wallet_number.id AS id FROM device_number"
    " JOIN wallet_number ON wallet_number.id = device_number.number_id"
    " WHERE device_number.device_id = $1 AND wallet_number.wallet = $2 AND device_number.sim = $3"
    " LIMIT 1"};

static void number_read(struct row *r, struct number_row *ret)
{
    *ret = (struct number_row){
        .id = row_int(r, "id"),
        .wallet = row_wallet(r, "wallet"),
        .number = row_str(r, "number"),
        .kind = row_str(r, "kind"),
        .account_id = row_int(r, "account_id"),
        .enabled = row_bool(r, "enabled"),
        .balance = row_money(r, "balance"),
        .balance_at = row_int(r, "balance_at"),
        .created_at = row_int(r, "created_at"),
    };
}

enum err store_number_add(struct tx *tx, struct number_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_NUMBER_ADD);
    db_int(st, 1, id);
    db_text(st, 2, str_from(wallet_kind_code(r->wallet)));
    db_text(st, 3, r->number);
    db_text(st, 4, r->kind);
    db_opt(st, 5, r->account_id);
    db_int(st, 6, r->enabled);
    db_int(st, 7, r->balance.poisha);
    db_int(st, 8, r->balance_at);
    db_int(st, 9, r->created_at);
    e = db_do_one(st, ERR_DUPLICATE);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_number_get(struct db *db, struct arena *a, int64_t id, struct number_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_NUMBER_GET);
    db_int(st, 1, id);
    return row_one(st, a, number_read, ret);
}

enum err store_number_for(struct db *db, struct arena *a, enum wallet_kind wallet,
    int64_t account_id, struct number_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_NUMBER_FOR);
    db_text(st, 1, str_from(wallet_kind_code(wallet)));
    db_int(st, 2, account_id);
    return row_one(st, a, number_read, ret);
}

enum err store_number_set_enabled(struct tx *tx, int64_t id, bool enabled)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_NUMBER_ENABLE);
    db_int(st, 1, enabled);
    db_int(st, 2, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_number_set_balance(struct tx *tx, int64_t id, struct money balance, int64_t at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_NUMBER_BALANCE);
    db_int(st, 1, balance.poisha);
    db_int(st, 2, at);
    db_int(st, 3, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_number_each(struct db *db, store_number_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_NUMBER_EACH);
    return row_each(st, struct number_row, number_read, fn, arg);
}

enum err store_number_seen(struct db *db, int64_t number_id, int64_t *ret_at)
{
    struct db_stmt *st = db_query(db, &SQL_NUMBER_SEEN);
    db_int(st, 1, number_id);
    int64_t at = 0;
    enum err e = row_one_int_or_none(st, "at", &at);
    if (e != ERR_OK && e != ERR_NO_ROW)
        return e;
    *ret_at = at;
    return ERR_OK;
}

static void device_read(struct row *r, struct device_row *ret)
{
    *ret = (struct device_row){
        .id = row_int(r, "id"),
        .name = row_str(r, "name"),
        .accepts = row_str(r, "accepts"),
        .key_box = row_str(r, "key_box"),
        .model = row_str(r, "model"),
        .enabled = row_bool(r, "enabled"),
        .created_at = row_int(r, "created_at"),
        .seen_at = row_int(r, "seen_at"),
        .synced_at = row_int(r, "synced_at"),
    };
}

enum err store_device_add(struct tx *tx, struct device_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_DEVICE_ADD);
    db_int(st, 1, id);
    db_text(st, 2, r->name);
    db_text(st, 3, r->accepts);
    db_blob(st, 4, r->key_box);
    db_text(st, 5, r->model);
    db_int(st, 6, r->enabled);
    db_int(st, 7, r->created_at);
    db_int(st, 8, r->seen_at);
    db_int(st, 9, r->synced_at);
    e = db_do_one(st, ERR_DUPLICATE);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_device_get(struct db *db, struct arena *a, int64_t id, struct device_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_DEVICE_GET);
    db_int(st, 1, id);
    return row_one(st, a, device_read, ret);
}

enum err store_device_set_enabled(struct tx *tx, int64_t id, bool enabled)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_DEVICE_ENABLE);
    db_int(st, 1, enabled);
    db_int(st, 2, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_device_seen(
    struct tx *tx, int64_t id, int64_t seen_at, int64_t synced_at, struct str model)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_DEVICE_SEEN);
    db_int(st, 1, seen_at);
    db_int(st, 2, synced_at);
    db_text(st, 3, model);
    db_int(st, 4, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_device_each(struct db *db, store_device_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_DEVICE_EACH);
    return row_each(st, struct device_row, device_read, fn, arg);
}

enum err store_device_bind(struct tx *tx, int64_t device_id, int64_t number_id, struct str sim)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_BIND);
    db_int(st, 1, device_id);
    db_int(st, 2, number_id);
    db_text(st, 3, str_absent(sim) ? STR("") : sim);
    return db_do_one(st, ERR_DUPLICATE);
}

static enum err slot_number(
    struct db *db, int64_t device_id, enum wallet_kind wallet, struct str sim, int64_t *ret_id)
{
    struct db_stmt *st = db_query(db, &SQL_OF_SLOT);
    db_int(st, 1, device_id);
    db_text(st, 2, str_from(wallet_kind_code(wallet)));
    db_text(st, 3, sim);
    int64_t ids[2];
    int count = 0;
    enum err e = row_ids(st, ids, 2, &count);
    if (e != ERR_OK)
        return e;
    if (count != 1)
        return count == 0 ? ERR_NO_ROW : ERR_CONFLICT;
    *ret_id = ids[0];
    return ERR_OK;
}

/* ERR_NO_ROW: no number of the wallet, not even a disabled one, has the slot for itself. */
static enum err slot_bound(
    struct db *db, int64_t device_id, enum wallet_kind wallet, struct str sim)
{
    struct db_stmt *st = db_query(db, &SQL_SLOT_BOUND);
    int64_t id = 0;
    db_int(st, 1, device_id);
    db_text(st, 2, str_from(wallet_kind_code(wallet)));
    db_text(st, 3, sim);
    return row_one_int(st, "id", &id);
}

enum err store_device_number(struct db *db, int64_t device_id, enum wallet_kind wallet,
    struct str sim, int64_t *ret_number_id)
{
    if (sim.n > 0) {
        enum err e = slot_number(db, device_id, wallet, sim, ret_number_id);
        if (e != ERR_NO_ROW)
            return e;
        e = slot_bound(db, device_id, wallet, sim);
        if (e != ERR_NO_ROW)
            return e == ERR_OK ? ERR_CONFLICT : e;
    }
    return slot_number(db, device_id, wallet, STR(""), ret_number_id);
}
