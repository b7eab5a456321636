/* The cabinet's roles and what each may do: one table, roles.def. Pure. */
#ifndef KASSA_CORE_ROLES_H
#define KASSA_CORE_ROLES_H

#include "base/err.h"
#include "base/str.h"

enum role {
#define R(name, operators) ROLE_##name,
#include "core/roles.def"
    ROLE_COUNT
};

enum action {
#define A(action, ...) ACTION_##action,
#include "core/roles.def"
    ACTION_COUNT
};

bool role_may(enum role r, enum action a);
/* One of the operator's people; else a merchant's. */
bool role_is_operator(enum role r);
/* "merchant_owner" */
const char *role_text(enum role r);
/* ERR_SYNTAX. */
enum err role_parse(struct str s, enum role *ret) must_check;
/* "payment_see" */
const char *action_text(enum action a);

#endif
