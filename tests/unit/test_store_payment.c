/* Payments, attempts, events, wallets' credentials and tokens. */
#include "store_fixture.h"

struct change {
    struct payment_row from, to;
};

static enum err payment_change(void *arg, struct tx *tx)
{
    struct change *c = arg;
    return store_payment_cas(tx, &c->from, &c->to);
}

static void a_change_of_state_needs_the_state_and_version_it_was_based_on(void **state)
{
    struct fixture *f = *state;
    int64_t id = sample_make(f, "C-1", T0);
    struct change c;
    ok(store_payment_by_id(store_reader(f->s), &f->arena, id, &c.from));
    struct change stale = c;
    c.to = c.from;
    c.to.state = PAYMENT_EXECUTING;
    c.to.attempts = 1;
    ok(run(f->s, payment_change, &c));
    assert_int_equal(c.to.version, 2);
    stale.to = stale.from;
    stale.to.state = PAYMENT_CANCELLED;
    stale.to.final_at = T0 + 1;
    assert_int_equal(run(f->s, payment_change, &stale), ERR_CONFLICT);
    struct change wrong = {.from = c.to, .to = c.to};
    wrong.from.state = PAYMENT_REVIEW;
    assert_int_equal(run(f->s, payment_change, &wrong), ERR_CONFLICT);
    struct change same_state = {.from = c.to, .to = c.to};
    same_state.to.payer_mask = STR("018******99");
    ok(run(f->s, payment_change, &same_state));
    assert_int_equal(run(f->s, payment_change, &same_state), ERR_CONFLICT);
    struct change paid = {.from = same_state.to, .to = same_state.to};
    paid.to.state = PAYMENT_PAID;
    paid.to.paid = money_poisha(10000);
    paid.to.commission = money_poisha(250);
    paid.to.credited = money_poisha(9750);
    paid.to.payer_mask = STR("017******23");
    paid.to.final_at = T0 + 5;
    paid.to.sequence = 1;
    ok(run(f->s, payment_change, &paid));
    struct payment_row r;
    ok(store_payment_by_id(store_reader(f->s), &f->arena, id, &r));
    assert_int_equal(r.state, PAYMENT_PAID);
    assert_int_equal(r.version, 4);
    assert_int_equal(r.paid.poisha, 10000);
    assert_int_equal(r.commission.poisha, 250);
    assert_int_equal(r.credited.poisha, 9750);
    assert_true(str_is(r.payer_mask, "017******23"));
    assert_int_equal(r.final_at, T0 + 5);
    assert_int_equal(r.sequence, 1);
    assert_int_equal(r.attempts, 1);
}

/* The schema's lists of states are those of core. */
static void every_state_of_core_can_be_stored(void **state)
{
    struct fixture *f = *state;
    for (int s = 0; s < PAYMENT_STATE_COUNT; s++) {
        char order[16];
        snprintf(order, sizeof order, "S-%d", s);
        int64_t id = sample_make(f, order, T0);
        struct change c;
        ok(store_payment_by_id(store_reader(f->s), &f->arena, id, &c.from));
        c.to = c.from;
        c.to.state = (enum payment_state)s;
        c.to.final_at = payment_is_final(c.to.state) ? T0 : 0;
        ok(run(f->s, payment_change, &c));
        struct payment_row r;
        ok(store_payment_by_id(store_reader(f->s), &f->arena, id, &r));
        assert_int_equal(r.state, s);
    }
}

static void a_payment_is_found_by_id_and_by_order_of_its_account_alone(void **state)
{
    struct fixture *f = *state;
    struct sample x;
    sample_init(&x, f, "অর্ডার 1", T0);
    ok(run(f->s, sample_insert, &x));
    struct db *db = store_reader(f->s);
    struct payment_row r;
    ok(store_payment_by_id(db, &f->arena, x.p.row.id, &r));
    assert_int_equal(r.id, x.p.row.id);
    assert_true(str_is(r.uuid, x.uuid));
    assert_true(str_is(r.order_id, "অর্ডার 1"));
    assert_int_equal(store_payment_by_id(db, &f->arena, x.p.row.id + 1, &r), ERR_NO_ROW);
    ok(store_payment_by_order(db, &f->arena, f->account_id, x.p.row.order_id, &r));
    assert_int_equal(
        store_payment_by_order(db, &f->arena, f->account_id + 1, x.p.row.order_id, &r), ERR_NO_ROW);
    bool same;
    int64_t id;
    char uuid[UUID_LEN + 1];
    ok(store_order_find(db, f->account_id, x.p.row.order_id, x.p.body_sha256, &same, &id, uuid));
    assert_true(same);
    assert_string_equal(uuid, x.uuid);
    x.p.body_sha256[31] ^= 1;
    ok(store_order_find(db, f->account_id, x.p.row.order_id, x.p.body_sha256, &same, &id, uuid));
    assert_false(same);
}

static void a_row_that_does_not_fit_the_arena_is_an_error(void **state)
{
    struct fixture *f = *state;
    int64_t id = sample_make(f, "big", T0);
    struct arena small;
    arena_init(&small, 40);
    struct payment_row r = {.id = 7};
    assert_int_equal(store_payment_by_id(store_reader(f->s), &small, id, &r), ERR_LIMIT);
    assert_int_equal(r.id, 7);
    arena_clear(&small);
}

static void open_payments_run_out_oldest_first(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    int64_t at, ids[3];
    int count;
    assert_int_equal(store_payment_next_expiry(db, &at), ERR_NO_ROW);
    int64_t late = sample_make(f, "late", T0 + 2000);
    int64_t early = sample_make(f, "early", T0);
    int64_t middle = sample_make(f, "middle", T0 + 1000);
    int64_t busy = sample_make(f, "busy", T0 - 1000);
    struct change c;
    ok(store_payment_by_id(db, &f->arena, busy, &c.from));
    c.to = c.from;
    c.to.state = PAYMENT_EXECUTING;
    ok(run(f->s, payment_change, &c));
    ok(store_payment_next_expiry(db, &at));
    assert_int_equal(at, T0 + 3600000);
    ok(store_payment_expired(db, T0 + 3600000 - 1, ids, 3, &count));
    assert_int_equal(count, 0);
    ok(store_payment_expired(db, T0 + 3601000, ids, 3, &count));
    assert_int_equal(count, 2);
    assert_int_equal(ids[0], early);
    assert_int_equal(ids[1], middle);
    ok(store_payment_expired(db, T0 + DAY_MS, ids, 3, &count));
    assert_int_equal(ids[2], late);
}

static enum err language_set(void *arg, struct tx *tx)
{
    return store_payment_set_language(tx, *(int64_t *)arg, STR("bn"));
}

static void the_payers_language_is_kept(void **state)
{
    struct fixture *f = *state;
    int64_t id = sample_make(f, "lang", T0), missing = 5;
    ok(run(f->s, language_set, &id));
    assert_int_equal(run(f->s, language_set, &missing), ERR_NO_ROW);
    struct payment_row r;
    ok(store_payment_by_id(store_reader(f->s), &f->arena, id, &r));
    assert_true(str_is(r.language, "bn"));
    assert_int_equal(r.version, 1);
}

static void attempt_init(struct attempt_row *r, struct fixture *f, int64_t payment, int64_t number)
{
    static int serial;
    static char names[64][2][24];
    char(*name)[24] = names[serial++ % 64];
    snprintf(name[0], sizeof name[0], "token-%d", serial);
    snprintf(name[1], sizeof name[1], "inv-%d", serial);
    *r = (struct attempt_row){.payment_id = payment,
        .number = number,
        .wallet = WALLET_BKASH,
        .credential_id = f->credential_id,
        .state = ATTEMPT_CREATING,
        .callback_token = str_from(name[0]),
        .invoice = str_from(name[1]),
        .amount = money_poisha(10000),
        .currency = STR("BDT"),
        .created_at = T0,
        .next_ask_at = T0 + 10 * number};
}

static enum err attempt_add(void *arg, struct tx *tx)
{
    return store_attempt_add(tx, arg);
}

struct attempt_change {
    struct attempt_row from, to;
};

static enum err attempt_change(void *arg, struct tx *tx)
{
    struct attempt_change *c = arg;
    return store_attempt_cas(tx, &c->from, &c->to);
}

static enum err attempt_move(struct fixture *f, struct attempt_row *r, enum attempt_state to)
{
    struct attempt_change c = {*r, *r};
    c.to.state = to;
    enum err e = run(f->s, attempt_change, &c);
    if (e == ERR_OK)
        *r = c.to;
    return e;
}

static void attempts_are_found_by_token_and_order_and_change_like_payments(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    int64_t id = sample_make(f, "att", T0);
    struct attempt_row a, b, r;
    assert_int_equal(store_attempt_last(db, &f->arena, id, &r), ERR_NO_ROW);
    attempt_init(&a, f, id, 1);
    attempt_init(&b, f, id, 2);
    ok(run(f->s, attempt_add, &a));
    ok(run(f->s, attempt_add, &b));
    ok(store_attempt_by_token(db, &f->arena, b.callback_token, &r));
    assert_int_equal(r.id, b.id);
    ok(store_attempt_last(db, &f->arena, id, &r));
    assert_int_equal(r.number, 2);
    assert_int_equal(store_attempt_live(db, &f->arena, id, &r), ERR_NO_ROW);
    struct attempt_change c = {a, a};
    c.to.state = ATTEMPT_EXECUTING;
    c.to.wallet_ref = STR("TR0011");
    c.to.wallet_url = STR("https://wallet.example/x");
    c.to.execute_sent_at = T0 + 3;
    c.to.next_ask_at = 0;
    c.to.asks = 2;
    ok(run(f->s, attempt_change, &c));
    assert_int_equal(c.to.version, 2);
    assert_int_equal(run(f->s, attempt_change, &c), ERR_CONFLICT);
    struct attempt_change asked = {c.to, c.to};
    ok(run(f->s, attempt_change, &asked));
    assert_int_equal(run(f->s, attempt_change, &asked), ERR_CONFLICT);
    ok(store_attempt_live(db, &f->arena, id, &r));
    assert_int_equal(r.id, a.id);
    assert_true(str_is(r.wallet_ref, "TR0011"));
    assert_int_equal(r.execute_sent_at, T0 + 3);
    assert_int_equal(r.next_ask_at, 0);
    assert_int_equal(r.asks, 2);
}

static void two_attempts_of_a_payment_never_execute_at_once(void **state)
{
    struct fixture *f = *state;
    int64_t id = sample_make(f, "twice", T0);
    struct attempt_row a, b;
    attempt_init(&a, f, id, 1);
    attempt_init(&b, f, id, 2);
    ok(run(f->s, attempt_add, &a));
    ok(run(f->s, attempt_add, &b));
    ok(attempt_move(f, &a, ATTEMPT_EXECUTING));
    assert_int_equal(attempt_move(f, &b, ATTEMPT_EXECUTING), ERR_DUPLICATE);
    ok(attempt_move(f, &a, ATTEMPT_UNKNOWN));
    assert_int_equal(attempt_move(f, &b, ATTEMPT_EXECUTING), ERR_DUPLICATE);
    ok(attempt_move(f, &a, ATTEMPT_DECLINED));
    ok(attempt_move(f, &b, ATTEMPT_EXECUTING));
}

/* E5: whoever comes back with a transaction of Rocket's is led by it alone. */
static void a_transaction_of_rocket_s_names_one_attempt(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    int64_t id = sample_make(f, "rocket", T0);
    struct attempt_row a[3], r;
    for (int i = 0; i < 3; i++) {
        attempt_init(&a[i], f, id, i + 1);
        a[i].wallet = i < 2 ? WALLET_ROCKET : WALLET_NAGAD;
        ok(run(f->s, attempt_add, &a[i]));
    }
    assert_int_equal(store_attempt_by_rocket_ref(db, &f->arena, STR("gTNX="), &r), ERR_NO_ROW);
    struct attempt_change nagad = {a[2], a[2]}, first = {a[0], a[0]}, second = {a[1], a[1]};
    nagad.to.wallet_ref = first.to.wallet_ref = second.to.wallet_ref = STR("gTNX=");
    ok(run(f->s, attempt_change, &nagad));
    assert_int_equal(store_attempt_by_rocket_ref(db, &f->arena, STR("gTNX="), &r), ERR_NO_ROW);
    ok(run(f->s, attempt_change, &first));
    assert_int_equal(run(f->s, attempt_change, &second), ERR_DUPLICATE);
    ok(store_attempt_by_rocket_ref(db, &f->arena, STR("gTNX="), &r));
    assert_int_equal(r.id, a[0].id);
}

static void every_attempt_state_of_core_can_be_stored(void **state)
{
    struct fixture *f = *state;
    int64_t id = sample_make(f, "states", T0);
    struct attempt_row a;
    attempt_init(&a, f, id, 1);
    ok(run(f->s, attempt_add, &a));
    for (int s = 0; s < ATTEMPT_STATE_COUNT; s++) {
        ok(attempt_move(f, &a, (enum attempt_state)s));
        struct attempt_row r;
        ok(store_attempt_by_id(store_reader(f->s), &f->arena, a.id, &r));
        assert_int_equal(r.state, s);
    }
}

static void attempts_are_due_in_order_while_their_outcome_is_open(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    int64_t ids[8], id = sample_make(f, "due", T0);
    int count;
    struct attempt_row a[5];
    for (int i = 0; i < 5; i++) {
        attempt_init(&a[i], f, id, 5 - i);
        ok(run(f->s, attempt_add, &a[i]));
    }
    ok(attempt_move(f, &a[1], ATTEMPT_REDIRECTED));
    ok(attempt_move(f, &a[2], ATTEMPT_UNKNOWN));
    ok(store_attempt_due(db, T0 + 45, ids, 8, &count));
    assert_int_equal(count, 3);
    assert_int_equal(ids[0], a[4].id);
    assert_int_equal(ids[1], a[3].id);
    assert_int_equal(ids[2], a[2].id);
    ok(store_attempt_due(db, T0 + 45, ids, 2, &count));
    assert_int_equal(count, 2);
    ok(store_attempt_due_at_page(db, a[1].wallet, T0 + 45, ids, 8, &count));
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], a[1].id);
    /* another wallet's are asked for by themselves */
    enum wallet_kind other = a[1].wallet == WALLET_ROCKET ? WALLET_NAGAD : WALLET_ROCKET;
    ok(store_attempt_due_at_page(db, other, T0 + 45, ids, 8, &count));
    assert_int_equal(count, 0);
}

static enum err event_add(void *arg, struct tx *tx)
{
    return store_event_add(tx, arg);
}

static enum err event_seen(void *arg, const struct event_row *r)
{
    int *n = arg;
    assert_int_equal(r->at, T0 + *n);
    assert_true(str_is(r->actor, "payer"));
    assert_int_equal(str_absent(r->to_state), *n == 0);
    ++*n;
    return ERR_OK;
}

static enum err script(void *arg, struct tx *tx)
{
    return db_script(tx_db(tx), arg);
}

static void events_are_kept_in_order_and_never_changed(void **state)
{
    struct fixture *f = *state;
    int64_t id = sample_make(f, "ev", T0);
    for (int i = 0; i < 20; i++) {
        struct event_row e = {.payment_id = id,
            .at = T0 + i,
            .actor = STR("payer"),
            .event = STR("looked"),
            .to_state = i ? STR("open") : STR_ABSENT};
        ok(run(f->s, event_add, &e));
    }
    int n = 0;
    ok(store_event_each(store_reader(f->s), id, event_seen, &n));
    assert_int_equal(n, 20);
    const char *const changes[] = {"UPDATE payment_event SET actor = 'nobody'",
        "DELETE FROM payment_event",
        "DELETE FROM payment_event WHERE id IN (SELECT id FROM"
        " payment_event LIMIT 1)"};
    for (size_t i = 0; i < array_len(changes); i++)
        assert_int_equal(run(f->s, script, (void *)(uintptr_t)changes[i]), ERR_INTERNAL);
    n = 0;
    ok(store_event_each(store_reader(f->s), id, event_seen, &n));
    assert_int_equal(n, 20);
}

static void rows_that_no_program_could_mean_are_refused(void **state)
{
    struct fixture *f = *state;
    sample_make(f, "bad", T0);
    const char *const changes[] = {"UPDATE payment SET state = 'wait'",
        "UPDATE payment SET amount = 0", "UPDATE payment SET paid = -1",
        "UPDATE payment SET state = 'paid'", "UPDATE payment SET final_at = 5",
        "UPDATE payment SET uuid = x'00'", "UPDATE payment SET account_id = 424242",
        "UPDATE payment SET amount = '12x'", "UPDATE account SET fee_bp = 10001",
        "UPDATE account SET digest = 'md5'"};
    for (size_t i = 0; i < array_len(changes); i++)
        if (run(f->s, script, (void *)(uintptr_t)changes[i]) != ERR_INTERNAL)
            fail_msg("%s", changes[i]);
}

struct take {
    int64_t credential, now, since, budget;
};

static enum err token_take(void *arg, struct tx *tx)
{
    struct take *t = arg;
    return store_token_renewal_take(tx, t->credential, t->now, t->since, t->budget);
}

static void token_calls_stay_within_the_budget_of_the_rolling_hour(void **state)
{
    struct fixture *f = *state;
    const int64_t hour = 3600000;
    struct take t = {f->credential_id, T0, T0 - hour, 2};
    ok(run(f->s, token_take, &t));
    t.now += 1000, t.since += 1000;
    ok(run(f->s, token_take, &t));
    assert_int_equal(run(f->s, token_take, &t), ERR_BUDGET);
    fixture_reopen(f);
    t.now = T0 + hour, t.since = T0;
    assert_int_equal(run(f->s, token_take, &t), ERR_BUDGET);
    t.now++, t.since++;
    ok(run(f->s, token_take, &t));
    assert_int_equal(run(f->s, token_take, &t), ERR_BUDGET);
    t.credential = 999999;
    assert_int_equal(run(f->s, token_take, &t), ERR_NO_ROW);
}

static enum err token_put(void *arg, struct tx *tx)
{
    return store_token_put(tx, arg);
}

static void a_token_is_replaced_and_can_be_taken_away(void **state)
{
    struct fixture *f = *state;
    struct token_row r, t = {.credential_id = f->credential_id,
                            .token_box = STR("one"),
                            .refresh_box = STR("two"),
                            .expires_at = 5,
                            .refresh_expires_at = 6};
    struct db *db = store_reader(f->s);
    assert_int_equal(store_token_get(db, &f->arena, f->credential_id, &r), ERR_NO_ROW);
    ok(run(f->s, token_put, &t));
    t.token_box = STR_ABSENT;
    t.expires_at = 7;
    ok(run(f->s, token_put, &t));
    ok(store_token_get(db, &f->arena, f->credential_id, &r));
    assert_true(str_absent(r.token_box));
    assert_true(str_is(r.refresh_box, "two"));
    assert_int_equal(r.expires_at, 7);
}

static enum err credential_add(void *arg, struct tx *tx)
{
    return store_credential_add(tx, arg);
}

static enum err credential_off(void *arg, struct tx *tx)
{
    return store_credential_set_enabled(tx, *(int64_t *)arg, false);
}

static void an_accounts_own_credential_goes_before_the_shared_one(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    struct credential_row r, own = {.wallet = WALLET_BKASH,
                                 .name = STR("own"),
                                 .account_id = f->account_id,
                                 .base_url = STR("https://own.example"),
                                 .secret_box = STR("b"),
                                 .enabled = true,
                                 .created_at = T0 - 10};
    struct credential_row newer = own;
    newer.created_at = T0 - 5;
    ok(store_credential_for(db, &f->arena, WALLET_BKASH, f->account_id, &r));
    assert_int_equal(r.id, f->credential_id);
    assert_int_equal(r.account_id, 0);
    ok(run(f->s, credential_add, &own));
    ok(run(f->s, credential_add, &newer));
    ok(store_credential_for(db, &f->arena, WALLET_BKASH, f->account_id, &r));
    assert_int_equal(r.id, newer.id);
    ok(run(f->s, credential_off, &newer.id));
    ok(store_credential_for(db, &f->arena, WALLET_BKASH, f->account_id, &r));
    assert_int_equal(r.id, own.id);
    ok(store_credential_for(db, &f->arena, WALLET_BKASH, f->account_id + 5, &r));
    assert_int_equal(r.id, f->credential_id);
    assert_int_equal(
        store_credential_for(db, &f->arena, WALLET_NAGAD, f->account_id, &r), ERR_NO_ROW);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(a_change_of_state_needs_the_state_and_version_it_was_based_on),
        WITH(every_state_of_core_can_be_stored),
        WITH(a_payment_is_found_by_id_and_by_order_of_its_account_alone),
        WITH(a_row_that_does_not_fit_the_arena_is_an_error),
        WITH(open_payments_run_out_oldest_first),
        WITH(the_payers_language_is_kept),
        WITH(attempts_are_found_by_token_and_order_and_change_like_payments),
        WITH(two_attempts_of_a_payment_never_execute_at_once),
        WITH(a_transaction_of_rocket_s_names_one_attempt),
        WITH(every_attempt_state_of_core_can_be_stored),
        WITH(attempts_are_due_in_order_while_their_outcome_is_open),
        WITH(events_are_kept_in_order_and_never_changed),
        WITH(rows_that_no_program_could_mean_are_refused),
        WITH(token_calls_stay_within_the_budget_of_the_rolling_hour),
        WITH(a_token_is_replaced_and_can_be_taken_away),
        WITH(an_accounts_own_credential_goes_before_the_shared_one),
    };
    return cmocka_run_group_tests_name("store_payment", tests, NULL, NULL);
}
