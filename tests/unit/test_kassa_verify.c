/* libkassa's verifying functions, against texts that core/notify made and a key of the test's own. */
#include "base/crypto.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/notify.h"
#include "kassa.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define OUT_MAX 65536
#define ACCOUNT "bd291fe1-5c19-4113-ae62-a2d3c4d01d20"

static struct rsa_private *key;
static char *key_pem;   /* public half of key */
static char *other_pem; /* of a key that signed nothing */

static char *public_pem_of(const struct rsa_private *private)
{
    struct rsa_public *public = NULL;
    struct buf pem;
    buf_init(&pem, RSA_PEM_MAX);
    assert_int_equal(rsa_private_public(private, &public), ERR_OK);
    assert_int_equal(rsa_public_to_pem(public, &pem), ERR_OK);
    rsa_public_free(public);
    size_t n;
    return buf_take(&pem, &n);
}

static int keys_make(void **state)
{
    (void)state;
    struct rsa_private *other = NULL;
    assert_int_equal(rsa_private_generate(2048, &key), ERR_OK);
    assert_int_equal(rsa_private_generate(2048, &other), ERR_OK);
    key_pem = public_pem_of(key);
    other_pem = public_pem_of(other);
    rsa_private_free(other);
    return 0;
}

static int keys_free(void **state)
{
    (void)state;
    rsa_private_free(key);
    mem_free(key_pem);
    mem_free(other_pem);
    return 0;
}

static void sign(struct str text, enum rsa_digest digest, struct buf *out)
{
    uint8_t raw[RSA_SIG_MAX];
    size_t n;
    buf_init(out, OUT_MAX);
    assert_int_equal(rsa_sign(key, digest, text, raw, sizeof(raw), &n), ERR_OK);
    base64_encode(out, raw, n);
}

static struct notify_fields fields_paid(void)
{
    return (struct notify_fields){.type = STR("payment"),
        .id = 100000001,
        .order_id = STR("a/b c&d=\u0995 \"q\" 100%"),
        .payment_status = STR("paid"),
        .amount = STR("300.00"),
        .payment_amount = STR("300.00"),
        .commission_amount = STR("7.50"),
        .account = STR(ACCOUNT),
        .service = STR("payment_card_bdt_hpp")};
}

/* What the merchant receives. */
static void payload_make(const struct notify_fields *f, enum notify_mode mode,
    enum notify_field_set set, enum rsa_digest digest, struct buf *out)
{
    struct buf text, signature;
    buf_init(&text, OUT_MAX);
    buf_init(out, OUT_MAX);
    notify_signed_text(f, mode, set, &text);
    sign(buf_view(&text), digest, &signature);
    notify_payload(f, mode, set, buf_view(&signature), out);
    assert_true(buf_ok(out));
    buf_clear(&text);
    buf_clear(&signature);
}

static const enum notify_mode modes[] = {NOTIFY_GET, NOTIFY_POST_FORM, NOTIFY_POST_JSON};
static const enum notify_field_set sets[] = {NOTIFY_FIELDS_10, NOTIFY_FIELDS_11, NOTIFY_FIELDS_12};

static enum kassa_mode kassa_mode(enum notify_mode mode)
{
    return mode == NOTIFY_GET         ? KASSA_MODE_GET
           : mode == NOTIFY_POST_FORM ? KASSA_MODE_FORM
                                      : KASSA_MODE_JSON;
}

static void assert_same(const char *got, struct str want)
{
    assert_int_equal(got == NULL, str_absent(want));
    assert_true(str_eq(str_from(got), want));
}

static void assert_genuine(
    const struct notify_fields *f, enum notify_mode mode, enum notify_field_set set)
{
    struct buf payload;
    struct kassa_notification *n = NULL;
    payload_make(
        f, mode, set, f->is_partial_payment ? RSA_DIGEST_SHA256 : RSA_DIGEST_SHA1, &payload);
    assert_int_equal(
        kassa_notification_verify(key_pem, kassa_mode(mode), payload.p, payload.n, &n), KASSA_OK);
    assert_same(n->type, f->type);
    assert_int_equal(n->id, f->id);
    assert_same(n->order_id, f->order_id);
    assert_same(n->payment_status, f->payment_status);
    assert_same(n->amount, f->amount);
    assert_same(n->payment_amount, f->payment_amount);
    assert_same(n->commission_amount, set == NOTIFY_FIELDS_10 ? STR_ABSENT : f->commission_amount);
    assert_int_equal(n->is_partial_payment, f->is_partial_payment);
    assert_same(n->account, f->account);
    assert_same(n->service, f->service);
    assert_same(n->desc, f->desc);
    assert_same(n->card_brand, set == NOTIFY_FIELDS_12 ? f->card_brand : STR_ABSENT);
    kassa_notification_free(n);
    buf_clear(&payload);
}

static void genuine_notifications_of_every_mode_and_field_set_are_read(void **state)
{
    (void)state;
    for (size_t m = 0; m < array_len(modes); m++) {
        for (size_t s = 0; s < array_len(sets); s++) {
            struct notify_fields f = fields_paid();
            assert_genuine(&f, modes[m], sets[s]);
            f.desc = STR("two <b>shirts</b> + \U0001f600");
            f.is_partial_payment = true;
            assert_genuine(&f, modes[m], sets[s]);
            f.card_brand = STR("bKash");
            assert_genuine(&f, modes[m], sets[s]);
        }
    }
}

static void assert_verdict(
    enum kassa_mode mode, const char *pem, struct str text, enum kassa_result want)
{
    struct kassa_notification *n = NULL;
    enum kassa_result got = kassa_notification_verify(pem, mode, text.p, text.n, &n);
    if (got != want) {
        fail_msg(
            "%s, not %s, for %.*s", kassa_result_text(got), kassa_result_text(want), STR_FMT(text));
    }
    assert_null(n);
}

static void another_key_verifies_nothing(void **state)
{
    (void)state;
    struct notify_fields f = fields_paid();
    for (size_t m = 0; m < array_len(modes); m++) {
        struct buf payload;
        payload_make(&f, modes[m], NOTIFY_FIELDS_11, RSA_DIGEST_SHA1, &payload);
        assert_verdict(kassa_mode(modes[m]), other_pem, buf_view(&payload), KASSA_REFUSED);
        assert_verdict(kassa_mode(modes[m]), "no key", buf_view(&payload), KASSA_KEY);
        assert_verdict(kassa_mode(modes[m]), NULL, buf_view(&payload), KASSA_KEY);
        buf_clear(&payload);
    }
}

/* Every single changed byte of a payload must make it other than genuine, or leave what is read the same. */
static void no_changed_byte_passes_unseen(void **state)
{
    (void)state;
    struct notify_fields f = fields_paid();
    for (size_t m = 0; m < array_len(modes); m++) {
        struct buf payload;
        payload_make(&f, modes[m], NOTIFY_FIELDS_11, RSA_DIGEST_SHA1, &payload);
        for (size_t i = 0; i < payload.n; i++) {
            char was = payload.p[i];
            payload.p[i] ^= 1;
            struct kassa_notification *n = NULL;
            if (kassa_notification_verify(
                    key_pem, kassa_mode(modes[m]), payload.p, payload.n, &n) == KASSA_OK) {
                assert_same(n->order_id, f.order_id);
                assert_same(n->payment_status, f.payment_status);
                assert_same(n->payment_amount, f.payment_amount);
                assert_int_equal(n->id, f.id);
                kassa_notification_free(n);
            }
            payload.p[i] = was;
        }
        buf_clear(&payload);
    }
}

static void parameters_of_the_endpoints_own_query_do_no_harm(void **state)
{
    (void)state;
    struct notify_fields f = fields_paid();
    struct buf payload, text;
    payload_make(&f, NOTIFY_GET, NOTIFY_FIELDS_11, RSA_DIGEST_SHA1, &payload);
    buf_init(&text, OUT_MAX);
    buf_printf(&text, "shop=3&id=77&type=card&%s", payload.p);
    struct kassa_notification *n = NULL;
    assert_int_equal(
        kassa_notification_verify(key_pem, KASSA_MODE_GET, text.p, text.n, &n), KASSA_OK);
    assert_int_equal(n->id, f.id);
    kassa_notification_free(n);
    buf_reset(&text);
    buf_printf(&text, "%s&payment_status=fail", payload.p);
    assert_verdict(KASSA_MODE_GET, key_pem, buf_view(&text), KASSA_MALFORMED);
    buf_reset(&text);
    buf_printf(&text, "%s&type=payment", payload.p);
    assert_verdict(KASSA_MODE_GET, key_pem, buf_view(&text), KASSA_MALFORMED);
    buf_clear(&text);
    buf_clear(&payload);
}

static void what_lacks_fields_or_types_is_malformed(void **state)
{
    (void)state;
    static const char *const forms[] = {"", "&&&", "type=payment", "sign=AAAA",
        "type=payment&id=1&order_id=%00&payment_status=paid&amount=1.00&payment_amount=1.00"
        "&is_partial_payment=0&account=a&service=s&sign=AAAA",
        "type=payment&id=1&order_id=%ff&payment_status=paid&amount=1.00&payment_amount=1.00"
        "&is_partial_payment=0&account=a&service=s&sign=AAAA",
        "type=payment&id=01&order_id=1&payment_status=paid&amount=1.00&payment_amount=1.00"
        "&is_partial_payment=0&account=a&service=s&sign=AAAA",
        "type=payment&id=1&order_id=1&payment_status=paid&amount=1.00&payment_amount=1.00"
        "&is_partial_payment=2&account=a&service=s&sign=AAAA",
        "type=payment&id=1&order_id=1&payment_status=paid&amount=1.00&payment_amount=1.00"
        "&is_partial_payment=0&account=a&service=s",
        "type=payment&id=1&order_id=1&payment_status=paid&amount=1.00&payment_amount=1.00"
        "&is_partial_payment=0&account=a&service=s&sign=",
        "type=payment&id=1&order_id=1&payment_status=paid&amount=1.00&payment_amount=1.00"
        "&is_partial_payment=0&account=a&service=s&sign=!"};
    for (size_t i = 0; i < array_len(forms); i++) {
        assert_verdict(KASSA_MODE_FORM, key_pem, str_from(forms[i]), KASSA_MALFORMED);
    }
    static const char *const bodies[] = {"", "[]", "null", "{}", "{\"type\":\"payment\"}",
        "{\"type\":\"payment\",\"id\":\"1\",\"order_id\":\"1\",\"payment_status\":\"paid\","
        "\"amount\":\"1.00\",\"payment_amount\":\"1.00\",\"is_partial_payment\":false,"
        "\"account\":\"a\",\"service\":\"s\",\"desc\":null,\"sign\":\"AAAA\"}",
        "{\"type\":\"payment\",\"id\":1,\"order_id\":\"1\",\"payment_status\":\"paid\","
        "\"amount\":1.00,\"payment_amount\":\"1.00\",\"is_partial_payment\":false,"
        "\"account\":\"a\",\"service\":\"s\",\"desc\":null,\"sign\":\"AAAA\"}",
        "{\"type\":\"payment\",\"id\":1,\"order_id\":\"1\",\"payment_status\":\"paid\","
        "\"amount\":\"1.00\",\"payment_amount\":\"1.00\",\"is_partial_payment\":\"0\","
        "\"account\":\"a\",\"service\":\"s\",\"desc\":null,\"sign\":\"AAAA\"}"};
    for (size_t i = 0; i < array_len(bodies); i++) {
        assert_verdict(KASSA_MODE_JSON, key_pem, str_from(bodies[i]), KASSA_MALFORMED);
    }
    struct kassa_notification *n = NULL;
    assert_int_equal(
        kassa_notification_verify(key_pem, KASSA_MODE_JSON, NULL, 0, &n), KASSA_ARGUMENT);
    assert_int_equal(
        kassa_notification_verify(key_pem, (enum kassa_mode)7, "{}", 2, &n), KASSA_ARGUMENT);
}

static void the_mode_is_told_by_method_and_content_type(void **state)
{
    (void)state;
    enum kassa_mode mode = KASSA_MODE_FORM;
    assert_int_equal(kassa_mode_of("GET", NULL, &mode), KASSA_OK);
    assert_int_equal(mode, KASSA_MODE_GET);
    assert_int_equal(kassa_mode_of("POST", "Application/JSON ; charset=utf-8", &mode), KASSA_OK);
    assert_int_equal(mode, KASSA_MODE_JSON);
    assert_int_equal(kassa_mode_of("POST", "application/x-www-form-urlencoded", &mode), KASSA_OK);
    assert_int_equal(mode, KASSA_MODE_FORM);
    assert_int_equal(kassa_mode_of("POST", "text/plain", &mode), KASSA_MALFORMED);
    assert_int_equal(kassa_mode_of("POST", NULL, &mode), KASSA_MALFORMED);
    assert_int_equal(kassa_mode_of("PUT", "application/json", &mode), KASSA_MALFORMED);
    assert_int_equal(kassa_mode_of(NULL, NULL, &mode), KASSA_MALFORMED);
}

/* The example of the Standard Webhooks documents. */
#define WH_SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define WH_ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define WH_AT 1614265330
#define WH_BODY "{\"test\": 2432232314}"
#define WH_SIGN "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static enum kassa_result webhook(
    const char *secret, const char *at, const char *body, const char *signatures, int64_t now_s)
{
    return kassa_webhook_verify(secret, WH_ID, at, body, strlen(body), signatures, now_s, 0);
}

static void a_webhook_is_verified_by_any_of_its_signatures(void **state)
{
    (void)state;
    static const char *const good[] = {WH_SIGN, "v1,AAAA " WH_SIGN, WH_SIGN " v1a,AAAA",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF= " WH_SIGN};
    for (size_t i = 0; i < array_len(good); i++) {
        assert_int_equal(webhook(WH_SECRET, "1614265330", WH_BODY, good[i], WH_AT), KASSA_OK);
    }
    static const char *const bad[] = {"", " ", "v1,", "v1,g0hM9SsE", "v2," WH_SIGN,
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=", WH_SIGN "x"};
    for (size_t i = 0; i < array_len(bad); i++) {
        assert_int_equal(webhook(WH_SECRET, "1614265330", WH_BODY, bad[i], WH_AT), KASSA_REFUSED);
    }
    assert_int_equal(webhook(WH_SECRET, "1614265331", WH_BODY, WH_SIGN, WH_AT), KASSA_REFUSED);
    assert_int_equal(webhook(WH_SECRET, "1614265330", "{}", WH_SIGN, WH_AT), KASSA_REFUSED);
    assert_int_equal(
        webhook("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", "1614265330", WH_BODY, WH_SIGN, WH_AT),
        KASSA_REFUSED);
    assert_int_equal(webhook("secret", "1614265330", WH_BODY, WH_SIGN, WH_AT), KASSA_KEY);
    assert_int_equal(webhook(NULL, "1614265330", WH_BODY, WH_SIGN, WH_AT), KASSA_KEY);
    assert_int_equal(webhook(WH_SECRET, "now", WH_BODY, WH_SIGN, WH_AT), KASSA_MALFORMED);
    assert_int_equal(webhook(WH_SECRET, NULL, WH_BODY, WH_SIGN, WH_AT), KASSA_MALFORMED);
}

static void an_old_webhook_is_stale_though_genuine(void **state)
{
    (void)state;
    static const struct {
        int64_t now_s, tolerance_s;
        enum kassa_result want;
    } cases[] = {
        {WH_AT + 300, 0, KASSA_OK},
        {WH_AT + 301, 0, KASSA_STALE},
        {WH_AT - 300, 0, KASSA_OK},
        {WH_AT - 301, 0, KASSA_STALE},
        {WH_AT + 11, 10, KASSA_STALE},
        {WH_AT + 100000000, -1, KASSA_OK},
        {INT64_MIN, 0, KASSA_STALE},
        {INT64_MAX, 0, KASSA_STALE},
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        assert_int_equal(kassa_webhook_verify(WH_SECRET, WH_ID, "1614265330", WH_BODY,
                             strlen(WH_BODY), WH_SIGN, cases[i].now_s, cases[i].tolerance_s),
            cases[i].want);
    }
}

static void the_payers_return_is_verified(void **state)
{
    (void)state;
    struct buf text, signature;
    buf_init(&text, OUT_MAX);
    redirect_signed_text(STR("\u0995/1"), STR(ACCOUNT), &text);
    sign(buf_view(&text), RSA_DIGEST_SHA1, &signature);
    assert_int_equal(kassa_redirect_verify(key_pem, "\u0995/1", ACCOUNT, signature.p), KASSA_OK);
    assert_int_equal(
        kassa_redirect_verify(key_pem, "\u0995/2", ACCOUNT, signature.p), KASSA_REFUSED);
    assert_int_equal(
        kassa_redirect_verify(other_pem, "\u0995/1", ACCOUNT, signature.p), KASSA_REFUSED);
    assert_int_equal(kassa_redirect_verify(key_pem, "\xff", ACCOUNT, signature.p), KASSA_MALFORMED);
    assert_int_equal(kassa_redirect_verify(key_pem, "1", ACCOUNT, "%"), KASSA_MALFORMED);
    assert_int_equal(kassa_redirect_verify(key_pem, "1", ACCOUNT, ""), KASSA_MALFORMED);
    assert_int_equal(kassa_redirect_verify(key_pem, NULL, ACCOUNT, ""), KASSA_MALFORMED);
    assert_int_equal(kassa_redirect_verify("", "1", ACCOUNT, signature.p), KASSA_KEY);
    buf_clear(&text);
    buf_clear(&signature);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(genuine_notifications_of_every_mode_and_field_set_are_read),
        cmocka_unit_test(another_key_verifies_nothing),
        cmocka_unit_test(no_changed_byte_passes_unseen),
        cmocka_unit_test(parameters_of_the_endpoints_own_query_do_no_harm),
        cmocka_unit_test(what_lacks_fields_or_types_is_malformed),
        cmocka_unit_test(the_mode_is_told_by_method_and_content_type),
        cmocka_unit_test(a_webhook_is_verified_by_any_of_its_signatures),
        cmocka_unit_test(an_old_webhook_is_stale_though_genuine),
        cmocka_unit_test(the_payers_return_is_verified),
    };
    return cmocka_run_group_tests(tests, keys_make, keys_free);
}
