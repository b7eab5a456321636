/* The rules of status, history and addresses. */
#include "base/clock.h"
#include "base/mem.h"
#include "core/validate.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define ARENA_MAX ((size_t)1 << 20)

struct run {
    struct arena arena;
    struct field_errors errors;
};

static const struct json *run_begin(struct run *r, const char *body)
{
    arena_init(&r->arena, ARENA_MAX);
    field_errors_init(&r->errors, &r->arena);
    struct json *j = NULL;
    const char *why = NULL;
    if (json_parse(&r->arena, str_from(body), &j, &why) != ERR_OK) {
        fail_msg("test body: %s: %s", why, body);
    }
    return j;
}

/* The errors as "field: text" lines. */
static void assert_errors(struct run *r, const char *body, const char *want)
{
    struct buf out;
    buf_init(&out, 4096);
    for (int i = 0; i < r->errors.count; i++) {
        buf_printf(&out, "%s: %s\n", r->errors.items[i].field, r->errors.items[i].text);
    }
    if (!str_is(buf_view(&out), want)) {
        fail_msg("%s gives\n%.*s", body, STR_FMT(buf_view(&out)));
    }
    buf_clear(&out);
}

static void status_takes_either_id_in_either_form(void **state)
{
    (void)state;
    static const struct {
        const char *body, *order_id;
        int64_t id;
    } good[] = {
        {"{\"id\":100000001}", NULL, 100000001},
        {"{\"id\":\"100000001\"}", NULL, 100000001},
        {"{\"order_id\":\"A-1\"}", "A-1", 0},
        {"{\"order_id\":17}", "17", 0},
        {"{\"order_id\":\"A-1\",\"id\":5}", "A-1", 5},
        {"{\"order_id\":null,\"id\":5}", NULL, 5},
        {"{\"order_id\":\"\",\"id\":5}", NULL, 5},
    };
    for (size_t i = 0; i < array_len(good); i++) {
        struct run r;
        struct status_request s;
        const struct json *j = run_begin(&r, good[i].body);
        assert_true(validate_status(j, &s, &r.errors));
        assert_int_equal(s.id, good[i].id);
        assert_int_equal(str_absent(s.order_id), good[i].order_id == NULL);
        assert_true(str_eq(s.order_id, str_from(good[i].order_id)));
        arena_clear(&r.arena);
    }
}

static void status_without_a_readable_id_is_refused(void **state)
{
    (void)state;
    static const char both[] = "order_id: The order id field is required when id is not present.\n"
                               "id: The id field is required when order id is not present.\n";
    static const struct {
        const char *body, *errors;
    } bad[] = {
        {"{}", both},
        {"{\"order_id\":null,\"id\":\"\"}", both},
        {"{\"id\":\"x\"}", "id: The id must be an integer.\n"},
        {"{\"id\":1.0}", "id: The id must be an integer.\n"},
        {"{\"id\":0}", "id: The id must be at least 1.\n"},
        {"{\"order_id\":true,\"id\":[]}",
            "order_id: The order id must be a string.\nid: The id must be an integer.\n"},
    };
    for (size_t i = 0; i < array_len(bad); i++) {
        struct run r;
        struct status_request s;
        const struct json *j = run_begin(&r, bad[i].body);
        assert_false(validate_status(j, &s, &r.errors));
        assert_errors(&r, bad[i].body, bad[i].errors);
        arena_clear(&r.arena);
    }
}

static void history_has_its_defaults(void **state)
{
    (void)state;
    int32_t today = civil_to_day(2026, 3, 1);
    static const struct {
        const char *body, *query;
        int from_ago, to_ago;
        int64_t page, per_page;
    } good[] = {
        {"{}", NULL, 30, 0, 1, 12},
        {"{}", "4", 30, 0, 4, 12},
        {"{}", "", 30, 0, 1, 12},
        {"{\"page\":2}", "4", 30, 0, 2, 12},
        {"{\"page\":\"2\",\"paginate\":\"100\"}", "x", 30, 0, 2, 100},
        {"{\"date_to\":\"2026-02-19\"}", NULL, 40, 10, 1, 12},
        {"{\"date_from\":\"2026-02-28\"}", NULL, 1, 0, 1, 12},
        {"{\"date_from\":\"2026-02-28\",\"date_to\":\"2026-02-28\"}", NULL, 1, 1, 1, 12},
        {"{\"page\":2147483647,\"paginate\":1,\"date_to\":null}", NULL, 30, 0, 2147483647, 1},
    };
    for (size_t i = 0; i < array_len(good); i++) {
        struct run r;
        struct history_request h;
        const struct json *j = run_begin(&r, good[i].body);
        assert_true(validate_history(j, str_from(good[i].query), today, &h, &r.errors));
        assert_int_equal(h.day_from, today - good[i].from_ago);
        assert_int_equal(h.day_to, today - good[i].to_ago);
        assert_int_equal(h.page, good[i].page);
        assert_int_equal(h.per_page, good[i].per_page);
        arena_clear(&r.arena);
    }
}

static void history_refuses_what_it_cannot_answer(void **state)
{
    (void)state;
    static const char page[] = "page: The page must be between 1 and 2147483647.\n";
    static const char paginate[] = "paginate: The paginate must be between 1 and 100.\n";
    static const char order[] =
        "date_to: The date to must be a date after or equal to date from.\n";
    static const struct {
        const char *body, *query, *errors;
    } bad[] = {
        {"{\"page\":0}", NULL, page},
        {"{\"page\":2147483648}", NULL, page},
        {"{}", "-1", page},
        {"{}", "two", "page: The page must be an integer.\n"},
        {"{\"page\":true}", "1", "page: The page must be an integer.\n"},
        {"{\"paginate\":0}", NULL, paginate},
        {"{\"paginate\":101}", NULL, paginate},
        {"{\"date_from\":\"2026-03-01\",\"date_to\":\"2026-02-28\"}", NULL, order},
        {"{\"date_from\":\"2026-03-02\"}", NULL, order},
        {"{\"date_from\":\"2026-02-30\",\"date_to\":20260301}", NULL,
            "date_to: The date to does not match the format Y-m-d.\n"
            "date_from: The date from does not match the format Y-m-d.\n"},
    };
    for (size_t i = 0; i < array_len(bad); i++) {
        struct run r;
        struct history_request h;
        const struct json *j = run_begin(&r, bad[i].body);
        assert_false(
            validate_history(j, str_from(bad[i].query), civil_to_day(2026, 3, 1), &h, &r.errors));
        assert_errors(&r, bad[i].body, bad[i].errors);
        arena_clear(&r.arena);
    }
}

struct url_case {
    const char *url;
    const char *redirect; /* NULL: accepted */
    const char *notification;
};

#define FORMAT "format is invalid."
#define PORT "port is not allowed."
#define HOST "host is not allowed."

static const struct url_case url_cases[] = {
    {"https://shop.example/a?b=c#d", NULL, NULL},
    {"http://127.0.0.1:8085/n", NULL, NULL},
    {"http://localhost/n", NULL, NULL},
    {"https://[2001:db8::1]:1024/", NULL, NULL},
    {"https://xn--p1ai.example", NULL, NULL},
    {"https://shop.example/\u0995?\u0996", NULL, NULL},
    {"HTTPS://SHOP.example/", NULL, NULL},
    {"https://shop.example:443/", NULL, NULL},
    {"http://shop.example:80/", NULL, NULL},
    {"http://shop.example:22/", NULL, PORT},
    {"http://shop.example:1023/", NULL, PORT},
    {"http://0.0.0.0/", NULL, HOST},
    {"http://224.0.0.1/", NULL, HOST},
    {"http://255.255.255.255/", NULL, HOST},
    {"http://[::]/", NULL, HOST},
    {"http://[ff02::1]/", NULL, HOST},
    {"http://[::ffff:0.0.0.0]/", NULL, HOST},
    {"http://2130706433/", NULL, HOST},
    {"http://127.1/", NULL, HOST},
    {"http://0x7f.0.0.1/", NULL, HOST},
    {"http://0x7f000001/", NULL, HOST},
    {"http://a.0x1/", NULL, HOST},
    {"http://0177.0.0.1/", NULL, HOST},
    {"http://127.0.0.01/", NULL, HOST},
    {"http://1e100.example/", NULL, NULL},
    {"javascript:alert(1)", FORMAT, FORMAT},
    {"data:text/html,x", FORMAT, FORMAT},
    {"ftp://shop.example/", FORMAT, FORMAT},
    {"//shop.example/", FORMAT, FORMAT},
    {"/path", FORMAT, FORMAT},
    {"", FORMAT, FORMAT},
    {"https://", FORMAT, FORMAT},
    {"https:///path", FORMAT, FORMAT},
    {"https://u:p@shop.example/", FORMAT, FORMAT},
    {"https://shop.example\\@evil.example/", FORMAT, FORMAT},
    {"https://shop.example/a b", FORMAT, FORMAT},
    {"https://shop.example/\r\nX: y", FORMAT, FORMAT},
    {"https://shop.example./", FORMAT, FORMAT},
    {"https://\u0995.example/", FORMAT, FORMAT},
    {"https://shop.example:0/", FORMAT, FORMAT},
    {"https://shop.example:65536/", FORMAT, FORMAT},
    {"https://[::1/", FORMAT, FORMAT},
    {"https://shop.example/\xff", FORMAT, FORMAT},
    {"https://shop.example/\xe0\xa6", FORMAT, FORMAT},
};

static void assert_url(const char *url, bool notification, const char *want)
{
    const char *text = NULL;
    bool good = validate_url(str_from(url), notification, &text);
    if (good != (want == NULL) || (want && strcmp(text, want) != 0)) {
        fail_msg("%s: %s", url, good ? "accepted" : text);
    }
}

static void addresses_are_accepted_by_their_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_len(url_cases); i++) {
        assert_url(url_cases[i].url, false, url_cases[i].redirect);
        assert_url(url_cases[i].url, true, url_cases[i].notification);
    }
}

static void addresses_are_counted_in_characters(void **state)
{
    (void)state;
    char url[1024] = "https://shop.example/";
    size_t n = strlen(url), chars = n;
    for (; chars < 255; chars++, n += 3) {
        memcpy(url + n, "\u0995", 4);
    }
    assert_url(url, false, NULL);
    memcpy(url + n, "x", 2);
    assert_url(url, false, "may not be greater than 255 characters.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_takes_either_id_in_either_form),
        cmocka_unit_test(status_without_a_readable_id_is_refused),
        cmocka_unit_test(history_has_its_defaults),
        cmocka_unit_test(history_refuses_what_it_cannot_answer),
        cmocka_unit_test(addresses_are_accepted_by_their_form),
        cmocka_unit_test(addresses_are_counted_in_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
