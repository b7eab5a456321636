#include "store/history.h"

#include "base/mem.h"
#include "store/row.h"
#include "store/store_payment.h"
#include "store/tx.h"

static const struct db_sql SQL_COUNT = {
    "INSERT INTO day_count (account_id, day, piece, payments) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (account_id, day, piece)"
    " DO UPDATE SET payments = day_count.payments + excluded.payments"};
static const struct db_sql SQL_TOTAL = {"SELECT COALESCE(SUM(payments), 0) AS total FROM day_count"
                                        " WHERE account_id = $1 AND day BETWEEN $2 AND $3"};
static const struct db_sql SQL_PIECES = {
    "SELECT day, piece, payments FROM day_count"
    " WHERE account_id = $1 AND day BETWEEN $2 AND $3 ORDER BY day, piece"};
#define ITEM_COLUMNS "id, order_id, created_at, amount, paid, commission, currency, state"

/* Two statements, as SQLite does not use (day, id) >= ($2, $3) to find the first row. */
static const struct db_sql SQL_PAGE = {
    "SELECT " ITEM_COLUMNS " FROM payment WHERE account_id = $1 AND day = $2 AND id >= $3"
    " ORDER BY id LIMIT $4 OFFSET $5"};
static const struct db_sql SQL_PAGE_REST = {
    "SELECT " ITEM_COLUMNS " FROM payment WHERE account_id = $1 AND day > $2 AND day <= $3"
    " ORDER BY day, id LIMIT $4"};

/* Adds to the same counter's entry among those from `from` on. */
static void tally_add(struct day_tally *t, size_t from, struct day_add add)
{
    for (size_t i = from; i < t->n; i++) {
        struct day_add *a = &t->adds[i];
        if (a->account_id == add.account_id && a->day == add.day && a->piece == add.piece) {
            a->payments += add.payments;
            return;
        }
    }
    if (t->n == t->room) {
        t->room = t->room ? t->room * 2 : 16;
        t->adds = mem_realloc(t->adds, t->room * sizeof *t->adds);
    }
    t->adds[t->n++] = add;
}

void history_count(struct tx *tx, int64_t account_id, int32_t day, int64_t id)
{
    struct day_tally *t = &tx->tally;
    tally_add(t, t->kept, (struct day_add){account_id, day, id >> PIECE_BITS, 1});
}

void day_tally_keep(struct day_tally *t)
{
    size_t end = t->n;
    t->n = t->kept;
    for (size_t i = t->kept; i < end; i++)
        tally_add(t, 0, t->adds[i]);
    t->kept = t->n;
}

void day_tally_undo(struct day_tally *t)
{
    t->n = t->kept;
}

void day_tally_clear(struct day_tally *t)
{
    t->n = t->kept = 0;
}

enum err day_tally_write(struct day_tally *t, struct db *db)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < t->kept; i++) {
        const struct day_add *a = &t->adds[i];
        struct db_stmt *st = db_query(db, &SQL_COUNT);
        db_int(st, 1, a->account_id);
        db_int(st, 2, a->day);
        db_int(st, 3, a->piece);
        db_int(st, 4, a->payments);
        e = db_do(st);
    }
    return e;
}

enum err store_history_total(
    struct db *db, int64_t account_id, int32_t day_from, int32_t day_to, int64_t *ret)
{
    struct db_stmt *st = db_query(db, &SQL_TOTAL);
    db_int(st, 1, account_id);
    db_int(st, 2, day_from);
    db_int(st, 3, day_to);
    return row_one_int(st, "total", ret);
}

struct place {
    int64_t day;
    int64_t id;   /* the piece's first */
    int64_t skip; /* payments of the piece that are before the page */
};

/* The piece that holds the payment with `offset` others before it. ERR_NO_ROW: there are not so many. */
static enum err place_find(struct db *db, int64_t account_id, int32_t day_from, int32_t day_to,
    int64_t offset, struct place *ret)
{
    struct db_stmt *st = db_query(db, &SQL_PIECES);
    db_int(st, 1, account_id);
    db_int(st, 2, day_from);
    db_int(st, 3, day_to);
    enum err e;
    while ((e = db_step(st)) == ERR_OK) {
        int64_t payments = db_col_int(st, "payments");
        if (offset < payments) {
            *ret = (struct place){
                db_col_int(st, "day"), db_col_int(st, "piece") << PIECE_BITS, offset};
            break;
        }
        offset -= payments;
    }
    db_end(st);
    return e;
}

static void item_read(struct row *r, struct history_item *ret)
{
    *ret = (struct history_item){
        .id = row_int(r, "id"),
        .order_id = row_str(r, "order_id"),
        .created_at = row_int(r, "created_at"),
        .amount = row_money(r, "amount"),
        .commission = row_money(r, "commission"),
        .currency = row_str(r, "currency"),
    };
    ret->has_commission = row_int(r, "paid") > 0;
    row_check(r, payment_state_parse(db_col_str(r->st, "state"), &ret->state));
}

struct page {
    store_history_fn fn;
    void *arg;
    int64_t left;
};

static enum err page_item(void *arg, const struct history_item *item)
{
    struct page *p = arg;
    p->left--;
    return p->fn(p->arg, item);
}

enum err store_history_page(struct db *db, int64_t account_id, int32_t day_from, int32_t day_to,
    int64_t offset, int64_t limit, store_history_fn fn, void *arg)
{
    struct place place;
    enum err e = place_find(db, account_id, day_from, day_to, offset, &place);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_OK : e;
    struct page page = {fn, arg, limit};
    struct db_stmt *st = db_query(db, &SQL_PAGE);
    db_int(st, 1, account_id);
    db_int(st, 2, place.day);
    db_int(st, 3, place.id);
    db_int(st, 4, limit);
    db_int(st, 5, place.skip);
    e = row_each(st, struct history_item, item_read, page_item, &page);
    if (e != ERR_OK || page.left == 0)
        return e;
    st = db_query(db, &SQL_PAGE_REST);
    db_int(st, 1, account_id);
    db_int(st, 2, place.day);
    db_int(st, 3, day_to);
    db_int(st, 4, page.left);
    return row_each(st, struct history_item, item_read, page_item, &page);
}
