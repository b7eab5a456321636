#include "store/row.h"
#include "store/store.h"

static const struct db_sql SQL_CHANGE_GET = {"SELECT changes FROM change_counter WHERE id = 1"};
static const struct db_sql SQL_CHANGE_BUMP = {
    "UPDATE change_counter SET changes = changes + 1 WHERE id = 1"};
static const struct db_sql SQL_GET = {"SELECT value FROM setting WHERE name = $1"};
static const struct db_sql SQL_PUT = {"INSERT INTO setting (name, value) VALUES ($1, $2)"
                                      " ON CONFLICT (name) DO UPDATE SET value = excluded.value"};

enum err store_change_get(struct db *db, int64_t *ret)
{
    return row_one_int(db_query(db, &SQL_CHANGE_GET), "changes", ret);
}

enum err store_change_bump(struct tx *tx)
{
    return db_do_one(db_query(tx_db(tx), &SQL_CHANGE_BUMP), ERR_INTERNAL);
}

static void value_read(struct row *r, struct str *ret)
{
    *ret = row_str(r, "value");
}

enum err store_setting_get(struct db *db, struct arena *a, const char *name, struct str *ret)
{
    struct db_stmt *st = db_query(db, &SQL_GET);
    db_text(st, 1, str_from(name));
    return row_one(st, a, value_read, ret);
}

enum err store_setting_put(struct tx *tx, const char *name, struct str value)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_PUT);
    db_text(st, 1, str_from(name));
    db_text(st, 2, value);
    return db_do(st);
}
