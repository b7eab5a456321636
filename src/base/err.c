#include "base/err.h"
#include "base/mem.h"
#include <assert.h>

static const struct err_info infos[] = {
#define E(name_, status_, class_, key_, text_)                                                     \
    [ERR_##name_] = {.name = #name_,                                                               \
        .http_status = (status_),                                                                  \
        .cls = ERR_CLASS_##class_,                                                                 \
        .key = (key_),                                                                             \
        .text = (text_)},
#include "base/err.def"
#undef E
};

static_assert(array_len(infos) == ERR_COUNT, "every error has its row");

const struct err_info *err_info(enum err e)
{
    assert((unsigned)e < ERR_COUNT);
    return &infos[e];
}

const char *err_name(enum err e)
{
    return err_info(e)->name;
}
