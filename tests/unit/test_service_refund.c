/* Refunds: never more than was paid, never sent twice, and the books agree at each step. */
#include "service/refund.h"

#include "app/audit/audit.h"
#include "service_world.h"
#include "store/store_refund.h"
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

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH(only_what_was_paid_can_go_back),
        WITH(of_parallel_refunds_one_begins),
    };
    return cmocka_run_group_tests_name("service_refund", tests, NULL, NULL);
}
