#include "store/move_mark.h"

#include "base/crypto.h"
#include "base/store_path.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

#define MARK_NAME "store_move"
#define ORIGIN_NAME "store_moved_from"

static const struct db_sql SQL_MARK_GET = {
    "SELECT value FROM setting WHERE name = '" MARK_NAME "'"};
static const struct db_sql SQL_MARK_PUT = {
    "INSERT INTO setting (name, value) VALUES ('" MARK_NAME "', $1)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"};
static const struct db_sql SQL_MARK_DROP = {"DELETE FROM setting WHERE name = '" MARK_NAME "'"};
static const struct db_sql SQL_ORIGIN_GET = {
    "SELECT value FROM setting WHERE name = '" ORIGIN_NAME "'"};
static const struct db_sql SQL_ORIGIN_PUT = {
    "INSERT INTO setting (name, value) VALUES ('" ORIGIN_NAME "', $1)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"};

static const char *const words[] = {
    [MOVE_NONE] = "", [MOVE_BEGUN] = "begun ", [MOVE_GONE] = "gone "};

void move_id_new(char ret[MOVE_ID_LEN + 1])
{
    uint8_t raw[MOVE_ID_LEN / 2];
    struct buf hex;
    random_bytes(raw, sizeof raw);
    buf_init(&hex, MOVE_ID_LEN + 1);
    hex_encode(&hex, raw, sizeof raw);
    memcpy(ret, hex.p, MOVE_ID_LEN + 1);
    buf_clear(&hex);
}

/* "" when there is no such setting, or no table of settings yet. */
static enum err value_read(struct db *db, const struct db_sql *sql, char *out, size_t cap)
{
    bool has = false;
    out[0] = '\0';
    enum err e = db_has_table(db, "setting", &has);
    if (e != ERR_OK || !has)
        return e;
    struct db_stmt *st = db_query(db, sql);
    e = db_step(st);
    if (e == ERR_OK) {
        struct str s = db_col_str(st, "value");
        if (s.n < cap)
            snprintf(out, cap, "%.*s", STR_FMT(s));
        else
            e = ERR_STORE_IO;
    }
    db_end(st);
    return e == ERR_NO_ROW ? ERR_OK : e;
}

enum err move_mark_read(struct db *db, struct move_mark *ret)
{
    char text[MOVE_ID_LEN + 16];
    struct move_mark m = {.state = MOVE_NONE};
    enum err e = value_read(db, &SQL_MARK_GET, text, sizeof text);
    if (e != ERR_OK)
        return e;
    for (enum move_state s = MOVE_BEGUN; text[0] && s <= MOVE_GONE; s++) {
        size_t n = strlen(words[s]);
        if (strncmp(text, words[s], n) == 0 && strlen(text + n) == MOVE_ID_LEN) {
            m.state = s;
            memcpy(m.id, text + n, sizeof m.id);
        }
    }
    if (text[0] && m.state == MOVE_NONE)
        return ERR_STORE_IO;
    *ret = m;
    return ERR_OK;
}

enum err move_mark_write(struct db *db, const struct move_mark *m)
{
    char text[MOVE_ID_LEN + 16];
    if (m->state == MOVE_NONE)
        return db_do(db_query(db, &SQL_MARK_DROP));
    snprintf(text, sizeof text, "%s%s", words[m->state], m->id);
    struct db_stmt *st = db_query(db, &SQL_MARK_PUT);
    db_text(st, 1, str_from(text));
    return db_do(st);
}

enum err move_origin_read(struct db *db, char ret[MOVE_ID_LEN + 1])
{
    return value_read(db, &SQL_ORIGIN_GET, ret, MOVE_ID_LEN + 1);
}

enum err move_origin_write(struct db *db, const char *id)
{
    struct db_stmt *st = db_query(db, &SQL_ORIGIN_PUT);
    db_text(st, 1, str_from(id));
    return db_do(st);
}

enum err move_mark_refuse(struct db *db, const char *path, struct buf *why)
{
    struct move_mark m;
    enum err e = move_mark_read(db, &m);
    if (e != ERR_OK) {
        buf_printf(why, "the store's settings can't be read (%s)", err_name(e));
        return ERR_IO;
    }
    static const char *const texts[] = {
        [MOVE_BEGUN] = "a move to another database was begun and has not ended: run \"kassa move\""
                       " with the same --to again, or stay here with \"kassa move --undo\"",
        [MOVE_GONE] =
            "the books were moved to another database: name that one in store.path, as two"
            " stores at once would take money twice",
    };
    if (m.state == MOVE_NONE)
        return ERR_OK;
    store_path_show(why, path);
    buf_printf(why, ": %s", texts[m.state]);
    return ERR_STATE;
}
