/* An accepted address is plain ASCII on the wire, where it is the same address; what a notification may use, a
 * redirect may use. */
#include "base/url.h"
#include "core/validate.h"
#include "fuzz.h"

#define OUT_MAX ((size_t)1 << 20)

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '\\') {
            return false;
        }
    }
    return true;
}

static void check_wire(const struct url *u)
{
    struct buf wire, origin, again_origin;
    struct url again;
    buf_init(&wire, OUT_MAX);
    buf_init(&origin, OUT_MAX);
    buf_init(&again_origin, OUT_MAX);
    url_wire(&wire, u);
    url_origin(&origin, u);
    FUZZ_CHECK(buf_ok(&wire) && is_plain(buf_view(&wire)));
    FUZZ_CHECK(str_find(buf_view(&wire), '#', 0) == wire.n);
    FUZZ_CHECK(url_parse(buf_view(&wire), &again) == ERR_OK);
    FUZZ_CHECK(str_ieq(again.host, u->host) && again.port == u->port && again.https == u->https);
    url_origin(&again_origin, &again);
    FUZZ_CHECK(str_eq(buf_view(&origin), buf_view(&again_origin)));
    buf_clear(&wire);
    buf_clear(&origin);
    buf_clear(&again_origin);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_text(data, size);
    struct url u;
    bool parsed = url_parse(text, &u) == ERR_OK;
    if (parsed) {
        FUZZ_CHECK(u.host.n > 0 && u.port >= 1 && u.port <= 65535);
        FUZZ_CHECK(u.path.n == 0 || u.path.p[0] == '/');
        FUZZ_CHECK(str_find(text, '@', 0) >= (size_t)(u.host.p + u.host.n - text.p));
        check_wire(&u);
    }
    const char *why = NULL;
    if (validate_url(text, true, &why)) {
        FUZZ_CHECK(parsed && url_port_allowed(u.port));
        FUZZ_CHECK(validate_url(text, false, &why));
    } else {
        FUZZ_CHECK(why != NULL);
    }
    struct sockaddr_storage sa;
    (void)!ip_parse(text, &sa);
    return 0;
}
