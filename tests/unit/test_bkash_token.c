#include "wallet_bench.h"

#define HOUR_MS INT64_C(3600000)

static void token_stored(struct bench *b, int64_t life_ms, const char *refresh)
{
    b->has_token = true;
    snprintf(b->token, sizeof(b->token), "stored");
    snprintf(b->refresh, sizeof(b->refresh), "%s", refresh);
    b->expires_at = atomic_load(&b->now_ms) + life_ms;
    b->refresh_expires_at = atomic_load(&b->now_ms) + 24 * HOUR_MS;
}

static const char *used_token(struct bench *b)
{
    const char *at = strstr(b->routes[ROUTE_QUERY].last.head, "\r\nAuthorization: ");
    static char text[64];
    sscanf(at, "\r\nAuthorization: %63s", text);
    return text;
}

static struct bench *bench_ready(void)
{
    struct bench *b = bench_new();
    bench_script(b, ROUTE_CREATE, 200, CREATED);
    bench_script(b, ROUTE_QUERY, 200, INITIATED);
    return b;
}

static void twenty_creates_at_once_make_one_grant(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t[20];
    b->routes[ROUTE_GRANT].script[0] = (struct script){200, GRANT_1, 100};
    b->routes[ROUTE_GRANT].scripts = 1;
    for (int i = 0; i < 20; i++)
        create_send(&bkash_ops, b, &t[i]);
    for (int i = 0; i < 20; i++) {
        told_wait(&t[i]);
        assert_told(&t[i], WALLET_OK, "0000");
    }
    assert_int_equal(bench_calls(b, ROUTE_GRANT), 1);
    assert_int_equal(bench_calls(b, ROUTE_CREATE), 20);
    assert_int_equal(b->taken, 1);
    bench_free(b);
}

static void a_grant_is_kept_by_the_host(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    bench_script(b, ROUTE_GRANT, 200, GRANT_1);
    query_once(b, &t);
    assert_int_equal(b->saved, 1);
    assert_string_equal(b->token, "token-1");
    assert_string_equal(b->refresh, "refresh-1");
    assert_int_equal(b->expires_at, atomic_load(&b->now_ms) + HOUR_MS);
    bench_free(b);
}

static void a_stored_token_is_used_without_a_token_call(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    token_stored(b, HOUR_MS, "refresh-0");
    query_once(b, &t);
    assert_told(&t, WALLET_PENDING, "0000");
    assert_string_equal(used_token(b), "stored");
    assert_int_equal(b->taken, 0);
    bench_free(b);
}

static void a_token_near_its_end_is_refreshed_beside_the_call(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    token_stored(b, 299000, "refresh-0");
    bench_script(b, ROUTE_REFRESH, 200, GRANT_2);
    query_once(b, &t);
    assert_told(&t, WALLET_PENDING, "0000");
    assert_string_equal(used_token(b), "stored");
    for (int saved = 0; !saved; usleep(1000)) {
        pthread_mutex_lock(&b->lock);
        saved = b->saved;
        pthread_mutex_unlock(&b->lock);
    }
    query_once(b, &t);
    assert_string_equal(used_token(b), "token-2");
    assert_int_equal(bench_calls(b, ROUTE_REFRESH), 1);
    assert_int_equal(bench_calls(b, ROUTE_GRANT), 0);
    bench_free(b);
}

static void an_expired_token_is_refreshed_before_the_call(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    bench_script(b, ROUTE_GRANT, 200, GRANT_1);
    bench_script(b, ROUTE_REFRESH, 200, GRANT_2);
    query_once(b, &t);
    assert_string_equal(used_token(b), "token-1");
    atomic_fetch_add(&b->now_ms, HOUR_MS);
    query_once(b, &t);
    assert_string_equal(used_token(b), "token-2");
    assert_int_equal(bench_calls(b, ROUTE_GRANT), 1);
    assert_int_equal(bench_calls(b, ROUTE_REFRESH), 1);
    bench_free(b);
}

static void a_refused_refresh_is_followed_by_one_grant(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    token_stored(b, -1, "refresh-0");
    bench_script(b, ROUTE_REFRESH, 200, "{\"status\":\"fail\",\"msg\":\"Invalid refresh token\"}");
    bench_script(b, ROUTE_GRANT, 200, GRANT_1);
    query_once(b, &t);
    assert_string_equal(used_token(b), "token-1");
    assert_int_equal(b->taken, 2);
    assert_int_equal(bench_calls(b, ROUTE_REFRESH), 1);
    assert_int_equal(bench_calls(b, ROUTE_GRANT), 1);
    bench_free(b);
}

static void a_refresh_without_answer_is_not_followed_by_a_grant(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    token_stored(b, -1, "refresh-0");
    bench_script(b, ROUTE_REFRESH, 0, NULL);
    create_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "token_no_answer");
    assert_int_equal(bench_calls(b, ROUTE_GRANT), 0);
    assert_int_equal(b->taken, 1);
    assert_int_equal(b->returned, 0);
    bench_free(b);
}

static void refused_credentials_take_the_credential_out_of_use_at_once(void **state)
{
    (void)state;
    static const struct script refusals[] = {
        {200, "{\"status\":\"fail\",\"msg\":\"Invalid username and password combination\"}", 0},
        {401, UNAUTHORIZED, 0},
        {403, "<html>", 0},
        {429, "", 0},
        {200, "{\"statusCode\":\"2001\",\"statusMessage\":\"Invalid App Key\"}", 0},
    };
    for (size_t i = 0; i < array_len(refusals); i++) {
        struct bench *b = bench_ready();
        struct told t;
        const char *reason;
        bench_script(b, ROUTE_GRANT, refusals[i].status, refusals[i].body);
        create_once(b, &t);
        assert_told(&t, WALLET_BROKEN, "token_refused");
        assert_false(wallets_healthy(b->wallets, 7, &reason));
        assert_string_equal(reason, "token refused");
        create_once(b, &t);
        assert_told(&t, WALLET_BROKEN, "circuit_open");
        assert_int_equal(bench_calls(b, ROUTE_GRANT), 1);
        bench_free(b);
    }
}

static void an_unclear_token_answer_breaks_the_call_alone(void **state)
{
    (void)state;
    static const struct script answers[] = {
        {500, "{}", 0},
        {200, "<html>maintenance</html>", 0},
        {200, "{\"id_token\":\"bad\\r\\nX-Evil: 1\"}", 0},
        {200, "{\"id_token\":\"half", 0},
        {200, "", 0},
    };
    for (size_t i = 0; i < array_len(answers); i++) {
        struct bench *b = bench_ready();
        struct told t;
        const char *reason;
        bench_script(b, ROUTE_GRANT, answers[i].status, answers[i].body);
        create_once(b, &t);
        assert_told(&t, WALLET_BROKEN, "token_unclear");
        assert_true(wallets_healthy(b->wallets, 7, &reason));
        assert_int_equal(bench_calls(b, ROUTE_CREATE), 0);
        bench_free(b);
    }
}

static void b11_a_used_up_budget_is_refused_here_and_nothing_is_sent(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    const char *reason;
    b->budget = 0;
    execute_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "token_budget");
    query_once(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "token_budget");
    assert_int_equal(atomic_load(&b->peer->requests), 0);
    assert_false(wallets_healthy(b->wallets, 7, &reason));
    assert_string_equal(reason, "token budget used up");
    bench_free(b);
}

static void a_token_call_that_was_not_sent_gives_its_budget_back(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    char url[64];
    int port;
    int fd = peer_bind(&port);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/v1", port);
    bench_put(b, url, "app");
    for (int i = 1; i <= 5; i++) {
        query_once(b, &t);
        assert_told(&t, WALLET_UNKNOWN, "unreachable");
        assert_int_equal(b->taken, i);
        assert_int_equal(b->returned, i);
    }
    bench_put(b, b->base_url, "app");
    bench_script(b, ROUTE_GRANT, 200, GRANT_1);
    query_once(b, &t);
    assert_told(&t, WALLET_PENDING, "0000");
    close(fd);
    bench_free(b);
}

static void a_renewal_that_fails_early_leaves_the_good_token_in_use(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    token_stored(b, 200000, "");
    b->budget = 0;
    for (int i = 0; i < 3; i++) {
        create_once(b, &t);
        assert_told(&t, WALLET_OK, "0000");
    }
    assert_int_equal(bench_calls(b, ROUTE_GRANT), 0);
    bench_free(b);
}

static void a_401_of_many_calls_at_once_makes_one_renewal(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t[4];
    token_stored(b, HOUR_MS, "refresh-0");
    bench_script(b, ROUTE_REFRESH, 200, GRANT_2);
    struct bench_route *r = &b->routes[ROUTE_CREATE];
    r->scripts = 0;
    for (int i = 0; i < 4; i++)
        bench_script(b, ROUTE_CREATE, 401, UNAUTHORIZED);
    bench_script(b, ROUTE_CREATE, 200, CREATED);
    for (int i = 0; i < 4; i++)
        r->script[i].wait_ms = 50 + 30 * i;
    for (int i = 0; i < 4; i++)
        create_send(&bkash_ops, b, &t[i]);
    for (int i = 0; i < 4; i++) {
        told_wait(&t[i]);
        assert_told(&t[i], WALLET_OK, "0000");
    }
    assert_int_equal(bench_calls(b, ROUTE_REFRESH), 1);
    assert_int_equal(bench_calls(b, ROUTE_GRANT), 0);
    bench_free(b);
}

static void a_store_that_cannot_tell_the_token_costs_no_budget(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    token_stored(b, HOUR_MS, "");
    b->load_error = ERR_STORE_BUSY;
    create_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "token_store");
    assert_int_equal(b->taken, 0);
    b->load_error = ERR_OK;
    create_once(b, &t);
    assert_told(&t, WALLET_OK, "0000");
    bench_free(b);
}

static void a_token_that_could_not_be_stored_is_used_all_the_same(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    b->save_error = ERR_STORE_FULL;
    bench_script(b, ROUTE_GRANT, 200, GRANT_1);
    for (int i = 0; i < 2; i++) {
        create_once(b, &t);
        assert_told(&t, WALLET_OK, "0000");
    }
    assert_int_equal(bench_calls(b, ROUTE_GRANT), 1);
    bench_free(b);
}

static void other_credentials_use_no_token_of_the_old_ones(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    bench_script(b, ROUTE_GRANT, 200, GRANT_1);
    bench_script(b, ROUTE_GRANT, 200, GRANT_2);
    query_once(b, &t);
    bench_put(b, b->base_url, "app");
    query_once(b, &t);
    assert_string_equal(used_token(b), "token-1");
    bench_put(b, b->base_url, "app2");
    query_once(b, &t);
    assert_string_equal(used_token(b), "token-2");
    assert_int_equal(bench_calls(b, ROUTE_GRANT), 2);
    assert_int_equal(bench_calls(b, ROUTE_REFRESH), 0);
    bench_free(b);
}

/* What another process does with the host's token: it has its turn, and leaves `text` behind. */
static void other_stores(struct bench *b, const char *text, int64_t life_ms)
{
    pthread_mutex_lock(&b->lock);
    b->has_token = true;
    b->version++;
    snprintf(b->token, sizeof(b->token), "%s", text);
    b->expires_at = atomic_load(&b->now_ms) + life_ms;
    pthread_mutex_unlock(&b->lock);
}

static void a_token_that_another_process_got_is_used_by_all(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    bench_script(b, ROUTE_GRANT, 200, GRANT_1);
    query_once(b, &t);
    assert_string_equal(used_token(b), "token-1");
    other_stores(b, "theirs", 2 * HOUR_MS);
    atomic_fetch_add(&b->now_ms, HOUR_MS);
    query_once(b, &t);
    assert_string_equal(used_token(b), "theirs");
    assert_int_equal(b->taken, 1);
    assert_int_equal(bench_calls(b, ROUTE_REFRESH), 0);
    bench_free(b);
}

static void a_token_that_another_process_is_getting_is_waited_for(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    query_once(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "token_no_answer");
    int before = bench_calls(b, ROUTE_GRANT), taken = b->taken;
    b->others_turn = 2;
    other_stores(b, "theirs", HOUR_MS);
    query_once(b, &t);
    assert_told(&t, WALLET_PENDING, "0000");
    assert_string_equal(used_token(b), "theirs");
    assert_int_equal(bench_calls(b, ROUTE_GRANT), before);
    assert_int_equal(b->taken, taken);
    bench_free(b);
}

static void the_turn_ends_with_a_renewal_that_fails(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    bench_script(b, ROUTE_GRANT, 500, "{}");
    create_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "token_unclear");
    assert_int_equal(b->turn, 0);
    bench_free(b);
}

static void a_token_of_another_process_that_ran_out_is_refreshed(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    bench_script(b, ROUTE_GRANT, 200, GRANT_1);
    bench_script(b, ROUTE_REFRESH, 200, GRANT_2);
    query_once(b, &t);
    other_stores(b, "theirs", -1);
    atomic_fetch_add(&b->now_ms, HOUR_MS);
    query_once(b, &t);
    assert_string_equal(used_token(b), "token-2");
    assert_int_equal(bench_calls(b, ROUTE_REFRESH), 1);
    bench_free(b);
}

/* Whoever made it may be taken to be dead by then, and the payment not to be paid. A question does no harm. */
static void an_execute_that_waited_too_long_for_its_token_is_not_sent(void **state)
{
    (void)state;
    struct bench *b = bench_ready();
    struct told t;
    token_stored(b, -1, "refresh-0");
    b->routes[ROUTE_REFRESH].script[0] = (struct script){200, "{\"status\":\"fail\"}", 1800};
    b->routes[ROUTE_GRANT].script[0] = (struct script){200, GRANT_1, 1800};
    b->routes[ROUTE_REFRESH].scripts = b->routes[ROUTE_GRANT].scripts = 1;
    /* Each of the two answers comes well within its own time, whatever else the machine does; both together do not. */
    b->config.wallet_timeout_ms = 3000;
    execute_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "too_late");
    assert_int_equal(bench_calls(b, ROUTE_EXECUTE), 0);
    b->config.wallet_timeout_ms = 5000;
    query_once(b, &t);
    assert_told(&t, WALLET_PENDING, "0000");
    assert_string_equal(used_token(b), "token-1");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twenty_creates_at_once_make_one_grant),
        cmocka_unit_test(a_grant_is_kept_by_the_host),
        cmocka_unit_test(a_stored_token_is_used_without_a_token_call),
        cmocka_unit_test(a_token_near_its_end_is_refreshed_beside_the_call),
        cmocka_unit_test(an_expired_token_is_refreshed_before_the_call),
        cmocka_unit_test(a_refused_refresh_is_followed_by_one_grant),
        cmocka_unit_test(a_refresh_without_answer_is_not_followed_by_a_grant),
        cmocka_unit_test(refused_credentials_take_the_credential_out_of_use_at_once),
        cmocka_unit_test(an_unclear_token_answer_breaks_the_call_alone),
        cmocka_unit_test(b11_a_used_up_budget_is_refused_here_and_nothing_is_sent),
        cmocka_unit_test(a_token_call_that_was_not_sent_gives_its_budget_back),
        cmocka_unit_test(a_renewal_that_fails_early_leaves_the_good_token_in_use),
        cmocka_unit_test(a_401_of_many_calls_at_once_makes_one_renewal),
        cmocka_unit_test(a_store_that_cannot_tell_the_token_costs_no_budget),
        cmocka_unit_test(a_token_that_could_not_be_stored_is_used_all_the_same),
        cmocka_unit_test(other_credentials_use_no_token_of_the_old_ones),
        cmocka_unit_test(a_token_that_another_process_got_is_used_by_all),
        cmocka_unit_test(a_token_that_another_process_is_getting_is_waited_for),
        cmocka_unit_test(the_turn_ends_with_a_renewal_that_fails),
        cmocka_unit_test(a_token_of_another_process_that_ran_out_is_refreshed),
        cmocka_unit_test(an_execute_that_waited_too_long_for_its_token_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
