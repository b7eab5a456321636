/* Refunds at bKash. v2: under the host's root, without a code when they are done; v1: one of a payment, asked for where it was
 * sent. */
#include "wallet/bkash.h"
#include "wallet_bench.h"

#define REFUNDED                                                                                   \
    "{\"originalTrxId\":\"BFD90JRLST\",\"refundTrxId\":\"BFD90JRMH9\","                            \
    "\"refundTransactionStatus\":"                                                                 \
    "\"Completed\",\"originalTrxAmount\":\"4.59\",\"refundAmount\":\"1.00\",\"currency\":\"BDT\"," \
    "\"completedTime\":\"2024-06-13T16:27:25:422 GMT+0600\",\"sku\":\"P1\",\"reason\":\"R\"}"
#define LIST(rows) "{\"originalTrxId\":\"BFD90JRLST\",\"refundTransactions\":[" rows "]}"
#define ROW(trx, amount, state)                                                                    \
    "{\"refundTrxId\":\"" trx "\",\"refundTransactionStatus\":\"" state "\",\"refundAmount\":"     \
    "\"" amount "\",\"completedTime\":\"2024-06-13T16:27:24:000\"}"

#define REFUNDED_V1(state, amount)                                                                 \
    "{\"statusCode\":\"0000\",\"statusMessage\":\"Successful\",\"originalTrxID\":\"BFD90JRLST\","  \
    "\"refundTrxID\":\"BFD90JRMH9\",\"transactionStatus\":\"" state "\",\"amount\":\"" amount      \
    "\",\"currency\":\"BDT\",\"charge\":\"0.00\",\"completedTime\":\"2024-06-13T16:27:25:422 "     \
    "GMT+0600\"}"

struct read_case {
    int status;
    const char *body;
    enum wallet_outcome outcome;
    const char *code;
};

static void refund_check_by(const struct read_case *c, bool v1)
{
    struct arena a;
    struct wallet_answer w;
    arena_init(&a, BKASH_ARENA_MAX);
    (v1 ? bkash_read_refund_v1 : bkash_read_refund)(
        &a, c->status, str_from(c->body), STR("BFD90JRLST"), money_poisha(100), &w);
    if (w.outcome != c->outcome || !str_is(w.code, c->code))
        fail_msg(
            "%d %s: outcome %d, code %.*s", c->status, c->body, (int)w.outcome, STR_FMT(w.code));
    assert_int_equal(w.completed, w.outcome == WALLET_OK);
    arena_clear(&a);
}

static void refund_check(const struct read_case *c)
{
    refund_check_by(c, false);
}

static void only_a_whole_answer_says_that_the_money_went_back(void **state)
{
    (void)state;
    static const struct read_case cases[] = {
        {200, REFUNDED, WALLET_OK, "completed"},
        {200,
            "{\"statusCode\":\"0000\",\"originalTrxID\":\"BFD90JRLST\",\"refundTrxID\":\"X1\","
            "\"refundTransactionStatus\":\"Completed\",\"refundAmount\":1,\"currency\":\"BDT\"}",
            WALLET_OK, "completed"},
        {200,
            "{\"originalTrxId\":\"BFD90JRLST\",\"refundTrxId\":\"X1\",\"refundTransactionStatus\":"
            "\"Initiated\",\"refundAmount\":\"1.00\",\"currency\":\"BDT\"}",
            WALLET_UNKNOWN, "not_completed"},
        {200,
            "{\"originalTrxId\":\"BFD90JRLSU\",\"refundTrxId\":\"X1\",\"refundTransactionStatus\":"
            "\"Completed\",\"refundAmount\":\"1.00\",\"currency\":\"BDT\"}",
            WALLET_UNKNOWN, "other_payment"},
        {200,
            "{\"originalTrxId\":\"BFD90JRLST\",\"refundTrxId\":\"X1\",\"refundTransactionStatus\":"
            "\"Completed\",\"refundAmount\":\"1.01\",\"currency\":\"BDT\"}",
            WALLET_UNKNOWN, "other_amount"},
        {200,
            "{\"originalTrxId\":\"BFD90JRLST\",\"refundTrxId\":\"BFD90JRLST\","
            "\"refundTransactionStatus\":\"Completed\",\"refundAmount\":\"1\",\"currency\":"
            "\"BDT\"}",
            WALLET_UNKNOWN, "bad_trx_id"},
        {200, "{}", WALLET_UNKNOWN, "bad_trx_id"},
        {504, REFUNDED, WALLET_UNKNOWN, "http_504"},
    };
    for (size_t i = 0; i < array_len(cases); i++)
        refund_check(&cases[i]);
}

static void b17_each_envelope_of_a_refusal_is_understood(void **state)
{
    (void)state;
    static const struct read_case cases[] = {
        {200, "{\"statusCode\":\"2072\",\"statusMessage\":\"no\"}", WALLET_DECLINED, "2072"},
        {200, "{\"errorCode\":\"2023\",\"errorMessage\":\"no\"}", WALLET_DECLINED, "2023"},
        {400,
            "{\"internalCode\":\"refund_window_over\",\"externalCode\":\"2071\",\"errorMessageEn\":"
            "\"no\",\"errorMessageBn\":null}",
            WALLET_DECLINED, "2071"},
        {400, "{\"message\":\"Invalid request body\"}", WALLET_BROKEN, "http_400"},
        {401, "{\"message\":\"Unauthorized\"}", WALLET_BROKEN, "http_401"},
        {403, "{\"message\":\"Missing Authentication Token\"}", WALLET_BROKEN, "http_403"},
    };
    for (size_t i = 0; i < array_len(cases); i++)
        refund_check(&cases[i]);
}

static void what_says_nothing_certain_is_unknown(void **state)
{
    (void)state;
    static const struct read_case cases[] = {
        {200, "", WALLET_UNKNOWN, "empty_body"},
        {200, "<html>", WALLET_UNKNOWN, "bad_json"},
        {200, "[]", WALLET_UNKNOWN, "bad_json"},
        {200, "{\"message\":\"Internal server error\"}", WALLET_UNKNOWN, "no_code"},
        {200, "{\"statusCode\":\"9999\"}", WALLET_UNKNOWN, "9999"},
        {200, "{\"statusCode\":\"2003\"}", WALLET_UNKNOWN, "2003"},
        {500, "{\"externalCode\":\"2072\"}", WALLET_UNKNOWN, "2072"},
        {504, "{\"message\":\"Endpoint request timed out\"}", WALLET_UNKNOWN, "http_504"},
        {429, "{\"message\":\"Too Many Requests\"}", WALLET_UNKNOWN, "http_429"},
    };
    for (size_t i = 0; i < array_len(cases); i++)
        refund_check(&cases[i]);
}

static void of_v1_too_only_a_whole_answer_is_believed(void **state)
{
    (void)state;
    static const struct read_case cases[] = {
        {200, REFUNDED_V1("Completed", "1.00"), WALLET_OK, "completed"},
        {200, REFUNDED_V1("Initiated", "1.00"), WALLET_UNKNOWN, "not_completed"},
        {200, REFUNDED_V1("Completed", "1.01"), WALLET_UNKNOWN, "other_amount"},
        {200, REFUNDED, WALLET_UNKNOWN, "no_code"}, /* v2's */
        {200, "{\"statusCode\":\"0000\"}", WALLET_UNKNOWN, "bad_trx_id"},
        {200, "{\"statusCode\":\"2023\",\"statusMessage\":\"no\"}", WALLET_DECLINED, "2023"},
        {200, "{\"errorCode\":\"2071\",\"errorMessage\":\"no\"}", WALLET_DECLINED, "2071"},
        {200, "{\"statusCode\":\"2034\",\"statusMessage\":\"reversed\"}", WALLET_UNKNOWN, "2034"},
        {200, "{\"statusCode\":\"9999\"}", WALLET_UNKNOWN, "9999"},
        {401, "{\"message\":\"Unauthorized\"}", WALLET_BROKEN, "http_401"},
        {500, REFUNDED_V1("Completed", "1.00"), WALLET_UNKNOWN, "http_500"},
    };
    for (size_t i = 0; i < array_len(cases); i++)
        refund_check_by(&cases[i], true);
}

/* So it may answer to a call that something in between has repeated. */
static void already_reversed_is_no_refusal(void **state)
{
    (void)state;
    static const struct read_case c = {
        400, "{\"externalCode\":\"2034\",\"errorMessageEn\":\"no\"}", WALLET_UNKNOWN, "2034"};
    refund_check(&c);
}

static void the_one_refund_of_v1_is_there_or_not(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum wallet_outcome outcome;
        size_t count;
    } cases[] = {
        {200, REFUNDED_V1("Completed", "1.00"), WALLET_OK, 1},
        {200, REFUNDED_V1("Completed", "1.x"), WALLET_UNKNOWN, 0},
        {200, "{\"statusCode\":\"0000\",\"originalTrxID\":\"BFD90JRLST\"}", WALLET_OK, 0},
        {200, "{\"statusCode\":\"0000\",\"originalTrxID\":\"OTHER\"}", WALLET_UNKNOWN, 0},
        {200, "{\"statusCode\":\"0000\"}", WALLET_UNKNOWN, 0},
        {200, "{\"statusCode\":\"2033\",\"statusMessage\":\"not found\"}", WALLET_OK, 0},
        {500, "{\"statusCode\":\"2033\"}", WALLET_UNKNOWN, 0},
        {200, "{\"statusCode\":\"9999\"}", WALLET_UNKNOWN, 0},
        {200, "", WALLET_UNKNOWN, 0},
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct arena a;
        struct wallet_answer w;
        arena_init(&a, BKASH_ARENA_MAX);
        bkash_read_refund_status_v1(
            &a, cases[i].status, str_from(cases[i].body), STR("BFD90JRLST"), &w);
        if (w.outcome != cases[i].outcome || w.refund_count != cases[i].count)
            fail_msg("%s: outcome %d, %zu", cases[i].body, (int)w.outcome, w.refund_count);
        arena_clear(&a);
    }
}

static void list_check(const char *body, enum wallet_outcome outcome, const char *code, size_t n)
{
    struct arena a;
    struct wallet_answer w;
    arena_init(&a, BKASH_ARENA_MAX);
    bkash_read_refund_status(&a, 200, str_from(body), STR("BFD90JRLST"), &w);
    if (w.outcome != outcome || !str_is(w.code, code) || w.refund_count != n)
        fail_msg("%s: outcome %d, code %.*s, %zu", body, (int)w.outcome, STR_FMT(w.code),
            w.refund_count);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(w.refunds[i].amount.poisha, 100 + 50 * (int64_t)i);
        assert_int_equal(w.refunds[i].completed, i == 0);
    }
    arena_clear(&a);
}

static void the_list_is_understood_whole_or_not_at_all(void **state)
{
    (void)state;
    list_check(LIST(""), WALLET_OK, "listed", 0);
    list_check("{\"originalTrxId\":\"BFD90JRLST\"}", WALLET_OK, "listed", 0);
    list_check(LIST(ROW("A1", "1.00", "Completed")), WALLET_OK, "listed", 1);
    list_check(
        LIST(ROW("A1", "1", "Completed") "," ROW("A2", "1.5", "Pending")), WALLET_OK, "listed", 2);
    list_check(LIST(ROW("A1", "1.00", "Completed") ",7"), WALLET_UNKNOWN, "bad_list", 0);
    list_check(LIST(ROW("A 1", "1.00", "Completed")), WALLET_UNKNOWN, "bad_list", 0);
    list_check(LIST(ROW("A1", "1.x", "Completed")), WALLET_UNKNOWN, "bad_list", 0);
    list_check("{\"originalTrxId\":\"BFD90JRLST\",\"refundTransactions\":{}}", WALLET_UNKNOWN,
        "bad_list", 0);
    list_check("{\"originalTrxId\":\"OTHER\",\"refundTransactions\":[]}", WALLET_UNKNOWN,
        "other_payment", 0);
    list_check("{\"refundTransactions\":[]}", WALLET_UNKNOWN, "other_payment", 0);
}

static void refund_once(struct bench *b, struct told *t)
{
    struct wallet_refund r = {.credential_id = 7,
        .ref = STR("TR0011abc"),
        .trx_id = STR("BFD90JRLST"),
        .amount = money_poisha(100),
        .currency = STR("BDT"),
        .sku = STR("P1"),
        .reason = STR("R5")};
    told_init(t);
    bkash_ops.refund(b->wallets, &r, told_set, t);
    bench_wait(b, t);
}

static struct bench *bench_with_token(void)
{
    struct bench *b = bench_new();
    bench_script(b, ROUTE_GRANT, 200, GRANT_1);
    return b;
}

static void a_refund_is_what_bkash_wants_to_read(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    bench_script(b, ROUTE_REFUND, 200, REFUNDED);
    refund_once(b, &t);
    assert_told(&t, WALLET_OK, "completed");
    assert_string_equal(t.trx_id, "BFD90JRMH9");
    assert_string_equal(b->routes[ROUTE_REFUND].last.body,
        "{\"paymentId\":\"TR0011abc\",\"trxId\":\"BFD90JRLST\",\"refundAmount\":\"1.00\","
        "\"sku\":\"P1\",\"reason\":\"R5\"}");
    told_init(&t);
    bench_script(b, ROUTE_REFUND_STATUS, 200, LIST(ROW("A1", "1.00", "Completed")));
    bkash_ops.refund_status(b->wallets, 7, STR("TR0011abc"), STR("BFD90JRLST"), told_set, &t);
    bench_wait(b, &t);
    assert_told(&t, WALLET_OK, "listed");
    assert_int_equal(t.answer.refund_count, 1);
    assert_string_equal(b->routes[ROUTE_REFUND_STATUS].last.body,
        "{\"paymentId\":\"TR0011abc\",\"trxId\":\"BFD90JRLST\"}");
    bench_free(b);
}

static void by_v1_both_go_to_one_address(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    struct wallet_credential c = {.id = 7,
        .wallet = WALLET_BKASH,
        .base_url = str_from(b->base_url),
        .username = STR("user"),
        .password = STR("pass"),
        .app_key = STR("key"),
        .app_secret = STR("secret"),
        .refunds_v1 = true};
    wallets_put(b->wallets, &c);
    bench_script(b, ROUTE_REFUND_V1, 200, REFUNDED_V1("Completed", "1.00"));
    refund_once(b, &t);
    assert_told(&t, WALLET_OK, "completed");
    assert_string_equal(t.trx_id, "BFD90JRMH9");
    assert_string_equal(b->routes[ROUTE_REFUND_V1].last.body,
        "{\"paymentID\":\"TR0011abc\",\"trxID\":\"BFD90JRLST\",\"amount\":\"1.00\","
        "\"sku\":\"P1\",\"reason\":\"R5\"}");
    told_init(&t);
    bkash_ops.refund_status(b->wallets, 7, STR("TR0011abc"), STR("BFD90JRLST"), told_set, &t);
    bench_wait(b, &t);
    assert_told(&t, WALLET_OK, "listed");
    assert_int_equal(t.answer.refund_count, 1);
    assert_string_equal(b->routes[ROUTE_REFUND_V1].last.body,
        "{\"paymentID\":\"TR0011abc\",\"trxID\":\"BFD90JRLST\"}");
    assert_int_equal(bench_calls(b, ROUTE_REFUND) + bench_calls(b, ROUTE_REFUND_STATUS), 0);
    bench_free(b);
}

static void b15_a_refund_without_answer_is_unknown_and_sent_once(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    bench_script(b, ROUTE_REFUND, 0, NULL);
    refund_once(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "reset");
    assert_int_equal(bench_calls(b, ROUTE_REFUND), 1);
    bench_free(b);
}

/* A credential that may not use the second API at all still takes payments. */
static void a_refused_refund_costs_no_token_and_no_circuit(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    const char *reason;
    bench_script(b, ROUTE_REFUND, 401, UNAUTHORIZED);
    bench_script(b, ROUTE_REFUND, 403, "{\"message\":\"Forbidden\"}");
    bench_script(b, ROUTE_REFUND_STATUS, 401, UNAUTHORIZED);
    for (int i = 0; i < 20; i++) {
        refund_once(b, &t);
        assert_told(&t, WALLET_BROKEN, i == 0 ? "http_401" : "http_403");
        told_init(&t);
        bkash_ops.refund_status(b->wallets, 7, STR("TR0011abc"), STR("BFD90JRLST"), told_set, &t);
        bench_wait(b, &t);
        assert_told(&t, WALLET_UNKNOWN, "http_401");
    }
    assert_true(wallets_healthy(b->wallets, 7, &reason));
    assert_int_equal(bench_calls(b, ROUTE_GRANT), 1);
    assert_int_equal(bench_calls(b, ROUTE_REFRESH), 0);
    assert_int_equal(bench_calls(b, ROUTE_REFUND), 20);
    bench_free(b);
}

static void a_refused_question_says_nothing_about_the_money(void **state)
{
    (void)state;
    struct bench *b = bench_with_token();
    struct told t;
    bench_script(b, ROUTE_REFUND_STATUS, 400, "{\"externalCode\":\"2002\"}");
    told_init(&t);
    bkash_ops.refund_status(b->wallets, 7, STR("TR0011abc"), STR("BFD90JRLST"), told_set, &t);
    bench_wait(b, &t);
    assert_told(&t, WALLET_UNKNOWN, "2002");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_whole_answer_says_that_the_money_went_back),
        cmocka_unit_test(b17_each_envelope_of_a_refusal_is_understood),
        cmocka_unit_test(what_says_nothing_certain_is_unknown),
        cmocka_unit_test(of_v1_too_only_a_whole_answer_is_believed),
        cmocka_unit_test(already_reversed_is_no_refusal),
        cmocka_unit_test(the_one_refund_of_v1_is_there_or_not),
        cmocka_unit_test(the_list_is_understood_whole_or_not_at_all),
        cmocka_unit_test(a_refund_is_what_bkash_wants_to_read),
        cmocka_unit_test(by_v1_both_go_to_one_address),
        cmocka_unit_test(b15_a_refund_without_answer_is_unknown_and_sent_once),
        cmocka_unit_test(a_refused_refund_costs_no_token_and_no_circuit),
        cmocka_unit_test(a_refused_question_says_nothing_about_the_money),
    };
    return cmocka_run_group_tests_name("bkash_refund", tests, NULL, NULL);
}
