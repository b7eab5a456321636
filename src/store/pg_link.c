#include "store/pg_link.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include <libpq-fe.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_S "5"
#define SERVER_VERSION_MIN 150000

/* The queries are written for indexes and loops, as SQLite has nothing else. Without statistics, in a table that has just grown,
 * the server takes scans of whole tables for cheaper, and these take seconds. */
#define PLANS                                                                                      \
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"             \
    "SET enable_material = off; SET enable_bitmapscan = off; SET jit = off;"

/* A writer that stands still in a transaction would keep all others out, so its server ends it. A commit may wait for a standby
 * as long as it takes: it has no time limit of its own. */
static const char SETTINGS_WRITE[] =
    "SET statement_timeout = 15000; SET lock_timeout = 10000;"
    "SET idle_in_transaction_session_timeout = 10000;" PLANS
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') IN ('off', 'local')";
static const char SETTINGS_READ[] = "SET idle_in_transaction_session_timeout = 60000;" PLANS
                                    "SET default_transaction_read_only = on";

static const struct {
    char state[6];
    enum err err;
} STATES[] = {
    {"23505", ERR_DUPLICATE}, {"40001", ERR_STORE_BUSY}, /* serialization */
    {"40P01", ERR_STORE_BUSY},                           /* deadlock */
    {"55P03", ERR_STORE_BUSY},                           /* lock_timeout */
    {"57014", ERR_STORE_BUSY},                           /* statement_timeout */
    {"53100", ERR_STORE_FULL},                           /* disk full */
    {"53200", ERR_STORE_IO},                             /* out of memory */
    {"53300", ERR_STORE_IO},                             /* too many connections */
    {"25006", ERR_STORE_IO},                             /* read-only: a standby */
    {"42501", ERR_STORE_IO},                             /* no privilege */
    {"58030", ERR_STORE_IO},                             /* an input or output error */
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
    const char *state)
{
    char line[512];
    one_line(text ? text : PQerrorMessage(pg->c), line, sizeof line);
    log_event(
        level, "store_engine", LOG_C("what", what), LOG_C("text", line), LOG_C("code", state));
}

static enum err fault_lost(struct pg_link *pg, const char *what, const char *text)
{
    tell(pg, LOG_LEVEL_WARN, what, text, "lost");
    pg->lost = true;
    return pg->reading ? ERR_STORE_IO : ERR_STORE_BUSY;
}

enum err pg_fault(struct pg_link *pg, const PGresult *res, const char *what)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    if (!res || !state || PQstatus(pg->c) == CONNECTION_BAD || begins(state, "08") ||
        begins(state, "57P"))
        return fault_lost(pg, what, text);
    enum err e = begins(state, "XX") ? ERR_STORE_IO : ERR_INTERNAL;
    for (size_t i = 0; i < sizeof STATES / sizeof STATES[0]; i++)
        if (strcmp(state, STATES[i].state) == 0)
            e = STATES[i].err;
    if (e == ERR_STORE_IO && strcmp(state, "25006") == 0)
        pg->lost = true; /* another host may be the primary by now */
    if (e != ERR_STORE_BUSY && e != ERR_DUPLICATE)
        tell(pg, begins(state, "XX") ? LOG_LEVEL_ALARM : LOG_LEVEL_ERROR, what, text, state);
    return e;
}

enum err pg_link_fault(struct pg_link *pg, PGresult *res, const char *what)
{
    enum err e = pg_fault(pg, res, what);
    PQclear(res);
    return e;
}

/* False: the connection is lost, or the server silent for too long. */
static bool wait_readable(struct pg_link *pg)
{
    int silence = pg->patient ? INT_MAX : pg->reading ? PG_SILENCE_READ_MS : PG_SILENCE_WRITE_MS;
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
        if (poll(&p, 1, (int)left) > 0 && (p.revents & ~POLLOUT) && PQconsumeInput(pg->c) != 1)
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
    char line[512];
    const char *host = PQhost(pg->c), *name = PQdb(pg->c);
    one_line(text, line, sizeof line);
    buf_printf(why, "store.path: database %s on %s: %s", name ? name : "?",
        host && host[0] ? host : "?", line);
    return ERR_IO;
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

/* A standby shows what was, and takes no writes: only a primary will do, for reading too. What the address says itself wins. */
static PGconn *connect_to(const char *url)
{
    static const char *const keys[] = {"connect_timeout", "application_name",
        "target_session_attrs", "client_encoding", "dbname", NULL};
    const char *values[] = {CONNECT_TIMEOUT_S, "kassa", "read-write", "UTF8", url, NULL};
    return PQconnectdbParams(keys, values, 1);
}

enum err pg_link_open(struct pg_link *pg, struct buf *why)
{
    PQfinish(pg->c);
    pg->c = connect_to(pg->url);
    PQsetNoticeReceiver(pg->c, on_notice, NULL);
    pg->open = false;
    pg->lost = true;
    pg->epoch++;
    enum err e = PQstatus(pg->c) == CONNECTION_OK ? check_server(pg, why)
                                                  : refuse(pg, why, PQerrorMessage(pg->c));
    pg->lost = e != ERR_OK;
    return e;
}

enum err pg_link_ready(struct pg_link *pg)
{
    if (!pg->lost)
        return ERR_OK;
    if (pg->open)
        return ERR_STORE_BUSY;
    struct buf why;
    buf_init(&why, 1024);
    enum err e = pg_link_open(pg, &why);
    if (e == ERR_OK)
        log_info("store_connected_again", LOG_C("host", PQhost(pg->c)));
    else
        log_error("store_connection_failed", LOG_S("why", buf_view(&why)));
    buf_clear(&why);
    return e == ERR_OK ? ERR_OK : ERR_STORE_IO;
}

void pg_link_close(struct pg_link *pg)
{
    PQfinish(pg->c);
    mem_free(pg->url);
}
