/* What tables a SQLite file has. Private to the engine (db_sqlite.c). */
#ifndef KASSA_STORE_SQLITE_SHAPE_H
#define KASSA_STORE_SQLITE_SHAPE_H

#include "store/shape.h"
#include <sqlite3.h>

/* In the order in which they were made. ERR_LIMIT: more, or with longer names, than fit; ERR_STATE: one has no primary key or a type
 * that is no store's; ERR_STORE_IO. The text is in `why`. */
enum err sqlite_shape(sqlite3 *db, struct buf *why, struct shape *ret) must_check;

#endif
