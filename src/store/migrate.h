/* The schema's versions. src/store/sql/NNNN_ENGINE.sql is version NNNN, compiled in by tools/embed-sql.
 *
 * Programs of two releases share a store while an operator exchanges one for the other. So a version says from which schema on
 * programs work with it: a release expands the schema, and only a later one takes away what no program uses any more. */
#ifndef KASSA_STORE_MIGRATE_H
#define KASSA_STORE_MIGRATE_H

#include "store/db.h"

struct migration {
    int64_t version;     /* 1, 2, ...; 0 behind the last */
    int64_t program_min; /* the oldest schema whose programs work with this one */
    const char *text;
};

extern const struct migration migrations_sqlite[];
extern const struct migration migrations_pg[];

enum migrate_may { MIGRATE_NOTHING, MIGRATE_NEW, MIGRATE_ALL };

/* Brings the schema up to this program's, each version in a transaction of its own, so that a broken run goes on where
 * it was; several processes may try at once. MIGRATE_NEW does so for a file without tables only. What may not be
 * migrated is ERR_SCHEMA, as is a schema that is newer than the program and does not allow it; texts go to `why`. ERR_IO when
 * the engine fails. */
enum err migrate_run(struct db *db, const struct migration *list, enum migrate_may may, int64_t now,
    struct buf *why) must_check;

/* Within a writer's transaction on an empty store: all versions at once. */
enum err migrate_create(struct db *db, const struct migration *list, int64_t now) must_check;

struct migrate_state {
    int64_t have, have_program_min; /* the store's; 0 without tables */
    int64_t want, want_program_min; /* this program's */
};
/* ERR_IO with a text in `why`. */
enum err migrate_look(struct db *db, const struct migration *list, struct buf *why,
    struct migrate_state *ret) must_check;

#endif
