/* A byte buffer that grows up to a cap. Writing beyond the cap sets `overflowed` and changes nothing; the
 * writer checks once, at the end, with buf_ok. Never holds a partial item: each call adds all or nothing. */
#ifndef KASSA_BASE_BUF_H
#define KASSA_BASE_BUF_H

#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

struct buf {
    char *p; /* NUL behind n bytes whenever p is set */
    size_t n;
    size_t cap;
    size_t max;
    bool overflowed;
};

void buf_init(struct buf *b, size_t max);
/* The same, with room for `room` bytes from the start, so that a text of a known size is written without growing. */
void buf_init_room(struct buf *b, size_t max, size_t room);
void buf_clear(struct buf *b); /* frees; the buffer may be used again with the same cap */
void buf_wipe(struct buf *b);  /* overwrites, then frees: for secrets */
void buf_reset(struct buf *b); /* empties, keeps the memory */

void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_cstr(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_int(struct buf *b, int64_t i);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

bool buf_ok(const struct buf *b);
struct str buf_view(const struct buf *b); /* valid until the next change; never absent */
/* Gives the memory (NUL-ended) to the caller, who frees it with mem_free; the buffer is empty then. */
char *buf_take(struct buf *b, size_t *ret_n);

/* The whole file, at most b->max bytes. ERR_IO, ERR_LIMIT. */
enum err buf_read_file(struct buf *b, const char *path) must_check;
/* Writes a new file with `mode`, fsynced, renamed into place. ERR_IO. */
enum err buf_write_file(const struct buf *b, const char *path, unsigned mode) must_check;

#endif
