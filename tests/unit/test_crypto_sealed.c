#include "base/crypto_sealed.h"
#include "base/mem.h"
#include "base/text.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct rsa_private *ours, *theirs, *strangers;
static struct rsa_public *our_public, *their_public;

static int keys_make(void **state)
{
    (void)state;
    return rsa_private_generate(2048, &ours) != ERR_OK ||
           rsa_private_generate(2048, &theirs) != ERR_OK ||
           rsa_private_generate(3072, &strangers) != ERR_OK ||
           rsa_private_public(ours, &our_public) != ERR_OK ||
           rsa_private_public(theirs, &their_public) != ERR_OK;
}

static int keys_free(void **state)
{
    (void)state;
    rsa_private_free(ours);
    rsa_private_free(theirs);
    rsa_private_free(strangers);
    rsa_public_free(our_public);
    rsa_public_free(their_public);
    return 0;
}

struct sealed {
    struct buf data, sign;
};

static struct sealed sealed_by(const struct rsa_private *writer, struct str plain)
{
    struct sealed s;
    buf_init(&s.data, 4096);
    buf_init(&s.sign, 4096);
    assert_int_equal(sealed_make(our_public, writer, plain, &s.data, &s.sign), ERR_OK);
    return s;
}

static void sealed_free(struct sealed *s)
{
    buf_clear(&s->data);
    buf_clear(&s->sign);
}

static enum err opened(struct str data, struct str sign, const char *want)
{
    struct buf plain;
    buf_init(&plain, 4096);
    enum err e = sealed_open(ours, their_public, data, sign, &plain);
    if (e == ERR_OK)
        assert_string_equal(buf_view(&plain).p, want);
    else
        assert_int_equal(plain.n, 0);
    buf_clear(&plain);
    return e;
}

static void what_was_sealed_is_opened(void **state)
{
    (void)state;
    struct sealed s = sealed_by(theirs, STR("{\"orderId\":\"K0001N1\"}"));
    assert_int_equal(
        opened(buf_view(&s.data), buf_view(&s.sign), "{\"orderId\":\"K0001N1\"}"), ERR_OK);
    sealed_free(&s);
}

static void it_is_encrypted_anew_each_time(void **state)
{
    (void)state;
    struct sealed a = sealed_by(theirs, STR("same")), b = sealed_by(theirs, STR("same"));
    assert_string_not_equal(buf_view(&a.data).p, buf_view(&b.data).p);
    sealed_free(&a);
    sealed_free(&b);
}

static void a_text_of_a_block_fits_and_a_longer_one_is_refused(void **state)
{
    (void)state;
    char text[247];
    memset(text, 'x', sizeof text);
    text[246] = 0;
    struct sealed s;
    buf_init(&s.data, 4096);
    buf_init(&s.sign, 4096);
    struct str whole = {text, 246};
    assert_int_equal(sealed_make(our_public, theirs, whole, &s.data, &s.sign), ERR_LIMIT);
    assert_int_equal(s.data.n + s.sign.n, 0);
    text[245] = 0;
    whole.n = 245;
    assert_int_equal(sealed_make(our_public, theirs, whole, &s.data, &s.sign), ERR_OK);
    assert_int_equal(opened(buf_view(&s.data), buf_view(&s.sign), text), ERR_OK);
    sealed_free(&s);
}

static void put_base64(struct buf *b, const void *p, size_t n)
{
    buf_reset(b);
    base64_encode(b, p, n);
}

/* N10: whatever is wrong, there is one error. */
static void n10_all_that_is_wrong_is_one_error(void **state)
{
    (void)state;
    struct sealed good = sealed_by(theirs, STR("plain"));
    struct sealed stranger = sealed_by(strangers, STR("plain"));
    struct sealed own = sealed_by(ours, STR("plain"));
    struct sealed other = sealed_by(theirs, STR("plaim"));
    struct buf bad;
    uint8_t raw[RSA_SIG_MAX];
    size_t n = 0;
    buf_init(&bad, 4096);
    const struct str data = buf_view(&good.data), sign = buf_view(&good.sign);
    const struct str texts[] = {STR(""), STR("="), STR("AAAA"), STR("%%%%"), STR("\n")};
    for (size_t i = 0; i < array_len(texts); i++) {
        assert_int_equal(opened(texts[i], sign, ""), ERR_CRYPTO);
        assert_int_equal(opened(data, texts[i], ""), ERR_CRYPTO);
    }
    assert_int_equal(opened(STR_ABSENT, STR_ABSENT, ""), ERR_CRYPTO);
    assert_int_equal(opened(data, buf_view(&stranger.sign), ""), ERR_CRYPTO);
    assert_int_equal(opened(data, buf_view(&own.sign), ""), ERR_CRYPTO);
    assert_int_equal(opened(data, buf_view(&other.sign), ""), ERR_CRYPTO);
    /* a block that is no padded text, one that is longer than the key, one that is cut, one that is above the modulus */
    assert_int_equal(base64_decode(data, raw, sizeof raw, &n), ERR_OK);
    raw[n - 1] ^= 1;
    put_base64(&bad, raw, n);
    assert_int_equal(opened(buf_view(&bad), sign, ""), ERR_CRYPTO);
    put_base64(&bad, raw, n - 1);
    assert_int_equal(opened(buf_view(&bad), sign, ""), ERR_CRYPTO);
    put_base64(&bad, raw, sizeof raw);
    assert_int_equal(opened(buf_view(&bad), sign, ""), ERR_CRYPTO);
    memset(raw, 0xff, sizeof raw);
    put_base64(&bad, raw, n);
    assert_int_equal(opened(buf_view(&bad), sign, ""), ERR_CRYPTO);
    buf_clear(&bad);
    sealed_free(&good);
    sealed_free(&stranger);
    sealed_free(&own);
    sealed_free(&other);
}

static void a_signature_over_sha1_is_refused(void **state)
{
    (void)state;
    struct sealed s = sealed_by(theirs, STR("plain"));
    uint8_t sig[RSA_SIG_MAX];
    size_t n = 0;
    assert_int_equal(rsa_sign(theirs, RSA_DIGEST_SHA1, STR("plain"), sig, sizeof sig, &n), ERR_OK);
    put_base64(&s.sign, sig, n);
    assert_int_equal(opened(buf_view(&s.data), buf_view(&s.sign), ""), ERR_CRYPTO);
    sealed_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_is_opened),
        cmocka_unit_test(it_is_encrypted_anew_each_time),
        cmocka_unit_test(a_text_of_a_block_fits_and_a_longer_one_is_refused),
        cmocka_unit_test(n10_all_that_is_wrong_is_one_error),
        cmocka_unit_test(a_signature_over_sha1_is_refused),
    };
    return cmocka_run_group_tests(tests, keys_make, keys_free);
}
