#include "store/store_day.h"

#include "store/row.h"

static const struct db_sql SQL_CREDITS = {
    "SELECT c.id, c.wallet, c.credential_id, c.trx_id, c.amount, c.payment_id, c.attached,"
    " c.seen_at, c.marked_at, (SELECT MIN(n.id) FROM wallet_notice n WHERE n.payment_id = "
    "c.payment_id"
    " AND n.credential_id = c.credential_id AND n.trx_id = c.trx_id) AS notice_id"
    " FROM credit c WHERE c.seen_at >= $1 AND c.seen_at < $2 ORDER BY c.seen_at, c.id"};
static const struct db_sql SQL_CREDIT_FIND = {
    "SELECT id, amount, payment_id, attached, seen_at FROM credit"
    " WHERE wallet = $1 AND credential_id = $2 AND trx_id = $3"};
static const struct db_sql SQL_REFUNDS = {
    "SELECT id, payment_id, wallet, credential_id, amount, state, refund_trx_id FROM refund"
    " WHERE (final_at >= $1 AND final_at < $2)"
    " OR (final_at = 0 AND created_at >= $1 AND created_at < $2) ORDER BY final_at, id"};
static const struct db_sql SQL_REFUND_FIND = {
    "SELECT id, payment_id, amount FROM refund"
    " WHERE wallet = $1 AND credential_id = $2 AND refund_trx_id = $3"};
static const struct db_sql SQL_ATTEMPTS = {
    "SELECT id, payment_id, wallet, credential_id, amount, state FROM attempt"
    " WHERE created_at >= $1 AND created_at < $2"
    " AND (state IN ('executing', 'unknown', 'review') OR next_ask_at IS NOT NULL)"
    " AND state <> 'paid' ORDER BY created_at, id"};
static const struct db_sql SQL_RECEIVED = {
    "SELECT id, wallet, number_id, trx_id, amount, state, reason FROM number_credit"
    " WHERE received_at >= $1 AND received_at < $2 AND state <> 'void' ORDER BY received_at, id"};
static const struct db_sql SQL_SMS = {
    "SELECT s.id, s.number_id, s.sender, s.body, s.state, s.happened_at, r.id AS received_id,"
    " r.amount AS received, r.state AS received_state, c.id AS credit_id, c.amount AS credit"
    " FROM sms s LEFT JOIN number_credit r ON r.sms_id = s.id"
    " LEFT JOIN credit c ON c.wallet = r.wallet AND c.credential_id = r.number_id"
    " AND c.trx_id = r.trx_id WHERE s.happened_at >= $1 AND s.happened_at < $2"
    " ORDER BY s.happened_at, s.id"};
static const struct db_sql SQL_NOTICES = {
    "SELECT n.id, n.credential_id, n.trx_id, n.amount, n.verdict, c.id AS credit_id,"
    " c.amount AS credit FROM wallet_notice n LEFT JOIN credit c ON c.wallet = 'bkash'"
    " AND c.credential_id = n.credential_id AND c.trx_id = n.trx_id"
    " WHERE (n.paid_at >= $1 AND n.paid_at < $2)"
    " OR (n.paid_at = 0 AND n.received_at >= $1 AND n.received_at < $2)"
    " ORDER BY n.paid_at, n.id"};
/* CROSS JOIN keeps SQLite from beginning with a ledger account, which would be all its postings. */
static const struct db_sql SQL_POSTINGS = {
    "SELECT a.owner, p.amount FROM ledger_entry e CROSS JOIN posting p CROSS JOIN ledger_account a"
    " WHERE e.at >= $1 AND e.at < $2 AND p.entry_id = e.id AND a.id = p.ledger_account_id"
    " AND a.kind = 'wallet_clearing' ORDER BY e.at, e.id"};

static struct db_stmt *range_query(struct db *db, const struct db_sql *sql, struct day_range day)
{
    struct db_stmt *st = db_query(db, sql);
    db_int(st, 1, day.from);
    db_int(st, 2, day.to);
    return st;
}

/* All that a day left of one kind, in order of time. */
#define EACH(what, sql)                                                                            \
    enum err store_day_##what##_each(                                                              \
        struct db *db, struct day_range day, day_##what##_fn fn, void *arg)                        \
    {                                                                                              \
        return row_each(range_query(db, &(sql), day), struct day_##what, what##_read, fn, arg);    \
    }

static struct db_stmt *trx_query(struct db *db, const struct db_sql *sql, enum wallet_kind wallet,
    int64_t till_id, struct str trx_id)
{
    struct db_stmt *st = db_query(db, sql);
    db_text(st, 1, str_from(wallet_kind_code(wallet)));
    db_int(st, 2, till_id);
    db_text(st, 3, trx_id);
    return st;
}

/* ---- credits ---- */

static void credit_read(struct row *r, struct day_credit *ret)
{
    *ret = (struct day_credit){
        .id = row_int(r, "id"),
        .wallet = row_wallet(r, "wallet"),
        .till_id = row_int(r, "credential_id"),
        .trx_id = row_str(r, "trx_id"),
        .amount = row_money(r, "amount"),
        .payment_id = row_int(r, "payment_id"),
        .attached = row_bool(r, "attached"),
        .marked = row_int(r, "marked_at") != 0,
        .seen_at = row_int(r, "seen_at"),
        .notice_id = row_int(r, "notice_id"),
    };
}

EACH(credit, SQL_CREDITS)

static void credit_found(struct row *r, struct day_credit *ret)
{
    *ret = (struct day_credit){
        .id = row_int(r, "id"),
        .amount = row_money(r, "amount"),
        .payment_id = row_int(r, "payment_id"),
        .attached = row_bool(r, "attached"),
        .seen_at = row_int(r, "seen_at"),
    };
}

enum err store_day_credit_find(struct db *db, enum wallet_kind wallet, int64_t till_id,
    struct str trx_id, struct day_credit *ret)
{
    struct db_stmt *st = trx_query(db, &SQL_CREDIT_FIND, wallet, till_id, trx_id);
    struct day_credit found;
    enum err e = row_one(st, NULL, credit_found, &found);
    if (e == ERR_OK) {
        *ret = found;
        ret->wallet = wallet;
        ret->till_id = till_id;
    }
    return e;
}

/* ---- refunds ---- */

static void refund_read(struct row *r, struct day_refund *ret)
{
    *ret = (struct day_refund){
        .id = row_int(r, "id"),
        .payment_id = row_int(r, "payment_id"),
        .till_id = row_int(r, "credential_id"),
        .wallet = row_wallet(r, "wallet"),
        .amount = row_money(r, "amount"),
        .state = row_str(r, "state"),
        .refund_trx_id = row_str(r, "refund_trx_id"),
    };
}

EACH(refund, SQL_REFUNDS)

static void refund_found(struct row *r, struct day_refund *ret)
{
    *ret = (struct day_refund){
        .id = row_int(r, "id"),
        .payment_id = row_int(r, "payment_id"),
        .amount = row_money(r, "amount"),
    };
}

enum err store_day_refund_find(struct db *db, enum wallet_kind wallet, int64_t till_id,
    struct str refund_trx_id, struct day_refund *ret)
{
    struct db_stmt *st = trx_query(db, &SQL_REFUND_FIND, wallet, till_id, refund_trx_id);
    struct day_refund found;
    enum err e = row_one(st, NULL, refund_found, &found);
    if (e == ERR_OK) {
        *ret = found;
        ret->wallet = wallet;
        ret->till_id = till_id;
    }
    return e;
}

/* ---- attempts, money of numbers, SMS, notices, postings ---- */

static void attempt_read(struct row *r, struct day_attempt *ret)
{
    *ret = (struct day_attempt){
        .id = row_int(r, "id"),
        .payment_id = row_int(r, "payment_id"),
        .till_id = row_int(r, "credential_id"),
        .wallet = row_wallet(r, "wallet"),
        .amount = row_money(r, "amount"),
        .state = row_str(r, "state"),
    };
}

EACH(attempt, SQL_ATTEMPTS)

static void received_read(struct row *r, struct day_received *ret)
{
    *ret = (struct day_received){
        .id = row_int(r, "id"),
        .till_id = row_int(r, "number_id"),
        .wallet = row_wallet(r, "wallet"),
        .trx_id = row_str(r, "trx_id"),
        .amount = row_money(r, "amount"),
        .state = row_str(r, "state"),
        .reason = row_str(r, "reason"),
    };
}

EACH(received, SQL_RECEIVED)

static void sms_read(struct row *r, struct day_sms *ret)
{
    *ret = (struct day_sms){
        .id = row_int(r, "id"),
        .till_id = row_int(r, "number_id"),
        .sender = row_str(r, "sender"),
        .body = row_str(r, "body"),
        .state = row_str(r, "state"),
        .happened_at = row_int(r, "happened_at"),
        .received_id = row_int(r, "received_id"),
        .received = row_money(r, "received"),
        .claimed = str_is(row_str(r, "received_state"), "claimed"),
        .credit_id = row_int(r, "credit_id"),
        .credit = row_money(r, "credit"),
    };
}

EACH(sms, SQL_SMS)

static void notice_read(struct row *r, struct day_notice *ret)
{
    *ret = (struct day_notice){
        .id = row_int(r, "id"),
        .till_id = row_int(r, "credential_id"),
        .trx_id = row_str(r, "trx_id"),
        .amount = row_money(r, "amount"),
        .verdict = row_str(r, "verdict"),
        .credit_id = row_int(r, "credit_id"),
        .credit = row_money(r, "credit"),
    };
}

EACH(notice, SQL_NOTICES)

static void posting_read(struct row *r, struct day_posting *ret)
{
    *ret = (struct day_posting){
        .till_id = row_int(r, "owner"),
        .amount = row_money(r, "amount"),
    };
}

EACH(posting, SQL_POSTINGS)
