#include "store/store_ledger.h"

#include "base/log.h"
#include "store/row.h"
#include "store/stat.h"

/* Entries are numbered inside the transaction and not from a leased block: their order is that of the commits, and so
 * balance_after of one posting is the balance before the next. */
static const struct db_sql SQL_NEXT_ENTRY = {
    "SELECT COALESCE(MAX(id), 0) + 1 AS id FROM ledger_entry"};
static const struct db_sql SQL_ENTRY_ADD = {
    "INSERT INTO ledger_entry (id, at, kind, payment_id, account_id) VALUES ($1, $2, $3, $4, $5)"};
static const struct db_sql SQL_ACCOUNT_MOVE = {
    "UPDATE ledger_account SET balance = balance + $1 WHERE kind = $2 AND owner = $3"
    " RETURNING id, balance"};
static const struct db_sql SQL_ACCOUNT_ADD = {
    "INSERT INTO ledger_account (id, kind, owner, balance) VALUES ($1, $2, $3, 0)"
    " ON CONFLICT (kind, owner) DO NOTHING"};
static const struct db_sql SQL_POSTING_ADD = {
    "INSERT INTO posting (entry_id, number, ledger_account_id, amount, balance_after)"
    " VALUES ($1, $2, $3, $4, $5)"};
static const struct db_sql SQL_BALANCE = {
    "SELECT balance FROM ledger_account WHERE kind = $1 AND owner = $2"};
static const struct db_sql SQL_PAYMENT_BALANCE = {
    "SELECT p.amount AS amount, p.balance_after AS balance_after FROM ledger_entry e"
    " JOIN posting p ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.ledger_account_id"
    " WHERE e.payment_id = $1 AND a.kind = 'merchant_payable'"
    " ORDER BY e.id DESC, p.number DESC LIMIT 1"};
static const struct db_sql SQL_POSTING_EACH = {
    "SELECT p.entry_id AS entry_id, e.at AS at, e.payment_id AS payment_id,"
    " e.kind AS entry_kind, a.kind AS kind, a.owner AS owner, p.amount AS amount,"
    " p.balance_after AS balance_after FROM posting p"
    " LEFT JOIN ledger_entry e ON e.id = p.entry_id"
    " LEFT JOIN ledger_account a ON a.id = p.ledger_account_id ORDER BY p.entry_id, p.number"};
static const struct db_sql SQL_BALANCE_EACH = {
    "SELECT kind, owner, balance FROM ledger_account ORDER BY kind, owner"};

static enum err account_move(
    struct db *db, const struct ledger_posting *p, int64_t *ret_id, int64_t *ret_balance)
{
    struct db_stmt *st = db_query(db, &SQL_ACCOUNT_MOVE);
    db_int(st, 1, p->amount.poisha);
    db_text(st, 2, str_from(ledger_kind_text(p->kind)));
    db_int(st, 3, p->owner);
    enum err e = db_step(st);
    if (e == ERR_OK) {
        *ret_id = db_col_int(st, "id");
        *ret_balance = db_col_int(st, "balance");
    }
    db_end(st);
    return e;
}

static enum err account_make(struct tx *tx, const struct ledger_posting *p)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ACCOUNT_ADD);
    db_int(st, 1, id);
    db_text(st, 2, str_from(ledger_kind_text(p->kind)));
    db_int(st, 3, p->owner);
    return db_do(st);
}

static enum err posting_add(
    struct tx *tx, int64_t entry_id, int number, const struct ledger_posting *p)
{
    int64_t account_id, balance;
    enum err e = account_move(tx_db(tx), p, &account_id, &balance);
    if (e == ERR_NO_ROW) {
        e = account_make(tx, p);
        if (e == ERR_OK)
            e = account_move(tx_db(tx), p, &account_id, &balance);
    }
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_POSTING_ADD);
    db_int(st, 1, entry_id);
    db_int(st, 2, number);
    db_int(st, 3, account_id);
    db_int(st, 4, p->amount.poisha);
    db_int(st, 5, balance);
    return db_do_one(st, ERR_INTERNAL);
}

/* Whose statement shows it; 0: nobody's. */
static int64_t entry_account(const struct ledger_entry *e)
{
    for (int i = 0; i < e->count; i++) {
        enum ledger_kind kind = e->postings[i].kind;
        if (kind == LEDGER_MERCHANT_PAYABLE || kind == LEDGER_SUSPENSE || kind == LEDGER_REFUNDS ||
            kind == LEDGER_SETTLEMENT)
            return e->postings[i].owner;
    }
    return 0;
}

static enum err entry_add(
    struct tx *tx, const char *kind, int64_t payment_id, int64_t account_id, int64_t *ret_entry_id)
{
    enum err e = row_one_int(db_query(tx_db(tx), &SQL_NEXT_ENTRY), "id", ret_entry_id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ENTRY_ADD);
    db_int(st, 1, *ret_entry_id);
    db_int(st, 2, tx_now_ms(tx));
    db_text(st, 3, str_from(kind));
    db_opt(st, 4, payment_id);
    db_opt(st, 5, account_id);
    return db_do_one(st, ERR_INTERNAL);
}

enum err store_ledger_post(struct tx *tx, const struct ledger_entry *e, const char *kind,
    int64_t payment_id, int64_t *ret_entry_id)
{
    ensure(e->count > 0 && ledger_sums_to_zero(e), "an entry does not sum to zero");
    int64_t entry_id = 0, account_id = entry_account(e);
    enum err err = entry_add(tx, kind, payment_id, account_id, &entry_id);
    for (int i = 0; err == ERR_OK && i < e->count; i++)
        err = posting_add(tx, entry_id, i + 1, &e->postings[i]);
    if (err == ERR_OK && account_id)
        stat_ledger_posted(tx, account_id, e);
    if (err == ERR_OK)
        *ret_entry_id = entry_id;
    return err;
}

enum err store_ledger_balance(
    struct db *db, enum ledger_kind kind, int64_t owner, struct money *ret)
{
    struct db_stmt *st = db_query(db, &SQL_BALANCE);
    db_text(st, 1, str_from(ledger_kind_text(kind)));
    db_int(st, 2, owner);
    int64_t balance = 0;
    enum err e = row_one_int(st, "balance", &balance);
    if (e != ERR_OK && e != ERR_NO_ROW)
        return e;
    *ret = money_poisha(balance);
    return ERR_OK;
}

enum err store_ledger_payment_balance(
    struct db *db, int64_t payment_id, struct money *ret_old, struct money *ret_new)
{
    struct db_stmt *st = db_query(db, &SQL_PAYMENT_BALANCE);
    db_int(st, 1, payment_id);
    enum err e = db_step(st);
    if (e == ERR_OK) {
        struct money amount = money_poisha(db_col_int(st, "amount"));
        struct money after = money_poisha(db_col_int(st, "balance_after"));
        *ret_old = money_neg(money_sub(after, amount));
        *ret_new = money_neg(after);
    }
    db_end(st);
    return e;
}

static enum ledger_kind row_ledger_kind(struct row *r, const char *name)
{
    enum ledger_kind kind = LEDGER_MERCHANT_PAYABLE;
    row_check(r, ledger_kind_parse(db_col_str(r->st, name), &kind));
    return kind;
}

static void posting_read(struct row *r, struct posting_item *ret)
{
    *ret = (struct posting_item){
        .entry_id = row_int(r, "entry_id"),
        .at = row_int(r, "at"),
        .payment_id = row_int(r, "payment_id"),
        .entry_kind = row_str(r, "entry_kind"),
        .amount = row_money(r, "amount"),
        .balance_after = row_money(r, "balance_after"),
    };
    ret->loose = str_absent(ret->entry_kind) || str_absent(row_str(r, "kind"));
    if (!ret->loose) {
        ret->kind = row_ledger_kind(r, "kind");
        ret->owner = row_int(r, "owner");
    }
}

enum err store_posting_each(struct db *db, store_posting_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_POSTING_EACH);
    return row_each(st, struct posting_item, posting_read, fn, arg);
}

static void balance_read(struct row *r, struct balance_item *ret)
{
    *ret = (struct balance_item){
        .kind = row_ledger_kind(r, "kind"),
        .owner = row_int(r, "owner"),
        .balance = row_money(r, "balance"),
    };
}

enum err store_balance_each(struct db *db, store_balance_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_BALANCE_EACH);
    return row_each(st, struct balance_item, balance_read, fn, arg);
}
