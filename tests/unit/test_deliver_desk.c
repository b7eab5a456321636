/* Whose turn a leased notification is: shares of hosts, and who may wait for one in memory. */
#include "base/mem.h"
#include "service/deliver_desk.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOW INT64_C(5000)
#define QUICK STR("http://quick.example")
#define OTHER STR("http://other.example")

/* Leased, taken by a signer, its host read. */
static struct deliver_try *taken(struct deliver_desk *d, int64_t id, struct str host)
{
    struct deliver_try *t = mem_alloc(sizeof *t);
    t->id = id;
    assert_true(deliver_desk_add(d, t));
    assert_ptr_equal(deliver_desk_next(d), t);
    assert_false(t->holds_host);
    t->call.host = host;
    t->call.row.account_id = 1;
    return t;
}

static enum deliver_turn admit(struct deliver_desk *d, struct deliver_try *t, int64_t now)
{
    int64_t later = -1;
    enum deliver_turn turn = deliver_desk_admit(d, t, now, &later);
    assert_true(turn == DELIVER_LATER ? later > 0 : later == -1);
    return turn;
}

static void end(struct deliver_desk *d, struct deliver_try *t)
{
    deliver_desk_end(d, t, NOW);
    mem_free(t);
}

static void the_next_for_a_host_goes_when_the_host_has_answered(void **state)
{
    (void)state;
    struct deliver_desk *d = deliver_desk_new(16, 2);
    struct deliver_try *t[4];
    for (int i = 0; i < 4; i++) {
        t[i] = taken(d, i + 1, QUICK);
        assert_int_equal(admit(d, t[i], NOW), i < 2 ? DELIVER_NOW : DELIVER_WAITS);
    }
    struct deliver_try *other = taken(d, 5, OTHER);
    assert_int_equal(admit(d, other, NOW), DELIVER_NOW);
    end(d, other);
    t[1]->status = 200;
    deliver_desk_give(d, t[1], NOW + 1); /* its outcome is not recorded yet */
    assert_ptr_equal(deliver_desk_next(d), t[2]);
    assert_true(t[2]->holds_host);
    end(d, t[1]);
    end(d, t[0]); /* never sent: its place is free all the same */
    assert_ptr_equal(deliver_desk_next(d), t[3]);
    assert_true(t[3]->holds_host);
    end(d, t[2]);
    end(d, t[3]);
    deliver_desk_free(d);
}

static void a_closed_desk_gives_back_what_nobody_took(void **state)
{
    (void)state;
    struct deliver_desk *d = deliver_desk_new(16, 1);
    struct deliver_try *sent = taken(d, 1, QUICK), *waits = taken(d, 2, QUICK);
    struct deliver_try leased = {.id = 3};
    assert_int_equal(admit(d, sent, NOW), DELIVER_NOW);
    assert_int_equal(admit(d, waits, NOW), DELIVER_WAITS);
    assert_true(deliver_desk_add(d, &leased));
    assert_null(deliver_desk_left_over(d, NOW));
    deliver_desk_close(d);
    assert_null(deliver_desk_next(d));
    assert_ptr_equal(deliver_desk_left_over(d, NOW), waits);
    assert_ptr_equal(deliver_desk_left_over(d, NOW), &leased);
    assert_null(deliver_desk_left_over(d, NOW));
    deliver_desk_end(d, &leased, NOW);
    end(d, waits);
    end(d, sent);
    deliver_desk_free(d);
}

static void nobody_waits_for_a_host_that_is_silent(void **state)
{
    (void)state;
    struct deliver_desk *d = deliver_desk_new(16, 2);
    struct deliver_try *t[4];
    for (int i = 0; i < 3; i++) {
        t[i] = taken(d, i + 1, QUICK);
        assert_int_equal(admit(d, t[i], NOW), i < 2 ? DELIVER_NOW : DELIVER_WAITS);
    }
    assert_null(deliver_desk_left_over(d, NOW + 500));
    assert_ptr_equal(deliver_desk_left_over(d, NOW + 1500), t[2]);
    t[3] = taken(d, 4, QUICK);
    assert_int_equal(admit(d, t[3], NOW + 1500), DELIVER_LATER);
    for (int i = 0; i < 4; i++)
        end(d, t[i]);
    deliver_desk_free(d);
}

static int queue_of(int64_t gap_ms)
{
    struct deliver_desk *d = deliver_desk_new(64, 1);
    struct deliver_try *before = taken(d, 1, QUICK);
    int64_t now = NOW;
    assert_int_equal(admit(d, before, now), DELIVER_NOW);
    for (int i = 0; i < 50; i++, now += gap_ms) {
        struct deliver_try *next = taken(d, 2 + i, QUICK);
        assert_int_equal(admit(d, next, now), DELIVER_WAITS);
        before->status = 200;
        deliver_desk_give(d, before, now);
        end(d, before);
        assert_ptr_equal(deliver_desk_next(d), next);
        before = next;
    }
    int n = 0;
    struct deliver_try *t;
    while (admit(d, t = taken(d, 100 + n, QUICK), now) == DELIVER_WAITS)
        n++;
    end(d, t);
    deliver_desk_close(d);
    while ((t = deliver_desk_left_over(d, now)))
        end(d, t);
    end(d, before);
    deliver_desk_free(d);
    return n;
}

static void the_quicker_a_host_the_more_wait_for_it(void **state)
{
    (void)state;
    assert_int_equal(queue_of(0), 256);
    assert_in_range(queue_of(5), 40, 60);
    assert_in_range(queue_of(100), 1, 4);
}

static void no_rows_are_leased_while_enough_is_there(void **state)
{
    (void)state;
    struct deliver_desk *d = deliver_desk_new(16, 2);
    struct deliver_try *t[16];
    assert_int_equal(deliver_desk_room(d), 16);
    for (int i = 0; i < 16; i++) {
        t[i] = mem_alloc(sizeof *t[i]);
        t[i]->id = i;
        assert_true(deliver_desk_add(d, t[i]));
        struct deliver_try again = {.id = i};
        assert_false(deliver_desk_add(d, &again));
    }
    assert_int_equal(deliver_desk_room(d), 0);
    for (int i = 0; i < 6; i++) {
        assert_ptr_equal(deliver_desk_next(d), t[i]);
        end(d, t[i]);
    }
    assert_int_equal(deliver_desk_room(d), 0); /* 6 places, and 10 to be signed */
    for (int i = 6; i < 16; i++) {
        assert_ptr_equal(deliver_desk_next(d), t[i]);
        end(d, t[i]);
    }
    assert_int_equal(deliver_desk_room(d), 16);
    deliver_desk_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_for_a_host_goes_when_the_host_has_answered),
        cmocka_unit_test(a_closed_desk_gives_back_what_nobody_took),
        cmocka_unit_test(nobody_waits_for_a_host_that_is_silent),
        cmocka_unit_test(the_quicker_a_host_the_more_wait_for_it),
        cmocka_unit_test(no_rows_are_leased_while_enough_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
