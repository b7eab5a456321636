#include "base/crypto_id.h"
#include "base/mem.h"
#include "base/text.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int cipher_make(void **state)
{
    uint8_t key[ID_KEY_LEN];
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)i;
    *state = id_cipher_new(key);
    return 0;
}

static int cipher_free(void **state)
{
    id_cipher_free(*state);
    return 0;
}

/* Made with `openssl enc -aes-256-ecb -nopad` over the blocks of an id: these are the first that look like version 4. */
static const struct {
    int64_t id;
    const char *uuid;
} VECTORS[] = {
    {1, "db6a5585-5b82-4765-a275-39b1576dc31b"},
    {100000001, "d225cafc-1b69-4ddd-874d-104a40840a08"},
    {INT64_C(9007199254740991), "d57e6066-a854-4d74-ae13-3e745718d1fe"},
};

static void uuids_are_those_of_the_definition(void **state)
{
    for (size_t i = 0; i < array_len(VECTORS); i++) {
        uint8_t raw[16];
        char text[UUID_LEN + 1];
        int64_t id = 0;
        id_cipher_uuid(*state, VECTORS[i].id, raw);
        uuid_format(raw, text);
        assert_string_equal(text, VECTORS[i].uuid);
        assert_true(id_cipher_id(*state, raw, &id));
        assert_int_equal(id, VECTORS[i].id);
    }
}

static void each_id_has_a_version_4_uuid_and_comes_back(void **state)
{
    for (int64_t id = 1; id < 20000; id++) {
        uint8_t raw[16];
        int64_t back = 0;
        id_cipher_uuid(*state, id, raw);
        assert_int_equal(raw[6] >> 4, 4);
        assert_int_equal(raw[8] >> 6, 2);
        assert_true(id_cipher_id(*state, raw, &back));
        assert_int_equal(back, id);
    }
}

static void what_the_key_did_not_make_has_no_id(void **state)
{
    static const char *const strangers[] = {
        /* n = 4097 of id 1: further than anyone looks */
        "f72ac5bd-d4d4-4c70-84d9-56f5ab9da489",
        "00000000-0000-4000-8000-000000000000",
        "ffffffff-ffff-4fff-bfff-ffffffffffff",
    };
    int64_t id = 77;
    uint8_t raw[16];
    for (size_t i = 0; i < array_len(strangers); i++) {
        assert_int_equal(uuid_parse(str_from(strangers[i]), raw), ERR_OK);
        assert_false(id_cipher_id(*state, raw, &id));
    }
    for (int bit = 0; bit < 128; bit++) {
        id_cipher_uuid(*state, 100000001, raw);
        raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(id_cipher_id(*state, raw, &id));
    }
    uint8_t other_key[ID_KEY_LEN] = {1};
    struct id_cipher *other = id_cipher_new(other_key);
    id_cipher_uuid(other, 100000001, raw);
    assert_false(id_cipher_id(*state, raw, &id));
    id_cipher_free(other);
    assert_int_equal(id, 77);
}

static void *walk(void *arg)
{
    for (int64_t id = 1; id < 2000; id++) {
        uint8_t raw[16];
        int64_t back = 0;
        id_cipher_uuid(arg, id, raw);
        if (!id_cipher_id(arg, raw, &back) || back != id)
            return arg;
    }
    return NULL;
}

static void threads_share_one(void **state)
{
    pthread_t threads[4];
    for (size_t i = 0; i < array_len(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, walk, *state), 0);
    for (size_t i = 0; i < array_len(threads); i++) {
        void *wrong = NULL;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, cipher_make, cipher_free)
    const struct CMUnitTest tests[] = {
        WITH(uuids_are_those_of_the_definition),
        WITH(each_id_has_a_version_4_uuid_and_comes_back),
        WITH(what_the_key_did_not_make_has_no_id),
        WITH(threads_share_one),
    };
    return cmocka_run_group_tests_name("crypto_id", tests, NULL, NULL);
}
