/* Two services on one store, as two kassad on one database: what one begins the other goes on with, and nothing is done twice. */
#include "service/errand.h"
#include "service/number.h"
#include "service/outcome.h"
#include "service_world.h"
#include "store/store_guess.h"

struct nodes {
    struct world w; /* the first node is its service */
    struct service second;
};

static void second_start(struct nodes *n)
{
    struct buf why;
    buf_init(&why, 4096);
    enum err e = service_start(&n->w.config, &n->w.clock, true, &why, &n->second);
    if (e != ERR_OK)
        fail_msg("%s: %s", err_name(e), why.p ? why.p : "");
    buf_clear(&why);
}

static int nodes_setup(void **state)
{
    struct nodes *n = mem_alloc(sizeof *n);
    world_start(&n->w);
    second_start(n);
    *state = n;
    return 0;
}

static int nodes_teardown(void **state)
{
    struct nodes *n = *state;
    service_stop(&n->second);
    world_stop(&n->w);
    mem_free(n);
    return 0;
}

static enum err pay_at(struct service *s, const struct shop_payment *p)
{
    struct world_act a;
    world_act_init(&a, p->uuid);
    enum err e = checkout_pay(s, &a.act);
    return e == ERR_OK ? world_act_wait(&a) : e;
}

static enum err callback_at(struct service *s, const struct attempt_row *attempt)
{
    struct world_act a;
    world_callback_init(&a, attempt, attempt->wallet_ref);
    enum err e = checkout_callback(s, &a.act, CALLBACK_SUCCESS);
    return e == ERR_OK ? world_act_wait(&a) : e;
}

static void a_payer_who_comes_back_at_another_node_pays_once(void **state)
{
    struct nodes *n = *state;
    struct world *w = &n->w;
    struct shop_payment sp = world_create(w, "N-1", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    world_approve(w, &a);
    ok(callback_at(&n->second, &a));
    ok(callback_at(&w->s, &a));
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    ok(callback_at(&n->second, &a));
    assert_int_equal(atomic_load(&w->bkash.executes), 1);
    assert_int_equal(atomic_load(&w->bkash.queries), 0);
    assert_int_equal(world_outbox(w, sp.id).count, 1);
    world_books(w, 1);
}

static void two_presses_at_two_nodes_make_one_attempt(void **state)
{
    struct nodes *n = *state;
    struct world *w = &n->w;
    struct shop_payment sp = world_create(w, "N-2", "300.00");
    atomic_store(&w->bkash.create_fault, BKASH_HANG);
    atomic_store(&w->bkash.hang, true);
    ok(pay_at(&w->s, &sp));
    ok(pay_at(&n->second, &sp));
    atomic_store(&w->bkash.hang, false);
    world_wait_attempt(w, sp.id, ATTEMPT_REDIRECTED);
    assert_int_equal(world_payment(w, sp.id).attempts, 1);
    assert_int_equal(atomic_load(&w->bkash.creates), 1);
}

/* The second node takes the first one's call as lost after the wallet's time-out, and asks. */
static void an_execute_that_hangs_at_one_node_is_resolved_by_the_other(void **state)
{
    struct nodes *n = *state;
    struct world *w = &n->w;
    w->config.wallet_timeout_ms = 60 * SECOND;
    struct shop_payment sp = world_create(w, "N-3", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    world_approve(w, &a);
    atomic_store(&w->bkash.execute_fault, BKASH_HANG);
    atomic_store(&w->bkash.hang, true);
    ok(callback_at(&w->s, &a));
    world_wait_count(&w->bkash.executed, 1);
    clock_advance(&w->clock, 62 * SECOND);
    settle_kick(n->second.settle);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    atomic_store(&w->bkash.hang, false);
    world_wait_calls(w, 0);
    assert_int_equal(atomic_load(&w->bkash.executes), 1);
    assert_int_equal(world_payment(w, sp.id).paid.poisha, 30000);
    assert_int_equal(world_outbox(w, sp.id).count, 1);
    world_books(w, 1);
}

/* ---- a process that stood still ---- */

struct stood_still {
    struct store_unit unit;
    struct world *w;
    struct payment_row payment;
    struct attempt_row attempt;
};

/* What a callback commits, without its call. */
static enum err execute_begin_run(struct store_unit *u, struct tx *tx)
{
    struct stood_still *x = unit_owner(u, struct stood_still, unit);
    struct attempt_row to = x->attempt;
    struct transition t = {.event = PAYMENT_EV_EXECUTE, .actor = STR("payer"), .attempt_id = to.id};
    to.execute_sent_at = tx_now_ms(tx);
    to.next_ask_at = tx_now_ms(tx) + 30 * SECOND;
    enum err e =
        transition_attempt(tx, &x->attempt, ATTEMPT_EV_CALLBACK_SUCCESS, STR("payer"), &to);
    x->attempt = to;
    return e == ERR_OK ? transition_apply(tx, &x->payment, &t) : e;
}

static void an_execute_that_was_committed_long_ago_is_not_sent(void **state)
{
    struct nodes *n = *state;
    struct world *w = &n->w;
    struct shop_payment sp = world_create(w, "N-4", "300.00");
    struct attempt_row a = world_to_wallet(w, &sp);
    world_approve(w, &a);
    struct stood_still x = {.unit = {.run = execute_begin_run},
        .w = w,
        .payment = world_payment(w, sp.id),
        .attempt = a};
    ok(store_run(w->s.store, &x.unit));
    assert_true(work_begin(w->s.work, a.id, WORK_EXECUTE));
    struct errand *c = errand_new(&w->s, ERRAND_EXECUTE, &x.attempt, STR_ABSENT);
    c->decided_ms -= CALL_BEGINS_MS + 1;
    errand_send(c);
    world_wait_calls(w, 0);
    assert_int_equal(atomic_load(&w->bkash.executes), 0);
    assert_int_equal(world_attempt(w, sp.id).state, ATTEMPT_DECLINED);
    assert_int_equal(world_payment(w, sp.id).state, PAYMENT_OPEN);
    /* and the payer can go on */
    world_approve_and_return(w, &sp);
    world_wait_payment(w, sp.id, PAYMENT_PAID);
    assert_int_equal(atomic_load(&w->bkash.executes), 1);
    world_books(w, 1);
}

/* ---- the wallet's token ---- */

static void one_token_serves_all_nodes(void **state)
{
    struct nodes *n = *state;
    struct world *w = &n->w;
    struct shop_payment sp[6];
    if (!test_store_is_pg())
        return; /* a file is one process's, and has no turns */
    for (int i = 0; i < 6; i++) {
        char order[16];
        snprintf(order, sizeof order, "N-5-%d", i);
        sp[i] = world_create(w, order, "10.00");
        ok(pay_at(i % 2 ? &n->second : &w->s, &sp[i]));
    }
    for (int i = 0; i < 6; i++)
        world_wait_attempt(w, sp[i].id, ATTEMPT_REDIRECTED);
    assert_int_equal(atomic_load(&w->bkash.grants), 1);
}

static enum err second_call_run(struct store_unit *u, struct tx *tx)
{
    struct stood_still *x = unit_owner(u, struct stood_still, unit);
    int64_t now = tx_now_ms(tx);
    return store_token_renewal_take(tx, x->w->credential_id, now, now - HOUR, 2);
}

/* The first one's call for a token hangs, so the second waits for its turn; it is stopped at several moments of that, the last time
 * when the turn has run out and would be its. Nothing may be left, which a sanitizer sees, and no call counted that was not made. */
static void a_node_that_stops_while_it_waits_for_anothers_turn_leaves_nothing(void **state)
{
    struct nodes *n = *state;
    struct world *w = &n->w;
    static const useconds_t moments[] = {0, 30000, 200000};
    if (!test_store_is_pg())
        return;
    /* The first call's patience must outlast the other node's starts. */
    w->config.wallet_timeout_ms = 60 * SECOND;
    struct shop_payment first = world_create(w, "N-6", "10.00");
    atomic_store(&w->bkash.grant_hang, true);
    ok(pay_at(&w->s, &first));
    world_wait_count(&w->bkash.grants, 1);
    for (size_t i = 0; i < array_len(moments); i++) {
        char order[16];
        snprintf(order, sizeof order, "N-6-%zu", i);
        struct shop_payment waits = world_create(w, order, "10.00");
        ok(pay_at(&n->second, &waits));
        usleep(moments[i]);
        if (i + 1 == array_len(moments))
            clock_advance(&w->clock, 10 * MINUTE);
        service_stop(&n->second);
        second_start(n);
    }
    atomic_store(&w->bkash.grant_hang, false);
    world_wait_attempt(w, first.id, ATTEMPT_REDIRECTED);
    assert_int_equal(atomic_load(&w->bkash.grants), 1);
    struct stood_still x = {.unit = {.run = second_call_run}, .w = w};
    ok(store_run(w->s.store, &x.unit));
}

/* ---- guesses ---- */

static enum err guess_run(struct store_unit *u, struct tx *tx)
{
    (void)u;
    return store_guess_take(tx, STR("somebody"), 3);
}

static void guesses_are_counted_over_all_nodes(void **state)
{
    struct nodes *n = *state;
    struct store_unit u = {.run = guess_run};
    ok(store_run(n->w.s.store, &u));
    ok(store_run(n->second.store, &u));
    ok(store_run(n->w.s.store, &u));
    assert_int_equal(store_run(n->second.store, &u), ERR_RATE);
    assert_int_equal(store_run(n->w.s.store, &u), ERR_RATE);
    clock_advance(&n->w.clock, MINUTE);
    ok(store_run(n->second.store, &u));
}

/* ---- accounts ---- */

static enum err account_off_run(struct store_unit *u, struct tx *tx)
{
    struct stood_still *x = unit_owner(u, struct stood_still, unit);
    struct account_row row;
    enum err e = store_account_by_id(tx_db(tx), &x->w->arena, x->w->account_id, &row);
    row.enabled = false;
    e = e == ERR_OK ? store_account_update(tx, &row) : e;
    return e == ERR_OK ? store_change_bump(tx) : e;
}

static void an_account_that_is_disabled_at_one_node_is_so_at_all(void **state)
{
    struct nodes *n = *state;
    struct world *w = &n->w;
    struct stood_still x = {.unit = {.run = account_off_run}, .w = w};
    struct service *const both[] = {&w->s, &n->second};
    for (int i = 0; i < 2; i++) {
        const struct account_view *v = accounts_get(both[i]->accounts, str_from(w->account_uuid));
        assert_non_null(v);
        accounts_release(v);
    }
    ok(store_run(w->s.store, &x.unit));
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    for (int i = 0; i < 2; i++) {
        const struct account_view *v;
        while ((v = accounts_get(both[i]->accounts, str_from(w->account_uuid)))) {
            accounts_release(v);
            assert_true(clock_mono_ms() < until);
            usleep(5000);
        }
    }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, nodes_setup, nodes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_payer_who_comes_back_at_another_node_pays_once),
        WITH(two_presses_at_two_nodes_make_one_attempt),
        WITH(an_execute_that_hangs_at_one_node_is_resolved_by_the_other),
        WITH(an_execute_that_was_committed_long_ago_is_not_sent),
        WITH(one_token_serves_all_nodes),
        WITH(a_node_that_stops_while_it_waits_for_anothers_turn_leaves_nothing),
        WITH(guesses_are_counted_over_all_nodes),
        WITH(an_account_that_is_disabled_at_one_node_is_so_at_all),
    };
    return cmocka_run_group_tests_name("service nodes", tests, NULL, NULL);
}
