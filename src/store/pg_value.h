/* PostgreSQL's binary forms of the few types that the schema and the queries have. Private to the engine (db_pg.c). */
#ifndef KASSA_STORE_PG_VALUE_H
#define KASSA_STORE_PG_VALUE_H

#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

enum pg_type {
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_BYTEAS = 1001,
    PG_TEXTS = 1009,
    PG_INT8S = 1016,
    PG_NUMERIC = 1700,
};

/* As int8 is sent: 8 bytes, the highest first. */
void pg_int8_put(int64_t v, char out[8]);
void pg_int4_put(int32_t v, char out[4]);
/* A whole number of any of the types, a sum's too. ERR_RANGE: it is none, or does not fit. */
enum err pg_int_get(unsigned type, struct str raw, int64_t *ret) must_check;

#endif
