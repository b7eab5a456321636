/* New payments: the hot path. */
#include "store/create.h"

#include "base/mem.h"
#include "store/history.h"
#include "store/row.h"
#include "store/store_payment.h"
#include "store/tx.h"

static const struct db_sql SQL_ORDER_FIND = {"SELECT id, uuid, body_sha256 FROM payment"
                                             " WHERE account_id = $1 AND order_id = $2"};

/* In the order of payment_bind. */
#define GIVEN                                                                                      \
    "id, uuid, account_id, day, order_id, body_sha256, amount, currency, service, wallet, state,"  \
    " created_at, expires_at, success_url, fail_url, endpoint_url, endpoint_id, description,"      \
    " customer_ip, customer_json, fee_bp, fee_fixed, language"
#define SAME_FOR_ALL                                                                               \
    ", version, paid, commission, credited, refunded, payer_mask, final_at, sequence, attempts"
#define SAME_VALUES ", 1, 0, 0, 0, 0, NULL, 0, 0, 0"
#define PIECE_BITS_TEXT "14"
#define ONCE " ON CONFLICT (account_id, order_id) DO NOTHING"

_Static_assert(PIECE_BITS == 14, "the counters of both ways are the same");

static const struct db_sql SQL_ADD = {
    "INSERT INTO payment (" GIVEN SAME_FOR_ALL ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
    " $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23" SAME_VALUES ")" ONCE};
/* Where a statement is a question and an answer over a line, many rows go in one, and their counters (store/history.h) with them. The
 * rows are written, and told, in their order. */
static const struct db_sql PG_ADD_MANY = {
    "WITH added AS (INSERT INTO payment (" GIVEN SAME_FOR_ALL ") SELECT " GIVEN SAME_VALUES
    " FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::text[], $6::bytea[],"
    " $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[],"
    " $13::bigint[], $14::text[], $15::text[], $16::text[], $17::bigint[], $18::text[],"
    " $19::text[], $20::text[], $21::bigint[], $22::bigint[], $23::text[]) AS given (" GIVEN
    ")" ONCE " RETURNING id, account_id, day),"
    " counted AS (INSERT INTO day_count (account_id, day, piece, payments)"
    " SELECT account_id, day, id >> " PIECE_BITS_TEXT ", count(*) FROM added GROUP BY 1, 2, 3"
    " ON CONFLICT (account_id, day, piece)"
    " DO UPDATE SET payments = day_count.payments + excluded.payments)"
    " SELECT id FROM added"};

enum err store_order_find(struct db *db, int64_t account_id, struct str order_id,
    const uint8_t body_sha256[SHA256_LEN], bool *ret_same, int64_t *ret_id, char ret_uuid[37])
{
    struct db_stmt *st = db_query(db, &SQL_ORDER_FIND);
    db_int(st, 1, account_id);
    db_text(st, 2, order_id);
    struct row r = {.st = st};
    r.err = db_step(st);
    if (r.err == ERR_OK) {
        int64_t id = row_int(&r, "id");
        struct str uuid = row_uuid(&r, "uuid");
        struct str sha = row_str(&r, "body_sha256");
        if (r.err == ERR_OK) {
            *ret_id = id;
            *ret_same = str_eq(sha, (struct str){(const char *)body_sha256, SHA256_LEN});
            memcpy(ret_uuid, uuid.p, UUID_LEN + 1);
        }
    }
    db_end(st);
    return r.err;
}

/* A row's values; `uuid` has to last as long as they. */
static enum err payment_bind(
    struct db_stmt *st, const struct payment_new *p, int64_t id, uint8_t uuid[16])
{
    const struct payment_row *r = &p->row;
    db_int(st, 1, id);
    if (!row_bind_uuid(st, 2, r->uuid, uuid))
        return ERR_SYNTAX;
    db_int(st, 3, r->account_id);
    db_int(st, 4, dhaka_day(r->created_at));
    db_text(st, 5, r->order_id);
    db_blob(st, 6, (struct str){(const char *)p->body_sha256, SHA256_LEN});
    db_int(st, 7, r->amount.poisha);
    db_text(st, 8, r->currency);
    db_text(st, 9, r->service);
    db_text(st, 10, str_from(wallet_kind_code(r->wallet)));
    db_text(st, 11, str_from(payment_state_text(r->state)));
    db_int(st, 12, r->created_at);
    db_int(st, 13, r->expires_at);
    db_text(st, 14, r->success_url);
    db_text(st, 15, r->fail_url);
    db_text(st, 16, r->endpoint_url);
    db_opt(st, 17, r->endpoint_id);
    db_text(st, 18, r->desc);
    db_text(st, 19, r->customer_ip);
    db_text(st, 20, r->customer_json);
    db_int(st, 21, r->fee_bp);
    db_int(st, 22, r->fee_fixed.poisha);
    db_text(st, 23, r->language);
    return ERR_OK;
}

/* ERR_DUPLICATE: the order is taken. That an id is would be a fault of ours. */
static enum err payment_add(struct db *db, const struct payment_new *p, int64_t id)
{
    uint8_t uuid[16];
    int64_t added = 0;
    struct db_stmt *st = db_query(db, &SQL_ADD);
    enum err e = payment_bind(st, p, id, uuid);
    if (e != ERR_OK) {
        db_end(st);
        return e;
    }
    e = db_exec(st, &added);
    if (e == ERR_DUPLICATE)
        return ERR_INTERNAL;
    return e == ERR_OK && added == 0 ? ERR_DUPLICATE : e;
}

static void payment_stored(struct payment_new *p, int64_t id)
{
    p->row.id = id;
    p->row.version = 1;
}

enum err store_payment_id(struct tx *tx, int64_t *ret)
{
    return tx_next_id(tx, STORE_ID_PAYMENT, ret);
}

enum err store_payment_insert(
    struct tx *tx, struct payment_new *p, bool *ret_same, int64_t *ret_id, char ret_uuid[37])
{
    struct db *db = tx_db(tx);
    int64_t id = p->id;
    enum err e = id ? ERR_OK : store_payment_id(tx, &id);
    if (e == ERR_OK)
        e = payment_add(db, p, id);
    if (e == ERR_DUPLICATE) {
        e = store_order_find(
            db, p->row.account_id, p->row.order_id, p->body_sha256, ret_same, ret_id, ret_uuid);
        return e == ERR_OK ? ERR_DUPLICATE : e;
    }
    if (e == ERR_OK) {
        history_count(tx, p->row.account_id, dhaka_day(p->row.created_at), id);
        payment_stored(p, id);
    }
    return e;
}

/* ---- many at once ---- */

void payment_puts_keep(struct payment_puts *t)
{
    t->kept = t->n;
}

void payment_puts_undo(struct payment_puts *t)
{
    t->n = t->kept;
}

void payment_puts_clear(struct payment_puts *t)
{
    t->n = t->kept = 0;
}

static enum err put_later(struct tx *tx, struct payment_new *p, struct payment_answer *answer)
{
    struct payment_puts *t = &tx->puts;
    int64_t id = p->id;
    enum err e = id ? ERR_OK : store_payment_id(tx, &id);
    if (e != ERR_OK)
        return e;
    if (t->n == t->room) {
        t->room = t->room ? t->room * 2 : 16;
        t->items = mem_realloc(t->items, t->room * sizeof *t->items);
    }
    t->items[t->n++] = (struct payment_put){p, answer, id};
    return ERR_OK;
}

enum err store_payment_put(struct tx *tx, struct payment_new *p, struct payment_answer *ret)
{
    *ret = (struct payment_answer){.taken = false};
    if (tx->collects)
        return put_later(tx, p, ret);
    enum err e = store_payment_insert(tx, p, &ret->same, &ret->id, ret->uuid);
    ret->taken = e == ERR_DUPLICATE;
    return ret->taken ? ERR_OK : e;
}

/* The order was there before, or came twice in this batch. */
static enum err put_taken(struct tx *tx, const struct payment_put *put)
{
    struct payment_answer *a = put->answer;
    const struct payment_row *r = &put->p->row;
    a->taken = true;
    return store_order_find(
        tx->db, r->account_id, r->order_id, put->p->body_sha256, &a->same, &a->id, a->uuid);
}

/* All that stand before the next one whose id the server told were not written. */
static enum err puts_answer(struct tx *tx, struct db_stmt *st)
{
    const struct payment_puts *t = &tx->puts;
    enum err e = db_step(st);
    for (size_t i = 0; i < t->kept && (e == ERR_OK || e == ERR_NO_ROW); i++) {
        const struct payment_put *put = &t->items[i];
        bool written = e == ERR_OK && db_col_int(st, "id") == put->id;
        if (written) {
            payment_stored(put->p, put->id);
            e = db_step(st);
        } else {
            enum err found = put_taken(tx, put);
            e = found == ERR_OK ? e : found == ERR_NO_ROW ? ERR_INTERNAL : found;
        }
    }
    if (e == ERR_NO_ROW)
        return ERR_OK;
    return e == ERR_OK ? ERR_INTERNAL : e;
}

enum err payment_puts_write(struct tx *tx)
{
    const struct payment_puts *t = &tx->puts;
    enum err e = ERR_OK;
    if (t->kept == 0)
        return ERR_OK;
    struct db_stmt *st = db_query(tx->db, &PG_ADD_MANY);
    for (size_t i = 0; e == ERR_OK && i < t->kept; i++) {
        uint8_t uuid[16]; /* an array has its own copy */
        e = payment_bind(st, t->items[i].p, t->items[i].id, uuid);
    }
    if (e == ERR_OK)
        e = puts_answer(tx, st);
    db_end(st);
    return e;
}
