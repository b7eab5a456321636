/* What a payer reads: the payment's page, the waiting page, the script's state. */
#include "http/page_pay.h"

#include "base/mem.h"
#include "http/page_private.h"
#include "service/funnel.h"

/* Of our own redirect; whatever else stands there is nothing. */
static enum page_trx trx_of(struct str query)
{
    static const char *const words[] = {[PAGE_TRX_MALFORMED] = "trx=malformed",
        [PAGE_TRX_PAYER] = "trx=payer",
        [PAGE_TRX_LOOK] = "trx=look",
        [PAGE_TRX_UNUSABLE] = "trx=unusable",
        [PAGE_TRX_MANY] = "trx=many"};
    for (size_t i = PAGE_TRX_MALFORMED; i < array_len(words); i++)
        if (!str_absent(query) && str_is(query, words[i]))
            return (enum page_trx)i;
    return PAGE_TRX_OK;
}

static struct reply *page_reply(struct request *rq, const struct page_view *v, bool on_wait)
{
    struct page_visit *visit = rq->user;
    struct pages *p = visit->pages;
    char token[PAGE_TOKEN_LEN + 1];
    struct buf html;
    bool new_cookie = visit->cookie[0] == 0;
    if (new_cookie)
        page_cookie_new(visit->cookie);
    page_token(&p->csrf, str_from(visit->uuid), str_from(visit->cookie), token);
    struct page_options o = {.lang = visit->lang,
        .token = str_from(token),
        .on_wait = on_wait,
        .way = visit->way,
        .trx = trx_of(rq->query)};
    buf_init_room(&html, PAGE_HTML_MAX, PAGE_HTML_USUAL);
    page_pay_html(v, &o, &rq->arena, &html);
    if (!buf_ok(&html)) {
        buf_clear(&html);
        return reply_error(rq, ERR_INTERNAL);
    }
    struct reply *r = page_secure(rq, reply_html_take(200, &html), v);
    reply_header(r, "Vary", STR("Accept-Language, Cookie"));
    if (new_cookie)
        page_cookie_set(p, r, PAGE_COOKIE, visit->cookie, 0);
    return r;
}

struct reply *page_get(struct request *rq)
{
    struct page_view v;
    enum err e = page_visit_load(rq, &v);
    if (e != ERR_OK)
        return reply_error(rq, e);
    const struct page_visit *visit = rq->user;
    if (v.stage == PAGE_OPEN)
        funnel_opened(visit->pages->service->funnel, v.payment.id);
    return page_reply(rq, &v, false);
}

/* Shown between the press of pay and the wallet; whatever else the payment is, its own page shows. */
struct reply *page_wait_get(struct request *rq)
{
    struct page_view v;
    enum err e = page_visit_load(rq, &v);
    if (e != ERR_OK)
        return reply_error(rq, e);
    if (v.stage != PAGE_WAITING && v.stage != PAGE_AT_WALLET)
        return page_go(rq, "");
    return page_reply(rq, &v, true);
}

struct reply *page_state_get(struct request *rq)
{
    struct page_view v;
    struct buf json;
    enum err e = page_visit_load(rq, &v);
    if (e != ERR_OK)
        return reply_error(rq, e);
    buf_init(&json, PAGE_HTML_MAX);
    page_state_json(&v, &json);
    struct reply *r = page_secure(rq, reply_json(200, buf_view(&json)), NULL);
    buf_clear(&json);
    return r;
}
