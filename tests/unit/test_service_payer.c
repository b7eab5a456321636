/* Who guesses a TrxID does not know the payer's digits: he gets nothing by it and learns nothing. Numbers and ids are made up. */
#include "core/payer_end.h"
#include "number_world.h"

#define TRX "6606781111"
#define OTHER "516"

static int64_t told_to(struct world *w, const struct shop_payment *p)
{
    return world_payment(w, p->id).paid.poisha;
}

static enum err wait_note(void *arg, const struct number_wait_row *r)
{
    snprintf(arg, PAYER_END_CAP, "%.*s", STR_FMT(r->payer_end));
    return ERR_OK;
}

static enum err wait_count(void *arg, const struct number_wait_row *r)
{
    (void)r;
    ++*(int *)arg;
    return ERR_OK;
}

static int waits_of(struct world *w, const struct shop_payment *p, char payer_end[PAYER_END_CAP])
{
    int count = 0;
    payer_end[0] = '\0';
    ok(store_number_wait_each_of(world_db(w), p->id, wait_note, payer_end));
    ok(store_number_wait_each_of(world_db(w), p->id, wait_count, &count));
    return count;
}

static void a_guessed_trxid_takes_no_money_without_its_payers_digits(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "A", "300.00"), thief = create(w, "B", "300.00");
    told(w, 300, TRX);
    assert_int_equal(typed_from(w, &thief, TRX, OTHER), NUMBER_WAITS);
    assert_int_equal(credit(w, TRX).state, NUMBER_CREDIT_FREE);
    assert_int_equal(told_to(w, &thief), 0);
    assert_int_equal(typed(w, &p, TRX), NUMBER_TAKEN);
    is_paid(w, &p, 30000, 1);
    assert_int_equal(told_to(w, &thief), 0);
}

static void a_trxid_typed_before_its_sms_takes_nothing_with_other_digits(void **state)
{
    struct world *w = *state;
    char end[PAYER_END_CAP];
    struct shop_payment p = create(w, "A", "300.00"), thief = create(w, "B", "300.00");
    assert_int_equal(typed_from(w, &thief, TRX, OTHER), NUMBER_WAITS);
    told(w, 300, TRX);
    assert_int_equal(credit(w, TRX).state, NUMBER_CREDIT_FREE);
    assert_int_equal(told_to(w, &thief), 0);
    /* nor when another message comes */
    told(w, 100, "6606781112");
    assert_int_equal(credit(w, TRX).state, NUMBER_CREDIT_FREE);
    assert_int_equal(typed(w, &p, TRX), NUMBER_TAKEN);
    is_paid(w, &p, 30000, 1);
    /* he is not told that it is taken now */
    assert_int_equal(waits_of(w, &thief, end), 1);
}

static void who_waits_with_other_digits_stands_in_nobodys_way(void **state)
{
    struct world *w = *state;
    char order[16];
    struct shop_payment thieves[20];
    for (int i = 0; i < 20; i++) {
        snprintf(order, sizeof order, "T-%d", i);
        thieves[i] = create(w, order, "300.00");
        assert_int_equal(typed_from(w, &thieves[i], TRX, i == 0 ? "999" : OTHER), NUMBER_WAITS);
    }
    struct shop_payment p = create(w, "A", "300.00");
    assert_int_equal(typed(w, &p, TRX), NUMBER_WAITS);
    told(w, 300, TRX);
    is_paid(w, &p, 30000, 1);
    for (int i = 0; i < 20; i++)
        assert_int_equal(told_to(w, &thieves[i]), 0);
}

/* The money came long before the others' payments were made, so that it cannot be theirs. */
static void any_number_of_strangers_hides_nobody(void **state)
{
    struct world *w = *state;
    char order[16];
    struct shop_payment p = create(w, "A", "300.00");
    clock_advance(&w->clock, 10 * MINUTE);
    for (int i = 0; i < 20; i++) {
        snprintf(order, sizeof order, "T-%d", i);
        struct shop_payment stranger = create(w, order, "300.00");
        assert_int_equal(typed(w, &stranger, TRX), NUMBER_WAITS);
    }
    clock_advance(&w->clock, 1);
    assert_int_equal(typed(w, &p, TRX), NUMBER_WAITS);
    told(w, 300, TRX);
    is_paid(w, &p, 30000, 1);
}

static void an_answer_does_not_tell_whether_trxid_or_digits_are_wrong(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "A", "300.00"), thief = create(w, "B", "300.00");
    told(w, 300, TRX);
    told(w, 300, "6606781112");
    assert_int_equal(typed(w, &p, TRX), NUMBER_TAKEN);
    /* claimed, free, never told: one answer */
    assert_int_equal(typed_from(w, &thief, TRX, OTHER), NUMBER_WAITS);
    assert_int_equal(typed_from(w, &thief, "6606781112", OTHER), NUMBER_WAITS);
    assert_int_equal(typed_from(w, &thief, "6606781113", OTHER), NUMBER_WAITS);
    assert_int_equal(typed_from(w, &thief, "6606781114", OTHER), NUMBER_WAITS);
    assert_int_equal(typed_from(w, &thief, "6606781115", OTHER), NUMBER_WAITS);
    assert_int_equal(typed_from(w, &thief, "6606781112", "517"), NUMBER_WAITS);
    assert_int_equal(typed_from(w, &thief, "6606781116", OTHER), NUMBER_TOO_MANY);
    told(w, 300, "6606781117");
    assert_int_equal(typed_from(w, &thief, "6606781117", OTHER), NUMBER_TOO_MANY);
}

static void mistyped_digits_are_typed_again_before_the_sms(void **state)
{
    struct world *w = *state;
    char end[PAYER_END_CAP];
    struct shop_payment p = create(w, "A", "300.00");
    w->config.number_waits_max = 1;
    assert_int_equal(typed_from(w, &p, TRX, OTHER), NUMBER_WAITS);
    assert_int_equal(typed_from(w, &p, TRX, "৫১৫"), NUMBER_WAITS);
    assert_int_equal(waits_of(w, &p, end), 1);
    assert_string_equal(end, PAYER);
    told(w, 300, TRX);
    is_paid(w, &p, 30000, 1);
}

static void mistyped_digits_are_typed_again_after_the_sms(void **state)
{
    struct world *w = *state;
    char end[PAYER_END_CAP];
    struct page_view v;
    struct shop_payment p = create(w, "A", "300.00");
    w->config.number_waits_max = 1;
    told(w, 100, TRX);
    assert_int_equal(typed_from(w, &p, TRX, OTHER), NUMBER_WAITS);
    ok(checkout_page_load(&w->s, &w->arena, str_from(p.uuid), PAGE_WAY_NONE, &v));
    assert_true(str_is(v.number.waits, TRX));
    assert_true(str_is(v.number.waits_payer, OTHER));
    assert_int_equal(typed(w, &p, TRX), NUMBER_TAKEN);
    assert_int_equal(waits_of(w, &p, end), 0);
    /* what is his stays his, whatever he types beside it */
    assert_int_equal(typed_from(w, &p, TRX, OTHER), NUMBER_TAKEN);
    assert_int_equal(told_to(w, &p), 10000);
}

static void what_are_no_digits_is_told_and_waits_for_nothing(void **state)
{
    struct world *w = *state;
    char end[PAYER_END_CAP];
    static const char *const none[] = {"", "15", "51O", "5 1", "515x", "012345678901234", "٥١٥"};
    struct shop_payment p = create(w, "A", "300.00");
    for (size_t i = 0; i < array_len(none); i++)
        assert_int_equal(typed_from(w, &p, TRX, none[i]), NUMBER_NO_PAYER);
    assert_int_equal(waits_of(w, &p, end), 0);
    assert_int_equal(typed_from(w, &p, "DK61AAAAAA", ""), NUMBER_MALFORMED);
}

static void a_number_typed_whole_or_in_another_script_is_its_end(void **state)
{
    (void)state;
    static const char *const same[] = {"515", " 5 1 5 ", "৫১৫", "５１５", "***515", "01711111515",
        "+880 1711-111515", "017111111515"};
    char end[PAYER_END_CAP];
    for (size_t i = 0; i < array_len(same); i++) {
        ok(payer_end_parse(str_from(same[i]), end));
        assert_string_equal(end, "515");
    }
    static const char *const hidden[] = {"", "01", "017******11", "017*****", "51*"};
    for (size_t i = 0; i < array_len(hidden); i++) {
        payer_end_of_number(hidden[i], end);
        assert_string_equal(end, "");
    }
    payer_end_of_number("***946", end);
    assert_string_equal(end, "946");
    payer_end_of_number("01711111123", end);
    assert_string_equal(end, "123");
}

#define T(f) cmocka_unit_test_setup_teardown(f, numbers_setup, numbers_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_guessed_trxid_takes_no_money_without_its_payers_digits),
        T(a_trxid_typed_before_its_sms_takes_nothing_with_other_digits),
        T(who_waits_with_other_digits_stands_in_nobodys_way),
        T(any_number_of_strangers_hides_nobody),
        T(an_answer_does_not_tell_whether_trxid_or_digits_are_wrong),
        T(mistyped_digits_are_typed_again_before_the_sms),
        T(mistyped_digits_are_typed_again_after_the_sms),
        T(what_are_no_digits_is_told_and_waits_for_nothing),
        cmocka_unit_test(a_number_typed_whole_or_in_another_script_is_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
