/* Statements that a PostgreSQL server knows. Private to the engine (db_pg.c). */
#ifndef KASSA_STORE_PG_PLAN_H
#define KASSA_STORE_PG_PLAN_H

#include "base/err.h"
#include "store/pg_link.h"
#include <stdint.h>

#define PG_PARAMS_MAX 48

/* Results are fetched whole, so one plan serves any number of handles. */
struct pg_plan {
    struct pg_plan *next;
    char *text;
    char name[16];
    uint64_t epoch; /* of the connection that knows it; 0: none */
    int params, columns;
    unsigned param_types[PG_PARAMS_MAX];
    struct pg_result *shape; /* names and types of the columns */
};

/* All of one connection. */
struct pg_plans {
    struct pg_plan *first;
    int count;
};

/* Finds or makes the entry of a text. Owner: the plans. */
struct pg_plan *pg_plan_find(struct pg_plans *plans, const char *text);
/* Sees to it that the connection knows it. */
enum err pg_plan_make(struct pg_plans *plans, struct pg_link *link, struct pg_plan *p) must_check;
void pg_plans_free(struct pg_plans *plans);

#endif
