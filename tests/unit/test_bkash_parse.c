#include "base/mem.h"
#include "wallet/bkash.h"
#include "wallet_bench.h"

enum reader { CREATE, EXECUTE, QUERY };

struct answer_case {
    int status;
    const char *body;
    enum wallet_outcome outcome;
    const char *code;
};

static void read_as(
    enum reader reader, struct arena *a, int status, struct str body, struct wallet_answer *ret)
{
    struct str ref = STR("TR0011abc");
    switch (reader) {
    case CREATE:
        bkash_read_create(a, status, body, false, ret);
        return;
    case EXECUTE:
        bkash_read_execute(a, status, body, ref, ret);
        return;
    case QUERY:
        bkash_read_query(a, status, body, ref, ret);
        return;
    }
}

static void check(enum reader reader, const struct answer_case *c)
{
    struct arena a;
    struct wallet_answer answer;
    arena_init(&a, BKASH_ARENA_MAX);
    read_as(reader, &a, c->status, str_from(c->body), &answer);
    if (answer.outcome != c->outcome || !str_is(answer.code, c->code))
        fail_msg("reader %d, %d %s: outcome %d, code %.*s", (int)reader, c->status, c->body,
            (int)answer.outcome, STR_FMT(answer.code));
    assert_int_equal(answer.completed, answer.outcome == WALLET_OK && reader != CREATE);
    arena_clear(&a);
}

#define CHECK_ALL(reader, cases)                                                                   \
    for (size_t i_ = 0; i_ < array_len(cases); i_++)                                               \
    check((reader), &(cases)[i_])

#define CODE(c) "{\"statusCode\":\"" c "\",\"statusMessage\":\"text\"}"

static void b17_answers_that_say_nothing_certain_are_unknown_to_all(void **state)
{
    (void)state;
    static const struct answer_case cases[] = {
        {200, "", WALLET_UNKNOWN, "empty_body"},
        {200, "  \r\n", WALLET_UNKNOWN, "empty_body"},
        {200, "<!DOCTYPE html><html>busy</html>", WALLET_UNKNOWN, "bad_json"},
        {200, "{\"statusCode\":\"0000\",\"transactionStatus\":\"Comp", WALLET_UNKNOWN, "bad_json"},
        {200, "\xff\xfe", WALLET_UNKNOWN, "bad_json"},
        {200, "[]", WALLET_UNKNOWN, "bad_json"},
        {200, "null", WALLET_UNKNOWN, "bad_json"},
        {200, "{}", WALLET_UNKNOWN, "no_code"},
        {200, "{\"statusCode\":null}", WALLET_UNKNOWN, "no_code"},
        {200, "{\"statusCode\":\"<b>\"}", WALLET_UNKNOWN, "no_code"},
        {200, "{\"statusCode\":\"0000\",\"statusCode\":\"2060\"}", WALLET_UNKNOWN, "bad_json"},
        {500, EXECUTED, WALLET_UNKNOWN, "http_500"},
        {502, "<html>", WALLET_UNKNOWN, "http_502"},
        {504, "{\"message\":\"Endpoint request timed out\"}", WALLET_UNKNOWN, "http_504"},
        {429, "{\"message\":\"Too Many Requests\"}", WALLET_UNKNOWN, "http_429"},
        {302, "", WALLET_UNKNOWN, "http_302"},
        {404, EXECUTED, WALLET_UNKNOWN, "http_404"},
        {201, EXECUTED, WALLET_UNKNOWN, "http_201"},
        {500, CODE("2060"), WALLET_UNKNOWN, "2060"},
        {200, CODE("2003"), WALLET_UNKNOWN, "2003"},
        {200, CODE("2020"), WALLET_UNKNOWN, "2020"},
        {200, CODE("2024"), WALLET_UNKNOWN, "2024"},
        {200, CODE("503"), WALLET_UNKNOWN, "503"},
        {200, CODE("9999"), WALLET_UNKNOWN, "9999"},
        {200, CODE("7777"), WALLET_UNKNOWN, "7777"},
        {200, CODE("2062"), WALLET_UNKNOWN, "2062"},
        {200, CODE("2068"), WALLET_UNKNOWN, "2068"},
        {200, CODE("2116"), WALLET_UNKNOWN, "2116"},
        {200, CODE("2117"), WALLET_UNKNOWN, "2117"},
        {200, CODE("2119"), WALLET_UNKNOWN, "2119"},
        /* a success and a fault in one */
        {200,
            "{\"statusCode\":\"0000\",\"message\":\"x\",\"transactionStatus\":\"Completed\","
            "\"paymentID\":\"TR0011abc\",\"trxID\":\"A1\",\"amount\":\"1\",\"currency\":\"BDT\"}",
            WALLET_UNKNOWN, "no_code"},
        {200, "{\"statusCode\":\"0000\",\"errorCode\":\"2003\"}", WALLET_UNKNOWN, "2003"},
    };
    CHECK_ALL(CREATE, cases);
    CHECK_ALL(EXECUTE, cases);
    CHECK_ALL(QUERY, cases);
}

static void b17_refusals_of_the_payer_decline_in_each_envelope(void **state)
{
    (void)state;
    static const struct answer_case cases[] = {
        {200, CODE("2023"), WALLET_DECLINED, "2023"},
        {200, "{\"statusCode\":2023}", WALLET_DECLINED, "2023"},
        {200, "{\"errorCode\":\"2014\",\"errorMessage\":\"Wrong PIN\"}", WALLET_DECLINED, "2014"},
        {400,
            "{\"internalCode\":\"not_bkash\",\"externalCode\":\"2057\",\"errorMessageEn\":\"No\","
            "\"errorMessageBn\":null}",
            WALLET_DECLINED, "2057"},
        {200, CODE("2010"), WALLET_DECLINED, "2010"},
        {200, CODE("2019"), WALLET_DECLINED, "2019"},
        {200, CODE("2059"), WALLET_DECLINED, "2059"},
        {200, CODE("2056"), WALLET_DECLINED, "2056"},
        {200, CODE("2060"), WALLET_DECLINED, "2060"},
    };
    CHECK_ALL(CREATE, cases);
    CHECK_ALL(EXECUTE, cases);
    for (size_t i = 0; i < array_len(cases); i++) {
        struct answer_case c = cases[i];
        c.outcome = WALLET_UNKNOWN;
        check(QUERY, &c);
    }
}

static void faults_of_ours_break_a_create(void **state)
{
    (void)state;
    static const struct answer_case cases[] = {
        {200, CODE("2001"), WALLET_BROKEN, "2001"},
        {200, CODE("2065"), WALLET_BROKEN, "2065"},
        {200, CODE("2079"), WALLET_BROKEN, "2079"},
        {200, CODE("2082"), WALLET_BROKEN, "2082"},
        {401, UNAUTHORIZED, WALLET_BROKEN, "http_401"},
        {401, "<html>", WALLET_BROKEN, "http_401"},
        {403, "{\"message\":\"Missing Authentication Token\"}", WALLET_BROKEN, "http_403"},
        {400, "{\"message\":\"Invalid request body\"}", WALLET_BROKEN, "http_400"},
    };
    CHECK_ALL(CREATE, cases);
}

static void b17_only_the_gateways_refusal_is_certain_for_an_execute(void **state)
{
    (void)state;
    static const struct answer_case cases[] = {
        {401, UNAUTHORIZED, WALLET_BROKEN, "http_401"},
        {403, "{\"message\":\"Forbidden\"}", WALLET_BROKEN, "http_403"},
        {403, "<html>", WALLET_UNKNOWN, "http_403"},
        {403, "", WALLET_UNKNOWN, "http_403"},
        {401, "{\"message\":\"x\",\"statusCode\":\"2079\"}", WALLET_UNKNOWN, "2079"},
        {400, "{\"message\":\"Invalid request body\"}", WALLET_UNKNOWN, "http_400"},
        {200, CODE("2001"), WALLET_UNKNOWN, "2001"},
        {200, CODE("2080"), WALLET_UNKNOWN, "2080"},
    };
    CHECK_ALL(EXECUTE, cases);
}

#define COMPLETED(id, trx, amount, currency)                                                       \
    "{\"statusCode\":\"0000\",\"transactionStatus\":\"Completed\",\"paymentID\":" id               \
    ",\"trxID\":" trx ",\"amount\":" amount ",\"currency\":" currency "}"

static void a_completed_payment_must_have_all_its_parts(void **state)
{
    (void)state;
    static const struct answer_case cases[] = {
        {200, COMPLETED("\"TR0011abc\"", "\"A1\"", "\"15\"", "\"BDT\""), WALLET_OK, "0000"},
        {200, COMPLETED("\"TR0011abc\"", "\"A1\"", "15.50", "\"BDT\""), WALLET_OK, "0000"},
        {200, COMPLETED("\"TR0011abd\"", "\"A1\"", "\"15\"", "\"BDT\""), WALLET_UNKNOWN,
            "other_payment_id"},
        {200, COMPLETED("null", "\"A1\"", "\"15\"", "\"BDT\""), WALLET_UNKNOWN, "other_payment_id"},
        {200, COMPLETED("\"TR0011abc\"", "\"\"", "\"15\"", "\"BDT\""), WALLET_UNKNOWN,
            "bad_trx_id"},
        {200, COMPLETED("\"TR0011abc\"", "null", "\"15\"", "\"BDT\""), WALLET_UNKNOWN,
            "bad_trx_id"},
        {200, COMPLETED("\"TR0011abc\"", "\"A1\"", "\"15.005\"", "\"BDT\""), WALLET_UNKNOWN,
            "bad_amount"},
        {200, COMPLETED("\"TR0011abc\"", "\"A1\"", "1e3", "\"BDT\""), WALLET_UNKNOWN, "bad_amount"},
        {200, COMPLETED("\"TR0011abc\"", "\"A1\"", "-15", "\"BDT\""), WALLET_UNKNOWN, "bad_amount"},
        {200, COMPLETED("\"TR0011abc\"", "\"A1\"", "null", "\"BDT\""), WALLET_UNKNOWN,
            "bad_amount"},
        {200, COMPLETED("\"TR0011abc\"", "\"A1\"", "\"15\"", "null"), WALLET_UNKNOWN, "bad_amount"},
    };
    CHECK_ALL(EXECUTE, cases);
    CHECK_ALL(QUERY, cases);
}

static void an_execute_that_is_not_completed_is_unknown(void **state)
{
    (void)state;
    static const struct answer_case cases[] = {
        {200, INITIATED, WALLET_UNKNOWN, "not_completed"},
        {200, "{\"statusCode\":\"0000\",\"transactionStatus\":\"Authorized\"}", WALLET_UNKNOWN,
            "not_completed"},
        {200, "{\"statusCode\":\"0000\",\"transactionStatus\":\"completed\"}", WALLET_UNKNOWN,
            "not_completed"},
        {200, CODE("0000"), WALLET_UNKNOWN, "not_completed"},
    };
    CHECK_ALL(EXECUTE, cases);
}

static void the_other_spellings_are_read_too(void **state)
{
    (void)state;
    static const char text[] =
        "{\"statusCode\":\"0000\",\"transactionStatus\":\"Completed\",\"paymentId\":\"TR0011abc\","
        "\"trxId\":\"A1\",\"amount\":15.5,\"currency\":\"BDT\",\"merchantInvoice\":\"INV-1\","
        "\"customerMsisdn\":\"017****0001\"}";
    struct arena a;
    struct wallet_answer w;
    arena_init(&a, BKASH_ARENA_MAX);
    bkash_read_query(&a, 200, str_from(text), STR("TR0011abc"), &w);
    assert_int_equal(w.outcome, WALLET_OK);
    assert_true(w.completed);
    assert_int_equal(w.amount.poisha, 1550);
    assert_true(str_is(w.trx_id, "A1"));
    assert_true(str_is(w.invoice, "INV-1"));
    assert_true(str_is(w.payer, "017****0001"));
    bkash_read_create(&a, 200,
        STR("{\"statusCode\":\"0000\",\"paymentId\":\"TR1\",\"bKashURL\":\"https://pay.example/"
            "\"}"),
        false, &w);
    assert_int_equal(w.outcome, WALLET_OK);
    assert_true(str_is(w.ref, "TR1"));
    arena_clear(&a);
}

static void a_query_tells_whether_the_payer_has_authorised(void **state)
{
    (void)state;
    struct arena a;
    struct wallet_answer w;
    arena_init(&a, BKASH_ARENA_MAX);
    bkash_read_query(&a, 200, str_from(INITIATED), STR("TR0011abc"), &w);
    assert_int_equal(w.outcome, WALLET_PENDING);
    assert_false(w.authorised);
    bkash_read_query(&a, 200,
        STR("{\"statusCode\":\"0000\",\"paymentID\":\"TR0011abc\",\"transactionStatus\":"
            "\"Initiated\",\"verificationStatus\":\"Complete\"}"),
        STR("TR0011abc"), &w);
    assert_int_equal(w.outcome, WALLET_PENDING);
    assert_true(w.authorised);
    assert_false(w.completed);
    bkash_read_query(&a, 200, str_from(INITIATED), STR("TR0011other"), &w);
    assert_int_equal(w.outcome, WALLET_UNKNOWN);
    bkash_read_query(&a, 200,
        STR("{\"statusCode\":\"0000\",\"paymentID\":\"TR0011abc\",\"transactionStatus\":"
            "\"Failed\"}"),
        STR("TR0011abc"), &w);
    assert_int_equal(w.outcome, WALLET_UNKNOWN);
    arena_clear(&a);
}

static void the_payers_page_and_the_payments_id_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *id, *url;
        bool good, http_allowed;
    } cases[] = {
        {"TR0011abc", "https://pay.example/x?a=b&c=d", true, false},
        {"TR0011abc", "http://pay.example/", false, false},
        {"TR0011abc", "http://127.0.0.1:9/", true, true},
        {"TR0011abc", "javascript:alert(1)", false, true},
        {"TR0011abc", "//evil.example/", false, true},
        {"TR0011abc", "https://user@evil.example/", false, true},
        {"TR0011abc", "https://pay.example/\\u0d0a", false, true},
        {"TR0011abc", "https://pay.example/\\r\\nSet-Cookie: a=b", false, true},
        {"TR0011abc", "", false, true},
        {"TR/../x", "https://pay.example/", false, true},
        {"TR-1", "https://pay.example/", false, true},
        {"", "https://pay.example/", false, true},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "https://pay.example/",
            true, true},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "https://pay.example/", false, true},
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct arena a;
        struct wallet_answer w;
        char body[512];
        snprintf(body, sizeof(body),
            "{\"statusCode\":\"0000\",\"paymentID\":\"%s\",\"bkashURL\":\"%s\"}", cases[i].id,
            cases[i].url);
        arena_init(&a, BKASH_ARENA_MAX);
        bkash_read_create(&a, 200, str_from(body), cases[i].http_allowed, &w);
        if ((w.outcome == WALLET_OK) != cases[i].good)
            fail_msg("%s", body);
        assert_true(w.outcome == WALLET_OK || (str_absent(w.ref) && str_absent(w.url)));
        arena_clear(&a);
    }
}

static void the_wallets_text_is_kept_and_bounded(void **state)
{
    (void)state;
    struct arena a;
    struct wallet_answer w;
    struct buf b;
    arena_init(&a, BKASH_ARENA_MAX);
    bkash_read_execute(&a, 400,
        STR("{\"externalCode\":\"2002\",\"errorMessageEn\":\"Invalid Payment ID\"}"), STR("x"), &w);
    assert_true(str_is(w.message, "Invalid Payment ID"));
    buf_init(&b, 100000);
    buf_cstr(&b, "{\"errorCode\":\"2023\",\"errorMessage\":\"");
    for (int i = 0; i < 20000; i++)
        buf_cstr(&b, "\xe0\xa6\x95");
    buf_cstr(&b, "\"}");
    bkash_read_execute(&a, 200, buf_view(&b), STR("x"), &w);
    assert_int_equal(w.outcome, WALLET_DECLINED);
    assert_int_equal(w.message.n, 900);
    buf_clear(&b);
    arena_clear(&a);
}

static void a_lifetime_is_a_number_or_a_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t s;
    } cases[] = {{"3600", 3600}, {"\"1800\"", 1800}, {"null", 3600}, {"-1", 3600}, {"1e9", 3600},
        {"99999999", 3600}, {"\"x\"", 3600}, {"1", 1}};
    for (size_t i = 0; i < array_len(cases); i++) {
        struct arena a;
        struct bkash_grant g;
        char body[128];
        snprintf(body, sizeof(body), "{\"id_token\":\"t\",\"expires_in\":%s}", cases[i].text);
        arena_init(&a, BKASH_ARENA_MAX);
        assert_int_equal(bkash_read_grant(&a, 200, str_from(body), &g), BKASH_GRANT_OK);
        assert_int_equal(g.expires_in_s, cases[i].s);
        assert_true(str_absent(g.refresh));
        arena_clear(&a);
    }
}

static void times_are_read_in_all_three_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"2026-09-18T06:00:19:952 GMT+0600", INT64_C(1789689619952)},
        {"2026-09-18T00:00:19:952 GMT+0000", INT64_C(1789689619952)},
        {"2026-09-17T19:30:19:952 GMT-0430", INT64_C(1789689619952)},
        {"2024-06-13T16:27:24:000", INT64_C(1718274444000)},
        {"20180419122246", INT64_C(1524118966000)},
        {"20240229000000", INT64_C(1709143200000)},
        {"1970-01-01T06:00:00:000", 0},
    };
    static const char *const bad[] = {"", "2026", "20180419", "201804191222461", "2018041912224",
        "2026-09-18T06:00:19.952 GMT+0600", "2026-09-18T06:00:19:952 GMT+06:00",
        "2026-09-18T06:00:19:952 UTC", "2026-09-18T06:00:19:952GMT+0600", "2026-09-18T06:00:19:95",
        "2026-09-18T06:00:19:9520", "2026-13-18T06:00:19:952", "2026-02-29T06:00:19:952",
        "2026-04-31T06:00:19:952", "2026-00-10T06:00:19:952", "2026-01-00T06:00:19:952",
        "2026-09-18T24:00:19:952", "2026-09-18T06:60:19:952", "2026-09-18T06:00:60:952",
        "2026-09-18T06:00:19:952 GMT+1500", "2026-09-18T06:00:19:952 GMT+0660",
        "1969-12-31T06:00:00:000", "+0180419122246", "2018041912224x", " 20180419122246"};
    for (size_t i = 0; i < array_len(good); i++) {
        int64_t ms = -1;
        assert_int_equal(bkash_time_parse(str_from(good[i].text), &ms), ERR_OK);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < array_len(bad); i++) {
        int64_t ms = -77;
        if (bkash_time_parse(str_from(bad[i]), &ms) != ERR_SYNTAX)
            fail_msg("%s", bad[i]);
        assert_int_equal(ms, -77);
    }
}

#define FOUND(trx, state, amount)                                                                  \
    "\"trxID\":\"" trx "\",\"transactionStatus\":\"" state "\",\"amount\":\"" amount               \
    "\",\"currency\":\"BDT\",\"customerMsisdn\":\"01711111111\",\"transactionType\":\"Payment\","  \
    "\"organizationShortCode\":\"50022\",\"completedTime\":\"2026-09-18T06:00:19:952 GMT+0600\"}"

static void a_search_tells_what_bkash_knows_of_the_asked_trxid_alone(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum wallet_outcome outcome;
        const char *code;
    } cases[] = {
        {200, "{\"statusCode\":\"0000\"," FOUND("6H7801QFYM", "Completed", "15"), WALLET_OK,
            "0000"},
        {200, "{" FOUND("6H7801QFYM", "Reversed", "15"), WALLET_OK, "no_code"},
        {200, "{" FOUND("6H7801QFYN", "Completed", "15"), WALLET_UNKNOWN, "other_trx_id"},
        {200, "{" FOUND("6H7801QFYM", "Completed", "x"), WALLET_UNKNOWN, "bad_transaction"},
        {200, "{" FOUND("6H7801QFYM", "<b>", "15"), WALLET_UNKNOWN, "bad_transaction"},
        {500, "{" FOUND("6H7801QFYM", "Completed", "15"), WALLET_UNKNOWN, "http_500"},
        {200, CODE("2033"), WALLET_DECLINED, "2033"},
        {400, "{\"externalCode\":\"2077\",\"errorMessageEn\":\"no\"}", WALLET_DECLINED, "2077"},
        {500, CODE("2033"), WALLET_UNKNOWN, "2033"},
        {403, "{\"message\":\"Missing Authentication Token\"}", WALLET_BROKEN, "not_offered"},
        {404, "<html>", WALLET_BROKEN, "not_offered"},
        {401, "{\"message\":\"Unauthorized\"}", WALLET_BROKEN, "http_401"},
        {403, "{\"message\":\"Forbidden\"}", WALLET_BROKEN, "http_403"},
        {200, "", WALLET_UNKNOWN, "empty_body"},
        {200, "{\"message\":\"Internal server error\"}", WALLET_UNKNOWN, "no_code"},
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct arena a;
        struct wallet_answer w;
        arena_init(&a, BKASH_ARENA_MAX);
        bkash_read_search(&a, cases[i].status, str_from(cases[i].body), STR("6H7801QFYM"), &w);
        if (w.outcome != cases[i].outcome || !str_is(w.code, cases[i].code))
            fail_msg("%s: outcome %d, code %.*s", cases[i].body, (int)w.outcome, STR_FMT(w.code));
        if (w.outcome == WALLET_OK) {
            assert_int_equal(w.amount.poisha, 1500);
            assert_false(w.completed); /* nothing is paid by it */
            assert_int_equal(w.happened_at, INT64_C(1789689619952));
            assert_true(str_is(w.receiver, "50022") && str_is(w.payer, "01711111111"));
        }
        arena_clear(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b17_answers_that_say_nothing_certain_are_unknown_to_all),
        cmocka_unit_test(b17_refusals_of_the_payer_decline_in_each_envelope),
        cmocka_unit_test(faults_of_ours_break_a_create),
        cmocka_unit_test(b17_only_the_gateways_refusal_is_certain_for_an_execute),
        cmocka_unit_test(a_completed_payment_must_have_all_its_parts),
        cmocka_unit_test(an_execute_that_is_not_completed_is_unknown),
        cmocka_unit_test(the_other_spellings_are_read_too),
        cmocka_unit_test(a_query_tells_whether_the_payer_has_authorised),
        cmocka_unit_test(the_payers_page_and_the_payments_id_are_checked),
        cmocka_unit_test(the_wallets_text_is_kept_and_bounded),
        cmocka_unit_test(a_lifetime_is_a_number_or_a_text),
        cmocka_unit_test(a_search_tells_what_bkash_knows_of_the_asked_trxid_alone),
        cmocka_unit_test(times_are_read_in_all_three_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
