#include "store/store_session.h"

#include "base/mem.h"
#include "store/row.h"

#define SESSION_COLUMNS                                                                            \
    "id, person_id, token_hash, stage, created_at, seen_at, ended_at, client_ip, user_agent"

static const struct db_sql SQL_FORGET = {"DELETE FROM person_session WHERE created_at < $1"};
static const struct db_sql SQL_ADD = {
    "INSERT INTO person_session (" SESSION_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
static const struct db_sql SQL_FIND = {
    "SELECT " SESSION_COLUMNS " FROM person_session WHERE token_hash = $1"};
static const struct db_sql SQL_GET = {
    "SELECT " SESSION_COLUMNS " FROM person_session WHERE id = $1"};
static const struct db_sql SQL_SEEN = {"UPDATE person_session SET seen_at = $1 WHERE id = $2"};
static const struct db_sql SQL_ROTATE = {"UPDATE person_session SET token_hash = $1, stage = $2"
                                         " WHERE id = $3 AND token_hash = $4 AND ended_at = 0"};
static const struct db_sql SQL_END = {
    "UPDATE person_session SET ended_at = $1 WHERE id = $2 AND ended_at = 0"};
static const struct db_sql SQL_END_ALL = {
    "UPDATE person_session SET ended_at = $1 WHERE person_id = $2 AND id <> $3 AND ended_at = 0"};
static const struct db_sql SQL_EACH = {
    "SELECT " SESSION_COLUMNS
    " FROM person_session WHERE person_id = $1 AND ended_at = 0 ORDER BY id DESC"};
static const struct db_sql SQL_TRY = {
    "INSERT INTO sign_in_try (who, slot, tries) VALUES ($1, $2, 1) ON CONFLICT (who, slot)"
    " DO UPDATE SET tries = sign_in_try.tries + 1 WHERE sign_in_try.tries < $3"};
static const struct db_sql SQL_TRY_FORGET = {"DELETE FROM sign_in_try WHERE slot < $1"};
static const struct db_sql SQL_TRY_GOOD = {"DELETE FROM sign_in_try WHERE who = $1"};

static const char *const stages[] = {
    [SESSION_CODE] = "code", [SESSION_SETUP] = "setup", [SESSION_FULL] = "full"};

const char *session_stage_text(enum session_stage s)
{
    return stages[s];
}

static enum err stage_parse(struct str s, enum session_stage *ret)
{
    for (size_t i = 0; i < array_len(stages); i++) {
        if (str_is(s, stages[i])) {
            *ret = (enum session_stage)i;
            return ERR_OK;
        }
    }
    return ERR_STORE_IO;
}

static void session_read(struct row *r, struct session_row *ret)
{
    *ret = (struct session_row){
        .id = row_int(r, "id"),
        .person_id = row_int(r, "person_id"),
        .token_hash = row_str(r, "token_hash"),
        .created_at = row_int(r, "created_at"),
        .seen_at = row_int(r, "seen_at"),
        .ended_at = row_int(r, "ended_at"),
        .client_ip = row_str(r, "client_ip"),
        .user_agent = row_str(r, "user_agent"),
    };
    row_check(r, stage_parse(row_str(r, "stage"), &ret->stage));
}

enum err store_session_add(struct tx *tx, struct session_row *r, int64_t forget)
{
    int64_t id;
    enum err e = tx_next_id(tx, STORE_ID_ROW, &id);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_FORGET);
    db_int(st, 1, forget);
    e = db_do(st);
    if (e != ERR_OK)
        return e;
    st = db_query(tx_db(tx), &SQL_ADD);
    db_int(st, 1, id);
    db_int(st, 2, r->person_id);
    db_blob(st, 3, r->token_hash);
    db_text(st, 4, str_from(stages[r->stage]));
    db_int(st, 5, r->created_at);
    db_int(st, 6, r->seen_at);
    db_int(st, 7, r->ended_at);
    db_text(st, 8, r->client_ip);
    db_text(st, 9, r->user_agent);
    e = db_do_one(st, ERR_INTERNAL);
    if (e == ERR_OK)
        r->id = id;
    return e;
}

enum err store_session_find(
    struct db *db, struct arena *a, struct str token_hash, struct session_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_FIND);
    db_blob(st, 1, token_hash);
    return row_one(st, a, session_read, ret);
}

enum err store_session_get(struct db *db, struct arena *a, int64_t id, struct session_row *ret)
{
    struct db_stmt *st = db_query(db, &SQL_GET);
    db_int(st, 1, id);
    return row_one(st, a, session_read, ret);
}

enum err store_session_seen(struct tx *tx, int64_t id, int64_t at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_SEEN);
    db_int(st, 1, at);
    db_int(st, 2, id);
    return db_do(st);
}

enum err store_session_rotate(
    struct tx *tx, const struct session_row *r, struct str token_hash, enum session_stage stage)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_ROTATE);
    db_blob(st, 1, token_hash);
    db_text(st, 2, str_from(stages[stage]));
    db_int(st, 3, r->id);
    db_blob(st, 4, r->token_hash);
    return db_do_one(st, ERR_CONFLICT);
}

enum err store_session_end(struct tx *tx, int64_t id, int64_t at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_END);
    db_int(st, 1, at);
    db_int(st, 2, id);
    return db_do_one(st, ERR_CONFLICT);
}

enum err store_session_end_all(struct tx *tx, int64_t person_id, int64_t keep, int64_t at)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_END_ALL);
    db_int(st, 1, at);
    db_int(st, 2, person_id);
    db_int(st, 3, keep);
    return db_do(st);
}

enum err store_session_each(struct db *db, int64_t person_id, store_session_fn fn, void *arg)
{
    struct db_stmt *st = db_query(db, &SQL_EACH);
    db_int(st, 1, person_id);
    return row_each(st, struct session_row, session_read, fn, arg);
}

enum err store_sign_in_try(struct tx *tx, struct str who, int64_t max)
{
    int64_t slot = tx_now_ms(tx) / SIGN_IN_SLOT_MS;
    struct db_stmt *st = db_query(tx_db(tx), &SQL_TRY_FORGET);
    db_int(st, 1, slot);
    enum err e = db_do(st);
    if (e != ERR_OK)
        return e;
    st = db_query(tx_db(tx), &SQL_TRY);
    db_blob(st, 1, who);
    db_int(st, 2, slot);
    db_int(st, 3, max);
    return db_do_one(st, ERR_RATE);
}

enum err store_sign_in_good(struct tx *tx, struct str who)
{
    struct db_stmt *st = db_query(tx_db(tx), &SQL_TRY_GOOD);
    db_blob(st, 1, who);
    return db_do(st);
}
