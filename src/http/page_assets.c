/* What needs no payment: stylesheet, script and icon, the tiny home page, errors. */
#include "http/cabinet.h"
#include "http/page_private.h"
#include "pages.gen.h"

static struct reply *asset_reply(const struct page_asset *asset, const char *cache)
{
    struct reply *r = reply_bytes(200, asset->type, asset->body);
    return reply_header(r, "Cache-Control", str_from(cache));
}

struct reply *page_asset_get(struct request *rq)
{
    for (const struct page_asset *asset = page_assets; asset->type; asset++)
        if (str_eq(asset->path, rq->path))
            return asset_reply(asset, "public, max-age=31536000, immutable");
    return reply_error(rq, ERR_NOT_FOUND);
}

struct reply *page_favicon_get(struct request *rq)
{
    for (const struct page_asset *asset = page_assets; asset->type; asset++)
        if (str_is(asset->name, "icon.svg"))
            return asset_reply(asset, "public, max-age=86400");
    return reply_error(rq, ERR_NOT_FOUND);
}

struct reply *page_robots_get(struct request *rq)
{
    (void)rq;
    return reply_bytes(200, "text/plain; charset=utf-8", STR("User-agent: *\nDisallow: /\n"));
}

static struct reply *html_reply(const struct request *rq, int status, struct buf *html)
{
    struct reply *r = page_secure(rq, reply_html(status, buf_view(html)), NULL);
    buf_clear(html);
    return r;
}

struct reply *page_home_get(struct request *rq)
{
    const struct page_visit *visit = page_visit_new(rq);
    struct buf html;
    if (!visit)
        return reply_error(rq, ERR_LIMIT);
    buf_init(&html, PAGE_HTML_MAX);
    page_home_html(visit->lang, &html);
    return html_reply(rq, 200, &html);
}

/* Before a handler ran there is no visit, but then this is the request's own thread. */
struct reply *page_error(struct request *rq, enum err e)
{
    const struct page_visit *visit = rq->user;
    struct str back = STR_ABSENT;
    char path[UUID_LEN + 2];
    struct buf html;
    if (str_starts(rq->path, STR("/cabinet/api/")))
        return cabinet_error_early(e);
    if (!visit)
        visit = page_visit_new(rq);
    if (visit && visit->uuid[0]) {
        path[0] = '/';
        memcpy(path + 1, visit->uuid, UUID_LEN + 1);
        back = (struct str){path, UUID_LEN + 1};
    }
    buf_init(&html, PAGE_HTML_MAX);
    page_error_html(e, visit ? visit->lang : PAGE_LANG_EN, back, &html);
    return html_reply(rq, err_info(e)->http_status, &html);
}
