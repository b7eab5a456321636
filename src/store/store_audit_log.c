#include "store/store_audit_log.h"

#include "base/crypto.h"
#include "store/row.h"
#include <inttypes.h>
#include <stdio.h>

#define LOG_COLUMNS                                                                                \
    "id, at, person_id, actor, merchant_id, action, target, before_json, after_json, client_ip,"   \
    " prev_hash, hash, merchant_number, merchant_prev_hash, merchant_hash"

static const struct db_sql SQL_LAST = {"SELECT id, hash FROM audit_log ORDER BY id DESC LIMIT 1"};
static const struct db_sql SQL_LAST_OF = {
    "SELECT merchant_number AS id, merchant_hash AS hash FROM audit_log WHERE merchant_id = $1"
    " ORDER BY merchant_number DESC LIMIT 1"};
static const struct db_sql SQL_ADD = {
    "INSERT INTO audit_log (" LOG_COLUMNS
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"};
static const struct db_sql SQL_EACH = {
    "SELECT " LOG_COLUMNS " FROM audit_log WHERE id >= $1 ORDER BY id"};
static const struct db_sql SQL_EACH_OWNED = {
    "SELECT " LOG_COLUMNS " FROM audit_log WHERE merchant_id IS NOT NULL"
    " ORDER BY merchant_id, merchant_number"};
static const struct db_sql SQL_PIECE_OF = {
    "SELECT " LOG_COLUMNS " FROM audit_log WHERE merchant_id = $1 AND merchant_number >= $2"
    " ORDER BY merchant_number LIMIT $3"};
static const struct db_sql SQL_PIECE = {
    "SELECT " LOG_COLUMNS " FROM audit_log WHERE 0 = $1 AND id >= $2 ORDER BY id LIMIT $3"};
/* An action is asked for as a whole, or as all that begin with its noun and a dot: between "noun." and "noun/". */
#define LOG_FILTER                                                                                 \
    " AND (action = $3 OR $3 = '' OR (action > $4 AND action < $5)) AND (target = $6 OR $6 = '')"  \
    " AND (person_id = $7 OR $7 = 0) AND at >= $8 AND at < $9"
static const struct db_sql SQL_LIST = {
    "SELECT " LOG_COLUMNS " FROM audit_log WHERE 0 = $1 AND id < $2" LOG_FILTER
    " ORDER BY id DESC LIMIT $10"};
static const struct db_sql SQL_LIST_OF = {
    "SELECT " LOG_COLUMNS " FROM audit_log WHERE merchant_id = $1 AND id < $2" LOG_FILTER
    " ORDER BY merchant_number DESC LIMIT $10"};
static const struct db_sql SQL_OWNER = {"SELECT merchant_id FROM account WHERE id = $1"};

/* ---- the bytes under the hashes ---- */

/* Length before text, so that no two rows have the same bytes. */
static void add_field(struct buf *b, struct str s)
{
    if (str_absent(s)) {
        buf_cstr(b, "-;");
        return;
    }
    buf_int(b, (int64_t)s.n);
    buf_char(b, ':');
    buf_str(b, s);
    buf_char(b, ';');
}

/* 0 is nothing, as in the table. */
static void add_number(struct buf *b, int64_t n)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, n);
    add_field(b, n ? str_from(text) : STR_ABSENT);
}

static void add_content(struct buf *b, const struct audit_log_row *r)
{
    add_number(b, r->at);
    add_number(b, r->person_id);
    add_field(b, r->actor);
    add_number(b, r->merchant_id);
    add_field(b, r->action);
    add_field(b, r->target);
    add_field(b, r->before);
    add_field(b, r->after);
    add_field(b, r->client_ip);
}

static void hash_end(struct buf *b, char ret_hex[AUDIT_HASH_LEN + 1])
{
    struct buf hex;
    uint8_t raw[SHA256_LEN];
    buf_init(&hex, AUDIT_HASH_LEN + 1);
    sha256(b->p, b->n, raw);
    hex_encode(&hex, raw, sizeof raw);
    memcpy(ret_hex, hex.p, AUDIT_HASH_LEN + 1);
    buf_clear(&hex);
    buf_clear(b);
}

void store_audit_log_merchant_hash(const struct audit_log_row *r, char ret_hex[AUDIT_HASH_LEN + 1])
{
    struct buf b;
    buf_init(&b, SIZE_MAX / 4);
    add_field(&b, STR("merchant"));
    add_field(&b, r->merchant_prev_hash);
    add_number(&b, r->merchant_number);
    add_content(&b, r);
    hash_end(&b, ret_hex);
}

void store_audit_log_hash(const struct audit_log_row *r, char ret_hex[AUDIT_HASH_LEN + 1])
{
    struct buf b;
    buf_init(&b, SIZE_MAX / 4);
    add_field(&b, STR("all"));
    add_field(&b, r->prev_hash);
    add_number(&b, r->id);
    add_content(&b, r);
    add_number(&b, r->merchant_number);
    add_field(&b, r->merchant_prev_hash);
    add_field(&b, r->merchant_hash);
    hash_end(&b, ret_hex);
}

/* ---- writing ---- */

struct link {
    int64_t number;
    char hash[AUDIT_HASH_LEN + 1];
};

/* The chain's last row; of a chain without rows number 0 and zeros. */
static enum err link_last(struct db_stmt *st, struct link *ret)
{
    enum err e = db_step(st);
    if (e == ERR_NO_ROW) {
        ret->number = 0;
        memset(ret->hash, '0', AUDIT_HASH_LEN);
        e = ERR_OK;
    } else if (e == ERR_OK) {
        struct str hash = db_col_str(st, "hash");
        ret->number = db_col_int(st, "id");
        if (hash.n == AUDIT_HASH_LEN)
            memcpy(ret->hash, hash.p, AUDIT_HASH_LEN);
        else
            e = ERR_STORE_IO;
    }
    ret->hash[AUDIT_HASH_LEN] = '\0';
    db_end(st);
    return e;
}

static enum err log_insert(struct db *db, const struct audit_log_row *r)
{
    struct db_stmt *st = db_query(db, &SQL_ADD);
    db_int(st, 1, r->id);
    db_int(st, 2, r->at);
    db_opt(st, 3, r->person_id);
    db_text(st, 4, r->actor);
    db_opt(st, 5, r->merchant_id);
    db_text(st, 6, r->action);
    db_text(st, 7, r->target);
    db_text(st, 8, r->before);
    db_text(st, 9, r->after);
    db_text(st, 10, r->client_ip);
    db_text(st, 11, r->prev_hash);
    db_text(st, 12, r->hash);
    db_opt(st, 13, r->merchant_number);
    db_text(st, 14, r->merchant_prev_hash);
    db_text(st, 15, r->merchant_hash);
    return db_do_one(st, ERR_INTERNAL);
}

static enum err links_last(
    struct db *db, int64_t merchant_id, struct link *ret_all, struct link *ret_own)
{
    enum err e = link_last(db_query(db, &SQL_LAST), ret_all);
    if (e != ERR_OK || merchant_id == 0)
        return e;
    struct db_stmt *st = db_query(db, &SQL_LAST_OF);
    db_int(st, 1, merchant_id);
    return link_last(st, ret_own);
}

enum err store_audit_log_add(struct tx *tx, struct audit_log_row *r)
{
    struct link all, own;
    char hash[AUDIT_HASH_LEN + 1], own_hash[AUDIT_HASH_LEN + 1];
    struct audit_log_row full = *r;
    enum err e = links_last(tx_db(tx), r->merchant_id, &all, &own);
    if (e != ERR_OK)
        return e;
    full.id = all.number + 1;
    full.at = tx_now_ms(tx);
    full.prev_hash = str_from(all.hash);
    full.merchant_number = 0;
    full.merchant_prev_hash = full.merchant_hash = STR_ABSENT;
    if (r->merchant_id) {
        full.merchant_number = own.number + 1;
        full.merchant_prev_hash = str_from(own.hash);
        store_audit_log_merchant_hash(&full, own_hash);
        full.merchant_hash = str_from(own_hash);
    }
    store_audit_log_hash(&full, hash);
    full.hash = str_from(hash);
    e = log_insert(tx_db(tx), &full);
    if (e != ERR_OK)
        return e;
    r->id = full.id;
    r->at = full.at;
    r->merchant_number = full.merchant_number;
    return ERR_OK;
}

/* ---- reading ---- */

static void log_read(struct row *r, struct audit_log_row *ret)
{
    *ret = (struct audit_log_row){
        .id = row_int(r, "id"),
        .at = row_int(r, "at"),
        .person_id = row_int(r, "person_id"),
        .actor = row_str(r, "actor"),
        .merchant_id = row_int(r, "merchant_id"),
        .action = row_str(r, "action"),
        .target = row_str(r, "target"),
        .before = row_str(r, "before_json"),
        .after = row_str(r, "after_json"),
        .client_ip = row_str(r, "client_ip"),
        .prev_hash = row_str(r, "prev_hash"),
        .hash = row_str(r, "hash"),
        .merchant_number = row_int(r, "merchant_number"),
        .merchant_prev_hash = row_str(r, "merchant_prev_hash"),
        .merchant_hash = row_str(r, "merchant_hash"),
    };
}

enum err store_audit_log_each(struct db *db, int64_t from_id, store_audit_log_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH);
    db_int(st, 1, from_id);
    return row_each(st, struct audit_log_row, log_read, fn, arg);
}

enum err store_audit_log_each_owned(struct db *db, store_audit_log_fn fn, void *arg)
{
    return row_each(db_query(db, &SQL_EACH_OWNED), struct audit_log_row, log_read, fn, arg);
}

enum err store_audit_log_piece(struct db *db, int64_t merchant_id, int64_t from, int64_t limit,
    store_audit_log_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, merchant_id ? &SQL_PIECE_OF : &SQL_PIECE);
    db_int(st, 1, merchant_id);
    db_int(st, 2, from);
    db_int(st, 3, limit);
    return row_each(st, struct audit_log_row, log_read, fn, arg);
}

#define ACTION_MAX 64

enum err store_audit_log_list(
    struct db *db, const struct audit_log_query *q, store_audit_log_fn fn, void *arg)
{
    char first[ACTION_MAX + 2], behind[ACTION_MAX + 2];
    struct str action = q->action.n > ACTION_MAX ? STR("-") : q->action;
    struct db_stmt *st = db_query(db, q->merchant_id ? &SQL_LIST_OF : &SQL_LIST);
    snprintf(first, sizeof first, "%.*s.", STR_FMT(action));
    snprintf(behind, sizeof behind, "%.*s/", STR_FMT(action));
    db_int(st, 1, q->merchant_id);
    db_int(st, 2, q->below_id ? q->below_id : INT64_MAX);
    db_text(st, 3, str_absent(action) ? STR("") : action);
    db_text(st, 4, str_from(first));
    db_text(st, 5, str_from(behind));
    db_text(st, 6, str_absent(q->target) ? STR("") : q->target);
    db_int(st, 7, q->person_id);
    db_int(st, 8, q->from_ms);
    db_int(st, 9, q->until_ms ? q->until_ms : INT64_MAX);
    db_int(st, 10, q->limit);
    return row_each(st, struct audit_log_row, log_read, fn, arg);
}

enum err store_audit_log_owner(struct db *db, int64_t account_id, int64_t *ret_merchant_id)
{
    struct db_stmt *st = db_query(db, &SQL_OWNER);
    db_int(st, 1, account_id);
    return row_one_int(st, "merchant_id", ret_merchant_id);
}
