/* An arena: many small allocations that die together, with a cap. One owner, one thread. */
#ifndef KASSA_BASE_ARENA_H
#define KASSA_BASE_ARENA_H

#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *block; /* newest first */
    size_t used;               /* bytes given out since init or reset */
    size_t max;                /* cap on `used` */
};

void arena_init(struct arena *a, size_t max);
/* `n` zeroed bytes, aligned for any type; NULL when the cap would be exceeded. */
void *arena_alloc(struct arena *a, size_t n);
/* A copy with a NUL behind it; p is NULL when the cap would be exceeded (or s is absent). */
struct str arena_copy(struct arena *a, struct str s);
/* Forgets all allocations and keeps one block for the next use. */
void arena_reset(struct arena *a);
void arena_clear(struct arena *a);

#endif
