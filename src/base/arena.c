#include "base/arena.h"
#include "base/mem.h"
#include <stdalign.h>
#include <stdint.h>

#define BLOCK_MIN ((size_t)4096)
#define BLOCK_MAX ((size_t)65536)

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) char data[];
};

void arena_init(struct arena *a, size_t max)
{
    *a = (struct arena){.max = max};
}

/* Blocks double, so that few are needed. */
static struct arena_block *block_new(const struct arena *a, size_t need)
{
    size_t size = a->block ? a->block->size * 2 : BLOCK_MIN;
    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    if (size < need)
        size = need;
    struct arena_block *block = mem_alloc_raw(sizeof(*block) + size);
    *block = (struct arena_block){.size = size};
    return block;
}

void *arena_alloc(struct arena *a, size_t n)
{
    const size_t align = alignof(max_align_t);
    if (n > SIZE_MAX - align)
        return NULL;
    size_t need = n ? (n + align - 1) / align * align : align;
    if (need > a->max - a->used)
        return NULL;
    if (!a->block || need > a->block->size - a->block->used) {
        struct arena_block *block = block_new(a, need);
        block->next = a->block;
        a->block = block;
    }
    void *p = a->block->data + a->block->used;
    a->block->used += need;
    a->used += need;
    return memset(p, 0, need);
}

struct str arena_copy(struct arena *a, struct str s)
{
    if (str_absent(s) || s.n == SIZE_MAX)
        return STR_ABSENT;
    char *p = arena_alloc(a, s.n + 1);
    if (!p)
        return STR_ABSENT;
    if (s.n)
        memcpy(p, s.p, s.n);
    return (struct str){p, s.n};
}

static void blocks_free(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        mem_free(block);
        block = next;
    }
}

void arena_reset(struct arena *a)
{
    /* The newest block is the largest; one that a single huge allocation made is not worth it. */
    struct arena_block *keep = a->block;
    if (keep) {
        blocks_free(keep->next);
        keep->next = NULL;
        keep->used = 0;
        if (keep->size > BLOCK_MAX) {
            mem_free(keep);
            keep = NULL;
        }
    }
    a->block = keep;
    a->used = 0;
}

void arena_clear(struct arena *a)
{
    blocks_free(a->block);
    a->block = NULL;
    a->used = 0;
}
