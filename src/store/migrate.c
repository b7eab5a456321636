#include "store/migrate.h"

#include "base/log.h"

/* Another process migrates, which may take long; each wait is as long as the engine's own patience. */
#define BUSY_TRIES 60

static const struct db_sql SQL_VERSION = {
    "SELECT version, program_min FROM schema_version ORDER BY version DESC LIMIT 1"};
static const struct db_sql SQL_APPLIED = {
    "INSERT INTO schema_version (version, applied_at, program_min) VALUES ($1, $2, $3)"};

/* 0 for a store without any table. */
static enum err version_get(struct db *db, int64_t *ret, int64_t *ret_program_min)
{
    bool has;
    enum err e = db_has_table(db, "schema_version", &has);
    if (e != ERR_OK)
        return e;
    if (!has) {
        *ret = *ret_program_min = 0;
        return ERR_OK;
    }
    struct db_stmt *st = db_query(db, &SQL_VERSION);
    e = db_step(st);
    if (e == ERR_OK) {
        *ret = db_col_int(st, "version");
        *ret_program_min = db_col_int(st, "program_min");
    }
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
    db_int(st, 3, m->program_min);
    return db_do_one(st, ERR_INTERNAL);
}

/* Applies the version behind the present one, which is asked again inside the transaction. */
static enum err step_up(struct db *db, const struct migration *list, int64_t now)
{
    enum err e = db_begin(db, DB_BEGIN_WRITE);
    if (e != ERR_OK)
        return e;
    int64_t have = 0, program_min;
    e = version_get(db, &have, &program_min);
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

static enum err step_up_patiently(struct db *db, const struct migration *list, int64_t now)
{
    enum err e = ERR_STORE_BUSY;
    for (int i = 0; i < BUSY_TRIES && e == ERR_STORE_BUSY; i++) {
        if (i == 1)
            log_info("store_migration_waits");
        e = step_up(db, list, now);
    }
    return e;
}

static enum err fits(const struct migrate_state *s, bool may, struct buf *why)
{
    if (s->have > s->want && s->have_program_min > s->want) {
        buf_printf(why,
            "the store has schema %lld, newer than this program's %lld: use the newer program",
            (long long)s->have, (long long)s->want);
        return ERR_SCHEMA;
    }
    if (s->have < s->want && !may) {
        buf_printf(why, "the store has schema %lld, this program needs %lld: migrate it first",
            (long long)s->have, (long long)s->want);
        return ERR_SCHEMA;
    }
    return ERR_OK;
}

static enum err failed(struct buf *why, enum err e)
{
    buf_printf(why, "the store's schema can't be read or changed (%s)", err_name(e));
    return ERR_IO;
}

enum err migrate_look(
    struct db *db, const struct migration *list, struct buf *why, struct migrate_state *ret)
{
    struct migrate_state s = {.want = 0};
    for (const struct migration *m = list; m->version; m++) {
        ensure(m->version == s.want + 1, "the schema's versions have a gap");
        ensure(m->program_min >= s.want_program_min && m->program_min <= m->version,
            "a schema lets in programs that the one before it had shut out");
        s.want = m->version;
        s.want_program_min = m->program_min;
    }
    enum err e = version_get(db, &s.have, &s.have_program_min);
    if (e != ERR_OK)
        return failed(why, e);
    *ret = s;
    return ERR_OK;
}

enum err migrate_run(
    struct db *db, const struct migration *list, enum migrate_may may, int64_t now, struct buf *why)
{
    bool started = false;
    for (;;) {
        struct migrate_state s;
        enum err e = migrate_look(db, list, why, &s);
        if (e != ERR_OK)
            return e;
        started = started || (s.have == 0 && may == MIGRATE_NEW);
        e = fits(&s, started || may == MIGRATE_ALL, why);
        if (e != ERR_OK || s.have >= s.want)
            return e;
        e = step_up_patiently(db, list, now);
        if (e != ERR_OK)
            return failed(why, e);
    }
}

enum err migrate_create(struct db *db, const struct migration *list, int64_t now)
{
    enum err e = ERR_OK;
    for (const struct migration *m = list; e == ERR_OK && m->version; m++)
        e = apply(db, m, now);
    return e;
}
