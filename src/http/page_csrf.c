#include "http/page_csrf.h"

#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"

void page_csrf_init(struct page_csrf *c, const struct keyring *keys, struct str pay_url)
{
    struct url url;
    struct buf b;
    keyring_derive(keys, "page.form", c->key);
    ensure(url_parse(pay_url, &url) == ERR_OK, "the configuration was checked");
    buf_init(&b, sizeof(c->origin) - 1);
    url_origin(&b, &url);
    ensure(buf_ok(&b), "a host's name is short");
    memcpy(c->origin, b.p, b.n + 1);
    buf_clear(&b);
}

static void hex_text(const uint8_t *p, size_t n, char *out)
{
    struct buf b;
    buf_init(&b, 2 * n);
    hex_encode(&b, p, n);
    memcpy(out, b.p, 2 * n + 1);
    buf_clear(&b);
}

void page_cookie_new(char out[PAGE_COOKIE_LEN + 1])
{
    uint8_t raw[PAGE_COOKIE_LEN / 2];
    random_bytes(raw, sizeof(raw));
    hex_text(raw, sizeof(raw), out);
}

bool page_cookie_valid(struct str cookie)
{
    uint8_t raw[PAGE_COOKIE_LEN / 2];
    return hex_decode(cookie, raw, sizeof(raw)) == ERR_OK;
}

void page_token(
    const struct page_csrf *c, struct str uuid, struct str cookie, char out[PAGE_TOKEN_LEN + 1])
{
    uint8_t mac[SHA256_LEN];
    struct buf text;
    buf_init(&text, UUID_LEN + 1 + PAGE_COOKIE_LEN);
    buf_str(&text, uuid);
    buf_char(&text, ' ');
    buf_str(&text, cookie);
    ensure(buf_ok(&text), "uuid and cookie have their lengths");
    hmac_sha256((struct str){(const char *)c->key, sizeof(c->key)}, buf_view(&text), mac);
    hex_text(mac, PAGE_TOKEN_LEN / 2, out);
    buf_clear(&text);
}

static bool token_fits(const struct page_csrf *c, struct str uuid, const struct page_post *p)
{
    char want[PAGE_TOKEN_LEN + 1];
    page_token(c, uuid, p->cookie, want);
    return p->token.n == PAGE_TOKEN_LEN && mem_eq_const_time(p->token.p, want, PAGE_TOKEN_LEN);
}

bool page_post_is_ours(const struct page_csrf *c, struct str uuid, const struct page_post *p)
{
    bool same_origin = str_is(p->fetch_site, "same-origin");
    bool has_origin = !str_absent(p->origin) && !str_is(p->origin, "null");
    bool own_origin = has_origin && str_ieq(p->origin, str_from(c->origin));
    if (!str_absent(p->fetch_site) && !same_origin && !str_is(p->fetch_site, "none"))
        return false;
    if (has_origin && !own_origin)
        return false;
    if (str_is(p->origin, "null") && !same_origin)
        return false;
    if (!str_absent(p->cookie))
        return token_fits(c, uuid, p);
    return same_origin || own_origin;
}
