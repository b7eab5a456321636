#include "http/server_private.h"

/* A path against a pattern with at most one variable segment "{}", which is never empty and holds no slash, or with "{*}" at its
 * end for the rest of the path. */
static bool path_fits(const char *pattern, struct str path, struct str *ret_param)
{
    struct str p = str_from(pattern);
    const char *hole = strstr(pattern, "{}");
    if (str_ends(p, STR("/{*}"))) {
        struct str before = str_sub(p, 0, p.n - 3);
        *ret_param = str_sub(path, before.n, path.n);
        return path.n > before.n && str_starts(path, before);
    }
    if (!hole) {
        *ret_param = STR_ABSENT;
        return str_eq(p, path);
    }
    struct str before = {pattern, (size_t)(hole - pattern)};
    struct str after = str_from(hole + 2);
    if (path.n <= before.n + after.n || !str_starts(path, before) || !str_ends(path, after))
        return false;
    struct str param = str_sub(path, before.n, path.n - after.n);
    if (str_find(param, '/', 0) != param.n)
        return false;
    *ret_param = param;
    return true;
}

static bool is_variable(const struct route *r)
{
    return strchr(r->path, '{') != NULL;
}

static bool method_fits(const struct route *r, struct str method)
{
    return str_is(method, r->method) || (str_is(method, "HEAD") && strcmp(r->method, "GET") == 0);
}

/* A path that a fixed route names is never a variable route's, whatever the method. */
static bool fixed_names(const struct route *routes, struct str path)
{
    for (const struct route *r = routes; r->method; r++)
        if (!is_variable(r) && str_is(path, r->path))
            return true;
    return false;
}

enum err route_match(const struct route *routes, struct str method, struct str path,
    const struct route **ret_route, struct str *ret_param)
{
    bool fixed = fixed_names(routes, path);
    const struct route *other = NULL;
    struct str param = STR_ABSENT;
    for (const struct route *r = routes; r->method; r++) {
        if (is_variable(r) == fixed || !path_fits(r->path, path, &param))
            continue;
        other = other ? other : r;
        if (!method_fits(r, method))
            continue;
        *ret_route = r;
        *ret_param = param;
        return ERR_OK;
    }
    if (!other)
        return ERR_NOT_FOUND;
    *ret_route = other; /* its kind decides how the refusal looks */
    return ERR_METHOD;
}

void route_allow(const struct route *routes, struct str path, struct buf *out)
{
    bool fixed = fixed_names(routes, path);
    struct str param;
    size_t start = out->n;
    for (const struct route *r = routes; r->method; r++) {
        if (is_variable(r) == fixed || !path_fits(r->path, path, &param))
            continue;
        if (out->n > start)
            buf_cstr(out, ", ");
        buf_cstr(out, r->method);
        if (strcmp(r->method, "GET") == 0)
            buf_cstr(out, ", HEAD");
    }
}
