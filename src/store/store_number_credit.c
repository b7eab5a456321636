/* Money that numbers received. Each change is one statement that says which state it starts from: there is no time between
 * looking and taking. */
#include "base/mem.h"
#include "store/row.h"
#include "store/store_sms.h"

#define COLUMNS                                                                                    \
    "id, wallet, trx_id, number_id, sms_id, amount, balance, payer_mask, payer_end, received_at,"  \
    " seen_at, state, reason, payment_id, claimed_at, asked_by, asked_payment_id, asked_void,"     \
    " asked_sms_id"
#define NOTHING_ASKED                                                                              \
    " asked_by = NULL, asked_payment_id = NULL, asked_void = 0, asked_sms_id = NULL"

static const struct db_sql SQL_ADD = {
    "INSERT INTO number_credit (" COLUMNS ", to_match) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
    " $10, $11, $12, $13, NULL, 0, NULL, NULL, 0, NULL, CASE WHEN $12 = 'free' THEN 1 ELSE 0 END)"
    " ON CONFLICT (wallet, trx_id) WHERE state <> 'void' DO NOTHING"};
static const struct db_sql SQL_GET = {"SELECT " COLUMNS " FROM number_credit WHERE id = $1"};
static const struct db_sql SQL_FIND = {
    "SELECT " COLUMNS " FROM number_credit WHERE wallet = $1 AND trx_id = $2"
    " AND state <> 'void'"};
static const struct db_sql SQL_OF_SMS = {"SELECT " COLUMNS " FROM number_credit WHERE sms_id = $1"};
static const struct db_sql SQL_CLAIM = {
    "UPDATE number_credit SET state = 'claimed', payment_id = $1, claimed_at = $2, to_match = "
    "0," NOTHING_ASKED " WHERE id = $3 AND state = $4 AND state <> 'claimed' AND state <> 'void'"};
static const struct db_sql SQL_MOVE = {
    "UPDATE number_credit SET state = $1, reason = $2,"
    " to_match = CASE WHEN $1 = 'free' THEN 1 ELSE 0 END," NOTHING_ASKED
    " WHERE id = $3 AND state = $4 AND state <> 'claimed' AND state <> 'void'"};
static const struct db_sql SQL_ASK = {
    "UPDATE number_credit SET asked_by = $1, asked_payment_id = $2, asked_void = $3,"
    " asked_sms_id = $4 WHERE id = $5 AND state <> 'claimed' AND state <> 'void'"};
static const struct db_sql SQL_UNMATCHED = {
    "SELECT id FROM number_credit WHERE to_match = 1 ORDER BY id LIMIT 1"};
static const struct db_sql SQL_MATCHED = {"UPDATE number_credit SET to_match = 0 WHERE id = $1"};
static const struct db_sql SQL_EACH_OPEN = {
    "SELECT " COLUMNS " FROM number_credit WHERE state <> 'claimed' AND state <> 'void'"
    " ORDER BY id"};
static const struct db_sql SQL_EACH_OF = {
    "SELECT " COLUMNS " FROM number_credit WHERE payment_id = $1 ORDER BY id"};

static const struct db_sql SQL_TAKEN = {
    "SELECT id FROM number_credit WHERE wallet = $1 AND trx_id = $2 AND state = 'claimed'"
    " AND (payment_id <> $3 OR number_id <> $4)"};
/* CROSS JOIN keeps SQLite from walking all credits of the wallet: there are few credentials. */
static const struct db_sql SQL_TAKEN_BY_WALLET = {
    "SELECT credit.id AS id FROM wallet_credential CROSS JOIN credit"
    " WHERE wallet_credential.wallet = $1 AND credit.wallet = wallet_credential.wallet"
    " AND credit.credential_id = wallet_credential.id AND credit.trx_id = $2 LIMIT 1"};

static const char *const state_texts[NUMBER_CREDIT_STATE_COUNT] = {
    [NUMBER_CREDIT_FREE] = "free",
    [NUMBER_CREDIT_CLAIMED] = "claimed",
    [NUMBER_CREDIT_REVIEW] = "review",
    [NUMBER_CREDIT_LATE] = "late",
    [NUMBER_CREDIT_MARKED] = "marked",
    [NUMBER_CREDIT_VOID] = "void",
};

const char *number_credit_state_text(enum number_credit_state s)
{
    return state_texts[s];
}

enum err number_credit_state_parse(struct str s, enum number_credit_state *ret)
{
    for (size_t i = 0; i < array_len(state_texts); i++) {
        if (str_is(s, state_texts[i])) {
            *ret = (enum number_credit_state)i;
            return ERR_OK;
        }
    }
    return ERR_SYNTAX;
}

static void credit_read(struct row *r, struct number_credit_row *ret)
{
    *ret = (struct number_credit_row){
        .id = row_int(r, "id"),
        .wallet = row_wallet(r, "wallet"),
        .trx_id = row_str(r, "trx_id"),
        .number_id = row_int(r, "number_id"),
        .sms_id = row_int(r, "sms_id"),
        .amount = row_money(r, "amount"),
        .balance = row_money(r, "balance"),
        .payer_mask = row_str(r, "payer_mask"),
        .payer_end = row_str(r, "payer_end"),
        .received_at = row_int(r, "received_at"),
        .seen_at = row_int(r, "seen_at"),
        .reason = row_str(r, "reason"),
        .payment_id = row_int(r, "payment_id"),
        .claimed_at = row_int(r, "claimed_at"),
        .asked_by = row_str(r, "asked_by"),
        .asked_payment_id = row_int(r, "asked_payment_id"),
        .asked_void = row_bool(r, "asked_void"),
        .asked_sms_id = row_int(r, "asked_sms_id"),
    };
    row_check(r, number_credit_state_parse(row_str(r, "state"), &ret->state));
}

enum err store_number_credit_add(struct tx *tx, struct number_credit_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_text(st, 2, str_from(wallet_kind_code(r->wallet)));
    db_text(st, 3, r->trx_id);
    db_int(st, 4, r->number_id);
    db_int(st, 5, r->sms_id);
    db_int(st, 6, r->amount.poisha);
    db_int(st, 7, r->balance.poisha);
    db_text(st, 8, r->payer_mask);
    db_text(st, 9, r->payer_end);
    db_int(st, 10, r->received_at);
    db_int(st, 11, r->seen_at);
    db_text(st, 12, str_from(number_credit_state_text(r->state)));
    db_text(st, 13, r->reason);
    e = db_do_one(st, ERR_DUPLICATE);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_number_credit_get(
    struct db *db, struct arena *a, int64_t id, struct number_credit_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_GET);
    db_int(st, 1, id);
    return row_one(st, a, credit_read, ret);
}

enum err store_number_credit_find(struct db *db, struct arena *a, enum wallet_kind wallet,
    struct str trx_id, struct number_credit_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_FIND);
    db_text(st, 1, str_from(wallet_kind_code(wallet)));
    db_text(st, 2, trx_id);
    return row_one(st, a, credit_read, ret);
}

enum err store_number_credit_of_sms(
    struct db *db, struct arena *a, int64_t sms_id, struct number_credit_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_OF_SMS);
    db_int(st, 1, sms_id);
    return row_one(st, a, credit_read, ret);
}

enum err store_number_credit_claim(
    struct tx *tx, int64_t id, enum number_credit_state from, int64_t payment_id, int64_t at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_CLAIM);
    db_int(st, 1, payment_id);
    db_int(st, 2, at);
    db_int(st, 3, id);
    db_text(st, 4, str_from(number_credit_state_text(from)));
    return db_do_one(st, ERR_CONFLICT);
}

enum err store_number_credit_move(struct tx *tx, int64_t id, enum number_credit_state from,
    enum number_credit_state to, struct str reason)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_MOVE);
    db_text(st, 1, str_from(number_credit_state_text(to)));
    db_text(st, 2, reason);
    db_int(st, 3, id);
    db_text(st, 4, str_from(number_credit_state_text(from)));
    return db_do_one(st, ERR_CONFLICT);
}

static enum err ask(struct tx *tx, int64_t id, struct str by, const struct number_credit_row *what)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ASK);
    db_text(st, 1, by);
    db_opt(st, 2, what->asked_payment_id);
    db_int(st, 3, what->asked_void);
    db_opt(st, 4, what->asked_sms_id);
    db_int(st, 5, id);
    return db_do_one(st, ERR_CONFLICT);
}

enum err store_number_credit_ask(struct tx *tx, int64_t id, struct str by, int64_t payment_id)
{
    return ask(tx, id, by, &(struct number_credit_row){.asked_payment_id = payment_id});
}

enum err store_number_credit_ask_void(struct tx *tx, int64_t id, struct str by, int64_t sms_id)
{
    return ask(tx, id, by, &(struct number_credit_row){.asked_void = true, .asked_sms_id = sms_id});
}

enum err store_number_credit_unmatched(struct db *db, int64_t *ret_id)
{
    return row_one_int(db_query(db, &SQL_UNMATCHED), "id", ret_id);
}

enum err store_number_credit_matched(struct tx *tx, int64_t id)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_MATCHED);
    db_int(st, 1, id);
    return db_do(st);
}

enum err store_number_credit_each_open(struct db *db, store_number_credit_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH_OPEN);
    return row_each(st, struct number_credit_row, credit_read, fn, arg);
}

enum err store_number_credit_each_of(
    struct db *db, int64_t payment_id, store_number_credit_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH_OF);
    db_int(st, 1, payment_id);
    return row_each(st, struct number_credit_row, credit_read, fn, arg);
}

static enum err taken(struct db_stmt *st)
{
    int64_t id = 0;
    enum err e = row_one_int(st, "id", &id);
    return e == ERR_OK ? ERR_DUPLICATE : e == ERR_NO_ROW ? ERR_OK : e;
}

enum err store_number_credit_untaken(struct db *db, enum wallet_kind wallet, struct str trx_id,
    int64_t payment_id, int64_t number_id)
{
    struct db_stmt *st = db_query(db, &SQL_TAKEN);
    db_text(st, 1, str_from(wallet_kind_code(wallet)));
    db_text(st, 2, trx_id);
    db_int(st, 3, payment_id);
    db_int(st, 4, number_id);
    return taken(st);
}

enum err store_wallet_credit_untaken(struct db *db, enum wallet_kind wallet, struct str trx_id)
{
    struct db_stmt *st = db_query(db, &SQL_TAKEN_BY_WALLET);
    db_text(st, 1, str_from(wallet_kind_code(wallet)));
    db_text(st, 2, trx_id);
    return taken(st);
}
