#include "wallet_bench.h"

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static struct bench *bench_with_token(void)
{
    struct bench *b = bench_new();
    bench_script(b, ROUTE_GRANT, 200, GRANT_1);
    return b;
}

static void b2_a_create_gives_the_payers_page(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    bench_script(b, ROUTE_CREATE, 200, CREATED);
    create_once(b, &t);
    assert_told(&t, WALLET_OK, "0000");
    assert_string_equal(t.ref, "TR0011abc");
    assert_string_equal(t.url, "https://pay.example/?paymentId=TR0011abc");
    assert_true(t.answer.has_amount);
    assert_int_equal(t.answer.amount.poisha, 50000);
    assert_string_equal(t.currency, "BDT");
    assert_string_equal(t.invoice, "INV0124");
    assert_false(t.answer.completed);
    bench_free(b);
}

static void a_create_is_what_bkash_wants_to_read(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    bench_script(b, ROUTE_CREATE, 200, CREATED);
    create_once(b, &t);
    const struct peer_request *rq = &b->routes[ROUTE_CREATE].last;
    assert_string_equal(rq->body, "{\"mode\":\"0011\",\"payerReference\":\"ref-1\",\"callbackURL\":"
                                  "\"https:\\/\\/gw.example\\/cb\\/bkash\\/"
                                  "p_123\",\"amount\":\"500.00\",\"currency\":\"BDT\","
                                  "\"intent\":\"sale\",\"merchantInvoiceNumber\":\"INV0124\"}");
    assert_true(has(rq->head, "POST /v1/tokenized/checkout/create HTTP/1.1\r\n"));
    assert_true(has(rq->head, "\r\nAuthorization: token-1\r\n"));
    assert_true(has(rq->head, "\r\nX-App-Key: app\r\n"));
    assert_true(has(rq->head, "\r\nContent-Type: application/json\r\n"));
    rq = &b->routes[ROUTE_GRANT].last;
    assert_true(has(rq->head, "\r\nusername: user\r\n"));
    assert_true(has(rq->head, "\r\npassword: pass\r\n"));
    assert_string_equal(rq->body, "{\"app_key\":\"app\",\"app_secret\":\"secret\"}");
    bench_free(b);
}

static void b2_an_execute_tells_that_the_money_moved(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    int64_t before = metric_get(METRIC_wallet_executes_total);
    bench_script(b, ROUTE_EXECUTE, 200, EXECUTED);
    execute_once(b, &t);
    assert_told(&t, WALLET_OK, "0000");
    assert_true(t.answer.completed);
    assert_string_equal(t.trx_id, "6H7800QFYM");
    assert_string_equal(t.payer, "01700000001");
    assert_int_equal(t.answer.amount.poisha, 50000);
    assert_string_equal(b->routes[ROUTE_EXECUTE].last.body, "{\"paymentID\":\"TR0011abc\"}");
    assert_int_equal(bench_calls(b, ROUTE_EXECUTE), 1);
    assert_int_equal(bench_calls(b, ROUTE_QUERY), 0);
    assert_int_equal(metric_get(METRIC_wallet_executes_total) - before, 1);
    bench_free(b);
}

static void b3_an_execute_without_answer_is_unknown_and_sent_once(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    bench_script(b, ROUTE_EXECUTE, 0, NULL);
    execute_once(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "reset");
    assert_int_equal(bench_calls(b, ROUTE_EXECUTE), 1);
    bench_free(b);
}

static void b4_an_execute_that_takes_too_long_is_unknown(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    b->config.wallet_timeout_ms = 300;
    b->routes[ROUTE_EXECUTE].script[0] = (struct script){200, EXECUTED, 1500};
    b->routes[ROUTE_EXECUTE].scripts = 1;
    execute_once(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "timeout");
    assert_int_equal(bench_calls(b, ROUTE_EXECUTE), 1);
    bench_free(b);
}

static void a_create_without_answer_is_unknown(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    bench_script(b, ROUTE_CREATE, 0, NULL);
    create_once(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "reset");
    bench_free(b);
}

static void a_wallet_that_cannot_be_reached_did_nothing(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    char url[64];
    int port;
    int fd = peer_bind(&port);
    b->has_token = true;
    snprintf(b->token, sizeof(b->token), "kept");
    b->expires_at = atomic_load(&b->now_ms) + 3600000;
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/v1", port);
    bench_put(b, url, "app");
    create_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "unreachable");
    execute_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "unreachable");
    assert_string_equal(t.message, "connect");
    query_once(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "unreachable");
    close(fd);
    bench_free(b);
}

static void b10_a_401_of_the_gateway_renews_the_token_and_sends_again(void **state)
{
    (void)state;
    for (int op = 0; op < 3; op++) {
        static const enum route routes[] = {ROUTE_CREATE, ROUTE_EXECUTE, ROUTE_QUERY};
        static const char *const answers[] = {CREATED, EXECUTED, EXECUTED};
        void (*const calls[])(struct bench *, struct told *) = {
            create_once, execute_once, query_once};
        struct bench *b = bench_with_token();
        struct told t;
        bench_script(b, ROUTE_REFRESH, 200, GRANT_2);
        bench_script(b, routes[op], 401, UNAUTHORIZED);
        bench_script(b, routes[op], 200, answers[op]);
        calls[op](b, &t);
        assert_told(&t, WALLET_OK, "0000");
        assert_int_equal(bench_calls(b, routes[op]), 2);
        assert_int_equal(bench_calls(b, ROUTE_GRANT), 1);
        assert_int_equal(bench_calls(b, ROUTE_REFRESH), 1);
        assert_true(has(b->routes[routes[op]].last.head, "\r\nAuthorization: token-2\r\n"));
        assert_true(has(b->routes[ROUTE_REFRESH].last.body, "\"refresh_token\":\"refresh-1\""));
        bench_free(b);
    }
}

static void a_second_401_ends_the_call_and_takes_the_credential_out_of_use(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    const char *reason;
    bench_script(b, ROUTE_REFRESH, 200, GRANT_2);
    bench_script(b, ROUTE_EXECUTE, 401, UNAUTHORIZED);
    execute_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "http_401");
    assert_int_equal(bench_calls(b, ROUTE_EXECUTE), 2);
    assert_int_equal(b->taken, 2);
    assert_false(wallets_healthy(b->wallets, 7, &reason));
    assert_string_equal(reason, "credential refused");
    bench_free(b);
}

static void a_401_that_is_not_the_gateways_never_sends_an_execute_again(void **state)
{
    (void)state;
    static const char *const bodies[] = {"<html>401</html>", "", "{\"statusCode\":\"2079\"}"};
    for (size_t i = 0; i < array_len(bodies); i++) {
        struct bench *b = bench_with_token();
        struct told t;
        bench_script(b, ROUTE_EXECUTE, 401, bodies[i]);
        execute_once(b, &t);
        assert_int_equal(t.answer.outcome, WALLET_UNKNOWN);
        assert_int_equal(bench_calls(b, ROUTE_EXECUTE), 1);
        bench_free(b);
    }
}

static void an_execute_after_a_401_whose_token_budget_is_used_up_was_not_done(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    b->budget = 1;
    bench_script(b, ROUTE_EXECUTE, 401, UNAUTHORIZED);
    execute_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "token_budget");
    assert_int_equal(bench_calls(b, ROUTE_EXECUTE), 1);
    bench_free(b);
}

static void a_query_never_says_no_for_good(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"statusCode\":\"2060\"}", "{\"statusCode\":\"2001\"}", "{\"statusCode\":\"2023\"}"};
    struct bench *b = bench_with_token();
    struct told t;
    for (size_t i = 0; i < array_len(bodies); i++)
        bench_script(b, ROUTE_QUERY, 200, bodies[i]);
    bench_script(b, ROUTE_QUERY, 403, "{\"message\":\"Forbidden\"}");
    bench_script(b, ROUTE_QUERY, 200, INITIATED);
    for (size_t i = 0; i < array_len(bodies) + 1; i++) {
        query_once(b, &t);
        assert_int_equal(t.answer.outcome, WALLET_UNKNOWN);
        assert_false(t.answer.completed);
    }
    query_once(b, &t);
    assert_told(&t, WALLET_PENDING, "0000");
    assert_false(t.answer.authorised);
    bench_free(b);
}

static void b17_a_reply_of_a_megabyte_is_unknown(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    char *body = mem_alloc(1048577);
    memset(body, ' ', 1048576);
    memcpy(body, EXECUTED, strlen(EXECUTED));
    bench_script(b, ROUTE_EXECUTE, 200, body);
    execute_once(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "too_large");
    bench_free(b);
    mem_free(body);
}

static void a_stop_answers_every_call(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t[3];
    b->routes[ROUTE_EXECUTE].script[0] = (struct script){200, EXECUTED, 5000};
    b->routes[ROUTE_EXECUTE].scripts = 1;
    for (int i = 0; i < 2; i++) {
        told_init(&t[i]);
        bkash_ops.execute(b->wallets, 7, STR("TR0011abc"), told_set, &t[i]);
    }
    while (bench_calls(b, ROUTE_EXECUTE) < 2)
        usleep(1000);
    told_init(&t[2]);
    bkash_ops.execute(b->wallets, 7, STR("TR0011abc"), told_set, &t[2]);
    bench_free(b);
    for (int i = 0; i < 3; i++)
        assert_int_equal(t[i].done, 1);
    for (int i = 0; i < 2; i++)
        assert_told(&t[i], WALLET_UNKNOWN, "stopping");
}

static void its_own_proxy_is_used_for_all_its_calls(void **state)
{
    (void)state;
    char proxy[64];
    struct told t;
    struct bench *b = bench_new();
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", b->peer->port);
    b->config.wallet_bkash_proxy = proxy;
    wallets_put(b->wallets, &(struct wallet_credential){.id = 7,
                                .wallet = WALLET_BKASH,
                                .base_url = STR("http://127.0.0.1:1/v1"),
                                .username = STR("user"),
                                .password = STR("pass"),
                                .app_key = STR("app"),
                                .app_secret = STR("secret")});
    bench_script(b, ROUTE_OTHER, 200, GRANT_1);
    bench_script(b, ROUTE_OTHER, 200, CREATED);
    create_once(b, &t);
    assert_told(&t, WALLET_OK, "0000");
    assert_int_equal(bench_calls(b, ROUTE_OTHER), 2);
    assert_true(has(b->routes[ROUTE_OTHER].last.head,
        "POST http://127.0.0.1:1/v1/tokenized/checkout/create HTTP/1.1\r\n"));
    b->config.wallet_bkash_proxy = NULL;
    bench_free(b);
}

static void a_page_over_http_is_for_loopback_wallets_alone(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    bench_script(b, ROUTE_CREATE, 200,
        "{\"statusCode\":\"0000\",\"paymentID\":\"TR0011abc\",\"bkashURL\":\"http://127.0.0.1:1/"
        "\"}");
    create_once(b, &t);
    assert_told(&t, WALLET_OK, "0000");
    /* and secrets go to no other machine without TLS */
    bench_put(b, "http://192.0.2.1/v1", "app");
    create_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "insecure_base_url");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b2_a_create_gives_the_payers_page),
        cmocka_unit_test(a_create_is_what_bkash_wants_to_read),
        cmocka_unit_test(b2_an_execute_tells_that_the_money_moved),
        cmocka_unit_test(b3_an_execute_without_answer_is_unknown_and_sent_once),
        cmocka_unit_test(b4_an_execute_that_takes_too_long_is_unknown),
        cmocka_unit_test(a_create_without_answer_is_unknown),
        cmocka_unit_test(a_wallet_that_cannot_be_reached_did_nothing),
        cmocka_unit_test(b10_a_401_of_the_gateway_renews_the_token_and_sends_again),
        cmocka_unit_test(a_second_401_ends_the_call_and_takes_the_credential_out_of_use),
        cmocka_unit_test(a_401_that_is_not_the_gateways_never_sends_an_execute_again),
        cmocka_unit_test(an_execute_after_a_401_whose_token_budget_is_used_up_was_not_done),
        cmocka_unit_test(a_query_never_says_no_for_good),
        cmocka_unit_test(b17_a_reply_of_a_megabyte_is_unknown),
        cmocka_unit_test(a_stop_answers_every_call),
        cmocka_unit_test(its_own_proxy_is_used_for_all_its_calls),
        cmocka_unit_test(a_page_over_http_is_for_loopback_wallets_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
