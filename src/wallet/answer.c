#include "wallet/answer.h"
#include "base/text.h"
#include "base/url.h"
#include <stdio.h>

#define URL_MAX ((size_t)2048)

bool answer_is_word(struct str s, size_t max)
{
    if (s.n == 0 || s.n > max)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
            return false;
    }
    return true;
}

bool answer_is_code(struct str s)
{
    if (s.n == 0 || s.n > 40)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!answer_is_word((struct str){s.p + i, 1}, 1) && !strchr("_.-", s.p[i]))
            return false;
    return true;
}

struct str answer_scalar(const struct json *o, const char *const *names)
{
    for (; *names; names++) {
        struct str s = json_get_scalar(o, *names);
        if (!str_absent(s))
            return s;
    }
    return STR_ABSENT;
}

struct str answer_http_code(struct arena *a, int status)
{
    char text[24];
    snprintf(text, sizeof(text), "http_%d", status);
    return arena_copy(a, str_from(text));
}

struct str answer_body_fault(struct str body)
{
    return text_trim(utf8_valid(body) ? body : STR("?")).n ? STR("bad_json") : STR("empty_body");
}

bool answer_page_is_safe(struct str s, bool http_allowed)
{
    struct url u;
    if (s.n > URL_MAX || url_parse(s, &u))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] > 126)
            return false;
    return u.https || http_allowed;
}

struct str answer_payer(struct str s)
{
    if (s.n == 0 || s.n > 20)
        return STR_ABSENT;
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("0123456789*+xX", s.p[i]) || !s.p[i])
            return STR_ABSENT;
    return s;
}
