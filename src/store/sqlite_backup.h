/* A copy of a SQLite store in use. Private to the SQLite engine. */
#ifndef KASSA_STORE_SQLITE_BACKUP_H
#define KASSA_STORE_SQLITE_BACKUP_H

#include "base/buf.h"
#include "base/err.h"
#include <sqlite3.h>

/* Copies what is committed when it begins into the new file `to`, synced; nobody waits for it, but the log grows meanwhile.
 * ERR_DUPLICATE: something of that name is there; ERR_STORE_FULL, ERR_STORE_IO with a text in `why`: nothing stays. */
enum err sqlite_backup(sqlite3 *from, const char *to, struct buf *why) must_check;
/* Looks at every page and index. ERR_STORE_IO with SQLite's first words in `why`. */
enum err sqlite_check(sqlite3 *db, struct buf *why) must_check;

#endif
