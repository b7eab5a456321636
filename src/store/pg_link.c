#include "store/pg_link.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include <libpq-fe.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_S "5"
#define SERVER_VERSION_MIN 150000
/* So often a writer that sits out an outage looks whether another connection got through. */
#define LOOK_MS 100

/* The queries are written for indexes and loops, as SQLite has nothing else. Without statistics, in a table that has just grown,
 * the server takes scans of whole tables for cheaper, and these take seconds. */
#define PLANS                                                                                      \
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"             \
    "SET enable_material = off; SET enable_bitmapscan = off; SET jit = off;"

/* The server learns of a client's machine that died or is cut off. */
#define PEER                                                                                       \
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;"  \
    "SET tcp_user_timeout = 10000; SET client_connection_check_interval = 2000;"

struct pg_limits pg_limits = {
    .silence_read_ms = 60000,
    .silence_write_ms = 15000,
    .resolve_ms = 15000,
    .outage_ms = 3000,
    .reopen_ms = {50, 1000},
};

/* When any connection was last opened, by the monotonic clock. */
static _Atomic int64_t opened_ms;

/* A writer that stands still in a transaction keeps all others out, so its server ends it, sooner than the others lose their
 * patience. A commit may wait for a standby as long as it takes: it has no time limit of its own. */
static const char SETTINGS_WRITE[] =
    "SET statement_timeout = 10000; SET lock_timeout = 10000;"
    "SET idle_in_transaction_session_timeout = 2000;" PEER PLANS
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') IN ('off', 'local')";
static const char SETTINGS_READ[] = "SET idle_in_transaction_session_timeout = 60000;" PEER PLANS
                                    "SET default_transaction_read_only = on";

/* What the server says, what it is here, and what mends it. */
static const struct {
    char state[6];
    enum err err;
    const char *mend;
} STATES[] = {
    {"23505", ERR_DUPLICATE, NULL},
    {"40001", ERR_STORE_BUSY, NULL}, /* serialization */
    {"40P01", ERR_STORE_BUSY, NULL}, /* deadlock */
    {"55P03", ERR_STORE_BUSY, "another node or program holds the store's lock: see pg_locks"},
    {"57014", ERR_STORE_BUSY, "the server is too slow, or somebody cancelled the statement"},
    {"53100", ERR_STORE_FULL, "the database server's disk is full"},
    {"53200", ERR_STORE_IO, "the database server has no memory left"},
    {"53300", ERR_STORE_IO, "raise max_connections of the server, or the user's limit"},
    {"53400", ERR_STORE_IO, "raise the server's limit (temp_file_limit or the like)"},
    {"25006", ERR_STORE_IO,
        "the server is a standby or set read-only: name the primary's host too"},
    {"42501", ERR_STORE_IO, "the database's user lacks a right on the store's tables"},
    {"55000", ERR_STORE_IO, NULL},
    {"58030", ERR_STORE_IO, "the database server's disk fails"},
    {"58P01", ERR_STORE_IO, "the database server misses a file of its own"},
    {"XX001", ERR_STORE_IO, "the database is damaged: restore it from a backup"},
    {"XX002", ERR_STORE_IO, "an index is damaged: REINDEX, and look for what damages the disk"},
};

/* The same of a connection that can't be made: its state is not told, so the text has to do. */
static const struct {
    const char *text, *mend;
} REFUSALS[] = {
    {"password authentication failed", "correct the user or the password"},
    {"no password supplied", "give the password, best in a file that passfile names"},
    {"no pg_hba.conf entry", "allow it in the server's pg_hba.conf"},
    {"session is read-only", "it is a standby or set read-only: name every host of the cluster"},
    {"certificate verify failed",
        "sslrootcert has to name the authority of the server's certificate"},
    {"does not match host name", "use the name that is in the server's certificate"},
    {"server does not support SSL", "turn on ssl at the server"},
    {"too many c", "raise the server's max_connections, or the user's or database's limit"},
    {"connection slots", "raise the server's max_connections"},
    {"starting up", "it starts or recovers: wait"},
    {"shutting down", "it stops: wait for another"},
    {" does not exist", "create it, or correct its name"},
    {"could not translate host name", "correct the host's name"},
    {"Connection refused", "start the server, or correct host and port"},
    {"Is the server running", "start the server, or correct the socket's folder and the port"},
    {"timeout expired", "the host does not answer: is it up, and does a firewall let it through?"},
};

static bool begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

/* libpq's texts end in a newline, and may have more lines. */
static struct str one_line(const char *text, char *out, size_t cap)
{
    snprintf(out, cap, "%s", text ? text : "");
    size_t n = strlen(out);
    while (n > 0 && out[n - 1] == '\n')
        out[--n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (out[i] == '\n')
            out[i] = ' ';
    return (struct str){out, n};
}

static void tell(const struct pg_link *pg, enum log_level level, const char *what, const char *text,
    const char *state, const char *mend)
{
    char line[512];
    one_line(text ? text : PQerrorMessage(pg->c), line, sizeof line);
    log_event(level, "store_engine", LOG_C("what", what), LOG_C("text", line), LOG_C("code", state),
        LOG_C("mend", mend ? mend : ""));
}

static enum err fault_lost(
    struct pg_link *pg, const char *what, const char *text, const char *state)
{
    tell(pg, LOG_LEVEL_WARN, what, text, state ? state : "lost", NULL);
    pg->lost = true;
    return pg->reading ? ERR_STORE_IO : ERR_STORE_BUSY;
}

/* Is there no use in asking this connection anything more? A fatal error ends it, whatever its number. What was prepared is gone
 * when somebody between here and the server has exchanged it, or has become another statement when the tables have changed. */
static bool is_lost(const struct pg_link *pg, const PGresult *res, const char *state)
{
    const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
    return !state || PQstatus(pg->c) == CONNECTION_BAD || begins(state, "08") ||
           begins(state, "57P") || strcmp(state, "26000") == 0 || strcmp(state, "0A000") == 0 ||
           (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0));
}

enum err pg_fault(struct pg_link *pg, const PGresult *res, const char *what)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    if (!res || is_lost(pg, res, state))
        return fault_lost(pg, what, text, state);
    enum err e = begins(state, "XX") ? ERR_STORE_IO : ERR_INTERNAL;
    const char *mend = NULL;
    for (size_t i = 0; i < sizeof STATES / sizeof STATES[0]; i++)
        if (strcmp(state, STATES[i].state) == 0) {
            e = STATES[i].err;
            mend = STATES[i].mend;
        }
    if (strcmp(state, "25006") == 0)
        pg->lost = true; /* another host may be the primary by now */
    if (e != ERR_DUPLICATE)
        tell(pg,
            begins(state, "XX")   ? LOG_LEVEL_ALARM
            : e == ERR_STORE_BUSY ? LOG_LEVEL_WARN
                                  : LOG_LEVEL_ERROR,
            what, text, state, mend);
    return e;
}

enum err pg_link_fault(struct pg_link *pg, PGresult *res, const char *what)
{
    enum err e = pg_fault(pg, res, what);
    PQclear(res);
    return e;
}

/* False: the connection is lost, or the server silent for too long. A long answer may take its time, as long as it comes. */
static bool wait_readable(struct pg_link *pg)
{
    int silence = pg->patient   ? INT_MAX
                  : pg->reading ? pg_limits.silence_read_ms
                                : pg_limits.silence_write_ms;
    int64_t until = clock_mono_ms() + silence;
    while (PQisBusy(pg->c)) {
        int64_t left = until - clock_mono_ms();
        struct pollfd p = {.fd = PQsocket(pg->c), .events = POLLIN};
        if (left <= 0 || p.fd < 0)
            return false;
        int unsent = PQflush(pg->c);
        if (unsent < 0)
            return false;
        if (unsent > 0)
            p.events |= POLLOUT;
        if (poll(&p, 1, (int)left) <= 0)
            continue;
        until = clock_mono_ms() + silence;
        if ((p.revents & ~POLLOUT) && PQconsumeInput(pg->c) != 1)
            return false;
    }
    return true;
}

static bool is_good(const PGresult *res)
{
    ExecStatusType s = PQresultStatus(res);
    return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_EMPTY_QUERY;
}

PGresult *pg_link_result(struct pg_link *pg, bool sent)
{
    PGresult *last = NULL;
    while (sent) {
        if (!wait_readable(pg)) {
            PQclear(last);
            pg->lost = true;
            return NULL;
        }
        PGresult *res = PQgetResult(pg->c);
        if (!res)
            break;
        if (last && !is_good(last)) {
            PQclear(res);
            continue;
        }
        PQclear(last);
        last = res;
    }
    return last;
}

enum err pg_link_run(struct pg_link *pg, const char *text)
{
    PGresult *res = pg_link_result(pg, PQsendQuery(pg->c, text) == 1);
    enum err e = res && is_good(res) ? ERR_OK : pg_fault(pg, res, text);
    PQclear(res);
    return e;
}

static enum err refuse(const struct pg_link *pg, struct buf *why, const char *text)
{
    char line[1024];
    const char *host = PQhost(pg->c), *name = PQdb(pg->c), *mend = NULL;
    one_line(text && text[0] ? text : "does not answer", line, sizeof line);
    for (size_t i = 0; !mend && i < sizeof REFUSALS / sizeof REFUSALS[0]; i++)
        if (strstr(line, REFUSALS[i].text))
            mend = REFUSALS[i].mend;
    buf_printf(why, "store.path: database %s on %s: %s", name ? name : "?",
        host && host[0] ? host : "?", line);
    if (mend)
        buf_printf(why, " (%s)", mend);
    return ERR_IO;
}

/* libpq quotes what it can't read of an address, and a password is part of one. */
static enum err check_address(const char *url, struct buf *why)
{
    char *text = NULL, line[256];
    PQconninfoOption *parts = PQconninfoParse(url, &text);
    bool good = parts != NULL;
    bool secret = strchr(url, '@') || strstr(url, "password");
    if (!good)
        buf_printf(why, "store.path: the server's address is not well formed: %s",
            secret ? "postgresql://USER:PASSWORD@HOST:PORT/DATABASE?KEY=VALUE, where other than"
                     " letters and digits are written as %XX"
                   : one_line(text, line, sizeof line).p);
    PQconninfoFree(parts);
    PQfreemem(text);
    return good ? ERR_OK : ERR_IO;
}

/* A single number. */
static enum err ask_int(struct pg_link *pg, const char *text, int64_t *ret)
{
    PGresult *res = pg_link_result(pg, PQsendQuery(pg->c, text) == 1);
    if (PQresultStatus(res) != PGRES_TUPLES_OK) {
        enum err e = pg_fault(pg, res, text);
        PQclear(res);
        return e;
    }
    enum err e = PQntuples(res) == 1 && !PQgetisnull(res, 0, 0) ? ERR_OK : ERR_NO_ROW;
    if (e == ERR_OK)
        *ret = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);
    return e;
}

static enum err check_server(struct pg_link *pg, struct buf *why)
{
    const char *encoding = PQparameterStatus(pg->c, "server_encoding");
    if (PQserverVersion(pg->c) < SERVER_VERSION_MIN)
        return refuse(pg, why, "is older than PostgreSQL 15");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return refuse(pg, why, "its encoding is not UTF8");
    if (pg_link_run(pg, pg->reading ? SETTINGS_READ : SETTINGS_WRITE) != ERR_OK)
        return refuse(pg, why, PQerrorMessage(pg->c));
    enum err e = ask_int(
        pg, "SELECT oid::bigint FROM pg_namespace WHERE nspname = current_schema()", &pg->schema);
    if (e == ERR_NO_ROW)
        return refuse(pg, why, "has no schema to put tables into");
    return e == ERR_OK ? ERR_OK : refuse(pg, why, PQerrorMessage(pg->c));
}

/* libpq would print it. What is no worse than a notice is of no use to anybody. */
static void on_notice(void *arg, const PGresult *res)
{
    const char *level = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
    (void)arg;
    if (level && strcmp(level, "WARNING") == 0)
        log_warn("store_engine", LOG_C("text", PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY)),
            LOG_C("code", PQresultErrorField(res, PG_DIAG_SQLSTATE)));
}

/* A standby shows what was, and takes no writes: only a primary will do, for reading too. A machine that died silently is noticed
 * within seconds. What the address says itself wins. */
static PGconn *connect_to(const char *url)
{
    static const char *const keys[] = {"connect_timeout", "application_name",
        "target_session_attrs", "client_encoding", "keepalives_idle", "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "dbname", NULL};
    const char *values[] = {
        CONNECT_TIMEOUT_S, "kassa", "read-write", "UTF8", "5", "2", "3", "10000", url, NULL};
    return PQconnectdbParams(keys, values, 1);
}

enum err pg_link_open(struct pg_link *pg, struct buf *why)
{
    enum err e = check_address(pg->url, why);
    if (e != ERR_OK)
        return e;
    PQfinish(pg->c);
    pg->c = connect_to(pg->url);
    PQsetNoticeReceiver(pg->c, on_notice, NULL);
    pg->open = false;
    pg->lost = true;
    pg->epoch++;
    e = PQstatus(pg->c) == CONNECTION_OK ? check_server(pg, why)
                                         : refuse(pg, why, PQerrorMessage(pg->c));
    pg->lost = e != ERR_OK;
    if (e == ERR_OK)
        atomic_store(&opened_ms, clock_mono_ms());
    return e;
}

static int64_t with_jitter(int64_t ms)
{
    uint16_t random;
    random_bytes(&random, sizeof random);
    return ms / 2 + (ms * random >> 16);
}

static void note_up(struct pg_link *pg)
{
    log_info(
        "store_connected_again", LOG_C("host", PQhost(pg->c)), LOG_I("failures", pg->failures));
    pg->failures = 0;
    pg->told[0] = '\0';
}

/* A try that took long is not followed by another one before as long again has passed: meanwhile who asks is told at once. */
static void note_down(struct pg_link *pg, int64_t began, struct str why)
{
    int64_t now = clock_mono_ms(), pause = pg_limits.reopen_ms[0];
    if (pg->failures == 0)
        pg->down_ms = began;
    for (int i = 0; i < pg->failures && pause < pg_limits.reopen_ms[1]; i++)
        pause *= 2;
    if (pause > pg_limits.reopen_ms[1])
        pause = pg_limits.reopen_ms[1];
    pg->failures++;
    pg->failed_ms = now;
    pg->reopen_ms = now + with_jitter(pause) + (pg->keen ? 0 : now - began);
    if (strncmp(pg->told, why.p ? why.p : "", sizeof pg->told - 1) == 0)
        return;
    snprintf(pg->told, sizeof pg->told, "%.*s", (int)why.n, why.p);
    log_error("store_connection_failed", LOG_S("why", why));
}

/* One that got through shows the others that there is somebody again. */
static bool is_too_soon(const struct pg_link *pg, int64_t now)
{
    return pg->failures > 0 && now < pg->reopen_ms && atomic_load(&opened_ms) <= pg->failed_ms;
}

enum err pg_link_ready(struct pg_link *pg)
{
    if (!pg->lost)
        return ERR_OK;
    if (pg->open)
        return ERR_STORE_BUSY;
    int64_t began = clock_mono_ms();
    if (is_too_soon(pg, began))
        return ERR_STORE_IO;
    struct buf why;
    buf_init(&why, 2048);
    enum err e = pg_link_open(pg, &why);
    if (e == ERR_OK)
        note_up(pg);
    else
        note_down(pg, began, buf_view(&why));
    buf_clear(&why);
    return e == ERR_OK ? ERR_OK : ERR_STORE_IO;
}

bool pg_link_sit_out(struct pg_link *pg)
{
    int64_t now = clock_mono_ms();
    if (!pg->lost || pg->failures == 0 || now - pg->down_ms >= pg_limits.outage_ms)
        return false;
    int64_t wait = pg->reopen_ms - now;
    if (wait > 0)
        usleep((useconds_t)(wait < LOOK_MS ? wait : LOOK_MS) * 1000);
    return true;
}

void pg_link_close(struct pg_link *pg)
{
    PQfinish(pg->c);
    mem_free(pg->url);
}
