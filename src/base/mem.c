#include "base/mem.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Not through the log: it might allocate. */
static void mem_out(void) __attribute__((noreturn, cold));
static void mem_out(void)
{
    static const char line[] = "{\"level\":\"alarm\",\"event\":\"out_of_memory\"}\n";
    ssize_t ignored = write(STDERR_FILENO, line, sizeof(line) - 1);
    (void)ignored;
    abort();
}

void *mem_alloc(size_t n)
{
    void *p = calloc(1, n ? n : 1);
    if (!p)
        mem_out();
    return p;
}

void *mem_alloc_raw(size_t n)
{
    void *p = malloc(n ? n : 1);
    if (!p)
        mem_out();
    return p;
}

void *mem_array(size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n))
        mem_out();
    return mem_alloc(n);
}

void *mem_realloc(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);
    if (!q)
        mem_out();
    return q;
}

char *mem_strdup(const char *s)
{
    return mem_strndup(s, strlen(s));
}

char *mem_strndup(const char *p, size_t n)
{
    if (n == SIZE_MAX)
        mem_out();
    char *q = mem_alloc(n + 1);
    if (n)
        memcpy(q, p, n);
    return q;
}

void mem_free(void *p)
{
    free(p);
}

void mem_wipe(void *p, size_t n)
{
    if (n)
        explicit_bzero(p, n);
}

void mem_free_at(void *pp)
{
    void *p;
    memcpy(&p, pp, sizeof(p));
    free(p);
}
