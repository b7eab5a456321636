/* The schema's versions. src/store/sql/NNNN_ENGINE.sql is version NNNN, compiled in by tools/embed-sql. */
#ifndef KASSA_STORE_MIGRATE_H
#define KASSA_STORE_MIGRATE_H

#include "store/db.h"

struct migration {
    int64_t version; /* 1, 2, ...; 0 behind the last */
    const char *text;
};

extern const struct migration migrations_sqlite[];
extern const struct migration migrations_pg[];

enum migrate_may { MIGRATE_NOTHING, MIGRATE_NEW, MIGRATE_ALL };

/* Brings the schema up to this program's, each version in a transaction of its own, so that a broken run goes on where
 * it was; several processes may try at once. MIGRATE_NEW does so for a file without tables only. What may not be
 * migrated is ERR_SCHEMA, as is a schema that is newer than the program; texts go to `why`. ERR_IO when the engine
 * fails. */
enum err migrate_run(struct db *db, const struct migration *list, enum migrate_may may, int64_t now,
    struct buf *why) must_check;

#endif
