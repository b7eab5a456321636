#include "base/mem.h"
#include "base/text.h"
#include "wallet/ecomm.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TRANS_ID "gTNXnba/b9afxsnJpdoWXE5plds="
#define PAID                                                                                       \
    "RESULT: OK\nRESULT_PS: FINISHED\nRESULT_CODE: 000\n3DSECURE: ATTEMPTED\nRRN: 413522230000\n"  \
    "APPROVAL_CODE: 180180\nCARD_NUMBER: 1**************7701\nAMOUNT: 12050\n"                     \
    "CARDNAME: ROCKET\nTRANS_DATE: 1795000000000\nMRCH_TRANSACTION_ID: K1N1\n"

static struct arena arena;

static struct wallet_answer begun(int status, const char *body)
{
    struct wallet_answer w;
    arena_reset(&arena);
    ecomm_read_begun(&arena, status, str_from(body), &w);
    return w;
}

static struct wallet_answer ended(int status, const char *body)
{
    struct wallet_answer w;
    arena_reset(&arena);
    ecomm_read_ended(&arena, status, str_from(body), &w);
    return w;
}

static struct wallet_answer closed(int status, const char *body)
{
    struct wallet_answer w;
    arena_reset(&arena);
    ecomm_read_closed(&arena, status, str_from(body), &w);
    return w;
}

static void assert_answer(
    const struct wallet_answer *w, enum wallet_outcome outcome, const char *code)
{
    if (w->outcome != outcome || !str_is(w->code, code))
        fail_msg("%d %.*s, not %d %s", (int)w->outcome, STR_FMT(w->code), (int)outcome, code);
}

static void assert_text(struct str s, const char *want)
{
    if (!str_is(s, want))
        fail_msg("'%.*s', not '%s'", STR_FMT(s), want);
}

static void a_transaction_is_begun(void **state)
{
    (void)state;
    struct wallet_answer w =
        begun(200, "TRANSACTION_ID: " TRANS_ID "\r\nMRCH_TRANSACTION_ID: K1N1\r\n");
    assert_answer(&w, WALLET_OK, "ok");
    assert_text(w.ref, TRANS_ID);
    w = begun(200, "  TRANSACTION_ID :" TRANS_ID);
    assert_answer(&w, WALLET_OK, "ok");
}

static void what_is_no_begun_transaction_is_not_taken_for_one(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum wallet_outcome outcome;
        const char *code;
    } rows[] = {
        {200, "", WALLET_UNKNOWN, "empty_body"},
        {200, "<html>busy</html>", WALLET_UNKNOWN, "no_transaction_id"},
        {200, "TRANSACTION_ID:\n", WALLET_UNKNOWN, "no_transaction_id"},
        {200, "TRANSACTION_ID: not base64!\n", WALLET_UNKNOWN, "bad_transaction_id"},
        {200, "TRANSACTION_ID: " TRANS_ID "\nTRANSACTION_ID: " TRANS_ID, WALLET_UNKNOWN,
            "bad_lines"},
        {200, "error: wrong amount", WALLET_DECLINED, "error"},
        {400, "No required SSL certificate was sent", WALLET_BROKEN, "http_400"},
        {403, "", WALLET_BROKEN, "http_403"},
        {502, "<html>", WALLET_UNKNOWN, "http_502"},
        {302, "TRANSACTION_ID: " TRANS_ID, WALLET_UNKNOWN, "http_302"},
    };
    for (size_t i = 0; i < array_len(rows); i++) {
        struct wallet_answer w = begun(rows[i].status, rows[i].body);
        assert_answer(&w, rows[i].outcome, rows[i].code);
        assert_true(str_absent(w.ref));
    }
    struct wallet_answer w = begun(200, "error: wrong amount");
    assert_text(w.message, "wrong amount");
}

static void a_paid_transaction_tells_amount_and_reference(void **state)
{
    (void)state;
    struct wallet_answer w = ended(200, PAID);
    assert_answer(&w, WALLET_OK, "OK");
    assert_true(w.completed && !w.reversed && !w.elsewhere && w.has_amount);
    assert_int_equal(w.amount.poisha, 12050);
    assert_text(w.currency, "BDT");
    assert_text(w.trx_id, "413522230000");
    assert_text(w.invoice, "K1N1");
    assert_text(w.payer, "1**************7701");
}

/* Each of these would be money that nobody can place. */
static void a_paid_transaction_that_lacks_something_says_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *body, *code;
    } rows[] = {
        {"RESULT: OK\nRRN: 1\nAMOUNT: 5\n", "bad_result_code"},
        {"RESULT: OK\nRESULT_CODE: 116\nRRN: 1\nAMOUNT: 5\n", "bad_result_code"},
        {"RESULT: OK\nRESULT_CODE: 000\nAMOUNT: 5\n", "bad_trx_id"},
        {"RESULT: OK\nRESULT_CODE: 000\nRRN: a b\nAMOUNT: 5\n", "bad_trx_id"},
        {"RESULT: OK\nRESULT_CODE: 000\nRRN: 1\n", "bad_amount"},
        {"RESULT: OK\nRESULT_CODE: 000\nRRN: 1\nAMOUNT: 120.50\n", "bad_amount"},
        {"RESULT: OK\nRESULT_CODE: 000\nRRN: 1\nAMOUNT: -5\n", "bad_amount"},
        {"RESULT: OK\nRESULT_CODE: 000\nRRN: 1\nAMOUNT: 999999999999999\n", "bad_amount"},
        {"RESULT: OK\nRESULT_CODE: 000\nRRN: 1\nAMOUNT: 5\nAMOUNT: 12050\n", "bad_lines"},
        {"RESULT: FAILED\nRESULT: OK\nRESULT_CODE: 000\nRRN: 1\nAMOUNT: 5\n", "bad_lines"},
        {"RESULT: OK\nRESULT_CODE: 000\nRRN: \x01\nAMOUNT: 5\n", "bad_lines"},
    };
    for (size_t i = 0; i < array_len(rows); i++) {
        struct wallet_answer w = ended(200, rows[i].body);
        assert_answer(&w, WALLET_UNKNOWN, rows[i].code);
        assert_false(w.completed || w.has_amount);
    }
}

/* E3 and its kin: no end but OK is money, and none is the last word to a later question. */
static void the_other_ends_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *body, *code;
        enum wallet_page_end end;
    } rows[] = {
        {"RESULT: CREATED\n", "CREATED", WALLET_PAGE_OPEN},
        {"RESULT: PENDING\nRESULT_PS: ACTIVE\n", "PENDING", WALLET_PAGE_OPEN},
        {"RESULT: FAILED\nRESULT_PS: FINISHED\nRESULT_CODE: 116\n", "FAILED", WALLET_PAGE_REFUSED},
        {"RESULT: FAILED\nRESULT_PS: CANCELLED\n", "FAILED", WALLET_PAGE_CANCELLED},
        {"RESULT: DECLINED\n", "DECLINED", WALLET_PAGE_REFUSED},
        {"RESULT: TIMEOUT\nRESULT_PS: FINISHED\n", "TIMEOUT", WALLET_PAGE_REFUSED},
    };
    for (size_t i = 0; i < array_len(rows); i++) {
        struct wallet_answer w = ended(200, rows[i].body);
        assert_answer(&w, WALLET_PENDING, rows[i].code);
        assert_int_equal(w.page_end, rows[i].end);
        assert_false(w.completed);
    }
    struct wallet_answer w = ended(200, "RESULT: REVERSED\nAMOUNT: 12050\nRRN: 1\n");
    assert_answer(&w, WALLET_OK, "REVERSED");
    assert_true(w.reversed && !w.completed);
    w = ended(200, "RESULT: MAYBE SO\n");
    assert_answer(&w, WALLET_UNKNOWN, "unknown_status");
    assert_true(w.strange);
    assert_text(w.message, "MAYBE SO");
}

/* T49: HTML, half an answer, nothing at all. */
static void an_answer_that_is_none_says_nothing(void **state)
{
    (void)state;
    struct wallet_answer w = ended(200, "<html>RESULT: OK</html>");
    assert_answer(&w, WALLET_UNKNOWN, "no_result");
    w = ended(200, "");
    assert_answer(&w, WALLET_UNKNOWN, "empty_body");
    w = ended(500, PAID);
    assert_answer(&w, WALLET_UNKNOWN, "http_500");
    assert_false(w.completed);
    w = ended(200, "error: no such transaction\n" PAID);
    assert_answer(&w, WALLET_UNKNOWN, "error");
    assert_false(w.completed);
    w = ended(403, "<html>no certificate</html>");
    assert_answer(&w, WALLET_BROKEN, "http_403");
}

static void lines_have_a_limit(void **state)
{
    (void)state;
    struct buf b;
    struct str value = STR_ABSENT;
    buf_init(&b, 65536);
    for (int i = 0; i < ECOMM_LINES_MAX; i++)
        buf_cstr(&b, i ? "X: y\n" : "RESULT: OK\n");
    assert_int_equal(ecomm_line(buf_view(&b), "RESULT", &value), ERR_OK);
    assert_text(value, "OK");
    buf_cstr(&b, "X: y\n");
    assert_int_equal(ecomm_line(buf_view(&b), "RESULT", &value), ERR_LIMIT);
    buf_reset(&b);
    buf_cstr(&b, "RESULT: ");
    for (int i = 0; i <= ECOMM_VALUE_MAX; i++)
        buf_char(&b, 'x');
    assert_int_equal(ecomm_line(buf_view(&b), "RESULT", &value), ERR_LIMIT);
    assert_int_equal(ecomm_line(STR("ARESULT: OK\n"), "RESULT", &value), ERR_NO_ROW);
    buf_clear(&b);
}

static const struct ecomm_values values = {
    .amount = {"12050", 5},
    .taka = {"120.50", 6},
    .invoice = {"K1N1", 4},
    .ip = {"203.0.113.7", 11},
    .trans_id = {"a/b+c=", 6},
};

static void assert_written(const char *template, enum err want_err, const char *want)
{
    struct buf b;
    buf_init(&b, 1024);
    assert_int_equal(ecomm_write(&b, str_from(template), &values), want_err);
    if (want)
        assert_text(buf_view(&b), want);
    buf_clear(&b);
}

static void templates_are_filled_and_their_values_encoded(void **state)
{
    (void)state;
    assert_written("command=v&amount={amount}&x={taka}&i={invoice}&a={ip}", ERR_OK,
        "command=v&amount=12050&x=120.50&i=K1N1&a=203.0.113.7");
    assert_written("{trans_id}", ERR_OK, "a%2Fb%2Bc%3D");
    assert_written("", ERR_OK, "");
    assert_written("command=b", ERR_OK, "command=b");
    static const char *const bad[] = {"{", "}", "{amount", "a}b{amount}", "{nobody}", "{}"};
    for (size_t i = 0; i < array_len(bad); i++)
        assert_written(bad[i], ERR_SYNTAX, NULL);
}

static int arena_begin(void **state)
{
    (void)state;
    arena_init(&arena, ECOMM_ARENA_MAX);
    return 0;
}

static int arena_end(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static void a_closed_day_keeps_the_banks_words(void **state)
{
    (void)state;
    struct wallet_answer w = closed(200, "RESULT: OK\r\nRESULT_CODE: 500\r\n\r\nFLD_075: 4\n");
    assert_answer(&w, WALLET_OK, "OK");
    assert_text(w.message, "RESULT: OK; RESULT_CODE: 500; FLD_075: 4");
    w = closed(200, "error: nothing to close\n");
    assert_answer(&w, WALLET_DECLINED, "error");
    assert_text(w.message, "nothing to close");
    w = closed(200, "RESULT: OK\nRESULT_CO");
    assert_answer(&w, WALLET_UNKNOWN, "bad_result_code");
    w = closed(200, "RESULT: FAILED\n");
    assert_answer(&w, WALLET_DECLINED, "FAILED");
    w = closed(200, "");
    assert_answer(&w, WALLET_UNKNOWN, "empty_body");
    w = closed(200, "RESULT: OK\nRESULT: OK\n");
    assert_answer(&w, WALLET_UNKNOWN, "bad_lines");
    w = closed(500, "RESULT: OK\n");
    assert_answer(&w, WALLET_UNKNOWN, "http_500");
    w = closed(400, "<html>");
    assert_answer(&w, WALLET_BROKEN, "http_400");
}

static struct wallet_answer reversed(int status, const char *body)
{
    struct wallet_answer w;
    arena_reset(&arena);
    ecomm_read_reversed(&arena, status, str_from(body), STR("413522230000"), &w);
    return w;
}

static struct wallet_answer reversals(int status, const char *body)
{
    struct wallet_answer w;
    arena_reset(&arena);
    ecomm_read_reversals(&arena, status, str_from(body), STR("413522230000"), &w);
    return w;
}

/* Only c may say that a reversal was not done. */
static void a_reversal_is_done_or_nobody_knows(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum wallet_outcome outcome;
        const char *code;
    } cases[] = {
        {200, "RESULT: OK\r\nRESULT_CODE: 400\r\n", WALLET_OK, "OK"},
        {200, "RESULT: OK\nRESULT_CODE: 000\n", WALLET_OK, "OK"},
        {200, "RESULT: OK\nRESULT_CODE: 40", WALLET_UNKNOWN, "bad_result_code"},
        {200, "RESULT: OK\n", WALLET_UNKNOWN, "bad_result_code"},
        {200, "RESULT: REVERSED\nRESULT_CODE: 914\n", WALLET_UNKNOWN, "REVERSED"},
        {200, "RESULT: FAILED\n", WALLET_UNKNOWN, "FAILED"},
        {200, "error: read timed out\n", WALLET_UNKNOWN, "error"},
        {200, "RESULT: OK\nRESULT: OK\nRESULT_CODE: 400\n", WALLET_UNKNOWN, "bad_lines"},
        {200, "", WALLET_UNKNOWN, "empty_body"},
        {500, "RESULT: OK\nRESULT_CODE: 400\n", WALLET_UNKNOWN, "http_500"},
        {403, "<html>", WALLET_BROKEN, "http_403"},
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wallet_answer w = reversed(cases[i].status, cases[i].body);
        assert_answer(&w, cases[i].outcome, cases[i].code);
        assert_int_equal(w.completed, w.outcome == WALLET_OK);
        if (w.completed)
            assert_text(w.trx_id, "R413522230000");
    }
}

static void a_reversed_transaction_is_one_refund_of_all_of_it(void **state)
{
    (void)state;
    struct wallet_answer w = reversals(200, PAID);
    assert_answer(&w, WALLET_OK, "listed");
    assert_int_equal(w.refund_count, 0);
    w = reversals(200, "RESULT: REVERSED\nRESULT_CODE: 400\nRRN: 413522230000\n");
    assert_answer(&w, WALLET_OK, "listed");
    assert_int_equal(w.refund_count, 1);
    assert_text(w.refunds[0].trx_id, "R413522230000");
    assert_true(w.refunds[0].completed && w.refunds[0].untold && w.refunds[0].whole);
    w = reversals(200, "RESULT: AUTOREVERSED\n");
    assert_int_equal(w.refund_count, 1);
    w = reversals(200, "RESULT: REVERSED\nRRN: 413522230001\n");
    assert_answer(&w, WALLET_UNKNOWN, "other_payment");
    w = reversals(200, "RESULT: PENDING\n");
    assert_answer(&w, WALLET_UNKNOWN, "PENDING");
    w = reversals(200, "error: no such transaction\n");
    assert_answer(&w, WALLET_UNKNOWN, "error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transaction_is_begun),
        cmocka_unit_test(what_is_no_begun_transaction_is_not_taken_for_one),
        cmocka_unit_test(a_paid_transaction_tells_amount_and_reference),
        cmocka_unit_test(a_paid_transaction_that_lacks_something_says_nothing),
        cmocka_unit_test(the_other_ends_are_told_apart),
        cmocka_unit_test(an_answer_that_is_none_says_nothing),
        cmocka_unit_test(lines_have_a_limit),
        cmocka_unit_test(templates_are_filled_and_their_values_encoded),
        cmocka_unit_test(a_closed_day_keeps_the_banks_words),
        cmocka_unit_test(a_reversal_is_done_or_nobody_knows),
        cmocka_unit_test(a_reversed_transaction_is_one_refund_of_all_of_it),
    };
    return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
