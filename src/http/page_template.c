#include "http/page_template.h"

#include "base/log.h"
#include "base/text.h"
#include "base/url.h"

#define BANGLA_ZERO 0x09E6U
#define WEIGHT_MAX 1000

const char *page_lang_code(enum page_lang lang)
{
    switch (lang) {
    case PAGE_LANG_EN:
        return "en";
    case PAGE_LANG_BN:
        return "bn";
    }
    log_bug(__FILE__, __LINE__, "lang", "a language is one of two");
}

enum err page_lang_parse(struct str s, enum page_lang *ret)
{
    if (!str_is(s, "en") && !str_is(s, "bn"))
        return ERR_SYNTAX;
    *ret = str_is(s, "bn") ? PAGE_LANG_BN : PAGE_LANG_EN;
    return ERR_OK;
}

/* ---- Accept-Language ---- */

/* "0.85" as 850; what is no weight counts nothing. */
static int weight_parse(struct str s)
{
    static const int scales[] = {100, 10, 1};
    if (s.n == 0 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1') || (s.n > 1 && s.p[1] != '.'))
        return 0;
    int weight = s.p[0] == '1' ? WEIGHT_MAX : 0;
    for (size_t i = 2; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return 0;
        weight += (s.p[i] - '0') * scales[i - 2];
    }
    return weight > WEIGHT_MAX ? WEIGHT_MAX : weight;
}

/* One item, "bn-BD;q=0.8". */
static int item_weight(struct str item, const char *language)
{
    size_t end = str_find(item, ';', 0);
    struct str tag = str_trim(str_sub(item, 0, end));
    struct str primary = str_sub(tag, 0, str_find(tag, '-', 0));
    if (!str_ieq(primary, str_from(language)))
        return 0;
    if (end == item.n)
        return WEIGHT_MAX;
    struct str q = str_trim(str_sub(item, end + 1, item.n));
    if (!str_starts(q, STR("q=")) && !str_starts(q, STR("Q=")))
        return 0;
    return weight_parse(str_sub(q, 2, q.n));
}

/* Of two equal weights the earlier counts. */
static bool accept_prefers_bangla(struct str accept)
{
    int en = 0;
    int bn = 0;
    for (size_t at = 0; at < accept.n;) {
        size_t end = str_find(accept, ',', at);
        struct str item = str_sub(accept, at, end);
        int w_en = item_weight(item, "en");
        int w_bn = item_weight(item, "bn");
        if (w_bn > bn && w_bn > en)
            bn = w_bn;
        if (w_en > en && w_en > bn)
            en = w_en;
        at = end + 1;
    }
    return bn > en;
}

enum page_lang page_lang_choose(struct str cookie, struct str kept, struct str accept_language)
{
    enum page_lang lang = PAGE_LANG_EN;
    if (page_lang_parse(cookie, &lang) == ERR_OK || page_lang_parse(kept, &lang) == ERR_OK)
        return lang;
    return accept_prefers_bangla(accept_language) ? PAGE_LANG_BN : PAGE_LANG_EN;
}

void page_digits_add(struct buf *out, enum page_lang lang, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (lang == PAGE_LANG_BN && c >= '0' && c <= '9')
            utf8_add(out, BANGLA_ZERO + (uint32_t)(c - '0'));
        else
            buf_char(out, c);
    }
}

/* ---- addresses ---- */

static bool is_site_path(struct str s)
{
    if (s.n == 0 || s.p[0] != '/' || (s.n > 1 && s.p[1] == '/'))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == '\\' || s.p[i] == 0x7f)
            return false;
    return true;
}

void page_url_add(struct buf *out, struct str url)
{
    struct url parsed;
    bool good = !str_absent(url) && (is_site_path(url) || url_parse(url, &parsed) == ERR_OK);
    html_escape(out, good ? url : STR("#"));
}
