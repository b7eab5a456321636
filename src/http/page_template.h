/* What the compiled templates (pages.gen.h, from web/pay) stand on: languages, safe addresses, assets. Pure functions. */
#ifndef KASSA_HTTP_PAGE_TEMPLATE_H
#define KASSA_HTTP_PAGE_TEMPLATE_H

#include "base/buf.h"

enum page_lang { PAGE_LANG_EN, PAGE_LANG_BN };

/* "en", "bn" both ways; ERR_SYNTAX. */
const char *page_lang_code(enum page_lang lang);
enum err page_lang_parse(struct str s, enum page_lang *ret) must_check;
/* The browser's own earlier choice (a cookie's value), else the one kept with the payment, else what Accept-Language weighs
 * higher, else English. Any of them may be absent or nonsense. */
enum page_lang page_lang_choose(struct str cookie, struct str kept, struct str accept_language);
/* The text with the language's digits. */
void page_digits_add(struct buf *out, enum page_lang lang, struct str text);

/* An address for a quoted attribute: absolute http or https, or a path of this site; anything else becomes `#`. */
void page_url_add(struct buf *out, struct str url);

struct page_asset {
    struct str name; /* pay.css */
    struct str path; /* /assets/pay.<hash>.css */
    const char *type;
    struct str body;
};

/* Ended by a NULL type. */
extern const struct page_asset page_assets[];

#endif
