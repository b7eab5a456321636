/* SMS as they were told. */
#include "store/store_sms.h"
#include "store/row.h"

#define SMS_COLUMNS                                                                                \
    "id, device_id, number_id, sender, body, digest, kind, why, trx_id, state, reported_by,"       \
    " happened_at, seen_at"

static const struct db_sql SQL_ADD = {
    "INSERT INTO sms (" SMS_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
    " $13) ON CONFLICT (digest) DO NOTHING"};
static const struct db_sql SQL_GET = {"SELECT " SMS_COLUMNS " FROM sms WHERE id = $1"};
static const struct db_sql SQL_STATE = {"UPDATE sms SET state = $1 WHERE id = $2"};
static const struct db_sql SQL_WHY = {"UPDATE sms SET why = $1 WHERE id = $2"};
static const struct db_sql SQL_FORGET = {
    "UPDATE sms SET body = '' WHERE id IN (SELECT id FROM sms WHERE seen_at < $1 AND body <> ''"
    " AND (state = 'done' OR state = 'looked_at') ORDER BY seen_at LIMIT $2)"};
static const struct db_sql SQL_EACH_OPEN = {
    "SELECT " SMS_COLUMNS " FROM sms WHERE state <> 'done' AND state <> 'looked_at'"
    " AND state <> 'void' ORDER BY id"};
static const struct db_sql SQL_EACH_OPEN_OF = {
    "SELECT " SMS_COLUMNS " FROM sms WHERE number_id = $1 AND state <> 'done'"
    " AND state <> 'looked_at' AND state <> 'void' ORDER BY id"};

static void sms_read(struct row *r, struct sms_row *ret)
{
    *ret = (struct sms_row){
        .id = row_int(r, "id"),
        .device_id = row_int(r, "device_id"),
        .number_id = row_int(r, "number_id"),
        .sender = row_str(r, "sender"),
        .body = row_str(r, "body"),
        .kind = row_str(r, "kind"),
        .why = row_str(r, "why"),
        .trx_id = row_str(r, "trx_id"),
        .state = row_str(r, "state"),
        .reported_by = row_str(r, "reported_by"),
        .happened_at = row_int(r, "happened_at"),
        .seen_at = row_int(r, "seen_at"),
    };
    struct str digest = row_str(r, "digest");
    row_check(r, digest.n == sizeof ret->digest ? ERR_OK : ERR_STORE_IO);
    if (digest.n == sizeof ret->digest)
        memcpy(ret->digest, digest.p, digest.n);
}

enum err store_sms_add(struct tx *tx, struct sms_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_opt(st, 2, r->device_id);
    db_opt(st, 3, r->number_id);
    db_text(st, 4, r->sender);
    db_text(st, 5, r->body);
    db_blob(st, 6, (struct str){(const char *)r->digest, sizeof r->digest});
    db_text(st, 7, r->kind);
    db_text(st, 8, r->why);
    db_text(st, 9, r->trx_id);
    db_text(st, 10, r->state);
    db_text(st, 11, r->reported_by);
    db_int(st, 12, r->happened_at);
    db_int(st, 13, r->seen_at);
    e = db_do_one(st, ERR_DUPLICATE);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_sms_get(struct db *db, struct arena *a, int64_t id, struct sms_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_GET);
    db_int(st, 1, id);
    return row_one(st, a, sms_read, ret);
}

static enum err text_set(struct tx *tx, const struct db_sql *sql, int64_t id, struct str text)
{
    struct db_stmt *st = db_query(tx_db(tx), sql);
    db_text(st, 1, text);
    db_int(st, 2, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_sms_set_state(struct tx *tx, int64_t id, struct str state)
{
    return text_set(tx, &SQL_STATE, id, state);
}

enum err store_sms_set_why(struct tx *tx, int64_t id, struct str why)
{
    return text_set(tx, &SQL_WHY, id, why);
}

enum err store_sms_forget(struct tx *tx, int64_t before, int max)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_FORGET);
    db_int(st, 1, before);
    db_int(st, 2, max);
    return db_do(st);
}

enum err store_sms_each_open(struct db *db, int64_t number_id, store_sms_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, number_id ? &SQL_EACH_OPEN_OF : &SQL_EACH_OPEN);
    if (number_id)
        db_int(st, 1, number_id);
    return row_each(st, struct sms_row, sms_read, fn, arg);
}
