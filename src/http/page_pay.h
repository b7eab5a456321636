/* The hosted payment page: what a payer sees of a payment, and the wallet's way back. Server-rendered, whole without
 * JavaScript. The handlers below are rows of routes.c, all ROUTE_PAGE; server_options.ctx is a struct gateway. */
#ifndef KASSA_HTTP_PAGE_PAY_H
#define KASSA_HTTP_PAGE_PAY_H

#include "http/gateway.h"
#include "http/server.h"

/* Of the posts' bodies: a form of our own. */
#define PAGE_BODY_MAX ((size_t)4096)

/* The form tokens' key, the counters of the limits, our own origin. `s` outlives it. */
struct pages *pages_new(struct service *s);
void pages_free(struct pages *p);

struct reply *page_get(struct request *rq);                  /* GET /{} */
struct reply *page_wait_get(struct request *rq);             /* GET /{}/wait */
struct reply *page_state_get(struct request *rq);            /* GET /{}/state */
struct reply *page_pay_post(struct request *rq);             /* POST /{}/pay */
struct reply *page_trxid_post(struct request *rq);           /* POST /{}/trxid */
struct reply *page_cancel_post(struct request *rq);          /* POST /{}/cancel */
struct reply *page_language_post(struct request *rq);        /* POST /{}/language */
struct reply *page_bkash_callback_get(struct request *rq);   /* GET /callback/bkash/{} */
struct reply *page_rocket_callback_post(struct request *rq); /* POST /callback/rocket */
struct reply *page_nagad_callback_get(
    struct request *rq); /* GET /callback/nagad/{}, also with a slash behind it */
struct reply *page_asset_get(struct request *rq);   /* GET /assets/{} */
struct reply *page_home_get(struct request *rq);    /* GET / */
struct reply *page_favicon_get(struct request *rq); /* GET /favicon.ico */
struct reply *page_robots_get(struct request *rq);  /* GET /robots.txt */

/* server_options.error_page, for kassad's public listener. */
struct reply *page_error(struct request *rq, enum err e);

#endif
