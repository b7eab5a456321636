/* The merchant API and the operators' answers over real sockets, on a whole service. */
#include "http/routes.h"
#include "service/accounts.h"
#include <pthread.h>
#include <stdio.h>

#include "http_client.h"
#include "service_world.h"

#define CREATORS 6
#define CREATES_EACH 40

static struct world world;
static struct gateway gateway;
static struct server *server, *ops;
static struct rsa_private *merchant_key;

/* ---- the merchant ---- */

struct cert_add {
    struct store_unit unit;
    struct str der;
};

static enum err cert_add_run(struct store_unit *u, struct tx *tx)
{
    struct cert_add *c = unit_owner(u, struct cert_add, unit);
    struct cert_row row = {.account_id = world.account_id,
        .purpose = STR("payments"),
        .public_der = c->der,
        .fingerprint = STR("1111111111111111111111111111111111111111111111111111111111111111"),
        .not_before = WORLD_T0 - 1,
        .created_at = WORLD_T0};
    enum err e = store_cert_add(tx, &row);
    return e ? e : store_change_bump(tx);
}

static void merchant_make(void)
{
    struct rsa_public *public_key = NULL;
    struct buf der;
    buf_init(&der, 4096);
    ok(rsa_private_generate(2048, &merchant_key));
    ok(rsa_private_public(merchant_key, &public_key));
    ok(rsa_public_to_der(public_key, &der));
    struct cert_add c = {.unit = {.run = cert_add_run}, .der = buf_view(&der)};
    ok(store_run(world.s.store, &c.unit));
    rsa_public_free(public_key);
    buf_clear(&der);
}

static void call_write(struct buf *b, const char *path, struct str body)
{
    uint8_t sig[RSA_SIG_MAX];
    size_t n = 0;
    ok(rsa_sign(merchant_key, RSA_DIGEST_SHA1, body, sig, sizeof(sig), &n));
    buf_printf(b, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n", path);
    buf_printf(b, "Account: %s\r\nContent-Length: %zu\r\nSign: ", world.account_uuid, body.n);
    base64_encode(b, sig, n);
    buf_cstr(b, "\r\n\r\n");
    buf_str(b, body);
}

/* One signed call on an open connection; true when an answer came. */
static bool call_on(struct client *c, const char *path, struct str body)
{
    struct buf b;
    buf_init(&b, 65536);
    buf_reset(&c->in);
    call_write(&b, path, body);
    client_send(c, buf_view(&b));
    buf_clear(&b);
    return client_await(c, "\r\n\r\n{") && client_await(c, "}");
}

static struct client call(const char *path, const char *body)
{
    struct client c = client_open(server_port(server));
    assert_true(call_on(&c, path, str_from(body)));
    client_drain(&c);
    return c;
}

static int call_status(const char *path, const char *body, const char *has)
{
    struct client c = call(path, body);
    int status = client_status(&c);
    if (!client_has(&c, has))
        fail_msg("no %s in %.*s", has, STR_FMT(buf_view(&c.in)));
    client_end(&c);
    return status;
}

#define FIELDS(order)                                                                              \
    "{\"amount\":\"300.00\",\"order_id\":\"" order                                                 \
    "\",\"service\":\"payment_card_bdt_hpp\",\"customer_ip\":\"203.0.113.7\","                     \
    "\"customer_code\":\"bkash\"}"

/* ---- the suite ---- */

static struct server *serve(const struct route *routes)
{
    struct server_options o = {.listen = STR("127.0.0.1:0"),
        .routes = routes,
        .ctx = &gateway,
        .threads = 2,
        .connections_max = 100,
        .connection_memory = 8192,
        .idle_timeout_s = 20};
    struct server *s = NULL;
    struct buf why;
    buf_init(&why, 1000);
    ok(server_start(&o, &why, &s));
    buf_clear(&why);
    return s;
}

static void account_await(void)
{
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    for (;;) {
        struct client c = call("/v1/payment", "{}");
        int status = client_status(&c);
        client_end(&c);
        if (status == 400)
            return;
        assert_true(clock_mono_ms() < until);
        usleep(20000);
    }
}

static int suite_start(void **state)
{
    (void)state;
    world_start(&world);
    gateway.service = &world.s;
    merchant_make();
    server = serve(routes_public);
    ops = serve(routes_ops_sandbox);
    account_await();
    return 0;
}

static int suite_stop(void **state)
{
    (void)state;
    if (server)
        server_stop(server, 2000);
    server_stop(ops, 2000);
    rsa_private_free(merchant_key);
    world_stop(&world);
    return 0;
}

/* ---- tests ---- */

static void a_create_is_answered_in_the_documented_order_and_again_for_the_same_body(void **state)
{
    (void)state;
    struct client first = call("/v1/payment", FIELDS("o-1"));
    assert_int_equal(client_status(&first), 200);
    assert_false(client_has(&first, "Idempotent-Replayed"));
    struct str in = buf_view(&first.in);
    const char *body = memmem(in.p, in.n, "{\"url\":\"http:\\/\\/127.0.0.1:8080\\/", 33);
    assert_non_null(body);
    assert_non_null(strstr(body, "\",\"payment_status\":\"wait\",\"id\":100000001,\"uuid\":\""));
    assert_true(str_ends(in, STR("\",\"success_redirect_url\":null}")));
    struct client again = call("/v1/payment", FIELDS("o-1"));
    assert_int_equal(client_status(&again), 200);
    assert_true(client_has(&again, "Idempotent-Replayed: true\r\n"));
    assert_true(client_has(&again, body));
    client_end(&first);
    client_end(&again);
    assert_int_equal(call_status("/v1/payment", FIELDS("o-1") " ",
                         "\"order_id\":[\"The order id has "
                         "already been taken.\"]"),
        400);
}

static enum err wallet_off_run(struct store_unit *u, struct tx *tx)
{
    (void)u;
    enum err e = store_credential_set_enabled(tx, world.credential_id, false);
    return e ? e : store_change_bump(tx);
}

static enum err wallet_on_run(struct store_unit *u, struct tx *tx)
{
    (void)u;
    enum err e = store_credential_set_enabled(tx, world.credential_id, true);
    return e ? e : store_change_bump(tx);
}

static void wallet_switch(bool on)
{
    struct store_unit u = {.run = on ? wallet_on_run : wallet_off_run};
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    int number = 0;
    ok(store_run(world.s.store, &u));
    for (;;) {
        struct buf b;
        buf_init(&b, 1000);
        buf_printf(&b, FIELDS("switch-%d-%d"), on, number++);
        struct client c = call("/v1/payment", buf_view(&b).p);
        int status = client_status(&c);
        client_end(&c);
        buf_clear(&b);
        if (status == (on ? 200 : 400))
            return;
        assert_true(clock_mono_ms() < until);
        usleep(20000);
    }
}

static void a_stored_order_is_replayed_although_its_wallet_was_switched_off_since(void **state)
{
    (void)state;
    assert_int_equal(call_status("/v1/payment", FIELDS("off-1"), "\"wait\""), 200);
    wallet_switch(false);
    assert_int_equal(call_status("/v1/payment", FIELDS("off-1"), "Idempotent-Replayed: true"), 200);
    assert_int_equal(call_status("/v1/payment", FIELDS("off-1") " ", "\"customer_code\""), 400);
    assert_int_equal(call_status("/v1/payment", FIELDS("off-2"), "\"customer_code\""), 400);
    wallet_switch(true);
}

struct creator {
    int port, number, good, other;
    bool same_orders;
};

static void *creator_run(void *arg)
{
    struct creator *w = arg;
    struct client c;
    if (!client_connects(w->port, &c))
        return NULL;
    for (int i = 0; i < CREATES_EACH; i++) {
        struct buf b;
        buf_init(&b, 1000);
        buf_printf(&b, FIELDS("many-%d-%d"), w->same_orders ? 0 : w->number, i);
        if (!call_on(&c, "/v1/payment", buf_view(&b))) {
            buf_clear(&b);
            break;
        }
        w->good += client_status(&c) == 200;
        w->other += client_status(&c) != 200;
        buf_clear(&b);
    }
    client_end(&c);
    return NULL;
}

static int64_t payments_stored(void)
{
    int64_t n = 0;
    int32_t day = dhaka_day(clock_now_ms(&world.clock));
    ok(store_history_total(world_db(&world), world.account_id, day - 400, day, &n));
    return n;
}

static void parallel_creates_of_the_same_orders_store_each_once(void **state)
{
    (void)state;
    pthread_t threads[CREATORS];
    struct creator work[CREATORS];
    int64_t before = payments_stored();
    for (int i = 0; i < CREATORS; i++) {
        work[i] = (struct creator){.port = server_port(server), .number = i, .same_orders = true};
        assert_int_equal(pthread_create(&threads[i], NULL, creator_run, &work[i]), 0);
    }
    for (int i = 0; i < CREATORS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(work[i].good, CREATES_EACH);
    }
    assert_int_equal(payments_stored() - before, CREATES_EACH);
}

static void status_and_history_show_what_was_created_at_once(void **state)
{
    (void)state;
    assert_int_equal(call_status("/v1/payment", FIELDS("seen-1"), "\"wait\""), 200);
    assert_int_equal(call_status("/v1/payment/status", "{\"order_id\":\"seen-1\"}",
                         "\"order_id\":\"seen-1\",\"amount\":\"300.00\",\"payment_amount\":null,"
                         "\"is_partial_payment\":false,\"account_payment_amount\":null,"
                         "\"commission_amount\":null,\"refunded_amount\":null,\"hold_amount\":null,"
                         "\"hold_at\":null,\"service_code\":\"payment_card_bdt_hpp\",\"card_mask\":"
                         "null,\"account_old_balance\":null,\"account_new_balance\":null}"),
        200);
    assert_int_equal(
        call_status("/v1/payment/status", "{\"id\":5,\"order_id\":\"seen-1\"}", "\"order_id\":["),
        400);
    assert_int_equal(call_status("/v1/payment/status", "{\"id\":5}", "\"id\":["), 400);
    assert_int_equal(call_status("/v1/payment/status", "{}", "\"id\":["), 400);
    assert_int_equal(call_status("/v1/payment/history", "{\"paginate\":1}",
                         "\"amount\":\"300.000000000\",\"commission_amount\":null,\"currency\":"
                         "\"BDT\",\"status\":\"wait\"}],\"links\":{\"first\":\"http:\\/\\/127.0.0.1"
                         ":8080\\/v1\\/payment\\/history?page=1\""),
        200);
    assert_int_equal(call_status("/v1/payment/history?page=2", "{\"paginate\":1}",
                         "\"meta\":{\"current_page\":2,\"from\":2,"),
        200);
    assert_int_equal(call_status("/v1/payment/history?page=2", "{\"paginate\":1,\"page\":1}",
                         "\"prev\":null,\"next\":\"http:\\/\\/"),
        200);
    assert_int_equal(call_status("/v1/payment/history?page=1&page=2", "{}", "\"page\":["), 400);
    assert_int_equal(
        call_status("/v1/payment/history",
            "{\"date_from\":\"2020-01-01\",\"date_to\":\"2020-01-02\"}", "{\"data\":[],"),
        200);
}

static void a_call_that_is_not_signed_is_refused_alike_whatever_is_wrong(void **state)
{
    (void)state;
    static const char *const heads[] = {"", "Account: 0b0d5c1e-7a47-4b43-9c3a-0d4a3c2b1a00\r\n",
        "Sign: AAAA\r\n", "Account: 0b0d5c1e-7a47-4b43-9c3a-0d4a3c2b1a00\r\nSign: \r\n",
        "Account: 0b0d5c1e-7a47-4b43-9c3a-0d4a3c2b1a00\r\nSign: %%%\r\n",
        "Account: 7b0d5c1e-7a47-4b43-9c3a-0d4a3c2b1a00\r\nSign: AAAA\r\n",
        "Account: x\r\nSign: AAAA\r\n"};
    for (size_t i = 0; i < array_len(heads); i++) {
        struct buf b;
        buf_init(&b, 1000);
        buf_printf(&b,
            "POST /v1/payment HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            "Content-Length: 9\r\n%s\r\nnot JSON!",
            heads[i]);
        struct client c = client_talk(server_port(server), buf_view(&b));
        assert_int_equal(client_status(&c), 401);
        assert_true(str_ends(buf_view(&c.in),
            STR("{\"message\":\"The request could not be authenticated.\",\"errors\":{\"sign\":"
                "[\"The request could not be authenticated.\"]}}")));
        client_end(&c);
        buf_clear(&b);
    }
    assert_int_equal(call_status("/v1/payment", "not JSON!", "\"body\""), 400);
    assert_int_equal(call_status("/v1/payment", "[1]", "\"body\""), 400);
}

static struct client ops_talk(const char *text)
{
    return client_talk(server_port(ops), str_from(text));
}

static void operators_see_health_and_move_the_sandbox_clock(void **state)
{
    (void)state;
    struct client c = ops_talk("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(client_has(&c, "ok\n"));
    client_end(&c);
    c = ops_talk("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(client_status(&c), 200);
    client_end(&c);
    c = ops_talk("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(client_has(&c, "kassa_payments_created_total "));
    client_end(&c);
    for (int i = 1; i <= 2; i++) {
        char want[64];
        c = ops_talk("POST /sandbox/clock HTTP/1.1\r\nHost: x\r\nContent-Length: 19\r\n\r\n"
                     "{\"advance_s\":86400}");
        snprintf(
            want, sizeof(want), "{\"now_ms\":%lld}", (long long)(WORLD_T0 + i * 86400 * SECOND));
        assert_true(client_has(&c, want));
        client_end(&c);
    }
    struct str kept;
    ok(store_setting_get(world_db(&world), &world.arena, SANDBOX_CLOCK_SETTING, &kept));
    assert_true(str_is(kept, "172800000"));
    static const char *const bad[] = {"{\"advance_s\":0}", "{\"advance_s\":1.5}", "{}",
        "{\"advance_s\":31536001}", "{\"advance_s\":true}", "[]", ""};
    for (size_t i = 0; i < array_len(bad); i++) {
        struct buf b;
        buf_init(&b, 1000);
        buf_printf(&b, "POST /sandbox/clock HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
            strlen(bad[i]), bad[i]);
        c = ops_talk(buf_view(&b).p);
        assert_int_equal(client_status(&c), 400);
        client_end(&c);
        buf_clear(&b);
    }
    atomic_bool *unready[] = {&gateway.starting, &gateway.stopping};
    for (size_t i = 0; i < array_len(unready); i++) {
        atomic_store(unready[i], true);
        c = ops_talk("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_int_equal(client_status(&c), 503);
        client_end(&c);
        atomic_store(unready[i], false);
    }
}

static void without_a_sandbox_the_clock_has_no_control(void **state)
{
    (void)state;
    struct server *live = serve(routes_ops);
    struct client c = client_talk(server_port(live),
        STR("POST /sandbox/clock HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
    assert_int_equal(client_status(&c), 404);
    client_end(&c);
    server_stop(live, 100);
}

static void a_stop_under_load_answers_what_it_stored(void **state)
{
    (void)state;
    pthread_t threads[CREATORS];
    struct creator work[CREATORS];
    int64_t before = payments_stored();
    for (int i = 0; i < CREATORS; i++) {
        work[i] = (struct creator){.port = server_port(server), .number = i + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, creator_run, &work[i]), 0);
    }
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (payments_stored() < before + CREATORS && clock_mono_ms() < until)
        usleep(1000);
    server_stop(server, 5000);
    server = NULL;
    int good = 0;
    for (int i = 0; i < CREATORS; i++) {
        pthread_join(threads[i], NULL);
        good += work[i].good;
        assert_int_equal(work[i].other, 0);
    }
    assert_true(good >= CREATORS);
    assert_int_equal(payments_stored() - before, good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_create_is_answered_in_the_documented_order_and_again_for_the_same_body),
        cmocka_unit_test(a_stored_order_is_replayed_although_its_wallet_was_switched_off_since),
        cmocka_unit_test(parallel_creates_of_the_same_orders_store_each_once),
        cmocka_unit_test(status_and_history_show_what_was_created_at_once),
        cmocka_unit_test(a_call_that_is_not_signed_is_refused_alike_whatever_is_wrong),
        cmocka_unit_test(operators_see_health_and_move_the_sandbox_clock),
        cmocka_unit_test(without_a_sandbox_the_clock_has_no_control),
        cmocka_unit_test(a_stop_under_load_answers_what_it_stored),
    };
    return cmocka_run_group_tests(tests, suite_start, suite_stop);
}
