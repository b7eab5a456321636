/* From a payment's facts to the bytes of its page. Pure: no clock, no store, no request. */
#ifndef KASSA_HTTP_PAGE_RENDER_H
#define KASSA_HTTP_PAGE_RENDER_H

#include "http/page_template.h"
#include "service/checkout.h"

#define PAGE_HTML_MAX ((size_t)128 * 1024)
#define PAGE_HTML_USUAL                                                                            \
    ((size_t)16 *                                                                                  \
        1024) /* no stage of the page is longer in either language, with texts of usual length */
#define PAGE_CSP_MAX ((size_t)2048)

enum page_trx {
    PAGE_TRX_OK,
    PAGE_TRX_MALFORMED,
    PAGE_TRX_PAYER,
    PAGE_TRX_LOOK,
    PAGE_TRX_UNUSABLE,
    PAGE_TRX_MANY
};

struct page_options {
    enum page_lang lang;
    struct str token;  /* of the forms */
    enum page_way way; /* that the payer chose */
    enum page_trx trx; /* what was wrong with what was typed */
    bool on_wait; /* the waiting page, which leaves for the wallet by itself; /{uuid} never does */
};

/* "open", "waiting", "at_wallet", "confirming", "paid", "cancelled", "failed", "expired" */
const char *page_stage_code(enum page_stage stage);
bool page_stage_is_final(enum page_stage stage);
/* Appends the page's HTML; `a` holds texts made for it. */
void page_pay_html(
    const struct page_view *v, const struct page_options *o, struct arena *a, struct buf *out);
/* Appends the script's JSON: stage, version, tag (changes when the page would), wallet_url, seconds_left. */
void page_state_json(const struct page_view *v, struct buf *out);
/* Appends the Content-Security-Policy; NULL for a page without a payment. The return form posts to the merchant, so the
 * origins of the payment's return addresses are named from its first page on: the end may be shown without a new load. */
void page_csp(const struct page_view *v, struct buf *out);
/* Appends the page of an error; `back` is the payment's path, absent where there is none. */
void page_error_html(enum err e, enum page_lang lang, struct str back, struct buf *out);
void page_home_html(enum page_lang lang, struct buf *out);

#endif
