#include "base/mem.h"
#include "core/validate.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define ARENA_MAX ((size_t)1 << 20)
#define BODY_MAX 65536
/* A create that fits, without its closing brace, so that cases add or replace members. */
#define SERVICE "\"service\":\"payment_card_bdt_hpp\""
#define REST SERVICE ",\"customer_ip\":\"103.4.145.2\",\"customer_code\":\"bkash\""
#define BASE "{\"amount\":\"300.00\",\"order_id\":\"A-1\"," REST

struct run {
    struct arena arena;
    struct field_errors errors;
    struct create_request create;
    struct status_request status;
    struct history_request history;
};

static const struct json *run_begin(struct run *r, const char *body)
{
    *r = (struct run){.create = {.lifetime_s = -1}};
    arena_init(&r->arena, ARENA_MAX);
    field_errors_init(&r->errors, &r->arena);
    struct json *j = NULL;
    const char *why = NULL;
    if (json_parse(&r->arena, str_from(body), &j, &why) != ERR_OK) {
        fail_msg("test body: %s: %s", why, body);
    }
    return j;
}

static bool create(struct run *r, const char *body)
{
    const struct json *j = run_begin(r, body);
    return validate_create(j, &r->create, &r->errors);
}

static void assert_str(struct str got, const char *want)
{
    if (str_absent(got) || !str_is(got, want)) {
        fail_msg("is \"%.*s\", not \"%s\"", STR_FMT(got), want);
    }
}

/* Exactly one field fails, with exactly this text. */
static void assert_one_error(struct run *r, const char *body, const char *field, const char *text)
{
    if (r->errors.count != 1 || strcmp(r->errors.items[0].field, field) != 0 ||
        strcmp(r->errors.items[0].text, text) != 0) {
        for (int i = 0; i < r->errors.count; i++) {
            print_error("%s: %s\n", r->errors.items[i].field, r->errors.items[i].text);
        }
        fail_msg("wanted only \"%s: %s\" for %s", field, text, body);
    }
}

static void assert_create_refused(const char *body, const char *field, const char *text)
{
    struct run r;
    assert_false(create(&r, body));
    assert_one_error(&r, body, field, text);
    arena_clear(&r.arena);
}

static void assert_create_accepted(const char *body)
{
    struct run r;
    if (!create(&r, body)) {
        fail_msg("%s: %s for %s", r.errors.items[0].field, r.errors.items[0].text, body);
    }
    arena_clear(&r.arena);
}

static void a_full_create_is_read(void **state)
{
    (void)state;
    struct run r;
    assert_true(create(&r,
        BASE ",\"success_redirect_id\":5,\"fail_redirect_id\":\"6\",\"notification_endpoint_id\":7,"
             "\"success_redirect_url\":\"https://shop.example/ok?a=1\","
             "\"fail_redirect_url\":\"http://shop.example/no\","
             "\"notification_endpoint_url\":\"https://shop.example:8443/n\","
             "\"desc\":\"\\u200b two shirts \\ufeff\",\"lifetime\":\"900\","
             "\"customer_email\":\"a@b.example\",\"customer_browser_screen_width\":\"1080\","
             "\"unknown\":[1e400,{}],\"customer_city\":\"\\u09a2\\u09be\\u0995\\u09be\"}"));
    assert_int_equal(r.create.amount.poisha, 30000);
    assert_str(r.create.order_id, "A-1");
    assert_str(r.create.service, "payment_card_bdt_hpp");
    assert_ptr_equal(r.create.catalog, catalog_service_at(0));
    assert_str(r.create.customer_ip, "103.4.145.2");
    assert_int_equal(r.create.wallet, WALLET_BKASH);
    assert_int_equal(r.create.success_redirect_id, 5);
    assert_int_equal(r.create.fail_redirect_id, 6);
    assert_int_equal(r.create.notification_endpoint_id, 7);
    assert_str(r.create.success_redirect_url, "https://shop.example/ok?a=1");
    assert_str(r.create.fail_redirect_url, "http://shop.example/no");
    assert_str(r.create.notification_endpoint_url, "https://shop.example:8443/n");
    assert_str(r.create.desc, "two shirts");
    assert_int_equal(r.create.lifetime_s, 900);
    assert_str(r.create.customer_json,
        "{\"customer_email\":\"a@b.example\",\"customer_browser_screen_width\":1080,"
        "\"customer_city\":\"\\u09a2\\u09be\\u0995\\u09be\"}");
    arena_clear(&r.arena);
}

static void what_is_not_given_has_its_default(void **state)
{
    (void)state;
    static const char *const bodies[] = {BASE "}",
        BASE ",\"success_redirect_url\":null,\"success_redirect_id\":null,\"desc\":null,"
             "\"lifetime\":null,\"customer_email\":null}",
        BASE ",\"success_redirect_url\":\"\",\"success_redirect_id\":\"\",\"desc\":\" \\u3000\","
             "\"lifetime\":\"\",\"customer_email\":\"\"}"};
    for (size_t i = 0; i < array_len(bodies); i++) {
        struct run r;
        assert_true(create(&r, bodies[i]));
        assert_true(str_absent(r.create.success_redirect_url));
        assert_int_equal(r.create.success_redirect_id, 0);
        assert_true(str_absent(r.create.desc));
        assert_int_equal(r.create.lifetime_s, 3600);
        assert_true(str_absent(r.create.customer_json));
        arena_clear(&r.arena);
    }
}

static void all_missing_fields_are_told_at_once(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{}",
        "{\"amount\":null,\"order_id\":\"\",\"service\":null,\"customer_ip\":\"\","
        "\"customer_code\":null}"};
    for (size_t i = 0; i < array_len(bodies); i++) {
        struct run r;
        assert_false(create(&r, bodies[i]));
        struct buf out;
        buf_init(&out, BODY_MAX);
        field_errors_json(&r.errors, &out);
        assert_string_equal(out.p,
            "{\"message\":\"The given data was invalid.\",\"errors\":{"
            "\"amount\":[\"The amount field is required.\"],"
            "\"order_id\":[\"The order id field is required.\"],"
            "\"service\":[\"The service field is required.\"],"
            "\"customer_ip\":[\"The customer ip field is required.\"],"
            "\"customer_code\":[\"The customer code field is required.\"]}}");
        buf_clear(&out);
        arena_clear(&r.arena);
    }
}

static void amount_create(const char *json, char *out, size_t cap)
{
    snprintf(out, cap, "{\"amount\":%s,\"order_id\":\"A-1\"," REST "}", json);
}

static void amounts_are_judged_by_their_text(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int64_t poisha;
    } good[] = {
        {"100", 10000},
        {"100.0", 10000},
        {"\"100.00\"", 10000},
        {"100.1", 10010},
        {"0.01", 1},
        {"\"0.1\"", 10},
        {"999999999.99", MONEY_API_MAX_POISHA},
    };
    char body[512];
    for (size_t i = 0; i < array_len(good); i++) {
        struct run r;
        amount_create(good[i].json, body, sizeof(body));
        assert_true(create(&r, body));
        assert_int_equal(r.create.amount.poisha, good[i].poisha);
        arena_clear(&r.arena);
    }
    static const char *const bad[] = {"100.001", "1e3", "1E2", "-0", "-5", "\"1,000\"", "\"+5\"",
        "\" 100\"", "\"100 \"", "\"100.\"", "\".5\"", "\"00\"", "\"01\"", "\"0x10\"", "1000000000",
        "999999999.999", "\"abc\"", "\"\\u0661\"", "1e400", "123456789012345678901"};
    for (size_t i = 0; i < array_len(bad); i++) {
        amount_create(bad[i], body, sizeof(body));
        assert_create_refused(body, "amount", "The amount format is invalid.");
    }
    static const char *const zero[] = {"0", "0.0", "\"0.00\""};
    for (size_t i = 0; i < array_len(zero); i++) {
        amount_create(zero[i], body, sizeof(body));
        assert_create_refused(body, "amount", "The amount must be greater than 0.");
    }
    static const char *const other[] = {"true", "false", "[]", "[100]", "{}"};
    for (size_t i = 0; i < array_len(other); i++) {
        amount_create(other[i], body, sizeof(body));
        assert_create_refused(body, "amount", "The amount must be a number.");
    }
}

/* `count` times `unit` as a JSON string into `out`. */
static void repeat(char *out, size_t cap, const char *unit, size_t count)
{
    size_t n = strlen(unit);
    assert_true(count * n + 3 <= cap);
    *out++ = '"';
    for (size_t i = 0; i < count; i++) {
        memcpy(out, unit, n);
        out += n;
    }
    memcpy(out, "\"", 2);
}

static void order_create(const char *json, char *out, size_t cap)
{
    snprintf(out, cap, "{\"amount\":1,\"order_id\":%s," REST "}", json);
}

static void order_ids_are_texts_or_raw_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *text;
    } good[] = {
        {"123", "123"},
        {"1.50", "1.50"},
        {"1e400", "1e400"},
        {"-0", "-0"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"\"a b\"", "a b"},
        {"\"0\"", "0"},
        {"\"\\u0995\\u200bz\"", "\u0995\u200bz"},
    };
    char body[2048], text[1024];
    for (size_t i = 0; i < array_len(good); i++) {
        struct run r;
        order_create(good[i].json, body, sizeof(body));
        assert_true(create(&r, body));
        assert_str(r.create.order_id, good[i].text);
        arena_clear(&r.arena);
    }
    repeat(text, sizeof(text), "\u0995", 128);
    order_create(text, body, sizeof(body));
    assert_create_accepted(body);
    repeat(text, sizeof(text), "\u0995", 129);
    order_create(text, body, sizeof(body));
    assert_create_refused(body, "order_id", "The order id may not be greater than 128 characters.");
    static const char *const spaced[] = {"\" a\"", "\"a \"", "\"\\ta\"", "\"a\\n\"", "\"\\u00a0a\"",
        "\"a\\u3000\"", "\"a\\u200b\"", "\"\\u200ea\"", "\"a\\ufeff\"", "\" \""};
    for (size_t i = 0; i < array_len(spaced); i++) {
        order_create(spaced[i], body, sizeof(body));
        assert_create_refused(
            body, "order_id", "The order id may not begin or end with white space.");
    }
    static const char *const other[] = {"true", "[\"a\"]", "{}"};
    for (size_t i = 0; i < array_len(other); i++) {
        order_create(other[i], body, sizeof(body));
        assert_create_refused(body, "order_id", "The order id must be a string.");
    }
}

static void services_and_codes_must_be_in_the_catalog(void **state)
{
    (void)state;
    const char *head = "{\"amount\":1,\"order_id\":\"A\",\"customer_ip\":\"::1\",";
    static const struct {
        const char *tail, *field, *text;
    } bad[] = {
        {"\"service\":\"payment_card\",\"customer_code\":\"nagad\"}", "service",
            "The selected service is invalid."},
        {"\"service\":1,\"customer_code\":\"nagad\"}", "service", "The service must be a string."},
        {SERVICE ",\"customer_code\":\"Nagad\"}", "customer_code",
            "The selected customer code is invalid."},
        {SERVICE ",\"customer_code\":\"upay\"}", "customer_code",
            "The selected customer code is invalid."},
        {SERVICE ",\"customer_code\":false}", "customer_code",
            "The customer code must be a string."},
    };
    char body[512];
    for (size_t i = 0; i < array_len(bad); i++) {
        snprintf(body, sizeof(body), "%s%s", head, bad[i].tail);
        assert_create_refused(body, bad[i].field, bad[i].text);
    }
    snprintf(body, sizeof(body), "%s" SERVICE ",\"customer_code\":\"rocket\"}", head);
    assert_create_accepted(body);
}

static void customer_ip_must_be_an_address(void **state)
{
    (void)state;
    static const char *const good[] = {"\"10.0.0.1\"", "\"2001:db8::1\"", "\"::ffff:1.2.3.4\""};
    static const char *const bad[] = {"\"10.0.0\"", "\"10.0.0.256\"", "\"010.0.0.1\"",
        "\"1.2.3.4 \"", "\"fe80::1%eth0\"", "\"[::1]\"", "\"localhost\"", "167772161", "true"};
    char body[512];
    for (size_t i = 0; i < array_len(good) + array_len(bad); i++) {
        bool is_good = i < array_len(good);
        snprintf(body, sizeof(body),
            "{\"amount\":1,\"order_id\":\"A\"," SERVICE
            ",\"customer_code\":\"bkash\",\"customer_ip\":%s}",
            is_good ? good[i] : bad[i - array_len(good)]);
        if (is_good) {
            assert_create_accepted(body);
        } else {
            assert_create_refused(
                body, "customer_ip", "The customer ip must be a valid IP address.");
        }
    }
}

static void integers_are_integers_or_their_decimal_text(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text;
    } bad[] = {
        {"1.0", "The success redirect id must be an integer."},
        {"1e3", "The success redirect id must be an integer."},
        {"true", "The success redirect id must be an integer."},
        {"[1]", "The success redirect id must be an integer."},
        {"\"1.0\"", "The success redirect id must be an integer."},
        {"\" 1\"", "The success redirect id must be an integer."},
        {"\"01\"", "The success redirect id must be an integer."},
        {"\"+1\"", "The success redirect id must be an integer."},
        {"0", "The success redirect id must be at least 1."},
        {"-1", "The success redirect id must be at least 1."},
        {"-99999999999999999999", "The success redirect id must be at least 1."},
        {"9007199254740992", "The success redirect id may not be greater than 9007199254740991."},
        {"99999999999999999999",
            "The success redirect id may not be greater than 9007199254740991."},
    };
    char body[512];
    for (size_t i = 0; i < array_len(bad); i++) {
        snprintf(body, sizeof(body), BASE ",\"success_redirect_id\":%s}", bad[i].json);
        assert_create_refused(body, "success_redirect_id", bad[i].text);
    }
    assert_create_accepted(BASE ",\"success_redirect_id\":9007199254740991}");
}

static void lifetime_has_its_bounds(void **state)
{
    (void)state;
    assert_create_accepted(BASE ",\"lifetime\":900}");
    assert_create_accepted(BASE ",\"lifetime\":\"3600\"}");
    static const char *const bad[] = {"899", "3601", "0", "-900", "\"86400\""};
    char body[512];
    for (size_t i = 0; i < array_len(bad); i++) {
        snprintf(body, sizeof(body), BASE ",\"lifetime\":%s}", bad[i]);
        assert_create_refused(body, "lifetime", "The lifetime must be between 900 and 3600.");
    }
}

static void desc_is_trimmed_before_it_is_counted(void **state)
{
    (void)state;
    char body[4096], text[2048];
    repeat(text, sizeof(text), "\u0995", 128);
    snprintf(body, sizeof(body), BASE ",\"desc\":\"\\u2003 %s  \"}", "x");
    assert_create_accepted(body);
    snprintf(body, sizeof(body), BASE ",\"desc\":%s}", text);
    assert_create_accepted(body);
    repeat(text, sizeof(text), "\u0995", 129);
    snprintf(body, sizeof(body), BASE ",\"desc\":%s}", text);
    assert_create_refused(body, "desc", "The desc may not be greater than 128 characters.");
    struct run r;
    snprintf(body, sizeof(body), BASE ",\"desc\":\"%100s \"}", "y");
    assert_true(create(&r, body));
    assert_str(r.create.desc, "y");
    arena_clear(&r.arena);
    assert_create_refused(BASE ",\"desc\":5}", "desc", "The desc must be a string.");
}

static void customer_fields_have_their_limits(void **state)
{
    (void)state;
    static const struct {
        const char *name, *words;
        size_t max;
    } fields[] = {
        {"customer_account", "customer account", 50},
        {"customer_user_id", "customer user id", 100},
        {"customer_email", "customer email", 50},
        {"customer_phone", "customer phone", 12},
        {"customer_first_name", "customer first name", 50},
        {"customer_last_name", "customer last name", 50},
        {"customer_address", "customer address", 50},
        {"customer_city", "customer city", 20},
        {"customer_state", "customer state", 50},
        {"customer_post_code", "customer post code", 12},
        {"customer_browser_user_agent", "customer browser user agent", 2000},
        {"customer_browser_accept_header", "customer browser accept header", 2000},
        {"customer_browser_language", "customer browser language", 8},
    };
    static char body[16384], text[8192];
    char want[256];
    for (size_t i = 0; i < array_len(fields); i++) {
        repeat(text, sizeof(text), "\u0995", fields[i].max);
        snprintf(body, sizeof(body), BASE ",\"%s\":%s}", fields[i].name, text);
        assert_create_accepted(body);
        repeat(text, sizeof(text), "\u0995", fields[i].max + 1);
        snprintf(body, sizeof(body), BASE ",\"%s\":%s}", fields[i].name, text);
        snprintf(want, sizeof(want), "The %s may not be greater than %zu characters.",
            fields[i].words, fields[i].max);
        assert_create_refused(body, fields[i].name, want);
        snprintf(body, sizeof(body), BASE ",\"%s\":1}", fields[i].name);
        snprintf(want, sizeof(want), "The %s must be a string.", fields[i].words);
        assert_create_refused(body, fields[i].name, want);
    }
    assert_create_refused(BASE ",\"customer_browser_color_depth\":true}",
        "customer_browser_color_depth", "The customer browser color depth must be an integer.");
}

static void all_customer_fields_at_their_limits_are_kept(void **state)
{
    (void)state;
    static char body[BODY_MAX], text[8192], more[8192];
    repeat(text, sizeof(text), "\U0001f600", 2000);
    repeat(more, sizeof(more), "\U0001f600", 50);
    snprintf(body, sizeof(body),
        BASE ",\"customer_browser_user_agent\":%s,\"customer_browser_accept_header\":%s,"
             "\"customer_account\":%s,\"customer_address\":%s}",
        text, text, more, more);
    struct run r;
    assert_true(create(&r, body));
    struct json *kept = NULL;
    const char *why = NULL;
    assert_int_equal(json_parse(&r.arena, r.create.customer_json, &kept, &why), ERR_OK);
    assert_int_equal(json_get_string(kept, "customer_browser_accept_header").n, 8000);
    assert_int_equal(json_get_string(kept, "customer_address").n, 200);
    arena_clear(&r.arena);
}

static void every_failing_field_is_told(void **state)
{
    (void)state;
    struct run r;
    assert_false(
        create(&r, "{\"amount\":0,\"order_id\":\" x\",\"service\":\"no\",\"customer_ip\":1,"
                   "\"customer_code\":\"no\",\"lifetime\":1,\"fail_redirect_url\":\"/x\","
                   "\"customer_phone\":123}"));
    static const char *const fields[] = {"amount", "order_id", "service", "customer_ip",
        "customer_code", "lifetime", "fail_redirect_url", "customer_phone"};
    assert_int_equal(r.errors.count, array_len(fields));
    for (size_t i = 0; i < array_len(fields); i++) {
        assert_true(field_errors_has(&r.errors, fields[i]));
    }
    assert_false(field_errors_has(&r.errors, "desc"));
    arena_clear(&r.arena);
}

static void two_texts_of_one_field_share_its_list(void **state)
{
    (void)state;
    struct run r;
    (void)run_begin(&r, "{}");
    field_errors_add(&r.errors, "id", "first_%d", 1);
    field_errors_add(&r.errors, "desc", "other");
    field_errors_add(&r.errors, "id", "second");
    struct buf out;
    buf_init(&out, BODY_MAX);
    field_errors_json(&r.errors, &out);
    assert_string_equal(out.p, "{\"message\":\"The given data was invalid.\",\"errors\":{\"id\":["
                               "\"first 1\",\"second\"],\"desc\":[\"other\"]}}");
    buf_clear(&out);
    for (int i = 0; i < FIELD_ERRORS_MAX; i++) {
        field_errors_add(&r.errors, "id", "again");
    }
    assert_int_equal(r.errors.count, FIELD_ERRORS_MAX);
    arena_clear(&r.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_create_is_read),
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(all_missing_fields_are_told_at_once),
        cmocka_unit_test(amounts_are_judged_by_their_text),
        cmocka_unit_test(order_ids_are_texts_or_raw_numbers),
        cmocka_unit_test(services_and_codes_must_be_in_the_catalog),
        cmocka_unit_test(customer_ip_must_be_an_address),
        cmocka_unit_test(integers_are_integers_or_their_decimal_text),
        cmocka_unit_test(lifetime_has_its_bounds),
        cmocka_unit_test(desc_is_trimmed_before_it_is_counted),
        cmocka_unit_test(customer_fields_have_their_limits),
        cmocka_unit_test(all_customer_fields_at_their_limits_are_kept),
        cmocka_unit_test(every_failing_field_is_told),
        cmocka_unit_test(two_texts_of_one_field_share_its_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
