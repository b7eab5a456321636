/* A piece of text that somebody else owns: pointer and length, no NUL promised. p may be NULL only when
 * the text is absent (str_absent), which is not the same as empty. */
#ifndef KASSA_BASE_STR_H
#define KASSA_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_ABSENT ((struct str){NULL, 0})
/* for printf: printf("%.*s", STR_FMT(s)) */
#define STR_FMT(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_from(const char *cstr)
{
    return cstr ? (struct str){cstr, strlen(cstr)} : STR_ABSENT;
}

static inline bool str_absent(struct str s)
{
    return s.p == NULL;
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *cstr)
{
    return str_eq(a, str_from(cstr));
}

/* ASCII letters compare without case. */
bool str_ieq(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Index of the first `c` at or after `from`, or s.n. */
size_t str_find(struct str s, char c, size_t from);
/* Without blanks and tabs at both ends. */
struct str str_trim(struct str s);
struct str str_sub(struct str s, size_t from, size_t to);

#endif
