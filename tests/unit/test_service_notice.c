/* B14: what a believed notification does to payments, before and after our own execute, and after crashes. */
#include "service/notice_judge.h"
#include "service/work.h"
#include "service_world.h"

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

struct told_unit {
    struct store_unit unit;
    struct arena arena;
    struct notice_case c;
    struct notice_row row;
};

static enum err told_run(struct store_unit *u, struct tx *tx)
{
    struct told_unit *t = unit_owner(u, struct told_unit, unit);
    int64_t id = 0;
    notice_case_reset(&t->c);
    if (store_notice_find(tx_db(tx), t->row.message_id, &id) == ERR_OK)
        return ERR_DUPLICATE;
    t->row.received_at = tx_now_ms(tx);
    ok(notice_judge(&t->c, tx, &t->row));
    return store_notice_add(tx, &t->row);
}

/* As the webhook does with what it believes. The row's verdict is static text. */
static struct notice_row tell(struct world *w, struct notice_row row)
{
    static int messages;
    char id[32];
    snprintf(id, sizeof id, "message-%d", ++messages);
    struct told_unit t = {.unit = {.run = told_run}, .row = row};
    if (str_absent(row.message_id))
        t.row.message_id = str_from(id);
    arena_init(&t.arena, 1U << 20);
    t.c = (struct notice_case){.service = &w->s, .arena = &t.arena};
    ok(store_run(w->s.store, &t.unit));
    notice_case_act(&t.c);
    t.row.message_id = STR_ABSENT;
    arena_clear(&t.arena);
    return t.row;
}

static struct notice_row about(struct world *w, const struct attempt_row *a, const char *trx)
{
    return (struct notice_row){.credential_id = w->credential_id,
        .trx_id = str_from(trx),
        .invoice = a->invoice,
        .amount = a->amount,
        .currency = STR("BDT")};
}

static bool verdict_is(struct world *w, int64_t id, const char *verdict)
{
    struct notice_row r;
    ok(store_notice_get(world_db(w), &w->arena, id, &r));
    return str_is(r.verdict, verdict);
}

static void verdict_wait(struct world *w, int64_t id, const char *verdict)
{
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (!verdict_is(w, id, verdict)) {
        if (clock_mono_ms() > until)
            fail_msg("the notice never became %s", verdict);
        usleep(2000);
    }
}

/* Until the answer's money is stored: a clock that moves before it moves the notice's next look as well. */
static void paid_wait(struct world *w, int64_t id, int64_t poisha)
{
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (world_payment(w, id).paid.poisha != poisha) {
        if (clock_mono_ms() > until)
            fail_msg("the payment's money was never stored");
        usleep(2000);
    }
}

static void money_that_was_counted_is_known(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "K-1", "300.00");
    world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    struct attempt_row a = world_attempt(w, sp.id);
    struct notice_row row = about(w, &a, w->bkash.payments[0].trx);
    assert_true(str_is(tell(w, row).verdict, "known"));
    row.amount = money_poisha(1);
    assert_true(str_is(tell(w, row).verdict, "differs"));
    row = about(w, &a, "ANOTHERTRX");
    assert_true(str_is(tell(w, row).verdict, "differs"));
    assert_int_equal(world_payment(w, sp.id).paid.poisha, 30000);
    assert_int_equal(atomic_load(&w->bkash.queries), 0);
    world_books(w, 1);
}

static void before_our_execute_it_changes_nothing_and_is_known_later(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "E-1", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    struct notice_row row = tell(w, about(w, &a, w->bkash.payments[0].trx));
    assert_true(str_is(row.verdict, "early") && row.payment_id == sp.id);
    assert_int_equal(world_attempt(w, sp.id).version, a.version);
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_OPEN);
    world_approve(w, &a);
    ok(world_callback(w, &a, CALLBACK_SUCCESS));
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    world_pass(w, 17 * MINUTE);
    verdict_wait(w, row.id, "known");
    assert_int_equal(atomic_load(&w->bkash.queries), 0);
    assert_int_equal(atomic_load(&w->bkash.executes), 1);
    world_books(w, 1);
}

static void of_a_lost_execute_it_lets_the_wallet_be_asked_at_once(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "L-1", "300.00");
    atomic_store(&w->bkash.execute_fault, BKASH_DROP_AFTER);
    struct attempt_row a = world_approve_and_return(w, &sp);
    world_wait_attempt(w, sp.id, ATTEMPT_UNKNOWN);
    assert_int_equal(atomic_load(&w->bkash.queries), 0);
    struct notice_row row = tell(w, about(w, &a, w->bkash.payments[0].trx));
    assert_true(str_is(row.verdict, "asked"));
    world_wait_payment(w, sp.id, PAYMENT_PAID); /* no time has passed */
    assert_int_equal(atomic_load(&w->bkash.queries), 1);
    world_pass(w, 3 * MINUTE);
    verdict_wait(w, row.id, "known");
    world_books(w, 1);
}

static void a_notice_of_another_amount_asks_and_the_wallets_answer_counts(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "L-2", "300.00");
    atomic_store(&w->bkash.execute_fault, BKASH_DROP_AFTER);
    struct attempt_row a = world_approve_and_return(w, &sp);
    world_wait_attempt(w, sp.id, ATTEMPT_UNKNOWN);
    struct notice_row row = about(w, &a, w->bkash.payments[0].trx);
    row.amount = money_poisha(99900);
    assert_true(str_is(tell(w, row).verdict, "differs"));
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    assert_int_equal(world_payment(w, sp.id).paid.poisha, 30000);
    world_books(w, 1);
}

struct credential_unit {
    struct store_unit unit;
    struct credential_row row;
};

static enum err credential_run(struct store_unit *u, struct tx *tx)
{
    return store_credential_add(tx, &unit_owner(u, struct credential_unit, unit)->row);
}

static int64_t credential_add(struct world *w, int64_t account_id)
{
    struct credential_unit c = {.unit = {.run = credential_run},
        .row = {.wallet = WALLET_BKASH,
            .name = STR("other"),
            .account_id = account_id,
            .base_url = STR("http://127.0.0.1:1"),
            .secret_box = STR("x"),
            .created_at = WORLD_T0}};
    ok(store_run(w->s.store, &c.unit));
    return c.row.id;
}

static void a_notice_of_another_merchants_topic_is_not_believed_about_ours(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "L-3", "300.00");
    atomic_store(&w->bkash.execute_fault, BKASH_DROP_AFTER);
    struct attempt_row a = world_approve_and_return(w, &sp);
    world_wait_attempt(w, sp.id, ATTEMPT_UNKNOWN);
    struct notice_row row = about(w, &a, w->bkash.payments[0].trx);
    row.credential_id = credential_add(w, w->account_id); /* ours is shared by all accounts */
    row = tell(w, row);
    assert_true(str_is(row.verdict, "differs") && row.look_at == 0);
    usleep(50000);
    assert_int_equal(atomic_load(&w->bkash.queries), 0);
}

/* The credential was renewed, its topic still names the older one. */
static void a_topic_stays_good_when_its_credential_is_replaced(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "L-4", "300.00");
    world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    struct attempt_row a = world_attempt(w, sp.id);
    struct notice_row row = about(w, &a, w->bkash.payments[0].trx);
    row.credential_id = credential_add(w, 0);
    assert_true(str_is(tell(w, row).verdict, "known"));
}

static void a_trx_id_that_paid_another_payment_is_told(void **state)
{
    struct world *w = *state;
    struct shop_payment first = world_create(w, "L-5", "300.00");
    world_approve_and_return(w, &first);
    world_wait_payment(w, first.id, PAYMENT_PAID);
    struct shop_payment second = world_create(w, "L-6", "300.00");
    struct attempt_row a = world_to_wallet(w, &second);
    assert_true(str_is(tell(w, about(w, &a, w->bkash.payments[0].trx)).verdict, "differs"));
}

static void the_same_message_is_stored_once(void **state)
{
    struct world *w = *state;
    struct told_unit t = {.unit = {.run = told_run},
        .row = {.message_id = STR("same"),
            .credential_id = w->credential_id,
            .trx_id = STR("QR1"),
            .amount = money_poisha(500)}};
    arena_init(&t.arena, 1U << 20);
    t.c = (struct notice_case){.service = &w->s, .arena = &t.arena};
    ok(store_run(w->s.store, &t.unit));
    assert_true(str_is(t.row.verdict, "elsewhere"));
    assert_int_equal(store_run(w->s.store, &t.unit), ERR_DUPLICATE);
    arena_clear(&t.arena);
    world_books(w, 0);
}

/* Nobody executed it here, its lifetime is over, and bKash has the money all the same. */
static struct attempt_row ended(struct world *w, struct shop_payment *sp, bool completed)
{
    *sp = world_create(w, "O-1", "300.00");
    struct attempt_row a = world_to_wallet(w, sp);
    w->bkash.payments[0].approved = w->bkash.payments[0].completed = completed;
    world_pass(w, 16 * MINUTE);
    world_wait_payment(w, sp->id, PAYMENT_CANCELLED);
    return a;
}

static void money_of_an_ended_payment_is_found_also_after_a_restart(void **state)
{
    struct world *w = *state;
    struct shop_payment sp;
    struct attempt_row a = ended(w, &sp, true);
    atomic_store(&w->bkash.query_fault, BKASH_ERROR_500);
    struct notice_row row = tell(w, about(w, &a, w->bkash.payments[0].trx));
    assert_true(str_is(row.verdict, "asked"));
    world_wait_count(&w->bkash.queries, 1);
    service_stop(&w->s);
    world_service_start(w, true);
    atomic_store(&w->bkash.query_fault, BKASH_FINE);
    world_pass(w, 3 * MINUTE);
    world_wait_count(&w->bkash.queries, 2);
    paid_wait(w, sp.id, 30000);
    world_pass(w, 10 * MINUTE);
    verdict_wait(w, row.id, "known");
    struct payment_row p = world_payment(w, sp.id);
    assert_int_equal(p.state, PAYMENT_CANCELLED);
    assert_int_equal(p.paid.poisha, 30000);
    assert_int_equal(p.credited.poisha, 0);
    assert_int_equal(world_balance(w, LEDGER_SUSPENSE, w->account_id), -30000);
    assert_int_equal(atomic_load(&w->bkash.executes), 0);
    world_books(w, 1);
}

static void what_bkash_never_confirms_goes_to_a_person_and_pays_nothing(void **state)
{
    struct world *w = *state;
    struct shop_payment sp;
    struct attempt_row a = ended(w, &sp, false);
    struct notice_row row = tell(w, about(w, &a, "NEVERCAME1"));
    assert_true(str_is(row.verdict, "asked"));
    world_wait_count(&w->bkash.queries, 1);
    world_pass(w, 49 * HOUR);
    verdict_wait(w, row.id, "review");
    struct notice_row last;
    ok(store_notice_get(world_db(w), &w->arena, row.id, &last));
    assert_int_equal(last.look_at, 0);
    assert_int_equal(world_payment(w, sp.id).paid.poisha, 0);
    world_books(w, 0);
}

static void an_early_one_is_asked_about_when_the_payment_has_ended(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "E-2", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    struct notice_row row = tell(w, about(w, &a, w->bkash.payments[0].trx));
    assert_true(str_is(row.verdict, "early"));
    w->bkash.payments[0].approved = w->bkash.payments[0].completed = true;
    world_pass(w, 15 * MINUTE + SECOND);
    world_wait_payment(w, sp.id, PAYMENT_CANCELLED);
    world_pass(w, 2 * MINUTE);
    world_wait_count(&w->bkash.queries, 1);
    paid_wait(w, sp.id, 30000);
    world_pass(w, 10 * MINUTE);
    verdict_wait(w, row.id, "known");
    assert_int_equal(world_payment(w, sp.id).paid.poisha, 30000);
    world_books(w, 1);
}

static void an_attempt_under_review_stays_with_its_person(void **state)
{
    struct world *w = *state;
    struct shop_payment sp = world_create(w, "R-1", "300.00");
    atomic_store(&w->bkash.execute_fault, BKASH_WRONG_CURRENCY);
    struct attempt_row a = world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_REVIEW);
    assert_true(str_is(tell(w, about(w, &a, w->bkash.payments[0].trx)).verdict, "review"));
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_REVIEW);
    assert_int_equal(atomic_load(&w->bkash.queries), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(money_that_was_counted_is_known),
        T(before_our_execute_it_changes_nothing_and_is_known_later),
        T(of_a_lost_execute_it_lets_the_wallet_be_asked_at_once),
        T(a_notice_of_another_amount_asks_and_the_wallets_answer_counts),
        T(a_notice_of_another_merchants_topic_is_not_believed_about_ours),
        T(a_topic_stays_good_when_its_credential_is_replaced),
        T(a_trx_id_that_paid_another_payment_is_told),
        T(the_same_message_is_stored_once),
        T(money_of_an_ended_payment_is_found_also_after_a_restart),
        T(what_bkash_never_confirms_goes_to_a_person_and_pays_nothing),
        T(an_early_one_is_asked_about_when_the_payment_has_ended),
        T(an_attempt_under_review_stays_with_its_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
