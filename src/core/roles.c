#include "core/roles.h"

#include "base/mem.h"

static const struct {
    const char *text;
    bool operators;
} roles[] = {
#define R(name, operators_) {.text = #name, .operators = (operators_)},
#include "core/roles.def"
};

static const struct {
    const char *text;
    bool may[ROLE_COUNT];
} actions[] = {
#define A(action, ...) {.text = #action, .may = {__VA_ARGS__}},
#include "core/roles.def"
};

bool role_may(enum role r, enum action a)
{
    return actions[a].may[r];
}

bool role_is_operator(enum role r)
{
    return roles[r].operators;
}

const char *role_text(enum role r)
{
    return roles[r].text;
}

enum err role_parse(struct str s, enum role *ret)
{
    for (size_t i = 0; i < array_len(roles); i++) {
        if (str_is(s, roles[i].text)) {
            *ret = (enum role)i;
            return ERR_OK;
        }
    }
    return ERR_SYNTAX;
}

const char *action_text(enum action a)
{
    return actions[a].text;
}
