/* What the overview counts while payments live, and the story of one that was paid. */
#include "service/funnel.h"
#include "service/overview.h"
#include "service/payment_story.h"
#include "service_world.h"

static struct overview *look(struct world *w)
{
    struct overview *o = arena_alloc(&w->arena, sizeof *o);
    int32_t day = dhaka_day(WORLD_T0);
    ok(overview_load(&w->s, world_db(w), &w->account_id, 1, day - 1, day + 1, o));
    return o;
}

static void open_page(struct world *w, int64_t id, int64_t wanted)
{
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    funnel_opened(w->s.funnel, id);
    while (look(w)->total.v[STAT_OPENED] < wanted) {
        assert_true(clock_mono_ms() < until);
        usleep(2000);
    }
}

static void the_funnel_counts_each_payment_once_at_each_stage(void **state)
{
    struct world *w = *state;
    struct shop_payment paid = world_create(w, "O-1", "100.00");
    struct shop_payment gone = world_create(w, "O-2", "50.00");
    world_create(w, "O-3", "7.00");
    struct overview *o = look(w);
    assert_int_equal(o->total.v[STAT_CREATED], 3);
    assert_int_equal(o->total.v[STAT_ASKED], 15700);
    assert_int_equal(o->open_count, 3);
    assert_int_equal(o->open.poisha, 15700);
    open_page(w, paid.id, 1);
    open_page(w, gone.id, 2);
    funnel_opened(w->s.funnel, paid.id);
    world_to_wallet(w, &gone);
    ok(world_cancel(w, &gone));
    struct attempt_row a = world_to_wallet(w, &paid);
    ok(world_callback(w, &a, CALLBACK_CANCEL));
    world_approve_and_return(w, &paid); /* at the wallet for a second time */
    world_wait_payment(w, paid.id, PAYMENT_PAID);
    o = look(w);
    const int64_t *v = o->total.v;
    assert_int_equal(v[STAT_CREATED], 3);
    assert_int_equal(v[STAT_OPENED], 2);
    assert_int_equal(v[STAT_REACHED], 2);
    assert_int_equal(v[STAT_PAID], 1);
    assert_int_equal(v[STAT_CANCELLED], 1);
    assert_int_equal(v[STAT_RECEIVED], 10000);
    assert_int_equal(v[STAT_COMMISSION], 250);
    assert_int_equal(o->open_count, 1);
    assert_int_equal(o->open.poisha, 700);
    assert_int_equal(o->balance.poisha, 9750);
    assert_int_equal(o->wallets[WALLET_BKASH].v[STAT_PAID], 1);
    assert_int_equal(o->wallets[WALLET_NAGAD].v[STAT_CREATED], 0);
    assert_int_equal(o->days[1].v[STAT_PAID], 1);
}

static int story_count(const struct story *s, enum story_kind kind, const char *event)
{
    int n = 0;
    for (int i = 0; i < s->item_count; i++)
        n += s->items[i].kind == kind && (!event || str_is(s->items[i].event.event, event));
    return n;
}

static void a_paid_payments_story_tells_each_step_in_its_order(void **state)
{
    struct world *w = *state;
    struct shop_payment p = world_create(w, "O-4", "100.00");
    struct story s;
    open_page(w, p.id, 1);
    world_approve_and_return(w, &p);
    world_wait_payment(w, p.id, PAYMENT_PAID);
    struct payment_row row = world_payment(w, p.id);
    ok(payment_story(world_db(w), &w->arena, &row, &s));
    assert_false(s.cut);
    assert_int_equal(s.attempt_count, 1);
    assert_int_equal(s.credit_count, 1);
    assert_int_equal(s.note_count, 1);
    assert_true(str_absent(s.attempts[0].callback_token));
    assert_int_equal(s.items[0].kind, STORY_CREATED);
    for (int i = 1; i < s.item_count; i++)
        assert_true(s.items[i - 1].at <= s.items[i].at);
    assert_int_equal(story_count(&s, STORY_EVENT, "opened"), 1);
    assert_int_equal(story_count(&s, STORY_EVENT, "create_answer"), 1);
    assert_int_equal(story_count(&s, STORY_EVENT, "execute_answer"), 1);
    assert_int_equal(story_count(&s, STORY_LINE, NULL), 1);
    assert_int_equal(story_count(&s, STORY_NOTE, NULL), 1);
    for (int i = 0; i < s.item_count; i++)
        if (str_is(s.items[i].event.event, "execute_answer"))
            assert_non_null(memmem(
                s.items[i].event.detail.p, s.items[i].event.detail.n, "\"duration_ms\":", 14));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_funnel_counts_each_payment_once_at_each_stage),
        TEST(a_paid_payments_story_tells_each_step_in_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
