#include "core/sms_scan.h"
#include "sms_texts.h"

static void same_text(const struct told *t, const char *what, struct str got, const char *wanted)
{
    if (!str_eq(got, wanted ? str_from(wanted) : STR_ABSENT) || (!wanted && !str_absent(got)))
        fail_msg("%s of %s: %.*s", what, t->body, STR_FMT(got));
}

static void same_money(
    const struct told *t, const char *what, bool has, struct money got, int64_t wanted)
{
    if ((has ? got.poisha : -1) != wanted)
        fail_msg("%s of %s: %" PRId64, what, t->body, got.poisha);
}

static void tells(const struct told *t, struct str body)
{
    char at[20];
    struct sms s = parse(t->sender, body);
    if (s.kind != t->kind || s.why != SMS_FINE || !s.form || strcmp(s.form, t->form) != 0)
        fail_msg("%.*s: %s, %s, %s", STR_FMT(body), sms_kind_text(s.kind), sms_why_text(s.why),
            s.form ? s.form : "no form");
    same_money(t, "amount", true, s.amount, t->amount);
    same_money(t, "fee", s.has_fee, s.fee, t->fee);
    same_money(t, "commission", s.has_commission, s.commission, t->commission);
    same_money(t, "balance", true, s.balance, t->balance);
    same_text(t, "TrxID", str_from(s.trx_id), t->trx_id);
    same_text(t, "number", str_from(s.number), t->number ? t->number : "");
    same_text(t, "masked number", str_from(s.number_masked), t->masked ? t->masked : "");
    same_text(t, "name", s.name, t->name);
    same_text(t, "reference", s.ref, t->ref);
    dhaka_time_format(s.at_ms, at);
    same_text(t, "time", str_from(at), t->at);
}

static void s1_every_known_text_tells_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < array_len(texts); i++)
        tells(&texts[i], str_from(texts[i].body));
}

static void s1_every_form_has_a_text_here(void **state)
{
    (void)state;
    const struct sms_form *form;
    for (size_t i = 0; (form = sms_form_at(i)) != NULL; i++) {
        bool found = form->kind == SMS_IGNORED;
        for (size_t k = 0; k < array_len(texts); k++)
            found = found || strcmp(form->name, texts[k].form) == 0;
        if (!found)
            fail_msg("%s", form->name);
    }
}

static void replace_all(struct buf *b, const char *s, char from, const char *to)
{
    buf_reset(b);
    for (; *s; s++) {
        if (*s == from) {
            buf_cstr(b, to);
        } else {
            buf_char(b, *s);
        }
    }
}

static void s1_line_ends_and_blanks_are_the_same(void **state)
{
    (void)state;
    static const char *const ends[] = {" ", "\n", "\r\n", " \n", "\xC2\xA0"};
    struct buf b;
    buf_init(&b, SMS_BODY_MAX);
    for (size_t i = 0; i < array_len(texts); i++) {
        for (size_t k = 0; k < array_len(ends); k++) {
            replace_all(&b, texts[i].body, '\n', ends[k]);
            tells(&texts[i], buf_view(&b));
        }
    }
    replace_all(&b, texts[0].body, ' ', "\n");
    tells(&texts[0], buf_view(&b));
    buf_clear(&b);
}

static void s1_one_full_stop_and_blanks_may_end_a_text(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, SMS_BODY_MAX);
    for (size_t i = 0; i < array_len(texts); i++) {
        bool stop = str_ends(str_from(texts[i].body), STR("."));
        buf_reset(&b);
        buf_printf(&b, "\n %s%s \r\n", texts[i].body, stop ? "" : ".");
        tells(&texts[i], buf_view(&b));
        buf_cstr(&b, "..");
        assert_int_equal(parse(texts[i].sender, buf_view(&b)).why, SMS_TRAILING_TEXT);
    }
    buf_clear(&b);
}

static void s1_a_text_with_more_at_either_end_or_cut_is_unparsed(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, SMS_BODY_MAX);
    for (size_t i = 0; i < array_len(texts); i++) {
        struct str body = str_from(texts[i].body);
        buf_reset(&b);
        buf_printf(&b, "%s x", texts[i].body);
        assert_int_equal(parse(texts[i].sender, buf_view(&b)).why, SMS_TRAILING_TEXT);
        buf_reset(&b);
        buf_printf(&b, "x %s", texts[i].body);
        assert_int_equal(parse(texts[i].sender, buf_view(&b)).kind, SMS_UNPARSED);
        size_t least = body.n;
        for (size_t n = 0; n < body.n; n++) {
            struct sms s = parse(texts[i].sender, str_sub(body, 0, n));
            least = s.kind != SMS_UNPARSED && n < least ? n : least;
        }
        /* only the words that may be missing, such as a link, may be cut away */
        assert_true(least == body.n || least >= str_find(body, ':', body.n - 50) + 2);
    }
    buf_clear(&b);
}

static void s1_neighbours_of_the_known_texts_match_nothing(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {BKASH, "Payment Tk 1,000.00 to X from Y. " BKASH_TAIL, SMS_NO_FORM},
        {BKASH, "You have sent Tk 20.00 to 01711111111. " BKASH_TAIL, SMS_NO_FORM},
        {BKASH, "You have received Cashback Tk 1.00 from 01711111111. " BKASH_TAIL, SMS_NO_FORM},
        {BKASH, "you have received Tk 20.00 from 01711111111. " BKASH_TAIL, SMS_NO_FORM},
        {BKASH, "You have received BDT 20.00 from 01711111111. " BKASH_TAIL, SMS_NO_FORM},
        {BKASH, "You have received Tk 20.00 from 01711111111. Note 5. " BKASH_TAIL, SMS_NO_FORM},
        {BKASH, "You have received Tk 20.00 from 01711111111. Reference 5. " BKASH_TAIL,
            SMS_NO_FORM},
        {BKASH, "You have received Tk 20.00 from 01711111111. Ref 5 " BKASH_TAIL, SMS_NO_FORM},
        {BKASH, "You have received Tk 20.00 from 01711111111." BKASH_TAIL " 5.", SMS_TRAILING_TEXT},
        {BKASH, "You have received Tk 20.00 from a friend. " BKASH_TAIL, SMS_BAD_NUMBER},
        {BKASH, "Cash In Tk 20.00 from 01711111111 failed. " BKASH_TAIL, SMS_NO_FORM},
        {BKASH, "Cash In Tk 20.00 from 01711111111 successful. Ref 5. " BKASH_TAIL, SMS_NO_FORM},
        {BKASH, "You have received deposit from iBanking of Tk 99.00 from . " BKASH_TAIL,
            SMS_BAD_NAME},
        {BKASH, NAGAD_HEAD NAGAD_TAIL, SMS_NO_FORM},
        {NAGAD, BKASH_HEAD BKASH_TAIL, SMS_NO_FORM},
        {ROCKET, BKASH_HEAD BKASH_TAIL, SMS_NO_FORM},
        {NAGAD, "Money Sent.\nAmount: Tk 99.00\nReceiver: 01811111111\n" NAGAD_TAIL, SMS_NO_FORM},
        {NAGAD, "Money Received.\nAmount: Tk 99.00\nSender: 01811111111\nNote: x\n" NAGAD_TAIL,
            SMS_NO_FORM},
        {NAGAD, "Cash Out Received.\nAmount: Tk 99.00\nCustomer: 01811111111\n" NAGAD_TAIL,
            SMS_NO_FORM},
        {NAGAD, "Cash In Failed.\nAmount: Tk 99.00\nCustomer: 01811111111\n" NAGAD_TAIL,
            SMS_NO_FORM},
        {NAGAD, "WIN A CAR!\n" NAGAD_HEAD NAGAD_TAIL, SMS_NO_FORM},
        {ROCKET, "Tk99.00 requested from A/C:***515 Fee:Tk0, Your A/C Balance: Tk1.00 " ROCKET_TAIL,
            SMS_NO_FORM},
        {ROCKET,
            "Cash-In to A/C: ***332 Tk26.00 Fee: Tk.00, Your A/C Balance: Tk2.00. " ROCKET_TAIL,
            SMS_NO_FORM},
        {ROCKET,
            "Tk99.00 received from A/C:***515 Fee:Tk0, Your A/C Balance: Tk1.00 " ROCKET_TAIL
            " Download https://bit.ly/nexuspay2",
            SMS_TRAILING_TEXT},
        {BKASH, "", SMS_NO_FORM},
        {BKASH, "Enjoy 20% off with bKash!", SMS_NO_FORM},
    };
    refused_all(cases, array_len(cases));
}

static void s1_a_secret_code_is_told_from_money(void **state)
{
    (void)state;
    struct str code = STR("Your bKash verification code is 123456. Expires in 2 minutes.");
    struct str old = STR("<#> Your bKash verification code is 123456. It expires in 2 minutes.");
    struct str card = STR("Dear Customer, 000000 is your OTP for e-com transaction of a card.");
    assert_int_equal(parse(BKASH, code).kind, SMS_IGNORED);
    assert_int_equal(parse(BKASH, old).kind, SMS_IGNORED);
    assert_int_equal(parse(ROCKET, card).kind, SMS_IGNORED);
    assert_int_equal(parse(BKASH, card).kind, SMS_UNPARSED);
    assert_int_equal(parse("01711111111", code).kind, SMS_FOREIGN);
}

static void bodies_are_bounded_and_are_text(void **state)
{
    (void)state;
    char body[SMS_BODY_MAX + 1];
    memset(body, ' ', sizeof(body));
    memcpy(body, texts[0].body, strlen(texts[0].body));
    tells(&texts[0], (struct str){body, SMS_BODY_MAX});
    assert_int_equal(parse(BKASH, (struct str){body, sizeof(body)}).why, SMS_TOO_LONG);
    static const char *const bad[] = {"\xFF", "\x01", "\x7F", "\xC3", "\x1B"};
    struct buf b;
    buf_init(&b, SMS_BODY_MAX);
    for (size_t i = 0; i < array_len(bad); i++)
        assert_int_equal(with_ref(&b, BKASH, bad[i]).why, SMS_NOT_TEXT);
    buf_clear(&b);
    assert_int_equal(parse(BKASH, (struct str){"You\0have", 8}).why, SMS_NOT_TEXT);
    assert_int_equal(parse(BKASH, STR_ABSENT).why, SMS_NO_FORM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s1_every_known_text_tells_what_it_says),
        cmocka_unit_test(s1_every_form_has_a_text_here),
        cmocka_unit_test(s1_line_ends_and_blanks_are_the_same),
        cmocka_unit_test(s1_one_full_stop_and_blanks_may_end_a_text),
        cmocka_unit_test(s1_a_text_with_more_at_either_end_or_cut_is_unparsed),
        cmocka_unit_test(s1_neighbours_of_the_known_texts_match_nothing),
        cmocka_unit_test(s1_a_secret_code_is_told_from_money),
        cmocka_unit_test(bodies_are_bounded_and_are_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
