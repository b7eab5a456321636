/* What persons decide about money that numbers received: one asks, another confirms. Numbers and ids are made up. */
#include "service/phone.h"
#include "store_fixture.h"

struct desk {
    struct fixture *f;
    int64_t number_id, credit_id;
    struct phone_decision d;
    int64_t payment_id; /* to ask for, or attached */
    enum phone_result told;
};

static enum err number_run(void *arg, struct tx *tx)
{
    struct desk *x = arg;
    struct number_row n = {.wallet = WALLET_BKASH,
        .number = STR("01711111111"),
        .kind = STR("personal"),
        .enabled = true,
        .created_at = T0};
    enum err e = store_number_add(tx, &n);
    x->number_id = n.id;
    return e;
}

static enum err paste_run(void *arg, struct tx *tx)
{
    struct desk *x = arg;
    struct phone_source from = {.number_id = x->number_id, .reported_by = STR("cli:one")};
    struct phone_message m = {.sender = STR("bKash"),
        .text = STR("You have received Tk 100.00 from 01733333333. Fee Tk 0.00. Balance Tk 100.00."
                    " TrxID DK61AAAAAA at 06/11/2026 12:00")};
    return phone_take(tx, &from, &m, &x->told);
}

static struct number_credit_row credit(struct desk *x)
{
    struct number_credit_row c;
    ok(store_number_credit_find(
        store_reader(x->f->s), &x->f->arena, WALLET_BKASH, STR("DK61AAAAAA"), &c));
    return c;
}

static struct desk desk_make(struct fixture *f)
{
    struct desk x = {.f = f};
    ok(run(f->s, number_run, &x));
    ok(run(f->s, paste_run, &x));
    assert_int_equal(x.told, PHONE_REVIEW);
    x.credit_id = credit(&x).id;
    return x;
}

static enum err ask_run(void *arg, struct tx *tx)
{
    struct desk *x = arg;
    return store_number_credit_ask(tx, x->credit_id, x->d.person, x->payment_id);
}

static enum err confirm_run(void *arg, struct tx *tx)
{
    struct desk *x = arg;
    return phone_confirm(tx, &x->f->arena, &x->d, &x->payment_id);
}

static enum err mark_run(void *arg, struct tx *tx)
{
    struct desk *x = arg;
    return phone_mark(tx, &x->f->arena, &x->d);
}

static enum err decide(struct desk *x, job_fn fn, const char *person, int64_t payment_id)
{
    x->d = (struct phone_decision){.credit_id = x->credit_id,
        .person = str_from(person),
        .reason = STR("seen"),
        .payment_id = payment_id};
    x->payment_id = payment_id;
    return run(x->f->s, fn, x);
}

static struct payment_row payment(struct desk *x, int64_t id)
{
    struct payment_row p;
    ok(store_payment_by_id(store_reader(x->f->s), &x->f->arena, id, &p));
    return p;
}

static int64_t balance(struct desk *x, enum ledger_kind kind, int64_t owner)
{
    struct money m;
    ok(store_ledger_balance(store_reader(x->f->s), kind, owner, &m));
    return m.poisha;
}

static void one_person_asks_and_another_confirms(void **state)
{
    struct desk x = desk_make(*state);
    int64_t id = sample_make(x.f, "A-1", T0);
    assert_int_equal(decide(&x, confirm_run, "cli:two", 0), ERR_STATE);
    ok(decide(&x, ask_run, "cli:one", id));
    assert_int_equal(payment(&x, id).state, PAYMENT_OPEN);
    assert_int_equal(decide(&x, confirm_run, "cli:one", id), ERR_FORBIDDEN);
    assert_int_equal(decide(&x, confirm_run, "cli:two", 0), ERR_INVALID);
    assert_int_equal(decide(&x, confirm_run, "cli:two", id + 1), ERR_INVALID);
    assert_int_equal(payment(&x, id).state, PAYMENT_OPEN);
    ok(decide(&x, confirm_run, "cli:two", id));
    assert_int_equal(x.payment_id, id);
    assert_int_equal(payment(&x, id).state, PAYMENT_PAID);
    assert_int_equal(payment(&x, id).paid.poisha, 10000);
    assert_int_equal(credit(&x).state, NUMBER_CREDIT_CLAIMED);
    assert_int_equal(credit(&x).payment_id, id);
    assert_int_equal(balance(&x, LEDGER_WALLET_CLEARING, x.number_id), 10000);
    assert_int_equal(balance(&x, LEDGER_MERCHANT_PAYABLE, x.f->account_id), -9750);
    assert_int_equal(decide(&x, confirm_run, "cli:three", 0), ERR_STATE);
    assert_int_equal(decide(&x, ask_run, "cli:one", id), ERR_CONFLICT);
}

static enum err cancel_run(void *arg, struct tx *tx)
{
    struct desk *x = arg;
    struct payment_row p, to;
    enum err e = store_payment_by_id(tx_db(tx), &x->f->arena, x->payment_id, &p);
    to = p;
    to.state = PAYMENT_CANCELLED;
    to.final_at = T0;
    return e ? e : store_payment_cas(tx, &p, &to);
}

static void t26_money_may_be_attached_to_a_payment_that_ended_unpaid(void **state)
{
    struct desk x = desk_make(*state);
    int64_t id = sample_make(x.f, "A-1", T0);
    x.payment_id = id;
    ok(run(x.f->s, cancel_run, &x));
    ok(decide(&x, ask_run, "cli:one", id));
    ok(decide(&x, confirm_run, "cli:two", id));
    assert_int_equal(payment(&x, id).state, PAYMENT_PAID);
    assert_int_equal(balance(&x, LEDGER_SUSPENSE, x.f->account_id), 0);
    assert_int_equal(balance(&x, LEDGER_MERCHANT_PAYABLE, x.f->account_id), -9750);
}

static enum err other_amount(void *arg, struct tx *tx)
{
    struct desk *x = arg;
    struct sample s;
    sample_init(&s, x->f, "A-2", T0);
    s.p.row.amount = money_poisha(10001);
    enum err e = sample_insert(&s, tx);
    x->payment_id = s.p.row.id;
    return e;
}

static void t20_another_amount_pays_nothing(void **state)
{
    struct desk x = desk_make(*state);
    ok(run(x.f->s, other_amount, &x));
    int64_t id = x.payment_id;
    ok(decide(&x, ask_run, "cli:one", id));
    assert_int_equal(decide(&x, confirm_run, "cli:two", id), ERR_RANGE);
    assert_int_equal(payment(&x, id).state, PAYMENT_OPEN);
    assert_int_equal(credit(&x).state, NUMBER_CREDIT_REVIEW);
}

static void what_was_held_is_freed_by_two_and_marked_by_one(void **state)
{
    struct desk x = desk_make(*state);
    ok(decide(&x, ask_run, "cli:one", 0));
    assert_int_equal(decide(&x, confirm_run, "cli:one", 0), ERR_FORBIDDEN);
    ok(decide(&x, confirm_run, "cli:two", 0));
    assert_int_equal(credit(&x).state, NUMBER_CREDIT_FREE);
    ok(decide(&x, mark_run, "cli:one", 0));
    assert_int_equal(credit(&x).state, NUMBER_CREDIT_MARKED);
    assert_int_equal(decide(&x, mark_run, "cli:one", 0), ERR_STATE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_person_asks_and_another_confirms),
        T(t26_money_may_be_attached_to_a_payment_that_ended_unpaid),
        T(t20_another_amount_pays_nothing),
        T(what_was_held_is_freed_by_two_and_marked_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
