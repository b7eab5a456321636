#include "base/clock.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define DAY INT64_C(86400000)

static int64_t fixed_time(void *arg)
{
    return *(const int64_t *)arg;
}

static void the_wall_clock_moves_by_the_offset_alone(void **state)
{
    (void)state;
    int64_t now = 1000;
    struct clock c;
    clock_init(&c);
    c.wall_ms = fixed_time;
    c.arg = &now;
    assert_int_equal(clock_now_ms(&c), 1000);
    clock_advance(&c, 500);
    clock_advance(&c, 3600000);
    assert_int_equal(clock_now_ms(&c), 3601500);
    now = 2000;
    assert_int_equal(clock_now_ms(&c), 3602500);
}

static void the_machines_clock_is_the_default(void **state)
{
    (void)state;
    struct clock c;
    clock_init(&c);
    int64_t before = clock_now_ms(&c), mono = clock_mono_ms();
    assert_true(before > INT64_C(1700000000000));
    clock_advance(&c, 10 * DAY);
    int64_t moved = clock_now_ms(&c) - before;
    assert_true(moved >= 10 * DAY && moved < 10 * DAY + 60000);
    assert_true(clock_mono_ms() - mono < 60000);
    int64_t us = clock_mono_us();
    assert_true(clock_mono_us() >= us);
    assert_true(us / 1000 - mono < 60000);
}

static void days_of_the_calendar_are_counted(void **state)
{
    (void)state;
    assert_int_equal(civil_to_day(1970, 1, 1), 0);
    assert_int_equal(civil_to_day(1969, 12, 31), -1);
    assert_int_equal(civil_to_day(2000, 2, 29), 11016);
    assert_int_equal(civil_to_day(2000, 3, 1), 11017);
    assert_int_equal(civil_to_day(2024, 11, 7), 20034);
    assert_int_equal(civil_to_day(2100, 3, 1) - civil_to_day(2100, 2, 28), 1);
    assert_int_equal(civil_to_day(0, 3, 1), -719468);
    assert_int_equal(civil_to_day(9999, 12, 31), 2932896);
}

static void every_day_goes_there_and_back(void **state)
{
    (void)state;
    char text[11], before[11] = "";
    for (int32_t day = 0; day <= 2932896; day++) {
        dhaka_day_format(day, text);
        int32_t back = -1;
        assert_int_equal(dhaka_day_parse(str_from(text), &back), ERR_OK);
        assert_int_equal(back, day);
        assert_true(strcmp(before, text) < 0);
        memcpy(before, text, sizeof(text));
    }
    assert_string_equal(text, "9999-12-31");
}

static void texts_that_are_no_date_are_refused(void **state)
{
    (void)state;
    static const char *rows[] = {"", "2024-11-7", "2024-11-07 ", " 2024-11-07", "2024/11/07",
        "20241107", "2024-00-01", "2024-13-01", "2024-01-00", "2024-01-32", "2024-04-31",
        "2023-02-29", "2100-02-29", "1969-12-31", "0000-01-01", "2024-1a-01", "-024-01-01",
        "2024-+1-01", "2024-01-01T", "07-11-2024", "2024-11-07T00:00:00Z", "2024-11--1"};
    for (size_t i = 0; i < array_len(rows); i++) {
        int32_t day = -5;
        if (dhaka_day_parse(str_from(rows[i]), &day) != ERR_SYNTAX)
            fail_msg("was not refused: %s", rows[i]);
        assert_int_equal(day, -5);
    }
    int32_t day;
    assert_int_equal(dhaka_day_parse(STR("2024-02-29"), &day), ERR_OK);
    assert_int_equal(dhaka_day_parse(STR("2000-02-29"), &day), ERR_OK);
}

static void a_dhaka_day_begins_at_eighteen_utc(void **state)
{
    (void)state;
    assert_int_equal(dhaka_day(0), 0);
    assert_int_equal(dhaka_day_start_ms(0), -6 * 3600 * 1000);
    assert_int_equal(dhaka_day(18 * 3600 * 1000 - 1), 0);
    assert_int_equal(dhaka_day(18 * 3600 * 1000), 1);
    assert_int_equal(dhaka_day(-6 * 3600 * 1000), 0);
    assert_int_equal(dhaka_day(-6 * 3600 * 1000 - 1), -1);
    for (int32_t day = -1000; day < 100000; day += 37) {
        int64_t start = dhaka_day_start_ms(day);
        assert_int_equal(dhaka_day(start), day);
        assert_int_equal(dhaka_day(start - 1), day - 1);
        assert_int_equal(dhaka_day(start + DAY - 1), day);
    }
    assert_int_equal(dhaka_day(INT64_MAX), INT32_MAX);
    assert_int_equal(dhaka_day(INT64_MIN), INT32_MIN);
}

static void instants_are_written_in_dhaka_and_utc(void **state)
{
    (void)state;
    char dhaka[20], utc[25];
    int64_t at = INT64_C(1730969939000);
    dhaka_time_format(at, dhaka);
    assert_string_equal(dhaka, "2024-11-07 14:58:59");
    utc_time_format(at + 7, utc);
    assert_string_equal(utc, "2024-11-07T08:58:59.007Z");
    dhaka_time_format(0, dhaka);
    assert_string_equal(dhaka, "1970-01-01 06:00:00");
    dhaka_time_format(18 * 3600 * 1000 - 1, dhaka);
    assert_string_equal(dhaka, "1970-01-01 23:59:59");
    dhaka_time_format(18 * 3600 * 1000, dhaka);
    assert_string_equal(dhaka, "1970-01-02 00:00:00");
    utc_time_format(-1, utc);
    assert_string_equal(utc, "1969-12-31T23:59:59.999Z");
    utc_time_format(INT64_C(2147483648) * 1000, utc);
    assert_string_equal(utc, "2038-01-19T03:14:08.000Z");
    utc_time_format(INT64_C(951782400000), utc);
    assert_string_equal(utc, "2000-02-29T00:00:00.000Z");
}

static void instants_beyond_the_calendar_stay_inside_their_text(void **state)
{
    (void)state;
    char dhaka[20], utc[25], day[11];
    utc_time_format(INT64_MAX, utc);
    assert_int_equal(strlen(utc), 24);
    assert_memory_equal(utc, "9999-12-31T", 11);
    utc_time_format(INT64_MIN, utc);
    assert_memory_equal(utc, "0000-01-01T", 11);
    dhaka_time_format(INT64_MAX, dhaka);
    assert_int_equal(strlen(dhaka), 19);
    dhaka_time_format(INT64_MIN, dhaka);
    assert_int_equal(strlen(dhaka), 19);
    dhaka_day_format(INT32_MAX, day);
    assert_string_equal(day, "9999-12-31");
    dhaka_day_format(INT32_MIN, day);
    assert_string_equal(day, "0000-01-01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_moves_by_the_offset_alone),
        cmocka_unit_test(the_machines_clock_is_the_default),
        cmocka_unit_test(days_of_the_calendar_are_counted),
        cmocka_unit_test(every_day_goes_there_and_back),
        cmocka_unit_test(texts_that_are_no_date_are_refused),
        cmocka_unit_test(a_dhaka_day_begins_at_eighteen_utc),
        cmocka_unit_test(instants_are_written_in_dhaka_and_utc),
        cmocka_unit_test(instants_beyond_the_calendar_stay_inside_their_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
