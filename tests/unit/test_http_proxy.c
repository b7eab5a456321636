#include "base/log.h"
#include "base/mem.h"
#include "http/server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "http_client.h"

static struct reply *handle_who(struct request *rq)
{
    char text[64];
    snprintf(text, sizeof(text), "[%s]", rq->client_ip);
    return reply_bytes(200, "text/plain", str_from(text));
}

static const struct route routes[] = {
    {"GET", "/who", ROUTE_PLAIN, 0, handle_who},
    {0},
};

static enum err proxied_start(const char *trusted_proxy, struct buf *why, struct server **ret)
{
    struct server_options o = {.listen = STR("127.0.0.1:0"),
        .routes = routes,
        .threads = 1,
        .connections_max = 10,
        .connection_memory = 8192,
        .idle_timeout_s = 20,
        .trusted_proxy = str_from(trusted_proxy)};
    return server_start(&o, why, ret);
}

static void assert_client(struct server *s, const char *headers, const char *client)
{
    char text[300], expected[64];
    snprintf(text, sizeof(text), "GET /who HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", headers);
    snprintf(expected, sizeof(expected), "[%s]", client);
    struct client c = client_talk(server_port(s), str_from(text));
    if (!client_has(&c, expected))
        fail_msg("%s is not %s: %.*s", headers, client, STR_FMT(buf_view(&c.in)));
    client_end(&c);
}

static void the_trusted_proxy_names_the_client_by_the_last_entry(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"X-Forwarded-For: 6.6.6.6, 203.0.113.9", "203.0.113.9"},
        {"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 2001:db8::1", "2001:db8::1"},
        {"X-Forwarded-For: <script>", "127.0.0.1"},
        {"X-Forwarded-For: 2001:DB8:0:0::0001", "2001:db8::1"},
        {"X-Forwarded-For: ::ffff:203.0.113.9", "203.0.113.9"},
        {"X-Forwarded-For: ::FFFF:cb00:7109", "203.0.113.9"},
        {"X-Forwarded-For: 6.6.6.6, 203.0.113.9:5678", "203.0.113.9"},
        {"X-Forwarded-For: [2001:DB8::1]:443", "2001:db8::1"},
        {"X-Forwarded-For: [2001:db8::1]", "2001:db8::1"},
        {"X-Forwarded-For: [::ffff:203.0.113.9]:1", "203.0.113.9"},
        {"X-Forwarded-For: 203.0.113.9:", "127.0.0.1"},
        {"X-Forwarded-For: 203.0.113.9:http", "127.0.0.1"},
        {"X-Forwarded-For: 203.0.113.9:123456", "127.0.0.1"},
        {"X-Forwarded-For: [203.0.113.9]:80", "127.0.0.1"},
        {"X-Forwarded-For: [2001:db8::1", "127.0.0.1"},
        {"X-Forwarded-For: [2001:db8::1]443", "127.0.0.1"},
        {"X-Forwarded-For: []:443", "127.0.0.1"},
        {"X-Forwarded-For: 6.6.6.6,", "127.0.0.1"},
    };
    struct buf why;
    struct server *s = NULL;
    buf_init(&why, 1000);
    assert_int_equal(proxied_start("127.0.0.1", &why, &s), ERR_OK);
    for (size_t i = 0; i < array_len(cases); i++)
        assert_client(s, cases[i][0], cases[i][1]);
    server_stop(s, 1000);
    buf_clear(&why);
}

static void trusted_proxies_are_addresses_and_not_spellings(void **state)
{
    (void)state;
    struct buf why;
    struct server *s = NULL;
    buf_init(&why, 1000);
    assert_int_equal(proxied_start("::ffff:127.0.0.1", &why, &s), ERR_OK);
    assert_client(s, "X-Forwarded-For: 203.0.113.9", "203.0.113.9");
    server_stop(s, 1000);
    assert_int_equal(proxied_start("127.0.0.2", &why, &s), ERR_OK);
    assert_client(s, "X-Forwarded-For: 203.0.113.9", "127.0.0.1");
    server_stop(s, 1000);
    assert_int_equal(proxied_start("10.0.0.21, 127.0.0.1", &why, &s), ERR_OK);
    assert_client(s, "X-Forwarded-For: 203.0.113.9", "203.0.113.9");
    server_stop(s, 1000);
    assert_int_equal(proxied_start("127.0.0.1,", &why, &s), ERR_OK);
    assert_client(s, "X-Forwarded-For: 203.0.113.9", "203.0.113.9");
    server_stop(s, 1000);
    assert_int_equal(proxied_start("127.0.0.2,127.0.0.11", &why, &s), ERR_OK);
    assert_client(s, "X-Forwarded-For: 203.0.113.9", "127.0.0.1");
    server_stop(s, 1000);
    assert_int_equal(proxied_start("127.0.0.1,proxy.local", &why, &s), ERR_CONFIG);
    assert_int_equal(proxied_start("127.0.0.1,,127.0.0.2", &why, &s), ERR_CONFIG);
    assert_int_equal(proxied_start("proxy.local", &why, &s), ERR_CONFIG);
    assert_non_null(memmem(why.p, why.n, "trusted_proxy", 13));
    buf_clear(&why);
}

int main(void)
{
    static struct clock clock;
    clock_init(&clock);
    log_init(&clock, LOG_LEVEL_ALARM, 2);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trusted_proxy_names_the_client_by_the_last_entry),
        cmocka_unit_test(trusted_proxies_are_addresses_and_not_spellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
