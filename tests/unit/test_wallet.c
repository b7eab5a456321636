#include "wallet_bench.h"

#define MINUTE_MS 60000
#define BROKEN_BODY "{\"statusCode\":\"2001\",\"statusMessage\":\"Invalid App Key\"}"

static struct bench *bench_with_token(void)
{
    struct bench *b = bench_new();
    bench_script(b, ROUTE_GRANT, 200, GRANT_1);
    return b;
}

static void create_expect(struct bench *b, enum wallet_outcome outcome, const char *code)
{
    struct told t;
    create_once(b, &t);
    assert_told(&t, outcome, code);
}

static bool healthy(struct bench *b)
{
    const char *reason = NULL;
    bool good = wallets_healthy(b->wallets, 7, &reason);
    assert_true(good || reason);
    return good;
}

static void connectors_are_found_by_their_wallet(void **state)
{
    (void)state;
    assert_ptr_equal(wallet_ops_find(WALLET_BKASH), &bkash_ops);
    assert_true(bkash_ops.needs_execute);
    assert_ptr_equal(wallet_ops_find(WALLET_NAGAD), &nagad_ops);
    assert_false(nagad_ops.needs_execute);
    assert_ptr_equal(wallet_ops_find(WALLET_ROCKET), &ecomm_ops);
    assert_false(ecomm_ops.needs_execute);
    assert_null(wallet_ops_find(WALLET_COUNT));
}

static void connectors_say_what_their_wallets_can(void **state)
{
    (void)state;
    for (int i = 0; i < WALLET_COUNT; i++) {
        const struct wallet_ops *o = wallet_ops_find((enum wallet_kind)i);
        if (!o)
            continue;
        assert_int_equal(o->kind, i);
        assert_true(o->create && o->query);
        assert_true(o->needs_execute == (o->execute != NULL));
        assert_true((o->refund != NULL) == (o->refund_status != NULL));
    }
    assert_true(nagad_ops.place && !bkash_ops.place && !ecomm_ops.place);
    assert_true(nagad_ops.plain_invoice && !bkash_ops.plain_invoice);
}

static void three_broken_calls_in_a_row_open_the_circuit(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    int64_t before = metric_get(METRIC_wallet_circuits_open);
    bench_script(b, ROUTE_CREATE, 200, BROKEN_BODY);
    for (int i = 0; i < 3; i++) {
        assert_true(healthy(b));
        create_expect(b, WALLET_BROKEN, "2001");
    }
    assert_false(healthy(b));
    assert_int_equal(metric_get(METRIC_wallet_circuits_open) - before, 1);
    create_expect(b, WALLET_BROKEN, "circuit_open");
    assert_int_equal(bench_calls(b, ROUTE_CREATE), 3);
    bench_free(b);
    assert_int_equal(metric_get(METRIC_wallet_circuits_open), before);
}

static void a_good_answer_between_starts_the_count_again(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    bench_script(b, ROUTE_CREATE, 200, BROKEN_BODY);
    bench_script(b, ROUTE_CREATE, 200, BROKEN_BODY);
    bench_script(b, ROUTE_CREATE, 200, "{\"statusCode\":\"2023\"}");
    bench_script(b, ROUTE_CREATE, 200, BROKEN_BODY);
    for (int i = 0; i < 5; i++)
        create_expect(b, i == 2 ? WALLET_DECLINED : WALLET_BROKEN, i == 2 ? "2023" : "2001");
    assert_true(healthy(b));
    create_expect(b, WALLET_BROKEN, "2001");
    assert_false(healthy(b));
    bench_free(b);
}

static void unknown_answers_do_not_open_it(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    bench_script(b, ROUTE_CREATE, 500, "");
    for (int i = 0; i < 5; i++)
        create_expect(b, WALLET_UNKNOWN, "http_500");
    assert_true(healthy(b));
    bench_free(b);
}

static void open_it(struct bench *b)
{
    bench_script(b, ROUTE_CREATE, 200, BROKEN_BODY);
    bench_script(b, ROUTE_CREATE, 200, BROKEN_BODY);
    bench_script(b, ROUTE_CREATE, 200, BROKEN_BODY);
    for (int i = 0; i < 3; i++)
        create_expect(b, WALLET_BROKEN, "2001");
    assert_false(healthy(b));
}

static void after_a_minute_one_create_probes(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told probe;
    open_it(b);
    bench_script(b, ROUTE_CREATE, 200, CREATED);
    b->routes[ROUTE_CREATE].script[3].wait_ms = 200;
    atomic_fetch_add(&b->now_ms, MINUTE_MS - 1);
    create_expect(b, WALLET_BROKEN, "circuit_open");
    atomic_fetch_add(&b->now_ms, 1);
    assert_true(healthy(b));
    create_send(&bkash_ops, b, &probe);
    while (bench_calls(b, ROUTE_CREATE) < 4)
        usleep(1000);
    assert_false(healthy(b));
    create_expect(b, WALLET_BROKEN, "circuit_open");
    told_wait(&probe);
    assert_told(&probe, WALLET_OK, "0000");
    assert_true(healthy(b));
    create_expect(b, WALLET_OK, "0000");
    bench_free(b);
}

static void a_probe_that_fails_keeps_it_open_for_another_minute(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    int64_t before = metric_get(METRIC_wallet_circuits_open);
    open_it(b);
    atomic_fetch_add(&b->now_ms, MINUTE_MS);
    create_expect(b, WALLET_BROKEN, "2001");
    assert_false(healthy(b));
    atomic_fetch_add(&b->now_ms, MINUTE_MS - 1);
    create_expect(b, WALLET_BROKEN, "circuit_open");
    assert_int_equal(metric_get(METRIC_wallet_circuits_open) - before, 1);
    bench_free(b);
}

static void a_clock_set_back_does_not_keep_it_open(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    open_it(b);
    atomic_fetch_sub(&b->now_ms, 60 * MINUTE_MS);
    assert_true(healthy(b));
    bench_free(b);
}

static void executes_and_queries_are_tried_while_it_is_open(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    open_it(b);
    bench_script(b, ROUTE_EXECUTE, 200, EXECUTED);
    bench_script(b, ROUTE_QUERY, 200, INITIATED);
    query_once(b, &t);
    assert_told(&t, WALLET_PENDING, "0000");
    execute_once(b, &t);
    assert_told(&t, WALLET_OK, "0000");
    assert_true(healthy(b));
    bench_free(b);
}

static void queries_that_break_count_though_they_are_told_as_unknown(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    bench_script(b, ROUTE_QUERY, 403, "{\"message\":\"Forbidden\"}");
    for (int i = 0; i < 3; i++) {
        query_once(b, &t);
        assert_told(&t, WALLET_UNKNOWN, "http_403");
    }
    assert_false(healthy(b));
    bench_free(b);
}

static void other_credentials_close_it(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    open_it(b);
    bench_put(b, b->base_url, "app");
    assert_false(healthy(b));
    bench_put(b, b->base_url, "another");
    assert_true(healthy(b));
    bench_free(b);
}

static void a_removed_credential_is_used_no_more(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    const char *reason;
    bench_script(b, ROUTE_CREATE, 200, CREATED);
    create_expect(b, WALLET_OK, "0000");
    wallets_remove(b->wallets, 7);
    wallets_remove(b->wallets, 8);
    create_expect(b, WALLET_BROKEN, "no_credential");
    assert_false(wallets_healthy(b->wallets, 7, &reason));
    assert_string_equal(reason, "no such credential");
    assert_false(wallets_healthy(b->wallets, 8, &reason));
    bench_put(b, b->base_url, "app");
    create_expect(b, WALLET_OK, "0000");
    bench_free(b);
}

static void a_credential_removed_under_a_call_lives_until_its_end(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    b->routes[ROUTE_CREATE].script[0] = (struct script){401, UNAUTHORIZED, 100};
    b->routes[ROUTE_CREATE].script[1] = (struct script){200, CREATED, 0};
    b->routes[ROUTE_CREATE].scripts = 2;
    bench_script(b, ROUTE_REFRESH, 200, GRANT_2);
    create_send(&bkash_ops, b, &t);
    while (bench_calls(b, ROUTE_CREATE) < 1)
        usleep(1000);
    wallets_remove(b->wallets, 7);
    told_wait(&t);
    assert_told(&t, WALLET_OK, "0000");
    bench_free(b);
}

static void *put_often(void *arg)
{
    struct bench *b = arg;
    for (int i = 0; i < 200; i++) {
        bench_put(b, b->base_url, i % 2 ? "app" : "another");
        healthy(b);
    }
    return NULL;
}

static void credentials_may_change_while_calls_run(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    pthread_t thread;
    struct told t[30];
    b->budget = 1000;
    bench_script(b, ROUTE_CREATE, 200, CREATED);
    assert_int_equal(pthread_create(&thread, NULL, put_often, b), 0);
    for (int i = 0; i < 30; i++)
        create_send(&bkash_ops, b, &t[i]);
    for (int i = 0; i < 30; i++) {
        told_wait(&t[i]);
        assert_told(&t[i], WALLET_OK, "0000");
    }
    pthread_join(thread, NULL);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connectors_are_found_by_their_wallet),
        cmocka_unit_test(connectors_say_what_their_wallets_can),
        cmocka_unit_test(three_broken_calls_in_a_row_open_the_circuit),
        cmocka_unit_test(a_good_answer_between_starts_the_count_again),
        cmocka_unit_test(unknown_answers_do_not_open_it),
        cmocka_unit_test(after_a_minute_one_create_probes),
        cmocka_unit_test(a_probe_that_fails_keeps_it_open_for_another_minute),
        cmocka_unit_test(a_clock_set_back_does_not_keep_it_open),
        cmocka_unit_test(executes_and_queries_are_tried_while_it_is_open),
        cmocka_unit_test(queries_that_break_count_though_they_are_told_as_unknown),
        cmocka_unit_test(other_credentials_close_it),
        cmocka_unit_test(a_removed_credential_is_used_no_more),
        cmocka_unit_test(a_credential_removed_under_a_call_lives_until_its_end),
        cmocka_unit_test(credentials_may_change_while_calls_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
