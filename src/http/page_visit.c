#include "base/mem.h"
#include "http/page_private.h"
#include "service/number.h"
#include <inttypes.h>

struct pages *pages_new(struct service *s)
{
    struct pages *p = mem_alloc(sizeof(*p));
    struct str pay_url = str_from(s->config->server_pay_url);
    p->service = s;
    p->https = str_starts(pay_url, STR("https:"));
    page_csrf_init(&p->csrf, s->keys, pay_url);
    p->unknown = page_limit_new(s->config->limits_unknown_pages_per_minute);
    p->posts = page_limit_new(s->config->limits_page_posts_per_minute);
    p->trxids = page_limit_new(s->config->limits_trxids_per_minute);
    p->trxids_from = page_limit_new(s->config->limits_trxids_per_minute * NUMBER_ADDRESS_FACTOR);
    return p;
}

void pages_free(struct pages *p)
{
    if (!p)
        return;
    page_limit_free(p->unknown);
    page_limit_free(p->posts);
    page_limit_free(p->trxids);
    page_limit_free(p->trxids_from);
    mem_wipe(&p->csrf, sizeof(p->csrf));
    mem_free(p);
}

struct page_visit *page_visit_new(struct request *rq)
{
    struct page_visit *visit = arena_alloc(&rq->arena, sizeof(*visit));
    if (!visit)
        return NULL;
    struct str cookie = request_cookie(rq, PAGE_COOKIE);
    visit->pages = ((struct gateway *)rq->ctx)->pages;
    if (page_cookie_valid(cookie))
        memcpy(visit->cookie, cookie.p, PAGE_COOKIE_LEN);
    visit->cookie_lang = arena_copy(&rq->arena, request_cookie(rq, PAGE_LANG_COOKIE));
    visit->accept_lang = arena_copy(&rq->arena, request_header(rq, "Accept-Language"));
    visit->lang = page_lang_choose(visit->cookie_lang, STR_ABSENT, visit->accept_lang);
    rq->user = visit;
    return visit;
}

enum err page_unknown(struct request *rq)
{
    struct page_visit *visit = rq->user;
    uint8_t key[PAGE_LIMIT_KEY_LEN];
    page_limit_address_key(str_from(rq->client_ip), key);
    return page_limit_take(visit->pages->unknown, key, clock_mono_ms()) ? ERR_NO_ROW : ERR_RATE;
}

/* Of our own links and redirects. Who typed a TrxID, and is told that it is wrong, goes on there. */
static enum page_way way_wanted(struct str query)
{
    if (str_absent(query))
        return PAGE_WAY_NONE;
    if (str_is(query, "way=checkout"))
        return PAGE_WAY_CHECKOUT;
    return str_is(query, "way=number") || str_starts(query, STR("trx=")) ? PAGE_WAY_NUMBER
                                                                         : PAGE_WAY_NONE;
}

/* Known payments are always shown, also to an address that is over the limit: a mobile operator's customers share few
 * addresses, and 122 random bits are found by nobody. */
enum err page_visit_load(struct request *rq, struct page_view *ret)
{
    struct page_visit *visit = page_visit_new(rq);
    uint8_t raw[16];
    if (!visit)
        return ERR_LIMIT;
    if (uuid_parse(rq->param, raw) != ERR_OK)
        return page_unknown(rq);
    char uuid[UUID_LEN + 1];
    uuid_format(raw, uuid);
    visit->way = way_wanted(rq->query);
    enum err e =
        checkout_page_load(visit->pages->service, &rq->arena, str_from(uuid), visit->way, ret);
    if (e == ERR_NO_ROW)
        return page_unknown(rq);
    if (e != ERR_OK)
        return e;
    memcpy(visit->uuid, uuid, sizeof(uuid));
    visit->lang = page_lang_choose(visit->cookie_lang, ret->payment.language, visit->accept_lang);
    return ERR_OK;
}

struct reply *page_secure(const struct request *rq, struct reply *r, const struct page_view *v)
{
    const struct gateway *g = rq->ctx;
    struct buf csp;
    buf_init(&csp, PAGE_CSP_MAX);
    page_csp(v, &csp);
    reply_header(r, "Content-Security-Policy", buf_view(&csp));
    buf_clear(&csp);
    reply_header(r, "X-Frame-Options", STR("DENY"));
    /* With no-referrer our own posts would carry `Origin: null`. */
    reply_header(r, "Referrer-Policy", STR("same-origin"));
    reply_header(r, "Cross-Origin-Opener-Policy", STR("same-origin"));
    reply_header(r, "Cross-Origin-Resource-Policy", STR("same-origin"));
    reply_header(r, "Permissions-Policy",
        STR("camera=(), geolocation=(), microphone=(), payment=(), usb=()"));
    reply_header(r, "Cache-Control", STR("no-store"));
    if (g->pages->https)
        reply_header(r, "Strict-Transport-Security", STR("max-age=31536000"));
    return r;
}

struct reply *page_go(struct request *rq, const char *rest)
{
    const struct page_visit *visit = rq->user;
    struct buf to;
    buf_init(&to, 128);
    buf_char(&to, '/');
    buf_cstr(&to, visit->uuid);
    buf_cstr(&to, rest);
    struct reply *r = page_secure(rq, reply_redirect(303, buf_view(&to)), NULL);
    buf_clear(&to);
    return r;
}

void page_cookie_set(
    const struct pages *p, struct reply *r, const char *name, const char *value, int64_t max_age_s)
{
    struct buf b;
    buf_init(&b, 256);
    buf_printf(
        &b, "%s=%s; Path=/; HttpOnly; SameSite=Lax%s", name, value, p->https ? "; Secure" : "");
    if (max_age_s > 0)
        buf_printf(&b, "; Max-Age=%" PRId64, max_age_s);
    reply_header(r, "Set-Cookie", buf_view(&b));
    buf_clear(&b);
}
