#include "base/json.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ARENA_MAX ((size_t)16 << 20)

static enum err parse(struct arena *a, struct str text, struct json **ret, const char **ret_why)
{
    *ret = NULL;
    *ret_why = NULL;
    return json_parse(a, text, ret, ret_why);
}

static void assert_refused(struct str text, const char *why)
{
    struct arena a;
    arena_init(&a, ARENA_MAX);
    struct json *j;
    const char *got;
    if (parse(&a, text, &j, &got) != ERR_SYNTAX)
        fail_msg("was not refused: %.*s", STR_FMT(text));
    assert_null(j);
    assert_non_null(got);
    assert_string_equal(got, why);
    arena_clear(&a);
}

static struct json *assert_parses(struct arena *a, struct str text)
{
    struct json *j;
    const char *why;
    if (parse(a, text, &j, &why) != ERR_OK)
        fail_msg("was refused (%s): %.*s", why, STR_FMT(text));
    assert_non_null(j);
    return j;
}

static void assert_str(struct str s, const char *wanted)
{
    assert_false(str_absent(s));
    assert_int_equal(s.n, strlen(wanted));
    assert_memory_equal(s.p, wanted, s.n);
}

static void tree_has_members_in_order(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, ARENA_MAX);
    const struct json *o =
        assert_parses(&a, STR(" {\"a\" : 1,\n\"b\":\"x\",\"c\":[true,false,null,{}],\"\":\"\" } "));
    assert_int_equal(o->type, JSON_OBJECT);
    assert_true(str_absent(o->key));
    assert_str(o->first->key, "a");
    assert_int_equal(o->first->type, JSON_NUMBER);
    assert_str(json_get_scalar(o, "a"), "1");
    assert_true(str_absent(json_get_string(o, "a")));
    assert_str(json_get_string(o, "b"), "x");
    assert_str(json_get_scalar(o, "b"), "x");
    assert_str(json_get_string(o, ""), "");
    const struct json *c = json_get(o, "c");
    assert_int_equal(c->type, JSON_ARRAY);
    const enum json_type wanted[] = {JSON_TRUE, JSON_FALSE, JSON_NULL, JSON_OBJECT};
    size_t n = 0;
    JSON_FOR_EACH (item, c) {
        assert_true(str_absent(item->key));
        assert_int_equal(item->type, wanted[n++]);
    }
    assert_int_equal(n, 4);
    assert_null(json_get(o, "d"));
    assert_null(json_get(c, "a"));
    assert_null(json_get(NULL, "a"));
    assert_true(str_absent(json_get_scalar(o, "c")));
    arena_clear(&a);
}

static void every_type_may_stand_alone(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, ARENA_MAX);
    assert_int_equal(assert_parses(&a, STR("null"))->type, JSON_NULL);
    assert_int_equal(assert_parses(&a, STR("[]"))->type, JSON_ARRAY);
    assert_int_equal(assert_parses(&a, STR("\t\r\n {} \n"))->type, JSON_OBJECT);
    assert_str(assert_parses(&a, STR("12"))->text, "12");
    assert_str(assert_parses(&a, STR("\"s\""))->text, "s");
    arena_clear(&a);
}

static void numbers_keep_their_text(void **state)
{
    (void)state;
    const char *numbers[] = {"0", "-0", "100", "100.0", "100.00", "1e3", "1E+3", "1e400", "-1e-400",
        "123456789012345678901", "9007199254740993", "0.10", "1.7976931348623157e999"};
    for (size_t i = 0; i < array_len(numbers); i++) {
        struct arena a;
        arena_init(&a, ARENA_MAX);
        char text[100];
        snprintf(text, sizeof(text), "{\"n\":%s}", numbers[i]);
        const struct json *o = assert_parses(&a, str_from(text));
        assert_int_equal(json_get(o, "n")->type, JSON_NUMBER);
        assert_str(json_get_scalar(o, "n"), numbers[i]);
        assert_str(assert_parses(&a, str_from(numbers[i]))->text, numbers[i]);
        arena_clear(&a);
    }
}

static void malformed_texts_are_refused(void **state)
{
    (void)state;
    const char *texts[] = {"{", "}", "[", "]", "{]", "[}", "[1,]", "[,1]", "[1 2]", "{\"a\"}",
        "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}", "{1:1}", "01", "+1", "-", "1.", ".5",
        "1e", "1e+", "0x10", "NaN", "Infinity", "-Infinity", "tru", "truefalse", "True", "nul",
        "// c\n1", "1 /* c */", "{}{}", "{} x", "1 2", "[1]]", "{\"a\":1}}", "null null", "[1];",
        "\\", "[\\u0031]", "\v1", "{\f}", "\xC2\xA0{}", "{\"a\":1 \"b\":2}", "[true false]", "--1",
        "1-", "[1e1.5]", "[-01]", "[00]", "\"a\":1"};
    for (size_t i = 0; i < array_len(texts); i++)
        assert_refused(str_from(texts[i]), "malformed JSON");
    assert_refused(STR(""), "empty text");
    assert_refused((struct str){NULL, 0}, "empty text");
    assert_refused(STR(" "), "malformed JSON");
    assert_refused(STR("\"abc"), "unfinished string");
    assert_refused(STR("\""), "unfinished string");
    assert_refused(STR("{\"a"), "unfinished string");
    assert_refused(STR("[\"a\\\"]"), "unfinished string");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    assert_refused(STR("{}\0"), "NUL in the text");
    assert_refused(STR("\0{}"), "NUL in the text");
    assert_refused(STR("[\"a\0b\"]"), "NUL in the text");
    assert_refused(STR("\xEF\xBB\xBF{}"), "byte order mark");
    assert_refused(STR("[\"\x80\"]"), "invalid UTF-8");
    assert_refused(STR("[\"\xC0\xAF\"]"), "invalid UTF-8");
    assert_refused(STR("[\"\xE0\x80\xAF\"]"), "invalid UTF-8");
    assert_refused(STR("[\"\xED\xA0\x80\"]"), "invalid UTF-8");
    assert_refused(STR("[\"\xED\xA0\xBD\xED\xB8\x80\"]"), "invalid UTF-8");
    assert_refused(STR("[\"\xF4\x90\x80\x80\"]"), "invalid UTF-8");
    assert_refused(STR("[\"\xE2\x82\"]"), "invalid UTF-8");
    assert_refused(STR("[\"\xFF\"]"), "invalid UTF-8");
    assert_refused(STR("{}\xFE"), "invalid UTF-8");
    assert_refused(STR("\xFF\xFE{\0}\0"), "NUL in the text");
}

static void bad_escapes_are_refused(void **state)
{
    (void)state;
    assert_refused(STR("[\"\\u0000\"]"), "\\u0000 in a string");
    assert_refused(STR("{\"\\u0000\":1}"), "\\u0000 in a string");
    assert_refused(STR("[\"\\uD83D\"]"), "lone surrogate");
    assert_refused(STR("[\"\\uD83Dx\"]"), "lone surrogate");
    assert_refused(STR("[\"\\ud83d\\n\"]"), "lone surrogate");
    assert_refused(STR("[\"\\uD83D\\u0041\"]"), "lone surrogate");
    assert_refused(STR("[\"\\uD83D\\uD83D\\uDE00\"]"), "lone surrogate");
    assert_refused(STR("[\"\\uDE00\"]"), "lone surrogate");
    assert_refused(STR("[\"\\uDE00\\uD83D\"]"), "lone surrogate");
    assert_refused(STR("[\"\\uD83D\\uDE0"), "lone surrogate");
    assert_refused(STR("[\"\\u12G4\"]"), "malformed \\u escape");
    assert_refused(STR("[\"\\u123\"]"), "malformed \\u escape");
    assert_refused(STR("[\"\\u12"), "malformed \\u escape");
    assert_refused(STR("[\"\\U0041\"]"), "unknown escape");
    assert_refused(STR("[\"\\x41\"]"), "unknown escape");
    assert_refused(STR("[\"\\'\"]"), "unknown escape");
    assert_refused(STR("[\"\\"), "unfinished escape");
    assert_refused(STR("[\"a\nb\"]"), "control character in a string");
    assert_refused(STR("[\"a\tb\"]"), "control character in a string");
    assert_refused(STR("[\"\x1F\"]"), "control character in a string");
}

static void escapes_are_decoded(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, ARENA_MAX);
    const struct json *j = assert_parses(
        &a, STR("[\"\\\"\\\\\\/"
                "\\b\\f\\n\\r\\t\",\"\\u0041\\u00e9\\u09F3\\ud83d\\uDE00\",\"\\u003c\",\"\x7F\"]"));
    const char *wanted[] = {
        "\"\\/\b\f\n\r\t", "A\xC3\xA9\xE0\xA7\xB3\xF0\x9F\x98\x80", "<", "\x7F"};
    size_t n = 0;
    JSON_FOR_EACH (item, j)
        assert_str(item->text, wanted[n++]);
    assert_int_equal(n, 4);
    arena_clear(&a);
}

static void strings_without_escapes_are_not_copied(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, ARENA_MAX);
    struct str text = STR("{\"key\":\"value\",\"n\":1,\"e\":\"\\n\"}");
    const struct json *o = assert_parses(&a, text);
    struct str v = json_get_string(o, "key");
    assert_true(v.p > text.p && v.p < text.p + text.n);
    struct str e = json_get_string(o, "e");
    assert_false(e.p >= text.p && e.p < text.p + text.n);
    arena_clear(&a);
}

static void duplicate_keys_are_refused_by_their_decoded_text(void **state)
{
    (void)state;
    assert_refused(STR("{\"amount\":1,\"amount\":2}"), "duplicate key");
    assert_refused(STR("{\"a\":1,\"\\u0061\":2}"), "duplicate key");
    assert_refused(STR("{\"/\":1,\"\\/\":2}"), "duplicate key");
    assert_refused(STR("{\"\xC3\xA9\":1,\"\\u00e9\":2}"), "duplicate key");
    assert_refused(STR("{\"\":1,\"\":2}"), "duplicate key");
    assert_refused(STR("{\"x\":[{\"a\":1,\"b\":2,\"a\":3}]}"), "duplicate key");
    struct arena a;
    arena_init(&a, ARENA_MAX);
    assert_parses(&a, STR("{\"a\":{\"a\":{\"a\":1}},\"A\":[{\"a\":1},{\"a\":1}],\"a \":1}"));
    arena_clear(&a);
}

static void add_members(struct buf *b, int count)
{
    buf_char(b, '{');
    for (int i = 0; i < count; i++)
        buf_printf(b, "%s\"k%d\":%d", i ? "," : "", i, i);
}

static void large_objects_are_searched_for_duplicates_too(void **state)
{
    (void)state;
    for (int count = 1; count <= 5000; count = count < 20 ? count + 1 : count * 5) {
        struct buf b;
        buf_init(&b, 1 << 20);
        struct arena a;
        arena_init(&a, ARENA_MAX);
        add_members(&b, count);
        size_t n = b.n;
        buf_char(&b, '}');
        const struct json *o = assert_parses(&a, buf_view(&b));
        size_t members = 0;
        JSON_FOR_EACH (m, o)
            members++;
        assert_int_equal(members, count);
        b.n = n;
        buf_printf(&b, ",\"k%d\":0}", count / 2);
        assert_refused(buf_view(&b), "duplicate key");
        arena_clear(&a);
        buf_clear(&b);
    }
}

static void add_nested(struct buf *b, int depth, bool objects)
{
    for (int i = 0; i < depth; i++)
        buf_cstr(b, objects ? "{\"a\":" : "[");
    buf_cstr(b, "1");
    for (int i = 0; i < depth; i++)
        buf_char(b, objects ? '}' : ']');
}

static void nesting_is_limited_to_sixteen(void **state)
{
    (void)state;
    for (int objects = 0; objects < 2; objects++) {
        struct buf b;
        buf_init(&b, 1 << 20);
        struct arena a;
        arena_init(&a, ARENA_MAX);
        add_nested(&b, 16, objects);
        const struct json *j = assert_parses(&a, buf_view(&b));
        int depth = 0;
        for (; j->first; j = j->first)
            depth++;
        assert_int_equal(depth, 16);
        buf_reset(&b);
        add_nested(&b, 17, objects);
        assert_refused(buf_view(&b), "nested too deeply");
        buf_reset(&b);
        add_nested(&b, 10000, objects);
        assert_refused(buf_view(&b), "nested too deeply");
        arena_clear(&a);
        buf_clear(&b);
    }
}

static void long_escaped_strings_are_decoded(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_cstr(&b, "[\"");
    for (int i = 0; i < 30000; i++)
        buf_cstr(&b, "\\n");
    buf_cstr(&b, "\",\"");
    for (int i = 0; i < 10000; i++)
        buf_cstr(&b, "\\u09f3");
    buf_cstr(&b, "\"]");
    struct arena a;
    arena_init(&a, ARENA_MAX);
    const struct json *j = assert_parses(&a, buf_view(&b));
    assert_int_equal(j->first->text.n, 30000);
    assert_int_equal(j->first->next->text.n, 30000);
    assert_memory_equal(j->first->next->text.p + 29997, "\xE0\xA7\xB3", 3);
    arena_clear(&a);
    buf_clear(&b);
}

static void a_full_arena_is_a_limit(void **state)
{
    (void)state;
    struct str text = STR("{\"a\":[1,2,3,\"\\u0041\\u0042\"],\"\\u0043\":1}");
    bool parsed = false;
    for (size_t max = 0; max < 4096 && !parsed; max += 16) {
        struct arena a;
        arena_init(&a, max);
        struct json *j;
        const char *why;
        enum err e = parse(&a, text, &j, &why);
        if (e) {
            assert_int_equal(e, ERR_LIMIT);
            assert_null(j);
            assert_string_equal(why, "too large");
        }
        parsed = e == ERR_OK;
        arena_clear(&a);
    }
    assert_true(parsed);
}

static void the_reason_may_be_ignored(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, ARENA_MAX);
    struct json *j = NULL;
    assert_int_equal(json_parse(&a, STR("{"), &j, NULL), ERR_SYNTAX);
    assert_null(j);
    arena_clear(&a);
}

static void assert_quoted(struct str s, const char *wanted)
{
    struct buf b;
    buf_init(&b, 1000);
    json_quote(&b, s);
    assert_true(buf_ok(&b));
    assert_string_equal(buf_view(&b).p, wanted);
    buf_clear(&b);
}

static void quoting_is_that_of_php(void **state)
{
    (void)state;
    assert_quoted(STR(""), "\"\"");
    assert_quoted(STR("abc <>&' =?"), "\"abc <>&' =?\"");
    assert_quoted(STR("https://a.b/c"), "\"https:\\/\\/a.b\\/c\"");
    assert_quoted(STR("\"\\"), "\"\\\"\\\\\"");
    assert_quoted(STR("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    assert_quoted(STR("\x01\x0B\x1F"), "\"\\u0001\\u000b\\u001f\"");
    assert_quoted(STR("\0"), "\"\\u0000\"");
    assert_quoted(STR("\x7F"), "\"\x7F\"");
    assert_quoted(STR("\xC2\x80\xC3\xA9"), "\"\\u0080\\u00e9\"");
    assert_quoted(STR("\xE0\xA7\xB3 \xEF\xBF\xBF"), "\"\\u09f3 \\uffff\"");
    assert_quoted(STR("\xF0\x9F\x98\x80"), "\"\\ud83d\\ude00\"");
    assert_quoted(STR("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), "\"\\ud800\\udc00\\udbff\\udfff\"");
    assert_quoted(STR("\xE2\x80\xA8"), "\"\\u2028\"");
}

static void writer_puts_commas_and_closes(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    struct json_writer w;
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kstr(&w, "url", STR("https://x/y"));
    json_w_kint(&w, "id", INT64_C(-9223372036854775807) - 1);
    json_w_kbool(&w, "p", true);
    json_w_kstr(&w, "absent", STR_ABSENT);
    json_w_kcstr(&w, "none", NULL);
    json_w_kcstr(&w, "e", "");
    json_w_key(&w, "list");
    json_w_open(&w, '[');
    json_w_int(&w, 1);
    json_w_raw(&w, STR("{\"r\":1}"));
    json_w_bool(&w, false);
    json_w_null(&w);
    json_w_open(&w, '[');
    json_w_close(&w);
    json_w_open(&w, '{');
    json_w_close(&w);
    json_w_close(&w);
    json_w_kint(&w, "z/", 0);
    json_w_close(&w);
    assert_true(buf_ok(&b));
    assert_string_equal(b.p,
        "{\"url\":\"https:\\/\\/x\\/y\",\"id\":-9223372036854775808,\"p\":true,"
        "\"absent\":null,\"none\":null,\"e\":\"\",\"list\":[1,{\"r\":1},false,"
        "null,[],{}],\"z\\/\":0}");
    buf_clear(&b);
}

static void what_is_written_can_be_read(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4096);
    struct str all = STR("\x01\x1F \"\\/\x7F\xC2\x80\xE0\xA7\xB3\xEF\xBB\xBF\xF0\x9F\x98\x80");
    json_quote(&b, all);
    struct arena a;
    arena_init(&a, ARENA_MAX);
    struct str back = assert_parses(&a, buf_view(&b))->text;
    assert_true(str_eq(back, all));
    arena_clear(&a);
    buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_has_members_in_order),
        cmocka_unit_test(every_type_may_stand_alone),
        cmocka_unit_test(numbers_keep_their_text),
        cmocka_unit_test(malformed_texts_are_refused),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(bad_escapes_are_refused),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(strings_without_escapes_are_not_copied),
        cmocka_unit_test(duplicate_keys_are_refused_by_their_decoded_text),
        cmocka_unit_test(large_objects_are_searched_for_duplicates_too),
        cmocka_unit_test(nesting_is_limited_to_sixteen),
        cmocka_unit_test(long_escaped_strings_are_decoded),
        cmocka_unit_test(a_full_arena_is_a_limit),
        cmocka_unit_test(the_reason_may_be_ignored),
        cmocka_unit_test(quoting_is_that_of_php),
        cmocka_unit_test(writer_puts_commas_and_closes),
        cmocka_unit_test(what_is_written_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
