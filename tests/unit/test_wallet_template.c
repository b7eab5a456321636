#include "wallet_bench.h"

/* The made-up wallet of wallet_template.c. */
static bool wallet_answer(struct peer *p, int fd, const struct peer_request *rq)
{
    struct bench *b = p->arg;
    pthread_mutex_lock(&b->lock);
    struct bench_route *r = &b->routes[ROUTE_OTHER];
    struct script s = r->script[r->calls++];
    r->last = *rq;
    pthread_mutex_unlock(&b->lock);
    return s.status && peer_answer(fd, s.status, s.body);
}

static struct bench *template_bench(int status, const char *body)
{
    struct bench *b = bench_new();
    b->peer->fn = wallet_answer;
    struct wallet_credential c = {
        .id = 9,
        .wallet = wallet_template_ops.kind,
        .base_url = str_from(b->base_url),
        .app_key = STR("key"),
    };
    wallets_put(b->wallets, &c);
    bench_script(b, ROUTE_OTHER, status, body);
    return b;
}

static void create_expect(int status, const char *body, enum wallet_outcome outcome)
{
    struct bench *b = template_bench(status, body);
    struct told t;
    struct wallet_create c = {
        .credential_id = 9,
        .invoice = STR("INV1"),
        .amount = money_poisha(1250),
        .currency = STR("BDT"),
        .callback_url = STR("https://gw.example/cb"),
    };
    told_init(&t);
    wallet_template_ops.create(b->wallets, &c, told_set, &t);
    bench_wait(b, &t);
    assert_int_equal(t.answer.outcome, outcome);
    assert_string_equal(b->routes[ROUTE_OTHER].last.body,
        "{\"amount\":\"12.50\",\"currency\":\"BDT\",\"invoice\":\"INV1\","
        "\"callback_url\":\"https:\\/\\/gw.example\\/cb\"}");
    assert_non_null(strstr(b->routes[ROUTE_OTHER].last.head, "\r\nAuthorization: key\r\n"));
    assert_int_equal(bench_calls(b, ROUTE_OTHER), 1);
    bench_free(b);
}

static void query_expect(int status, const char *body, enum wallet_outcome outcome)
{
    struct bench *b = template_bench(status, body);
    struct told t;
    told_init(&t);
    wallet_template_ops.query(b->wallets, 9, STR("a b"), told_set, &t);
    bench_wait(b, &t);
    assert_int_equal(t.answer.outcome, outcome);
    assert_int_equal(t.answer.completed, outcome == WALLET_OK);
    assert_string_equal(b->routes[ROUTE_OTHER].last.path, "/v1/payments/a%20b");
    bench_free(b);
}

static void its_creates_are_understood(void **state)
{
    (void)state;
    create_expect(200, "{\"ref\":\"r1\",\"page\":\"https://pay.example/r1\"}", WALLET_OK);
    create_expect(422, "{\"code\":\"limit\",\"text\":\"Over the limit\"}", WALLET_DECLINED);
    create_expect(401, "{}", WALLET_BROKEN);
    create_expect(200, "{\"ref\":\"r1\",\"page\":\"javascript:1\"}", WALLET_UNKNOWN);
    create_expect(200, "<html>", WALLET_UNKNOWN);
    create_expect(500, "", WALLET_UNKNOWN);
    create_expect(0, NULL, WALLET_UNKNOWN);
}

static void its_queries_are_understood(void **state)
{
    (void)state;
    query_expect(200,
        "{\"ref\":\"a "
        "b\",\"state\":\"paid\",\"amount\":\"12.50\",\"currency\":\"BDT\",\"trx_id\":\"T1\"}",
        WALLET_OK);
    query_expect(200, "{\"ref\":\"a b\",\"state\":\"open\"}", WALLET_PENDING);
    query_expect(200, "{\"ref\":\"other\",\"state\":\"open\"}", WALLET_UNKNOWN);
    query_expect(200, "{\"ref\":\"a b\",\"state\":\"paid\",\"currency\":\"BDT\",\"trx_id\":\"T1\"}",
        WALLET_UNKNOWN);
    query_expect(404, "{}", WALLET_UNKNOWN);
    query_expect(200, "[", WALLET_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_creates_are_understood),
        cmocka_unit_test(its_queries_are_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
