#include "store/store_stat.h"

#include "base/mem.h"
#include "store/row.h"
#include "store/stat.h"
#include "store/tx.h"

#define STAT_COLUMNS                                                                               \
    "created, asked, ended, opened, reached, paid, cancelled, failed, review, received,"           \
    " commission, refunded"

static const char *const columns[STAT_FIELDS] = {
    [STAT_CREATED] = "created",
    [STAT_ASKED] = "asked",
    [STAT_ENDED] = "ended",
    [STAT_OPENED] = "opened",
    [STAT_REACHED] = "reached",
    [STAT_PAID] = "paid",
    [STAT_CANCELLED] = "cancelled",
    [STAT_FAILED] = "failed",
    [STAT_REVIEW] = "review",
    [STAT_RECEIVED] = "received",
    [STAT_COMMISSION] = "commission",
    [STAT_REFUNDED] = "refunded",
};

static const struct db_sql SQL_ADD = {
    "INSERT INTO payment_stat (account_id, day, wallet, " STAT_COLUMNS
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    " ON CONFLICT (account_id, day, wallet) DO UPDATE SET"
    " created = payment_stat.created + excluded.created,"
    " asked = payment_stat.asked + excluded.asked,"
    " ended = payment_stat.ended + excluded.ended,"
    " opened = payment_stat.opened + excluded.opened,"
    " reached = payment_stat.reached + excluded.reached,"
    " paid = payment_stat.paid + excluded.paid,"
    " cancelled = payment_stat.cancelled + excluded.cancelled,"
    " failed = payment_stat.failed + excluded.failed,"
    " review = payment_stat.review + excluded.review,"
    " received = payment_stat.received + excluded.received,"
    " commission = payment_stat.commission + excluded.commission,"
    " refunded = payment_stat.refunded + excluded.refunded"};
static const struct db_sql SQL_EACH = {
    "SELECT account_id, day, wallet, " STAT_COLUMNS " FROM payment_stat"
    " WHERE account_id = $1 AND day BETWEEN $2 AND $3 ORDER BY day, wallet"};
static const struct db_sql SQL_SUM = {"SELECT CAST(COALESCE(SUM(created), 0) AS BIGINT) AS created,"
                                      " CAST(COALESCE(SUM(asked), 0) AS BIGINT) AS asked,"
                                      " CAST(COALESCE(SUM(ended), 0) AS BIGINT) AS ended,"
                                      " CAST(COALESCE(SUM(opened), 0) AS BIGINT) AS opened,"
                                      " CAST(COALESCE(SUM(reached), 0) AS BIGINT) AS reached,"
                                      " CAST(COALESCE(SUM(paid), 0) AS BIGINT) AS paid,"
                                      " CAST(COALESCE(SUM(cancelled), 0) AS BIGINT) AS cancelled,"
                                      " CAST(COALESCE(SUM(failed), 0) AS BIGINT) AS failed,"
                                      " CAST(COALESCE(SUM(review), 0) AS BIGINT) AS review,"
                                      " CAST(COALESCE(SUM(received), 0) AS BIGINT) AS received,"
                                      " CAST(COALESCE(SUM(commission), 0) AS BIGINT) AS commission,"
                                      " CAST(COALESCE(SUM(refunded), 0) AS BIGINT) AS refunded"
                                      " FROM payment_stat WHERE account_id = $1"};
static const struct db_sql SQL_MARK = {"SELECT payment_id FROM stat_mark WHERE id = 1"};
static const struct db_sql SQL_MARK_SET = {
    "UPDATE stat_mark SET payment_id = $1 WHERE id = 1 AND payment_id = $2"};
static const struct db_sql SQL_NEWEST = {"SELECT MAX(id) AS id FROM payment"};
static const struct db_sql SQL_BEHIND = {
    "SELECT account_id, day, wallet, COUNT(*) AS created, CAST(SUM(amount) AS BIGINT) AS asked"
    " FROM payment WHERE id > $1 AND id <= $2 GROUP BY account_id, day, wallet"};
static const struct db_sql SQL_LEDGER_ADD = {
    "INSERT INTO ledger_day (account_id, day, entries, received, fee, refunded)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, day) DO UPDATE SET"
    " entries = ledger_day.entries + excluded.entries,"
    " received = ledger_day.received + excluded.received,"
    " fee = ledger_day.fee + excluded.fee,"
    " refunded = ledger_day.refunded + excluded.refunded"};
static const struct db_sql SQL_LEDGER_EACH = {
    "SELECT day, entries, received, fee, refunded FROM ledger_day"
    " WHERE account_id = $1 AND day BETWEEN $2 AND $3 ORDER BY day"};
static const struct db_sql SQL_LEDGER_BEFORE = {
    "SELECT COALESCE(MAX(day), 0) AS day, CAST(COALESCE(SUM(entries), 0) AS BIGINT) AS entries,"
    " CAST(COALESCE(SUM(received), 0) AS BIGINT) AS received,"
    " CAST(COALESCE(SUM(fee), 0) AS BIGINT) AS fee,"
    " CAST(COALESCE(SUM(refunded), 0) AS BIGINT) AS refunded"
    " FROM ledger_day WHERE account_id = $1 AND day < $2"};

/* ---- adding up in memory ---- */

static bool stat_same(const struct stat_add *a, const struct stat_add *b)
{
    return a->ledger == b->ledger && a->account_id == b->account_id && a->day == b->day &&
           a->wallet == b->wallet;
}

/* Adds to the same counters' entry among those from `from` on. */
static void tally_add(struct stat_tally *t, size_t from, struct stat_add add)
{
    for (size_t i = from; i < t->n; i++) {
        if (stat_same(&t->adds[i], &add)) {
            for (int k = 0; k < STAT_FIELDS; k++)
                t->adds[i].v[k] += add.v[k];
            return;
        }
    }
    if (t->n == t->room) {
        t->room = t->room ? t->room * 2 : 16;
        t->adds = mem_realloc(t->adds, t->room * sizeof *t->adds);
    }
    t->adds[t->n++] = add;
}

void stat_tally_keep(struct stat_tally *t)
{
    size_t end = t->n;
    t->n = t->kept;
    for (size_t i = t->kept; i < end; i++)
        tally_add(t, 0, t->adds[i]);
    t->kept = t->n;
}

void stat_tally_undo(struct stat_tally *t)
{
    t->n = t->kept;
}

void stat_tally_clear(struct stat_tally *t)
{
    t->n = t->kept = 0;
}

static void note(struct tx *tx, struct stat_add add)
{
    tally_add(&tx->stats, tx->stats.kept, add);
}

static struct stat_add of_payment(const struct payment_row *p)
{
    return (struct stat_add){
        .account_id = p->account_id, .day = dhaka_day(p->created_at), .wallet = p->wallet};
}

static void state_count(struct stat_add *add, const struct payment_row *p, int64_t n)
{
    switch (p->state) {
    case PAYMENT_OPEN:
    case PAYMENT_EXECUTING:
    case PAYMENT_STATE_COUNT:
        break;
    case PAYMENT_REVIEW:
        add->v[STAT_REVIEW] += n;
        break;
    case PAYMENT_PAID:
        add->v[STAT_PAID] += n;
        break;
    case PAYMENT_CANCELLED:
        add->v[STAT_CANCELLED] += n;
        break;
    case PAYMENT_FAILED:
        add->v[STAT_FAILED] += n;
        break;
    }
    if (payment_is_final(p->state))
        add->v[STAT_ENDED] += n * p->amount.poisha;
}

static void money_count(struct stat_add *add, const struct payment_row *p, int64_t n)
{
    add->v[STAT_RECEIVED] += n * (p->credited.poisha + p->commission.poisha);
    add->v[STAT_COMMISSION] += n * p->commission.poisha;
    add->v[STAT_REFUNDED] += n * p->refunded.poisha;
}

void stat_payment_changed(
    struct tx *tx, const struct payment_row *from, const struct payment_row *to)
{
    static const int64_t nothing[STAT_FIELDS];
    struct stat_add add = of_payment(from);
    state_count(&add, from, -1);
    state_count(&add, to, 1);
    money_count(&add, from, -1);
    money_count(&add, to, 1);
    if (memcmp(add.v, nothing, sizeof nothing) != 0)
        note(tx, add);
}

void store_stat_note(struct tx *tx, const struct payment_row *p, enum stat_field f)
{
    struct stat_add add = of_payment(p);
    add.v[f] = 1;
    note(tx, add);
}

void store_stat_add(struct tx *tx, const struct stat_row *r)
{
    struct stat_add add = {.account_id = r->account_id, .day = r->day, .wallet = r->wallet};
    memcpy(add.v, r->v, sizeof add.v);
    note(tx, add);
}

/* ---- the ledger ---- */

/* Of a row of ledger_day the first fields mean these. */
enum { DAY_ENTRIES, DAY_RECEIVED, DAY_FEE, DAY_REFUNDED };

void stat_ledger_posted(struct tx *tx, int64_t account_id, const struct ledger_entry *e)
{
    struct stat_add add = {
        .ledger = true, .account_id = account_id, .day = dhaka_day(tx_now_ms(tx))};
    int64_t owed = 0;
    bool refund = false;
    add.v[DAY_ENTRIES] = 1;
    for (int i = 0; i < e->count; i++) {
        const struct ledger_posting *p = &e->postings[i];
        if (p->kind == LEDGER_MERCHANT_PAYABLE)
            owed -= p->amount.poisha;
        if (p->kind == LEDGER_OUR_FEE)
            add.v[DAY_FEE] -= p->amount.poisha;
        refund = refund || p->kind == LEDGER_REFUNDS;
    }
    add.v[refund ? DAY_REFUNDED : DAY_RECEIVED] = refund ? -owed : owed + add.v[DAY_FEE];
    note(tx, add);
}

/* ---- writing ---- */

static enum err payment_write(struct db *db, const struct stat_add *a)
{
    struct db_stmt *st = db_query(db, &SQL_ADD);
    db_int(st, 1, a->account_id);
    db_int(st, 2, a->day);
    db_text(st, 3, str_from(wallet_kind_code(a->wallet)));
    for (int k = 0; k < STAT_FIELDS; k++)
        db_int(st, 4 + k, a->v[k]);
    return db_do(st);
}

static enum err ledger_write(struct db *db, const struct stat_add *a)
{
    struct db_stmt *st = db_query(db, &SQL_LEDGER_ADD);
    db_int(st, 1, a->account_id);
    db_int(st, 2, a->day);
    for (int k = DAY_ENTRIES; k <= DAY_REFUNDED; k++)
        db_int(st, 3 + k, a->v[k]);
    return db_do(st);
}

enum err stat_tally_write(struct stat_tally *t, struct db *db)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < t->kept; i++)
        e = t->adds[i].ledger ? ledger_write(db, &t->adds[i]) : payment_write(db, &t->adds[i]);
    return e;
}

enum err store_stat_mark(struct tx *tx, int64_t from, int64_t to, bool *ret_moved)
{
    int64_t changed = 0;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_MARK_SET);
    db_int(st, 1, to);
    db_int(st, 2, from);
    enum err e = db_exec(st, &changed);
    if (e == ERR_OK)
        *ret_moved = changed == 1;
    return e;
}

/* ---- reading ---- */

static void stat_read(struct row *r, struct stat_row *ret)
{
    *ret = (struct stat_row){.account_id = row_int(r, "account_id"),
        .day = row_int(r, "day"),
        .wallet = row_wallet(r, "wallet")};
    for (int k = 0; k < STAT_FIELDS; k++)
        ret->v[k] = row_int(r, columns[k]);
}

enum err store_stat_each(struct db *db, int64_t account_id, int32_t day_from, int32_t day_to,
    store_stat_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH);
    db_int(st, 1, account_id);
    db_int(st, 2, day_from);
    db_int(st, 3, day_to);
    return row_each(st, struct stat_row, stat_read, fn, arg);
}

static void sum_read(struct row *r, struct stat_row *ret)
{
    *ret = (struct stat_row){.wallet = WALLET_BKASH};
    for (int k = 0; k < STAT_FIELDS; k++)
        ret->v[k] = row_int(r, columns[k]);
}

enum err store_stat_sum(struct db *db, int64_t account_id, struct stat_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_SUM);
    db_int(st, 1, account_id);
    enum err e = row_one(st, NULL, sum_read, ret);
    if (e == ERR_OK)
        ret->account_id = account_id;
    return e;
}

static void behind_read(struct row *r, struct stat_row *ret)
{
    *ret = (struct stat_row){.account_id = row_int(r, "account_id"),
        .day = row_int(r, "day"),
        .wallet = row_wallet(r, "wallet")};
    ret->v[STAT_CREATED] = row_int(r, "created");
    ret->v[STAT_ASKED] = row_int(r, "asked");
}

/* Ids are given in the order of the commits, so that no smaller one can come behind the newest. */
enum err store_stat_behind(
    struct db *db, int64_t max, store_stat_fn fn, void *arg, int64_t *ret_from, int64_t *ret_to)
{
    int64_t from, newest;
    enum err e = row_one_int(db_query(db, &SQL_MARK), "payment_id", &from);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_STORE_IO : e;
    e = row_one_int_or_none(db_query(db, &SQL_NEWEST), "id", &newest);
    if (e == ERR_NO_ROW)
        newest = from;
    else if (e != ERR_OK)
        return e;
    int64_t to = newest - from > max ? from + max : newest > from ? newest : from;
    *ret_from = from;
    *ret_to = to;
    if (to == from)
        return ERR_OK;
    struct db_stmt *st = db_query(db, &SQL_BEHIND);
    db_int(st, 1, from);
    db_int(st, 2, to);
    return row_each(st, struct stat_row, behind_read, fn, arg);
}

static void ledger_day_read(struct row *r, struct ledger_day_row *ret)
{
    *ret = (struct ledger_day_row){
        .day = row_int(r, "day"),
        .entries = row_int(r, "entries"),
        .received = row_money(r, "received"),
        .fee = row_money(r, "fee"),
        .refunded = row_money(r, "refunded"),
    };
}

enum err store_ledger_day_each(struct db *db, int64_t account_id, int32_t day_from, int32_t day_to,
    store_ledger_day_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_LEDGER_EACH);
    db_int(st, 1, account_id);
    db_int(st, 2, day_from);
    db_int(st, 3, day_to);
    return row_each(st, struct ledger_day_row, ledger_day_read, fn, arg);
}

enum err store_ledger_day_before(
    struct db *db, int64_t account_id, int32_t day, struct ledger_day_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_LEDGER_BEFORE);
    db_int(st, 1, account_id);
    db_int(st, 2, day);
    return row_one(st, NULL, ledger_day_read, ret);
}
