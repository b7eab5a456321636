#include "store/store_guess.h"

#include "store/row.h"

#define MINUTE_MS INT64_C(60000)

static const struct db_sql SQL_TAKE = {
    "INSERT INTO guess (who, minute, tries) VALUES ($1, $2, 1) ON CONFLICT (who, minute)"
    " DO UPDATE SET tries = guess.tries + 1 WHERE guess.tries < $3"};
static const struct db_sql SQL_FORGET = {"DELETE FROM guess WHERE minute < $1"};

enum err store_guess_take(struct tx *tx, struct str who, int64_t max)
{
    int64_t minute = tx_now_ms(tx) / MINUTE_MS;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_FORGET);
    db_int(st, 1, minute);
    enum err e = db_do(st);
    if (e != ERR_OK)
        return e;
    st = db_query(tx_db(tx), &SQL_TAKE);
    db_blob(st, 1, who);
    db_int(st, 2, minute);
    db_int(st, 3, max);
    return db_do_one(st, ERR_RATE);
}
