/* Which posts come from our own page. What the browser says of the post's origin decides first (Sec-Fetch-Site, Origin): no script
 * of another site can forge these. A token in the form, bound to the payment and to a cookie of this browser, covers browsers that
 * say nothing. Where cookies are off there is no token to compare, and only the headers decide: a browser that neither keeps
 * cookies nor tells the origin cannot post. Pure functions, any thread. */
#ifndef KASSA_HTTP_PAGE_CSRF_H
#define KASSA_HTTP_PAGE_CSRF_H

#include "base/box.h"

#define PAGE_COOKIE_LEN 32 /* hex digits of 128 random bits */
#define PAGE_TOKEN_LEN 32

struct page_csrf {
    uint8_t key[KEYRING_DERIVED_LEN];
    char origin[300]; /* of pay_url */
};

void page_csrf_init(struct page_csrf *c, const struct keyring *keys, struct str pay_url);
/* A new cookie's value. */
void page_cookie_new(char out[PAGE_COOKIE_LEN + 1]);
bool page_cookie_valid(struct str cookie);
void page_token(
    const struct page_csrf *c, struct str uuid, struct str cookie, char out[PAGE_TOKEN_LEN + 1]);

struct page_post {
    struct str fetch_site; /* Sec-Fetch-Site; absent: not sent */
    struct str origin;     /* Origin; absent: not sent */
    struct str cookie;     /* absent: none, or not one of ours */
    struct str token;      /* the form's */
};
bool page_post_is_ours(const struct page_csrf *c, struct str uuid, const struct page_post *p);

#endif
