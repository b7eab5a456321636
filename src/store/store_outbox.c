#include "store/store_outbox.h"

#include "store/row.h"

#define OUTBOX_COLUMNS                                                                             \
    "id, payment_id, account_id, sequence, webhook_id, payment_status, payment_amount,"            \
    " commission_amount, is_partial, state, tries, round, due_at, created_at, delivered_at,"       \
    " parked_reason"

static const struct db_sql SQL_ADD = {
    "INSERT INTO outbox (" OUTBOX_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
    " $12, $13, $14, $15, $16)"};
static const struct db_sql SQL_GET = {"SELECT " OUTBOX_COLUMNS " FROM outbox WHERE id = $1"};
static const struct db_sql SQL_EACH = {
    "SELECT " OUTBOX_COLUMNS " FROM outbox ORDER BY created_at DESC, id DESC LIMIT $1"};
static const struct db_sql SQL_EACH_STATE = {
    "SELECT " OUTBOX_COLUMNS
    " FROM outbox WHERE state = $1 ORDER BY created_at DESC, id DESC LIMIT $2"};
static const struct db_sql SQL_OF = {
    "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE payment_id = $1 ORDER BY sequence DESC LIMIT $2"};
static const struct db_sql SQL_OF_STATE = {
    "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE payment_id = $1 AND state = $2"
    " ORDER BY sequence DESC LIMIT $3"};

/* Still waiting, in words that keep PostgreSQL from looking for the few notifications of a payment among all that wait. */
#define BEFORE "b.state <> 'delivered' AND b.state <> 'parked'"

/* due_at of a leased row is the lease's end: one index serves what is due and what a dead worker left behind. */
static const struct db_sql SQL_LEASE = {
    "UPDATE outbox SET lease_owner = $1, due_at = $2 WHERE id IN"
    " (SELECT o.id FROM outbox o WHERE o.state = 'waiting' AND o.due_at <= $3 AND NOT EXISTS"
    " (SELECT 1 FROM outbox b WHERE b.payment_id = o.payment_id AND b.sequence < o.sequence"
    " AND " BEFORE ") ORDER BY o.due_at, o.id LIMIT $4)"
    " AND state = 'waiting' AND due_at <= $3 RETURNING id"};
static const struct db_sql SQL_NEXT_DUE = {
    "SELECT o.due_at AS due_at FROM outbox o WHERE o.state = 'waiting' AND NOT EXISTS"
    " (SELECT 1 FROM outbox b WHERE b.payment_id = o.payment_id AND b.sequence < o.sequence"
    " AND " BEFORE ") ORDER BY o.due_at LIMIT 1"};
static const struct db_sql SQL_DELIVERED = {
    "UPDATE outbox SET state = 'delivered', delivered_at = $1, lease_owner = NULL"
    " WHERE id = $2 AND lease_owner = $3 AND state = 'waiting'"};
static const struct db_sql SQL_RETRY = {
    "UPDATE outbox SET due_at = $1, lease_owner = NULL"
    " WHERE id = $2 AND lease_owner = $3 AND state = 'waiting'"};
static const struct db_sql SQL_PARK = {
    "UPDATE outbox SET state = 'parked', parked_reason = $1, lease_owner = NULL"
    " WHERE id = $2 AND lease_owner = $3 AND state = 'waiting'"};
static const struct db_sql SQL_RESEND = {
    "UPDATE outbox SET state = 'waiting', due_at = $1, round = 0, lease_owner = NULL,"
    " parked_reason = NULL WHERE id = $2 AND state <> 'waiting'"};
static const struct db_sql SQL_ACCOUNT_ENABLED = {
    "UPDATE outbox SET state = 'waiting', due_at = $1, round = 0, lease_owner = NULL,"
    " parked_reason = NULL WHERE account_id = $2 AND parked_reason = 'account_disabled'"
    " AND state = 'parked'"};
static const struct db_sql SQL_EXISTS = {"SELECT id FROM outbox WHERE id = $1"};
static const struct db_sql SQL_WAITING = {
    "SELECT COUNT(*) AS waiting FROM outbox WHERE state = 'waiting'"};
static const struct db_sql SQL_TRY_ADD = {
    "INSERT INTO outbox_try (outbox_id, number, at, duration_ms, status, url, error, reply)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
static const struct db_sql SQL_TRY_COUNT = {
    "UPDATE outbox SET tries = tries + 1, round = round + 1 WHERE id = $1"};
static const struct db_sql SQL_TRY_EACH = {
    "SELECT outbox_id, number, at, duration_ms, status, url, error, reply FROM outbox_try"
    " WHERE outbox_id = $1 ORDER BY number"};

#define TOLD_COLUMNS "id, day, order_id, endpoint_url, endpoint_id, sequence"
/* Two statements, as SQLite does not use (day, id) < ($2, $3) to find the first row. */
static const struct db_sql SQL_TOLD_DAY = {
    "SELECT " TOLD_COLUMNS " FROM payment WHERE account_id = $1 AND day = $2 AND id < $3"
    " ORDER BY id DESC LIMIT $4"};
static const struct db_sql SQL_TOLD_REST = {
    "SELECT " TOLD_COLUMNS " FROM payment WHERE account_id = $1 AND day < $2"
    " ORDER BY day DESC, id DESC LIMIT $3"};

static void outbox_read(struct row *r, struct outbox_row *ret)
{
    *ret = (struct outbox_row){
        .id = row_int(r, "id"),
        .payment_id = row_int(r, "payment_id"),
        .account_id = row_int(r, "account_id"),
        .sequence = row_int(r, "sequence"),
        .webhook_id = row_str(r, "webhook_id"),
        .payment_status = row_str(r, "payment_status"),
        .payment_amount = row_money(r, "payment_amount"),
        .commission_amount = row_money(r, "commission_amount"),
        .is_partial = row_bool(r, "is_partial"),
        .state = row_str(r, "state"),
        .tries = row_int(r, "tries"),
        .round = row_int(r, "round"),
        .due_at = row_int(r, "due_at"),
        .created_at = row_int(r, "created_at"),
        .delivered_at = row_int(r, "delivered_at"),
        .parked_reason = row_str(r, "parked_reason"),
    };
}

enum err store_outbox_add(struct tx *tx, struct outbox_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_int(st, 2, r->payment_id);
    db_int(st, 3, r->account_id);
    db_int(st, 4, r->sequence);
    db_text(st, 5, r->webhook_id);
    db_text(st, 6, r->payment_status);
    db_int(st, 7, r->payment_amount.poisha);
    db_int(st, 8, r->commission_amount.poisha);
    db_int(st, 9, r->is_partial);
    db_text(st, 10, r->state);
    db_int(st, 11, r->tries);
    db_int(st, 12, r->round);
    db_int(st, 13, r->due_at);
    db_int(st, 14, r->created_at);
    db_int(st, 15, r->delivered_at);
    db_text(st, 16, r->parked_reason);
    e = db_do_one(st, ERR_INTERNAL);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_outbox_get(struct db *db, struct arena *a, int64_t id, struct outbox_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_GET);
    db_int(st, 1, id);
    return row_one(st, a, outbox_read, ret);
}

static const struct db_sql *each_sql(bool of_payment, bool of_state)
{
    if (of_payment)
        return of_state ? &SQL_OF_STATE : &SQL_OF;
    return of_state ? &SQL_EACH_STATE : &SQL_EACH;
}

enum err store_outbox_each(
    struct db *db, int64_t payment_id, struct str state, int64_t max, store_outbox_fn fn, void *arg)
{
    int k = 1;
    struct db_stmt *st = db_query(db, each_sql(payment_id != 0, !str_absent(state)));
    if (payment_id)
        db_int(st, k++, payment_id);
    if (!str_absent(state))
        db_text(st, k++, state);
    db_int(st, k, max);
    return row_each(st, struct outbox_row, outbox_read, fn, arg);
}

enum err store_outbox_lease(struct tx *tx, int64_t now, struct str owner, int64_t lease_until,
    int max, int64_t *ret_ids, int *ret_count)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_LEASE);
    db_text(st, 1, owner);
    db_int(st, 2, lease_until);
    db_int(st, 3, now);
    db_int(st, 4, max);
    return row_ids(st, ret_ids, max, ret_count);
}

enum err store_outbox_next_due(struct db *db, int64_t *ret_at)
{
    return row_one_int(db_query(db, &SQL_NEXT_DUE), "due_at", ret_at);
}

enum err store_outbox_delivered(struct tx *tx, int64_t id, struct str owner, int64_t at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_DELIVERED);
    db_int(st, 1, at);
    db_int(st, 2, id);
    db_text(st, 3, owner);
    return db_do_one(st, ERR_CONFLICT);
}

enum err store_outbox_retry(struct tx *tx, int64_t id, struct str owner, int64_t due_at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_RETRY);
    db_int(st, 1, due_at);
    db_int(st, 2, id);
    db_text(st, 3, owner);
    return db_do_one(st, ERR_CONFLICT);
}

enum err store_outbox_park(struct tx *tx, int64_t id, struct str owner, struct str reason)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_PARK);
    db_text(st, 1, reason);
    db_int(st, 2, id);
    db_text(st, 3, owner);
    return db_do_one(st, ERR_CONFLICT);
}

enum err store_outbox_resend(struct tx *tx, int64_t id, int64_t now)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_RESEND);
    db_int(st, 1, now);
    db_int(st, 2, id);
    enum err e = db_do_one(st, ERR_STATE);
    if (e != ERR_STATE)
        return e;
    st = db_query(tx_db(tx), &SQL_EXISTS);
    db_int(st, 1, id);
    e = row_one_int(st, "id", &id);
    return e == ERR_OK ? ERR_STATE : e;
}

enum err store_outbox_account_enabled(struct tx *tx, int64_t account_id, int64_t due_at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ACCOUNT_ENABLED);
    db_int(st, 1, due_at);
    db_int(st, 2, account_id);
    return db_do(st);
}

enum err store_outbox_waiting(struct db *db, int64_t *ret_count)
{
    return row_one_int(db_query(db, &SQL_WAITING), "waiting", ret_count);
}

enum err store_outbox_try_add(struct tx *tx, const struct outbox_try_row *r)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_TRY_ADD);
    db_int(st, 1, r->outbox_id);
    db_int(st, 2, r->number);
    db_int(st, 3, r->at);
    db_int(st, 4, r->duration_ms);
    db_int(st, 5, r->status);
    db_text(st, 6, r->url);
    db_text(st, 7, r->error);
    struct str reply = r->reply;
    if (reply.n > OUTBOX_REPLY_MAX)
        reply.n = OUTBOX_REPLY_MAX;
    db_blob(st, 8, reply);
    enum err e = db_do_one(st, ERR_INTERNAL);
    if (e != ERR_OK)
        return e;
    st = db_query(tx_db(tx), &SQL_TRY_COUNT);
    db_int(st, 1, r->outbox_id);
    return db_do_one(st, ERR_NO_ROW);
}

struct told_counter {
    store_told_fn fn;
    void *arg;
    int64_t count;
};

static enum err told_count(void *arg, const struct told_row *r)
{
    struct told_counter *c = arg;
    c->count++;
    return c->fn(c->arg, r);
}

static void told_read(struct row *r, struct told_row *ret)
{
    *ret = (struct told_row){
        .payment_id = row_int(r, "id"),
        .day = row_int(r, "day"),
        .order_id = row_str(r, "order_id"),
        .endpoint_url = row_str(r, "endpoint_url"),
        .endpoint_id = row_int(r, "endpoint_id"),
        .notifications = row_int(r, "sequence"),
    };
}

enum err store_told_each(struct db *db, int64_t account_id, int64_t day, int64_t payment_id,
    int64_t max, store_told_fn fn, void *arg)
{
    struct told_counter c = {.fn = fn, .arg = arg};
    struct db_stmt *st = db_query(db, &SQL_TOLD_DAY);
    db_int(st, 1, account_id);
    db_int(st, 2, day);
    db_int(st, 3, payment_id);
    db_int(st, 4, max);
    enum err e = row_each(st, struct told_row, told_read, told_count, &c);
    if (e != ERR_OK || c.count >= max)
        return e;
    st = db_query(db, &SQL_TOLD_REST);
    db_int(st, 1, account_id);
    db_int(st, 2, day);
    db_int(st, 3, max - c.count);
    return row_each(st, struct told_row, told_read, told_count, &c);
}

static void try_read(struct row *r, struct outbox_try_row *ret)
{
    *ret = (struct outbox_try_row){
        .outbox_id = row_int(r, "outbox_id"),
        .number = row_int(r, "number"),
        .at = row_int(r, "at"),
        .duration_ms = row_int(r, "duration_ms"),
        .status = row_int(r, "status"),
        .url = row_str(r, "url"),
        .error = row_str(r, "error"),
        .reply = row_str(r, "reply"),
    };
}

enum err store_outbox_try_each(struct db *db, int64_t outbox_id, store_outbox_try_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_TRY_EACH);
    db_int(st, 1, outbox_id);
    return row_each(st, struct outbox_try_row, try_read, fn, arg);
}
