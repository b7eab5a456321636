/* Crashes, races, ends, late money, and what a person decides. */
#include "service/transition.h"
#include "service_world.h"
#include "store/store_audit_log.h"

/* ---- a process that died: only rows are left ---- */

/* What the process had committed before it died: execute's intent, or only the attempt. */
struct dead_unit {
    struct store_unit unit;
    struct world *w;
    int64_t payment_id;
    bool creating;
};

static enum err dead_run(struct store_unit *u, struct tx *tx)
{
    struct dead_unit *d = unit_owner(u, struct dead_unit, unit);
    struct payment_row p, counted;
    struct attempt_row a, to;
    int64_t now = tx_now_ms(tx);
    ok(store_payment_by_id(tx_db(tx), &d->w->arena, d->payment_id, &p));
    if (d->creating) {
        struct attempt_row new_row = {.payment_id = p.id,
            .number = 1,
            .wallet = WALLET_BKASH,
            .credential_id = d->w->credential_id,
            .state = ATTEMPT_CREATING,
            .callback_token = STR("token-of-a-dead-process"),
            .invoice = STR("K1-1"),
            .amount = p.amount,
            .currency = p.currency,
            .created_at = now,
            .next_ask_at = now + 30 * SECOND};
        counted = p;
        counted.attempts = 1;
        ok(store_attempt_add(tx, &new_row));
        return store_payment_cas(tx, &p, &counted);
    }
    struct transition t = {.event = PAYMENT_EV_EXECUTE, .actor = STR("payer")};
    ok(store_attempt_last(tx_db(tx), &d->w->arena, p.id, &a));
    to = a;
    to.execute_sent_at = now;
    to.next_ask_at = now + 30 * SECOND;
    ok(transition_attempt(tx, &a, ATTEMPT_EV_CALLBACK_SUCCESS, STR("payer"), &to));
    return transition_apply(tx, &p, &t);
}

static void die(struct world *w, int64_t payment_id, bool creating)
{
    struct dead_unit d = {
        .unit = {.run = dead_run}, .w = w, .payment_id = payment_id, .creating = creating};
    ok(store_run(w->s.store, &d.unit));
    service_stop(&w->s);
    world_service_start(w, true);
}

static void after_a_crash_an_execute_is_asked_about_and_not_sent_again(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "A-1", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    world_approve(w, &a);
    w->bkash.payments[0].completed = true; /* the execute arrived, its answer did not */
    die(w, sp.id, false);
    usleep(100000);
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_EXECUTING);
    world_pass(w, 31 * SECOND);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    assert_int_equal(atomic_load(&w->bkash.executes), 0);
    assert_int_equal(atomic_load(&w->bkash.queries), 1);
    world_books(w, 1);
}

static void after_a_crash_an_execute_that_never_left_is_not_paid(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "A-2", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    world_approve(w, &a);
    die(w, sp.id, false);
    world_pass(w, 3 * MINUTE);
    world_wait_payment(w, sp.id, PAYMENT_OPEN);
    assert_int_equal(atomic_load(&w->bkash.executes), 0);
    world_pass(w, 15 * MINUTE);
    world_wait_payment(w, sp.id, PAYMENT_FAILED);
    world_books(w, 0);
}

static void after_a_crash_a_lost_create_has_failed(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "A-3", "300.00");
    die(w, sp.id, true);
    world_pass(w, 31 * SECOND);
    world_wait_attempt(w, sp.id, ATTEMPT_FAILED);
    world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    assert_int_equal(world_attempt(w, sp.id).number, 2);
}

static void a_stop_in_the_middle_of_an_execute_loses_nothing(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "A-4", "300.00");
    atomic_store(&w->bkash.hang, true);
    atomic_store(&w->bkash.execute_fault, BKASH_HANG);
    world_approve_and_return(w, &sp);
    world_wait_count(&w->bkash.executed, 1);
    service_stop(&w->s);
    atomic_store(&w->bkash.hang, false);
    world_service_start(w, true);
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_EXECUTING);
    world_pass(w, 35 * SECOND);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    assert_int_equal(atomic_load(&w->bkash.executes), 1);
    world_books(w, 1);
}

/* ---- ends and races ---- */

static void many_payments_run_out_together(void **state)
{
    struct world *w = *state;
    enum { COUNT = 300 };
    static struct shop_payment payments[COUNT];
    for (int i = 0; i < COUNT; i++) {
        char order[16];
        snprintf(order, sizeof order, "E-%d", i);
        payments[i] = world_create(w, order, "1.00");
    }
    world_pass(w, 900 * SECOND - 1);
    usleep(50000);
    assert_int_equal(world_payment(w, payments[0].id).state, PAYMENT_OPEN);
    world_pass(w, 1);
    for (int i = 0; i < COUNT; i++) {
        world_wait_payment(w, payments[i].id, PAYMENT_CANCELLED);
        struct world_outbox o = world_outbox(w, payments[i].id);
        assert_int_equal(o.count, 1);
        assert_string_equal(o.status, "cancel");
        assert_int_equal(o.newest.payment_amount.poisha, 0);
    }
    world_books(w, 0);
}

static void a_refused_last_attempt_makes_the_end_a_failure(void **state)
{
    struct world *w = *state;
    struct page_view v;
    struct shop_payment refused = world_create(w, "E-1", "1.00");
    struct shop_payment left = world_create(w, "E-2", "1.00");
    struct attempt_row a = world_to_wallet(w, &refused), b = world_to_wallet(w, &left);
    ok(world_callback(w, &a, CALLBACK_FAILURE));
    ok(world_callback(w, &b, CALLBACK_CANCEL));
    world_pass(w, HOUR);
    world_wait_payment(w, refused.id, PAYMENT_FAILED);
    world_wait_payment(w, left.id, PAYMENT_CANCELLED);
    assert_string_equal(world_outbox(w, refused.id).status, "fail");
    ok(checkout_page_load(&w->s, &w->arena, str_from(refused.uuid), PAGE_WAY_NONE, &v));
    assert_int_equal(v.stage, PAGE_FAILED);
    ok(checkout_page_load(&w->s, &w->arena, str_from(left.uuid), PAGE_WAY_NONE, &v));
    assert_int_equal(v.stage, PAGE_EXPIRED);
    assert_true(str_is(v.return_url, "http://shop.example/no"));
}

static void a_lifetime_that_ends_during_execute_waits_for_the_answer(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "W-1", "300.00");
    atomic_store(&w->bkash.hang, true);
    atomic_store(&w->bkash.execute_fault, BKASH_HANG);
    world_approve_and_return(w, &sp);
    world_wait_count(&w->bkash.executed, 1);
    world_pass(w, HOUR);
    usleep(1200000); /* more than one look */
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_EXECUTING);
    /* the answer is still on its way, so the wallet is not asked, however far the clock has moved */
    assert_int_equal(atomic_load(&w->bkash.queries), 0);
    atomic_store(&w->bkash.hang, false);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    assert_int_equal(atomic_load(&w->bkash.queries), 0);
    assert_int_equal(world_outbox(w, sp.id).count, 1);
    world_books(w, 1);
}

struct racer {
    struct world *w;
    const struct shop_payment *payment;
    const struct attempt_row *attempt;
    pthread_barrier_t *start;
};

static void *race_callback(void *arg)
{
    struct racer *r = arg;
    pthread_barrier_wait(r->start);
    ok(world_callback(r->w, r->attempt, CALLBACK_SUCCESS));
    return NULL;
}

static void *race_cancel(void *arg)
{
    struct racer *r = arg;
    pthread_barrier_wait(r->start);
    enum err e = world_cancel(r->w, r->payment);
    assert_true(e == ERR_OK || e == ERR_STATE);
    return NULL;
}

static void *race_clock(void *arg)
{
    struct racer *r = arg;
    pthread_barrier_wait(r->start);
    world_pass(r->w, 900 * SECOND);
    return NULL;
}

/* One of two legal results, and the books and the wallet agree with it. Returns the executes. */
static int race(struct world *w, int round, void *(*other)(void *))
{
    char order[24];
    pthread_barrier_t start;
    pthread_t threads[2];
    int before = atomic_load(&w->bkash.executed);
    snprintf(order, sizeof order, "R-%d", round);
    struct shop_payment sp = world_create(w, order, "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    struct racer r = {.w = w, .payment = &sp, .attempt = &a, .start = &start};
    world_approve(w, &a);
    pthread_barrier_init(&start, NULL, 2);
    assert_int_equal(pthread_create(&threads[0], NULL, race_callback, &r), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, other, &r), 0);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    pthread_barrier_destroy(&start);
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (!payment_is_final(world_payment(w, sp.id).state)) {
        assert_true(clock_mono_ms() < until);
        usleep(2000);
    }
    bool paid = world_payment(w, sp.id).state == PAYMENT_PAID;
    int executed = atomic_load(&w->bkash.executed) - before;
    assert_int_equal(executed, paid ? 1 : 0);
    assert_int_equal(world_outbox(w, sp.id).count, 1);
    assert_string_equal(world_outbox(w, sp.id).status, paid ? "paid" : "cancel");
    return executed;
}

static void cancel_and_callback_at_once_have_one_winner(void **state)
{
    struct world *w = *state;
    int paid = 0;
    for (int i = 0; i < 20; i++)
        paid += race(w, i, race_cancel);
    assert_int_equal(atomic_load(&w->bkash.executes), paid);
    world_books(w, paid);
}

static void the_end_and_callback_at_once_have_one_winner(void **state)
{
    struct world *w = *state;
    int paid = 0;
    for (int i = 0; i < 20; i++)
        paid += race(w, i, race_clock);
    assert_int_equal(atomic_load(&w->bkash.executes), paid);
    world_books(w, paid);
}

/* ---- a person ---- */

static int audit_count;
static enum err audit_see(void *arg, const struct audit_log_row *r)
{
    (void)arg;
    if (str_is(r->action, "payment.settle") || str_is(r->action, "credit.attach")) {
        assert_true(str_is(r->actor, "operator:Rahim"));
        audit_count++;
    }
    return ERR_OK;
}

static int audits(struct world *w)
{
    audit_count = 0;
    ok(store_audit_log_each(world_db(w), 1, audit_see, NULL));
    return audit_count;
}

static struct shop_payment in_review(struct world *w, const char *order)
{
    struct shop_payment sp = world_create(w, order, "300.00");
    atomic_store(&w->bkash.execute_fault, BKASH_WRONG_CURRENCY);
    world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_REVIEW);
    atomic_store(&w->bkash.execute_fault, BKASH_FINE);
    return sp;
}

static struct checkout_settle decision(int64_t payment_id, bool paid)
{
    return (struct checkout_settle){.payment_id = payment_id,
        .paid = paid,
        .amount = money_poisha(10000),
        .trx_id = STR("abc 123"),
        .operator_name = STR("Rahim"),
        .reason = STR("seen in the portal")};
}

static void a_person_settles_a_review_as_paid(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = in_review(w, "Q-1");
    struct checkout_settle c = decision(sp.id, true);
    ok(checkout_settle(&w->s, &c));
    struct payment_row p = world_payment(w, sp.id);
    assert_int_equal(p.state, PAYMENT_PAID);
    assert_int_equal(p.paid.poisha, 10000);
    assert_int_equal(p.commission.poisha, 250);
    assert_int_equal(world_attempt(w, sp.id).state, ATTEMPT_PAID);
    struct world_outbox o = world_outbox(w, sp.id);
    assert_int_equal(o.count, 1);
    assert_true(o.newest.is_partial);
    assert_int_equal(checkout_settle(&w->s, &c), ERR_STATE);
    assert_int_equal(audits(w), 1);
    struct shop_payment other = in_review(w, "Q-2");
    c = decision(other.id, true);
    c.trx_id = STR("ABC123"); /* the same one in its normal form */
    assert_int_equal(checkout_settle(&w->s, &c), ERR_DUPLICATE);
    assert_int_equal(world_payment(w, other.id).state, PAYMENT_REVIEW);
    assert_int_equal(audits(w), 1);
    world_books(w, 1);
}

static void a_person_settles_a_review_as_unpaid(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = in_review(w, "Q-3");
    struct checkout_settle c = decision(sp.id, false);
    ok(checkout_settle(&w->s, &c));
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_OPEN);
    assert_int_equal(world_attempt(w, sp.id).state, ATTEMPT_DECLINED);
    world_pass(w, HOUR);
    world_wait_payment(w, sp.id, PAYMENT_FAILED);
    assert_int_equal(audits(w), 1);
    world_books(w, 0);
}

static int64_t credit_seen;
static enum err credit_see(void *arg, const struct credit_row *r)
{
    (void)arg;
    credit_seen = r->id;
    return ERR_OK;
}

/* The wallet is being asked while a person decides that nothing was paid. */
static struct shop_payment asked_and_settled_unpaid(struct world *w, const char *order)
{
    struct shop_payment sp = world_create(w, order, "300.00");
    struct checkout_settle c = decision(sp.id, false);
    atomic_store(&w->bkash.execute_fault, BKASH_DROP_AFTER);
    atomic_store(&w->bkash.query_fault, BKASH_HANG);
    atomic_store(&w->bkash.hang, true);
    world_approve_and_return(w, &sp);
    world_wait_attempt(w, sp.id, ATTEMPT_UNKNOWN);
    world_pass(w, 31 * SECOND);
    world_wait_count(&w->bkash.queries, 1);
    ok(checkout_settle(&w->s, &c));
    return sp;
}

static void late_money_is_kept_told_and_attached(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = asked_and_settled_unpaid(w, "Z-1");
    world_pass(w, HOUR);
    world_wait_payment(w, sp.id, PAYMENT_FAILED);
    atomic_store(&w->bkash.hang, false);
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (world_outbox(w, sp.id).count < 2) {
        assert_true(clock_mono_ms() < until);
        usleep(2000);
    }
    struct payment_row p = world_payment(w, sp.id);
    assert_int_equal(p.state, PAYMENT_FAILED);
    assert_int_equal(p.paid.poisha, 30000);
    assert_int_equal(p.credited.poisha, 0);
    struct world_outbox o = world_outbox(w, sp.id);
    assert_string_equal(o.status, "fail");
    assert_int_equal(o.newest.sequence, 2);
    assert_int_equal(o.newest.payment_amount.poisha, 30000);
    assert_int_equal(o.newest.commission_amount.poisha, 0);
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), -30000);
    assert_int_equal(world_balance(w, LEDGER_MERCHANT_PAYABLE, w->account_id), 0);
    world_books(w, 1);

    ok(store_credit_each(world_db(w), sp.id, true, credit_see, NULL));
    ok(checkout_attach(&w->s, credit_seen, STR("Rahim"), STR("the payer asked")));
    assert_int_equal(checkout_attach(&w->s, credit_seen, STR("Rahim"), STR("again")), ERR_STATE);
    p = world_payment(w, sp.id);
    assert_int_equal(p.state, PAYMENT_PAID);
    assert_int_equal(p.paid.poisha, 30000);
    assert_int_equal(p.credited.poisha, 29450);
    assert_int_equal(world_outbox(w, sp.id).newest.sequence, 3);
    assert_string_equal(world_outbox(w, sp.id).status, "paid");
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), 0);
    assert_int_equal(world_balance(w, LEDGER_MERCHANT_PAYABLE, w->account_id), -29450);
    assert_int_equal(audits(w), 2);
    world_books(w, 2);
}

static void money_after_a_persons_no_goes_back_to_review(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = asked_and_settled_unpaid(w, "Z-2");
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_OPEN);
    atomic_store(&w->bkash.hang, false);
    world_wait_payment(w, sp.id, PAYMENT_REVIEW);
    assert_int_equal(world_pay(w, &sp), ERR_STATE);
    struct checkout_settle c = decision(sp.id, true);
    c.amount = money_poisha(30000);
    c.trx_id = STR("TRX0000001");
    world_books(w, 1); /* it is in suspense already */
    ok(checkout_settle(&w->s, &c));
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_PAID);
    assert_int_equal(world_payment(w, sp.id).paid.poisha, 30000);
    world_books(w, 2);
}

/* An attempt's money moves once: the wallet's late answer is about what the person has counted, though he mistyped its TrxID. */
static void money_that_a_person_counted_is_not_counted_again(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "Z-3", "300.00");
    struct checkout_settle c = decision(sp.id, true);
    c.amount = money_poisha(30000);
    c.trx_id = STR("TRXO000001");
    atomic_store(&w->bkash.execute_fault, BKASH_DROP_AFTER);
    atomic_store(&w->bkash.query_fault, BKASH_HANG);
    atomic_store(&w->bkash.hang, true);
    world_approve_and_return(w, &sp);
    world_wait_attempt(w, sp.id, ATTEMPT_UNKNOWN);
    world_pass(w, 31 * SECOND);
    world_wait_count(&w->bkash.queries, 1);
    ok(checkout_settle(&w->s, &c));
    atomic_store(&w->bkash.hang, false);
    world_wait_calls(w, 0);
    struct payment_row p = world_payment(w, sp.id);
    assert_int_equal(p.state, PAYMENT_PAID);
    assert_int_equal(p.paid.poisha, 30000);
    assert_int_equal(world_outbox(w, sp.id).count, 1);
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), 0);
    world_books(w, 1);
}

#define HANGING_CREATES 48 /* all that checkout lets wait at once */

static void many_slow_creates_keep_no_unknown_from_being_asked(void **state)
{
    struct world *w = *state;
    w->config.wallet_timeout_ms = 60 * SECOND;
    struct shop_payment sp = world_create(w, "S-1", "300.00");
    atomic_store(&w->bkash.execute_fault, BKASH_DROP_AFTER);
    world_approve_and_return(w, &sp);
    world_wait_attempt(w, sp.id, ATTEMPT_UNKNOWN);
    atomic_store(&w->bkash.create_fault, BKASH_HANG);
    atomic_store(&w->bkash.hang, true);
    for (int i = 0; i < HANGING_CREATES; i++) {
        char order[32];
        snprintf(order, sizeof order, "S-slow-%d", i);
        struct shop_payment slow = world_create(w, order, "10.00");
        ok(world_pay(w, &slow));
    }
    assert_int_equal(work_count_of(w->s.work, WORK_CREATE), HANGING_CREATES);
    struct shop_payment beyond = world_create(w, "S-beyond", "10.00");
    assert_int_equal(world_pay(w, &beyond), ERR_BUSY);
    world_pass(w, 31 * SECOND);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    world_wait_calls(w, HANGING_CREATES);
    atomic_store(&w->bkash.hang, false);
}

/* ---- create ---- */

struct creator {
    struct world *w;
    struct world_create create;
    struct arena arena;
    pthread_t thread;
    enum err result;
};

static void *creator_main(void *arg)
{
    struct creator *c = arg;
    ok(checkout_create_submit(&c->w->s, &c->create.create));
    c->result = world_create_wait(&c->create);
    return NULL;
}

static void many_creates_of_one_order_make_one_payment(void **state)
{
    struct world *w = *state;
    enum { THREADS = 64 };
    static struct creator all[THREADS];
    int stored = 0, replayed = 0, refused = 0;
    for (int i = 0; i < THREADS; i++) {
        all[i] = (struct creator){.w = w};
        arena_init(&all[i].arena, 65536);
        world_create_prepare(
            w, &all[i].arena, "ONE", "5.00", i % 4 == 3 ? "other body" : "body", &all[i].create);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&all[i].thread, NULL, creator_main, &all[i]), 0);
    const struct checkout_create *first = NULL;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(all[i].thread, NULL);
        const struct checkout_create *c = &all[i].create.create;
        if (all[i].result == ERR_OK && !first)
            first = c;
        if (all[i].result == ERR_OK) {
            assert_int_equal(c->id, first->id);
            assert_string_equal(c->uuid, first->uuid);
        }
        stored += all[i].result == ERR_OK && !c->replayed;
        replayed += all[i].result == ERR_OK && c->replayed;
        refused += all[i].result == ERR_DUPLICATE;
    }
    assert_int_equal(stored, 1);
    assert_int_equal(stored + replayed + refused, THREADS);
    assert_true((replayed == 47 && refused == 16) || (replayed == 15 && refused == 48));
    for (int i = 0; i < THREADS; i++)
        arena_clear(&all[i].arena);
}

static void what_an_account_lacks_is_refused_by_field(void **state)
{
    struct world *w = *state;
    struct field_errors errors;
    struct payment_new p;
    struct create_request rq = {.amount = money_poisha(100),
        .order_id = STR("V-1"),
        .service = STR("payment_card_bdt_hpp"),
        .catalog = catalog_service_find(STR("payment_card_bdt_hpp")),
        .wallet = WALLET_NAGAD,
        .success_redirect_id = 999,
        .fail_redirect_id = 998,
        .fail_redirect_url = STR("http://shop.example/no"),
        .notification_endpoint_id = 997,
        .lifetime_s = 900};
    const struct account_view *v = accounts_get(w->s.accounts, str_from(w->account_uuid));
    field_errors_init(&errors, &w->arena);
    checkout_prepare(&w->s, v, &rq, &errors, &p);
    assert_int_equal(errors.count, 3);
    assert_true(field_errors_has(&errors, "customer_code"));
    assert_true(field_errors_has(&errors, "success_redirect_id"));
    assert_true(field_errors_has(&errors, "notification_endpoint_id"));
    struct account_view poor = *v;
    poor.row.services = STR("another_service,payment_card_bdt_hpp2");
    field_errors_init(&errors, &w->arena);
    rq = (struct create_request){
        .service = rq.service, .catalog = rq.catalog, .wallet = WALLET_BKASH, .lifetime_s = 900};
    checkout_prepare(&w->s, &poor, &rq, &errors, &p);
    assert_int_equal(errors.count, 1);
    assert_true(field_errors_has(&errors, "service"));
    accounts_release(v);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(after_a_crash_an_execute_is_asked_about_and_not_sent_again),
        T(after_a_crash_an_execute_that_never_left_is_not_paid),
        T(after_a_crash_a_lost_create_has_failed),
        T(a_stop_in_the_middle_of_an_execute_loses_nothing),
        T(many_payments_run_out_together),
        T(a_refused_last_attempt_makes_the_end_a_failure),
        T(a_lifetime_that_ends_during_execute_waits_for_the_answer),
        T(cancel_and_callback_at_once_have_one_winner),
        T(the_end_and_callback_at_once_have_one_winner),
        T(a_person_settles_a_review_as_paid),
        T(a_person_settles_a_review_as_unpaid),
        T(late_money_is_kept_told_and_attached),
        T(money_after_a_persons_no_goes_back_to_review),
        T(money_that_a_person_counted_is_not_counted_again),
        T(many_slow_creates_keep_no_unknown_from_being_asked),
        T(many_creates_of_one_order_make_one_payment),
        T(what_an_account_lacks_is_refused_by_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
