#include "store/row.h"
#include "store/store_wallet.h"

static const struct db_sql SQL_DUE = {
    "SELECT w.id FROM wallet_credential w WHERE w.wallet = 'rocket' AND w.enabled = 1"
    " AND NOT EXISTS (SELECT 1 FROM wallet_close c WHERE c.credential_id = w.id AND c.day = $1"
    " AND (c.state <> 'broken' OR c.sent_at >= $2)) ORDER BY w.id LIMIT $3"};
static const struct db_sql SQL_BEGIN = {
    "INSERT INTO wallet_close (credential_id, day, state, sent_at, answered_at)"
    " VALUES ($1, $2, 'sent', $3, 0) ON CONFLICT (credential_id, day) DO UPDATE SET"
    " state = 'sent', sent_at = excluded.sent_at"
    " WHERE wallet_close.state = 'broken' AND wallet_close.sent_at < $4"};
static const struct db_sql SQL_END = {
    "UPDATE wallet_close SET state = $1, answered_at = $2, code = $3, answer = $4"
    " WHERE credential_id = $5 AND day = $6 AND state = 'sent'"};
static const struct db_sql SQL_EACH = {
    "SELECT credential_id, day, state, sent_at, answered_at, code, answer FROM wallet_close"
    " WHERE day = $1 ORDER BY credential_id"};

enum err store_close_due(
    struct db *db, int64_t day, int64_t broken_before, int64_t *ret_ids, int max, int *ret_count)
{
    struct db_stmt *st = db_query(db, &SQL_DUE);
    db_int(st, 1, day);
    db_int(st, 2, broken_before);
    db_int(st, 3, max);
    return row_ids(st, ret_ids, max, ret_count);
}

enum err store_close_begin(struct tx *tx, int64_t credential_id, int64_t day, int64_t broken_before)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_BEGIN);
    db_int(st, 1, credential_id);
    db_int(st, 2, day);
    db_int(st, 3, tx_now_ms(tx));
    db_int(st, 4, broken_before);
    return db_do_one(st, ERR_CONFLICT);
}

enum err store_close_end(struct tx *tx, const struct close_row *r)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_END);
    db_text(st, 1, r->state);
    db_int(st, 2, tx_now_ms(tx));
    db_text(st, 3, r->code);
    db_text(st, 4, r->answer);
    db_int(st, 5, r->credential_id);
    db_int(st, 6, r->day);
    return db_do_one(st, ERR_CONFLICT);
}

static void close_read(struct row *r, struct close_row *ret)
{
    *ret = (struct close_row){
        .credential_id = row_int(r, "credential_id"),
        .day = row_int(r, "day"),
        .state = row_str(r, "state"),
        .sent_at = row_int(r, "sent_at"),
        .answered_at = row_int(r, "answered_at"),
        .code = row_str(r, "code"),
        .answer = row_str(r, "answer"),
    };
}

enum err store_close_each(struct db *db, int64_t day, store_close_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH);
    db_int(st, 1, day);
    return row_each(st, struct close_row, close_read, fn, arg);
}
