#include "store/pg_value.h"

#include <stddef.h>

#define NUMERIC_HEAD 8
#define NUMERIC_BASE 10000
#define NUMERIC_NEGATIVE 0x4000

void pg_int8_put(int64_t v, char out[8])
{
    uint64_t u = (uint64_t)v;
    for (int i = 7; i >= 0; i--, u >>= 8)
        out[i] = (char)(u & 0xff);
}

void pg_int4_put(int32_t v, char out[4])
{
    uint32_t u = (uint32_t)v;
    for (int i = 3; i >= 0; i--, u >>= 8)
        out[i] = (char)(u & 0xff);
}

static uint64_t bytes_get(struct str raw, size_t at, size_t n)
{
    uint64_t u = 0;
    for (size_t i = at; i < at + n; i++)
        u = u << 8 | (uint8_t)raw.p[i];
    return u;
}

/* Digits to the base 10000: how many, the first one's power, sign, digits behind the point as shown; then the digits. */
static enum err numeric_get(struct str raw, int64_t *ret)
{
    if (raw.n < NUMERIC_HEAD)
        return ERR_RANGE;
    size_t digits = bytes_get(raw, 0, 2);
    int weight = (int16_t)bytes_get(raw, 2, 2);
    uint64_t sign = bytes_get(raw, 4, 2);
    if (raw.n != NUMERIC_HEAD + 2 * digits || (sign != 0 && sign != NUMERIC_NEGATIVE))
        return ERR_RANGE;
    if (digits > 0 && (weight > 4 || weight < 0 || digits > (size_t)weight + 1))
        return ERR_RANGE;
    int64_t v = 0;
    for (int i = 0; digits > 0 && i <= weight; i++) {
        int64_t d =
            (size_t)i < digits ? (int64_t)bytes_get(raw, NUMERIC_HEAD + 2 * (size_t)i, 2) : 0;
        if (__builtin_mul_overflow(v, NUMERIC_BASE, &v) ||
            __builtin_add_overflow(v, sign ? -d : d, &v))
            return ERR_RANGE;
    }
    *ret = v;
    return ERR_OK;
}

enum err pg_int_get(unsigned type, struct str raw, int64_t *ret)
{
    switch (type) {
    case PG_NUMERIC:
        return numeric_get(raw, ret);
    case PG_INT8:
        *ret = (int64_t)bytes_get(raw, 0, 8);
        return ERR_OK;
    case PG_INT4:
        *ret = (int32_t)bytes_get(raw, 0, 4);
        return ERR_OK;
    case PG_INT2:
        *ret = (int16_t)bytes_get(raw, 0, 2);
        return ERR_OK;
    case PG_BOOL:
        *ret = bytes_get(raw, 0, 1) != 0;
        return ERR_OK;
    default:
        return ERR_RANGE;
    }
}
