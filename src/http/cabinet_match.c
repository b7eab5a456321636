#include "http/cabinet_private.h"

const struct cabinet_route cabinet_routes[] = {
#define C(method_, path_, who_, scope_, handler)                                                   \
    {.method = #method_,                                                                           \
        .path = (path_),                                                                           \
        .who = WHO_##who_,                                                                         \
        .scope = SCOPE_##scope_,                                                                   \
        .handle = (handler)},
#include "http/cabinet_routes.def"
    {0},
};

/* The next segment of a path that begins with '/'. */
static bool segment_next(struct str *path, struct str *ret)
{
    if (path->n == 0 || path->p[0] != '/')
        return false;
    size_t end = str_find(*path, '/', 1);
    *ret = str_sub(*path, 1, end);
    *path = str_sub(*path, end, path->n);
    return true;
}

static bool path_fits(const char *pattern, struct str path, struct str ids[], int *ret_count)
{
    struct str p = str_from(pattern), want, have;
    int n = 0;
    while (segment_next(&p, &want)) {
        if (!segment_next(&path, &have) || have.n == 0)
            return false;
        if (!str_is(want, "{}")) {
            if (!str_eq(want, have))
                return false;
        } else if (n < CABINET_IDS_MAX) {
            ids[n++] = have;
        }
    }
    *ret_count = n;
    return path.n == 0;
}

static bool method_fits(const char *method, struct str asked)
{
    return str_is(asked, method) || (str_is(asked, "HEAD") && strcmp(method, "GET") == 0);
}

/* Without {} before with it; whatever the method, so that "/people/x" never hides "/people/invite". */
enum cabinet_error cabinet_match(struct cabinet_call *c, struct str method, struct str path)
{
    bool path_known = false;
    for (int variable = 0; variable < 2 && !path_known; variable++) {
        for (const struct cabinet_route *r = cabinet_routes; r->method; r++) {
            if ((strstr(r->path, "{}") != NULL) != variable ||
                !path_fits(r->path, path, c->ids, &c->id_count))
                continue;
            path_known = true;
            if (!method_fits(r->method, method))
                continue;
            c->route = r;
            return CABINET_ERROR_COUNT;
        }
    }
    return path_known ? CABINET_method_invalid : CABINET_not_found;
}
