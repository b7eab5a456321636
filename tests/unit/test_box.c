#include "base/box.h"
#include "base/mem.h"
#include "base/text.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY_A "kassa-key-1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define KEY_B "kassa-key-1 f0e0d0c0b0a09080706050403020100f0e0d0c0b0a090807060504030201ffee\n"

static char dir[] = "/tmp/kassa-test-box-XXXXXX";
static char path[sizeof(dir) + 8];

static int folder_make(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/key", dir);
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void key_file_write(const char *text, mode_t mode)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static struct keyring *keyring_of(const char *text)
{
    struct keyring *k = NULL;
    struct buf why;
    buf_init(&why, 1024);
    key_file_write(text, 0600);
    if (keyring_load(path, &why, &k) != ERR_OK)
        fail_msg("not loaded: %s", buf_view(&why).p);
    assert_int_equal(why.n, 0);
    buf_clear(&why);
    return k;
}

static void assert_not_loaded(const char *reason)
{
    struct keyring *k = NULL;
    struct buf why;
    buf_init(&why, 1024);
    assert_int_equal(keyring_load(path, &why, &k), ERR_CONFIG);
    assert_null(k);
    if (!strstr(buf_view(&why).p, reason) || !strstr(buf_view(&why).p, path))
        fail_msg("the reason is: %s", buf_view(&why).p);
    buf_clear(&why);
}

static void assert_opens(
    const struct keyring *k, const char *purpose, struct str box, const char *want)
{
    struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(box_open(k, purpose, box, &out), ERR_OK);
    assert_true(str_is(buf_view(&out), want));
    buf_wipe(&out);
}

static void assert_stays_shut(const struct keyring *k, const char *purpose, struct str box)
{
    struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(box_open(k, purpose, box, &out), ERR_CRYPTO);
    assert_int_equal(out.n, 0);
    buf_wipe(&out);
}

static void a_box_opens_for_its_purpose_only(void **state)
{
    (void)state;
    struct keyring *k = keyring_of(KEY_A);
    struct buf box;
    buf_init(&box, 4096);
    box_seal(k, "wallet.password", STR("secret"), &box);
    assert_int_equal(box.n, 1 + 4 + 24 + 6 + 16);
    assert_null(memmem(box.p, box.n, "secret", 6));
    assert_opens(k, "wallet.password", buf_view(&box), "secret");
    assert_stays_shut(k, "wallet.passwor", buf_view(&box));
    assert_stays_shut(k, "endpoint.secret", buf_view(&box));
    assert_stays_shut(k, "", buf_view(&box));
    buf_clear(&box);
    keyring_free(k);
}

static void an_altered_or_cut_box_stays_shut(void **state)
{
    (void)state;
    struct keyring *k = keyring_of(KEY_A);
    struct buf box;
    buf_init(&box, 4096);
    box_seal(k, "p", STR("secret"), &box);
    for (size_t i = 0; i < box.n; i++) {
        box.p[i] ^= 1;
        assert_stays_shut(k, "p", buf_view(&box));
        box.p[i] ^= 1;
    }
    for (size_t n = 0; n < box.n; n++)
        assert_stays_shut(k, "p", (struct str){box.p, n});
    assert_opens(k, "p", buf_view(&box), "secret");
    buf_char(&box, 0);
    assert_stays_shut(k, "p", buf_view(&box));
    buf_clear(&box);
    keyring_free(k);
}

static void equal_texts_make_different_boxes_and_empty_ones_work(void **state)
{
    (void)state;
    struct keyring *k = keyring_of(KEY_A);
    struct buf a;
    struct buf b;
    buf_init(&a, 4096);
    buf_init(&b, 4096);
    box_seal(k, "p", STR_ABSENT, &a);
    box_seal(k, "p", STR(""), &b);
    assert_int_equal(a.n, b.n);
    assert_memory_not_equal(a.p, b.p, a.n);
    assert_opens(k, "p", buf_view(&a), "");
    buf_clear(&a);
    buf_clear(&b);
    keyring_free(k);
}

static void a_rotated_keyring_seals_with_the_first_key_and_opens_with_all(void **state)
{
    (void)state;
    struct keyring *old = keyring_of(KEY_A);
    struct keyring *both = keyring_of("# new\n" KEY_B "\n# old\n" KEY_A);
    struct keyring *new = keyring_of(KEY_B);
    struct buf old_box;
    struct buf new_box;
    buf_init(&old_box, 4096);
    buf_init(&new_box, 4096);
    box_seal(old, "p", STR("old"), &old_box);
    box_seal(both, "p", STR("new"), &new_box);
    assert_opens(both, "p", buf_view(&old_box), "old");
    assert_opens(both, "p", buf_view(&new_box), "new");
    assert_opens(new, "p", buf_view(&new_box), "new");
    assert_stays_shut(old, "p", buf_view(&new_box));
    assert_stays_shut(new, "p", buf_view(&old_box));
    buf_clear(&old_box);
    buf_clear(&new_box);
    keyring_free(old);
    keyring_free(both);
    keyring_free(new);
}

static void a_box_of_the_first_release_opens(void **state)
{
    (void)state;
    uint8_t box[60];
    static const char hex[] = "01cb2f5160a4aff42ba03603d84ff2f9bd26f322a12407481668a9c29fd16e9ae3f2"
                              "38cddeb9ee76d05ae65813478c313c";
    size_t n = sizeof(hex) / 2;
    assert_true(n <= sizeof(box));
    assert_int_equal(hex_decode(str_from(hex), box, n), ERR_OK);
    struct keyring *k = keyring_of(KEY_A);
    assert_opens(k, "test", (struct str){(char *)box, n}, "taka");
    keyring_free(k);
}

static void derived_keys_are_the_same_again_and_their_own_for_each_purpose_and_key(void **state)
{
    (void)state;
    uint8_t form[KEYRING_DERIVED_LEN], again[KEYRING_DERIVED_LEN], other[KEYRING_DERIVED_LEN];
    struct keyring *k = keyring_of(KEY_A);
    keyring_derive(k, "form", form);
    keyring_derive(k, "other", other);
    assert_memory_not_equal(form, other, sizeof(form));
    keyring_free(k);
    k = keyring_of(KEY_A KEY_B);
    keyring_derive(k, "form", again);
    assert_memory_equal(form, again, sizeof(form));
    keyring_free(k);
    k = keyring_of(KEY_B KEY_A);
    keyring_derive(k, "form", other);
    assert_memory_not_equal(form, other, sizeof(form));
    keyring_free(k);
}

static void a_box_beyond_the_callers_cap_is_told(void **state)
{
    (void)state;
    struct keyring *k = keyring_of(KEY_A);
    struct buf box;
    struct buf small;
    buf_init(&box, 4096);
    buf_init(&small, 5);
    box_seal(k, "p", STR("secret"), &box);
    assert_int_equal(box_open(k, "p", buf_view(&box), &small), ERR_LIMIT);
    assert_int_equal(small.n, 0);
    buf_clear(&box);
    buf_clear(&small);
    keyring_free(k);
}

static void a_made_key_file_is_private_loads_and_is_never_overwritten(void **state)
{
    (void)state;
    struct keyring *k = NULL;
    struct buf why;
    struct buf text;
    struct buf again;
    struct stat st;
    unlink(path);
    buf_init(&why, 1024);
    buf_init(&text, 1024);
    buf_init(&again, 1024);
    mode_t mask = umask(0);
    assert_int_equal(keyring_create(path), ERR_OK);
    umask(mask);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(buf_read_file(&text, path), ERR_OK);
    assert_int_equal(keyring_create(path), ERR_DUPLICATE);
    assert_int_equal(buf_read_file(&again, path), ERR_OK);
    assert_true(str_eq(buf_view(&text), buf_view(&again)));
    assert_int_equal(keyring_load(path, &why, &k), ERR_OK);
    keyring_free(k);
    assert_int_equal(keyring_create("/nonexistent/folder/key"), ERR_IO);
    buf_wipe(&text);
    buf_wipe(&again);
    buf_clear(&why);
}

static void a_key_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0644, 0640, 0604, 0666, 0660, 0700, 04600};
    for (size_t i = 0; i < array_len(modes); i++) {
        key_file_write(KEY_A, modes[i]);
        assert_not_loaded("must have 0600 or 0400");
    }
    struct keyring *k = NULL;
    struct buf why;
    buf_init(&why, 1024);
    key_file_write(KEY_A, 0400);
    assert_int_equal(keyring_load(path, &why, &k), ERR_OK);
    keyring_free(k);
    buf_clear(&why);
}

static void a_key_file_of_another_user_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    key_file_write(KEY_A, 0600);
    assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
    assert_not_loaded("belongs to user 12345");
}

static void a_key_file_with_anything_but_keys_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *reason;
    } cases[] = {
        {"", "holds no key"},
        {"# only a comment\n", "holds no key"},
        {"secret\n", ":1: not a comment and not a key"},
        {KEY_A "kassa-key-2 00\n", ":2: not a comment and not a key"},
        {KEY_A "\nkassa-key-1 0011\n", ":3: a key must have 64 hex digits"},
        {"kassa-key-1 zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
            ":1: a key must have 64 hex digits"},
        {"kassa-key-1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00\n",
            ":1: a key must have 64 hex digits"},
        {"kassa-key-1 0000000000000000000000000000000000000000000000000000000000000000\n",
            "a key of zeros"},
        {KEY_A KEY_B KEY_A, ":3: the same key again"},
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        key_file_write(cases[i].text, 0600);
        assert_not_loaded(cases[i].reason);
    }
}

static void a_missing_key_file_is_an_io_error(void **state)
{
    (void)state;
    struct keyring *k = NULL;
    struct buf why;
    buf_init(&why, 1024);
    unlink(path);
    assert_int_equal(keyring_load(path, &why, &k), ERR_IO);
    assert_null(k);
    assert_int_equal(keyring_load(dir, &why, &k), ERR_CONFIG);
    buf_clear(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_opens_for_its_purpose_only),
        cmocka_unit_test(an_altered_or_cut_box_stays_shut),
        cmocka_unit_test(equal_texts_make_different_boxes_and_empty_ones_work),
        cmocka_unit_test(a_rotated_keyring_seals_with_the_first_key_and_opens_with_all),
        cmocka_unit_test(a_box_of_the_first_release_opens),
        cmocka_unit_test(derived_keys_are_the_same_again_and_their_own_for_each_purpose_and_key),
        cmocka_unit_test(a_box_beyond_the_callers_cap_is_told),
        cmocka_unit_test(a_made_key_file_is_private_loads_and_is_never_overwritten),
        cmocka_unit_test(a_key_file_that_others_may_read_is_refused),
        cmocka_unit_test(a_key_file_of_another_user_is_refused),
        cmocka_unit_test(a_key_file_with_anything_but_keys_is_refused),
        cmocka_unit_test(a_missing_key_file_is_an_io_error),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
