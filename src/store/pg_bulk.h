/* All rows of a table in one go, by COPY. Private to the engine (db_pg.c), whose connections begin with their struct pg_link. */
#ifndef KASSA_STORE_PG_BULK_H
#define KASSA_STORE_PG_BULK_H

#include "store/db.h"

extern const struct db_bulk pg_bulk;

#endif
