/* Where a test's store is: a SQLite file in the test's folder or, with KASSA_TEST_STORE=pg, a schema of its own on the server
 * that tools/with-postgres has started. Header only. */
#ifndef KASSA_TESTS_UNIT_TEST_STORE_H
#define KASSA_TESTS_UNIT_TEST_STORE_H

#include "base/crypto.h"
#include "store/db.h"
#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TEST_STORE_PATH_MAX 320

static inline bool test_store_is_pg(void)
{
    const char *which = getenv("KASSA_TEST_STORE");
    return which && strcmp(which, "pg") == 0;
}

static inline const struct db_engine *test_store_engine(void)
{
    return test_store_is_pg() ? &db_pg_engine : &db_sqlite_engine;
}

static inline void test_pg_notice(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

/* A statement as the server's superuser, beside whatever the test does. */
static inline void test_pg_run_at(const char *server, const char *text)
{
    PGconn *c = PQconnectdb(server);
    PQsetNoticeProcessor(c, test_pg_notice, NULL);
    PGresult *res = PQexec(c, text);
    ExecStatusType s = PQresultStatus(res);
    if (s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(c));
    PQclear(res);
    PQfinish(c);
}

static inline void test_pg_run(const char *text)
{
    const char *server = getenv("KASSA_TEST_PG");
    if (!server)
        fail_msg("KASSA_TEST_PG is not set: run this by tools/with-postgres");
    test_pg_run_at(server, text);
}

static inline const char *strrchr_within(const char *p, const char *end)
{
    while (end > p && *end != '_')
        end--;
    return end;
}

/* What a test does to tables in ways that no program may, written for SQLite: PostgreSQL's triggers are named with their tables,
 * which begin their names here. */
static inline enum err test_store_script(struct db *db, const char *text)
{
    static const char drop[] = "DROP TRIGGER ", maybe[] = "IF EXISTS ", zeros[] = "zeroblob(32)";
    struct buf b;
    if (!test_store_is_pg())
        return db_script(db, text);
    buf_init(&b, 65536);
    for (const char *p = text, *end; *p; p = end) {
        if (strncmp(p, zeros, strlen(zeros)) == 0) {
            buf_cstr(&b, "decode(repeat('00', 32), 'hex')");
            end = p + strlen(zeros);
            continue;
        }
        const char *name = strncmp(p, drop, strlen(drop)) == 0 ? p + strlen(drop) : NULL;
        end = p + 1;
        if (name && strncmp(name, maybe, strlen(maybe)) == 0)
            name += strlen(maybe);
        if (name)
            end = name + strspn(name, "abcdefghijklmnopqrstuvwxyz_");
        buf_add(&b, p, (size_t)(end - p));
        if (name)
            buf_printf(&b, " ON %.*s", (int)(strrchr_within(name, end) - name), name);
    }
    buf_char(&b, 0);
    enum err e = db_script(db, b.p);
    buf_clear(&b);
    return e;
}

static inline const char *test_pg_schema(const char *path)
{
    const char *mark = strstr(path, "%3D");
    return mark ? mark + 3 : "";
}

static inline void test_store_new(const char *dir, char ret_path[TEST_STORE_PATH_MAX])
{
    if (!test_store_is_pg()) {
        snprintf(ret_path, TEST_STORE_PATH_MAX, "%s/kassa.db", dir);
        return;
    }
    uint32_t random;
    char text[64];
    random_bytes(&random, sizeof random);
    snprintf(text, sizeof text, "CREATE SCHEMA t%08x_%d", random, (int)getpid());
    test_pg_run(text);
    snprintf(ret_path, TEST_STORE_PATH_MAX, "%s&options=-csearch_path%%3D%s",
        getenv("KASSA_TEST_PG"), text + strlen("CREATE SCHEMA "));
}

static inline void test_store_remove(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char text[TEST_STORE_PATH_MAX + 32];
    if (test_store_is_pg()) {
        snprintf(text, sizeof text, "DROP SCHEMA %s CASCADE", test_pg_schema(path));
        test_pg_run(text);
        return;
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(text, sizeof text, "%s%s", path, ends[i]);
        unlink(text);
    }
}

#endif
