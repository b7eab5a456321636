#include "store/migrate.h"

#include "base/log.h"

static const struct db_sql SQL_VERSION = {"SELECT MAX(version) AS version FROM schema_version"};
static const struct db_sql SQL_APPLIED = {
    "INSERT INTO schema_version (version, applied_at) VALUES ($1, $2)"};

/* 0 for a store without any table. */
static enum err version_get(struct db *db, int64_t *ret)
{
    bool has;
    enum err e = db_has_table(db, "schema_version", &has);
    if (e != ERR_OK)
        return e;
    if (!has) {
        *ret = 0;
        return ERR_OK;
    }
    struct db_stmt *st = db_query(db, &SQL_VERSION);
    e = db_step(st);
    if (e == ERR_OK)
        *ret = db_col_int(st, "version");
    db_end(st);
    return e;
}

static enum err apply(struct db *db, const struct migration *m, int64_t now)
{
    enum err e = db_script(db, m->text);
    if (e != ERR_OK)
        return e;
    struct db_stmt *st = db_query(db, &SQL_APPLIED);
    db_int(st, 1, m->version);
    db_int(st, 2, now);
    return db_do_one(st, ERR_INTERNAL);
}

/* Applies the version behind the present one, which is asked again inside the transaction. */
static enum err step_up(struct db *db, const struct migration *list, int64_t now)
{
    enum err e = db_begin(db, DB_BEGIN_WRITE);
    if (e != ERR_OK)
        return e;
    int64_t have = 0;
    e = version_get(db, &have);
    for (const struct migration *m = list; e == ERR_OK && m->version; m++)
        if (m->version == have + 1) {
            e = apply(db, m, now);
            break;
        }
    if (e == ERR_OK)
        e = db_commit(db);
    if (e != ERR_OK)
        db_rollback(db);
    return e;
}

static enum err fits(int64_t have, int64_t want, bool may, struct buf *why)
{
    if (have > want) {
        buf_printf(why,
            "the store has schema %lld, newer than this program's %lld: use the newer program",
            (long long)have, (long long)want);
        return ERR_SCHEMA;
    }
    if (have < want && !may) {
        buf_printf(why, "the store has schema %lld, this program needs %lld: migrate it first",
            (long long)have, (long long)want);
        return ERR_SCHEMA;
    }
    return ERR_OK;
}

static enum err failed(struct buf *why, enum err e)
{
    buf_printf(why, "the store's schema can't be read or changed (%s)", err_name(e));
    return ERR_IO;
}

enum err migrate_run(
    struct db *db, const struct migration *list, enum migrate_may may, int64_t now, struct buf *why)
{
    int64_t want = 0;
    bool started = false;
    for (const struct migration *m = list; m->version; m++) {
        ensure(m->version == want + 1, "the schema's versions have a gap");
        want = m->version;
    }
    for (;;) {
        int64_t have = 0;
        enum err e = version_get(db, &have);
        if (e != ERR_OK)
            return failed(why, e);
        started = started || (have == 0 && may == MIGRATE_NEW);
        e = fits(have, want, started || may == MIGRATE_ALL, why);
        if (e != ERR_OK || have == want)
            return e;
        e = step_up(db, list, now);
        if (e != ERR_OK)
            return failed(why, e);
    }
}
