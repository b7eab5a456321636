#include "store/store_audit.h"

#include "base/crypto.h"
#include "store/row.h"

#define AUDIT_COLUMNS "id, at, actor, action, object, detail, prev_hash, hash"
#define HASH_LEN (2 * SHA256_LEN)

static const struct db_sql SQL_LAST = {"SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1"};
static const struct db_sql SQL_ADD = {
    "INSERT INTO audit (" AUDIT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
static const struct db_sql SQL_EACH = {
    "SELECT " AUDIT_COLUMNS " FROM audit WHERE id >= $1 ORDER BY id"};

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

void store_audit_hash(const struct audit_row *r, char ret_hex[65])
{
    struct buf b, hex;
    buf_init(&b, SIZE_MAX / 4);
    buf_init(&hex, HASH_LEN + 1);
    add_field(&b, r->prev_hash);
    buf_printf(&b, "%lld;%lld;", (long long)r->id, (long long)r->at);
    add_field(&b, r->actor);
    add_field(&b, r->action);
    add_field(&b, r->object);
    add_field(&b, r->detail);
    uint8_t raw[SHA256_LEN];
    sha256(b.p, b.n, raw);
    hex_encode(&hex, raw, sizeof raw);
    memcpy(ret_hex, hex.p, HASH_LEN + 1);
    buf_clear(&hex);
    buf_clear(&b);
}

static enum err last_row(struct db *db, int64_t *ret_id, char ret_hash[HASH_LEN + 1])
{
    struct db_stmt *st = db_query(db, &SQL_LAST);
    enum err e = db_step(st);
    if (e == ERR_NO_ROW) {
        *ret_id = 0;
        memset(ret_hash, '0', HASH_LEN);
        e = ERR_OK;
    } else if (e == ERR_OK) {
        struct str hash = db_col_str(st, "hash");
        *ret_id = db_col_int(st, "id");
        if (hash.n == HASH_LEN)
            memcpy(ret_hash, hash.p, HASH_LEN);
        else
            e = ERR_STORE_IO;
    }
    ret_hash[HASH_LEN] = '\0';
    db_end(st);
    return e;
}

static enum err audit_insert(struct db *db, const struct audit_row *r)
{
    struct db_stmt *st = db_query(db, &SQL_ADD);
    db_int(st, 1, r->id);
    db_int(st, 2, r->at);
    db_text(st, 3, r->actor);
    db_text(st, 4, r->action);
    db_text(st, 5, r->object);
    db_text(st, 6, r->detail);
    db_text(st, 7, r->prev_hash);
    db_text(st, 8, r->hash);
    return db_do_one(st, ERR_INTERNAL);
}

enum err store_audit_add(struct tx *tx, struct audit_row *r)
{
    struct audit_row full = *r;
    char prev[HASH_LEN + 1], hash[HASH_LEN + 1];
    enum err e = last_row(tx_db(tx), &full.id, prev);
    if (e != ERR_OK)
        return e;
    full.id++;
    full.at = tx_now_ms(tx);
    full.prev_hash = str_from(prev);
    store_audit_hash(&full, hash);
    full.hash = str_from(hash);
    e = audit_insert(tx_db(tx), &full);
    if (e != ERR_OK)
        return e;
    r->id = full.id;
    r->at = full.at;
    return ERR_OK;
}

static void audit_read(struct row *r, struct audit_row *ret)
{
    *ret = (struct audit_row){
        .id = row_int(r, "id"),
        .at = row_int(r, "at"),
        .actor = row_str(r, "actor"),
        .action = row_str(r, "action"),
        .object = row_str(r, "object"),
        .detail = row_str(r, "detail"),
        .prev_hash = row_str(r, "prev_hash"),
        .hash = row_str(r, "hash"),
    };
}

enum err store_audit_each(struct db *db, int64_t from_id, store_audit_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH);
    db_int(st, 1, from_id);
    return row_each(st, struct audit_row, audit_read, fn, arg);
}
