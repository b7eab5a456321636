#include "store/store_books.h"

#include "store/row.h"

static const struct db_sql SQL_PAYMENTS = {
    "SELECT id, uuid, account_id, day, created_at, amount, state, fee_bp, fee_fixed, paid,"
    " commission, credited, refunded, final_at, sequence, attempts FROM payment ORDER BY id"};
static const struct db_sql SQL_ATTEMPTS = {
    "SELECT a.id AS id, a.payment_id AS payment_id, a.number AS number, a.state AS state,"
    " (SELECT COUNT(*) FROM credit c WHERE c.payment_id = a.payment_id AND c.attempt_id = a.id)"
    " AS credits FROM attempt a ORDER BY a.payment_id, a.number"};
static const struct db_sql SQL_DAYS = {
    "SELECT account_id, day, SUM(payments) AS payments FROM day_count"
    " GROUP BY account_id, day ORDER BY account_id, day"};
static const struct db_sql SQL_LOOSE_ENTRIES = {
    "SELECT COUNT(*) AS loose FROM ledger_entry e"
    " WHERE NOT EXISTS (SELECT 1 FROM posting p WHERE p.entry_id = e.id)"};
static const struct db_sql SQL_LOOSE_POSTINGS = {
    "SELECT COUNT(*) AS loose FROM posting p"
    " WHERE NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE e.id = p.entry_id)"
    " OR NOT EXISTS (SELECT 1 FROM ledger_account a WHERE a.id = p.ledger_account_id)"};
static const struct db_sql SQL_POSTINGS_OF = {
    "SELECT e.id AS entry_id, e.at AS at, e.payment_id AS payment_id, e.kind AS entry_kind,"
    " a.kind AS kind, a.owner AS owner, p.amount AS amount, p.balance_after AS balance_after"
    " FROM ledger_entry e JOIN posting p ON p.entry_id = e.id"
    " JOIN ledger_account a ON a.id = p.ledger_account_id WHERE e.payment_id = $1"
    " ORDER BY e.at, e.id, p.number"};

static void payment_read(struct row *r, struct books_payment *ret)
{
    *ret = (struct books_payment){
        .id = row_int(r, "id"),
        .account_id = row_int(r, "account_id"),
        .day = row_int(r, "day"),
        .created_at = row_int(r, "created_at"),
        .amount = row_money(r, "amount"),
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

enum err store_books_payment_each(struct db *db, books_payment_fn fn, void *arg)
{
    return row_each(db_query(db, &SQL_PAYMENTS), struct books_payment, payment_read, fn, arg);
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

enum err store_books_attempt_each(struct db *db, books_attempt_fn fn, void *arg)
{
    return row_each(db_query(db, &SQL_ATTEMPTS), struct books_attempt, attempt_read, fn, arg);
}

static void day_read(struct row *r, struct books_day *ret)
{
    *ret = (struct books_day){
        .account_id = row_int(r, "account_id"),
        .day = row_int(r, "day"),
        .payments = row_int(r, "payments"),
    };
}

enum err store_books_day_each(struct db *db, books_day_fn fn, void *arg)
{
    return row_each(db_query(db, &SQL_DAYS), struct books_day, day_read, fn, arg);
}

enum err store_books_loose(struct db *db, int64_t *ret_entries, int64_t *ret_postings)
{
    int64_t entries = 0;
    enum err e = row_one_int(db_query(db, &SQL_LOOSE_ENTRIES), "loose", &entries);
    if (e == ERR_OK)
        e = row_one_int(db_query(db, &SQL_LOOSE_POSTINGS), "loose", ret_postings);
    if (e == ERR_OK)
        *ret_entries = entries;
    return e;
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
