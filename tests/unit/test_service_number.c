/* Money sent to a number, and the TrxID that a payer types: whichever comes first, it pays once. Numbers and ids are made up. */
#include "number_world.h"
#include "service/transition.h"
#include <pthread.h>

static void s3_a_trxid_whose_sms_was_there_pays_at_once(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "A", "300.00");
    told(w, 300, "6606781111");
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_OPEN);
    assert_int_equal(typed(w, &p, " 6606 781111 "), NUMBER_TAKEN);
    is_paid(w, &p, 30000, 1);
    assert_true(str_is(world_payment(w, p.id).payer_mask, "***515"));
    enum number_answer again = NUMBER_TAKEN;
    assert_int_equal(type(w, &p, "6606781111", &again), ERR_STATE);
}

static void s3_a_trxid_before_its_sms_waits_and_pays(void **state)
{
    struct world *w = *state;
    struct page_view v;
    struct shop_payment p = create(w, "A", "300.00");
    assert_int_equal(typed(w, &p, "6606781111"), NUMBER_WAITS);
    assert_int_equal(typed(w, &p, "৬৬০৬৭৮১১১১"), NUMBER_WAITS);
    ok(checkout_page_load(&w->s, &w->arena, str_from(p.uuid), PAGE_WAY_NONE, &v));
    assert_int_equal(v.stage, PAGE_OPEN);
    assert_true(v.number.on);
    assert_true(str_is(v.number.number, SHOP_NUMBER));
    assert_true(str_is(v.number.waits, "6606781111"));
    assert_int_equal(v.number.left.poisha, 30000);
    told(w, 300, "6606781111");
    is_paid(w, &p, 30000, 1);
}

struct racer {
    pthread_t thread;
    struct world *w;
    struct shop_payment p;
    enum number_answer answer;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    r->answer = typed(r->w, &r->p, "6606781111");
    return NULL;
}

#define RACERS 24

static void s4_t23_of_many_payments_one_gets_the_money(void **state)
{
    struct world *w = *state;
    struct racer racers[RACERS];
    int taken = 0, paid = 0;
    for (int i = 0; i < RACERS; i++) {
        char order[16];
        snprintf(order, sizeof order, "R-%d", i);
        racers[i] = (struct racer){.w = w, .p = create(w, order, "300.00")};
    }
    told(w, 300, "6606781111");
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (int i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        taken += racers[i].answer == NUMBER_TAKEN;
        paid += world_payment(w, racers[i].p.id).state == PAYMENT_PAID;
        assert_true(racers[i].answer == NUMBER_TAKEN || racers[i].answer == NUMBER_UNUSABLE);
    }
    assert_int_equal(taken, 1);
    assert_int_equal(paid, 1);
    world_books(w, 1);
}

static void s4_sms_and_trxid_at_once_pay_once(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 20; i++) {
        char order[16], trx_id[16];
        snprintf(order, sizeof order, "S-%d", i);
        snprintf(trx_id, sizeof trx_id, "66067811%02d", i);
        struct racer r = {.w = w, .p = create(w, order, "10.00")};
        struct world_act a;
        world_act_init(&a, r.p.uuid);
        snprintf(a.act.ref, sizeof a.act.ref, "%s", trx_id);
        snprintf(a.act.payer, sizeof a.act.payer, "%s", PAYER);
        ok(number_submit(&w->s, &a.act));
        told(w, 10, trx_id);
        ok(world_act_wait(&a));
        assert_int_equal(world_payment(w, r.p.id).state, PAYMENT_PAID);
        assert_int_equal(world_outbox(w, r.p.id).count, 1);
    }
    world_books(w, 20);
}

static void a_trxid_that_two_wait_for_is_for_a_person(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "A", "300.00"), thief = create(w, "B", "300.00");
    assert_int_equal(typed(w, &thief, "6606781111"), NUMBER_WAITS);
    assert_int_equal(typed(w, &p, "6606781111"), NUMBER_WAITS);
    told(w, 300, "6606781111");
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_OPEN);
    assert_int_equal(world_payment(w, thief.id).state, PAYMENT_OPEN);
    assert_int_equal(credit(w, "6606781111").state, NUMBER_CREDIT_REVIEW);
    assert_true(str_is(credit(w, "6606781111").reason, "typed_twice"));
    assert_int_equal(typed(w, &thief, "6606781111"), NUMBER_UNUSABLE);
}

struct page_money {
    struct store_unit unit;
    struct world *w;
    int64_t payment_id;
};

/* The wallet's API tells of 300 taka. */
static enum err page_money_run(struct store_unit *u, struct tx *tx)
{
    struct page_money *m = unit_owner(u, struct page_money, unit);
    struct payment_row p;
    struct credential_row c = {.wallet = WALLET_ROCKET,
        .name = STR("merchant"),
        .base_url = STR("https://ecomm.example"),
        .secret_box = STR("sealed"),
        .enabled = true,
        .created_at = WORLD_T0};
    struct transition t = {.event = PAYMENT_EV_PAID_AT_PAGE,
        .actor = STR("wallet"),
        .received = money_poisha(30000),
        .trx_id = STR("6606781111")};
    enum err e = store_credential_add(tx, &c);
    t.credential_id = c.id;
    e = e ? e : store_payment_by_id(tx_db(tx), &m->w->arena, m->payment_id, &p);
    return e ? e : transition_apply(tx, &p, &t);
}

static void t23_money_of_the_wallets_page_pays_nobody_who_waits_for_its_sms(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "A", "300.00"), thief = create(w, "B", "300.00");
    struct page_money m = {.unit = {.run = page_money_run}, .w = w, .payment_id = p.id};
    assert_int_equal(typed(w, &thief, "6606781111"), NUMBER_WAITS);
    ok(store_run(w->s.store, &m.unit));
    told(w, 300, "6606781111");
    assert_int_equal(world_payment(w, thief.id).state, PAYMENT_OPEN);
    assert_int_equal(credit(w, "6606781111").state, NUMBER_CREDIT_FREE);
    /* and keeps nobody else waiting */
    assert_int_equal(typed(w, &thief, "6606781112"), NUMBER_WAITS);
    told(w, 300, "6606781112");
    assert_int_equal(world_payment(w, thief.id).state, PAYMENT_PAID);
}

static void of_many_parts_the_last_ones_are_for_a_person(void **state)
{
    struct world *w = *state;
    char trx_id[16];
    struct shop_payment p = create(w, "A", "100.00");
    for (int i = 0; i < 40; i++) {
        snprintf(trx_id, sizeof trx_id, "66067811%02d", i);
        told(w, 1, trx_id);
        assert_int_equal(typed(w, &p, trx_id), NUMBER_TAKEN);
    }
    assert_int_equal(typed(w, &p, "6606781199"), NUMBER_WAITS);
    told(w, 60, "6606781199");
    struct payment_row row = world_payment(w, p.id);
    assert_int_equal(row.state, PAYMENT_PAID);
    assert_int_equal(row.paid.poisha, 10000);
    assert_int_equal(row.credited.poisha + row.commission.poisha, 9200);
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), -800);
}

static void s5_t27_short_money_is_kept_and_a_top_up_pays(void **state)
{
    struct world *w = *state;
    struct page_view v;
    struct shop_payment p = create(w, "A", "500.00");
    told(w, 200, "6606781111");
    assert_int_equal(typed(w, &p, "6606781111"), NUMBER_TAKEN);
    struct payment_row row = world_payment(w, p.id);
    assert_int_equal(row.state, PAYMENT_OPEN);
    assert_int_equal(row.paid.poisha, 20000);
    assert_int_equal(row.credited.poisha, 0);
    assert_int_equal(world_outbox(w, p.id).count, 0);
    ok(checkout_page_load(&w->s, &w->arena, str_from(p.uuid), PAGE_WAY_NONE, &v));
    assert_int_equal(v.number.left.poisha, 30000);
    assert_int_equal(typed(w, &p, "6606781111"), NUMBER_TAKEN);
    assert_int_equal(typed(w, &p, "6606781113"), NUMBER_WAITS);
    told(w, 100, "6606781112");
    assert_int_equal(typed(w, &p, "6606781112"), NUMBER_TAKEN);
    told(w, 200, "6606781113");
    /* two parts, the last, two attached */
    is_paid(w, &p, 50000, 5);
}

static void short_money_of_an_ended_payment_is_told(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "A", "500.00");
    told(w, 200, "6606781111");
    assert_int_equal(typed(w, &p, "6606781111"), NUMBER_TAKEN);
    ok(world_cancel(w, &p));
    struct world_outbox o = world_outbox(w, p.id);
    assert_int_equal(o.count, 1);
    assert_string_equal(o.status, "cancel");
    assert_true(o.newest.is_partial);
    assert_int_equal(o.newest.payment_amount.poisha, 20000);
}

struct first {
    int64_t id;
};

static enum err first_see(void *arg, const struct credit_row *r)
{
    struct first *f = arg;
    f->id = f->id ? f->id : r->id;
    return ERR_OK;
}

static void s6_money_within_the_tolerance_pays_and_beyond_it_is_for_a_person(void **state)
{
    struct world *w = *state;
    struct first c = {.id = 0};
    w->config.number_over_tolerance_poisha = 1000;
    struct shop_payment within = create(w, "A", "300.00"), beyond = create(w, "B", "300.00");
    told(w, 310, "6606781111");
    assert_int_equal(typed(w, &within, "6606781111"), NUMBER_TAKEN);
    is_paid(w, &within, 31000, 1);
    assert_int_equal(typed(w, &beyond, "6606781112"), NUMBER_WAITS);
    told(w, 311, "6606781112");
    struct payment_row row = world_payment(w, beyond.id);
    assert_int_equal(row.state, PAYMENT_REVIEW);
    assert_int_equal(row.paid.poisha, 31100);
    assert_int_equal(row.credited.poisha, 0);
    ok(store_credit_each(world_db(w), beyond.id, true, first_see, &c));
    ok(checkout_attach(&w->s, c.id, STR("alice"), STR("asked the payer")));
    assert_int_equal(world_payment(w, beyond.id).state, PAYMENT_PAID);
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), 0);
    world_books(w, 3);
}

static void s9_a_silent_phone_is_told_from_an_unknown_trxid(void **state)
{
    struct world *w = *state;
    struct page_view v;
    struct shop_payment p = create(w, "A", "300.00");
    ok(checkout_page_load(&w->s, &w->arena, str_from(p.uuid), PAGE_WAY_NONE, &v));
    assert_false(v.number.silent);
    clock_advance(&w->clock, PHONE_SILENT_MS + 1);
    ok(checkout_page_load(&w->s, &w->arena, str_from(p.uuid), PAGE_WAY_NONE, &v));
    assert_true(v.number.silent);
}

static void s10_money_from_before_the_payment_is_no_ones(void **state)
{
    struct world *w = *state;
    told(w, 300, "6606781111");
    clock_advance(&w->clock, 10 * MINUTE);
    struct shop_payment p = create(w, "A", "300.00");
    assert_int_equal(typed(w, &p, "6606781111"), NUMBER_UNUSABLE);
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_OPEN);
    assert_int_equal(credit(w, "6606781111").state, NUMBER_CREDIT_FREE);
    /* and it does not pay who waits for it when it is told late */
    assert_int_equal(typed(w, &p, "6606781112"), NUMBER_WAITS);
    told(w, 300, "6606781112");
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_OPEN);
}

static void t26_money_after_the_end_is_late(void **state)
{
    struct world *w = *state;
    struct first c = {.id = 0};
    struct shop_payment p = create(w, "A", "300.00");
    assert_int_equal(typed(w, &p, "6606781111"), NUMBER_WAITS);
    ok(world_cancel(w, &p));
    told_at(w, 300, "6606781111", 1);
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_CANCELLED);
    assert_int_equal(world_payment(w, p.id).paid.poisha, 30000);
    assert_int_equal(world_outbox(w, p.id).count, 2);
    ok(store_credit_each(world_db(w), p.id, true, first_see, &c));
    ok(checkout_attach(&w->s, c.id, STR("alice"), STR("late")));
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_PAID);
}

static void a_trxid_of_another_form_or_one_too_many_is_refused(void **state)
{
    struct world *w = *state;
    char trx_id[16];
    struct shop_payment p = create(w, "A", "300.00");
    assert_int_equal(typed(w, &p, "DK61AAAAAA"), NUMBER_MALFORMED);
    assert_int_equal(typed(w, &p, ""), NUMBER_MALFORMED);
    for (int i = 0; i < 5; i++) {
        snprintf(trx_id, sizeof trx_id, "660678111%d", i);
        assert_int_equal(typed(w, &p, trx_id), NUMBER_WAITS);
    }
    assert_int_equal(typed(w, &p, "6606781119"), NUMBER_TOO_MANY);
    told(w, 300, "6606781119");
    assert_int_equal(typed(w, &p, "6606781119"), NUMBER_TAKEN);
    is_paid(w, &p, 30000, 1);
}

static void a_payment_by_api_takes_no_trxid(void **state)
{
    struct world *w = *state;
    enum number_answer answer = NUMBER_TAKEN;
    struct shop_payment p = world_create(w, "A", "300.00");
    assert_int_equal(type(w, &p, "DK61AAAAAA", &answer), ERR_STATE);
}

static void an_over_paid_payment_is_settled_by_its_trxid(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "A", "300.00");
    struct checkout_settle c = {.payment_id = p.id,
        .paid = true,
        .amount = money_poisha(50000),
        .trx_id = STR("6606781119"),
        .operator_name = STR("alice"),
        .reason = STR("asked the payer")};
    told(w, 100, "6606781111");
    told(w, 500, "6606781112");
    assert_int_equal(typed(w, &p, "6606781111"), NUMBER_TAKEN);
    assert_int_equal(typed(w, &p, "6606781112"), NUMBER_TAKEN);
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_REVIEW);
    assert_int_equal(checkout_settle(&w->s, &c), ERR_INVALID); /* no phone told of that one */
    c.trx_id = STR("6606781112");
    ok(checkout_settle(&w->s, &c));
    is_paid(w, &p, 60000, 4);
}

static void an_over_paid_payment_that_is_not_wanted_ends_and_its_money_is_told(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "A", "300.00");
    struct checkout_settle c = {.payment_id = p.id,
        .paid = false,
        .operator_name = STR("alice"),
        .reason = STR("goes back to the payer")};
    told(w, 500, "6606781111");
    assert_int_equal(typed(w, &p, "6606781111"), NUMBER_TAKEN);
    ok(checkout_settle(&w->s, &c));
    world_pass(w, HOUR);
    world_wait_payment(w, p.id, PAYMENT_CANCELLED);
    assert_int_equal(world_outbox(w, p.id).newest.payment_amount.poisha, 50000);
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), -50000);
}

/* Three parts came late; the third makes up the amount with the first, and a fourth is left. */
static void parts_that_make_up_the_amount_are_attached_together(void **state)
{
    struct world *w = *state;
    struct shop_payment p = create(w, "A", "300.00");
    struct first c = {.id = 0};
    told(w, 100, "6606781111");
    assert_int_equal(typed(w, &p, "6606781111"), NUMBER_TAKEN);
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_OPEN);
    world_pass(w, HOUR);
    world_wait_payment(w, p.id, PAYMENT_CANCELLED);
    told(w, 200, "6606781112");
    assert_int_equal(typed(w, &p, "6606781112"), NUMBER_TAKEN);
    told(w, 50, "6606781113");
    assert_int_equal(typed(w, &p, "6606781113"), NUMBER_TAKEN);
    ok(store_credit_each(world_db(w), p.id, true, first_see, &c));
    ok(checkout_attach(&w->s, c.id, STR("alice"), STR("the shop delivers")));
    struct payment_row row = world_payment(w, p.id);
    assert_int_equal(row.state, PAYMENT_PAID);
    assert_int_equal(row.paid.poisha, 35000);
    assert_int_equal(money_add(row.credited, row.commission).poisha, 30000);
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), -5000);
    world_books(w, 5);
}

#define T(f) cmocka_unit_test_setup_teardown(f, numbers_setup, numbers_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(s3_a_trxid_whose_sms_was_there_pays_at_once),
        T(s3_a_trxid_before_its_sms_waits_and_pays),
        T(s4_t23_of_many_payments_one_gets_the_money),
        T(s4_sms_and_trxid_at_once_pay_once),
        T(a_trxid_that_two_wait_for_is_for_a_person),
        T(t23_money_of_the_wallets_page_pays_nobody_who_waits_for_its_sms),
        T(of_many_parts_the_last_ones_are_for_a_person),
        T(s5_t27_short_money_is_kept_and_a_top_up_pays),
        T(short_money_of_an_ended_payment_is_told),
        T(s6_money_within_the_tolerance_pays_and_beyond_it_is_for_a_person),
        T(s9_a_silent_phone_is_told_from_an_unknown_trxid),
        T(s10_money_from_before_the_payment_is_no_ones),
        T(t26_money_after_the_end_is_late),
        T(a_trxid_of_another_form_or_one_too_many_is_refused),
        T(a_payment_by_api_takes_no_trxid),
        T(an_over_paid_payment_is_settled_by_its_trxid),
        T(an_over_paid_payment_that_is_not_wanted_ends_and_its_money_is_told),
        T(parts_that_make_up_the_amount_are_attached_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
