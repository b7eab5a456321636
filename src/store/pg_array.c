#include "store/pg_array.h"

#include "store/pg_value.h"
#include <string.h>

/* Dimensions, are there NULLs, the values' type, how many, the first one's number. */
#define HEAD 20
/* A server takes messages of less than 1 GiB, and one may hold two dozen arrays. */
#define BYTES_MAX (32u << 20)
/* What is kept for the next batch. */
#define KEPT_MAX (1u << 20)

unsigned pg_array_element(unsigned type)
{
    switch (type) {
    case PG_INT8S:
        return PG_INT8;
    case PG_TEXTS:
        return PG_TEXT;
    case PG_BYTEAS:
        return PG_BYTEA;
    default:
        return 0;
    }
}

static void add_int4(struct buf *b, int32_t v)
{
    char raw[4];
    pg_int4_put(v, raw);
    buf_add(b, raw, sizeof raw);
}

void pg_array_add(struct pg_array *a, const char *p, size_t n)
{
    static const char head[HEAD];
    if (a->b.max == 0)
        buf_init(&a->b, BYTES_MAX);
    if (a->count++ == 0)
        buf_add(&a->b, head, HEAD);
    add_int4(&a->b, p ? (int32_t)n : -1);
    if (p)
        buf_add(&a->b, p, n);
}

enum err pg_array_view(struct pg_array *a, unsigned type, struct str *ret)
{
    const int32_t head[HEAD / 4] = {1, 1, (int32_t)pg_array_element(type), a->count, 1};
    if (a->count == 0 || !buf_ok(&a->b))
        return ERR_LIMIT;
    for (int i = 0; i < HEAD / 4; i++)
        pg_int4_put(head[i], a->b.p + 4 * i);
    *ret = buf_view(&a->b);
    return ERR_OK;
}

void pg_array_reset(struct pg_array *a)
{
    a->count = 0;
    if (a->b.cap > KEPT_MAX)
        buf_clear(&a->b);
    else
        buf_reset(&a->b);
}

void pg_array_clear(struct pg_array *a)
{
    buf_clear(&a->b);
}
