#include "base/mem.h"
#include "base/url.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <sys/un.h>

static struct url assert_parses(const char *text)
{
    struct url u;
    memset(&u, 0xAA, sizeof(u));
    if (url_parse(str_from(text), &u) != ERR_OK)
        fail_msg("was refused: %s", text);
    return u;
}

static void a_url_has_its_parts(void **state)
{
    (void)state;
    struct url u = assert_parses("https://Shop.example:8443/a/b;c?x=1&y=/?#frag?#");
    assert_true(u.https);
    assert_true(str_is(u.host, "Shop.example"));
    assert_false(u.host_is_ipv6);
    assert_int_equal(u.port, 8443);
    assert_true(u.port_given);
    assert_true(str_is(u.path, "/a/b;c"));
    assert_true(str_is(u.query, "x=1&y=/?"));
    u = assert_parses("HTTP://a");
    assert_false(u.https);
    assert_int_equal(u.port, 80);
    assert_false(u.port_given);
    assert_true(str_is(u.path, ""));
    assert_true(str_absent(u.query));
    u = assert_parses("https://a?");
    assert_int_equal(u.port, 443);
    assert_true(str_is(u.path, ""));
    assert_false(str_absent(u.query));
    assert_int_equal(u.query.n, 0);
    u = assert_parses("https://a#x/y?z");
    assert_true(str_is(u.host, "a"));
    assert_true(str_absent(u.query));
    u = assert_parses("http://[2001:DB8::1]:81/");
    assert_true(u.host_is_ipv6);
    assert_true(str_is(u.host, "2001:DB8::1"));
    assert_int_equal(u.port, 81);
    u = assert_parses("http://[::ffff:127.0.0.1]");
    assert_true(str_is(u.host, "::ffff:127.0.0.1"));
}

static void usual_urls_are_accepted(void **state)
{
    (void)state;
    static const char *rows[] = {"http://127.0.0.1:8080/hook", "http://localhost/",
        "https://xn--bcher-kva.example/", "https://a-b.c-d.example/", "http://2130706433/",
        "http://0x7f.1/", "http://0177.0.0.1/", "http://1.2.3/", "https://a.b/%20%zz",
        "https://a.b/p@th:with/at", "https://a.b/?u=http://x@y/", "https://a.b//evil.example",
        "https://a.b/\xE0\xA6\xAC?q=\xC3\xA9", "http://a:1/", "http://a:65535/", "https://a.b/#",
        "https://a.b/{x}|y^`"};
    for (size_t i = 0; i < array_len(rows); i++)
        assert_parses(rows[i]);
}

static void dangerous_or_malformed_urls_are_refused(void **state)
{
    (void)state;
    static const char *rows[] = {"", "/", "//evil.example/", "/path", "a.example", "http",
        "http:", "http:/", "http://", "http:///", "http:///a", "http:a.example", "http:/a.example",
        "https//a", "ftp://a/", "javascript:alert(1)", "javascript://a/%0aalert(1)",
        "data:text/html,x", "file:///etc/passwd", "httpss://a/", "xhttp://a/", " http://a/",
        "http://a/ ", "http://a b/", "http://a/b c", "http://a/\tb", "http://a/\r\nX: y",
        "http://a/\n", "http://a/\x7F", "http://a/\x01", "http://a/\xC2\x85", "http://a/#\n",
        "http://a\\b/", "http://a/\\b", "http://a/?x=\\", "http:\\\\a/", "http://a/#\\",
        "http://user@a/", "http://user:pw@a/", "http://@a/", "http://:@a/", "http://a@b@c/",
        "http://a:80@b/",
        "http://b\xC3\xBC"
        "cher.example/",
        "http://a\xE3\x80\x82"
        "example/",
        "http://a%2eb/", "http://%61/", "http://a_b/", "http://a,b/", "http://a*b/", "http://a!/",
        "http://a./", "http://.a/", "http://a..b/", "http://./", "http://127.0.0.1./", "http://-a/",
        "http://a-/", "http://a.-b/", "http://a:/", "http://a:0/", "http://a:65536/",
        "http://a:080/", "http://a:-1/", "http://a:+80/", "http://a:8o/", "http://a:80:80/",
        "http://a: 80/", "http://a:99999999999999999999/", "http://:80/", "http://?x", "http://#x",
        "http://[::1/", "http://::1/", "http://[]/", "http://[::1]x/", "http://[::1]:/",
        "http://[::1]:0/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/",
        "http://[127.0.0.1]/", "http://[1::2::3]/", "http://[v1.x]/", "http://a[::1]/", "http://]/",
        "http://a/\xFF", "http://a/\xC0\xAF", "http://a/\xED\xA0\x80"};
    for (size_t i = 0; i < array_len(rows); i++) {
        struct url u = {.port = 7};
        if (url_parse(str_from(rows[i]), &u) != ERR_SYNTAX)
            fail_msg("was not refused: %s", rows[i]);
        assert_int_equal(u.port, 7);
    }
    struct url u;
    assert_int_equal(url_parse(STR("http://a\0.b/"), &u), ERR_SYNTAX);
    assert_int_equal(url_parse(STR("http://a/\0"), &u), ERR_SYNTAX);
    assert_int_equal(url_parse(STR_ABSENT, &u), ERR_SYNTAX);
}

static void host_lengths_are_limited(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    struct url u;
    for (int label = 62; label <= 64; label++) {
        buf_reset(&b);
        buf_cstr(&b, "http://");
        for (int i = 0; i < label; i++)
            buf_char(&b, 'a');
        assert_int_equal(url_parse(buf_view(&b), &u), label <= 63 ? ERR_OK : ERR_SYNTAX);
    }
    for (int len = 253; len <= 255; len += 2) {
        buf_reset(&b);
        buf_cstr(&b, "http://a");
        for (int i = 1; i < len; i += 2)
            buf_cstr(&b, ".a");
        assert_int_equal(url_parse(buf_view(&b), &u), len == 253 ? ERR_OK : ERR_SYNTAX);
    }
    buf_clear(&b);
}

static void assert_written(
    void (*f)(struct buf *, const struct url *), const char *text, const char *wanted)
{
    struct url u = assert_parses(text);
    struct buf b;
    buf_init(&b, 1000);
    f(&b, &u);
    assert_string_equal(buf_view(&b).p, wanted);
    buf_clear(&b);
}

static void the_origin_is_in_normal_form(void **state)
{
    (void)state;
    assert_written(url_origin, "HTTPS://Shop.Example:443/x?y#z", "https://shop.example");
    assert_written(url_origin, "http://a:80", "http://a");
    assert_written(url_origin, "http://a:443", "http://a:443");
    assert_written(url_origin, "https://a:80", "https://a:80");
    assert_written(url_origin, "http://[2001:DB8::A]:8080/", "http://[2001:db8::a]:8080");
}

static void the_wire_form_is_ascii_without_fragment(void **state)
{
    (void)state;
    assert_written(url_wire, "https://a/\xC3\xA9%20/b?q=\xE0\xA7\xB3&r=%C3#f",
        "https://a/%C3%A9%20/b?q=%E0%A7%B3&r=%C3");
    assert_written(url_wire, "http://a:80?", "http://a:80?");
    assert_written(url_wire, "http://a", "http://a");
    assert_written(url_wire, "http://[::1]:81/x", "http://[::1]:81/x");
}

static void notification_ports_are_web_and_unprivileged(void **state)
{
    (void)state;
    static const int allowed[] = {80, 443, 1024, 8080, 65535};
    for (size_t i = 0; i < array_len(allowed); i++)
        assert_true(url_port_allowed(allowed[i]));
    static const int refused[] = {-1, 0, 1, 22, 25, 79, 81, 442, 444, 1023, 65536};
    for (size_t i = 0; i < array_len(refused); i++)
        assert_false(url_port_allowed(refused[i]));
}

static void assert_private(const char *ip, bool wanted)
{
    struct sockaddr_storage sa;
    if (ip_parse(str_from(ip), &sa) != ERR_OK)
        fail_msg("no address: %s", ip);
    if (address_is_private((const struct sockaddr *)&sa) != wanted)
        fail_msg("%s should be %s", ip, wanted ? "private" : "public");
}

static void addresses_outside_the_public_internet_are_private(void **state)
{
    (void)state;
    static const char *rows[] = {"0.0.0.0", "0.0.0.1", "0.255.255.255", "10.0.0.0",
        "10.255.255.255", "100.64.0.0", "100.127.255.255", "100.100.100.200", "127.0.0.1",
        "127.255.255.255", "168.63.129.16", "169.254.0.0", "169.254.169.254", "169.254.255.255",
        "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.192", "192.0.0.255", "192.0.2.1",
        "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
        "198.51.100.7", "203.0.113.255", "224.0.0.0", "224.0.0.1", "239.255.255.255", "240.0.0.0",
        "255.255.255.254", "255.255.255.255",
        /* IPv6 */
        "::", "::1", "::2", "fc00::", "fd00:ec2::254", "fdff:ffff::1", "fe80::", "fe80::1",
        "febf:ffff::1", "fec0::1", "ff00::", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:1ff:ffff::1", "2001:db8::1",
        "2001:db8:ffff::1", "3fff::1", "3fff:fff::1", "5f00::1", "64:ff9b:1::1", "4000::1",
        "1fff::1",
        /* IPv4 inside */
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0.0.0.0",
        "::ffff:100.64.0.1", "::127.0.0.1", "::10.0.0.1", "::8.8.8.8", "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1", "64:ff9b::192.168.1.1", "64:ff9b::169.254.169.254",
        "64:ff9b::1:8.8.8.8", "2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::1",
        "2002:c0a8:101::1"};
    for (size_t i = 0; i < array_len(rows); i++)
        assert_private(rows[i], true);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    assert_true(address_is_private((const struct sockaddr *)&un));
}

static void the_neighbours_of_private_ranges_are_public(void **state)
{
    (void)state;
    static const char *rows[] = {"1.0.0.0", "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0",
        "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "168.63.129.15",
        "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
        "191.255.255.255", "192.0.1.0", "192.0.1.255", "192.0.3.0", "192.88.98.255", "192.88.100.0",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255",
        "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "103.4.145.245",
        "2000::1", "2001:200::1", "2001:4860:4860::8888", "2001:db7::1", "2001:db9::1",
        "2606:4700:4700::1111", "3ffe::1", "3fff:1000::1", "2400:cb00::1", "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8", "2002:808:808::1"};
    for (size_t i = 0; i < array_len(rows); i++)
        assert_private(rows[i], false);
}

static void loopback_hosts_are_known(void **state)
{
    (void)state;
    static const char *loopback[] = {
        "127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1", "localhost", "LocalHost"};
    for (size_t i = 0; i < array_len(loopback); i++)
        assert_true(host_is_loopback(str_from(loopback[i])));
    static const char *other[] = {"", "128.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1",
        "localhost.example", "xlocalhost", "127.0.0.1.example", "127.1", "2130706433", "0177.0.0.1",
        "[::1]", "10.0.0.1", "localhost."};
    for (size_t i = 0; i < array_len(other); i++)
        if (host_is_loopback(str_from(other[i])))
            fail_msg("is no loopback: %s", other[i]);
}

static void ip_texts_are_strict(void **state)
{
    (void)state;
    struct sockaddr_storage sa;
    assert_int_equal(ip_parse(STR("192.0.2.7"), &sa), ERR_OK);
    assert_int_equal(sa.ss_family, AF_INET);
    assert_int_equal(ip_parse(STR("2001:DB8::7"), &sa), ERR_OK);
    assert_int_equal(sa.ss_family, AF_INET6);
    assert_int_equal(ip_parse(STR("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"), &sa), ERR_OK);
    static const char *refused[] = {"", " ", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.04",
        "01.2.3.4", "0x7f.0.0.1", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "1.2.3.4/8", "1.2.3.4:80",
        "::g", ":::", "fe80::1%eth0", "[::1]", "1::2::3", "1:2:3:4:5:6:7", "12345::", "localhost",
        "2130706433", "0000:0000:0000:0000:0000:0000:0000:00000001"};
    sa.ss_family = AF_UNSPEC;
    for (size_t i = 0; i < array_len(refused); i++)
        if (ip_parse(str_from(refused[i]), &sa) != ERR_SYNTAX)
            fail_msg("was not refused: %s", refused[i]);
    assert_int_equal(ip_parse(STR("1.2.3.4\0"), &sa), ERR_SYNTAX);
    assert_int_equal(ip_parse(STR("::1\0x"), &sa), ERR_SYNTAX);
    assert_int_equal(ip_parse(STR_ABSENT, &sa), ERR_SYNTAX);
    assert_int_equal(sa.ss_family, AF_UNSPEC);
}

static void an_address_has_one_text(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"192.0.2.7", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"::FFFF:c000:207", "192.0.2.7"},
        {"0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7"},
        {"2001:DB8::7", "2001:db8::7"},
        {"2001:0db8:0000:0000:0000:0000:0000:0007", "2001:db8::7"},
        {"2001:db8:0:0:0::7", "2001:db8::7"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"::", "::"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    char text[IP_TEXT_LEN];
    for (size_t i = 0; i < array_len(rows); i++) {
        struct sockaddr_storage sa;
        assert_int_equal(ip_parse(str_from(rows[i][0]), &sa), ERR_OK);
        ip_format((const struct sockaddr *)&sa, text);
        assert_string_equal(text, rows[i][1]);
    }
    ip_format(&(struct sockaddr){.sa_family = AF_UNIX}, text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_has_its_parts),
        cmocka_unit_test(usual_urls_are_accepted),
        cmocka_unit_test(dangerous_or_malformed_urls_are_refused),
        cmocka_unit_test(host_lengths_are_limited),
        cmocka_unit_test(the_origin_is_in_normal_form),
        cmocka_unit_test(the_wire_form_is_ascii_without_fragment),
        cmocka_unit_test(notification_ports_are_web_and_unprivileged),
        cmocka_unit_test(addresses_outside_the_public_internet_are_private),
        cmocka_unit_test(the_neighbours_of_private_ranges_are_public),
        cmocka_unit_test(loopback_hosts_are_known),
        cmocka_unit_test(ip_texts_are_strict),
        cmocka_unit_test(an_address_has_one_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
