#include "wallet/nagad.h"
#include "wallet_bench.h"

#include "nagad_keys.h"

static struct nagad_pair merchant, nagad;

/* Whatever is asked, the next scripted answer. */
static bool wallet_answer_next(struct peer *p, int fd, const struct peer_request *rq)
{
    struct bench *b = p->arg;
    pthread_mutex_lock(&b->lock);
    struct bench_route *r = &b->routes[ROUTE_OTHER];
    int i = r->calls++;
    struct script s = r->script[i < r->scripts ? i : r->scripts - 1];
    r->last = *rq;
    pthread_mutex_unlock(&b->lock);
    return s.status && peer_answer(fd, s.status, s.body);
}

static void credential_put(struct bench *b, const char *base_url, const char *own_key)
{
    struct buf own, theirs;
    buf_init(&own, 16384);
    buf_init(&theirs, 16384);
    nagad_key_texts(&merchant, &nagad, &own, &theirs);
    struct wallet_credential c = {
        .id = 9,
        .wallet = WALLET_NAGAD,
        .base_url = str_from(base_url),
        .merchant_id = STR(NAGAD_MERCHANT),
        .own_key = own_key ? str_from(own_key) : buf_view(&own),
        .wallet_key = buf_view(&theirs),
    };
    wallets_put(b->wallets, &c);
    buf_wipe(&own);
    buf_clear(&theirs);
}

static struct bench *nagad_bench(int status, const char *body)
{
    struct bench *b = bench_new();
    b->peer->fn = wallet_answer_next;
    credential_put(b, b->base_url, NULL);
    bench_script(b, ROUTE_OTHER, status, body);
    return b;
}

static const struct wallet_create order = {
    .credential_id = 9,
    .invoice = {"K1N1", 4},
    .amount = {12050},
    .currency = {"BDT", 3},
    .callback_url = {"https://gw.example/callback/nagad/t", 35},
    .payer_ip = {"203.0.113.7", 11},
};

static void initialize_once(struct bench *b, struct told *t)
{
    told_init(t);
    nagad_ops.create(b->wallets, &order, told_set, t);
    bench_wait(b, t);
}

static void complete_once(struct bench *b, struct told *t)
{
    told_init(t);
    nagad_ops.place(b->wallets, &order, STR(NAGAD_REF), STR("cb109c65"), told_set, t);
    bench_wait(b, t);
}

static void verify_once(struct bench *b, struct told *t)
{
    told_init(t);
    nagad_ops.query(b->wallets, 9, STR(NAGAD_REF), told_set, t);
    bench_wait(b, t);
}

/* The sealed text of the last request, opened with Nagad's key and our public one. */
static const struct json *sealed_under(
    struct bench *b, struct arena *a, const char *data_key, const struct json **ret_outer)
{
    struct json *outer = NULL, *inner = NULL;
    const char *why;
    struct buf plain;
    buf_init(&plain, 1024);
    assert_int_equal(
        json_parse(a, str_from(b->routes[ROUTE_OTHER].last.body), &outer, &why), ERR_OK);
    assert_int_equal(sealed_open(nagad.own, merchant.public, json_get_string(outer, data_key),
                         json_get_string(outer, "signature"), &plain),
        ERR_OK);
    assert_int_equal(json_parse(a, arena_copy(a, buf_view(&plain)), &inner, &why), ERR_OK);
    buf_clear(&plain);
    *ret_outer = outer;
    return inner;
}

static const struct json *sealed_of(struct bench *b, struct arena *a, const struct json **ret_outer)
{
    return sealed_under(b, a, "sensitiveData", ret_outer);
}

static void assert_field(const struct json *o, const char *name, const char *want)
{
    struct str s = json_get_string(o, name);
    if (!str_is(s, want))
        fail_msg("%s is %.*s, not %s", name, STR_FMT(s), want);
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

#define PLAIN "{\"paymentReferenceId\":\"" NAGAD_REF "\",\"challenge\":\"cb109c65\"}"

static void initialize_is_sealed_for_nagad_and_gives_the_reference(void **state)
{
    (void)state;
    char body[2048];
    struct told t;
    struct arena a;
    const struct json *outer;
    nagad_sealed_body(&merchant, &nagad, PLAIN, body, sizeof body);
    struct bench *b = nagad_bench(200, body);
    initialize_once(b, &t);
    assert_told(&t, WALLET_OK, "ok");
    assert_string_equal(t.ref, NAGAD_REF);
    assert_string_equal(t.challenge, "cb109c65");
    const struct peer_request *rq = &b->routes[ROUTE_OTHER].last;
    assert_string_equal(rq->path, "/v1/check-out/initialize/" NAGAD_MERCHANT "/K1N1");
    assert_true(has(rq->head, "POST "));
    assert_true(has(rq->head, "\r\nX-KM-Api-Version: v-0.2.0\r\n"));
    assert_true(has(rq->head, "\r\nX-KM-IP-V4: 203.0.113.7\r\n"));
    assert_true(has(rq->head, "\r\nX-KM-Client-Type: PC_WEB\r\n"));
    assert_true(has(rq->head, "\r\nX-KM-MC-Id: " NAGAD_MERCHANT "\r\n"));
    arena_init(&a, 65536);
    const struct json *inner = sealed_of(b, &a, &outer);
    assert_field(inner, "merchantId", NAGAD_MERCHANT);
    assert_field(inner, "orderId", "K1N1");
    assert_field(inner, "datetime", "20261118170640"); /* Dhaka's, of the bench's clock */
    assert_field(outer, "dateTime", "20261118170640");
    assert_int_equal(json_get_string(inner, "challenge").n, 40);
    arena_clear(&a);
    bench_free(b);
}

static void complete_gives_the_challenge_back_and_the_page(void **state)
{
    (void)state;
    struct told t;
    struct arena a;
    const struct json *outer;
    struct bench *b = nagad_bench(
        200, "{\"callBackUrl\":\"http://127.0.0.1:1/check-out/x=\",\"status\":\"Success\"}");
    complete_once(b, &t);
    assert_told(&t, WALLET_OK, "ok");
    assert_string_equal(t.url, "http://127.0.0.1:1/check-out/x=");
    assert_string_equal(t.ref, NAGAD_REF);
    assert_string_equal(b->routes[ROUTE_OTHER].last.path, "/v1/check-out/complete/" NAGAD_REF);
    arena_init(&a, 65536);
    const struct json *inner = sealed_of(b, &a, &outer);
    assert_field(inner, "merchantId", NAGAD_MERCHANT);
    assert_field(inner, "orderId", "K1N1");
    assert_field(inner, "currencyCode", "050");
    assert_field(inner, "amount", "120.50");
    assert_field(inner, "challenge", "cb109c65");
    assert_field(outer, "paymentRefId", NAGAD_REF);
    assert_field(outer, "merchantCallbackURL", "https://gw.example/callback/nagad/t");
    arena_clear(&a);
    bench_free(b);
}

static void verify_asks_by_reference_alone(void **state)
{
    (void)state;
    struct told t;
    struct bench *b = nagad_bench(200,
        "{\"paymentRefId\":\"" NAGAD_REF "\",\"merchantId\":\"" NAGAD_MERCHANT
        "\",\"orderId\":\"K1N1\","
        "\"amount\":\"120.5\",\"issuerPaymentRefNo\":\"000177YT\",\"status\":\"Success\"}");
    verify_once(b, &t);
    assert_told(&t, WALLET_OK, "Success");
    assert_true(t.answer.completed && !t.answer.elsewhere);
    assert_int_equal(t.answer.amount.poisha, 12050);
    assert_string_equal(t.invoice, "K1N1");
    assert_string_equal(t.trx_id, "000177YT");
    assert_string_equal(b->routes[ROUTE_OTHER].last.path, "/v1/verify/payment/" NAGAD_REF);
    assert_true(has(b->routes[ROUTE_OTHER].last.head, "GET "));
    bench_free(b);
}

static void an_answer_that_does_not_come_is_unknown(void **state)
{
    (void)state;
    struct told t;
    struct bench *b = nagad_bench(0, NULL);
    initialize_once(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "reset");
    complete_once(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "reset");
    verify_once(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "reset");
    assert_int_equal(bench_calls(b, ROUTE_OTHER), 3);
    bench_free(b);
}

/* Nagad answers nobody whose keys don't fit; the operator must hear of it. */
static void three_answers_with_a_broken_seal_take_the_credential_out_of_use(void **state)
{
    (void)state;
    struct told t;
    const char *why = NULL;
    struct bench *b = nagad_bench(200, "{\"sensitiveData\":\"AAAA\",\"signature\":\"AAAA\"}");
    for (int i = 0; i < 3; i++) {
        assert_true(wallets_healthy(b->wallets, 9, &why));
        initialize_once(b, &t);
        assert_told(&t, WALLET_BROKEN, "bad_seal");
    }
    assert_false(wallets_healthy(b->wallets, 9, &why));
    initialize_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "circuit_open");
    bench_free(b);
}

/* Payers choose what they pay: refusals of single payments hide the wallet from nobody, and those that nobody knows only when
 * twenty come in a row, for a minute. */
static void t48_payers_can_not_take_the_credential_out_of_use(void **state)
{
    (void)state;
    struct told t;
    const char *why = NULL;
    struct bench *b = nagad_bench(400, "{\"reason\":\"16_0006_068\",\"message\":\"no\"}");
    for (int i = 0; i < 40; i++) {
        initialize_once(b, &t);
        assert_told(&t, WALLET_DECLINED, "16_0006_068");
    }
    assert_true(wallets_healthy(b->wallets, 9, &why));
    bench_free(b);

    b = nagad_bench(400, "{\"reason\":\"50_0026_851\",\"message\":\"over limit\"}");
    for (int i = 0; i < 20; i++) {
        assert_true(wallets_healthy(b->wallets, 9, &why));
        initialize_once(b, &t);
        assert_told(&t, WALLET_DECLINED, "50_0026_851");
    }
    assert_false(wallets_healthy(b->wallets, 9, &why));
    assert_string_equal(why, "refuses all payments, for reasons that are not known");
    atomic_fetch_add(&b->now_ms, 60000);
    initialize_once(b, &t); /* the probe: the wallet answers */
    assert_told(&t, WALLET_DECLINED, "50_0026_851");
    for (int i = 0; i < 19; i++) {
        assert_true(wallets_healthy(b->wallets, 9, &why));
        initialize_once(b, &t);
    }
    assert_true(wallets_healthy(b->wallets, 9, &why));
    bench_free(b);
}

/* A payment that Nagad does not know is polled for a day: it must not hide the wallet from others. */
static void a_verify_of_an_unknown_reference_says_nothing_of_the_credential(void **state)
{
    (void)state;
    struct told t;
    const char *why = NULL;
    struct bench *b = nagad_bench(400, "{\"reason\":\"16_0006_055\",\"message\":\"no\"}");
    for (int i = 0; i < 5; i++) {
        verify_once(b, &t);
        assert_told(&t, WALLET_UNKNOWN, "16_0006_055");
    }
    assert_true(wallets_healthy(b->wallets, 9, &why));
    bench_free(b);
}

static void keys_that_can_not_be_read_send_nothing(void **state)
{
    (void)state;
    struct told t;
    struct bench *b = nagad_bench(200, "{}");
    credential_put(b, b->base_url, "AAAA");
    initialize_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "bad_keys");
    assert_int_equal(bench_calls(b, ROUTE_OTHER), 0);
    credential_put(b, b->base_url, NULL);
    initialize_once(b, &t);
    assert_told(&t, WALLET_BROKEN, "bad_seal");
    assert_int_equal(bench_calls(b, ROUTE_OTHER), 1);
    bench_free(b);
}

/* Nagad answers only addresses that it knows, so it has a way out of its own. */
static void its_own_proxy_is_used(void **state)
{
    (void)state;
    char proxy[64];
    struct told t;
    struct bench *b = nagad_bench(400, "{\"reason\":\"16_0006_055\"}");
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", b->peer->port);
    b->config.wallet_nagad_proxy = proxy;
    credential_put(b, "http://127.0.0.1:1/api", NULL);
    verify_once(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "16_0006_055");
    assert_true(has(b->routes[ROUTE_OTHER].last.head, "GET http://127.0.0.1:1/api/verify/"));
    b->config.wallet_nagad_proxy = NULL;
    bench_free(b);
}

static int keys_make(void **state)
{
    (void)state;
    merchant = nagad_pair_new();
    nagad = nagad_pair_new();
    return 0;
}

static int keys_end(void **state)
{
    (void)state;
    nagad_pair_free(&merchant);
    nagad_pair_free(&nagad);
    return 0;
}

static void a_refund_names_the_day_of_the_payment_and_a_reference_of_its_own(void **state)
{
    (void)state;
    char body[2048];
    struct told t;
    struct arena a;
    const struct json *outer;
    nagad_sealed_body(&merchant, &nagad,
        "{\"status\":\"PartialRefunded\",\"cancelAmount\":\"20.50\",\"cancelTrxId\":\"0001CANC\"}",
        body, sizeof body);
    struct bench *b = nagad_bench(200, body);
    struct wallet_refund r = {.credential_id = 9,
        .ref = STR(NAGAD_REF),
        .trx_id = STR("000177YT"),
        .invoice = STR("K1N1"),
        .amount = {2050},
        .paid = {12050},
        .paid_day = STR("20261117"),
        .sku = STR("P1"),
        .reason = STR("R7"),
        .reference = STR("K1R7")};
    told_init(&t);
    nagad_ops.refund(b->wallets, &r, told_set, &t);
    bench_wait(b, &t);
    assert_told(&t, WALLET_OK, "PartialRefunded");
    const struct peer_request *rq = &b->routes[ROUTE_OTHER].last;
    assert_true(has(rq->path, "/v1/purchase/cancel?paymentRefId="));
    assert_true(has(rq->path, "&orderId=K1N1"));
    arena_init(&a, 65536);
    const struct json *inner = sealed_under(b, &a, "sensitiveDataCancelRequest", &outer);
    assert_field(inner, "merchantId", NAGAD_MERCHANT);
    assert_field(inner, "originalRequestDate", "20261117");
    assert_field(inner, "originalAmount", "120.50");
    assert_field(inner, "cancelAmount", "20.50");
    assert_field(inner, "referenceNo", "K1R7");
    arena_clear(&a);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initialize_is_sealed_for_nagad_and_gives_the_reference),
        cmocka_unit_test(complete_gives_the_challenge_back_and_the_page),
        cmocka_unit_test(verify_asks_by_reference_alone),
        cmocka_unit_test(an_answer_that_does_not_come_is_unknown),
        cmocka_unit_test(three_answers_with_a_broken_seal_take_the_credential_out_of_use),
        cmocka_unit_test(a_verify_of_an_unknown_reference_says_nothing_of_the_credential),
        cmocka_unit_test(t48_payers_can_not_take_the_credential_out_of_use),
        cmocka_unit_test(keys_that_can_not_be_read_send_nothing),
        cmocka_unit_test(its_own_proxy_is_used),
        cmocka_unit_test(a_refund_names_the_day_of_the_payment_and_a_reference_of_its_own),
    };
    return cmocka_run_group_tests(tests, keys_make, keys_end);
}
