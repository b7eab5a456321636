#include "core/catalog.h"

#include "base/mem.h"
#include <assert.h>

struct wallet_names {
    const char *code;
    const char *label;
};

static const struct wallet_names wallets[WALLET_COUNT] = {
#define W(name_, code_, label_) [WALLET_##name_] = {.code = (code_), .label = (label_)},
#include "core/catalog.def"
};

static const struct catalog_service services[] = {
#define TAKES(w) .wallets[WALLET_##w] = true
#define S(name_, currency_, ...) {.name = (name_), .currency = (currency_), __VA_ARGS__},
#include "core/catalog.def"
#undef TAKES
};

const struct catalog_service *catalog_service_find(struct str name)
{
    for (size_t i = 0; i < array_len(services); i++) {
        if (str_is(name, services[i].name)) {
            return &services[i];
        }
    }
    return NULL;
}

const struct catalog_service *catalog_service_at(size_t i)
{
    return i < array_len(services) ? &services[i] : NULL;
}

enum err wallet_kind_parse(struct str code, enum wallet_kind *ret)
{
    for (size_t i = 0; i < array_len(wallets); i++) {
        if (str_is(code, wallets[i].code)) {
            *ret = (enum wallet_kind)i;
            return ERR_OK;
        }
    }
    return ERR_SYNTAX;
}

const char *wallet_kind_code(enum wallet_kind w)
{
    assert((unsigned)w < WALLET_COUNT);
    return wallets[w].code;
}

const char *wallet_kind_name(enum wallet_kind w)
{
    assert((unsigned)w < WALLET_COUNT);
    return wallets[w].label;
}
