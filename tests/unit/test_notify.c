#include "core/catalog.h"
#include "core/notify.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define OUT_MAX 8192
/* "a/b "q" \ " and Bangla and an emoji: what PHP's json_encode escapes in every way that it has. */
#define ODD_ORDER "a/b \"q\" \\ \u0985\u09b0\u09cd\u09a1\u09be\u09b0 \U0001f600"
#define ODD_ORDER_PHP                                                                              \
    "a\\/b \\\"q\\\" \\\\ \\u0985\\u09b0\\u09cd\\u09a1\\u09be\\u09b0 \\ud83d\\ude00"
#define ACCOUNT "bd291fe1-5c19-4113-ae62-a2d3c4d01d20"

static struct notify_fields fields_paid(void)
{
    return (struct notify_fields){.type = STR("payment"),
        .id = 100000001,
        .order_id = STR(ODD_ORDER),
        .payment_status = STR("paid"),
        .amount = STR("300.00"),
        .payment_amount = STR("300.00"),
        .commission_amount = STR("7.50"),
        .is_partial_payment = false,
        .account = STR(ACCOUNT),
        .service = STR("payment_card_bdt_hpp"),
        .desc = STR_ABSENT,
        .card_brand = STR_ABSENT};
}

static void assert_text(struct buf *out, const char *want)
{
    assert_true(buf_ok(out));
    assert_string_equal(out->p, want);
    buf_clear(out);
}

static void assert_signed(const struct notify_fields *f, enum notify_mode mode,
    enum notify_field_set set, const char *want)
{
    struct buf out;
    buf_init(&out, OUT_MAX);
    notify_signed_text(f, mode, set, &out);
    assert_text(&out, want);
}

static void assert_payload(const struct notify_fields *f, enum notify_mode mode,
    enum notify_field_set set, const char *want)
{
    struct buf out;
    buf_init(&out, OUT_MAX);
    notify_payload(f, mode, set, STR("ab+/=="), &out);
    assert_text(&out, want);
}

/* The expected texts of these tests were printed by PHP 8.2's json_encode and http_build_query. */
#define HEAD "{\"type\":\"payment\",\"id\":100000001,\"order_id\":\"" ODD_ORDER_PHP "\","
#define MONEY "\"payment_status\":\"paid\",\"amount\":\"300.00\",\"payment_amount\":\"300.00\","
#define TAIL "\"account\":\"" ACCOUNT "\",\"service\":\"payment_card_bdt_hpp\","

static void signed_text_is_what_php_gives(void **state)
{
    (void)state;
    struct notify_fields f = fields_paid();
    const char *want = HEAD MONEY
        "\"commission_amount\":\"7.50\",\"is_partial_payment\":\"0\"," TAIL "\"desc\":null}";
    assert_signed(&f, NOTIFY_GET, NOTIFY_FIELDS_11, want);
    assert_signed(&f, NOTIFY_POST_FORM, NOTIFY_FIELDS_11, want);
}

static void the_partial_flag_is_a_boolean_in_json_and_a_digit_else(void **state)
{
    (void)state;
    struct notify_fields f = fields_paid();
    f.is_partial_payment = true;
    f.desc = STR("<b>&'\x7f\t\x01");
    assert_signed(&f, NOTIFY_POST_JSON, NOTIFY_FIELDS_12,
        HEAD MONEY "\"commission_amount\":\"7.50\",\"is_partial_payment\":true," TAIL
                   "\"desc\":\"<b>&'\x7f\\t\\u0001\",\"card_brand\":null}");
    assert_signed(&f, NOTIFY_GET, NOTIFY_FIELDS_10,
        HEAD MONEY "\"is_partial_payment\":\"1\"," TAIL "\"desc\":\"<b>&'\x7f\\t\\u0001\"}");
}

static void query_and_form_are_percent_encoded_with_blanks_as_20(void **state)
{
    (void)state;
    struct notify_fields f = fields_paid();
    f.order_id = STR("a b&c=d+e/\u0995");
    f.is_partial_payment = true;
    f.desc = STR("<b>&'\x7f\t\x01");
    const char *want =
        "type=payment&id=100000001&order_id=a%20b%26c%3Dd%2Be%2F%E0%A6%95&payment_status=paid"
        "&amount=300.00&payment_amount=300.00&is_partial_payment=1&account=" ACCOUNT
        "&service=payment_card_bdt_hpp&desc=%3Cb%3E%26%27%7F%09%01&sign=ab%2B%2F%3D%3D";
    assert_payload(&f, NOTIFY_GET, NOTIFY_FIELDS_10, want);
    assert_payload(&f, NOTIFY_POST_FORM, NOTIFY_FIELDS_10, want);
}

static void an_absent_field_is_omitted_from_a_form_and_null_in_json(void **state)
{
    (void)state;
    struct notify_fields f = fields_paid();
    f.order_id = STR("1");
    assert_payload(&f, NOTIFY_POST_FORM, NOTIFY_FIELDS_12,
        "type=payment&id=100000001&order_id=1&payment_status=paid&amount=300.00"
        "&payment_amount=300.00&commission_amount=7.50&is_partial_payment=0&account=" ACCOUNT
        "&service=payment_card_bdt_hpp&sign=ab%2B%2F%3D%3D");
    assert_payload(&f, NOTIFY_POST_JSON, NOTIFY_FIELDS_12,
        "{\"type\":\"payment\",\"id\":100000001,\"order_id\":\"1\"," MONEY
        "\"commission_amount\":\"7.50\",\"is_partial_payment\":false," TAIL
        "\"desc\":null,\"card_brand\":null,\"sign\":\"ab+\\/==\"}");
    f.card_brand = STR("bKash");
    assert_signed(&f, NOTIFY_GET, NOTIFY_FIELDS_12,
        "{\"type\":\"payment\",\"id\":100000001,\"order_id\":\"1\"," MONEY
        "\"commission_amount\":\"7.50\",\"is_partial_payment\":\"0\"," TAIL
        "\"desc\":null,\"card_brand\":\"bKash\"}");
}

static void redirect_text_is_what_php_gives(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, OUT_MAX);
    redirect_signed_text(STR("\u09e7\u09e8/\u09e9\u2028"), STR(ACCOUNT), &out);
    assert_text(
        &out, "{\"order_id\":\"\\u09e7\\u09e8\\/\\u09e9\\u2028\",\"uuid\":\"" ACCOUNT "\"}");
}

static void webhook_signature_is_the_standards(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, OUT_MAX);
    webhook_signed_text(STR("msg_1"), 1700000000, STR("{\"a\":1}"), &out);
    assert_text(&out, "msg_1.1700000000.{\"a\":1}");
    /* by PHP's hash_hmac */
    assert_int_equal(webhook_sign(STR("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"), STR("msg_1"),
                         1700000000, STR("{\"a\":1}"), &out),
        ERR_OK);
    assert_text(&out, "v1,WUgAXU8H0NQ1/7M+TtMwKma2b74a3/TCgekiM3YUdN8=");
    /* the example of the standard's own documents */
    assert_int_equal(
        webhook_sign(STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330, STR("{\"test\": 2432232314}"), &out),
        ERR_OK);
    assert_text(&out, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void a_secret_in_another_form_signs_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8G KYqr", "whsec_MfKQ9r8GK"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct buf out;
        buf_init(&out, OUT_MAX);
        assert_int_equal(
            webhook_sign(str_from(bad[i]), STR("msg_1"), 1, STR("x"), &out), ERR_SYNTAX);
        assert_int_equal(out.n, 0);
        buf_clear(&out);
    }
}

static void mode_texts_are_read_back_and_others_refused(void **state)
{
    (void)state;
    enum notify_mode got = NOTIFY_MODE_COUNT;
    for (int m = 0; m < NOTIFY_MODE_COUNT; m++) {
        assert_int_equal(
            notify_mode_parse(str_from(notify_mode_text((enum notify_mode)m)), &got), ERR_OK);
        assert_int_equal(got, m);
    }
    assert_int_equal(notify_mode_parse(STR("get"), &got), ERR_SYNTAX);
}

static void the_catalog_names_the_service_with_its_wallets(void **state)
{
    (void)state;
    const struct catalog_service *s = catalog_service_find(STR("payment_card_bdt_hpp"));
    assert_non_null(s);
    assert_string_equal(s->currency, "BDT");
    for (int w = 0; w < WALLET_COUNT; w++) {
        enum wallet_kind got = WALLET_COUNT;
        assert_true(s->wallets[w]);
        assert_int_equal(
            wallet_kind_parse(str_from(wallet_kind_code((enum wallet_kind)w)), &got), ERR_OK);
        assert_int_equal(got, w);
    }
    assert_string_equal(wallet_kind_name(WALLET_BKASH), "bKash");
    enum wallet_kind got;
    assert_int_equal(wallet_kind_parse(STR("bKash"), &got), ERR_SYNTAX);
    assert_null(catalog_service_find(STR("payment_card_bdt")));
    assert_null(catalog_service_find(STR("")));
    assert_ptr_equal(catalog_service_at(0), s);
    assert_null(catalog_service_at(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_text_is_what_php_gives),
        cmocka_unit_test(the_partial_flag_is_a_boolean_in_json_and_a_digit_else),
        cmocka_unit_test(query_and_form_are_percent_encoded_with_blanks_as_20),
        cmocka_unit_test(an_absent_field_is_omitted_from_a_form_and_null_in_json),
        cmocka_unit_test(redirect_text_is_what_php_gives),
        cmocka_unit_test(webhook_signature_is_the_standards),
        cmocka_unit_test(a_secret_in_another_form_signs_nothing),
        cmocka_unit_test(mode_texts_are_read_back_and_others_refused),
        cmocka_unit_test(the_catalog_names_the_service_with_its_wallets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
