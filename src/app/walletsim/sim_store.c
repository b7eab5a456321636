#include "sim_store.h"
#include "base/log.h"
#include "base/mem.h"
#include "sim_store_sql.h"
#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sys/stat.h>

struct sim_store {
    sqlite3 *db;
    int64_t payments; /* rows; -1: to be counted */
};

static const char SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS payment ("
    "  seq INTEGER PRIMARY KEY,"
    "  id TEXT NOT NULL UNIQUE,"
    "  invoice TEXT NOT NULL,"
    "  payer_reference TEXT NOT NULL,"
    "  callback_url TEXT NOT NULL,"
    "  signature TEXT NOT NULL,"
    "  trx_id TEXT UNIQUE,"
    "  amount INTEGER NOT NULL CHECK (amount > 0),"
    "  state INTEGER NOT NULL,"
    "  poor INTEGER NOT NULL,"
    "  wrong_pins INTEGER NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  executed_ms INTEGER NOT NULL,"
    "  executes INTEGER NOT NULL,"
    "  queries INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS payment_invoice ON payment (invoice);"
    "CREATE TABLE IF NOT EXISTS refund ("
    "  seq INTEGER PRIMARY KEY,"
    "  payment_trx_id TEXT NOT NULL,"
    "  trx_id TEXT NOT NULL UNIQUE,"
    "  amount INTEGER NOT NULL CHECK (amount > 0),"
    "  completed_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS refund_payment ON refund (payment_trx_id);"
    "CREATE TABLE IF NOT EXISTS agreement ("
    "  id TEXT PRIMARY KEY,"
    "  payer_reference TEXT NOT NULL,"
    "  made_ms INTEGER NOT NULL,"
    "  cancelled_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS nagad_payment ("
    "  seq INTEGER PRIMARY KEY,"
    "  ref TEXT NOT NULL UNIQUE,"
    "  order_id TEXT NOT NULL,"
    "  day INTEGER NOT NULL,"
    "  challenge TEXT NOT NULL,"
    "  callback_url TEXT,"
    "  status TEXT NOT NULL,"
    "  issuer_ref TEXT UNIQUE,"
    "  cancel_ref TEXT UNIQUE,"
    "  info TEXT,"
    "  amount INTEGER NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  paid_ms INTEGER NOT NULL,"
    "  cancelled_ms INTEGER NOT NULL,"
    "  verifies INTEGER NOT NULL,"
    "  cancelled INTEGER NOT NULL CHECK (cancelled BETWEEN 0 AND amount),"
    "  cancels INTEGER NOT NULL,"
    "  reference TEXT,"
    "  UNIQUE (order_id, day)) STRICT;"
    "CREATE TABLE IF NOT EXISTS token ("
    "  seq INTEGER PRIMARY KEY,"
    "  kind INTEGER NOT NULL,"
    "  token TEXT NOT NULL UNIQUE,"
    "  expires_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS token_call (at_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS value ("
    "  name TEXT PRIMARY KEY,"
    "  value INTEGER NOT NULL) STRICT;";

#define PAY_COLUMNS                                                                                \
    "id, invoice, payer_reference, callback_url, signature, trx_id, amount, state, poor,"          \
    " wrong_pins, created_ms, executed_ms, executes, queries"

static enum err db_fault(struct sim_store *st, const char *what)
{
    if (sqlite3_extended_errcode(st->db) == SQLITE_CONSTRAINT_UNIQUE)
        return ERR_DUPLICATE;
    log_error("sim_store", LOG_C("what", what), LOG_C("text", sqlite3_errmsg(st->db)));
    return sqlite3_errcode(st->db) == SQLITE_FULL ? ERR_STORE_FULL : ERR_STORE_IO;
}

sqlite3_stmt *sim_query(struct sim_store *st, const char *sql, const char *kinds, ...)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(st->db, sql, -1, &q, NULL) != SQLITE_OK)
        return NULL;
    va_list args;
    va_start(args, kinds);
    int rc = SQLITE_OK;
    for (int i = 0; kinds[i] && rc == SQLITE_OK; i++) {
        if (kinds[i] == 't') {
            struct str s = va_arg(args, struct str);
            rc = str_absent(s) ? sqlite3_bind_null(q, i + 1)
                               : sqlite3_bind_text(q, i + 1, s.p, (int)s.n, SQLITE_TRANSIENT);
        } else {
            rc = sqlite3_bind_int64(q, i + 1, va_arg(args, int64_t));
        }
    }
    va_end(args);
    if (rc == SQLITE_OK)
        return q;
    sqlite3_finalize(q);
    return NULL;
}

enum err sim_row(struct sim_store *st, sqlite3_stmt *q)
{
    int rc = q ? sqlite3_step(q) : SQLITE_ERROR;
    if (rc == SQLITE_ROW)
        return ERR_OK;
    return rc == SQLITE_DONE ? ERR_NO_ROW : db_fault(st, q ? sqlite3_sql(q) : "prepare");
}

enum err sim_run(struct sim_store *st, sqlite3_stmt *q)
{
    enum err e = sim_row(st, q);
    sqlite3_finalize(q);
    return e == ERR_NO_ROW ? ERR_OK : e;
}

static enum err script(struct sim_store *st, const char *sql)
{
    return sqlite3_exec(st->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ERR_OK : db_fault(st, sql);
}

enum err sim_number(struct sim_store *st, sqlite3_stmt *q, int64_t *ret)
{
    enum err e = sim_row(st, q);
    if (e == ERR_OK)
        *ret = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return e;
}

/* ---- opening ---- */

enum err sim_store_open(const char *dir, bool fsync, struct buf *why, struct sim_store **ret)
{
    struct buf path;
    buf_init(&path, 4096);
    buf_printf(&path, "%s/walletsim.sqlite", dir);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        buf_printf(why, "can't make %s: %s\n", dir, strerrordesc_np(errno));
        buf_clear(&path);
        return ERR_IO;
    }
    struct sim_store *st = mem_alloc(sizeof(*st));
    st->payments = -1;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int rc = buf_ok(&path) ? sqlite3_open_v2(path.p, &st->db, flags, NULL) : SQLITE_CANTOPEN;
    /* The exclusive lock is held until the end: one simulator for one folder. */
    static const char setup[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                                "BEGIN IMMEDIATE;";
    const char *sync = fsync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(st->db, sync, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(st->db, setup, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(st->db, SCHEMA, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(st->db, "COMMIT", NULL, NULL, NULL);
    buf_clear(&path);
    if (rc != SQLITE_OK) {
        buf_printf(why, "can't open the state in %s: %s\n", dir,
            rc == SQLITE_BUSY ? "another simulator uses it"
                              : (st->db ? sqlite3_errmsg(st->db) : "the path is too long"));
        sim_store_close(st);
        return ERR_IO;
    }
    *ret = st;
    return ERR_OK;
}

void sim_store_close(struct sim_store *st)
{
    sqlite3_close(st->db);
    mem_free(st);
}

enum err sim_store_begin(struct sim_store *st)
{
    return script(st, "BEGIN IMMEDIATE");
}

enum err sim_store_end(struct sim_store *st, enum err e)
{
    if (e == ERR_OK)
        e = script(st, "COMMIT");
    if (e != ERR_OK && !sqlite3_get_autocommit(st->db))
        sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
    if (e != ERR_OK)
        st->payments = -1;
    return e;
}

/* ---- payments ---- */

const char *pay_state_name(enum pay_state s)
{
    switch (s) {
    case PAY_INITIATED:
        return "initiated";
    case PAY_AUTHORISED:
        return "authorised";
    case PAY_COMPLETED:
        return "completed";
    case PAY_CANCELLED:
        return "cancelled";
    case PAY_FAILED:
        return "failed";
    case PAY_AGREED:
        return "agreed";
    }
    ensure(false, "a payment has a state");
    return "";
}

static enum err pay_make_room(struct sim_store *st, int64_t stale_ms)
{
    enum err e = ERR_OK;
    if (st->payments < 0)
        e = sim_number(st, sim_query(st, "SELECT count(*) FROM payment", ""), &st->payments);
    if (e != ERR_OK || st->payments < SIM_PAYMENTS_MAX)
        return e;
    e = sim_run(st, sim_query(st,
                        "DELETE FROM payment WHERE seq = (SELECT seq FROM payment"
                        " WHERE state IN (2, 3, 4, 5) OR created_ms < ?1 ORDER BY seq LIMIT 1)",
                        "i", stale_ms));
    if (e == ERR_OK && sqlite3_changes(st->db) == 0)
        return ERR_LIMIT;
    st->payments--;
    return e;
}

enum err pay_insert(struct sim_store *st, const struct pay *p, int64_t stale_ms)
{
    enum err e = pay_make_room(st, stale_ms);
    if (e != ERR_OK)
        return e;
    st->payments++;
    return sim_run(
        st, sim_query(st,
                "INSERT INTO payment (" PAY_COLUMNS ")"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                "ttttttiiiiiiii", p->id, p->invoice, p->payer_reference, p->callback_url,
                p->signature, p->trx_id, p->amount.poisha, (int64_t)p->state, (int64_t)p->poor,
                p->wrong_pins, p->created_ms, p->executed_ms, p->executes, p->queries));
}

struct str sim_column(sqlite3_stmt *q, int i)
{
    const char *p = (const char *)sqlite3_column_text(q, i);
    return p ? (struct str){p, (size_t)sqlite3_column_bytes(q, i)} : STR_ABSENT;
}

/* The texts are the statement's. */
static void pay_read(sqlite3_stmt *q, struct pay *ret)
{
    *ret = (struct pay){
        .id = sim_column(q, 0),
        .invoice = sim_column(q, 1),
        .payer_reference = sim_column(q, 2),
        .callback_url = sim_column(q, 3),
        .signature = sim_column(q, 4),
        .trx_id = sim_column(q, 5),
        .amount = money_poisha(sqlite3_column_int64(q, 6)),
        .state = (enum pay_state)sqlite3_column_int(q, 7),
        .poor = sqlite3_column_int(q, 8) != 0,
        .wrong_pins = sqlite3_column_int64(q, 9),
        .created_ms = sqlite3_column_int64(q, 10),
        .executed_ms = sqlite3_column_int64(q, 11),
        .executes = sqlite3_column_int64(q, 12),
        .queries = sqlite3_column_int64(q, 13),
    };
}

static enum err pay_one(struct sim_store *st, struct arena *a, sqlite3_stmt *q, struct pay *ret)
{
    struct pay p;
    enum err e = sim_row(st, q);
    if (e == ERR_OK) {
        pay_read(q, &p);
        struct str *texts[] = {
            &p.id, &p.invoice, &p.payer_reference, &p.callback_url, &p.signature, &p.trx_id};
        for (size_t i = 0; i < array_len(texts) && e == ERR_OK; i++) {
            struct str copy = arena_copy(a, *texts[i]);
            if (str_absent(copy) && !str_absent(*texts[i]))
                e = ERR_LIMIT;
            *texts[i] = copy;
        }
    }
    if (e == ERR_OK)
        *ret = p;
    sqlite3_finalize(q);
    return e;
}

enum err pay_find(struct sim_store *st, struct arena *a, struct str id, struct pay *ret)
{
    return pay_one(
        st, a, sim_query(st, "SELECT " PAY_COLUMNS " FROM payment WHERE id = ?1", "t", id), ret);
}

enum err pay_find_trx(struct sim_store *st, struct arena *a, struct str trx_id, struct pay *ret)
{
    return pay_one(st, a,
        sim_query(st, "SELECT " PAY_COLUMNS " FROM payment WHERE trx_id = ?1", "t", trx_id), ret);
}

enum err pay_update(struct sim_store *st, const struct pay *p)
{
    return sim_run(st, sim_query(st,
                           "UPDATE payment SET state = ?1, poor = ?2, wrong_pins = ?3, trx_id = ?4,"
                           " executed_ms = ?5, executes = ?6, queries = ?7 WHERE id = ?8",
                           "iiitiiit", (int64_t)p->state, (int64_t)p->poor, p->wrong_pins,
                           p->trx_id, p->executed_ms, p->executes, p->queries, p->id));
}

enum err pay_invoice_completed(struct sim_store *st, struct str invoice, bool *ret)
{
    int64_t n = 0;
    enum err e = sim_number(st,
        sim_query(
            st, "SELECT count(*) FROM payment WHERE invoice = ?1 AND state = 2", "t", invoice),
        &n);
    if (e == ERR_OK)
        *ret = n > 0;
    return e;
}

enum err pay_list(struct sim_store *st, const struct pay_filter *f,
    void (*fn)(void *arg, const struct pay *p), void *arg)
{
    sqlite3_stmt *q = sim_query(st,
        "SELECT " PAY_COLUMNS " FROM payment WHERE (?1 IS NULL OR invoice = ?1)"
        " AND executes >= ?2 ORDER BY seq DESC LIMIT ?3",
        "tii", f->invoice, f->executes_min, f->limit);
    enum err e;
    while ((e = sim_row(st, q)) == ERR_OK) {
        struct pay p;
        pay_read(q, &p);
        fn(arg, &p);
    }
    sqlite3_finalize(q);
    return e == ERR_NO_ROW ? ERR_OK : e;
}

enum err pay_totals_get(struct sim_store *st, struct pay_totals *ret)
{
    sqlite3_stmt *q = sim_query(st,
        "SELECT count(*), coalesce(sum(state = 2), 0), coalesce(sum(amount) FILTER (WHERE state = "
        "2), 0),"
        " coalesce(sum(executes), 0), coalesce(max(executes), 0) FROM payment",
        "");
    enum err e = sim_row(st, q);
    if (e == ERR_OK)
        *ret = (struct pay_totals){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
            sqlite3_column_int64(q, 2), sqlite3_column_int64(q, 3), sqlite3_column_int64(q, 4)};
    sqlite3_finalize(q);
    return e;
}

/* ---- tokens ---- */

enum err token_insert(struct sim_store *st, enum token_kind kind, struct str token,
    int64_t expires_ms, int64_t now_ms)
{
    enum err e = sim_run(st, sim_query(st,
                                 "DELETE FROM token WHERE expires_ms <= ?1 OR seq IN"
                                 " (SELECT seq FROM token ORDER BY seq DESC LIMIT -1 OFFSET ?2)",
                                 "ii", now_ms, (int64_t)SIM_TOKENS_MAX - 1));
    if (e != ERR_OK)
        return e;
    return sim_run(
        st, sim_query(st, "INSERT INTO token (kind, token, expires_ms) VALUES (?1, ?2, ?3)", "iti",
                (int64_t)kind, token, expires_ms));
}

enum err token_check(struct sim_store *st, enum token_kind kind, struct str token, int64_t now_ms)
{
    int64_t seq;
    return sim_number(st,
        sim_query(st, "SELECT seq FROM token WHERE token = ?1 AND kind = ?2 AND expires_ms > ?3",
            "tii", token, (int64_t)kind, now_ms),
        &seq);
}

enum err token_delete(struct sim_store *st, struct str token)
{
    return sim_run(st, sim_query(st, "DELETE FROM token WHERE token = ?1", "t", token));
}

enum err token_call_insert(struct sim_store *st, int64_t at_ms)
{
    int64_t old_ms = at_ms - 24 * 3600 * INT64_C(1000);
    enum err e = sim_run(st, sim_query(st, "DELETE FROM token_call WHERE at_ms < ?1", "i", old_ms));
    if (e != ERR_OK)
        return e;
    return sim_run(st, sim_query(st, "INSERT INTO token_call (at_ms) VALUES (?1)", "i", at_ms));
}

enum err token_calls_since(struct sim_store *st, int64_t after_ms, int64_t *ret)
{
    return sim_number(
        st, sim_query(st, "SELECT count(*) FROM token_call WHERE at_ms > ?1", "i", after_ms), ret);
}

/* ---- the rest ---- */

enum err sim_value_get(struct sim_store *st, const char *name, int64_t *ret)
{
    int64_t value = 0;
    enum err e = sim_number(
        st, sim_query(st, "SELECT value FROM value WHERE name = ?1", "t", str_from(name)), &value);
    if (e == ERR_OK || e == ERR_NO_ROW)
        *ret = value;
    return e == ERR_NO_ROW ? ERR_OK : e;
}

enum err sim_value_set(struct sim_store *st, const char *name, int64_t value)
{
    return sim_run(st, sim_query(st,
                           "INSERT INTO value (name, value) VALUES (?1, ?2)"
                           " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                           "ti", str_from(name), value));
}

enum err sim_store_reset(struct sim_store *st)
{
    st->payments = -1;
    return script(st, "BEGIN IMMEDIATE; DELETE FROM payment; DELETE FROM refund; DELETE FROM "
                      "agreement; DELETE FROM "
                      "nagad_payment; DELETE FROM token;"
                      " DELETE FROM token_call; DELETE FROM value; COMMIT");
}
