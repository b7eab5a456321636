#include "base/mem.h"
#include "wallet/nagad.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "nagad_keys.h"

static struct nagad_pair merchant, nagad, stranger;
static struct arena arena;

static int keys_make(void **state)
{
    (void)state;
    merchant = nagad_pair_new();
    nagad = nagad_pair_new();
    stranger = nagad_pair_new();
    arena_init(&arena, NAGAD_ARENA_MAX);
    return 0;
}

static int keys_end(void **state)
{
    (void)state;
    nagad_pair_free(&merchant);
    nagad_pair_free(&nagad);
    nagad_pair_free(&stranger);
    arena_clear(&arena);
    return 0;
}

static struct wallet_answer initialize(int status, const char *body)
{
    struct wallet_answer w;
    nagad_read_initialize(&arena, status, str_from(body), merchant.own, nagad.public, &w);
    return w;
}

static struct wallet_answer complete(int status, const char *body)
{
    struct wallet_answer w;
    nagad_read_complete(&arena, status, str_from(body), STR(NAGAD_REF), false, &w);
    return w;
}

static struct wallet_answer verify(int status, const char *body)
{
    struct wallet_answer w;
    nagad_read_verify(&arena, status, str_from(body), STR(NAGAD_REF), STR(NAGAD_MERCHANT), &w);
    return w;
}

#define ASSERT_ANSWER(w, outcome_, code_)                                                          \
    do {                                                                                           \
        assert_int_equal((w).outcome, (outcome_));                                                 \
        if (!str_is((w).code, (code_)))                                                            \
            fail_msg("the code is %.*s", STR_FMT((w).code));                                       \
    } while (0)

#define PLAIN "{\"paymentReferenceId\":\"" NAGAD_REF "\",\"challenge\":\"cb109c65\"}"

static void an_initialized_payment_has_a_reference_and_a_challenge(void **state)
{
    (void)state;
    char body[2048];
    nagad_sealed_body(&merchant, &nagad, PLAIN, body, sizeof body);
    struct wallet_answer w = initialize(200, body);
    ASSERT_ANSWER(w, WALLET_OK, "ok");
    assert_true(str_is(w.ref, NAGAD_REF));
    assert_true(str_is(w.challenge, "cb109c65"));
    nagad_sealed_body(&merchant, &nagad,
        "{\"paymentReferenceId\":\"" NAGAD_REF "\",\"random\":\"cb\"}", body, sizeof body);
    w = initialize(200, body);
    assert_true(str_is(w.challenge, "cb"));
}

static void n5_an_answer_that_nagad_has_not_signed_is_refused(void **state)
{
    (void)state;
    char body[2048];
    nagad_sealed_body(&merchant, &stranger, PLAIN, body, sizeof body);
    ASSERT_ANSWER(initialize(200, body), WALLET_BROKEN, "bad_seal");
    nagad_sealed_body(&merchant, &merchant, PLAIN, body, sizeof body);
    ASSERT_ANSWER(initialize(200, body), WALLET_BROKEN, "bad_seal");
}

static void n10_every_broken_seal_is_the_same_error(void **state)
{
    (void)state;
    char body[2048], noise[400] = {0};
    memset(noise, 'A', 344);
    const char *const members[] = {"\"sensitiveData\":\"*\",\"signature\":\"AAAA\"",
        "\"sensitiveData\":\"AAAA\",\"signature\":\"AAAA\"",
        "\"sensitiveData\":\"\",\"signature\":\"\"", "\"sensitiveData\":\"AAAA\"",
        "\"signature\":\"AAAA\"", "\"sensitiveData\":7,\"signature\":8", "\"else\":1"};
    for (size_t i = 0; i < array_len(members); i++) {
        snprintf(body, sizeof body, "{%s}", members[i]);
        ASSERT_ANSWER(initialize(200, body), WALLET_BROKEN, "bad_seal");
    }
    snprintf(body, sizeof body, "{\"sensitiveData\":\"%s\",\"signature\":\"%s\"}", noise, noise);
    ASSERT_ANSWER(initialize(200, body), WALLET_BROKEN, "bad_seal");
    nagad_sealed_body(&stranger, &nagad, PLAIN, body, sizeof body);
    ASSERT_ANSWER(initialize(200, body), WALLET_BROKEN, "bad_seal");
}

static void a_sealed_text_that_says_something_else_is_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *code;
    } rows[] = {
        {"", "bad_payment_ref"},
        {"[]", "bad_payment_ref"},
        {"{\"challenge\":\"ab\"}", "bad_payment_ref"},
        {"{\"paymentReferenceId\":\"a b\",\"challenge\":\"ab\"}", "bad_payment_ref"},
        {"{\"paymentReferenceId\":\"../x\",\"challenge\":\"ab\"}", "bad_payment_ref"},
        {"{\"paymentReferenceId\":\"ab=\"}", "bad_challenge"},
        {"{\"paymentReferenceId\":\"ab=\",\"challenge\":\"a\\nb\"}", "bad_challenge"},
    };
    for (size_t i = 0; i < array_len(rows); i++) {
        struct wallet_answer w;
        nagad_read_initialized(&arena, str_from(rows[i].plain), &w);
        ASSERT_ANSWER(w, WALLET_UNKNOWN, rows[i].code);
        assert_true(str_absent(w.ref));
    }
}

static void n7_a_taken_order_id_is_told_from_other_refusals(void **state)
{
    (void)state;
    struct wallet_answer w = initialize(400, "{\"reason\":\"16_0006_083\",\"message\":\"again\"}");
    ASSERT_ANSWER(w, WALLET_DECLINED, "16_0006_083");
    assert_true(w.invoice_taken);
    w = initialize(400, "{\"reason\":\"16_0006_058\",\"message\":\"signature\"}");
    ASSERT_ANSWER(w, WALLET_BROKEN, "16_0006_058");
    assert_false(w.invoice_taken);
    assert_true(str_is(w.message, "signature"));
    assert_false(w.doubtful);
    w = initialize(400, "{\"reason\":\"16_0006_068\",\"message\":\"order id\"}");
    ASSERT_ANSWER(w, WALLET_DECLINED, "16_0006_068");
    assert_false(w.doubtful);
    w = initialize(400, "{\"reason\":\"50_0026_851\",\"message\":\"over limit\"}");
    ASSERT_ANSWER(w, WALLET_DECLINED, "50_0026_851");
    assert_true(w.doubtful);
    ASSERT_ANSWER(initialize(500, "{\"reason\":\"16_0006_075\"}"), WALLET_UNKNOWN, "16_0006_075");
    ASSERT_ANSWER(initialize(502, "<html>"), WALLET_UNKNOWN, "http_502");
    ASSERT_ANSWER(initialize(200, "<html>"), WALLET_UNKNOWN, "bad_json");
    ASSERT_ANSWER(initialize(200, ""), WALLET_UNKNOWN, "empty_body");
}

static void a_placed_payment_has_a_page(void **state)
{
    (void)state;
    struct wallet_answer w = complete(
        200, "{\"callBackUrl\":\"https://pay.example/check-out/x=\",\"status\":\"Success\"}");
    ASSERT_ANSWER(w, WALLET_OK, "ok");
    assert_true(str_is(w.url, "https://pay.example/check-out/x="));
    assert_true(str_is(w.ref, NAGAD_REF));
    ASSERT_ANSWER(
        complete(200, "{\"callBackUrl\":\"http://pay.example/x\",\"status\":\"Success\"}"),
        WALLET_UNKNOWN, "bad_page_url");
    ASSERT_ANSWER(complete(200, "{\"callBackUrl\":\"javascript:1\",\"status\":\"Success\"}"),
        WALLET_UNKNOWN, "bad_page_url");
    ASSERT_ANSWER(
        complete(200, "{\"callBackUrl\":\"https://pay.example/x\",\"status\":\"Failed\"}"),
        WALLET_UNKNOWN, "not_placed");
    ASSERT_ANSWER(complete(400, "{\"reason\":\"16_0006_080\"}"), WALLET_BROKEN, "16_0006_080");
    ASSERT_ANSWER(complete(400, "{\"reason\":\"16_0006_017\"}"), WALLET_UNKNOWN, "16_0006_017");
    ASSERT_ANSWER(complete(504, ""), WALLET_UNKNOWN, "http_504");
}

#define VERIFIED(merchant_, order_, ref_, amount_, issuer_, status_)                               \
    "{\"merchantId\":\"" merchant_ "\",\"orderId\":\"" order_ "\",\"paymentRefId\":\"" ref_        \
    "\",\"amount\":\"" amount_ "\",\"clientMobileNo\":\"017****0001\",\"issuerPaymentRefNo\":"     \
    "\"" issuer_ "\",\"status\":\"" status_ "\",\"statusCode\":\"000\",\"additionalMerchantInfo\"" \
    ":null}"

static void success_tells_what_is_compared(void **state)
{
    (void)state;
    struct wallet_answer w =
        verify(200, VERIFIED(NAGAD_MERCHANT, "K1N1", NAGAD_REF, "16", "000177YT", "Success"));
    ASSERT_ANSWER(w, WALLET_OK, "Success");
    assert_true(w.completed && w.has_amount && !w.elsewhere && !w.reversed);
    assert_int_equal(w.amount.poisha, 1600);
    assert_true(str_is(w.currency, "BDT"));
    assert_true(str_is(w.invoice, "K1N1"));
    assert_true(str_is(w.trx_id, "000177YT"));
    assert_true(str_is(w.payer, "017****0001"));
    w = verify(200, VERIFIED("683002007104226", "K1N1", NAGAD_REF, "16", "000177YT", "Success"));
    assert_true(w.completed && w.elsewhere);
    w = verify(200, "{\"paymentRefId\":\"" NAGAD_REF "\",\"status\":\"Success\",\"amount\":16.00,"
                    "\"issuerPaymentRefNo\":\"1\"}");
    assert_true(w.completed && w.elsewhere);
    assert_false(str_absent(w.invoice));
}

static void t49_a_success_that_is_not_whole_is_unknown(void **state)
{
    (void)state;
    ASSERT_ANSWER(verify(200, VERIFIED(NAGAD_MERCHANT, "K1N1", "other=", "16", "1", "Success")),
        WALLET_UNKNOWN, "other_payment_id");
    ASSERT_ANSWER(verify(200, VERIFIED(NAGAD_MERCHANT, "K1N1", NAGAD_REF, "1e3", "1", "Success")),
        WALLET_UNKNOWN, "bad_amount");
    ASSERT_ANSWER(verify(200, VERIFIED(NAGAD_MERCHANT, "K1N1", NAGAD_REF, "16", "", "Success")),
        WALLET_UNKNOWN, "bad_trx_id");
    ASSERT_ANSWER(verify(500, VERIFIED(NAGAD_MERCHANT, "K1N1", NAGAD_REF, "16", "1", "Success")),
        WALLET_UNKNOWN, "http_500");
    ASSERT_ANSWER(verify(200, "{\"paymentRefId\":\"" NAGAD_REF "\"}"), WALLET_UNKNOWN, "no_status");
    ASSERT_ANSWER(verify(200, "{\"status\":\"Success\"}"), WALLET_UNKNOWN, "other_payment_id");
    ASSERT_ANSWER(verify(200, "{\"sta"), WALLET_UNKNOWN, "bad_json");
    ASSERT_ANSWER(verify(200, ""), WALLET_UNKNOWN, "empty_body");
    ASSERT_ANSWER(verify(400, "{\"reason\":\"16_0006_055\"}"), WALLET_UNKNOWN, "16_0006_055");
    ASSERT_ANSWER(verify(400, "{\"reason\":\"16_0006_004\"}"), WALLET_BROKEN, "16_0006_004");
}

static struct wallet_answer verify_status(const char *word)
{
    static char body[1024]; /* the answer's texts lie in it */
    snprintf(body, sizeof body,
        "{\"paymentRefId\":\"" NAGAD_REF "\",\"merchantId\":\"" NAGAD_MERCHANT
        "\",\"orderId\":\"K1N1\",\"amount\":\"16\",\"issuerPaymentRefNo\":\"0001\",\"status\":\"%"
        "s\"}",
        word);
    return verify(200, body);
}

static void every_status_has_its_meaning(void **state)
{
    (void)state;
    static const char *const open[] = {"OrderInitiated", "Ready", "InProgress",
        "TransactionInProgress", "OtpSent", "OtpVerified", "PinGiven"};
    static const char *const refused[] = {"InvalidRequest", "Fraud", "UnKnownFailed", "Failed"};
    static const char *const reversed[] = {
        "Cancelled", "PartialCancelled", "Refunded", "PartialRefunded"};
    for (size_t i = 0; i < array_len(open); i++) {
        struct wallet_answer w = verify_status(open[i]);
        ASSERT_ANSWER(w, WALLET_PENDING, open[i]);
        assert_int_equal(w.page_end, WALLET_PAGE_OPEN);
    }
    for (size_t i = 0; i < array_len(refused); i++) {
        struct wallet_answer w = verify_status(refused[i]);
        ASSERT_ANSWER(w, WALLET_PENDING, refused[i]);
        assert_int_equal(w.page_end, WALLET_PAGE_REFUSED);
    }
    for (size_t i = 0; i < array_len(reversed); i++) {
        struct wallet_answer w = verify_status(reversed[i]);
        ASSERT_ANSWER(w, WALLET_OK, reversed[i]);
        assert_true(w.reversed && !w.completed);
    }
    assert_int_equal(verify_status("Aborted").page_end, WALLET_PAGE_CANCELLED);
}

static void n11_a_status_that_nobody_knows_says_nothing(void **state)
{
    (void)state;
    static const char *const words[] = {"success", "SUCCESS", "Success ", "Paid", "Settled<b>", ""};
    for (size_t i = 0; i < array_len(words); i++) {
        struct wallet_answer w = verify_status(words[i]);
        ASSERT_ANSWER(w, WALLET_UNKNOWN, "unknown_status");
        assert_true(w.strange && !w.completed && !w.reversed);
        assert_true(str_is(w.message, words[i]));
    }
    assert_false(verify(200, "{}").strange);
}

/* ---- refunds ---- */

static struct wallet_answer refund(const char *plain)
{
    char body[2048];
    struct wallet_answer w;
    nagad_sealed_body(&merchant, &nagad, plain, body, sizeof body);
    nagad_read_refund(
        &arena, 200, str_from(body), merchant.own, nagad.public, money_poisha(5000), &w);
    return w;
}

#define CANCELLED(status, amount)                                                                  \
    "{\"status\":\"" status "\",\"originalAmount\":\"100.00\",\"cancelAmount\":\"" amount          \
    "\",\"cancelTrxId\":\"0001CANC\"}"

static void a_refund_is_believed_when_it_is_sealed_and_ours(void **state)
{
    (void)state;
    char body[2048];
    struct wallet_answer w = refund(CANCELLED("PartialRefunded", "50.00"));
    ASSERT_ANSWER(w, WALLET_OK, "PartialRefunded");
    assert_true(str_is(w.trx_id, "0001CANC"));
    ASSERT_ANSWER(refund(CANCELLED("Cancelled", "50")), WALLET_OK, "Cancelled");
    ASSERT_ANSWER(refund(CANCELLED("Refunded", "50.01")), WALLET_UNKNOWN, "amount_differs");
    ASSERT_ANSWER(refund(CANCELLED("Success", "50.00")), WALLET_UNKNOWN, "not_refunded");
    ASSERT_ANSWER(refund("{\"status\":\"Refunded\",\"cancelTrxId\":\"A1\"}"), WALLET_UNKNOWN,
        "amount_differs");
    ASSERT_ANSWER(refund("{\"status\":\"Refunded\",\"cancelAmount\":\"50.00\"}"), WALLET_UNKNOWN,
        "bad_refund_trx_id");
    ASSERT_ANSWER(refund("[]"), WALLET_UNKNOWN, "not_refunded");
    nagad_sealed_body(&merchant, &stranger, CANCELLED("Refunded", "50.00"), body, sizeof body);
    nagad_read_refund(
        &arena, 200, str_from(body), merchant.own, nagad.public, money_poisha(5000), &w);
    ASSERT_ANSWER(w, WALLET_UNKNOWN, "bad_seal");
}

static void a_refused_refund_was_not_made_unless_the_state_is_another(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *reason;
        enum wallet_outcome outcome;
    } rows[] = {
        {400, "16_0006_060", WALLET_DECLINED},
        {400, "16_0006_055", WALLET_DECLINED},
        {403, "16_0006_053", WALLET_BROKEN},
        {400, "16_0006_058", WALLET_BROKEN},
        {400, "16_0006_017", WALLET_UNKNOWN},
        {500, "16_0006_060", WALLET_UNKNOWN},
    };
    for (size_t i = 0; i < array_len(rows); i++) {
        char body[128];
        struct wallet_answer w;
        snprintf(body, sizeof body, "{\"reason\":\"%s\",\"message\":\"no\"}", rows[i].reason);
        nagad_read_refund(&arena, rows[i].status, str_from(body), merchant.own, nagad.public,
            money_poisha(5000), &w);
        ASSERT_ANSWER(w, rows[i].outcome, rows[i].reason);
    }
}

static struct wallet_answer refunds(const char *status, const char *more)
{
    char body[1024];
    struct wallet_answer w;
    snprintf(body, sizeof body,
        "{\"merchantId\":\"" NAGAD_MERCHANT "\",\"orderId\":\"K1N1\",\"paymentRefId\":\"" NAGAD_REF
        "\",\"amount\":\"100\",\"issuerPaymentRefNo\":\"000177YT\",\"status\":\"%s\"%s}",
        status, more);
    nagad_read_refunds(&arena, 200, str_from(body), STR(NAGAD_REF), STR(NAGAD_MERCHANT), &w);
    return w;
}

static void verify_tells_the_last_refund_and_the_day_of_the_payment(void **state)
{
    (void)state;
    const char *paid = ",\"issuerPaymentDateTime\":\"2021-11-23 23:50:08.0\"";
    struct wallet_answer w = refunds("Success", paid);
    ASSERT_ANSWER(w, WALLET_OK, "Success");
    assert_true(str_is(w.paid_day, "20211123"));
    assert_int_equal(w.amount.poisha, 10000);
    assert_int_equal(w.refund_count, 0);
    w = refunds("PartialRefunded",
        ",\"issuerPaymentDateTime\":\"20211123235008\",\"cancelIssuerRefNo\":\"0001CANC\"");
    assert_true(str_is(w.paid_day, "20211123"));
    assert_int_equal(w.refund_count, 1);
    assert_true(w.refunds[0].completed && w.refunds[0].untold && !w.refunds[0].whole);
    assert_true(str_is(w.refunds[0].trx_id, "0001CANC"));
    w = refunds("Refunded",
        ",\"issuerPaymentDateTime\":\"20211123235008\",\"cancelIssuerRefNo\":\"0001CANC\"");
    assert_true(w.refunds[0].whole);
    ASSERT_ANSWER(refunds("Refunded", paid), WALLET_UNKNOWN, "bad_refund_trx_id");
    ASSERT_ANSWER(refunds("Success", ""), WALLET_UNKNOWN, "bad_payment");
    ASSERT_ANSWER(refunds("Ready", paid), WALLET_UNKNOWN, "not_paid");
    assert_int_equal(refunds("Strange", paid).outcome, WALLET_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_initialized_payment_has_a_reference_and_a_challenge),
        cmocka_unit_test(n5_an_answer_that_nagad_has_not_signed_is_refused),
        cmocka_unit_test(n10_every_broken_seal_is_the_same_error),
        cmocka_unit_test(a_sealed_text_that_says_something_else_is_unknown),
        cmocka_unit_test(n7_a_taken_order_id_is_told_from_other_refusals),
        cmocka_unit_test(a_placed_payment_has_a_page),
        cmocka_unit_test(success_tells_what_is_compared),
        cmocka_unit_test(t49_a_success_that_is_not_whole_is_unknown),
        cmocka_unit_test(every_status_has_its_meaning),
        cmocka_unit_test(n11_a_status_that_nobody_knows_says_nothing),
        cmocka_unit_test(a_refund_is_believed_when_it_is_sealed_and_ours),
        cmocka_unit_test(a_refused_refund_was_not_made_unless_the_state_is_another),
        cmocka_unit_test(verify_tells_the_last_refund_and_the_day_of_the_payment),
    };
    return cmocka_run_group_tests(tests, keys_make, keys_end);
}
