/* When a notification is tried again, and how many go to one host at once. */
#include "base/mem.h"
#include "service/deliver_hosts.h"
#include "service/deliver_schedule.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
/* 2026-11-24 00:00:00 UTC */
#define NOW INT64_C(1795478400000)

static void waits_follow_the_schedule_and_grow_by_a_fifth_at_most(void **state)
{
    (void)state;
    const int64_t wanted_s[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    for (size_t i = 0; i < array_len(wanted_s); i++) {
        int64_t least, most;
        assert_int_equal(deliver_wait_ms((int64_t)i + 1, 0, &least), ERR_OK);
        assert_int_equal(deliver_wait_ms((int64_t)i + 1, 1000, &most), ERR_OK);
        assert_int_equal(least, wanted_s[i] * SECOND);
        assert_int_equal(most, wanted_s[i] * SECOND * 6 / 5);
        for (uint32_t j = 0; j < 5000; j += 37) {
            int64_t ms;
            assert_int_equal(deliver_wait_ms((int64_t)i + 1, j * 2654435761U, &ms), ERR_OK);
            assert_true(ms >= least && ms <= most);
        }
    }
}

static void the_tenth_try_is_the_last(void **state)
{
    (void)state;
    int64_t ms = -1;
    assert_int_equal(deliver_wait_ms(DELIVER_TRIES_MAX, 0, &ms), ERR_LIMIT);
    assert_int_equal(deliver_wait_ms(DELIVER_TRIES_MAX + 7, 0, &ms), ERR_LIMIT);
    assert_int_equal(deliver_wait_ms(0, 0, &ms), ERR_LIMIT);
    assert_int_equal(ms, -1);
}

static void retry_after_is_read_as_seconds_or_as_a_date(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"0", 0},
        {"120", 120 * SECOND},
        {" 7 ", 7 * SECOND},
        {"86400", 24 * HOUR},
        {"86401", 24 * HOUR},
        {"99999999999999999999", 24 * HOUR},
        {"-5", 0},
        {"-99999999999999999999", 0},
        {"Tue, 24 Nov 2026 00:01:00 GMT", 60 * SECOND},
        {"Tue, 24 Nov 2026 06:00:00 GMT", 6 * HOUR},
        {"Wed, 24 Nov 2027 00:00:00 GMT", 24 * HOUR},
        {"Mon, 23 Nov 2026 23:59:59 GMT", 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
    };
    for (size_t i = 0; i < array_len(good); i++) {
        int64_t ms = -1;
        assert_int_equal(deliver_retry_after_ms(str_from(good[i].text), NOW, &ms), ERR_OK);
        assert_int_equal(ms, good[i].ms);
    }
}

static void other_retry_after_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "soon", "1.5", "0x10", "12 34", "+5",
        "Tue, 24 Nov 2026 00:01:00 UTC", "Tue, 24 Nxv 2026 00:01:00 GMT",
        "Tue, 24 Nov 2026 25:01:00 GMT", "Tue, 44 Nov 2026 00:01:00 GMT",
        "Tuesday, 24-Nov-26 00:01:00 GMT",
        "Tue, 24 Nov 2026 00:01:00 GMT "
        "and more"};
    for (size_t i = 0; i < array_len(bad); i++) {
        int64_t ms = -1;
        assert_int_equal(deliver_retry_after_ms(str_from(bad[i]), NOW, &ms), ERR_SYNTAX);
        assert_int_equal(ms, -1);
    }
}

static void a_host_gets_its_share_and_leaves_the_rest_to_others(void **state)
{
    (void)state;
    struct deliver_hosts *h = deliver_hosts_new(6, 2);
    struct str slow = STR("http://slow.example"), other = STR("http://other.example");
    assert_true(deliver_hosts_take(h, slow, 0));
    assert_true(deliver_hosts_take(h, slow, 0));
    assert_false(deliver_hosts_take(h, slow, 0));
    assert_true(deliver_hosts_take(h, other, 0));
    deliver_hosts_give(h, slow, true, 0);
    assert_true(deliver_hosts_take(h, slow, 0));
    assert_false(deliver_hosts_take(h, slow, 0));
    deliver_hosts_give(h, slow, true, 0);
    deliver_hosts_give(h, slow, true, 0);
    deliver_hosts_give(h, other, true, 0);
    assert_true(deliver_hosts_take(h, slow, 0));
    deliver_hosts_give(h, slow, true, 0);
    deliver_hosts_free(h);
}

static void a_lively_hosts_queue_comes_back_soon_and_a_dead_ones_seldom(void **state)
{
    (void)state;
    struct deliver_hosts *h = deliver_hosts_new(6, 2);
    struct str host = STR("http://shop.example");
    assert_true(deliver_hosts_take(h, host, 5000));
    assert_true(deliver_hosts_take(h, host, 5000));
    for (uint32_t i = 0; i < 20; i++)
        assert_in_range(deliver_hosts_wait_ms(h, host, 5500, i * 7919), 200, 600);
    int64_t longest = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        int64_t wait = deliver_hosts_wait_ms(h, host, 9000, i * 7919);
        longest = wait > longest ? wait : longest;
        assert_in_range(wait, 10000, 120000);
    }
    assert_true(longest > 60000);
    deliver_hosts_give(h, host, false, 20000);
    assert_true(deliver_hosts_wait_ms(h, host, 20001, 1) >= 10000);
    assert_true(deliver_hosts_take(h, host, 20001));
    deliver_hosts_give(h, host, true, 21000);
    assert_true(deliver_hosts_wait_ms(h, host, 21001, 1) <= 500);
    longest = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        int64_t wait = deliver_hosts_wait_ms(h, host, 21001, i * 7919);
        longest = wait > longest ? wait : longest;
    }
    assert_true(longest > 30000); /* one that answers, and has a long queue */
    deliver_hosts_give(h, host, false, 24000);
    deliver_hosts_free(h);
}

static void hosts_beyond_the_table_wait(void **state)
{
    (void)state;
    struct deliver_hosts *h = deliver_hosts_new(2, 2);
    char long_name[DELIVER_HOST_MAX + 2];
    memset(long_name, 'a', sizeof long_name);
    assert_true(deliver_hosts_take(h, STR("a"), 0));
    assert_true(deliver_hosts_take(h, STR("b"), 0));
    assert_false(deliver_hosts_take(h, STR("c"), 0));
    deliver_hosts_give(h, STR("a"), true, 0);
    assert_false(deliver_hosts_take(h, (struct str){long_name, sizeof long_name}, 0));
    assert_true(deliver_hosts_take(h, STR("c"), 0));
    deliver_hosts_give(h, STR("b"), true, 0);
    deliver_hosts_give(h, STR("c"), true, 0);
    deliver_hosts_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_follow_the_schedule_and_grow_by_a_fifth_at_most),
        cmocka_unit_test(the_tenth_try_is_the_last),
        cmocka_unit_test(retry_after_is_read_as_seconds_or_as_a_date),
        cmocka_unit_test(other_retry_after_texts_are_refused),
        cmocka_unit_test(a_host_gets_its_share_and_leaves_the_rest_to_others),
        cmocka_unit_test(a_lively_hosts_queue_comes_back_soon_and_a_dead_ones_seldom),
        cmocka_unit_test(hosts_beyond_the_table_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
