#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/money.h"
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t fixed_ms(void *arg)
{
    (void)arg;
    return 1795509012345; /* 2026-11-24T08:30:12.345Z */
}

static struct clock fixed_clock = {.wall_ms = fixed_ms};
static int pipe_fds[2];
static char line[65536];

#define HEAD(level, event)                                                                         \
    "{\"time\":\"2026-11-24T08:30:12.345Z\",\"level\":\"" level "\",\"event\":\"" event "\""

static int pipe_open(void **state)
{
    (void)state;
    log_request_id_set(STR(""));
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return -1;
    log_init(&fixed_clock, LOG_LEVEL_INFO, pipe_fds[1]);
    return 0;
}

static int pipe_close(void **state)
{
    (void)state;
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return 0;
}

/* All that waits in the pipe. */
static const char *logged(void)
{
    fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
    ssize_t n = read(pipe_fds[0], line, sizeof(line) - 1);
    line[n > 0 ? n : 0] = 0;
    return line;
}

static void a_line_is_one_json_object_with_its_fields_in_order(void **state)
{
    (void)state;
    log_info("started", LOG_S("name", STR("kassad")), LOG_I("port", 8080), LOG_C("none", NULL),
        LOG_I("least", INT64_MIN), LOG_ERR(ERR_STORE_FULL));
    assert_string_equal(logged(),
        HEAD("info", "started") ",\"name\":\"kassad\",\"port\":8080,\"none\":null,"
                                "\"least\":-9223372036854775808,\"error\":\"STORE_FULL\"}\n");
    log_alarm("plain");
    assert_string_equal(logged(), HEAD("alarm", "plain") "}\n");
}

static void lines_below_the_least_level_are_not_written(void **state)
{
    (void)state;
    log_debug("quiet");
    assert_string_equal(logged(), "");
    log_init(&fixed_clock, LOG_LEVEL_ERROR, pipe_fds[1]);
    log_warn("quiet");
    assert_string_equal(logged(), "");
    log_error("loud");
    assert_string_equal(logged(), HEAD("error", "loud") "}\n");
}

static void phone_numbers_are_masked_and_money_has_its_decimals(void **state)
{
    (void)state;
    log_info("sms", LOG_PHONE("from", STR("01712345623")), LOG_PHONE("short", STR("16247")),
        LOG_MONEY("amount", money_poisha(12305)), LOG_MONEY("less", money_poisha(-5)));
    assert_string_equal(logged(),
        HEAD("info", "sms") ",\"from\":\"017******23\",\"short\":\"*****\",\"amount\":\"123.05\","
                            "\"less\":\"-0.05\"}\n");
}

static void the_request_id_belongs_to_its_thread_and_is_cut_at_40(void **state)
{
    (void)state;
    log_request_id_set(STR("r-1"));
    log_info("a", LOG_I("n", 1));
    assert_string_equal(logged(), HEAD("info", "a") ",\"request_id\":\"r-1\",\"n\":1}\n");
    log_request_id_set(STR("0123456789012345678901234567890123456789X"));
    log_info("b");
    assert_string_equal(logged(),
        HEAD("info", "b") ",\"request_id\":\"0123456789012345678901234567890123456789\"}\n");
    log_request_id_set(STR_ABSENT);
    log_info("c");
    assert_string_equal(logged(), HEAD("info", "c") "}\n");
}

static void texts_are_escaped_so_that_they_cannot_forge_lines(void **state)
{
    (void)state;
    log_info("x", LOG_S("v", STR("a\"b\\c\n{}\r\t\0\x1b[2J\x7f|")));
    assert_string_equal(logged(),
        HEAD("info",
            "x") ",\"v\":\"a\\\"b\\\\c\\u000a{}\\u000d\\u0009\\u0000\\u001b[2J\\u007f|\"}\n");
    log_info("x", LOG_S("v", STR("\xc2\x9b"
                                 "31m \xe0\xa6\x95 \xf0\x9f\x98\x80")));
    assert_string_equal(
        logged(), HEAD("info", "x") ",\"v\":\"\\u009b31m \xe0\xa6\x95 \xf0\x9f\x98\x80\"}\n");
}

static void bytes_that_are_not_utf8_become_replacement_characters(void **state)
{
    (void)state;
#define R "\xef\xbf\xbd"
    log_info("x", LOG_S("v", STR("a\xff"
                                 "b\xc3|\xed\xa0\x80|\xe0\xa6")));
    assert_string_equal(logged(), HEAD("info", "x") ",\"v\":\"a" R "b" R "|" R R R "|" R R "\"}\n");
#undef R
}

static void a_long_value_is_cut_with_a_mark(void **state)
{
    (void)state;
    static char text[5000];
    memset(text, 'a', sizeof(text));
    log_info("x", LOG_S("v", ((struct str){text, sizeof(text)})), LOG_I("after", 1));
    const char *got = logged();
    assert_true(strlen(got) < 1300);
    assert_non_null(strstr(got, "aaa…[cut]\",\"after\":1}\n"));
}

static void fields_beyond_8_kib_are_left_out_whole_and_told(void **state)
{
    (void)state;
    static char text[1000];
    memset(text, '\n', sizeof(text));
    struct log_field fields[20];
    for (size_t i = 0; i < array_len(fields); i++)
        fields[i] = LOG_S("v", ((struct str){text, sizeof(text)}));
    log_write(LOG_LEVEL_INFO, "x", fields, array_len(fields));
    const char *got = logged();
    size_t n = strlen(got);
    assert_true(n > 6000 && n <= 8192);
    assert_non_null(strstr(got, "[cut]\",\"fields_cut\":true}\n"));
    assert_true(str_ends(str_from(got), STR(",\"fields_cut\":true}\n")));
}

static void a_full_disk_loses_the_line_and_counts_it(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    int64_t before = metric_get(METRIC_log_lines_dropped_total);
    log_init(&fixed_clock, LOG_LEVEL_INFO, fd);
    log_info("lost");
    assert_int_equal(metric_get(METRIC_log_lines_dropped_total), before + 1);
    close(fd);
}

static void a_full_pipe_loses_the_line_without_waiting(void **state)
{
    (void)state;
    static char block[4096];
    int64_t before = metric_get(METRIC_log_lines_dropped_total);
    fcntl(pipe_fds[1], F_SETFL, O_NONBLOCK);
    while (write(pipe_fds[1], block, sizeof(block)) > 0)
        ;
    fcntl(pipe_fds[1], F_SETFL, 0);
    alarm(10); /* ends the test if the write waits */
    log_info("lost");
    alarm(0);
    assert_int_equal(metric_get(METRIC_log_lines_dropped_total), before + 1);
}

static void a_reader_that_went_away_does_not_kill_the_process(void **state)
{
    (void)state;
    int64_t before = metric_get(METRIC_log_lines_dropped_total);
    close(pipe_fds[0]);
    log_info("lost");
    assert_int_equal(metric_get(METRIC_log_lines_dropped_total), before + 1);
    pipe_fds[0] = -1;
}

static void after_a_torn_line_the_next_one_begins_a_line_of_its_own(void **state)
{
    (void)state;
    static char text[1000];
    memset(text, 'a', sizeof(text));
    struct log_field fields[7];
    for (size_t i = 0; i < array_len(fields); i++)
        fields[i] = LOG_S("v", ((struct str){text, sizeof(text)}));
    fcntl(pipe_fds[1], F_SETPIPE_SZ, 4096);
    fcntl(pipe_fds[1], F_SETFL, O_NONBLOCK);
    int64_t before = metric_get(METRIC_log_lines_dropped_total);
    log_write(LOG_LEVEL_INFO, "long", fields, array_len(fields));
    assert_int_equal(metric_get(METRIC_log_lines_dropped_total), before + 1);
    assert_int_equal(strlen(logged()), 4096);
    log_info("next");
    assert_string_equal(logged(), "\n" HEAD("info", "next") "}\n");
    log_info("after");
    assert_string_equal(logged(), HEAD("info", "after") "}\n");
}

static void a_broken_promise_is_logged_and_aborts(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        ensure(1 + 1 == 3, "arithmetic");
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    const char *got = logged();
    assert_non_null(strstr(got, HEAD("alarm", "bug") ",\"file\":\""));
    assert_non_null(strstr(got, "\"condition\":\"1 + 1 == 3\",\"text\":\"arithmetic\"}\n"));
}

static void *log_many(void *arg)
{
    log_request_id_set(str_from(arg));
    for (int i = 0; i < 50; i++)
        log_info("tick", LOG_S("of", str_from(arg)));
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    pthread_t threads[4];
    static char ids[4][2] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < array_len(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, ids[i]), 0);
    for (size_t i = 0; i < array_len(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    struct str all = str_from(logged());
    size_t lines = 0;
    for (size_t at = 0; at < all.n; lines++) {
        size_t end = str_find(all, '\n', at);
        struct str one = str_sub(all, at, end);
        bool found = false;
        for (size_t i = 0; i < array_len(ids); i++) {
            char want[200];
            snprintf(want, sizeof(want),
                HEAD("info", "tick") ",\"request_id\":\"%s\",\"of\":\"%s\"}", ids[i], ids[i]);
            found = found || str_is(one, want);
        }
        assert_true(found);
        at = end + 1;
    }
    assert_int_equal(lines, 4 * 50);
}

#define T(name) cmocka_unit_test_setup_teardown(name, pipe_open, pipe_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_line_is_one_json_object_with_its_fields_in_order),
        T(lines_below_the_least_level_are_not_written),
        T(phone_numbers_are_masked_and_money_has_its_decimals),
        T(the_request_id_belongs_to_its_thread_and_is_cut_at_40),
        T(texts_are_escaped_so_that_they_cannot_forge_lines),
        T(bytes_that_are_not_utf8_become_replacement_characters),
        T(a_long_value_is_cut_with_a_mark),
        T(fields_beyond_8_kib_are_left_out_whole_and_told),
        T(a_full_disk_loses_the_line_and_counts_it),
        T(a_full_pipe_loses_the_line_without_waiting),
        T(a_reader_that_went_away_does_not_kill_the_process),
        T(after_a_torn_line_the_next_one_begins_a_line_of_its_own),
        T(a_broken_promise_is_logged_and_aborts),
        T(lines_of_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
