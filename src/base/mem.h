/* Memory. Running out is treated like kill -9, which Kassa survives by design: the process logs and aborts,
 * so no caller has an untested path for it. Everything that grows by a peer's wish has a cap instead. */
#ifndef KASSA_BASE_MEM_H
#define KASSA_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory of `n` bytes; never NULL (aborts). Owner: the caller, mem_free. */
void *mem_alloc(size_t n) __attribute__((malloc, returns_nonnull));
/* The same with whatever was there before, for who writes all that it reads. */
void *mem_alloc_raw(size_t n) __attribute__((malloc, returns_nonnull));
/* Zeroed array of `count` items; aborts on overflow. */
void *mem_array(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *mem_realloc(void *p, size_t n) __attribute__((returns_nonnull));
char *mem_strdup(const char *s) __attribute__((returns_nonnull));
/* `n` bytes of `p` and a NUL behind them. */
char *mem_strndup(const char *p, size_t n) __attribute__((returns_nonnull));
void mem_free(void *p);
/* Overwrites a secret; never optimised away. */
void mem_wipe(void *p, size_t n);

/* cleanup(f) on a local: f(&local) runs when the scope ends. */
#define cleanup(f) __attribute__((cleanup(f)))
void mem_free_at(void *pp); /* for `cleanup(mem_free_at) char *p` */

#define array_len(a) (sizeof(a) / sizeof((a)[0]))

#endif
