#include "base/crypto.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include "crypto_vectors.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The bytes of a hex text, valid until the next call but one. */
static struct str from_hex(const char *hex)
{
    static uint8_t bytes[2][1024];
    static int turn;
    turn = !turn;
    size_t n = strlen(hex) / 2;
    assert_true(n <= sizeof(bytes[0]));
    assert_int_equal(hex_decode(str_from(hex), bytes[turn], n), ERR_OK);
    return (struct str){(const char *)bytes[turn], n};
}

static void assert_hex(const void *p, size_t n, const char *want)
{
    struct buf b;
    buf_init(&b, 4096);
    hex_encode(&b, p, n);
    assert_string_equal(buf_view(&b).p, want);
    buf_clear(&b);
}

static struct rsa_public *public_of(const char *pem)
{
    struct rsa_public *k = NULL;
    assert_int_equal(rsa_public_from_pem(str_from(pem), &k), ERR_OK);
    return k;
}

static struct rsa_private *private_of(const char *pem)
{
    struct rsa_private *k = NULL;
    assert_int_equal(rsa_private_from_pem(str_from(pem), STR_ABSENT, &k), ERR_OK);
    return k;
}

static enum rsa_verdict verdict(const char *pem, const char *message, struct str signature)
{
    struct rsa_public *k = public_of(pem);
    enum rsa_verdict v = rsa_verify(k, str_from(message), signature);
    rsa_public_free(k);
    return v;
}

static void digests_match_their_published_vectors(void **state)
{
    (void)state;
    uint8_t out[SHA256_LEN];
    sha256("abc", 3, out);
    assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256(NULL, 0, out);
    assert_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha1("abc", 3, out);
    assert_hex(out, 20, "a9993e364706816aba3e25717850c26c9cd0d89d");
    hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), out);
    assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    hmac_sha256(STR_ABSENT, STR_ABSENT, out);
    assert_hex(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* Small wants are served from a stock: none of its pieces may come twice, whatever their sizes. */
static void random_bytes_of_any_size_never_repeat(void **state)
{
    (void)state;
    static uint8_t seen[4000][16];
    size_t count = 0;
    for (size_t i = 0; count < 4000; i++) {
        uint8_t block[300] = {0};
        size_t n = 16 + i * 7 % 285;
        random_bytes(block, n);
        for (size_t at = 0; at + 16 <= n && count < 4000; at += 16)
            memcpy(seen[count++], block + at, 16);
        for (size_t at = n; at < sizeof(block); at++)
            assert_int_equal(block[at], 0);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(seen[i], seen[j], 16);
}

static void a_forked_child_gets_bytes_of_its_own(void **state)
{
    (void)state;
    uint8_t mine[16], childs[16];
    int ends[2];
    random_bytes(mine, 1);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        random_bytes(childs, sizeof(childs));
        _exit(write(ends[1], childs, sizeof(childs)) == sizeof(childs) ? 0 : 1);
    }
    assert_true(pid > 0);
    random_bytes(mine, sizeof(mine));
    assert_int_equal(read(ends[0], childs, sizeof(childs)), sizeof(childs));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_memory_not_equal(mine, childs, sizeof(mine));
    close(ends[0]);
    close(ends[1]);
}

static void random_uuids_are_of_version_4_and_differ(void **state)
{
    (void)state;
    uint8_t a[16];
    uint8_t b[16];
    for (int i = 0; i < 100; i++) {
        random_uuid(a);
        random_uuid(b);
        assert_int_equal(a[6] & 0xf0, 0x40);
        assert_int_equal(a[8] & 0xc0, 0x80);
        assert_memory_not_equal(a, b, 16);
    }
}

static void signatures_are_those_that_openssl_makes(void **state)
{
    (void)state;
    struct rsa_private *k = private_of(KEY_PKCS8);
    uint8_t sig[RSA_SIG_MAX];
    size_t n = 0;
    assert_int_equal(rsa_sign(k, RSA_DIGEST_SHA1, STR(MESSAGE), sig, sizeof(sig), &n), ERR_OK);
    assert_hex(sig, n, SIG_SHA1);
    assert_int_equal(rsa_sign(k, RSA_DIGEST_SHA256, STR(MESSAGE), sig, sizeof(sig), &n), ERR_OK);
    assert_hex(sig, n, SIG_SHA256);
    n = 7;
    assert_int_equal(
        rsa_sign(k, RSA_DIGEST_SHA256, STR(MESSAGE), sig, sizeof(sig) - 1, &n), ERR_CRYPTO);
    assert_int_equal(n, 7);
    rsa_private_free(k);
}

static void both_digests_are_accepted_and_told_apart(void **state)
{
    (void)state;
    assert_int_equal(verdict(KEY_PUBLIC, MESSAGE, from_hex(SIG_SHA1)), RSA_GOOD_SHA1);
    assert_int_equal(verdict(KEY_PUBLIC, MESSAGE, from_hex(SIG_SHA256)), RSA_GOOD_SHA256);
    assert_int_equal(verdict(KEY_4096_PUBLIC, MESSAGE, from_hex(SIG_4096_SHA256)), RSA_GOOD_SHA256);
    assert_int_equal(verdict(KEY_PUBLIC, MESSAGE_ZERO, from_hex(SIG_ZERO)), RSA_GOOD_SHA256);
}

static void a_key_of_an_odd_size_and_exponent_serves(void **state)
{
    (void)state;
    assert_int_equal(verdict(KEY_ODD_PUBLIC, MESSAGE, from_hex(SIG_ODD_SHA1)), RSA_GOOD_SHA1);
    assert_int_equal(verdict(KEY_ODD_PUBLIC, MESSAGE, from_hex(SIG_ODD_SHA256)), RSA_GOOD_SHA256);
    assert_int_equal(verdict(KEY_ODD_PUBLIC, MESSAGE_ZERO, from_hex(SIG_ODD_SHA256)), RSA_REFUSED);
}

static void an_altered_message_or_signature_is_refused(void **state)
{
    (void)state;
    struct rsa_public *k = public_of(KEY_PUBLIC);
    static const char *const sigs[] = {SIG_SHA1, SIG_SHA256};
    for (size_t s = 0; s < array_len(sigs); s++) {
        char sig[256];
        char message[] = MESSAGE;
        memcpy(sig, from_hex(sigs[s]).p, sizeof(sig));
        for (size_t i = 0; i < sizeof(sig); i++) {
            sig[i] ^= 1;
            assert_int_equal(
                rsa_verify(k, STR(MESSAGE), (struct str){sig, sizeof(sig)}), RSA_REFUSED);
            sig[i] ^= 1;
        }
        for (size_t i = 0; i < sizeof(message) - 1; i++) {
            message[i] ^= 1;
            assert_int_equal(
                rsa_verify(k, str_from(message), (struct str){sig, sizeof(sig)}), RSA_REFUSED);
            message[i] ^= 1;
        }
        assert_int_not_equal(
            rsa_verify(k, str_from(message), (struct str){sig, sizeof(sig)}), RSA_REFUSED);
    }
    rsa_public_free(k);
}

static void other_digests_and_paddings_are_refused(void **state)
{
    (void)state;
    static const char *const sigs[] = {SIG_SHA512, SIG_SHA224, SIG_MD5, SIG_PSS, SIG_SHA256_GARBAGE,
        SIG_SHA256_SHORT_PADDING, SIG_SHA256_NO_NULL, SIG_SHA1_IN_51, SIG_BARE_DIGEST, SIG_TYPE_2};
    for (size_t i = 0; i < array_len(sigs); i++)
        if (verdict(KEY_PUBLIC, MESSAGE, from_hex(sigs[i])) != RSA_REFUSED)
            fail_msg("forged signature %zu was taken", i);
}

static void a_signature_of_another_length_than_the_modulus_is_refused(void **state)
{
    (void)state;
    char sig[258] = {0};
    memcpy(sig + 1, from_hex(SIG_SHA256).p, 256);
    assert_int_equal(verdict(KEY_PUBLIC, MESSAGE, (struct str){sig + 1, 256}), RSA_GOOD_SHA256);
    assert_int_equal(verdict(KEY_PUBLIC, MESSAGE, (struct str){sig, 257}), RSA_REFUSED);
    assert_int_equal(verdict(KEY_PUBLIC, MESSAGE, (struct str){sig + 1, 257}), RSA_REFUSED);
    assert_int_equal(verdict(KEY_PUBLIC, MESSAGE, (struct str){sig + 1, 255}), RSA_REFUSED);
    assert_int_equal(verdict(KEY_PUBLIC, MESSAGE, STR("")), RSA_REFUSED);
    assert_int_equal(verdict(KEY_PUBLIC, MESSAGE, STR_ABSENT), RSA_REFUSED);
    assert_int_equal(verdict(KEY_PUBLIC, MESSAGE, from_hex(SIG_4096_SHA256)), RSA_REFUSED);
    struct str zero = from_hex(SIG_ZERO);
    assert_int_equal(
        verdict(KEY_PUBLIC, MESSAGE_ZERO, (struct str){zero.p + 1, zero.n - 1}), RSA_REFUSED);
    char large[4096];
    memset(large, 0, sizeof(large));
    assert_int_equal(verdict(KEY_4096_PUBLIC, MESSAGE, (struct str){large, 4096}), RSA_REFUSED);
}

static void a_signature_not_below_the_modulus_is_refused(void **state)
{
    (void)state;
    assert_int_equal(
        verdict(KEY_PUBLIC, MESSAGE_ZERO, from_hex(SIG_ZERO_PLUS_MODULUS)), RSA_REFUSED);
    char ones[256];
    memset(ones, 0xff, sizeof(ones));
    assert_int_equal(verdict(KEY_PUBLIC, MESSAGE, (struct str){ones, sizeof(ones)}), RSA_REFUSED);
    memset(ones, 0, sizeof(ones));
    assert_int_equal(verdict(KEY_PUBLIC, MESSAGE, (struct str){ones, sizeof(ones)}), RSA_REFUSED);
}

static void public_keys_out_of_bounds_are_refused(void **state)
{
    (void)state;
    static const char *const pems[] = {KEY_1024_PUBLIC, KEY_E3_PUBLIC};
    static const char *const ders[] = {
        DER_E1, DER_E_EVEN, DER_E_HUGE, DER_BITS_2047, DER_BITS_4104};
    struct rsa_public *k = NULL;
    for (size_t i = 0; i < array_len(pems); i++)
        assert_int_equal(rsa_public_from_pem(str_from(pems[i]), &k), ERR_RANGE);
    for (size_t i = 0; i < array_len(ders); i++)
        assert_int_equal(rsa_public_from_der(from_hex(ders[i]), &k), ERR_RANGE);
    assert_null(k);
}

static void what_is_no_public_rsa_key_is_refused(void **state)
{
    (void)state;
    struct rsa_public *k = NULL;
    static const char *const pems[] = {"", "x", KEY_EC_PUBLIC, KEY_PKCS8, KEY_TRADITIONAL,
        KEY_PKCS1_PUBLIC, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"};
    for (size_t i = 0; i < array_len(pems); i++)
        assert_int_equal(rsa_public_from_pem(str_from(pems[i]), &k), ERR_SYNTAX);
    struct str pem = STR(KEY_PUBLIC);
    for (size_t n = 0; n < pem.n - 2; n++)
        assert_int_equal(rsa_public_from_pem((struct str){pem.p, n}, &k), ERR_SYNTAX);
    assert_null(k);
}

static void a_public_key_goes_through_pem_and_der_unchanged(void **state)
{
    (void)state;
    struct rsa_public *k = public_of(KEY_PUBLIC);
    struct rsa_public *again = NULL;
    struct buf b;
    buf_init(&b, RSA_PEM_MAX);
    assert_int_equal(rsa_public_to_pem(k, &b), ERR_OK);
    assert_string_equal(buf_view(&b).p, KEY_PUBLIC);
    buf_reset(&b);
    assert_int_equal(rsa_public_to_der(k, &b), ERR_OK);
    assert_int_equal(rsa_public_from_der(buf_view(&b), &again), ERR_OK);
    assert_int_equal(rsa_public_bits(again), 2048);
    assert_int_equal(rsa_verify(again, STR(MESSAGE), from_hex(SIG_SHA1)), RSA_GOOD_SHA1);
    rsa_public_free(again);
    again = NULL;
    buf_char(&b, 0);
    assert_int_equal(rsa_public_from_der(buf_view(&b), &again), ERR_SYNTAX);
    buf_clear(&b);
    rsa_public_free(k);
}

static void a_decoy_has_its_signatures_length_and_accepts_none(void **state)
{
    (void)state;
    for (size_t n = 256; n <= 512; n++)
        assert_int_equal(rsa_public_bits(rsa_public_decoy(n)), 8 * n);
    static const size_t odd[] = {0, 1, 255, 513, SIZE_MAX};
    for (size_t i = 0; i < array_len(odd); i++)
        assert_int_equal(rsa_public_bits(rsa_public_decoy(odd[i])), 2048);
    static const char *const signatures[] = {SIG_SHA256, SIG_4096_SHA256};
    for (size_t i = 0; i < array_len(signatures); i++) {
        struct str s = from_hex(signatures[i]);
        assert_int_equal(rsa_verify(rsa_public_decoy(s.n), STR(MESSAGE), s), RSA_REFUSED);
        assert_int_equal(rsa_verify(rsa_public_decoy(0), STR(MESSAGE), s), RSA_REFUSED);
    }
}

/* Sums what rsa_verify's operations cost. */
static int64_t verification_bits(const struct rsa_public *k, size_t signature_n)
{
    static const char zeros[600];
    int64_t before = metric_get(METRIC_rsa_verification_bits_total);
    assert_int_equal(rsa_verify(k, STR(MESSAGE), (struct str){zeros, signature_n}), RSA_REFUSED);
    return metric_get(METRIC_rsa_verification_bits_total) - before;
}

static void the_signatures_length_decides_what_an_operation_costs(void **state)
{
    (void)state;
    struct rsa_public *keys[] = {public_of(KEY_PUBLIC), public_of(KEY_4096_PUBLIC)};
    for (size_t i = 0; i < array_len(keys); i++) {
        for (size_t n = 256; n <= 512; n++)
            assert_int_equal(verification_bits(keys[i], n), 8 * n);
        assert_int_equal(verification_bits(keys[i], 0), 2048);
        assert_int_equal(verification_bits(keys[i], 255), 2048);
        assert_int_equal(verification_bits(keys[i], 513), 2048);
        rsa_public_free(keys[i]);
    }
}

static void assert_signs_as_before(struct rsa_private *k)
{
    uint8_t sig[RSA_SIG_MAX];
    size_t n = 0;
    assert_int_equal(rsa_sign(k, RSA_DIGEST_SHA256, STR(MESSAGE), sig, sizeof(sig), &n), ERR_OK);
    assert_hex(sig, n, SIG_SHA256);
    rsa_private_free(k);
}

static void private_keys_are_read_in_every_usual_form(void **state)
{
    (void)state;
    struct rsa_private *k = NULL;
    assert_signs_as_before(private_of(KEY_PKCS8));
    assert_signs_as_before(private_of(KEY_TRADITIONAL));
    assert_int_equal(
        rsa_private_from_pem(STR(KEY_PKCS8_ENCRYPTED), STR("correct horse"), &k), ERR_OK);
    assert_signs_as_before(k);
}

static void bad_private_keys_are_refused(void **state)
{
    (void)state;
    struct rsa_private *k = NULL;
    struct str encrypted = STR(KEY_PKCS8_ENCRYPTED);
    assert_int_equal(rsa_private_from_pem(encrypted, STR("wrong"), &k), ERR_SYNTAX);
    assert_int_equal(rsa_private_from_pem(encrypted, STR("correct hors"), &k), ERR_SYNTAX);
    assert_int_equal(rsa_private_from_pem(encrypted, STR(""), &k), ERR_SYNTAX);
    assert_int_equal(rsa_private_from_pem(encrypted, STR_ABSENT, &k), ERR_SYNTAX);
    assert_int_equal(rsa_private_from_pem(STR(KEY_PUBLIC), STR_ABSENT, &k), ERR_SYNTAX);
    assert_int_equal(rsa_private_from_pem(STR(KEY_EC_PRIVATE), STR_ABSENT, &k), ERR_SYNTAX);
    assert_int_equal(rsa_private_from_pem(STR(""), STR_ABSENT, &k), ERR_SYNTAX);
    assert_int_equal(rsa_private_from_pem(STR(KEY_1024_PRIVATE), STR_ABSENT, &k), ERR_RANGE);
    assert_int_equal(rsa_private_from_der(STR("\x30\x03\x02\x01\x00"), &k), ERR_SYNTAX);
    assert_int_equal(rsa_private_generate(1024, &k), ERR_RANGE);
    assert_int_equal(rsa_private_generate(2049, &k), ERR_RANGE);
    assert_null(k);
}

static void a_private_key_goes_through_der_and_encrypted_pem(void **state)
{
    (void)state;
    struct rsa_private *k = private_of(KEY_PKCS8);
    struct rsa_private *again = NULL;
    struct buf b;
    buf_init(&b, RSA_PEM_MAX);
    assert_int_equal(rsa_private_to_der(k, &b), ERR_OK);
    assert_int_equal(rsa_private_from_der(buf_view(&b), &again), ERR_OK);
    assert_signs_as_before(again);
    buf_char(&b, 0);
    again = NULL;
    assert_int_equal(rsa_private_from_der(buf_view(&b), &again), ERR_SYNTAX);
    buf_wipe(&b);
    assert_int_equal(rsa_private_to_pem(k, STR("pass word"), &b), ERR_OK);
    assert_int_equal(rsa_private_from_pem(buf_view(&b), STR("pass"), &again), ERR_SYNTAX);
    assert_int_equal(rsa_private_from_pem(buf_view(&b), STR("pass word"), &again), ERR_OK);
    assert_signs_as_before(again);
    buf_wipe(&b);
    assert_int_equal(rsa_private_to_pem(k, STR(""), &b), ERR_RANGE);
    assert_int_equal(b.n, 0);
    rsa_private_free(k);
}

/* The exit status of `openssl rsa` with the file and pass phrase. */
static int openssl_rsa(const char *path, const char *passin)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execlp("openssl", "openssl", "rsa", "-in", path, "-passin", passin, "-check", "-noout",
            (char *)NULL);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void an_encrypted_pem_is_traditional_and_openssl_reads_it(void **state)
{
    (void)state;
    struct rsa_private *k = NULL;
    struct buf b;
    char path[] = "/tmp/kassa-test-crypto-XXXXXX";
    assert_int_equal(rsa_private_generate(2048, &k), ERR_OK);
    buf_init(&b, RSA_PEM_MAX);
    assert_int_equal(rsa_private_to_pem(k, STR("pass word"), &b), ERR_OK);
    assert_true(str_starts(buf_view(&b),
        STR("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,")));
    assert_true(str_ends(buf_view(&b), STR("-----END RSA PRIVATE KEY-----\n")));
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, b.p, b.n), (ssize_t)b.n);
    close(fd);
    int right = openssl_rsa(path, "pass:pass word");
    int wrong = openssl_rsa(path, "pass:pass-word");
    unlink(path);
    assert_int_equal(right, 0);
    assert_int_equal(wrong, 1);
    buf_wipe(&b);
    rsa_private_free(k);
}

static void a_made_key_signs_what_its_public_half_verifies(void **state)
{
    (void)state;
    static const int sizes[] = {2048, 3072};
    for (size_t i = 0; i < array_len(sizes); i++) {
        struct rsa_private *k = NULL;
        struct rsa_public *pub = NULL;
        uint8_t sig[RSA_SIG_MAX];
        size_t n = 0;
        assert_int_equal(rsa_private_generate(sizes[i], &k), ERR_OK);
        assert_int_equal(rsa_private_public(k, &pub), ERR_OK);
        assert_int_equal(rsa_public_bits(pub), sizes[i]);
        assert_int_equal(rsa_sign(k, RSA_DIGEST_SHA1, STR(""), sig, sizeof(sig), &n), ERR_OK);
        assert_int_equal(n, sizes[i] / 8);
        assert_int_equal(rsa_verify(pub, STR(""), (struct str){(char *)sig, n}), RSA_GOOD_SHA1);
        assert_int_equal(rsa_verify(pub, STR("a"), (struct str){(char *)sig, n}), RSA_REFUSED);
        rsa_private_free(k);
        rsa_public_free(pub);
    }
}

struct shared {
    struct rsa_private *priv;
    struct rsa_public *pub;
};

/* NULL when all went well. */
static void *sign_and_verify(void *arg)
{
    static char sign[] = "sign";
    static char verify[] = "verify";
    static char decoy[] = "decoy";
    struct shared *s = arg;
    uint8_t sig[RSA_SIG_MAX];
    uint8_t message[40];
    for (int i = 0; i < 50; i++) {
        bool odd = i % 2;
        size_t n = 0;
        random_bytes(message, sizeof(message));
        struct str m = {(char *)message, sizeof(message)};
        if (rsa_sign(s->priv, odd ? RSA_DIGEST_SHA1 : RSA_DIGEST_SHA256, m, sig, sizeof(sig), &n) !=
            ERR_OK)
            return sign;
        struct str signature = {(char *)sig, n};
        if (rsa_verify(s->pub, m, signature) != (odd ? RSA_GOOD_SHA1 : RSA_GOOD_SHA256))
            return verify;
        if (rsa_verify(rsa_public_decoy(n), m, signature) != RSA_REFUSED)
            return decoy;
    }
    return NULL;
}

static void threads_share_keys(void **state)
{
    (void)state;
    struct shared s = {private_of(KEY_PKCS8), public_of(KEY_PUBLIC)};
    pthread_t threads[4];
    for (size_t i = 0; i < array_len(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_and_verify, &s), 0);
    for (size_t i = 0; i < array_len(threads); i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    rsa_private_free(s.priv);
    rsa_public_free(s.pub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_match_their_published_vectors),
        cmocka_unit_test(random_bytes_of_any_size_never_repeat),
        cmocka_unit_test(a_forked_child_gets_bytes_of_its_own),
        cmocka_unit_test(random_uuids_are_of_version_4_and_differ),
        cmocka_unit_test(signatures_are_those_that_openssl_makes),
        cmocka_unit_test(both_digests_are_accepted_and_told_apart),
        cmocka_unit_test(a_key_of_an_odd_size_and_exponent_serves),
        cmocka_unit_test(an_altered_message_or_signature_is_refused),
        cmocka_unit_test(other_digests_and_paddings_are_refused),
        cmocka_unit_test(a_signature_of_another_length_than_the_modulus_is_refused),
        cmocka_unit_test(a_signature_not_below_the_modulus_is_refused),
        cmocka_unit_test(public_keys_out_of_bounds_are_refused),
        cmocka_unit_test(what_is_no_public_rsa_key_is_refused),
        cmocka_unit_test(a_public_key_goes_through_pem_and_der_unchanged),
        cmocka_unit_test(a_decoy_has_its_signatures_length_and_accepts_none),
        cmocka_unit_test(the_signatures_length_decides_what_an_operation_costs),
        cmocka_unit_test(private_keys_are_read_in_every_usual_form),
        cmocka_unit_test(bad_private_keys_are_refused),
        cmocka_unit_test(a_private_key_goes_through_der_and_encrypted_pem),
        cmocka_unit_test(an_encrypted_pem_is_traditional_and_openssl_reads_it),
        cmocka_unit_test(a_made_key_signs_what_its_public_half_verifies),
        cmocka_unit_test(threads_share_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
