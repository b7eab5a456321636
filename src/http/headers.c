/* The walk over all headers of a request. libmicrohttpd takes the first of several Content-Length, prefers one of
 * Transfer-Encoding and Content-Length, and does not know a name with a blank in it: each of these lets two programs
 * in a row see different requests in the same bytes, so all are refused here.
 *
 * Version 0.9.75 (Debian 12) also ends the headers at a line that begins with a colon, ends a text at a NUL and a line at
 * a bare CR. No header tells of that, but the library parses in place: each text must begin where the one before it
 * ended, and the last must end where the header section does. Line ends are then CRLF and nothing is folded or hidden.
 * Versions from 1.0 on refuse these themselves. */
#include "base/text.h"
#include "http/server_private.h"
#include <strings.h>

struct walk {
    struct header_facts *facts;
    unsigned seen;      /* bits of `singles` */
    const char *cursor; /* where the next header must begin; NULL: not watched */
    bool gap;           /* it did not */
};

enum single { ONE_ACCOUNT, ONE_SIGN, ONE_HOST, ONE_TYPE, ONE_LENGTH, ONE_ENCODING, ONE_COUNT };

static const struct str singles[ONE_COUNT] = {
    [ONE_ACCOUNT] = {"Account", 7},
    [ONE_SIGN] = {"Sign", 4},
    [ONE_HOST] = {"Host", 4},
    [ONE_TYPE] = {"Content-Type", 12},
    [ONE_LENGTH] = {"Content-Length", 14},
    [ONE_ENCODING] = {"Transfer-Encoding", 17},
};

/* RFC 9110: token. */
static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return s.n > 0;
}

/* Without a branch in the loop, compilers look at many bytes at a time: a signature has hundreds. */
static bool has_control(struct str s)
{
    unsigned char found = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        found |= (unsigned char)(((c < 0x20) & (c != '\t')) | (c == 0x7f));
    }
    return found;
}

static bool length_parse(struct str s, int64_t *ret)
{
    if (s.n < 1 || s.n > 18)
        return false;
    int64_t length = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        length = length * 10 + (s.p[i] - '0');
    }
    *ret = length;
    return true;
}

static void single_take(struct walk *w, enum single which, struct str value)
{
    struct header_facts *f = w->facts;
    if (w->seen & (1U << which))
        f->malformed = true;
    w->seen |= 1U << which;
    if (which == ONE_TYPE)
        f->content_type = str_trim(value);
    if (which == ONE_LENGTH && !length_parse(value, &f->content_length))
        f->malformed = true;
    if (which == ONE_ENCODING) {
        f->chunked = true;
        if (!str_ieq(value, STR("chunked")))
            f->malformed = true;
    }
}

#define VERSION_IN_PLACE "0.9.75"

/* Name, colon, blanks, value, CRLF; the colon and the line end are NULs by now. */
static void place_check(struct walk *w, struct str name, struct str value)
{
    if (!w->cursor || w->gap)
        return;
    if (name.p != w->cursor || value.p <= name.p + name.n) {
        w->gap = true;
        return;
    }
    for (const char *p = name.p + name.n + 1; p < value.p; p++)
        if (*p != ' ' && *p != '\t')
            w->gap = true;
    w->cursor = value.p + value.n + 2;
}

static enum MHD_Result header_take(void *cls, enum MHD_ValueKind kind, const char *key,
    size_t key_n, const char *value, size_t value_n)
{
    (void)kind;
    struct walk *w = cls;
    struct str name = {key ? key : "", key ? key_n : 0};
    struct str text = {value ? value : "", value ? value_n : 0};
    place_check(w, name, text);
    if (!is_token(name) || has_control(text))
        w->facts->malformed = true;
    for (int i = 0; i < ONE_COUNT; i++)
        if (str_ieq(name, singles[i]))
            single_take(w, (enum single)i, text);
    if (str_ieq(name, STR("Expect")))
        w->facts->expect = true;
    if (str_ieq(name, STR("X-Forwarded-For")))
        w->facts->forwarded_for = str_trim(text);
    return MHD_YES;
}

/* True when the request line's texts lie side by side, too. */
static bool line_in_place(const char *method, struct str target, const char *version)
{
    return target.p == method + strlen(method) + 1 && version == target.p + target.n + 1;
}

static bool section_ends(struct MHD_Connection *c, const char *method, const char *cursor)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info && cursor + 2 == method + info->header_size;
}

void headers_walk(struct MHD_Connection *c, const char *method, struct str target,
    const char *version, struct header_facts *ret)
{
    *ret = (struct header_facts){.content_length = -1};
    struct walk w = {.facts = ret};
    bool watched = strcmp(MHD_get_version(), VERSION_IN_PLACE) == 0;
    if (watched)
        w.cursor = version + strlen(version) + 2;
    MHD_get_connection_values_n(c, MHD_HEADER_KIND, header_take, &w);
    if (watched &&
        (w.gap || !line_in_place(method, target, version) || !section_ends(c, method, w.cursor)))
        ret->malformed = true;
    bool has_length = w.seen & (1U << ONE_LENGTH);
    bool old = strcasecmp(version, MHD_HTTP_VERSION_1_0) == 0;
    if (ret->chunked && (has_length || old))
        ret->malformed = true;
    if (!old && !(w.seen & (1U << ONE_HOST)))
        ret->malformed = true;
}

bool content_type_is_json(struct str value)
{
    if (str_absent(value))
        return false;
    return str_ieq(str_trim(str_sub(value, 0, str_find(value, ';', 0))), STR("application/json"));
}
