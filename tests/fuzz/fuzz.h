/* What the targets share: an input as a text, and a check that ends the program in every build. */
#ifndef KASSA_TESTS_FUZZ_H
#define KASSA_TESTS_FUZZ_H

#include "base/str.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static inline struct str fuzz_text(const uint8_t *data, size_t size)
{
    return size > 0 ? (struct str){(const char *)data, size} : STR("");
}

#endif
