/* Refunds: never more than was paid, never sent twice, and the books agree at each step. */
#include "service/refund.h"

#include "app/audit/audit.h"
#include "service_world.h"
#include "store/store_refund.h"
#include "store/tx.h"
#include <pthread.h>

static void fault_note(void *arg, const struct audit_fault *f)
{
    (void)arg;
    print_error("%s %s %lld: %s\n", f->check, f->object, (long long)f->id, f->text);
}

static void books_are_right(struct world *w)
{
    struct audit_result r;
    struct audit_options o = {
        .db = world_db(w), .links = w->s.links, .window = AUDIT_WINDOW, .fault = fault_note};
    ok(store_read_begin(o.db));
    ok(audit_books(&o, &r));
    store_read_end(o.db);
    assert_int_equal(r.faults, 0);
}

static struct shop_payment paid(struct world *w, const char *order, const char *amount)
{
    struct shop_payment p = world_create(w, order, amount);
    world_approve_and_return(w, &p);
    world_wait_payment(w, p.id, PAYMENT_PAID);
    return p;
}

static enum err ask(struct world *w, int64_t payment_id, int64_t poisha, int64_t *ret_id)
{
    struct refund_request rq = {.payment_id = payment_id,
        .amount = money_poisha(poisha),
        .operator_name = STR("test"),
        .reason = STR("returned goods")};
    return refund_request(&w->s, &rq, ret_id);
}

static struct refund_row refund_get(struct world *w, int64_t id)
{
    struct refund_row r;
    ok(store_refund_by_id(world_db(w), &w->arena, id, &r));
    return r;
}

static enum err decide(struct world *w, int64_t id, bool done, struct str trx)
{
    struct refund_settle d = {.refund_id = id,
        .done = done,
        .refund_trx_id = trx,
        .operator_name = STR("test"),
        .reason = STR("statement")};
    return refund_settle(&w->s, &d);
}

static void only_what_was_paid_can_go_back(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    atomic_store(&w->bkash.refund_list_fault, BKASH_ERROR_500); /* nothing is sent */
    struct shop_payment open = world_create(w, "R-1", "300.00");
    struct shop_payment p = paid(w, "R-2", "300.00");
    assert_int_equal(ask(w, open.id, 100, &id), ERR_STATE);
    assert_int_equal(ask(w, p.id, 30001, &id), ERR_RANGE);
    assert_int_equal(ask(w, p.id, -1, &id), ERR_RANGE);
    assert_int_equal(ask(w, 999, 100, &id), ERR_NO_ROW);
    ok(ask(w, p.id, 30000, &id));
    assert_int_equal(world_balance(w, LEDGER_REFUNDS, w->account_id), -30000);
    assert_int_equal(world_balance(w, LEDGER_MERCHANT_PAYABLE, w->account_id), 550);
    assert_int_equal(world_balance(w, LEDGER_OUR_FEE, 0), -550);
    books_are_right(w);
    ok(decide(w, id, false, STR_ABSENT));
    assert_int_equal(refund_get(w, id).state, REFUND_DECLINED);
    assert_int_equal(decide(w, id, false, STR_ABSENT), ERR_STATE);
    assert_int_equal(world_balance(w, LEDGER_MERCHANT_PAYABLE, w->account_id), -29450);
    assert_int_equal(world_payment(w, p.id).refunded.poisha, 0);
    books_are_right(w);
}

struct asker {
    struct world *w;
    int64_t payment_id;
    pthread_t thread;
    enum err result;
};

static void *asker_main(void *arg)
{
    struct asker *a = arg;
    int64_t id;
    a->result = ask(a->w, a->payment_id, 20000, &id);
    return NULL;
}

/* T34 */
static void of_parallel_refunds_one_begins(void **state)
{
    struct world *w = *state;
    enum { THREADS = 16 };
    static struct asker askers[THREADS];
    struct shop_payment p = paid(w, "R-1", "300.00");
    int begun = 0;
    atomic_store(&w->bkash.refund_list_fault, BKASH_ERROR_500);
    for (int i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){.w = w, .payment_id = p.id};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, asker_main, &askers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_true(askers[i].result == ERR_OK || askers[i].result == ERR_DUPLICATE);
        begun += askers[i].result == ERR_OK;
    }
    assert_int_equal(begun, 1);
    assert_int_equal(world_balance(w, LEDGER_REFUNDS, w->account_id), -20000);
    books_are_right(w);
}

static void wait_state(struct world *w, int64_t id, enum refund_state state)
{
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (refund_get(w, id).state != state) {
        if (clock_mono_ms() > until)
            fail_msg("refund is %s, not %s", refund_state_text(refund_get(w, id).state),
                refund_state_text(state));
        usleep(2000);
    }
}

/* Lets settle look again and again, a minute later each time, until the refund is there. */
static void pass_until(struct world *w, int64_t id, enum refund_state state)
{
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (refund_get(w, id).state != state) {
        assert_true(clock_mono_ms() < until);
        world_pass(w, MINUTE);
        usleep(5000);
    }
}

static void a_refund_goes_back_to_the_payer(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_DONE);
    struct refund_row r = refund_get(w, id);
    assert_true(str_is(r.refund_trx_id, "REF0000001"));
    assert_true(str_is(r.known, " "));
    assert_int_equal(atomic_load(&w->bkash.refunds), 1);
    assert_int_equal(atomic_load(&w->bkash.refund_lists), 1);
    struct payment_row row = world_payment(w, p.id);
    assert_int_equal(row.refunded.poisha, 10000);
    assert_int_equal(row.state, PAYMENT_PAID);
    assert_int_equal(row.commission.poisha, 550);
    assert_int_equal(world_outbox(w, p.id).count, 1);
    assert_int_equal(world_balance(w, LEDGER_MERCHANT_PAYABLE, w->account_id), -19450);
    assert_int_equal(world_balance(w, LEDGER_WALLET_CLEARING, w->credential_id), 20000);
    assert_int_equal(world_balance(w, LEDGER_REFUNDS, w->account_id), 0);
    books_are_right(w);
}

static void several_refunds_end_at_what_was_paid(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_DONE);
    ok(ask(w, p.id, 10000, &id)); /* of the same amount: another one */
    wait_state(w, id, REFUND_DONE);
    assert_true(str_is(refund_get(w, id).refund_trx_id, "REF0000002"));
    assert_int_equal(ask(w, p.id, 10001, &id), ERR_RANGE);
    ok(ask(w, p.id, 0, &id));
    wait_state(w, id, REFUND_DONE);
    assert_int_equal(refund_get(w, id).amount.poisha, 10000);
    assert_int_equal(world_payment(w, p.id).refunded.poisha, 30000);
    assert_int_equal(ask(w, p.id, 0, &id), ERR_STATE);
    assert_int_equal(ask(w, p.id, 1, &id), ERR_STATE);
    books_are_right(w);
}

/* B15 */
static void a_lost_answer_is_found_in_the_wallets_list(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    atomic_store(&w->bkash.refund_fault, BKASH_DROP_AFTER);
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_UNKNOWN);
    books_are_right(w);
    assert_int_equal(ask(w, p.id, 100, &id), ERR_DUPLICATE);
    pass_until(w, id, REFUND_DONE);
    assert_true(str_is(refund_get(w, id).refund_trx_id, "REF0000001"));
    assert_int_equal(atomic_load(&w->bkash.refunds), 1);
    assert_int_equal(world_payment(w, p.id).refunded.poisha, 10000);
    books_are_right(w);
}

/* B9's like: an answer that differs is not believed; the list is asked. */
static void an_answer_with_another_amount_is_not_believed(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    atomic_store(&w->bkash.refund_fault, BKASH_WRONG_AMOUNT);
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_UNKNOWN);
    pass_until(w, id, REFUND_DONE);
    assert_int_equal(atomic_load(&w->bkash.refunds), 1);
    books_are_right(w);
}

static void what_the_list_does_not_have_is_for_a_person(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    char trx[16];
    snprintf(trx, sizeof trx, "%.*s", STR_FMT(world_attempt(w, p.id).trx_id));
    bkash_refund_add(&w->bkash, trx, "100.00"); /* by hand, before: it is not taken for ours */
    atomic_store(&w->bkash.refund_fault, BKASH_DROP_BEFORE);
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_UNKNOWN);
    assert_true(str_is(refund_get(w, id).known, " REF0000001 "));
    pass_until(w, id, REFUND_REVIEW);
    assert_int_equal(atomic_load(&w->bkash.refunds), 1);
    assert_int_equal(world_payment(w, p.id).refunded.poisha, 0);
    assert_int_equal(world_balance(w, LEDGER_REFUNDS, w->account_id), -10000);
    books_are_right(w);
    assert_int_equal(decide(w, id, true, STR_ABSENT), ERR_RANGE);
    ok(decide(w, id, true, STR("REF0000009")));
    assert_int_equal(world_payment(w, p.id).refunded.poisha, 10000);
    books_are_right(w);
}

static void a_no_of_a_person_waits_for_a_list_that_lags(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    atomic_store(&w->bkash.refund_list_fault, BKASH_ERROR_500);
    ok(ask(w, p.id, 10000, &id));
    world_wait_count(&w->bkash.refund_lists, 1);
    ok(decide(w, id, false, STR_ABSENT)); /* nothing was sent: at once */
    atomic_store(&w->bkash.refund_list_fault, BKASH_FINE);
    atomic_store(&w->bkash.refund_fault, BKASH_DROP_BEFORE);
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_UNKNOWN);
    clock_advance(&w->clock, 15 * MINUTE - 1);
    assert_int_equal(decide(w, id, false, STR_ABSENT), ERR_LIMIT);
    assert_int_equal(refund_get(w, id).state, REFUND_UNKNOWN);
    clock_advance(&w->clock, 1);
    ok(decide(w, id, false, STR_ABSENT));
    assert_int_equal(refund_get(w, id).state, REFUND_DECLINED);
    books_are_right(w);
}

/* A person was wrong, or looked too soon: what is asked for next is not sent until the first one is in the books. */
static void t34_what_a_person_took_for_not_done_is_not_sent_again(void **state)
{
    struct world *w = *state;
    int64_t id = 0, hand = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    atomic_store(&w->bkash.refund_fault, BKASH_DROP_AFTER);
    atomic_store(&w->bkash.refund_list_fault, BKASH_FINE);
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_UNKNOWN);
    clock_advance(&w->clock, 15 * MINUTE);
    ok(decide(w, id, false, STR_ABSENT));
    atomic_store(&w->bkash.refund_fault, BKASH_FINE);
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_DECLINED);
    assert_true(str_is(refund_get(w, id).code, "earlier_was_done"));
    assert_int_equal(w->bkash.refund_count, 1);
    books_are_right(w);
    struct refund_request rq = {.payment_id = p.id,
        .amount = money_poisha(10000),
        .by_hand = true,
        .operator_name = STR("one"),
        .reason = STR("it was done after all")};
    ok(refund_request(&w->s, &rq, &hand));
    assert_int_equal(refund_get(w, hand).state, REFUND_BY_HAND);
    ok(decide(w, hand, true, STR("REF0000001")));
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_DONE);
    assert_int_equal(w->bkash.refund_count, 2);
    assert_int_equal(world_payment(w, p.id).refunded.poisha, 20000);
    books_are_right(w);
}

static void a_persons_trx_id_is_kept_in_its_normal_form(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    atomic_store(&w->bkash.refund_fault, BKASH_DROP_BEFORE);
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_UNKNOWN);
    assert_int_equal(decide(w, id, true, STR("REF 000 000")), ERR_SYNTAX);
    assert_int_equal(decide(w, id, true, world_attempt(w, p.id).trx_id), ERR_DUPLICATE);
    ok(decide(w, id, true, STR(" ref0000009")));
    assert_true(str_is(refund_get(w, id).refund_trx_id, "REF0000009"));
    atomic_store(&w->bkash.refund_fault, BKASH_DROP_BEFORE);
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_UNKNOWN);
    assert_int_equal(decide(w, id, true, STR("Ref0000009")), ERR_DUPLICATE);
    books_are_right(w);
}

static void two_new_rows_that_fit_are_for_a_person(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    char trx[16];
    snprintf(trx, sizeof trx, "%.*s", STR_FMT(world_attempt(w, p.id).trx_id));
    atomic_store(&w->bkash.refund_fault, BKASH_DROP_AFTER);
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_UNKNOWN);
    bkash_refund_add(&w->bkash, trx, "100.00");
    pass_until(w, id, REFUND_REVIEW);
    assert_true(str_is(refund_get(w, id).code, "several_fit"));
    books_are_right(w);
}

static void a_refused_refund_is_the_merchants_again(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    atomic_store(&w->bkash.refund_fault, BKASH_REFUSE);
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_DECLINED);
    assert_true(str_is(refund_get(w, id).code, "2023"));
    assert_int_equal(world_balance(w, LEDGER_MERCHANT_PAYABLE, w->account_id), -29450);
    books_are_right(w);
    atomic_store(&w->bkash.refund_fault, BKASH_FINE);
    ok(ask(w, p.id, 10000, &id));
    wait_state(w, id, REFUND_DONE);
    books_are_right(w);
}

static void what_did_not_reach_the_wallet_is_sent_later(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    atomic_store(&w->bkash.refund_fault, BKASH_FORBIDDEN);
    ok(ask(w, p.id, 10000, &id));
    world_wait_count(&w->bkash.refunds, 1);
    wait_state(w, id, REFUND_REQUESTED);
    atomic_store(&w->bkash.refund_fault, BKASH_FINE);
    pass_until(w, id, REFUND_DONE);
    assert_int_equal(w->bkash.refund_count, 1);
    books_are_right(w);
}

static void a_wallet_that_gives_no_list_gets_no_refund(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    atomic_store(&w->bkash.refund_list_fault, BKASH_ERROR_500);
    ok(ask(w, p.id, 10000, &id));
    world_wait_count(&w->bkash.refund_lists, 1);
    world_pass(w, 25 * HOUR);
    wait_state(w, id, REFUND_DECLINED);
    assert_true(str_is(refund_get(w, id).code, "unavailable"));
    assert_int_equal(atomic_load(&w->bkash.refunds), 0);
    books_are_right(w);
}

/* As a kill leaves the row: a clean stop notes that no answer came. */
static enum err crash_run(struct store_unit *u, struct tx *tx)
{
    (void)u;
    return db_script(tx_db(tx), "UPDATE refund SET state = 'sent'");
}

static void a_stop_between_sending_and_answer_loses_nothing(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "R-1", "300.00");
    atomic_store(&w->bkash.hang, true);
    atomic_store(&w->bkash.refund_fault, BKASH_HANG);
    ok(ask(w, p.id, 10000, &id));
    world_wait_count(&w->bkash.refunds, 1);
    service_stop(&w->s);
    atomic_store(&w->bkash.hang, false);
    world_service_start(w, false);
    struct store_unit crash = {.run = crash_run};
    ok(store_run(w->s.store, &crash));
    assert_int_equal(refund_get(w, id).state, REFUND_SENT);
    service_stop(&w->s);
    world_service_start(w, true);
    pass_until(w, id, REFUND_DONE);
    assert_int_equal(atomic_load(&w->bkash.refunds), 1);
    assert_int_equal(w->bkash.refund_count, 1);
    books_are_right(w);
}

/* T34, with the wallet's answers coming in between */
static void parallel_refunds_never_exceed_what_was_paid(void **state)
{
    struct world *w = *state;
    enum { THREADS = 8, ROUNDS = 12 };
    static struct asker askers[THREADS];
    struct shop_payment p = paid(w, "R-1", "500.00");
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < THREADS; i++) {
            askers[i] = (struct asker){.w = w, .payment_id = p.id};
            assert_int_equal(pthread_create(&askers[i].thread, NULL, asker_main, &askers[i]), 0);
        }
        for (int i = 0; i < THREADS; i++)
            pthread_join(askers[i].thread, NULL);
        usleep(20000);
    }
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (world_balance(w, LEDGER_REFUNDS, w->account_id) != 0) {
        assert_true(clock_mono_ms() < until);
        usleep(2000);
    }
    assert_int_equal(world_payment(w, p.id).refunded.poisha, 40000); /* two of 200.00 */
    assert_int_equal(w->bkash.refund_count, 2);
    books_are_right(w);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH(only_what_was_paid_can_go_back),
        WITH(of_parallel_refunds_one_begins),
        WITH(a_refund_goes_back_to_the_payer),
        WITH(several_refunds_end_at_what_was_paid),
        WITH(a_lost_answer_is_found_in_the_wallets_list),
        WITH(an_answer_with_another_amount_is_not_believed),
        WITH(what_the_list_does_not_have_is_for_a_person),
        WITH(a_no_of_a_person_waits_for_a_list_that_lags),
        WITH(t34_what_a_person_took_for_not_done_is_not_sent_again),
        WITH(a_persons_trx_id_is_kept_in_its_normal_form),
        WITH(two_new_rows_that_fit_are_for_a_person),
        WITH(a_refused_refund_is_the_merchants_again),
        WITH(what_did_not_reach_the_wallet_is_sent_later),
        WITH(a_wallet_that_gives_no_list_gets_no_refund),
        WITH(a_stop_between_sending_and_answer_loses_nothing),
        WITH(parallel_refunds_never_exceed_what_was_paid),
    };
    return cmocka_run_group_tests_name("service_refund", tests, NULL, NULL);
}
