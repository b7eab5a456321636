#include "store/store_trial.h"

#include "store/row.h"

#define TRIAL_COLUMNS "id, account_id, endpoint_id, kind, order_id, amount, actor, created_at"
#define SEND_COLUMNS                                                                               \
    "trial_id, number, webhook_id, sequence, payment_status, due_at, sent_at, duration_ms,"        \
    " status, error, reply"

static const struct db_sql SQL_ADD = {
    "INSERT INTO trial (" TRIAL_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
static const struct db_sql SQL_SEND_ADD = {
    "INSERT INTO trial_send (" SEND_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
    " $11)"};
static const struct db_sql SQL_SEND_DONE = {
    "UPDATE trial_send SET sent_at = $1, duration_ms = $2, status = $3, error = $4, reply = $5"
    " WHERE trial_id = $6 AND number = $7"};
static const struct db_sql SQL_FORGET_SENDS = {
    "DELETE FROM trial_send WHERE trial_id IN"
    " (SELECT id FROM trial WHERE endpoint_id = $1 AND created_at < $2)"};
static const struct db_sql SQL_FORGET = {
    "DELETE FROM trial WHERE endpoint_id = $1 AND created_at < $2"};
static const struct db_sql SQL_GET = {"SELECT " TRIAL_COLUMNS " FROM trial WHERE id = $1"};
static const struct db_sql SQL_EACH = {"SELECT " TRIAL_COLUMNS " FROM trial WHERE endpoint_id = $1"
                                       " ORDER BY created_at DESC, id DESC LIMIT $2"};
static const struct db_sql SQL_SEND_EACH = {
    "SELECT " SEND_COLUMNS " FROM trial_send WHERE trial_id = $1 ORDER BY number"};

static void trial_read(struct row *r, struct trial_row *ret)
{
    *ret = (struct trial_row){
        .id = row_int(r, "id"),
        .account_id = row_int(r, "account_id"),
        .endpoint_id = row_int(r, "endpoint_id"),
        .kind = row_str(r, "kind"),
        .order_id = row_str(r, "order_id"),
        .amount = row_money(r, "amount"),
        .actor = row_str(r, "actor"),
        .created_at = row_int(r, "created_at"),
    };
}

static void send_read(struct row *r, struct trial_send_row *ret)
{
    *ret = (struct trial_send_row){
        .trial_id = row_int(r, "trial_id"),
        .number = row_int(r, "number"),
        .webhook_id = row_str(r, "webhook_id"),
        .sequence = row_int(r, "sequence"),
        .payment_status = row_str(r, "payment_status"),
        .due_at = row_int(r, "due_at"),
        .sent_at = row_int(r, "sent_at"),
        .duration_ms = row_int(r, "duration_ms"),
        .status = row_int(r, "status"),
        .error = row_str(r, "error"),
        .reply = row_str(r, "reply"),
    };
}

enum err store_trial_add(struct tx *tx, struct trial_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_int(st, 2, r->account_id);
    db_int(st, 3, r->endpoint_id);
    db_text(st, 4, r->kind);
    db_text(st, 5, r->order_id);
    db_int(st, 6, r->amount.poisha);
    db_text(st, 7, r->actor);
    db_int(st, 8, r->created_at);
    e = db_do_one(st, ERR_INTERNAL);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

static struct str reply_cut(struct str reply)
{
    if (reply.n > TRIAL_REPLY_MAX)
        reply.n = TRIAL_REPLY_MAX;
    return reply;
}

enum err store_trial_send_add(struct tx *tx, const struct trial_send_row *r)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_SEND_ADD);
    db_int(st, 1, r->trial_id);
    db_int(st, 2, r->number);
    db_text(st, 3, r->webhook_id);
    db_int(st, 4, r->sequence);
    db_text(st, 5, r->payment_status);
    db_int(st, 6, r->due_at);
    db_int(st, 7, r->sent_at);
    db_int(st, 8, r->duration_ms);
    db_int(st, 9, r->status);
    db_text(st, 10, r->error);
    db_blob(st, 11, reply_cut(r->reply));
    return db_do_one(st, ERR_INTERNAL);
}

enum err store_trial_send_done(struct tx *tx, const struct trial_send_row *r)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_SEND_DONE);
    db_int(st, 1, r->sent_at);
    db_int(st, 2, r->duration_ms);
    db_int(st, 3, r->status);
    db_text(st, 4, r->error);
    db_blob(st, 5, reply_cut(r->reply));
    db_int(st, 6, r->trial_id);
    db_int(st, 7, r->number);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_trial_forget(struct tx *tx, int64_t endpoint_id, int64_t until)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_FORGET_SENDS);
    db_int(st, 1, endpoint_id);
    db_int(st, 2, until);
    enum err e = db_do(st);
    if (e != ERR_OK)
        return e;
    st = db_query(tx_db(tx), &SQL_FORGET);
    db_int(st, 1, endpoint_id);
    db_int(st, 2, until);
    return db_do(st);
}

enum err store_trial_get(struct db *db, struct arena *a, int64_t id, struct trial_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_GET);
    db_int(st, 1, id);
    return row_one(st, a, trial_read, ret);
}

enum err store_trial_each(
    struct db *db, int64_t endpoint_id, int64_t max, store_trial_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH);
    db_int(st, 1, endpoint_id);
    db_int(st, 2, max);
    return row_each(st, struct trial_row, trial_read, fn, arg);
}

enum err store_trial_send_each(struct db *db, int64_t trial_id, store_trial_send_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_SEND_EACH);
    db_int(st, 1, trial_id);
    return row_each(st, struct trial_send_row, send_read, fn, arg);
}
