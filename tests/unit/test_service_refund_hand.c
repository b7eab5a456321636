/* Refunds of money that was sent to a number: a person sends it back, another one confirms it, and of several credits each
 * gives back its own. Numbers and ids are made up. */
#include "service/refund.h"

#include "app/audit/audit.h"
#include "number_world.h"
#include "store/store_refund.h"
#include <pthread.h>

#define FIRST "6606781111"
#define SECOND_TRX "6606781112"

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

static struct shop_payment paid(struct world *w, const char *order, const char *trx)
{
    struct shop_payment p = create(w, order, "300.00");
    told(w, 300, trx);
    assert_int_equal(typed(w, &p, trx), NUMBER_TAKEN);
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_PAID);
    return p;
}

/* 500.00 by two: 200.00 and 300.00 */
static struct shop_payment paid_by_two(struct world *w)
{
    struct shop_payment p = create(w, "A", "500.00");
    told(w, 200, FIRST);
    assert_int_equal(typed(w, &p, FIRST), NUMBER_TAKEN);
    told(w, 300, SECOND_TRX);
    assert_int_equal(typed(w, &p, SECOND_TRX), NUMBER_TAKEN);
    assert_int_equal(world_payment(w, p.id).state, PAYMENT_PAID);
    return p;
}

static enum err ask(
    struct world *w, int64_t payment_id, int64_t poisha, struct str trx, int64_t *ret_id)
{
    struct refund_request rq = {.payment_id = payment_id,
        .amount = money_poisha(poisha),
        .trx_id = trx,
        .operator_name = STR("alice"),
        .reason = STR("returned goods")};
    return refund_request(&w->s, &rq, ret_id);
}

static enum err decide(struct world *w, int64_t id, bool done, const char *trx, const char *who)
{
    struct refund_settle d = {.refund_id = id,
        .done = done,
        .refund_trx_id = done ? str_from(trx) : STR_ABSENT,
        .operator_name = str_from(who),
        .reason = STR("in the number's app")};
    return refund_settle(&w->s, &d);
}

static struct refund_row refund_get(struct world *w, int64_t id)
{
    struct refund_row r;
    ok(store_refund_by_id(world_db(w), &w->arena, id, &r));
    return r;
}

static void t34_it_goes_back_by_hand_and_a_second_person_confirms_it(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "A", FIRST);
    ok(ask(w, p.id, 10000, STR_ABSENT, &id));
    struct refund_row r = refund_get(w, id);
    assert_int_equal(r.state, REFUND_BY_HAND);
    assert_true(str_is(r.trx_id, FIRST));
    assert_int_equal(r.credential_id, n.number_id);
    assert_false(str_absent(r.payer_mask));
    assert_int_equal(world_balance(w, LEDGER_REFUNDS, w->account_id), -10000);
    books_are_right(w);
    world_pass(w, 48 * HOUR);
    assert_int_equal(ask(w, p.id, 100, STR_ABSENT, &(int64_t){0}), ERR_DUPLICATE);
    assert_int_equal(decide(w, id, true, "6606789999", "alice"), ERR_FORBIDDEN);
    assert_int_equal(decide(w, id, true, "66067", "bob"), ERR_SYNTAX);
    assert_int_equal(refund_get(w, id).state, REFUND_BY_HAND);
    assert_int_equal(world_payment(w, p.id).refunded.poisha, 0);
    ok(decide(w, id, true, " 660678 9999", "bob"));
    assert_int_equal(decide(w, id, true, "6606789999", "bob"), ERR_STATE);
    r = refund_get(w, id);
    assert_int_equal(r.state, REFUND_DONE);
    assert_true(str_is(r.refund_trx_id, "6606789999"));
    struct payment_row row = world_payment(w, p.id);
    assert_int_equal(row.state, PAYMENT_PAID);
    assert_int_equal(row.refunded.poisha, 10000);
    assert_int_equal(row.commission.poisha, 550); /* kept */
    assert_int_equal(world_outbox(w, p.id).count, 1);
    assert_int_equal(world_balance(w, LEDGER_REFUNDS, w->account_id), 0);
    assert_int_equal(world_balance(w, LEDGER_WALLET_CLEARING, n.number_id), 20000);
    assert_int_equal(world_balance(w, LEDGER_MERCHANT_PAYABLE, w->account_id), -19450);
    books_are_right(w);
}

static void what_was_not_sent_is_the_merchants_again(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid(w, "A", FIRST);
    ok(ask(w, p.id, 0, STR_ABSENT, &id));
    assert_int_equal(world_balance(w, LEDGER_MERCHANT_PAYABLE, w->account_id), 550);
    ok(decide(w, id, false, NULL, "alice"));
    assert_int_equal(refund_get(w, id).state, REFUND_DECLINED);
    assert_int_equal(world_balance(w, LEDGER_MERCHANT_PAYABLE, w->account_id), -29450);
    assert_int_equal(world_balance(w, LEDGER_WALLET_CLEARING, n.number_id), 30000);
    books_are_right(w);
}

/* One movement of money closes one refund, and money that came in closes none. */
static void t34_a_pay_back_is_told_once(void **state)
{
    struct world *w = *state;
    int64_t one = 0, two = 0;
    struct shop_payment p = paid(w, "A", FIRST), q = paid(w, "B", SECOND_TRX);
    ok(ask(w, p.id, 10000, STR_ABSENT, &one));
    ok(ask(w, q.id, 10000, STR_ABSENT, &two));
    assert_int_equal(decide(w, one, true, FIRST, "bob"), ERR_DUPLICATE);
    assert_int_equal(decide(w, one, true, SECOND_TRX, "bob"), ERR_DUPLICATE);
    ok(decide(w, one, true, "6606789999", "bob"));
    assert_int_equal(decide(w, two, true, "6606789999", "bob"), ERR_DUPLICATE);
    ok(decide(w, two, true, "6606789998", "bob"));
    books_are_right(w);
}

static void s5_of_several_credits_each_gives_back_its_own(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = paid_by_two(w);
    assert_int_equal(ask(w, p.id, 10000, STR_ABSENT, &id), ERR_SYNTAX);
    assert_int_equal(ask(w, p.id, 0, STR_ABSENT, &id), ERR_SYNTAX);
    assert_int_equal(ask(w, p.id, 20001, STR(FIRST), &id), ERR_RANGE);
    assert_int_equal(ask(w, p.id, 100, STR("6606780000"), &id), ERR_STATE);
    books_are_right(w); /* what was refused left nothing */
    ok(ask(w, p.id, 0, STR("660678 1111"), &id));
    assert_int_equal(refund_get(w, id).amount.poisha, 20000);
    ok(decide(w, id, true, "6606789999", "bob"));
    assert_int_equal(ask(w, p.id, 1, STR(FIRST), &id), ERR_STATE);
    assert_int_equal(ask(w, p.id, 30001, STR_ABSENT, &id), ERR_RANGE);
    ok(ask(w, p.id, 0, STR_ABSENT, &id)); /* one has money left: that one */
    assert_true(str_is(refund_get(w, id).trx_id, SECOND_TRX));
    assert_int_equal(refund_get(w, id).amount.poisha, 30000);
    ok(decide(w, id, true, "6606789998", "bob"));
    assert_int_equal(ask(w, p.id, 0, STR_ABSENT, &id), ERR_STATE);
    assert_int_equal(world_payment(w, p.id).refunded.poisha, 50000);
    assert_int_equal(world_balance(w, LEDGER_WALLET_CLEARING, n.number_id), 0);
    assert_int_equal(world_balance(w, LEDGER_MERCHANT_PAYABLE, w->account_id), 850);
    books_are_right(w);
}

/* Money that belongs to no payment goes back by no refund. */
static void what_is_in_suspense_is_no_ones_to_give_back(void **state)
{
    struct world *w = *state;
    int64_t id = 0;
    struct shop_payment p = create(w, "A", "300.00");
    told(w, 100, FIRST);
    assert_int_equal(typed(w, &p, FIRST), NUMBER_TAKEN);
    assert_int_equal(ask(w, p.id, 100, STR_ABSENT, &id), ERR_STATE);
    assert_int_equal(ask(w, p.id, 100, STR(FIRST), &id), ERR_STATE);
    books_are_right(w);
}

struct asker {
    struct world *w;
    int64_t payment_id;
    const char *trx;
    pthread_t thread;
    enum err result;
    int64_t id;
};

static void *asker_main(void *arg)
{
    struct asker *a = arg;
    a->result = ask(a->w, a->payment_id, 15000, str_from(a->trx), &a->id);
    return NULL;
}

/* Of 200.00 one part of 150.00 fits, of 300.00 two. */
static void t34_parallel_refunds_stay_within_their_credits(void **state)
{
    struct world *w = *state;
    enum { THREADS = 8, ROUNDS = 8 };
    static struct asker askers[THREADS];
    struct shop_payment p = paid_by_two(w);
    char trx[16];
    for (int round = 0; round < ROUNDS; round++) {
        int begun = -1, count = 0;
        for (int i = 0; i < THREADS; i++) {
            askers[i] = (struct asker){
                .w = w, .payment_id = p.id, .trx = (i + round) % 2 ? FIRST : SECOND_TRX};
            assert_int_equal(pthread_create(&askers[i].thread, NULL, asker_main, &askers[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(askers[i].thread, NULL);
            begun = askers[i].result == ERR_OK ? i : begun;
            count += askers[i].result == ERR_OK;
        }
        assert_true(count <= 1);
        if (count) {
            snprintf(trx, sizeof trx, "66067899%02d", round);
            ok(decide(w, askers[begun].id, true, trx, "bob"));
        }
        books_are_right(w);
    }
    assert_int_equal(world_payment(w, p.id).refunded.poisha, 45000);
    assert_int_equal(ask(w, p.id, 5001, STR(FIRST), &(int64_t){0}), ERR_RANGE);
    assert_int_equal(ask(w, p.id, 1, STR(SECOND_TRX), &(int64_t){0}), ERR_STATE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, numbers_setup, numbers_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(t34_it_goes_back_by_hand_and_a_second_person_confirms_it),
        T(what_was_not_sent_is_the_merchants_again),
        T(t34_a_pay_back_is_told_once),
        T(s5_of_several_credits_each_gives_back_its_own),
        T(what_is_in_suspense_is_no_ones_to_give_back),
        T(t34_parallel_refunds_stay_within_their_credits),
    };
    return cmocka_run_group_tests_name("service_refund_hand", tests, NULL, NULL);
}
