#include "base/mem.h"
#include "base/metrics.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct buf text;

static const char *rendered(void)
{
    buf_clear(&text);
    buf_init(&text, 1 << 20);
    metrics_render(&text);
    assert_true(buf_ok(&text));
    return text.p;
}

static void assert_renders(const char *part)
{
    const char *all = rendered();
    if (!strstr(all, part))
        fail_msg("%s is not in:\n%s", part, all);
}

static void counters_add_and_gauges_are_set(void **state)
{
    (void)state;
    metric_add(METRIC_requests_total, 2);
    metric_add(METRIC_requests_total, 3);
    metric_set(METRIC_store_queue_depth, 9);
    metric_set(METRIC_store_queue_depth, 4);
    metric_add(METRIC_store_queue_depth, -1);
    assert_int_equal(metric_get(METRIC_requests_total), 5);
    assert_renders("# HELP kassa_requests_total HTTP requests answered\n"
                   "# TYPE kassa_requests_total counter\n"
                   "kassa_requests_total 5\n");
    assert_renders("# TYPE kassa_store_queue_depth gauge\nkassa_store_queue_depth 3\n");
}

static void a_histogram_counts_up_to_each_bound(void **state)
{
    (void)state;
    static const int64_t values[] = {-5, 0, 100, 101, 250, 30000000, 30000001, INT64_C(1) << 40};
    for (size_t i = 0; i < array_len(values); i++)
        metric_observe(HISTOGRAM_commit_duration_us, values[i]);
    assert_renders("# TYPE kassa_commit_duration_us histogram\n"
                   "kassa_commit_duration_us_bucket{le=\"100\"} 3\n"
                   "kassa_commit_duration_us_bucket{le=\"250\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"500\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"1000\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"2500\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"5000\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"10000\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"25000\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"50000\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"100000\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"250000\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"500000\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"1000000\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"2500000\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"5000000\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"10000000\"} 5\n"
                   "kassa_commit_duration_us_bucket{le=\"30000000\"} 6\n"
                   "kassa_commit_duration_us_bucket{le=\"+Inf\"} 8\n"
                   "kassa_commit_duration_us_sum 1099571628228\n"
                   "kassa_commit_duration_us_count 8\n");
}

static void every_metric_of_the_table_is_rendered_once(void **state)
{
    (void)state;
    static const char *const types[] = {
#define M(name, kind, help) "# TYPE kassa_" #name " ",
#define H(name, help) "# TYPE kassa_" #name " histogram\n",
#include "base/metrics.def"
#undef M
#undef H
    };
    const char *all = rendered();
    for (size_t i = 0; i < array_len(types); i++) {
        const char *first = strstr(all, types[i]);
        assert_non_null(first);
        assert_null(strstr(first + 1, types[i]));
    }
}

static void *count(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10000; i++) {
        metric_add(METRIC_payments_created_total, 1);
        metric_observe(HISTOGRAM_notify_duration_us, 1);
    }
    return NULL;
}

static void no_count_of_a_thread_is_lost(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (size_t i = 0; i < array_len(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
    for (size_t i = 0; i < array_len(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(metric_get(METRIC_payments_created_total), 40000);
    assert_renders("kassa_notify_duration_us_count 40000\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_add_and_gauges_are_set),
        cmocka_unit_test(a_histogram_counts_up_to_each_bound),
        cmocka_unit_test(every_metric_of_the_table_is_rendered_once),
        cmocka_unit_test(no_count_of_a_thread_is_lost),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_clear(&text);
    return failed;
}
