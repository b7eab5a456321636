#include "store/store_statement.h"

#include "store/row.h"

#define LINE_COLUMNS                                                                               \
    "e.id AS entry_id, e.at AS at, e.kind AS entry_kind, e.payment_id AS payment_id,"              \
    " q.order_id AS order_id, a.kind AS kind, p.amount AS amount,"                                 \
    " p.balance_after AS balance_after"
#define LINE_JOINS                                                                                 \
    " e JOIN posting p ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.ledger_account_id"   \
    " LEFT JOIN payment q ON q.id = e.payment_id"

/* The inner SELECT is what LIMIT counts: entries, not postings. */
static const struct db_sql SQL_BACK = {
    "SELECT " LINE_COLUMNS " FROM (SELECT id, at, kind, payment_id FROM ledger_entry"
    " WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3)" LINE_JOINS
    " ORDER BY e.id DESC, p.number"};
static const struct db_sql SQL_ON = {
    "SELECT " LINE_COLUMNS " FROM (SELECT id, at, kind, payment_id FROM ledger_entry"
    " WHERE account_id = $1 AND id >= $2 ORDER BY id LIMIT $3)" LINE_JOINS
    " ORDER BY e.id, p.number"};
static const struct db_sql SQL_OF = {"SELECT " LINE_COLUMNS " FROM ledger_entry" LINE_JOINS
                                     " WHERE e.payment_id = $1 ORDER BY e.id, p.number"};
static const struct db_sql SQL_FROM = {
    "SELECT id FROM ledger_entry WHERE at >= $1 ORDER BY at, id LIMIT 1"};
static const struct db_sql SQL_LAST = {"SELECT MAX(id) AS id FROM ledger_entry"};

#define ORDER_CHARS_MAX 512
#define KIND_CHARS_MAX 32

/* An entry's postings come beside each other: they are added up until another entry's begin. */
struct fold {
    store_statement_fn fn;
    void *arg;
    struct statement_line line; /* entry_id 0: none is open */
    char order_id[ORDER_CHARS_MAX], kind[KIND_CHARS_MAX];
};

struct line_posting {
    struct statement_line head;
    enum ledger_kind kind;
    struct money amount, balance_after;
};

static void posting_read(struct row *r, struct line_posting *ret)
{
    *ret = (struct line_posting){
        .head =
            {
                .entry_id = row_int(r, "entry_id"),
                .at = row_int(r, "at"),
                .kind = row_str(r, "entry_kind"),
                .payment_id = row_int(r, "payment_id"),
                .order_id = row_str(r, "order_id"),
            },
        .amount = row_money(r, "amount"),
        .balance_after = row_money(r, "balance_after"),
    };
    row_check(r, ledger_kind_parse(db_col_str(r->st, "kind"), &ret->kind));
}

static enum err fold_end(struct fold *f)
{
    struct statement_line *l = &f->line;
    if (!l->entry_id)
        return ERR_OK;
    bool refund = str_starts(l->kind, STR("refund"));
    if (l->has_balance) {
        if (refund)
            l->refunded = money_neg(l->net);
        else
            l->received = money_add(l->net, l->fee);
    }
    enum err e = f->fn(f->arg, l);
    l->entry_id = 0;
    return e;
}

static struct str keep(char *out, size_t cap, struct str s)
{
    if (str_absent(s))
        return s;
    size_t n = s.n < cap ? s.n : cap;
    memcpy(out, s.p, n);
    return (struct str){out, n};
}

static void fold_begin(struct fold *f, const struct statement_line *head)
{
    f->line = *head;
    f->line.kind = keep(f->kind, sizeof f->kind, head->kind);
    f->line.order_id = keep(f->order_id, sizeof f->order_id, head->order_id);
}

static enum err posting_see(void *arg, const struct line_posting *p)
{
    struct fold *f = arg;
    struct statement_line *l = &f->line;
    if (l->entry_id != p->head.entry_id) {
        enum err e = fold_end(f);
        if (e != ERR_OK)
            return e;
        fold_begin(f, &p->head);
    }
    if (p->kind == LEDGER_MERCHANT_PAYABLE) {
        l->has_balance = true;
        l->net = money_sub(l->net, p->amount);
        l->balance = money_neg(p->balance_after);
    } else if (p->kind == LEDGER_OUR_FEE) {
        l->fee = money_sub(l->fee, p->amount);
    } else if (p->kind == LEDGER_SUSPENSE) {
        l->suspended = money_sub(l->suspended, p->amount);
    }
    return ERR_OK;
}

static enum err lines(struct db *db, const struct db_sql *sql, int64_t account_id, int64_t id,
    int64_t max, store_statement_fn fn, void *arg)
{
    struct fold f = {.fn = fn, .arg = arg};
    struct db_stmt *st = db_query(db, sql);
    db_int(st, 1, account_id);
    db_int(st, 2, id);
    db_int(st, 3, max);
    enum err e = row_each(st, struct line_posting, posting_read, posting_see, &f);
    return e == ERR_OK ? fold_end(&f) : e;
}

enum err store_statement_back(
    struct db *db, int64_t account_id, int64_t below, int64_t max, store_statement_fn fn, void *arg)
{
    return lines(db, &SQL_BACK, account_id, below, max, fn, arg);
}

enum err store_statement_on(
    struct db *db, int64_t account_id, int64_t from, int64_t max, store_statement_fn fn, void *arg)
{
    return lines(db, &SQL_ON, account_id, from, max, fn, arg);
}

enum err store_statement_of(struct db *db, int64_t payment_id, store_statement_fn fn, void *arg)
{
    struct fold f = {.fn = fn, .arg = arg};
    struct db_stmt *st = db_query(db, &SQL_OF);
    db_int(st, 1, payment_id);
    enum err e = row_each(st, struct line_posting, posting_read, posting_see, &f);
    return e == ERR_OK ? fold_end(&f) : e;
}

enum err store_statement_from(struct db *db, int64_t at, int64_t *ret_entry_id)
{
    struct db_stmt *st = db_query(db, &SQL_FROM);
    db_int(st, 1, at);
    enum err e = row_one_int(st, "id", ret_entry_id);
    if (e != ERR_NO_ROW)
        return e;
    int64_t last = 0;
    e = row_one_int_or_none(db_query(db, &SQL_LAST), "id", &last);
    if (e == ERR_OK || e == ERR_NO_ROW)
        *ret_entry_id = last + 1;
    return e == ERR_NO_ROW ? ERR_OK : e;
}
