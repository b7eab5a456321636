/* Where a store is: a SQLite file's path, or a PostgreSQL server's address, which may hold a password. Pure functions. */
#ifndef KASSA_BASE_STORE_PATH_H
#define KASSA_BASE_STORE_PATH_H

#include "base/buf.h"

/* Is it the address of a PostgreSQL server (postgresql://...), not the name of a SQLite file? */
bool store_path_is_server(const char *path);
/* postgresql://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]...][/DATABASE][?KEY=VALUE[&...]], each part percent-encoded where it has
 * to be. Anything else may have its password elsewhere, and libpq's errors would show it. ERR_SYNTAX. */
enum err store_path_check(const char *path) must_check;
bool store_path_has_password(const char *path);
/* A file's path as it is; of an address what says which database it is: user, hosts, name, and no more. */
void store_path_show(struct buf *b, const char *path);

#endif
