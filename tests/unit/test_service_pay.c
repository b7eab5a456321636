/* The ways of a payment through bKash: paid once, whatever happens to callbacks and answers. */
#include "service_world.h"

static void a_payment_is_paid_without_a_query(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "A-1", "300.00");
    world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    struct payment_row p = world_payment(w, sp.id);
    /* 1.5 % of 300.00 and 1.00 */
    assert_int_equal(p.paid.poisha, 30000);
    assert_int_equal(p.commission.poisha, 550);
    assert_int_equal(p.credited.poisha, 29450);
    assert_true(str_is(p.payer_mask, "017******01"));
    assert_int_equal(p.final_at, WORLD_T0);
    struct attempt_row a = world_attempt(w, sp.id);
    assert_int_equal(a.state, ATTEMPT_PAID);
    assert_true(str_is(a.trx_id, "TRX0000001"));
    assert_int_equal(a.next_ask_at, 0);
    assert_int_equal(atomic_load(&w->bkash.executes), 1);
    assert_int_equal(atomic_load(&w->bkash.queries), 0);
    struct world_outbox o = world_outbox(w, sp.id);
    assert_int_equal(o.count, 1);
    assert_string_equal(o.status, "paid");
    assert_int_equal(o.newest.sequence, 1);
    assert_int_equal(o.newest.payment_amount.poisha, 30000);
    assert_int_equal(o.newest.commission_amount.poisha, 550);
    assert_false(o.newest.is_partial);
    assert_int_equal(world_balance(w, LEDGER_MERCHANT_PAYABLE, w->account_id), -29450);
    assert_int_equal(world_balance(w, LEDGER_WALLET_CLEARING, w->credential_id), 30000);
    assert_int_equal(world_balance(w, LEDGER_OUR_FEE, 0), -550);
    world_books(w, 1);
}

static void the_page_tells_each_stage(void **state)
{
    struct world *w = *state;
    struct page_view v;
    struct shop_payment sp = world_create(w, "P-1", "10.00");
    ok(checkout_page_load(&w->s, &w->arena, str_from(sp.uuid), PAGE_WAY_NONE, &v));
    assert_int_equal(v.stage, PAGE_OPEN);
    assert_true(v.wallet_healthy);
    assert_int_equal(v.seconds_left, 900);
    assert_true(str_is(v.merchant_name, "Shop"));
    assert_true(str_absent(v.return_url));
    struct attempt_row a = world_to_wallet(w, &sp);
    ok(checkout_page_load(&w->s, &w->arena, str_from(sp.uuid), PAGE_WAY_NONE, &v));
    assert_int_equal(v.stage, PAGE_AT_WALLET);
    assert_true(str_eq(v.wallet_url, a.wallet_url));
    ok(world_callback(w, &a, CALLBACK_CANCEL));
    ok(checkout_page_load(&w->s, &w->arena, str_from(sp.uuid), PAGE_WAY_NONE, &v));
    assert_int_equal(v.stage, PAGE_OPEN);
    assert_true(str_is(v.last_reason, "cancelled"));
    world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    ok(checkout_page_load(&w->s, &w->arena, str_from(sp.uuid), PAGE_WAY_NONE, &v));
    assert_int_equal(v.stage, PAGE_PAID);
    assert_true(str_is(v.return_url, "http://shop.example/ok"));
    assert_int_equal(v.return_sign.n, 344);
    assert_int_equal(checkout_page_load(&w->s, &w->arena,
                         STR("0b0d5c1e-7a47-4b43-9c3a-0d4a3c2b1aff"), PAGE_WAY_NONE, &v),
        ERR_NO_ROW);
}

static void the_status_tells_balances_and_other_accounts_nothing(void **state)
{
    struct world *w = *state;
    struct status_view v;
    struct shop_payment sp = world_create(w, "S-1", "300.00");
    struct shop_payment other = world_create(w, "S-2", "5.00");
    const struct account_view *account = accounts_get(w->s.accounts, str_from(w->account_uuid));
    struct status_request rq = {.id = sp.id, .order_id = STR("S-1")};
    ok(checkout_status(&w->s, &w->arena, account, &rq, &v));
    assert_false(v.has_balance);
    world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    ok(checkout_status(&w->s, &w->arena, account, &rq, &v));
    assert_true(v.has_balance);
    assert_int_equal(v.old_balance.poisha, 0);
    assert_int_equal(v.new_balance.poisha, 29450);
    rq.id = other.id;
    assert_int_equal(checkout_status(&w->s, &w->arena, account, &rq, &v), ERR_CONFLICT);
    struct account_view stranger = *account;
    stranger.row.id = account->row.id + 1;
    rq.order_id = STR_ABSENT;
    assert_int_equal(checkout_status(&w->s, &w->arena, &stranger, &rq, &v), ERR_NO_ROW);
    accounts_release(account);
}

struct callback_thread {
    struct world *w;
    const struct attempt_row *attempt;
    pthread_t thread;
    enum err result;
};

static void *callback_main(void *arg)
{
    struct callback_thread *t = arg;
    t->result = world_callback(t->w, t->attempt, CALLBACK_SUCCESS);
    return NULL;
}

static void many_callbacks_at_once_execute_once(void **state)
{
    struct world *w = *state;
    enum { THREADS = 64 };
    static struct callback_thread threads[THREADS];
    struct shop_payment sp = world_create(w, "C-1", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    world_approve(w, &a);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = (struct callback_thread){.w = w, .attempt = &a};
        assert_int_equal(pthread_create(&threads[i].thread, NULL, callback_main, &threads[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i].thread, NULL);
        assert_int_equal(threads[i].result, ERR_OK);
    }
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    ok(world_callback(w, &a, CALLBACK_SUCCESS));
    assert_int_equal(atomic_load(&w->bkash.executes), 1);
    assert_int_equal(atomic_load(&w->bkash.queries), 0);
    assert_int_equal(world_outbox(w, sp.id).count, 1);
    world_books(w, 1);
}

static void a_lost_execute_answer_is_settled_by_asking(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "L-1", "300.00");
    atomic_store(&w->bkash.execute_fault, BKASH_DROP_AFTER);
    world_approve_and_return(w, &sp);
    world_wait_attempt(w, sp.id, ATTEMPT_UNKNOWN);
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_EXECUTING);
    assert_int_equal(atomic_load(&w->bkash.queries), 0);
    world_pass(w, 31 * SECOND);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    assert_int_equal(atomic_load(&w->bkash.executes), 1);
    assert_int_equal(atomic_load(&w->bkash.queries), 1);
    world_books(w, 1);
}

static void b5_an_execute_that_was_done_before_is_asked_about_at_once(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "L-2", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    w->bkash.payments[0].completed = true; /* execute answers 2062 */
    ok(world_callback(w, &a, CALLBACK_SUCCESS));
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    assert_int_equal(atomic_load(&w->bkash.executes), 1);
    assert_int_equal(atomic_load(&w->bkash.queries), 1);
}

static void a_full_request_is_refused_whole(void **state)
{
    struct world *w = *state;
    struct world_create c;
    struct arena small;
    arena_init(&small, 64);
    world_create_prepare(w, &small, "o", "1.00", "body", &c);
    assert_int_equal(checkout_create_submit(&w->s, &c.create), ERR_TOO_LARGE);
    arena_clear(&small);
}

static void an_unreadable_execute_answer_is_unknown(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "G-1", "300.00");
    atomic_store(&w->bkash.execute_fault, BKASH_GARBAGE);
    world_approve_and_return(w, &sp);
    world_wait_attempt(w, sp.id, ATTEMPT_UNKNOWN);
    world_pass(w, 2 * HOUR);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    assert_int_equal(atomic_load(&w->bkash.executes), 1);
}

static void an_unknown_attempt_keeps_its_payment_from_ending(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "U-1", "300.00");
    atomic_store(&w->bkash.execute_fault, BKASH_DROP_AFTER);
    atomic_store(&w->bkash.query_fault, BKASH_ERROR_500);
    struct attempt_row a = world_approve_and_return(w, &sp);
    world_wait_attempt(w, sp.id, ATTEMPT_UNKNOWN);
    world_pass(w, 2 * HOUR);
    world_wait_count(&w->bkash.queries, 1);
    assert_int_equal(world_pay(w, &sp), ERR_STATE);
    assert_int_equal(world_cancel(w, &sp), ERR_STATE);
    ok(world_callback(w, &a, CALLBACK_FAILURE));
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_EXECUTING);
    assert_int_equal(world_attempt(w, sp.id).state, ATTEMPT_UNKNOWN);
    assert_int_equal(world_outbox(w, sp.id).count, 0);
}

static void a_day_without_an_answer_goes_to_a_person(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "D-1", "300.00");
    atomic_store(&w->bkash.execute_fault, BKASH_DROP_AFTER);
    atomic_store(&w->bkash.query_fault, BKASH_ERROR_500);
    world_approve_and_return(w, &sp);
    world_wait_attempt(w, sp.id, ATTEMPT_UNKNOWN);
    world_pass(w, 23 * HOUR);
    world_wait_count(&w->bkash.queries, 1);
    while (world_attempt(w, sp.id).next_ask_at > clock_now_ms(&w->clock) + 31 * SECOND)
        usleep(2000); /* until the answer is stored */
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_EXECUTING);
    world_pass(w, 2 * HOUR);
    world_wait_payment(w, sp.id, PAYMENT_REVIEW);
    assert_int_equal(world_attempt(w, sp.id).state, ATTEMPT_REVIEW);
    assert_int_equal(atomic_load(&w->bkash.executes), 1);
    assert_int_equal(world_outbox(w, sp.id).count, 0);
}

static void an_execute_that_never_arrived_frees_the_payment(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "N-1", "300.00");
    atomic_store(&w->bkash.execute_fault, BKASH_DROP_BEFORE);
    world_approve_and_return(w, &sp);
    world_wait_attempt(w, sp.id, ATTEMPT_UNKNOWN);
    world_pass(w, 31 * SECOND);
    world_wait_count(&w->bkash.queries, 1);
    usleep(100000);
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_EXECUTING);
    world_pass(w, 2 * MINUTE);
    world_wait_payment(w, sp.id, PAYMENT_OPEN);
    assert_int_equal(world_attempt(w, sp.id).state, ATTEMPT_DECLINED);
    assert_int_equal(atomic_load(&w->bkash.executes), 1);
    atomic_store(&w->bkash.execute_fault, BKASH_FINE);
    world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    world_books(w, 1);
}

static void mismatch_goes_to_review(struct world *w, enum bkash_fault fault, const char *reason)
{
    char order[32];
    snprintf(order, sizeof order, "M-%d", (int)fault);
    struct shop_payment sp = world_create(w, order, "300.00");
    atomic_store(&w->bkash.execute_fault, fault);
    world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_REVIEW);
    struct attempt_row a = world_attempt(w, sp.id);
    assert_int_equal(a.state, ATTEMPT_REVIEW);
    assert_true(str_is(a.reason, reason));
    assert_int_equal(world_outbox(w, sp.id).count, 0);
    world_pass(w, 25 * HOUR);
    usleep(50000);
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_REVIEW);
    assert_int_equal(atomic_load(&w->bkash.queries), 0);
    assert_int_equal(world_payment(w, sp.id).credited.poisha, 0);
    assert_int_equal(
        world_balance(w, LEDGER_SUSPENSE, w->account_id), -world_payment(w, sp.id).paid.poisha);
    world_books(w, 1); /* the wallet has it */
}

static void another_amount_is_reviewed_and_never_paid(void **state)
{
    mismatch_goes_to_review(*state, BKASH_WRONG_AMOUNT, "amount_differs");
}

static void another_invoice_is_reviewed_and_never_paid(void **state)
{
    mismatch_goes_to_review(*state, BKASH_WRONG_INVOICE, "invoice_differs");
}

static void a_trx_id_is_counted_once(void **state)
{
    struct world *w = *state;
    atomic_store(&w->bkash.execute_fault, BKASH_SAME_TRX);
    struct shop_payment first = world_create(w, "T-1", "300.00");
    world_approve_and_return(w, &first);
    world_wait_payment(w, first.id, PAYMENT_PAID);
    struct shop_payment second = world_create(w, "T-2", "300.00");
    world_approve_and_return(w, &second);
    world_wait_payment(w, second.id, PAYMENT_REVIEW);
    assert_true(str_is(world_attempt(w, second.id).reason, "trx_id_taken"));
    assert_int_equal(world_payment(w, second.id).paid.poisha, 0);
    world_books(w, 1);
}

static void a_forged_success_is_declined_and_the_payer_may_try_again(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "F-1", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    ok(world_callback(w, &a, CALLBACK_SUCCESS));
    world_wait_attempt(w, sp.id, ATTEMPT_DECLINED);
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_OPEN);
    assert_int_equal(world_outbox(w, sp.id).count, 0);
    world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    assert_int_equal(world_attempt(w, sp.id).number, 2);
    world_books(w, 1);
}

static void the_reference_of_another_payment_is_refused(void **state)
{
    struct world *w = *state;
    struct shop_payment rich = world_create(w, "R-1", "900.00");
    struct shop_payment poor = world_create(w, "R-2", "1.00");
    struct attempt_row a = world_to_wallet(w, &rich), b = world_to_wallet(w, &poor);
    struct world_act act;
    world_approve(w, &b);
    for (int i = 0; i < 3; i++) {
        world_callback_init(&act, &a, b.wallet_ref);
        ok(checkout_callback(&w->s, &act.act, CALLBACK_SUCCESS));
        assert_int_equal(world_act_wait(&act), ERR_STATE);
        assert_string_equal(act.act.uuid, rich.uuid);
    }
    world_callback_init(&act, &a, STR(""));
    ok(checkout_callback(&w->s, &act.act, CALLBACK_SUCCESS));
    assert_int_equal(world_act_wait(&act), ERR_STATE);
    assert_int_equal(world_payment(w, rich.id).state, PAYMENT_OPEN);
    assert_int_equal(world_attempt(w, rich.id).state, ATTEMPT_REDIRECTED);
    assert_int_equal(atomic_load(&w->bkash.executes), 0);
}

/* Keeps the writer busy until it is let go. */
struct hold {
    struct store_unit unit;
    sem_t held, let_go, ended;
};

static enum err hold_run(struct store_unit *u, struct tx *tx)
{
    struct hold *h = unit_owner(u, struct hold, unit);
    (void)tx;
    sem_post(&h->held);
    while (sem_wait(&h->let_go) != 0) {
    }
    return ERR_OK;
}

static void hold_done(struct store_unit *u, enum err result)
{
    ok(result);
    sem_post(&unit_owner(u, struct hold, unit)->ended);
}

static void hold_begin(struct world *w, struct hold *h)
{
    h->unit = (struct store_unit){.run = hold_run, .done = hold_done};
    sem_init(&h->held, 0, 0);
    sem_init(&h->let_go, 0, 0);
    sem_init(&h->ended, 0, 0);
    ok(store_submit(w->s.store, &h->unit));
    while (sem_wait(&h->held) != 0) {
    }
}

static void hold_end(struct hold *h)
{
    sem_post(&h->let_go);
    while (sem_wait(&h->ended) != 0) {
    }
    sem_destroy(&h->held);
    sem_destroy(&h->let_go);
    sem_destroy(&h->ended);
}

static void a_guessed_callback_takes_no_place_in_the_writers_queue(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "G-1", "5.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    static struct world_act guesses[40], known;
    struct hold hold;
    size_t refused = 0;
    world_approve(w, &a);
    world_callback_init(&known, &a, a.wallet_ref);
    hold_begin(w, &hold);
    for (size_t i = 0; i < array_len(guesses); i++) {
        world_callback_init(&guesses[i], &a, a.wallet_ref);
        char *c = &guesses[i].act.token[i / 2];
        *c = i % 2 ? 0 : *c == 'x' ? 'y' : 'x';
        refused += checkout_callback(&w->s, &guesses[i].act, CALLBACK_SUCCESS) == ERR_NO_ROW;
    }
    enum err submitted = checkout_callback(&w->s, &known.act, CALLBACK_SUCCESS);
    hold_end(&hold);
    assert_int_equal(refused, array_len(guesses));
    ok(submitted);
    ok(world_act_wait(&known));
    world_wait_payment(w, sp.id, PAYMENT_PAID);
}

/* Its first refusal is noted by the writer; more of them wait for nobody and write nothing. */
static void a_refused_callback_takes_a_place_in_the_writers_queue_once(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "G-2", "5.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    struct world_act first, again;
    struct hold hold;
    world_callback_init(&first, &a, STR("TR_OTHER"));
    ok(checkout_callback(&w->s, &first.act, CALLBACK_SUCCESS));
    assert_int_equal(world_act_wait(&first), ERR_STATE);
    hold_begin(w, &hold);
    for (int i = 0; i < 40; i++) {
        world_callback_init(&again, &a, STR("TR_OTHER"));
        ok(checkout_callback(&w->s, &again.act, CALLBACK_SUCCESS));
        bool answered = sem_trywait(&again.ended) == 0;
        if (!answered)
            hold_end(&hold); /* fails below, and not by hanging */
        assert_true(answered);
        assert_int_equal(again.result, ERR_STATE);
        assert_string_equal(again.act.uuid, sp.uuid);
        sem_destroy(&again.ended);
    }
    hold_end(&hold);
    world_approve(w, &a);
    ok(world_callback(w, &a, CALLBACK_SUCCESS));
    world_wait_payment(w, sp.id, PAYMENT_PAID);
}

static void a_success_after_a_cancel_at_the_wallet_counts(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "X-1", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    ok(world_callback(w, &a, CALLBACK_FAILURE));
    assert_int_equal(world_attempt(w, sp.id).state, ATTEMPT_REFUSED);
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_OPEN);
    world_approve(w, &a);
    ok(world_callback(w, &a, CALLBACK_SUCCESS));
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    ok(world_callback(w, &a, CALLBACK_FAILURE));
    ok(world_callback(w, &a, CALLBACK_CANCEL));
    assert_int_equal(world_attempt(w, sp.id).state, ATTEMPT_PAID);
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_PAID);
}

static void a_success_after_the_end_is_not_executed(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "E-1", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    world_approve(w, &a);
    ok(world_cancel(w, &sp));
    ok(world_callback(w, &a, CALLBACK_SUCCESS));
    ok(world_callback(w, &a, CALLBACK_SUCCESS));
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_CANCELLED);
    assert_int_equal(atomic_load(&w->bkash.executes), 0);
    assert_int_equal(world_cancel(w, &sp), ERR_STATE);
    assert_int_equal(world_outbox(w, sp.id).count, 1);
}

static void a_success_in_the_moment_of_the_end_is_not_executed(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "E-2", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    world_approve(w, &a);
    clock_advance(&w->clock, 900 * SECOND); /* settle does not know it yet */
    ok(world_callback(w, &a, CALLBACK_SUCCESS));
    assert_int_equal(world_pay(w, &sp), ERR_STATE);
    world_wait_payment(w, sp.id, PAYMENT_CANCELLED);
    assert_int_equal(atomic_load(&w->bkash.executes), 0);
    world_books(w, 0);
}

static void a_second_press_is_the_same_attempt(void **state)
{
    struct world *w = *state;
    struct world_act acts[8];
    struct shop_payment sp = world_create(w, "B-1", "300.00");
    for (int i = 0; i < 8; i++) {
        world_act_init(&acts[i], sp.uuid);
        ok(checkout_pay(&w->s, &acts[i].act));
    }
    for (int i = 0; i < 8; i++)
        ok(world_act_wait(&acts[i]));
    world_wait_attempt(w, sp.id, ATTEMPT_REDIRECTED);
    assert_in_range(world_payment(w, sp.id).attempts, 1, 8);
    assert_int_equal(atomic_load(&w->bkash.creates), world_payment(w, sp.id).attempts);
}

static void a_refused_create_lets_the_payer_try_again(void **state)
{
    struct world *w = *state;
    struct page_view v;
    struct shop_payment sp = world_create(w, "K-1", "300.00");
    atomic_store(&w->bkash.create_fault, BKASH_ERROR_500);
    ok(world_pay(w, &sp));
    world_wait_attempt(w, sp.id, ATTEMPT_FAILED);
    ok(checkout_page_load(&w->s, &w->arena, str_from(sp.uuid), PAGE_WAY_NONE, &v));
    assert_int_equal(v.stage, PAGE_OPEN);
    assert_true(str_is(v.last_reason, "unavailable"));
    atomic_store(&w->bkash.create_fault, BKASH_FINE);
    world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_payment_is_paid_without_a_query),
        T(the_page_tells_each_stage),
        T(the_status_tells_balances_and_other_accounts_nothing),
        T(many_callbacks_at_once_execute_once),
        T(a_lost_execute_answer_is_settled_by_asking),
        T(b5_an_execute_that_was_done_before_is_asked_about_at_once),
        T(a_full_request_is_refused_whole),
        T(an_unreadable_execute_answer_is_unknown),
        T(an_unknown_attempt_keeps_its_payment_from_ending),
        T(a_day_without_an_answer_goes_to_a_person),
        T(an_execute_that_never_arrived_frees_the_payment),
        T(another_amount_is_reviewed_and_never_paid),
        T(another_invoice_is_reviewed_and_never_paid),
        T(a_trx_id_is_counted_once),
        T(a_forged_success_is_declined_and_the_payer_may_try_again),
        T(the_reference_of_another_payment_is_refused),
        T(a_guessed_callback_takes_no_place_in_the_writers_queue),
        T(a_refused_callback_takes_a_place_in_the_writers_queue_once),
        T(a_success_after_a_cancel_at_the_wallet_counts),
        T(a_success_after_the_end_is_not_executed),
        T(a_success_in_the_moment_of_the_end_is_not_executed),
        T(a_second_press_is_the_same_attempt),
        T(a_refused_create_lets_the_payer_try_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
