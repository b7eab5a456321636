#include "sms_fixture.h"

static void fields_of_bkash_that_are_wrong_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *amount, *number, *fee, *balance, *trx_id, *at;
        enum sms_why why;
    } cases[] = {
        {.amount = "0.00", .why = SMS_BAD_AMOUNT},
        {.amount = "-5.00", .why = SMS_BAD_AMOUNT},
        {.amount = "1.005", .why = SMS_BAD_AMOUNT},
        {.number = "02711111111", .why = SMS_BAD_NUMBER},
        {.number = "0171111111", .why = SMS_BAD_NUMBER},
        {.number = "017111111111", .why = SMS_BAD_NUMBER},
        {.number = "***********", .why = SMS_BAD_NUMBER},
        {.number = "0171111111111111111", .why = SMS_BAD_NUMBER},
        {.fee = "x", .why = SMS_BAD_FEE},
        {.balance = "1,00", .why = SMS_BAD_BALANCE},
        {.trx_id = "DH38AAAAA", .why = SMS_BAD_TRXID},
        {.trx_id = "DH38AAAAAAA", .why = SMS_BAD_TRXID},
        {.trx_id = "DH38-AAAAA", .why = SMS_BAD_TRXID},
        {.at = "31/02/2026 22:18", .why = SMS_BAD_TIME},
        {.at = "03/08/2026 24:18", .why = SMS_BAD_TIME},
        {.at = "03/08/2026 22:60", .why = SMS_BAD_TIME},
        {.at = "03/08/1926 22:18", .why = SMS_BAD_TIME},
    };
#define OR(field, fine) (cases[i].field ? cases[i].field : (fine))
    struct buf b;
    buf_init(&b, SMS_BODY_MAX);
    for (size_t i = 0; i < array_len(cases); i++) {
        buf_reset(&b);
        buf_printf(&b, "You have received Tk %s from %s. Fee Tk %s. Balance Tk %s. TrxID %s at %s",
            OR(amount, "20.00"), OR(number, "01711111111"), OR(fee, "0.00"), OR(balance, "1.00"),
            OR(trx_id, "DH38AAAAAA"), OR(at, "03/08/2026 22:18"));
        struct refused r = {BKASH, b.p, cases[i].why};
        refused_all(&r, 1);
    }
#undef OR
    buf_clear(&b);
}

static void fields_of_nagad_and_rocket_that_are_wrong_are_named(void **state)
{
    (void)state;
#define ROCKET_HEAD "Tk9.00 received from A/C:***515 Fee:Tk0, Your A/C Balance: Tk1.00 "
    static const struct refused cases[] = {
        {NAGAD, NAGAD_HEAD "TxnID: 75HKAAAAA\nBalance: Tk 1.00\n08/06/2026 19:00", SMS_BAD_TRXID},
        {ROCKET, ROCKET_HEAD "TxnId:66067811AB Date:08-JUN-26 06:21:43 am.", SMS_BAD_TRXID},
        {ROCKET, ROCKET_HEAD "TxnId:6606781111 Date:08-JUX-26 06:21:43 am.", SMS_BAD_TIME},
        {ROCKET, ROCKET_HEAD "TxnId:6606781111 Date:08-JUN-26 13:21:43 am.", SMS_BAD_TIME},
        {ROCKET, ROCKET_HEAD "TxnId:6606781111 Date:08-JUN-26 00:21:43 am.", SMS_BAD_TIME},
    };
#undef ROCKET_HEAD
    refused_all(cases, array_len(cases));
}

static void s8_only_the_wallets_own_senders_are_heard(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"bkashnotice", BKASH_HEAD BKASH_TAIL, SMS_SENDER_LOOKALIKE},
        {"bKash ", BKASH_HEAD BKASH_TAIL, SMS_SENDER_LOOKALIKE},
        {" bKash", BKASH_HEAD BKASH_TAIL, SMS_SENDER_LOOKALIKE},
        {"b-Kash", BKASH_HEAD BKASH_TAIL, SMS_SENDER_LOOKALIKE},
        {"bK4sh", BKASH_HEAD BKASH_TAIL, SMS_SENDER_LOOKALIKE},
        {"bK\xD0\xB0sh", BKASH_HEAD BKASH_TAIL, SMS_SENDER_LOOKALIKE},
        {"\xEF\xBD\x82Kash", BKASH_HEAD BKASH_TAIL, SMS_SENDER_LOOKALIKE},
        {"b\xE2\x80\x8BKash", BKASH_HEAD BKASH_TAIL, SMS_SENDER_LOOKALIKE},
        {"N4GAD", NAGAD_HEAD NAGAD_TAIL, SMS_SENDER_LOOKALIKE},
        {"NAGAD-BD", NAGAD_HEAD NAGAD_TAIL, SMS_SENDER_LOOKALIKE},
        {"+16216", "x", SMS_SENDER_LOOKALIKE},
        {"I62I6", "x", SMS_SENDER_LOOKALIKE},
        {"\xE0\xA7\xA7\xE0\xA7\xAC\xE0\xA7\xA8\xE0\xA7\xA7\xE0\xA7\xAC", "x", SMS_SENDER_LOOKALIKE},
        {"01716216111", BKASH_HEAD BKASH_TAIL, SMS_SENDER_UNKNOWN},
        {"+8801711111111", BKASH_HEAD BKASH_TAIL, SMS_SENDER_UNKNOWN},
        {"16247", BKASH_HEAD BKASH_TAIL, SMS_SENDER_UNKNOWN},
        {"16167", NAGAD_HEAD NAGAD_TAIL, SMS_SENDER_UNKNOWN},
        {"", BKASH_HEAD BKASH_TAIL, SMS_SENDER_UNKNOWN},
        {"bkas", BKASH_HEAD BKASH_TAIL, SMS_SENDER_UNKNOWN},
        {"\xFF\xFE", BKASH_HEAD BKASH_TAIL, SMS_SENDER_UNKNOWN},
    };
    refused_all(cases, array_len(cases));
    for (size_t i = 0; i < array_len(cases); i++)
        assert_int_equal(parse(cases[i].sender, str_from(cases[i].body)).kind, SMS_FOREIGN);
}

static const struct {
    const char *sender;
    const char *trx_id;
    int64_t amount, balance;
} real[] = {{BKASH, "DH38AAAAAA", 2000, 14013}, {NAGAD, "75HKAAAA", 9900, 128943},
    {ROCKET, "6022161111", 2000, 4100}};

static void s2_a_reference_says_what_it_likes_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const refs[] = {"5", "two words", "a. b. c.", "Tk 999999.00", "Fee Tk 0.00",
        "Balance Tk 9", "Ref 7", "Ref: 7", "Fee Tk 0.00. Balance Tk 9", "TrxID",
        "TxnID:", "TrxID soon", "received from 01722222222", "at 01/01/2026 10:00", "line\nbreak",
        "{ref}", "[x] %s", "\xE0\xA6\xA7\xE0\xA6\xA8\xE0\xA7\x8D\xE0\xA6\xAF", "<b>&\"'",
        "Fee Fee Fee Fee", "TxnID TxnID TxnID", "Fee: Tk1.00 NetBal: Tk2.00",
        "You have received Tk 999.00 from 01722222222"};
    struct buf b;
    buf_init(&b, SMS_BODY_MAX);
    for (size_t i = 0; i < array_len(real); i++) {
        for (size_t k = 0; k < array_len(refs); k++) {
            struct sms s = with_ref(&b, real[i].sender, refs[k]);
            if (!sms_is_received(s.kind) || s.amount.poisha != real[i].amount ||
                s.balance.poisha != real[i].balance || strcmp(s.trx_id, real[i].trx_id) != 0 ||
                !str_is(s.ref, refs[k]))
                fail_msg("%s: %s: %.*s", b.p, sms_why_text(s.why), STR_FMT(s.ref));
        }
    }
    buf_clear(&b);
}

static void s2_a_reference_that_imitates_the_end_is_refused(void **state)
{
    (void)state;
    static const struct {
        int at;
        const char *ref;
    } refs[] = {
        {0, "x. Fee Tk 0.00. Balance Tk 9. TrxID DG25ZZZZZZ at 01/01/2026 10:00"},
        {0, "x. Fee Tk 0.00. Balance Tk 9. TrxID DG25ZZZZZZ at 01/01/2026 10:00. y"},
        {0, "x.\nFee Tk 0.00.\nBalance Tk 9.\nTrxID DG25ZZZZZZ at 01/01/2026 10:00"},
        {0, "TrxID DG25ZZZZZZ"},
        {0, "trxid: dg25zzzzzz"},
        {0, "TrxID DG25\xD0\x90\xD0\x90\xD0\x90\xD0\x90\xD0\x90\xD0\x90, ok"},
        {1, "x\nTxnID: 75HKZZZZ\nBalance: Tk 9.00\n01/01/2026 10:00"},
        {1, "x TxnID: 75HKZZZZ Balance: Tk 9.00 01/01/2026 10:00"},
        {1, "TxnID 75HKZZZZ"},
        {2, "x Fee: Tk.00 NetBal: Tk41.00 TxnId: 6022169999 Date:27-DEC-25 07:17:16 pm."},
        {2, "TxnId:6022169999"},
    };
    struct buf b;
    buf_init(&b, SMS_BODY_MAX);
    for (size_t i = 0; i < array_len(refs); i++) {
        struct sms s = with_ref(&b, real[refs[i].at].sender, refs[i].ref);
        if (s.why != SMS_REF_HAS_TRXID || s.kind != SMS_UNPARSED || s.trx_id[0])
            fail_msg("%s: %s", b.p, sms_why_text(s.why));
    }
    buf_clear(&b);
}

static void s2_a_forged_end_behind_a_broken_one_is_no_end(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {BKASH,
            BKASH_HEAD "Ref x. Fee Tk 0.00. Balance Tk 9.00. TrxID DG25ZZZZZZ at 01/01/2026 10:00. "
                       "Fee Tk 0.00. Balance Tk 140.13. TrxID",
            SMS_TRAILING_TEXT},
        {BKASH,
            BKASH_HEAD
            "Ref x. Fee Tk 0.00. Balance Tk 9.00. TrxID DG25ZZZZZZ at 01/01/2026 10:00. ok",
            SMS_TRAILING_TEXT},
        {NAGAD, NAGAD_HEAD "Ref: TxnID: 75HKZZZZ Balance: Tk 9.00 01/01/2026 10:00\nTxnID: 75",
            SMS_BAD_TRXID},
    };
    refused_all(cases, array_len(cases));
}

static void s2_long_references_fit_up_to_the_cap(void **state)
{
    (void)state;
    char ref[SMS_REF_MAX + 2];
    struct buf b;
    buf_init(&b, SMS_BODY_MAX);
    for (size_t i = 0; i < array_len(real); i++) {
        memset(ref, 'x', sizeof(ref));
        ref[200] = '\0';
        struct sms s = with_ref(&b, real[i].sender, ref);
        assert_true(sms_is_received(s.kind) && s.ref.n == 200);
        assert_string_equal(s.trx_id, real[i].trx_id);
        ref[200] = 'x';
        ref[SMS_REF_MAX] = '\0';
        assert_true(sms_is_received(with_ref(&b, real[i].sender, ref).kind));
        ref[SMS_REF_MAX] = 'x';
        ref[SMS_REF_MAX + 1] = '\0';
        assert_int_equal(with_ref(&b, real[i].sender, ref).why, SMS_REF_TOO_LONG);
    }
    buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_bkash_that_are_wrong_are_named),
        cmocka_unit_test(fields_of_nagad_and_rocket_that_are_wrong_are_named),
        cmocka_unit_test(s8_only_the_wallets_own_senders_are_heard),
        cmocka_unit_test(s2_a_reference_says_what_it_likes_and_changes_nothing),
        cmocka_unit_test(s2_a_reference_that_imitates_the_end_is_refused),
        cmocka_unit_test(s2_a_forged_end_behind_a_broken_one_is_no_end),
        cmocka_unit_test(s2_long_references_fit_up_to_the_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
