/* What the payment page's files share; the webhook counts its strangers with it. Nobody else includes it. */
#ifndef KASSA_HTTP_PAGE_PRIVATE_H
#define KASSA_HTTP_PAGE_PRIVATE_H

#include "base/text.h"
#include "http/page_csrf.h"
#include "http/page_limit.h"
#include "http/page_pay.h"
#include "http/page_render.h"

struct pages {
    struct service *service;
    struct page_csrf csrf;
    struct page_limit *unknown;              /* by address */
    struct page_limit *posts;                /* by payment */
    struct page_limit *trxids, *trxids_from; /* by payment, by address */
    bool https;                              /* payers come by https: cookies are Secure */
};

/* A request to the page, as rq->user: what is needed of its headers also after it was parked. */
struct page_visit {
    struct pages *pages;
    char uuid[UUID_LEN + 1];          /* "" until known */
    char cookie[PAGE_COOKIE_LEN + 1]; /* "" when the browser sent none */
    enum page_lang lang;
    enum page_way way;                   /* that the address names */
    struct str cookie_lang, accept_lang; /* until the payment's own is known */
};

/* Reads the headers; only in the handler's call. */
struct page_visit *page_visit_new(struct request *rq);
/* The payment of the path and what its page shows. ERR_NO_ROW, or ERR_RATE when this address asked for too many unknown ones. */
enum err page_visit_load(struct request *rq, struct page_view *ret) must_check;
/* An address that names nothing was asked for: ERR_NO_ROW, or ERR_RATE when it was one too many. */
enum err page_unknown(struct request *rq);

/* Adds the headers that every page has; `v` may be NULL. Returns r. */
struct reply *page_secure(const struct request *rq, struct reply *r, const struct page_view *v);
/* 303 to the payment of the visit: "/{uuid}" and `rest`. */
struct reply *page_go(struct request *rq, const char *rest);
/* Sets a cookie of this site. */
void page_cookie_set(
    const struct pages *p, struct reply *r, const char *name, const char *value, int64_t max_age_s);

#define PAGE_COOKIE "kassa_page"
#define PAGE_LANG_COOKIE "kassa_lang"

#endif
