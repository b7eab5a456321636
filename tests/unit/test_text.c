#include "base/mem.h"
#include "base/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_text(struct buf *b, const char *wanted)
{
    assert_true(buf_ok(b));
    assert_string_equal(buf_view(b).p, wanted);
    buf_reset(b);
}

static void utf8_is_strict(void **state)
{
    (void)state;
    static const struct str valid[] = {{"", 0}, {"a\0b", 3}, {"\x7F", 1}, {"\xC2\x80", 2},
        {"\xDF\xBF", 2}, {"\xE0\xA0\x80", 3}, {"\xED\x9F\xBF", 3}, {"\xEE\x80\x80", 3},
        {"\xEF\xBF\xBF", 3}, {"\xF0\x90\x80\x80", 4}, {"\xF4\x8F\xBF\xBF", 4}};
    for (size_t i = 0; i < array_len(valid); i++)
        if (!utf8_valid(valid[i]))
            fail_msg("row %zu was refused", i);
    static const char *invalid[] = {"\x80", "\xBF", "\xC0\x80", "\xC0\xAF", "\xC1\xBF", "\xC2",
        "\xC2x", "\xC2\xC2", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xE2\x82", "\xE2\x82x",
        "\xE2\x28\xA1", "\xED\xA0\x80", "\xED\xBF\xBF", "\xED\xA0\x80\xED\xB0\x80",
        "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF0\x9F\x98", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xF8\x88\x80\x80\x80", "\xFC\x84\x80\x80\x80\x80", "\xFE", "\xFF",
        "abc\xC3", "\xC3\xA9\xA9"};
    for (size_t i = 0; i < array_len(invalid); i++)
        if (utf8_valid(str_from(invalid[i])))
            fail_msg("row %zu was accepted", i);
}

static void every_character_goes_there_and_back(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 16);
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        if (cp == 0xD800)
            cp = 0xE000;
        buf_reset(&b);
        utf8_add(&b, cp);
        size_t i = 0;
        if (!utf8_valid(buf_view(&b)) || utf8_next(buf_view(&b), &i) != cp || i != b.n)
            fail_msg("U+%04X", cp);
    }
    buf_clear(&b);
}

static void characters_are_counted_and_cut_whole(void **state)
{
    (void)state;
    struct str s = STR("a\xC3\xA9\xE0\xA7\xB3\xF0\x9F\x98\x80z");
    assert_int_equal(utf8_len(s), 5);
    assert_int_equal(utf8_len(STR("")), 0);
    static const size_t bytes[] = {0, 1, 3, 6, 10, 11, 11};
    for (size_t chars = 0; chars < array_len(bytes); chars++)
        assert_int_equal(utf8_prefix(s, chars).n, bytes[chars]);
}

static void invalid_text_is_never_read_beyond_its_end(void **state)
{
    (void)state;
    static const char *cut[] = {"\xF0", "\xF0\x9F", "\xF0\x9F\x98", "\xE2", "\xE2\x82", "\xC3"};
    for (size_t i = 0; i < array_len(cut); i++) {
        /* an exact allocation, so that a sanitizer sees a byte too many */
        size_t n = strlen(cut[i]);
        cleanup(mem_free_at) char *p = mem_alloc(n);
        memcpy(p, cut[i], n);
        struct str s = {p, n};
        assert_false(utf8_valid(s));
        assert_int_equal(utf8_len(s), n);
        assert_int_equal(text_trim(s).n, n);
    }
}

static void trimming_takes_what_receivers_trim(void **state)
{
    (void)state;
    static const char *spaces[] = {"\t", "\n", "\v", "\f", "\r", " ", "\xC2\x85", "\xC2\xA0",
        "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x8A", "\xE2\x80\x8B", "\xE2\x80\x8E",
        "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
        "\xEF\xBB\xBF"};
    struct buf b;
    buf_init(&b, 100);
    for (size_t i = 0; i < array_len(spaces); i++) {
        size_t at = 0;
        assert_true(text_is_trimmable(utf8_next(str_from(spaces[i]), &at)));
        buf_reset(&b);
        buf_printf(&b, "%s%s\xE0\xA7\xB3%sx\xC3\xA9%s", spaces[i], spaces[i], spaces[i], spaces[i]);
        assert_true(text_has_outer_space(buf_view(&b)));
        struct str trimmed = text_trim(buf_view(&b));
        assert_int_equal(trimmed.n, 3 + strlen(spaces[i]) + 3);
        assert_false(text_has_outer_space(trimmed));
        assert_int_equal(text_trim(str_from(spaces[i])).n, 0);
        buf_reset(&b);
        buf_printf(&b, "a%s", spaces[i]);
        assert_true(text_has_outer_space(buf_view(&b)));
        assert_int_equal(text_trim(buf_view(&b)).n, 1);
    }
    buf_clear(&b);
    static const uint32_t kept[] = {0, 8, 0x0E, 0x1F, 0x7F, 0x84, 0x86, 0x180E, 0x200C, 0x200D,
        0x200F, 0x2060, 0x2800, 0x3001, 0xFFFD, 'a'};
    for (size_t i = 0; i < array_len(kept); i++)
        assert_false(text_is_trimmable(kept[i]));
    assert_false(text_has_outer_space(STR("")));
    assert_false(text_has_outer_space(STR("a b")));
}

/* Runs of ASCII are looked at several bytes at a time. */
static void characters_are_judged_wherever_they_stand(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 20; n++) {
        for (size_t at = 0; at < n; at++) {
            char text[20];
            memset(text, 'a', sizeof(text));
            text[at] = '\x80';
            assert_false(utf8_valid((struct str){text, n}));
            assert_int_equal(utf8_len((struct str){text, n}), n);
            if (at + 1 == n)
                continue;
            text[at] = '\xC3';
            text[at + 1] = '\xA9';
            assert_true(utf8_valid((struct str){text, n}));
            assert_int_equal(utf8_len((struct str){text, n}), n - 1);
        }
    }
}

static void base64_goes_there_and_back(void **state)
{
    (void)state;
    static const char *rows[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
        {"\xFF\xFE\xFD", "//79"}, {"\xFB\xEF\xBE", "++++"}};
    struct buf b;
    buf_init(&b, 1000);
    for (size_t i = 0; i < array_len(rows); i++) {
        base64_encode(&b, rows[i][0], strlen(rows[i][0]));
        uint8_t out[6];
        size_t n = 99;
        assert_int_equal(base64_decode(buf_view(&b), out, sizeof(out), &n), ERR_OK);
        assert_int_equal(n, strlen(rows[i][0]));
        assert_memory_equal(out, rows[i][0], n);
        assert_text(&b, rows[i][1]);
    }
    uint8_t all[256], back[256];
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)i;
    for (size_t len = 0; len <= sizeof(all); len++) {
        base64_encode(&b, all, len);
        size_t n;
        assert_int_equal(base64_decode(buf_view(&b), back, len, &n), ERR_OK);
        assert_int_equal(n, len);
        assert_memory_equal(back, all, len);
        if (len)
            assert_int_equal(base64_decode(buf_view(&b), back, len - 1, &n), ERR_LIMIT);
        buf_reset(&b);
    }
    buf_clear(&b);
}

static void each_base64_character_has_its_own_bits(void **state)
{
    (void)state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int c = 0; c < 256; c++) {
        const char *at = c ? strchr(alphabet, c) : NULL;
        for (int place = 0; place < 4; place++) {
            char group[4] = {'A', 'A', 'A', 'A'};
            uint8_t out[3];
            size_t n;
            group[place] = (char)c;
            bool padding = c == '=' && place == 3;
            enum err e = base64_decode((struct str){group, 4}, out, sizeof(out), &n);
            assert_int_equal(e, at || padding ? ERR_OK : ERR_SYNTAX);
            if (at)
                assert_int_equal(
                    (out[0] << 16 | out[1] << 8 | out[2]) >> 6 * (3 - place), at - alphabet);
        }
    }
}

static void other_base64_is_refused(void **state)
{
    (void)state;
    static const char *rows[] = {"Z", "Zg", "Zg=", "Zm8", "Zm9vY", "Zg===", "Zh==", "ZgA=B",
        "Zm9=", "Zm+=", "Z===", "====", "=", "Zg==Zg==", "Zm8=Zm9v", "=m9v", "Z=9v", "Zm=v",
        "Zm9v\n", "Zm9v\nZm9v", " Zm9v", "Zm9v ", "Zm 9", "Zm9-", "Zm9_", "Zm9*", "Zm9\x80",
        "Zm9v\r\n\r\n", "AA=A", "AB==", "AAB="};
    for (size_t i = 0; i < array_len(rows); i++) {
        uint8_t out[16];
        size_t n = 99;
        if (base64_decode(str_from(rows[i]), out, sizeof(out), &n) != ERR_SYNTAX)
            fail_msg("was not refused: %s", rows[i]);
        assert_int_equal(n, 99);
    }
    uint8_t out[1];
    size_t n = 99;
    assert_int_equal(base64_decode(STR("Zm9\0"), out, 3, &n), ERR_SYNTAX);
    assert_int_equal(base64_decode(STR("Zm9vZm9v*m9v"), out, 1, &n), ERR_SYNTAX);
    assert_int_equal(base64_decode(STR("Zm9v"), out, 0, &n), ERR_LIMIT);
    assert_int_equal(n, 99);
}

static void hex_goes_there_and_back(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    hex_encode(&b, "\x00\x0F\xA5\xFF", 4);
    assert_text(&b, "000fa5ff");
    buf_clear(&b);
    uint8_t out[4];
    assert_int_equal(hex_decode(STR("000FA5ff"), out, 4), ERR_OK);
    assert_memory_equal(out, "\x00\x0F\xA5\xFF", 4);
    assert_int_equal(hex_decode(STR(""), out, 0), ERR_OK);
    static const char *refused[] = {
        "000fa5f", "000fa5", "000fa5fff0", "000fa5fg", "0x0fa5ff", "000fa5f ", "", " 00fa5ff"};
    for (size_t i = 0; i < array_len(refused); i++)
        assert_int_equal(hex_decode(str_from(refused[i]), out, 4), ERR_SYNTAX);
    assert_memory_equal(out, "\x00\x0F\xA5\xFF", 4);
}

static void percent_goes_there_and_back(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 2000);
    percent_encode(&b, STR("Az09-._~"));
    assert_text(&b, "Az09-._~");
    percent_encode(&b, STR(" +/=&?%!*'()\xC3\xA9\0"));
    assert_text(&b, "%20%2B%2F%3D%26%3F%25%21%2A%27%28%29%C3%A9%00");
    assert_int_equal(percent_decode(&b, STR("a+b%2b%2B%20c"), true), ERR_OK);
    assert_text(&b, "a b++ c");
    assert_int_equal(percent_decode(&b, STR("a+b%2b"), false), ERR_OK);
    assert_text(&b, "a+b+");
    static const char *refused[] = {"%", "a%", "%2", "%2g", "%g2", "%%20", "% 2", "%-1", "ok%zz"};
    buf_cstr(&b, "kept");
    for (size_t i = 0; i < array_len(refused); i++)
        assert_int_equal(percent_decode(&b, str_from(refused[i]), true), ERR_SYNTAX);
    assert_text(&b, "kept");
    char all[256];
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (char)i;
    percent_encode(&b, (struct str){all, sizeof(all)});
    struct buf back;
    buf_init(&back, 256);
    assert_int_equal(percent_decode(&back, buf_view(&b), true), ERR_OK);
    assert_int_equal(back.n, sizeof(all));
    assert_memory_equal(back.p, all, sizeof(all));
    buf_clear(&back);
    buf_clear(&b);
}

static void assert_form(const char *form, const char *key, enum err wanted, const char *value)
{
    struct buf b;
    buf_init(&b, 100);
    enum err e = form_get(str_from(form), str_from(key), &b);
    if (e != wanted)
        fail_msg("%s in %s: %s", key, form, err_name(e));
    assert_string_equal(buf_view(&b).p, value);
    buf_clear(&b);
}

static void form_values_are_found_by_their_decoded_key(void **state)
{
    (void)state;
    assert_form("a=1&b=2", "a", ERR_OK, "1");
    assert_form("a=1&b=2", "b", ERR_OK, "2");
    assert_form("a=1&b=x+y%26z", "b", ERR_OK, "x y&z");
    assert_form("%61=1", "a", ERR_OK, "1");
    assert_form("a+b=1", "a b", ERR_OK, "1");
    assert_form("a", "a", ERR_OK, "");
    assert_form("a=", "a", ERR_OK, "");
    assert_form("a=b=c", "a", ERR_OK, "b=c");
    assert_form("&&a=1&&", "a", ERR_OK, "1");
    assert_form("ab=1&a=2", "a", ERR_OK, "2");
    assert_form("x=%zz&a=2", "a", ERR_OK, "2");
    assert_form("%zz=1&a=2", "a", ERR_OK, "2");
    assert_form("a=1;b=2", "b", ERR_NO_ROW, "");
    assert_form("", "a", ERR_NO_ROW, "");
    assert_form("A=1", "a", ERR_NO_ROW, "");
    assert_form("aa=1", "a", ERR_NO_ROW, "");
    assert_form("a=1", "aa", ERR_NO_ROW, "");
    assert_form("b=a", "a", ERR_NO_ROW, "");
    assert_form("a=1&a=1", "a", ERR_DUPLICATE, "");
    assert_form("a=1&%61=2", "a", ERR_DUPLICATE, "");
    assert_form("a&a", "a", ERR_DUPLICATE, "");
    assert_form("a=%4", "a", ERR_SYNTAX, "");
}

static void html_is_escaped_for_text_and_attributes(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 200);
    html_escape(&b, STR("<a href=\"x\" b='y'>&amp;</a>"));
    assert_text(&b, "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
    html_escape(&b, STR("\xE0\xA7\xB3 plain"));
    assert_text(&b, "\xE0\xA7\xB3 plain");
    html_escape(&b, STR(""));
    assert_text(&b, "");
    buf_clear(&b);
}

static void uuids_are_read_in_any_case_and_written_lower(void **state)
{
    (void)state;
    uint8_t raw[16];
    char out[UUID_LEN + 1];
    assert_int_equal(uuid_parse(STR("01234567-89AB-cdef-FEDC-ba9876543210"), raw), ERR_OK);
    assert_memory_equal(
        raw, "\x01\x23\x45\x67\x89\xAB\xCD\xEF\xFE\xDC\xBA\x98\x76\x54\x32\x10", 16);
    uuid_format(raw, out);
    assert_string_equal(out, "01234567-89ab-cdef-fedc-ba9876543210");
    static const char *refused[] = {"", "0123456789abcdeffedcba9876543210",
        "01234567-89ab-cdef-fedc-ba987654321", "01234567-89ab-cdef-fedc-ba98765432100",
        "0123456-789ab-cdef-fedc-ba9876543210", "01234567-89ab-cdef-fedc-ba987654321g",
        "01234567_89ab_cdef_fedc_ba9876543210", "{1234567-89ab-cdef-fedc-ba987654321}",
        "01234567-89ab-cdef-fedc-ba9876543-10", " 1234567-89ab-cdef-fedc-ba9876543210"};
    for (size_t i = 0; i < array_len(refused); i++)
        assert_int_equal(uuid_parse(str_from(refused[i]), raw), ERR_SYNTAX);
    assert_int_equal(raw[0], 1);
}

static void integers_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = {{"0", 0}, {"1", 1}, {"-1", -1}, {"900", 900},
        {"9007199254740993", 9007199254740993}, {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < array_len(rows); i++) {
        int64_t v = 7;
        assert_int_equal(int64_parse(str_from(rows[i].text), &v), ERR_OK);
        assert_int_equal(v, rows[i].value);
    }
    static const char *syntax[] = {"", "-", "+1", " 1", "1 ", "01", "00", "-0", "-01", "1.0", "1e3",
        "0x10", "1_000", "--1", "a", "1a", "99999999999999999999a", "\xE0\xA7\xA7"};
    for (size_t i = 0; i < array_len(syntax); i++) {
        int64_t v = 7;
        if (int64_parse(str_from(syntax[i]), &v) != ERR_SYNTAX)
            fail_msg("was not refused: %s", syntax[i]);
        assert_int_equal(v, 7);
    }
    static const char *range[] = {"9223372036854775808", "-9223372036854775809",
        "123456789012345678901", "99999999999999999999999999999999"};
    for (size_t i = 0; i < array_len(range); i++) {
        int64_t v = 7;
        assert_int_equal(int64_parse(str_from(range[i]), &v), ERR_RANGE);
        assert_int_equal(v, 7);
    }
    int64_t v = 7;
    assert_int_equal(int64_parse(STR("1\0"), &v), ERR_SYNTAX);
    assert_int_equal(int64_parse(STR_ABSENT, &v), ERR_SYNTAX);
}

static void memory_compares_in_every_byte(void **state)
{
    (void)state;
    unsigned char a[64] = {0}, b[64] = {0};
    assert_true(mem_eq_const_time(a, b, sizeof(a)));
    assert_true(mem_eq_const_time(a, b, 0));
    for (size_t i = 0; i < sizeof(a); i++)
        for (int bit = 0; bit < 8; bit++) {
            b[i] = (unsigned char)(1 << bit);
            assert_false(mem_eq_const_time(a, b, sizeof(a)));
            b[i] = 0;
        }
}

static void numbers_are_masked(void **state)
{
    (void)state;
    static const char *rows[][2] = {{"01712345623", "017******23"}, {"", ""}, {"1", "*"},
        {"1234567", "*******"}, {"12345678", "123***78"}, {"+8801712345623", "+88*********23"},
        {"\xE0\xA7\xA6\xE0\xA7\xA7", "**"}};
    struct buf b;
    buf_init(&b, 100);
    for (size_t i = 0; i < array_len(rows); i++) {
        text_mask_number(&b, str_from(rows[i][0]));
        assert_text(&b, rows[i][1]);
    }
    buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(every_character_goes_there_and_back),
        cmocka_unit_test(characters_are_counted_and_cut_whole),
        cmocka_unit_test(invalid_text_is_never_read_beyond_its_end),
        cmocka_unit_test(trimming_takes_what_receivers_trim),
        cmocka_unit_test(characters_are_judged_wherever_they_stand),
        cmocka_unit_test(base64_goes_there_and_back),
        cmocka_unit_test(each_base64_character_has_its_own_bits),
        cmocka_unit_test(other_base64_is_refused),
        cmocka_unit_test(hex_goes_there_and_back),
        cmocka_unit_test(percent_goes_there_and_back),
        cmocka_unit_test(form_values_are_found_by_their_decoded_key),
        cmocka_unit_test(html_is_escaped_for_text_and_attributes),
        cmocka_unit_test(uuids_are_read_in_any_case_and_written_lower),
        cmocka_unit_test(integers_are_read_whole_or_not_at_all),
        cmocka_unit_test(memory_compares_in_every_byte),
        cmocka_unit_test(numbers_are_masked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
