#include "base/store_path.h"

#include "base/text.h"
#include <string.h>

#define HEX "0123456789abcdefABCDEF"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define PLAIN LETTERS "0123456789-._~"

struct parts {
    struct str user, password; /* absent: not given */
    struct str hosts, database, query;
};

static struct str scheme_of(struct str s)
{
    if (str_starts(s, STR("postgresql://")))
        return STR("postgresql://");
    return str_starts(s, STR("postgres://")) ? STR("postgres://") : STR_ABSENT;
}

bool store_path_is_server(const char *path)
{
    return !str_absent(scheme_of(str_from(path)));
}

/* Only such characters, and percent signs with two digits behind them. */
static bool holds_only(struct str s, const char *more)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            if (i + 2 >= s.n || !strchr(HEX, s.p[i + 1]) || !strchr(HEX, s.p[i + 2]))
                return false;
            i += 2;
        } else if (c == '\0' || (!strchr(PLAIN, c) && !strchr(more, c))) {
            return false;
        }
    }
    return true;
}

static bool port_fits(struct str s)
{
    int64_t port = 0;
    return s.n == 0 || (int64_parse(s, &port) == ERR_OK && port > 0 && port < 65536);
}

/* "host", "host:5432", "[::1]:5432", "" */
static bool host_fits(struct str s)
{
    size_t end = 0;
    if (s.n > 0 && s.p[0] == '[') {
        end = str_find(s, ']', 0);
        if (end == s.n || !holds_only(str_sub(s, 1, end), ":"))
            return false;
        end++;
    } else {
        end = str_find(s, ':', 0);
        if (!holds_only(str_sub(s, 0, end), ""))
            return false;
    }
    return end == s.n || (s.p[end] == ':' && port_fits(str_sub(s, end + 1, s.n)));
}

static bool hosts_fit(struct str s)
{
    for (size_t at = 0; at <= s.n;) {
        size_t end = str_find(s, ',', at);
        if (!host_fits(str_sub(s, at, end)))
            return false;
        at = end + 1;
    }
    return true;
}

static bool query_fits(struct str s)
{
    for (size_t at = 0; at < s.n;) {
        size_t end = str_find(s, '&', at);
        struct str one = str_sub(s, at, end);
        size_t eq = str_find(one, '=', 0);
        if (eq == 0 || eq == one.n || strspn(one.p, LETTERS "_") < eq ||
            !holds_only(str_sub(one, eq + 1, one.n), "/:,@*+!$'();"))
            return false;
        at = end + 1;
    }
    return true;
}

/* False: it is not of the form. */
static bool parts_read(const char *path, struct parts *ret)
{
    struct str s = str_from(path);
    struct str scheme = scheme_of(s);
    struct parts p = {.user = STR_ABSENT, .password = STR_ABSENT};
    s = str_sub(s, scheme.n, s.n);
    size_t query = str_find(s, '?', 0);
    if (query < s.n)
        p.query = str_sub(s, query + 1, s.n);
    s = str_sub(s, 0, query);
    size_t slash = str_find(s, '/', 0);
    if (slash < s.n)
        p.database = str_sub(s, slash + 1, s.n);
    s = str_sub(s, 0, slash);
    size_t at = str_find(s, '@', 0);
    p.hosts = at < s.n ? str_sub(s, at + 1, s.n) : s;
    if (at < s.n) {
        size_t colon = str_find(str_sub(s, 0, at), ':', 0);
        p.user = str_sub(s, 0, colon);
        if (colon < at)
            p.password = str_sub(s, colon + 1, at);
    }
    *ret = p;
    return holds_only(p.user, "") && holds_only(p.password, "!$&'()*+,;=:") && hosts_fit(p.hosts) &&
           holds_only(p.database, "") && query_fits(p.query);
}

enum err store_path_check(const char *path)
{
    struct parts p;
    return parts_read(path, &p) ? ERR_OK : ERR_SYNTAX;
}

bool store_path_has_password(const char *path)
{
    struct parts p;
    if (!store_path_is_server(path))
        return false;
    return !parts_read(path, &p) || !str_absent(p.password) || strstr(path, "password=") != NULL;
}

/* The folder of a server's socket stands in the query. */
static void host_show(struct buf *b, struct str query)
{
    char before = '?';
    for (size_t at = 0; at < query.n;) {
        size_t end = str_find(query, '&', at);
        struct str one = str_sub(query, at, end);
        if (str_starts(one, STR("host=")) || str_starts(one, STR("port=")) ||
            str_starts(one, STR("dbname=")) || str_starts(one, STR("user="))) {
            buf_char(b, before);
            buf_str(b, one);
            before = '&';
        }
        at = end + 1;
    }
}

void store_path_show(struct buf *b, const char *path)
{
    struct parts p;
    if (!store_path_is_server(path)) {
        buf_cstr(b, path);
        return;
    }
    buf_cstr(b, "postgresql://");
    if (!parts_read(path, &p)) {
        buf_cstr(b, "...");
        return;
    }
    if (!str_absent(p.user) && p.user.n > 0)
        buf_printf(b, "%.*s@", STR_FMT(p.user));
    buf_printf(b, "%.*s/%.*s", STR_FMT(p.hosts), STR_FMT(p.database));
    host_show(b, p.query);
}
