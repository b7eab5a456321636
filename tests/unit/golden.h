/* Compares what a test printed with a committed file. To change one: read the printed text, judge it, and put it
 * into the file. */
#ifndef KASSA_TESTS_GOLDEN_H
#define KASSA_TESTS_GOLDEN_H

#include "base/buf.h"
#include <stdio.h>

#define GOLDEN_MAX 65536
#define GOLDEN(name) KASSA_SOURCE "/tests/unit/golden/" name

static inline bool golden_equals(const struct buf *printed, const char *path)
{
    struct buf want;
    buf_init(&want, GOLDEN_MAX);
    bool same = buf_read_file(&want, path) == ERR_OK && buf_ok(printed) &&
                str_eq(buf_view(&want), buf_view(printed));
    if (!same) {
        fprintf(stderr, "%s differs; printed was:\n%.*s", path, STR_FMT(buf_view(printed)));
    }
    buf_clear(&want);
    return same;
}

#endif
