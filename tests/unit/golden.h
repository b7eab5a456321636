/* Compares what a test printed with a committed file of tests/unit/golden. To change one: read the printed text,
 * judge it, and put it into the file. */
#ifndef KASSA_TESTS_GOLDEN_H
#define KASSA_TESTS_GOLDEN_H

#include "base/buf.h"
#include <stdio.h>

#define GOLDEN_MAX 65536

static inline bool golden_equals(const struct buf *printed, const char *name)
{
    char path[512];
    struct buf want;
    buf_init(&want, GOLDEN_MAX);
    snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, name);
    bool same = buf_read_file(&want, path) == ERR_OK && buf_ok(printed) &&
                str_eq(buf_view(&want), buf_view(printed));
    if (!same) {
        fprintf(stderr, "%s differs; printed was:\n%.*s", path, STR_FMT(buf_view(printed)));
    }
    buf_clear(&want);
    return same;
}

#endif
