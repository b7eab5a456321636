/* The doctor's pure part: what real programs do wrong is in tests/clients/doctor.test.mjs; here is what sanitizers should see. */
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/doctor.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW INT64_C(1794000000000)
#define UUID "7f3c2c5e-5f0e-4d0b-9c55-0a5c5a1b2c3d"
#define BODY "{\"order_id\":\"a/1\",\"amount\":300.00,\"desc\":\"\xE0\xA6\x9A\xE0\xA6\xBE\"}"

struct bench {
    struct rsa_private *private_key;
    struct buf der;
    struct doctor_account account;
    struct doctor_key key;
    struct arena arena;
};

static int bench_setup(void **state)
{
    struct bench *b = mem_alloc(sizeof *b);
    struct rsa_public *public = NULL;
    assert_int_equal(rsa_private_generate(2048, &b->private_key), ERR_OK);
    assert_int_equal(rsa_private_public(b->private_key, &public), ERR_OK);
    buf_init(&b->der, RSA_PEM_MAX);
    assert_int_equal(rsa_public_to_der(public, &b->der), ERR_OK);
    rsa_public_free(public);
    b->account = (struct doctor_account){.id = 1, .uuid = STR(UUID), .enabled = true};
    b->key = (struct doctor_key){.cert_id = 5,
        .account_id = 1,
        .account_uuid = STR(UUID),
        .purpose = STR("payments"),
        .fingerprint = STR("f"),
        .public_der = buf_view(&b->der),
        .not_before = NOW - 1000};
    arena_init(&b->arena, DOCTOR_ARENA_MAX);
    *state = b;
    return 0;
}

static int bench_teardown(void **state)
{
    struct bench *b = *state;
    rsa_private_free(b->private_key);
    buf_clear(&b->der);
    arena_clear(&b->arena);
    mem_free(b);
    return 0;
}

static struct doctor_input input(struct bench *b, struct str body)
{
    return (struct doctor_input){.account = STR(UUID),
        .sign = STR_ABSENT,
        .path = STR("/v1/payment"),
        .content_type = STR("application/json"),
        .content_encoding = STR_ABSENT,
        .body = body,
        .now = NOW,
        .accounts = &b->account,
        .account_count = 1,
        .account_id = 1,
        .keys = &b->key,
        .key_count = 1};
}

static struct str signed_by(struct bench *b, struct str text)
{
    uint8_t sig[RSA_SIG_MAX];
    size_t n = 0;
    struct buf out;
    assert_int_equal(
        rsa_sign(b->private_key, RSA_DIGEST_SHA256, text, sig, sizeof sig, &n), ERR_OK);
    buf_init(&out, 4096);
    base64_encode(&out, sig, n);
    struct str copy = arena_copy(&b->arena, buf_view(&out));
    buf_clear(&out);
    return copy;
}

static struct doctor_report look(struct bench *b, struct str came, struct str text)
{
    struct doctor_report r;
    struct doctor_input in = input(b, came);
    in.sign = signed_by(b, text);
    doctor_look(&b->arena, &in, &r);
    return r;
}

static void what_is_rightly_signed_has_no_finding(void **state)
{
    struct bench *b = *state;
    struct doctor_report r = look(b, STR(BODY), STR(BODY));
    assert_int_equal(r.count, 0);
    assert_ptr_equal(r.key, &b->key);
    assert_true(str_absent(r.signed_text));
    assert_true(str_eq(r.signed_digest, r.body_digest));
}

static void each_way_of_writing_json_is_told_from_the_others(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *text;
        enum doctor_code code;
    } cases[] = {
        {"{\"order_id\": \"a/1\", \"amount\": 300.00, \"desc\": \"\xE0\xA6\x9A\xE0\xA6\xBE\"}",
            DOCTOR_body_spaces},
        {"{\"order_id\":\"a\\/1\",\"amount\":300.00,\"desc\":\"\xE0\xA6\x9A\xE0\xA6\xBE\"}",
            DOCTOR_body_slashes},
        {"{\"order_id\":\"a/1\",\"amount\":300.00,\"desc\":\"\\u099a\\u09be\"}",
            DOCTOR_body_unicode},
        {"{\"order_id\":\"a/1\",\"amount\":300.00,\"desc\":\"\\u099A\\u09BE\"}",
            DOCTOR_body_unicode},
        {"{\"amount\":300.00,\"desc\":\"\xE0\xA6\x9A\xE0\xA6\xBE\",\"order_id\":\"a/1\"}",
            DOCTOR_body_order},
        {"{\"desc\":\"\xE0\xA6\x9A\xE0\xA6\xBE\",\"order_id\":\"a/1\",\"amount\":300.00}",
            DOCTOR_body_order},
        {"{\"order_id\":\"a/1\",\"amount\":300.0,\"desc\":\"\xE0\xA6\x9A\xE0\xA6\xBE\"}",
            DOCTOR_body_numbers},
        {"{\"order_id\":\"a/1\",\"amount\":300,\"desc\":\"\xE0\xA6\x9A\xE0\xA6\xBE\"}",
            DOCTOR_body_numbers},
        {"{\n  \"order_id\": \"a\\/1\",\n  \"amount\": 300.00,\n  \"desc\": "
         "\"\\u099a\\u09be\"\n}\n",
            DOCTOR_body_reencoded},
        {"order_id=a%2F1&amount=300.00&desc=%E0%A6%9A%E0%A6%BE", DOCTOR_signed_form},
        {"a/1,300.00,\xE0\xA6\x9A\xE0\xA6\xBE", DOCTOR_signed_values},
        {"something else", DOCTOR_body_differs},
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct doctor_report r = look(b, STR(BODY), str_from(cases[i].text));
        assert_int_equal(r.count, 1);
        if (r.findings[0].code != cases[i].code) {
            fail_msg("%s: %s", cases[i].text, doctor_code_name(r.findings[0].code));
        }
        assert_int_equal(str_absent(r.signed_text), cases[i].code == DOCTOR_body_differs);
    }
}

static void the_certificates_state_is_told(void **state)
{
    struct bench *b = *state;
    struct doctor_key key = b->key;
    struct {
        int64_t not_before, not_after, revoked_at;
        const char *purpose;
        enum doctor_code code;
    } cases[] = {{NOW - 9, NOW, 0, "payments", DOCTOR_cert_expired},
        {NOW + 1, 0, 0, "payments", DOCTOR_cert_not_yet},
        {NOW - 9, 0, NOW - 1, "payments", DOCTOR_cert_revoked},
        {NOW - 9, 0, 0, "payouts", DOCTOR_key_payouts},
        {NOW - 9, 0, 0, "notifications", DOCTOR_key_notifications}};
    for (size_t i = 0; i < array_len(cases); i++) {
        b->key.not_before = cases[i].not_before;
        b->key.not_after = cases[i].not_after;
        b->key.revoked_at = cases[i].revoked_at;
        b->key.purpose = str_from(cases[i].purpose);
        struct doctor_report r = look(b, STR(BODY), STR(BODY));
        assert_int_equal(r.count, 2);
        assert_int_equal(r.findings[0].code, cases[i].code);
        assert_int_equal(r.findings[1].code, DOCTOR_no_certificate);
    }
    b->key = key;
}

/* Whatever stands in Sign and in the body: an answer, and no byte beyond them is read. */
static void any_bytes_get_an_answer(void **state)
{
    struct bench *b = *state;
    static const char some[] = "ABCabc019+/=-_ %'\"\\\n{}[]:,\xC3\xA9\xFF\x00u";
    unsigned seed = 1;
    for (int round = 0; round < 400; round++) {
        size_t n = (size_t)rand_r(&seed) % 800, body_n = (size_t)rand_r(&seed) % 200;
        char *sign = mem_alloc(n + 1), *body = mem_alloc(body_n + 1);
        for (size_t i = 0; i < n; i++) {
            sign[i] = some[(size_t)rand_r(&seed) % (round % 2 ? 12 : sizeof some - 1)];
        }
        for (size_t i = 0; i < body_n; i++) {
            body[i] = some[(size_t)rand_r(&seed) % (sizeof some - 1)];
        }
        struct doctor_report r;
        struct doctor_input in = input(b, (struct str){body, body_n});
        in.sign = round % 5 ? (struct str){sign, n} : signed_by(b, (struct str){sign, n});
        arena_reset(&b->arena);
        in.sign = round % 5 ? in.sign : signed_by(b, (struct str){sign, n});
        doctor_look(&b->arena, &in, &r);
        assert_true(r.count > 0);
        mem_free(sign);
        mem_free(body);
    }
}

static void a_long_body_is_looked_through(void **state)
{
    struct bench *b = *state;
    struct buf body;
    buf_init(&body, DOCTOR_BODY_MAX);
    buf_cstr(&body, "{\"order_id\":\"a/1\",\"amount\":300.00,\"desc\":\"");
    while (body.n < DOCTOR_BODY_MAX - 100) {
        buf_cstr(&body, "\xE0\xA6\x9A <&> ");
    }
    buf_cstr(&body, "\"}");
    struct doctor_report r = look(b, buf_view(&body), STR("something else"));
    assert_int_equal(r.count, 1);
    assert_int_equal(r.findings[0].code, DOCTOR_body_differs);
    buf_clear(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_rightly_signed_has_no_finding),
        cmocka_unit_test(each_way_of_writing_json_is_told_from_the_others),
        cmocka_unit_test(the_certificates_state_is_told),
        cmocka_unit_test(any_bytes_get_an_answer),
        cmocka_unit_test(a_long_body_is_looked_through),
    };
    return cmocka_run_group_tests_name("doctor", tests, bench_setup, bench_teardown);
}
