#include "store/store_person.h"

#include "store/row.h"

#define PERSON_COLUMNS                                                                             \
    "id, email, name, role, merchant_id, password_hash, totp_box, totp_new_box, totp_step,"        \
    " language, created_at, seen_at, disabled_at, version"

static const struct db_sql SQL_ADD = {
    "INSERT INTO person (" PERSON_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
    " $12, $13, $14) ON CONFLICT DO NOTHING"};
static const struct db_sql SQL_GET = {"SELECT " PERSON_COLUMNS " FROM person WHERE id = $1"};
static const struct db_sql SQL_BY_EMAIL = {
    "SELECT " PERSON_COLUMNS " FROM person WHERE email = $1"};
static const struct db_sql SQL_UPDATE = {
    "UPDATE person SET name = $1, role = $2, password_hash = $3, totp_box = $4, totp_new_box = $5,"
    " language = $6, disabled_at = $7, version = version + 1 WHERE id = $8 AND version = $9"};
static const struct db_sql SQL_STEP = {
    "UPDATE person SET totp_step = $1 WHERE id = $2 AND totp_step < $1"};
static const struct db_sql SQL_SEEN = {"UPDATE person SET seen_at = $1 WHERE id = $2"};
static const struct db_sql SQL_EACH_ALL = {
    "SELECT " PERSON_COLUMNS " FROM person WHERE id > $1 ORDER BY id LIMIT $2"};
static const struct db_sql SQL_EACH_OPERATOR = {
    "SELECT " PERSON_COLUMNS
    " FROM person WHERE id > $1 AND merchant_id IS NULL ORDER BY id LIMIT $2"};
static const struct db_sql SQL_EACH_MERCHANT = {
    "SELECT " PERSON_COLUMNS
    " FROM person WHERE id > $1 AND merchant_id = $2 ORDER BY id LIMIT $3"};
static const struct db_sql SQL_COUNT_OPERATOR = {
    "SELECT COUNT(*) AS n FROM person WHERE merchant_id IS NULL AND role = $1 AND disabled_at = 0"
    " AND password_hash IS NOT NULL"};
static const struct db_sql SQL_COUNT_MERCHANT = {
    "SELECT COUNT(*) AS n FROM person WHERE role = $1 AND merchant_id = $2 AND disabled_at = 0"
    " AND password_hash IS NOT NULL"};

static void person_read(struct row *r, struct person_row *ret)
{
    *ret = (struct person_row){
        .id = row_int(r, "id"),
        .email = row_str(r, "email"),
        .name = row_str(r, "name"),
        .merchant_id = row_int(r, "merchant_id"),
        .password_hash = row_str(r, "password_hash"),
        .totp_box = row_str(r, "totp_box"),
        .totp_new_box = row_str(r, "totp_new_box"),
        .totp_step = row_int(r, "totp_step"),
        .language = row_str(r, "language"),
        .created_at = row_int(r, "created_at"),
        .seen_at = row_int(r, "seen_at"),
        .disabled_at = row_int(r, "disabled_at"),
        .version = row_int(r, "version"),
    };
    row_check(r, role_parse(row_str(r, "role"), &ret->role));
}

enum err store_person_add(struct tx *tx, struct person_row *r)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_text(st, 2, r->email);
    db_text(st, 3, r->name);
    db_text(st, 4, str_from(role_text(r->role)));
    db_opt(st, 5, r->merchant_id);
    db_text(st, 6, r->password_hash);
    db_blob(st, 7, r->totp_box);
    db_blob(st, 8, r->totp_new_box);
    db_int(st, 9, r->totp_step);
    db_text(st, 10, r->language);
    db_int(st, 11, r->created_at);
    db_int(st, 12, r->seen_at);
    db_int(st, 13, r->disabled_at);
    db_int(st, 14, 1);
    e = db_do_one(st, ERR_DUPLICATE);
    if (e != ERR_OK)
        return e;
    r->id = id;
    r->version = 1;
    return ERR_OK;
}

enum err store_person_get(struct db *db, struct arena *a, int64_t id, struct person_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_GET);
    db_int(st, 1, id);
    return row_one(st, a, person_read, ret);
}

enum err store_person_by_email(
    struct db *db, struct arena *a, struct str email, struct person_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_BY_EMAIL);
    db_text(st, 1, email);
    return row_one(st, a, person_read, ret);
}

enum err store_person_update(struct tx *tx, struct person_row *r)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_UPDATE);
    db_text(st, 1, r->name);
    db_text(st, 2, str_from(role_text(r->role)));
    db_text(st, 3, r->password_hash);
    db_blob(st, 4, r->totp_box);
    db_blob(st, 5, r->totp_new_box);
    db_text(st, 6, r->language);
    db_int(st, 7, r->disabled_at);
    db_int(st, 8, r->id);
    db_int(st, 9, r->version);
    enum err e = db_do_one(st, ERR_CONFLICT);
    if (e == ERR_OK)
        r->version++;
    return e;
}

enum err store_person_totp_step(struct tx *tx, int64_t id, int64_t step)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_STEP);
    db_int(st, 1, step);
    db_int(st, 2, id);
    return db_do_one(st, ERR_CONFLICT);
}

enum err store_person_seen(struct tx *tx, int64_t id, int64_t at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_SEEN);
    db_int(st, 1, at);
    db_int(st, 2, id);
    return db_do_one(st, ERR_NO_ROW);
}

enum err store_person_each(
    struct db *db, int64_t merchant_id, int64_t after, int64_t max, store_person_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, merchant_id == PERSON_OF_ALL ? &SQL_EACH_ALL
                                      : merchant_id == 0           ? &SQL_EACH_OPERATOR
                                                                   : &SQL_EACH_MERCHANT);
    int last = 2;
    db_int(st, 1, after);
    if (merchant_id > 0)
        db_int(st, last++, merchant_id);
    db_int(st, last, max);
    return row_each(st, struct person_row, person_read, fn, arg);
}

enum err store_person_count(struct db *db, enum role role, int64_t merchant_id, int64_t *ret)
{
    struct db_stmt *st = db_query(db, merchant_id ? &SQL_COUNT_MERCHANT : &SQL_COUNT_OPERATOR);
    db_text(st, 1, str_from(role_text(role)));
    if (merchant_id)
        db_int(st, 2, merchant_id);
    return row_one_int(st, "n", ret);
}
