/* Codes of authenticator apps, against the standard's own vectors; and the cabinet's passwords and roles. */
#include "base/password.h"
#include "core/roles.h"
#include "core/totp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const uint8_t SECRET[TOTP_SECRET_LEN + 1] = "12345678901234567890";

/* RFC 6238, appendix B: the last six of its eight digits. */
static void codes_are_the_standards(void **state)
{
    static const struct {
        int64_t at_s;
        const char *code;
    } rows[] = {{59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"},
        {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    char code[TOTP_CODE_LEN + 1], text[TOTP_TEXT_LEN + 1];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        totp_code(SECRET, totp_step(rows[i].at_s * 1000), code);
        assert_string_equal(code, rows[i].code);
    }
    totp_secret_text(SECRET, text);
    assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

static enum err check(int64_t code_step, int64_t now_step, int64_t used, int64_t *ret_step)
{
    char code[TOTP_CODE_LEN + 1];
    totp_code(SECRET, code_step, code);
    return totp_check(SECRET, str_from(code), now_step * 30000 + 29999, used, ret_step);
}

static void t63_a_code_counts_in_its_minute_and_once(void **state)
{
    int64_t step = 0;
    (void)state;
    for (int64_t at = 999; at <= 1001; at++) {
        assert_int_equal(check(at, 1000, 0, &step), ERR_OK);
        assert_int_equal(step, at);
        assert_int_equal(check(at, 1000, at, &step), ERR_UNAUTHORIZED);
        assert_int_equal(check(at, 1000, at + 1, &step), ERR_UNAUTHORIZED);
    }
    assert_int_equal(check(998, 1000, 0, &step), ERR_UNAUTHORIZED);
    assert_int_equal(check(1002, 1000, 0, &step), ERR_UNAUTHORIZED);
}

static void what_is_no_code_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "28708", "2870820", "28708a", "      ", "-87082", "287082x"};
    int64_t step = 7;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(totp_check(SECRET, str_from(texts[i]), 59000, 0, &step), ERR_UNAUTHORIZED);
    assert_int_equal(totp_check(SECRET, STR_ABSENT, 59000, 0, &step), ERR_UNAUTHORIZED);
    assert_int_equal(step, 7);
    assert_int_equal(totp_check(SECRET, STR(" 287 082 "), 59000, 0, &step), ERR_OK);
}

static void a_password_fits_its_hash_alone(void **state)
{
    char first[PASSWORD_HASH_MAX], second[PASSWORD_HASH_MAX];
    (void)state;
    password_hash(STR("four wet tigers"), first);
    password_hash(STR("four wet tigers"), second);
    assert_string_not_equal(first, second);
    assert_memory_equal(first, "$argon2id$", 10);
    assert_true(password_is(str_from(first), STR("four wet tigers")));
    assert_false(password_is(str_from(first), STR("four wet tiger")));
    assert_false(password_is(str_from(first), STR("")));
    assert_false(password_is(STR_ABSENT, STR("four wet tigers")));
    assert_false(password_is(STR(""), STR("four wet tigers")));
    assert_false(password_is(STR("$argon2id$garbage"), STR("four wet tigers")));
}

static void roles_have_names_and_merchants_nothing_of_the_operators(void **state)
{
    enum role role;
    (void)state;
    for (int r = 0; r < ROLE_COUNT; r++) {
        assert_int_equal(role_parse(str_from(role_text((enum role)r)), &role), ERR_OK);
        assert_int_equal(role, r);
        assert_true(role_may((enum role)r, ACTION_own));
        for (int a = 0; a < ACTION_COUNT; a++)
            if (str_starts(str_from(action_text((enum action)a)), STR("op_")))
                assert_true(
                    role_is_operator((enum role)r) || !role_may((enum role)r, (enum action)a));
    }
    assert_int_equal(role_parse(STR("owner"), &role), ERR_SYNTAX);
    assert_true(role_may(ROLE_operator_admin, ACTION_op_people));
    assert_false(role_may(ROLE_operator_support, ACTION_cert_change));
    assert_false(role_may(ROLE_merchant_viewer, ACTION_payment_act));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_the_standards),
        cmocka_unit_test(t63_a_code_counts_in_its_minute_and_once),
        cmocka_unit_test(what_is_no_code_is_refused),
        cmocka_unit_test(a_password_fits_its_hash_alone),
        cmocka_unit_test(roles_have_names_and_merchants_nothing_of_the_operators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
