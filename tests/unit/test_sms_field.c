#include "sms_fixture.h"

static void s12_bangla_digits_and_lookalike_letters_are_read(void **state)
{
    (void)state;
    struct sms s = parse(
        BKASH, STR("You have received Tk "
                   "\xE0\xA7\xA7,\xE0\xA7\xA8\xE0\xA7\xA9\xE0\xA7\xAA.\xE0\xA7\xAB\xE0\xA7\xA6 "
                   "from \xE0\xA7\xA6\xE0\xA7\xA7\xE0\xA7\xAD"
                   "11111111. Fee Tk 0.00. Balance Tk 1,350.91. "
                   "TrxID DG\xE0\xA7\xA8\xE0\xA7\xAB"
                   "AAAAAA at 0\xE0\xA7\xA8/07/2026 15:00"));
    assert_int_equal(s.kind, SMS_SEND_MONEY);
    assert_int_equal(s.amount.poisha, 123450);
    assert_string_equal(s.number, "01711111111");
    assert_string_equal(s.trx_id, "DG25AAAAAA");
    s = parse(NAGAD, STR(NAGAD_HEAD "TxnID: 75H\xCE\x9D\xCE\x95\xCE\x9A\xCE\x9F"
                                    "8\nBalance: Tk "
                                    "1289.43\n08/06/2026 19:00"));
    assert_int_equal(s.kind, SMS_SEND_MONEY);
    assert_string_equal(s.trx_id, "75HNEKO8");
    assert_true(str_is(s.trx_id_told, "75H\xCE\x9D\xCE\x95\xCE\x9A\xCE\x9F"
                                      "8"));
    /* the wallet's own words have no look-alikes */
    s = parse(BKASH, STR("You h\xD0\xB0ve received Tk 20.00 from 01711111111. " BKASH_TAIL));
    assert_int_equal(s.why, SMS_NO_FORM);
}

static void numbers_have_one_form(void **state)
{
    (void)state;
    static const char *const forms[] = {"01711111111", "8801711111111", "+8801711111111"};
    struct buf b;
    buf_init(&b, SMS_BODY_MAX);
    for (size_t i = 0; i < array_len(forms); i++) {
        buf_reset(&b);
        buf_printf(&b, "You have received Tk 20.00 from %s. " BKASH_TAIL, forms[i]);
        struct sms s = parse(BKASH, buf_view(&b));
        assert_string_equal(s.number, "01711111111");
        assert_true(str_is(s.number_told, forms[i]));
    }
    buf_clear(&b);
}

static void s14_amounts_group_by_three_or_the_south_asian_way(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t poisha; /* -1: refused */
    } cases[] = {{"100,000.00", 10000000}, {"1,00,000.00", 10000000}, {"100000.00", 10000000},
        {"1,00,00,000.50", 1000000050}, {"10,00,000", 100000000}, {"1,234,567.8", 123456780},
        {"1,000", 100000}, {"99", 9900}, {"0", 0}, {"0.5", 50}, {".00", 0}, {".07", 7},
        {"999999999999.99", INT64_C(99999999999999)}, {"1.005", -1}, {"1.", -1}, {".5", -1},
        {"", -1}, {".", -1}, {",", -1}, {"1,", -1}, {",100", -1}, {"1,00", -1}, {"1,0000", -1},
        {"1000,000", -1}, {"1,00,000,000", -1}, {"1,000,00,000", -1}, {"100,00,000", -1},
        {"1,,000", -1}, {"1,00,00.00", -1}, {"0,100", -1}, {"007", -1}, {"00", -1}, {"-1", -1},
        {"+1", -1}, {"1e3", -1}, {"1 000", -1}, {"1.0.0", -1}, {"1.0,0", -1}, {"1000000000000", -1},
        {"12.3x", -1}};
    for (size_t i = 0; i < array_len(cases); i++) {
        struct money m = money_poisha(-1);
        enum err err = sms_amount_parse(str_from(cases[i].text), &m);
        if (m.poisha != cases[i].poisha || (err == ERR_OK) != (m.poisha >= 0))
            fail_msg("%s: %" PRId64, cases[i].text, m.poisha);
    }
    struct sms s =
        parse(BKASH, STR("You have received Tk 1,00,000.00 from 01711111111. " BKASH_TAIL));
    assert_int_equal(s.amount.poisha, 10000000);
    s = parse(BKASH, STR("You have received Tk 100,000.00 from 01711111111. " BKASH_TAIL));
    assert_int_equal(s.amount.poisha, 10000000);
}

static void rocket_s_point_behind_tk_is_no_decimal_point(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t poisha;
    } cases[] = {{"Tk20.00", 2000}, {"Tk.20.00", 2000}, {"Tk.20", 20}, {"Tk.1,020.00", 102000},
        {"Tk..20.00", 0}, {"Tk.200", 0}};
    struct buf b;
    buf_init(&b, SMS_BODY_MAX);
    for (size_t i = 0; i < array_len(cases); i++) {
        buf_reset(&b);
        buf_printf(&b,
            "%s received from A/C:***946 Ref No: NA Fee: Tk.00 NetBal: Tk41.00 " ROCKET_TAIL,
            cases[i].text);
        struct sms s = parse(ROCKET, buf_view(&b));
        if (s.amount.poisha != cases[i].poisha)
            fail_msg("%s: %" PRId64, cases[i].text, s.amount.poisha);
    }
    buf_clear(&b);
    struct str bkash = STR("You have received Tk .20.00 from 01711111111. " BKASH_TAIL);
    assert_int_equal(parse(BKASH, bkash).why, SMS_BAD_AMOUNT);
}

static void trx_ids_have_one_normal_form(void **state)
{
    (void)state;
    static const struct {
        enum wallet_kind wallet;
        const char *text;
        const char *normal; /* NULL: refused */
    } cases[] = {{WALLET_BKASH, "DG25AAAAAA", "DG25AAAAAA"},
        {WALLET_BKASH, " dg25 aaaa aa\n", "DG25AAAAAA"},
        {WALLET_BKASH,
            "DG25\xE2\x80\x8B"
            "AAAAAA\xEF\xBB\xBF",
            "DG25AAAAAA"},
        {WALLET_BKASH,
            "\xEF\xBC\xA4\xEF\xBD\x87\xEF\xBC\x92"
            "5AAAAAA",
            "DG25AAAAAA"},
        {WALLET_BKASH,
            "\xCE\x91\xD0\x92\xD0\xA1"
            "25AAAAA",
            "ABC25AAAAA"},
        {WALLET_BKASH,
            "\xD0\xB0\xD0\xB5\xD0\xBE"
            "25AAAAA",
            "AEO25AAAAA"},
        {WALLET_BKASH,
            "DG\xE0\xA7\xA8\xE0\xA7\xAB"
            "AAAAAA",
            "DG25AAAAAA"},
        {WALLET_BKASH, "DGO5AAAAAA", "DGO5AAAAAA"}, {WALLET_BKASH, "DG05AAAAAA", "DG05AAAAAA"},
        {WALLET_BKASH, "DG25AAAAA", NULL}, {WALLET_BKASH, "DG25AAAAAAA", NULL},
        {WALLET_BKASH, "DG25-AAAAA", NULL}, {WALLET_BKASH, "", NULL},
        {WALLET_BKASH, "DG25AAAAA\xCE\xBD", NULL}, {WALLET_BKASH, "DG25AAAAA\xC3\x81", NULL},
        {WALLET_BKASH, "DG25AAAAA\xFF", NULL}, {WALLET_NAGAD, "75hkaaaa", "75HKAAAA"},
        {WALLET_NAGAD, "75HKAAAAA", NULL}, {WALLET_NAGAD, "75HKAAA", NULL},
        {WALLET_ROCKET, "6606781111", "6606781111"},
        {WALLET_ROCKET,
            "\xE0\xA7\xAC"
            "606781111",
            "6606781111"},
        {WALLET_ROCKET, "66O6781111", NULL}, {WALLET_ROCKET, "660678111", NULL}};
    for (size_t i = 0; i < array_len(cases); i++) {
        char out[TRXID_CAP] = "before";
        enum err err = trxid_normal(cases[i].wallet, str_from(cases[i].text), out);
        const char *wanted = cases[i].normal ? cases[i].normal : "before";
        if ((err == ERR_OK) != (cases[i].normal != NULL) || strcmp(out, wanted) != 0)
            fail_msg("row %zu, %s: %s", i, cases[i].text, out);
    }
    char long_text[TRXID_TEXT_MAX + 2];
    char out[TRXID_CAP];
    memset(long_text, ' ', sizeof(long_text));
    memcpy(long_text, "DG25AAAAAA", 10);
    assert_int_equal(
        trxid_normal(WALLET_BKASH, (struct str){long_text, TRXID_TEXT_MAX}, out), ERR_OK);
    assert_int_equal(
        trxid_normal(WALLET_BKASH, (struct str){long_text, TRXID_TEXT_MAX + 1}, out), ERR_SYNTAX);
}

static void s11_o_for_zero_is_hinted_and_never_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *stored;
        bool hint;
    } cases[] = {{"DGO5AAAAAA", "DG05AAAAAA", true}, {"DG05AAAAAA", "DGO5AAAAAA", true},
        {"dgo5aaaai1", "DG05AAAA1I", true}, {"66O678IIII", "6606781111", true},
        {"DG05AAAAAA", "DG05AAAAAA", false}, {"dg05 aaaaaa", "DG05AAAAAA", false},
        {"DGO5AAAAAB", "DG05AAAAAA", false}, {"DGO5AAAAA", "DG05AAAAAA", false},
        {"DGO5AAAAAAA", "DG05AAAAAA", false}, {"DGQ5AAAAAA", "DG05AAAAAA", false}, {"", "", false}};
    for (size_t i = 0; i < array_len(cases); i++)
        if (trxid_looks_like(str_from(cases[i].typed), str_from(cases[i].stored)) != cases[i].hint)
            fail_msg("%s, %s", cases[i].typed, cases[i].stored);
}

static void kinds_and_reasons_have_words(void **state)
{
    (void)state;
    for (int k = 0; k < SMS_KIND_COUNT; k++)
        assert_non_null(sms_kind_text((enum sms_kind)k));
    for (int w = 0; w < SMS_WHY_COUNT; w++)
        assert_non_null(sms_why_text((enum sms_why)w));
    assert_true(sms_moves_balance(SMS_DEBIT) && sms_moves_balance(SMS_OTHER_CREDIT));
    assert_false(sms_is_received(SMS_DEBIT) || sms_is_received(SMS_OTHER_CREDIT));
    assert_false(sms_moves_balance(SMS_IGNORED) || sms_moves_balance(SMS_UNPARSED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s12_bangla_digits_and_lookalike_letters_are_read),
        cmocka_unit_test(numbers_have_one_form),
        cmocka_unit_test(s14_amounts_group_by_three_or_the_south_asian_way),
        cmocka_unit_test(rocket_s_point_behind_tk_is_no_decimal_point),
        cmocka_unit_test(trx_ids_have_one_normal_form),
        cmocka_unit_test(s11_o_for_zero_is_hinted_and_never_the_same),
        cmocka_unit_test(kinds_and_reasons_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
