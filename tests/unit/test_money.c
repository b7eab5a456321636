#include "base/mem.h"
#include "base/money.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct accepted {
    const char *text;
    int64_t poisha;
};

static void api_amounts_are_exact(void **state)
{
    (void)state;
    static const struct accepted rows[] = {{"100", 10000}, {"100.0", 10000}, {"100.00", 10000},
        {"100.1", 10010}, {"100.01", 10001}, {"0.01", 1}, {"0.1", 10}, {"1", 100},
        {"999999999", 99999999900}, {"999999999.99", MONEY_API_MAX_POISHA}, {"0.29", 29},
        {"1.15", 115}, {"4503599.37", 450359937}, {"10", 1000}};
    for (size_t i = 0; i < array_len(rows); i++) {
        struct money m = {-1};
        assert_int_equal(money_parse_amount(str_from(rows[i].text), &m), ERR_OK);
        assert_int_equal(m.poisha, rows[i].poisha);
    }
}

static void other_texts_are_no_api_amounts(void **state)
{
    (void)state;
    static const char *rows[] = {"", "1e3", "1E3", "1e400", "-0", "-1", "+5", " 100", "100 ",
        "100.", ".5", ".", "100.001", "100.000", "1,000", "1,000.00", "1000000000", "1000000000.00",
        "01", "00", "00.5", "0100", "0x10", "1.2.3", "1..2", "1.-2", "1. 2", "NaN", "inf", "abc",
        "1a", "1.5a", "\xE0\xA7\xA7", "1\xC2\xA0", "$1", "1/2", "1:0", "123456789012345678901",
        "1.0e1", "1_000", "'1'"};
    for (size_t i = 0; i < array_len(rows); i++) {
        struct money m = {-7};
        if (money_parse_amount(str_from(rows[i]), &m) != ERR_SYNTAX)
            fail_msg("was not refused: %s", rows[i]);
        assert_int_equal(m.poisha, -7);
    }
    struct money m = {-7};
    assert_int_equal(money_parse_amount(STR("1\0"), &m), ERR_SYNTAX);
    assert_int_equal(money_parse_amount(STR_ABSENT, &m), ERR_SYNTAX);
}

static void zero_is_out_of_range(void **state)
{
    (void)state;
    static const char *rows[] = {"0", "0.0", "0.00"};
    for (size_t i = 0; i < array_len(rows); i++) {
        struct money m = {-7};
        assert_int_equal(money_parse_amount(str_from(rows[i]), &m), ERR_RANGE);
        assert_int_equal(m.poisha, -7);
    }
}

static void wallet_amounts_are_read_by_value(void **state)
{
    (void)state;
    static const struct accepted rows[] = {{"15", 1500}, {"15.5", 1550}, {"15.00", 1500},
        {"15.000", 1500}, {"15.500000000", 1550}, {"015.5", 1550}, {"0", 0}, {"0.00", 0},
        {"000", 0}, {"999999999999.99", 99999999999999}, {"0.05", 5}};
    for (size_t i = 0; i < array_len(rows); i++) {
        struct money m = {-1};
        assert_int_equal(money_parse_wallet(str_from(rows[i].text), &m), ERR_OK);
        assert_int_equal(m.poisha, rows[i].poisha);
    }
    static const char *refused[] = {"", "15.", ".5", "15.001", "15.0001", "15.5000001",
        "1000000000000", "0000000000001", "-1", "+1", " 1", "1 ", "1,500.00", "1e2", "Tk 5",
        "1.0.0"};
    for (size_t i = 0; i < array_len(refused); i++) {
        struct money m = {-7};
        if (money_parse_wallet(str_from(refused[i]), &m) != ERR_SYNTAX)
            fail_msg("was not refused: %s", refused[i]);
        assert_int_equal(m.poisha, -7);
    }
}

static void money_adds_and_compares(void **state)
{
    (void)state;
    struct money a = money_poisha(150), b = money_poisha(-50);
    assert_int_equal(money_add(a, b).poisha, 100);
    assert_int_equal(money_sub(a, b).poisha, 200);
    assert_int_equal(money_neg(a).poisha, -150);
    assert_int_equal(money_cmp(a, b), 1);
    assert_int_equal(money_cmp(b, a), -1);
    assert_int_equal(money_cmp(a, a), 0);
    assert_true(money_eq(a, money_poisha(150)));
    assert_false(money_eq(a, b));
}

static void assert_formats(int64_t poisha, int decimals, const char *wanted)
{
    struct buf b;
    buf_init(&b, 100);
    if (decimals)
        money_format(&b, money_poisha(poisha), decimals);
    else
        money_format_grouped(&b, money_poisha(poisha));
    assert_string_equal(buf_view(&b).p, wanted);
    buf_clear(&b);
}

static void money_is_written_with_fixed_decimals(void **state)
{
    (void)state;
    assert_formats(30000, 2, "300.00");
    assert_formats(0, 2, "0.00");
    assert_formats(5, 2, "0.05");
    assert_formats(-5, 2, "-0.05");
    assert_formats(-12345, 2, "-123.45");
    assert_formats(500000, 9, "5000.000000000");
    assert_formats(1, 9, "0.010000000");
    assert_formats(99, 8, "0.99000000");
    assert_formats(MONEY_API_MAX_POISHA, 2, "999999999.99");
    assert_formats(INT64_MAX, 9, "92233720368547758.070000000");
    assert_formats(INT64_MIN, 9, "-92233720368547758.080000000");
}

static void money_is_grouped_as_in_south_asia(void **state)
{
    (void)state;
    assert_formats(0, 0, "0.00");
    assert_formats(99999, 0, "999.99");
    assert_formats(100000, 0, "1,000.00");
    assert_formats(9999900, 0, "99,999.00");
    assert_formats(10000000, 0, "1,00,000.00");
    assert_formats(12345600, 0, "1,23,456.00");
    assert_formats(-12345600, 0, "-1,23,456.00");
    assert_formats(-99900, 0, "-999.00");
    assert_formats(1234567890, 0, "1,23,45,678.90");
    assert_formats(MONEY_API_MAX_POISHA, 0, "99,99,99,999.99");
    assert_formats(INT64_MIN, 0, "-92,23,37,20,36,85,47,758.08");
}

static void what_is_written_is_read_as_the_same(void **state)
{
    (void)state;
    for (int64_t poisha = 1; poisha < MONEY_API_MAX_POISHA; poisha = poisha * 3 + 1) {
        struct buf b;
        buf_init(&b, 100);
        money_format(&b, money_poisha(poisha), 2);
        struct money m;
        assert_int_equal(money_parse_amount(buf_view(&b), &m), ERR_OK);
        assert_int_equal(m.poisha, poisha);
        buf_reset(&b);
        money_format(&b, money_poisha(poisha), 9);
        assert_int_equal(money_parse_wallet(buf_view(&b), &m), ERR_OK);
        assert_int_equal(m.poisha, poisha);
        buf_clear(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(api_amounts_are_exact),
        cmocka_unit_test(other_texts_are_no_api_amounts),
        cmocka_unit_test(zero_is_out_of_range),
        cmocka_unit_test(wallet_amounts_are_read_by_value),
        cmocka_unit_test(money_adds_and_compares),
        cmocka_unit_test(money_is_written_with_fixed_decimals),
        cmocka_unit_test(money_is_grouped_as_in_south_asia),
        cmocka_unit_test(what_is_written_is_read_as_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
