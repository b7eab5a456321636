#include "store/store_books.h"

#include "store/row.h"

/* Each is in the order of an index, so that nothing is sorted and what is read at once stays what one row needs. */
static const struct db_sql SQL_PAYMENTS = {
    "SELECT id, uuid, account_id, day, created_at, state, fee_bp, fee_fixed, paid, commission,"
    " credited, refunded, final_at, sequence, attempts FROM payment WHERE id >= $1"
    " ORDER BY id LIMIT $2"};
static const struct db_sql SQL_ATTEMPTS = {
    "SELECT a.id AS id, a.payment_id AS payment_id, a.number AS number, a.state AS state,"
    " (SELECT COUNT(*) FROM credit c WHERE c.payment_id = a.payment_id AND c.attempt_id = a.id)"
    " AS credits FROM attempt a WHERE a.payment_id >= $1 AND a.payment_id <= $2"
    " ORDER BY a.payment_id, a.number"};

#define CREDIT_COLUMNS "id, credential_id, account_id, payment_id, amount, attached"

static const struct db_sql SQL_CREDITS = {
    "SELECT " CREDIT_COLUMNS " FROM credit WHERE payment_id >= $1 AND payment_id <= $2"
    " ORDER BY payment_id, id"};
static const struct db_sql SQL_CREDITS_LOOSE = {
    "SELECT " CREDIT_COLUMNS " FROM credit WHERE payment_id IS NULL ORDER BY id"};
static const struct db_sql SQL_NOTES = {
    "SELECT id, payment_id, sequence, payment_status, payment_amount, commission_amount"
    " FROM outbox WHERE payment_id >= $1 AND payment_id <= $2 ORDER BY payment_id, sequence"};
static const struct db_sql SQL_REFUNDS = {
    "SELECT id, payment_id, account_id, credential_id, amount, state FROM refund"
    " WHERE payment_id >= $1 AND payment_id <= $2 ORDER BY payment_id, id"};
static const struct db_sql SQL_REFUNDS_WRONG = {
    "SELECT MIN(r.id) AS id, CAST(SUM(r.amount) AS BIGINT) AS amount,"
    " COALESCE(MAX(c.amount), 0) AS credit FROM refund r LEFT JOIN credit c"
    " ON c.wallet = r.wallet AND c.credential_id = r.credential_id AND c.trx_id = r.trx_id"
    " AND c.payment_id = r.payment_id AND c.attached = 1"
    " WHERE r.payment_id >= $1 AND r.payment_id <= $2 AND r.state <> 'declined'"
    " GROUP BY r.payment_id, r.wallet, r.credential_id, r.trx_id"
    " HAVING SUM(r.amount) > COALESCE(MAX(c.amount), 0) ORDER BY MIN(r.id)"};
static const struct db_sql SQL_TRX = {"SELECT wallet, credential_id, trx_id, id FROM credit"
                                      " ORDER BY wallet, credential_id, trx_id"};
static const struct db_sql SQL_TRX_FIND = {
    "SELECT id FROM credit WHERE wallet = $1 AND credential_id = $2 AND trx_id = $3"};
static const struct db_sql SQL_CLAIMS_WRONG = {
    "SELECT n.id AS id, n.payment_id AS payment_id, n.amount AS amount, c.id AS credit_id,"
    " c.payment_id AS credit_payment_id, COALESCE(c.amount, 0) AS credit_amount"
    " FROM number_credit n LEFT JOIN credit c ON c.wallet = n.wallet"
    " AND c.credential_id = n.number_id AND c.trx_id = n.trx_id WHERE n.state = 'claimed'"
    " AND (c.id IS NULL OR c.payment_id IS NULL OR c.payment_id <> n.payment_id"
    " OR c.amount <> n.amount) ORDER BY n.id"};
/* CROSS JOIN keeps SQLite from walking all credits: there are few numbers. */
static const struct db_sql SQL_UNCLAIMED = {
    "SELECT c.id AS id FROM wallet_number w CROSS JOIN credit c WHERE c.wallet = w.wallet"
    " AND c.credential_id = w.id AND NOT EXISTS (SELECT 1 FROM number_credit n"
    " WHERE n.wallet = c.wallet AND n.trx_id = c.trx_id AND n.number_id = w.id"
    " AND n.state = 'claimed')"};
/* The days of one side and then those of the other alone, as to join two groupings something would have to be sorted. */
static const struct db_sql SQL_DAYS = {
    "SELECT d.account_id AS account_id, d.day AS day, SUM(d.payments) AS counter,"
    " (SELECT COUNT(*) FROM payment p WHERE p.account_id = d.account_id AND p.day = d.day)"
    " AS payments FROM day_count d GROUP BY d.account_id, d.day ORDER BY d.account_id, d.day"};
static const struct db_sql SQL_DAYS_BARE = {
    "SELECT p.account_id AS account_id, p.day AS day, 0 AS counter, COUNT(*) AS payments"
    " FROM payment p GROUP BY p.account_id, p.day HAVING NOT EXISTS"
    " (SELECT 1 FROM day_count d WHERE d.account_id = p.account_id AND d.day = p.day)"
    " ORDER BY p.account_id, p.day"};
static const struct db_sql SQL_ENTRIES_BARE = {
    "SELECT COUNT(*) AS bare FROM ledger_entry e"
    " WHERE NOT EXISTS (SELECT 1 FROM posting p WHERE p.entry_id = e.id)"};

#define POSTING_COLUMNS                                                                            \
    "e.id AS entry_id, e.at AS at, e.payment_id AS payment_id, e.kind AS entry_kind,"              \
    " a.kind AS kind, a.owner AS owner, p.amount AS amount, p.balance_after AS balance_after"      \
    " FROM ledger_entry e JOIN posting p ON p.entry_id = e.id"                                     \
    " JOIN ledger_account a ON a.id = p.ledger_account_id"

static const struct db_sql SQL_POSTINGS = {
    "SELECT " POSTING_COLUMNS " WHERE e.payment_id >= $1 AND e.payment_id <= $2"
    " ORDER BY e.payment_id, e.id, p.number"};
static const struct db_sql SQL_POSTINGS_OF = {
    "SELECT " POSTING_COLUMNS " WHERE e.payment_id = $1 ORDER BY e.at, e.id, p.number"};

static void payment_read(struct row *r, struct books_payment *ret)
{
    *ret = (struct books_payment){
        .id = row_int(r, "id"),
        .account_id = row_int(r, "account_id"),
        .day = row_int(r, "day"),
        .created_at = row_int(r, "created_at"),
        .fee_bp = row_int(r, "fee_bp"),
        .fee_fixed = row_money(r, "fee_fixed"),
        .paid = row_money(r, "paid"),
        .commission = row_money(r, "commission"),
        .credited = row_money(r, "credited"),
        .refunded = row_money(r, "refunded"),
        .final_at = row_int(r, "final_at"),
        .sequence = row_int(r, "sequence"),
        .attempts = row_int(r, "attempts"),
    };
    row_uuid_raw(r, "uuid", ret->uuid);
    row_check(r, payment_state_parse(db_col_str(r->st, "state"), &ret->state));
}

enum err store_books_payment_each(
    struct db *db, int64_t from, int64_t max, books_payment_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_PAYMENTS);
    db_int(st, 1, from);
    db_int(st, 2, max);
    return row_each(st, struct books_payment, payment_read, fn, arg);
}

static struct db_stmt *range_query(
    struct db *db, const struct db_sql *sql, struct books_range payments)
{
    struct db_stmt *st = db_query(db, sql);
    db_int(st, 1, payments.from);
    db_int(st, 2, payments.to);
    return st;
}

static void attempt_read(struct row *r, struct books_attempt *ret)
{
    *ret = (struct books_attempt){
        .id = row_int(r, "id"),
        .payment_id = row_int(r, "payment_id"),
        .number = row_int(r, "number"),
        .credits = row_int(r, "credits"),
    };
    row_check(r, attempt_state_parse(db_col_str(r->st, "state"), &ret->state));
}

enum err store_books_attempt_each(
    struct db *db, struct books_range payments, books_attempt_fn fn, void *arg)
{
    struct db_stmt *st = range_query(db, &SQL_ATTEMPTS, payments);
    return row_each(st, struct books_attempt, attempt_read, fn, arg);
}

static void credit_read(struct row *r, struct books_credit *ret)
{
    *ret = (struct books_credit){
        .id = row_int(r, "id"),
        .credential_id = row_int(r, "credential_id"),
        .account_id = row_int(r, "account_id"),
        .payment_id = row_int(r, "payment_id"),
        .amount = row_money(r, "amount"),
        .attached = row_bool(r, "attached"),
    };
}

enum err store_books_credit_each(
    struct db *db, struct books_range payments, books_credit_fn fn, void *arg)
{
    struct db_stmt *st = range_query(db, &SQL_CREDITS, payments);
    return row_each(st, struct books_credit, credit_read, fn, arg);
}

enum err store_books_credit_loose_each(struct db *db, books_credit_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_CREDITS_LOOSE);
    return row_each(st, struct books_credit, credit_read, fn, arg);
}

static void note_read(struct row *r, struct books_note *ret)
{
    *ret = (struct books_note){
        .id = row_int(r, "id"),
        .payment_id = row_int(r, "payment_id"),
        .sequence = row_int(r, "sequence"),
        .payment_status = row_str(r, "payment_status"),
        .payment_amount = row_money(r, "payment_amount"),
        .commission_amount = row_money(r, "commission_amount"),
    };
}

enum err store_books_note_each(
    struct db *db, struct books_range payments, books_note_fn fn, void *arg)
{
    struct db_stmt *st = range_query(db, &SQL_NOTES, payments);
    return row_each(st, struct books_note, note_read, fn, arg);
}

static void refund_read(struct row *r, struct books_refund *ret)
{
    *ret = (struct books_refund){
        .id = row_int(r, "id"),
        .payment_id = row_int(r, "payment_id"),
        .account_id = row_int(r, "account_id"),
        .credential_id = row_int(r, "credential_id"),
        .amount = row_money(r, "amount"),
    };
    row_check(r, refund_state_parse(db_col_str(r->st, "state"), &ret->state));
}

enum err store_books_refund_each(
    struct db *db, struct books_range payments, books_refund_fn fn, void *arg)
{
    struct db_stmt *st = range_query(db, &SQL_REFUNDS, payments);
    return row_each(st, struct books_refund, refund_read, fn, arg);
}

static void refund_wrong_read(struct row *r, struct books_refund_wrong *ret)
{
    *ret = (struct books_refund_wrong){
        .id = row_int(r, "id"),
        .amount = row_money(r, "amount"),
        .credit = row_money(r, "credit"),
    };
}

enum err store_books_refund_wrong_each(
    struct db *db, struct books_range payments, books_refund_wrong_fn fn, void *arg)
{
    struct db_stmt *st = range_query(db, &SQL_REFUNDS_WRONG, payments);
    return row_each(st, struct books_refund_wrong, refund_wrong_read, fn, arg);
}

static void trx_read(struct row *r, struct books_trx *ret)
{
    *ret = (struct books_trx){
        .wallet = row_wallet(r, "wallet"),
        .credential_id = row_int(r, "credential_id"),
        .trx_id = row_str(r, "trx_id"),
        .credit_id = row_int(r, "id"),
    };
}

enum err store_books_trx_each(struct db *db, books_trx_fn fn, void *arg)
{
    return row_each(db_query(db, &SQL_TRX), struct books_trx, trx_read, fn, arg);
}

enum err store_books_trx_find(struct db *db, const struct books_trx *t, int64_t *ret_credit_id)
{
    struct db_stmt *st = db_query(db, &SQL_TRX_FIND);
    db_text(st, 1, str_from(wallet_kind_code(t->wallet)));
    db_int(st, 2, t->credential_id);
    db_text(st, 3, t->trx_id);
    return row_one_int(st, "id", ret_credit_id);
}

static void claim_read(struct row *r, struct books_claim *ret)
{
    *ret = (struct books_claim){
        .id = row_int(r, "id"),
        .payment_id = row_int(r, "payment_id"),
        .amount = row_money(r, "amount"),
        .credit_id = row_int(r, "credit_id"),
        .credit_payment_id = row_int(r, "credit_payment_id"),
        .credit_amount = row_money(r, "credit_amount"),
    };
}

enum err store_books_claim_wrong_each(struct db *db, books_claim_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_CLAIMS_WRONG);
    return row_each(st, struct books_claim, claim_read, fn, arg);
}

struct unclaimed {
    int64_t id;
};

static void unclaimed_read(struct row *r, struct unclaimed *ret)
{
    *ret = (struct unclaimed){.id = row_int(r, "id")};
}

struct unclaimed_call {
    books_id_fn fn;
    void *arg;
};

static enum err unclaimed_call(void *arg, const struct unclaimed *u)
{
    struct unclaimed_call *c = arg;
    return c->fn(c->arg, u->id);
}

enum err store_books_unclaimed_each(struct db *db, books_id_fn fn, void *arg)
{
    struct unclaimed_call call = {.fn = fn, .arg = arg};
    return row_each(
        db_query(db, &SQL_UNCLAIMED), struct unclaimed, unclaimed_read, unclaimed_call, &call);
}

static void day_read(struct row *r, struct books_day *ret)
{
    *ret = (struct books_day){
        .account_id = row_int(r, "account_id"),
        .day = row_int(r, "day"),
        .counter = row_int(r, "counter"),
        .payments = row_int(r, "payments"),
    };
}

enum err store_books_day_each(struct db *db, books_day_fn fn, void *arg)
{
    enum err e = row_each(db_query(db, &SQL_DAYS), struct books_day, day_read, fn, arg);
    if (e == ERR_OK)
        e = row_each(db_query(db, &SQL_DAYS_BARE), struct books_day, day_read, fn, arg);
    return e;
}

enum err store_books_entries_bare(struct db *db, int64_t *ret_count)
{
    return row_one_int(db_query(db, &SQL_ENTRIES_BARE), "bare", ret_count);
}

static void posting_read(struct row *r, struct posting_item *ret)
{
    *ret = (struct posting_item){
        .entry_id = row_int(r, "entry_id"),
        .at = row_int(r, "at"),
        .payment_id = row_int(r, "payment_id"),
        .entry_kind = row_str(r, "entry_kind"),
        .owner = row_int(r, "owner"),
        .amount = row_money(r, "amount"),
        .balance_after = row_money(r, "balance_after"),
    };
    row_check(r, ledger_kind_parse(db_col_str(r->st, "kind"), &ret->kind));
}

enum err store_books_posting_of(struct db *db, int64_t payment_id, store_posting_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_POSTINGS_OF);
    db_int(st, 1, payment_id);
    return row_each(st, struct posting_item, posting_read, fn, arg);
}

enum err store_books_posting_each(
    struct db *db, struct books_range payments, store_posting_fn fn, void *arg)
{
    struct db_stmt *st = range_query(db, &SQL_POSTINGS, payments);
    return row_each(st, struct posting_item, posting_read, fn, arg);
}
