/* Numbers, devices, SMS, and money that is claimed by its TrxID. */
#include "store/store_sms.h"
#include "store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

struct rows {
    struct fixture *f;
    int64_t number_id, device_id, sms_id, credit_id;
    const char *number;
    int64_t account_id;
};

static enum err number_put(void *arg, struct tx *tx)
{
    struct rows *x = arg;
    struct number_row n = {.wallet = WALLET_BKASH,
        .number = str_from(x->number),
        .kind = STR("personal"),
        .account_id = x->account_id,
        .enabled = true,
        .created_at = T0};
    enum err e = store_number_add(tx, &n);
    x->number_id = n.id;
    return e;
}

static enum err device_put(void *arg, struct tx *tx)
{
    struct rows *x = arg;
    struct device_row d = {.name = STR("phone"),
        .accepts = STR("signature"),
        .key_box = STR("sealed"),
        .enabled = true,
        .created_at = T0};
    enum err e = store_device_add(tx, &d);
    x->device_id = d.id;
    return e;
}

static enum err credit_put(void *arg, struct tx *tx)
{
    struct rows *x = arg;
    struct sms_row m = {.device_id = x->device_id,
        .number_id = x->number_id,
        .sender = STR("bKash"),
        .body = STR("text"),
        .kind = STR("send_money"),
        .why = STR("fine"),
        .trx_id = STR("DG25AAAAAA"),
        .state = STR("done"),
        .happened_at = T0,
        .seen_at = T0};
    enum err e = store_sms_add(tx, &m);
    if (e != ERR_OK)
        return e;
    x->sms_id = m.id;
    struct number_credit_row c = {.wallet = WALLET_BKASH,
        .trx_id = STR("DG25AAAAAA"),
        .number_id = x->number_id,
        .sms_id = m.id,
        .amount = money_poisha(10000),
        .balance = money_poisha(20000),
        .received_at = T0,
        .seen_at = T0,
        .state = NUMBER_CREDIT_FREE};
    e = store_number_credit_add(tx, &c);
    x->credit_id = c.id;
    return e;
}

static struct rows rows_make(struct fixture *f)
{
    struct rows x = {.f = f, .number = "01711111111"};
    ok(run(f->s, number_put, &x));
    ok(run(f->s, device_put, &x));
    ok(run(f->s, credit_put, &x));
    return x;
}

struct claimant {
    struct rows *x;
    int64_t payment_id;
    _Atomic int *won;
};

static enum err claim_run(void *arg, struct tx *tx)
{
    struct claimant *c = arg;
    return store_number_credit_claim(
        tx, c->x->credit_id, NUMBER_CREDIT_FREE, c->payment_id, tx_now_ms(tx));
}

static void *claim_thread(void *arg)
{
    struct claimant *c = arg;
    enum err e = run(c->x->f->s, claim_run, c);
    if (e == ERR_OK)
        atomic_fetch_add(c->won, 1);
    else
        assert_int_equal(e, ERR_CONFLICT);
    return NULL;
}

#define CLAIMANTS 100

static void s4_t23_of_a_hundred_threads_that_claim_one_trxid_one_wins(void **state)
{
    struct rows x = rows_make(*state);
    struct claimant all[CLAIMANTS];
    pthread_t threads[CLAIMANTS];
    _Atomic int won = 0;
    for (int i = 0; i < CLAIMANTS; i++) {
        char order[16];
        snprintf(order, sizeof order, "C-%d", i);
        all[i] = (struct claimant){&x, sample_make(x.f, order, T0), &won};
    }
    for (int i = 0; i < CLAIMANTS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, claim_thread, &all[i]), 0);
    for (int i = 0; i < CLAIMANTS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&won), 1);
    struct number_credit_row c;
    ok(store_number_credit_find(
        store_reader(x.f->s), &x.f->arena, WALLET_BKASH, STR("DG25AAAAAA"), &c));
    assert_int_equal(c.state, NUMBER_CREDIT_CLAIMED);
    assert_true(c.payment_id >= all[0].payment_id && c.claimed_at == T0);
    /* one after the other, the winner again too */
    for (int i = 0; i < 3; i++)
        assert_int_equal(run(x.f->s, claim_run, &all[i]), ERR_CONFLICT);
}

static enum err same_trx(void *arg, struct tx *tx)
{
    struct rows *x = arg;
    struct number_credit_row c = {.wallet = WALLET_BKASH,
        .trx_id = STR("DG25AAAAAA"),
        .number_id = x->number_id,
        .sms_id = x->sms_id,
        .amount = money_poisha(500),
        .state = NUMBER_CREDIT_FREE};
    return store_number_credit_add(tx, &c);
}

static void a_trxid_and_a_text_are_taken_once(void **state)
{
    struct rows x = rows_make(*state);
    assert_int_equal(run(x.f->s, same_trx, &x), ERR_DUPLICATE);
    assert_int_equal(run(x.f->s, credit_put, &x), ERR_DUPLICATE);
    assert_int_equal(run(x.f->s, number_put, &x), ERR_DUPLICATE);
    assert_int_equal(run(x.f->s, device_put, &x), ERR_DUPLICATE);
}

static enum err moves(void *arg, struct tx *tx)
{
    struct rows *x = arg;
    enum err e = store_number_credit_move(
        tx, x->credit_id, NUMBER_CREDIT_FREE, NUMBER_CREDIT_REVIEW, STR("broken_chain"));
    if (e == ERR_OK)
        e = store_number_credit_ask(tx, x->credit_id, STR("cli:one"), 0);
    return e;
}

static enum err claim_marked(void *arg, struct tx *tx)
{
    struct rows *x = arg;
    enum err e = store_number_credit_claim(tx, x->credit_id, NUMBER_CREDIT_FREE, 1, T0);
    assert_int_equal(e, ERR_CONFLICT);
    return store_number_credit_move(
        tx, x->credit_id, NUMBER_CREDIT_FREE, NUMBER_CREDIT_MARKED, STR_ABSENT);
}

static void what_is_under_review_is_not_claimed(void **state)
{
    struct rows x = rows_make(*state);
    struct number_credit_row c;
    struct db *db = store_reader(x.f->s);
    ok(run(x.f->s, moves, &x));
    ok(store_number_credit_get(db, &x.f->arena, x.credit_id, &c));
    assert_true(c.state == NUMBER_CREDIT_REVIEW && str_is(c.reason, "broken_chain"));
    assert_true(str_is(c.asked_by, "cli:one"));
    assert_int_equal(run(x.f->s, claim_marked, &x), ERR_CONFLICT);
    ok(store_number_credit_of_sms(db, &x.f->arena, x.sms_id, &c));
    assert_int_equal(c.id, x.credit_id);
}

static enum err bind_any(void *arg, struct tx *tx)
{
    struct rows *x = arg;
    return store_device_bind(tx, x->device_id, x->number_id, STR_ABSENT);
}

static enum err bind_sim2(void *arg, struct tx *tx)
{
    struct rows *x = arg;
    return store_device_bind(tx, x->device_id, x->number_id, STR("sim2"));
}

static enum err disable_run(void *arg, struct tx *tx)
{
    struct rows *x = arg;
    return store_number_set_enabled(tx, x->number_id, false);
}

static void a_disabled_numbers_sms_are_no_other_numbers(void **state)
{
    struct rows x = rows_make(*state);
    struct db *db = store_reader(x.f->s);
    int64_t id;
    ok(run(x.f->s, bind_any, &x));
    x.number = "01722222222";
    ok(run(x.f->s, number_put, &x));
    ok(run(x.f->s, bind_sim2, &x));
    ok(run(x.f->s, disable_run, &x));
    assert_int_equal(
        store_device_number(db, x.device_id, WALLET_BKASH, STR("sim2"), &id), ERR_CONFLICT);
    /* until another takes its slot */
    x.number = "01733333333";
    ok(run(x.f->s, number_put, &x));
    ok(run(x.f->s, bind_sim2, &x));
    ok(store_device_number(db, x.device_id, WALLET_BKASH, STR("sim2"), &id));
    assert_int_equal(id, x.number_id);
}

static void a_device_reports_the_numbers_it_is_bound_to(void **state)
{
    struct rows x = rows_make(*state);
    struct db *db = store_reader(x.f->s);
    int64_t first = x.number_id, id;
    assert_int_equal(store_device_number(db, x.device_id, WALLET_BKASH, STR(""), &id), ERR_NO_ROW);
    ok(run(x.f->s, bind_any, &x));
    ok(store_device_number(db, x.device_id, WALLET_BKASH, STR("sim1"), &id));
    assert_int_equal(id, first);
    assert_int_equal(
        store_device_number(db, x.device_id, WALLET_NAGAD, STR("sim1"), &id), ERR_NO_ROW);
    x.number = "01722222222";
    ok(run(x.f->s, number_put, &x));
    ok(run(x.f->s, bind_sim2, &x));
    ok(store_device_number(db, x.device_id, WALLET_BKASH, STR("sim2"), &id));
    assert_int_equal(id, x.number_id);
    ok(store_device_number(db, x.device_id, WALLET_BKASH, STR(""), &id));
    assert_int_equal(id, first);
    x.number = "01733333333";
    ok(run(x.f->s, number_put, &x));
    ok(run(x.f->s, bind_any, &x));
    assert_int_equal(
        store_device_number(db, x.device_id, WALLET_BKASH, STR(""), &id), ERR_CONFLICT);
}

static void an_accounts_own_number_comes_before_a_shared_one(void **state)
{
    struct rows x = rows_make(*state);
    struct db *db = store_reader(x.f->s);
    struct number_row n;
    ok(store_number_for(db, &x.f->arena, WALLET_BKASH, x.f->account_id, &n));
    assert_int_equal(n.id, x.number_id);
    x.account_id = x.f->account_id;
    x.number = "01722222222";
    ok(run(x.f->s, number_put, &x));
    x.account_id = 0;
    x.number = "01733333333";
    ok(run(x.f->s, number_put, &x));
    ok(store_number_for(db, &x.f->arena, WALLET_BKASH, x.f->account_id, &n));
    assert_true(str_is(n.number, "01722222222"));
    ok(store_number_for(db, &x.f->arena, WALLET_BKASH, x.f->account_id + 1, &n));
    assert_true(str_is(n.number, "01733333333"));
    assert_int_equal(store_number_for(db, &x.f->arena, WALLET_NAGAD, 1, &n), ERR_NO_ROW);
}

static enum err seen(void *arg, struct tx *tx)
{
    struct rows *x = arg;
    enum err e = store_device_seen(tx, x->device_id, T0 + 5, T0, STR("model"));
    return e == ERR_OK ? store_device_seen(tx, x->device_id, T0 + 1, 0, STR_ABSENT) : e;
}

static void a_device_s_times_only_grow(void **state)
{
    struct rows x = rows_make(*state);
    struct db *db = store_reader(x.f->s);
    struct device_row d;
    int64_t at = -1;
    ok(store_number_seen(db, x.number_id, &at));
    assert_int_equal(at, 0);
    ok(run(x.f->s, bind_any, &x));
    ok(run(x.f->s, seen, &x));
    ok(store_device_get(db, &x.f->arena, x.device_id, &d));
    assert_true(d.seen_at == T0 + 5 && d.synced_at == T0 && str_is(d.model, "model"));
    ok(store_number_seen(db, x.number_id, &at));
    assert_int_equal(at, T0 + 5);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(s4_t23_of_a_hundred_threads_that_claim_one_trxid_one_wins),
        T(a_trxid_and_a_text_are_taken_once),
        T(what_is_under_review_is_not_claimed),
        T(a_device_reports_the_numbers_it_is_bound_to),
        T(a_disabled_numbers_sms_are_no_other_numbers),
        T(an_accounts_own_number_comes_before_a_shared_one),
        T(a_device_s_times_only_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
