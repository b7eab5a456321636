#include "http/cabinet_files.h"

#include "base/text.h"
#include "http/gateway.h"
#include "http/page_private.h"

/* Nothing inline, nothing from elsewhere, nobody's frame; no string becomes HTML or a script. */
#define CABINET_CSP                                                                                \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "        \
    "'self'; "                                                                                     \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for "      \
    "'script'; trusted-types 'none'"

static const char *const coding_names[CODING_COUNT] = {
    [CODING_NONE] = "identity",
    [CODING_GZIP] = "gzip",
    [CODING_BR] = "br",
};

/* "q=0", "q=0.0", "q=0.000": never. */
static bool weight_is_zero(struct str parameters)
{
    struct str q = str_trim(parameters);
    if (q.n < 3 || (q.p[0] != 'q' && q.p[0] != 'Q') || q.p[1] != '=')
        return false;
    for (size_t i = 2; i < q.n; i++)
        if (q.p[i] != '0' && q.p[i] != '.')
            return false;
    return true;
}

enum coding coding_choose(struct str accept)
{
    bool taken[CODING_COUNT] = {[CODING_NONE] = true};
    for (size_t at = 0; at < accept.n;) {
        size_t end = str_find(accept, ',', at);
        struct str item = str_sub(accept, at, end);
        size_t semicolon = str_find(item, ';', 0);
        struct str name = str_trim(str_sub(item, 0, semicolon));
        bool refused = semicolon < item.n && weight_is_zero(str_sub(item, semicolon + 1, item.n));
        for (int c = CODING_GZIP; c < CODING_COUNT; c++)
            if (str_ieq(name, str_from(coding_names[c])))
                taken[c] = !refused;
        at = end + 1;
    }
    if (taken[CODING_BR])
        return CODING_BR;
    return taken[CODING_GZIP] ? CODING_GZIP : CODING_NONE;
}

static struct reply *file_reply(
    const struct request *rq, const struct cabinet_file *f, const char *cache)
{
    const struct gateway *g = rq->ctx;
    enum coding coding = coding_choose(request_header(rq, "Accept-Encoding"));
    while (str_absent(f->body[coding]))
        coding--;
    struct reply *r = reply_static(200, f->type, f->body[coding]);
    if (coding != CODING_NONE)
        reply_header(r, "Content-Encoding", str_from(coding_names[coding]));
    reply_header(r, "Vary", STR("Accept-Encoding"));
    reply_header(r, "Cache-Control", str_from(cache));
    reply_header(r, "Content-Security-Policy", STR(CABINET_CSP));
    reply_header(r, "Cross-Origin-Resource-Policy", STR("same-origin"));
    if (g->pages->https)
        reply_header(r, "Strict-Transport-Security", STR("max-age=31536000"));
    return r;
}

struct reply *cabinet_page_get(struct request *rq)
{
    struct reply *r = file_reply(rq, &cabinet_page, "no-store");
    reply_header(r, "X-Frame-Options", STR("DENY"));
    reply_header(r, "Referrer-Policy", STR("same-origin"));
    reply_header(r, "Cross-Origin-Opener-Policy", STR("same-origin"));
    return reply_header(r, "Permissions-Policy",
        STR("camera=(), geolocation=(), microphone=(), payment=(), usb=()"));
}

struct reply *cabinet_file_get(struct request *rq)
{
    for (const struct cabinet_file *f = cabinet_files; f->path; f++)
        if (str_is(rq->path, f->path))
            return file_reply(rq, f, "public, max-age=31536000, immutable");
    return reply_error(rq, ERR_NOT_FOUND);
}
