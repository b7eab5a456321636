#include "base/buf.h"
#include "base/mem.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAP_MIN ((size_t)256)

void buf_init(struct buf *b, size_t max)
{
    assert(max < SIZE_MAX / 2);
    *b = (struct buf){.max = max};
}

void buf_clear(struct buf *b)
{
    mem_free(b->p);
    buf_init(b, b->max);
}

void buf_init_room(struct buf *b, size_t max, size_t room)
{
    assert(room <= max);
    buf_init(b, max);
    b->cap = room + 1;
    b->p = mem_alloc_raw(b->cap);
    b->p[0] = '\0';
}

void buf_wipe(struct buf *b)
{
    mem_wipe(b->p, b->cap);
    buf_clear(b);
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->overflowed = false;
    if (b->p)
        b->p[0] = '\0';
}

/* Room for `more` bytes and the NUL, which the caller writes. Wipes the old memory: a secret leaves no copies behind. */
static bool buf_reserve(struct buf *b, size_t more)
{
    if (b->overflowed || more > b->max - b->n) {
        b->overflowed = true;
        return false;
    }
    size_t need = b->n + more + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap < CAP_MIN ? CAP_MIN : b->cap * 2;
    if (cap > b->max + 1)
        cap = b->max + 1;
    if (cap < need)
        cap = need;
    char *p = mem_alloc_raw(cap);
    if (b->p) {
        memcpy(p, b->p, b->n);
        mem_wipe(b->p, b->cap);
        mem_free(b->p);
    }
    b->p = p;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    if (!buf_reserve(b, n))
        return;
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void buf_str(struct buf *b, struct str s)
{
    buf_add(b, s.p, s.n);
}

void buf_cstr(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
    if (!buf_reserve(b, 1))
        return;
    b->p[b->n++] = c;
    b->p[b->n] = '\0';
}

void buf_int(struct buf *b, int64_t i)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;
    do {
        digits[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (i < 0)
        digits[--at] = '-';
    buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    assert(len >= 0);
    size_t n = (size_t)len;
    if (!buf_reserve(b, n))
        return;
    va_start(ap, fmt);
    len = vsnprintf(b->p + b->n, n + 1, fmt, ap);
    va_end(ap);
    assert(len >= 0 && (size_t)len == n);
    b->n += n;
}

bool buf_ok(const struct buf *b)
{
    return !b->overflowed;
}

struct str buf_view(const struct buf *b)
{
    return (struct str){b->p ? b->p : "", b->n};
}

char *buf_take(struct buf *b, size_t *ret_n)
{
    char *p = b->p ? b->p : mem_alloc(1);
    if (ret_n)
        *ret_n = b->n;
    buf_init(b, b->max);
    return p;
}

static void fd_close_at(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* Reads to the end of the file behind what `b` holds. */
static enum err read_all(struct buf *b, int fd)
{
    for (;;) {
        char chunk[4096];
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR)
            continue;
        if (got > 0)
            buf_add(b, chunk, (size_t)got);
        mem_wipe(chunk, sizeof(chunk));
        if (got < 0)
            return ERR_IO;
        if (!buf_ok(b))
            return ERR_LIMIT;
        if (got == 0)
            return ERR_OK;
    }
}

enum err buf_read_file(struct buf *b, const char *path)
{
    cleanup(fd_close_at) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    struct buf content;
    buf_init(&content, b->max);
    enum err e = read_all(&content, fd);
    if (e) {
        buf_wipe(&content);
        return e;
    }
    buf_wipe(b);
    *b = content;
    return ERR_OK;
}

static bool write_all(int fd, struct str s)
{
    while (s.n) {
        ssize_t done = write(fd, s.p, s.n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        s = str_sub(s, (size_t)done, s.n);
    }
    return true;
}

/* The rename is durable only when the directory is. */
static bool dir_sync(const char *path)
{
    size_t n = strlen(path);
    while (n && path[n - 1] != '/')
        n--;
    cleanup(mem_free_at) char *dir = n ? mem_strndup(path, n) : mem_strdup(".");
    cleanup(fd_close_at) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

enum err buf_write_file(const struct buf *b, const char *path, unsigned mode)
{
    struct buf temp;
    buf_init(&temp, 4096);
    buf_cstr(&temp, path);
    buf_cstr(&temp, ".XXXXXX");
    if (!buf_ok(&temp)) {
        buf_clear(&temp);
        return ERR_IO;
    }
    cleanup(mem_free_at) char *temp_path = buf_take(&temp, NULL);
    int fd = mkostemp(temp_path, O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    bool ok = fchmod(fd, (mode_t)mode) == 0 && write_all(fd, buf_view(b)) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && rename(temp_path, path) == 0;
    if (!ok) {
        unlink(temp_path);
        return ERR_IO;
    }
    return dir_sync(path) ? ERR_OK : ERR_IO;
}
