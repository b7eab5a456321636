/* Arrays as PostgreSQL's placeholders take them, in binary: one value is added after the other. Private to the engine (db_pg.c). */
#ifndef KASSA_STORE_PG_ARRAY_H
#define KASSA_STORE_PG_ARRAY_H

#include "base/buf.h"

/* Zeroed: empty. */
struct pg_array {
    struct buf b;
    int32_t count;
};

/* The type of an array's values; 0: the type is no array's. */
unsigned pg_array_element(unsigned type);
/* p NULL: a NULL. */
void pg_array_add(struct pg_array *a, const char *p, size_t n);
/* Whole, until the next change. ERR_LIMIT: it is larger than a server takes. */
enum err pg_array_view(struct pg_array *a, unsigned type, struct str *ret) must_check;
void pg_array_reset(struct pg_array *a);
void pg_array_clear(struct pg_array *a);

#endif
