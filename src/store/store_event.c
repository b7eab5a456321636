#include "store/row.h"
#include "store/store_payment.h"

#define EVENT_COLUMNS                                                                              \
    "id, payment_id, attempt_id, at, actor, event, from_state, to_state, reason, detail"

static const struct db_sql SQL_ADD = {"INSERT INTO payment_event (" EVENT_COLUMNS
                                      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};
/* Processes lease ids for themselves, so that ids alone do not tell what came first. */
static const struct db_sql SQL_EACH = {
    "SELECT " EVENT_COLUMNS " FROM payment_event WHERE payment_id = $1 ORDER BY at, id"};

static const struct db_sql SQL_HAS = {"SELECT id FROM payment_event WHERE payment_id = $1"
                                      " AND attempt_id = $2 AND event = $3 LIMIT 1"};

static const struct db_sql SQL_HAS_ANY = {"SELECT id FROM payment_event WHERE payment_id = $1"
                                          " AND (event = $2 OR event = $3) LIMIT 1"};

static void event_read(struct row *r, struct event_row *ret)
{
    *ret = (struct event_row){
        .id = row_int(r, "id"),
        .payment_id = row_int(r, "payment_id"),
        .attempt_id = row_int(r, "attempt_id"),
        .at = row_int(r, "at"),
        .actor = row_str(r, "actor"),
        .event = row_str(r, "event"),
        .from_state = row_str(r, "from_state"),
        .to_state = row_str(r, "to_state"),
        .reason = row_str(r, "reason"),
        .detail = row_str(r, "detail"),
    };
}

enum err store_event_add(struct tx *tx, struct event_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_int(st, 2, r->payment_id);
    db_opt(st, 3, r->attempt_id);
    db_int(st, 4, r->at);
    db_text(st, 5, r->actor);
    db_text(st, 6, r->event);
    db_text(st, 7, r->from_state);
    db_text(st, 8, r->to_state);
    db_text(st, 9, r->reason);
    db_text(st, 10, r->detail);
    e = db_do_one(st, ERR_INTERNAL);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_event_has(struct db *db, int64_t payment_id, int64_t attempt_id, struct str event)
{
    int64_t id;
    struct db_stmt *st = db_query(db, &SQL_HAS);
    db_int(st, 1, payment_id);
    db_int(st, 2, attempt_id);
    db_text(st, 3, event);
    return row_one_int(st, "id", &id);
}

enum err store_event_has_any(
    struct db *db, int64_t payment_id, struct str event, struct str or_event)
{
    int64_t id;
    struct db_stmt *st = db_query(db, &SQL_HAS_ANY);
    db_int(st, 1, payment_id);
    db_text(st, 2, event);
    db_text(st, 3, or_event);
    return row_one_int(st, "id", &id);
}

enum err store_event_each(struct db *db, int64_t payment_id, store_event_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH);
    db_int(st, 1, payment_id);
    return row_each(st, struct event_row, event_read, fn, arg);
}
