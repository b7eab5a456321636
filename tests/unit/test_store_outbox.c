/* Notifications: leases, order per payment, tries, sending again. */
#include "store_fixture.h"

#include <pthread.h>

static void outbox_init(struct outbox_row *r, struct fixture *f, int64_t payment, int64_t sequence,
    int64_t due_at, char webhook_id[48])
{
    snprintf(webhook_id, 48, "msg_%lld-%lld", (long long)payment, (long long)sequence);
    *r = (struct outbox_row){.payment_id = payment,
        .account_id = f->account_id,
        .sequence = sequence,
        .webhook_id = str_from(webhook_id),
        .payment_status = STR("paid"),
        .payment_amount = money_poisha(10000),
        .commission_amount = money_poisha(250),
        .state = STR("waiting"),
        .due_at = due_at,
        .created_at = T0 + sequence};
}

static enum err outbox_add(void *arg, struct tx *tx)
{
    return store_outbox_add(tx, arg);
}

static int64_t outbox_make(struct fixture *f, int64_t payment, int64_t sequence, int64_t due_at)
{
    struct outbox_row r;
    char webhook_id[48];
    outbox_init(&r, f, payment, sequence, due_at, webhook_id);
    ok(run(f->s, outbox_add, &r));
    return r.id;
}

struct lease {
    int64_t now, until;
    const char *owner;
    int max;
    int64_t ids[64];
    int count;
};

static enum err lease_run(void *arg, struct tx *tx)
{
    struct lease *l = arg;
    return store_outbox_lease(tx, l->now, str_from(l->owner), l->until, l->max, l->ids, &l->count);
}

static int lease(struct fixture *f, struct lease *l, int64_t now, const char *owner, int max)
{
    *l = (struct lease){.now = now, .until = now + 30000, .owner = owner, .max = max};
    ok(run(f->s, lease_run, l));
    return l->count;
}

struct act {
    int64_t id;
    const char *owner;
    int64_t at;
};

static enum err act_delivered(void *arg, struct tx *tx)
{
    struct act *a = arg;
    return store_outbox_delivered(tx, a->id, str_from(a->owner), a->at);
}

static enum err act_retry(void *arg, struct tx *tx)
{
    struct act *a = arg;
    return store_outbox_retry(tx, a->id, str_from(a->owner), a->at);
}

static enum err act_park(void *arg, struct tx *tx)
{
    struct act *a = arg;
    return store_outbox_park(tx, a->id, str_from(a->owner), STR("gone"));
}

static enum err act_resend(void *arg, struct tx *tx)
{
    struct act *a = arg;
    return store_outbox_resend(tx, a->id, a->at);
}

static void only_what_is_due_is_leased_and_a_lease_runs_out(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    int64_t at;
    assert_int_equal(store_outbox_next_due(db, &at), ERR_NO_ROW);
    int64_t a = outbox_make(f, sample_make(f, "a", T0), 1, T0 + 100);
    int64_t b = outbox_make(f, sample_make(f, "b", T0), 1, T0 + 200);
    ok(store_outbox_next_due(db, &at));
    assert_int_equal(at, T0 + 100);
    struct lease l;
    assert_int_equal(lease(f, &l, T0 + 99, "one", 10), 0);
    assert_int_equal(lease(f, &l, T0 + 100, "one", 10), 1);
    assert_int_equal(l.ids[0], a);
    ok(store_outbox_next_due(db, &at));
    assert_int_equal(at, T0 + 200);
    assert_int_equal(lease(f, &l, T0 + 300, "two", 10), 1);
    assert_int_equal(l.ids[0], b);
    ok(store_outbox_next_due(db, &at));
    assert_int_equal(at, T0 + 100 + 30000);
    assert_int_equal(lease(f, &l, T0 + 30099, "two", 10), 0);
    assert_int_equal(lease(f, &l, T0 + 30100, "two", 10), 1);
    struct act late = {a, "one", T0};
    assert_int_equal(run(f->s, act_delivered, &late), ERR_CONFLICT);
    assert_int_equal(run(f->s, act_retry, &late), ERR_CONFLICT);
    assert_int_equal(run(f->s, act_park, &late), ERR_CONFLICT);
    late.owner = "two";
    ok(run(f->s, act_delivered, &late));
    assert_int_equal(run(f->s, act_delivered, &late), ERR_CONFLICT);
}

static void a_payments_next_notification_waits_for_the_one_before(void **state)
{
    struct fixture *f = *state;
    int64_t payment = sample_make(f, "p", T0), at, waiting;
    int64_t first = outbox_make(f, payment, 1, T0 + 1000);
    int64_t second = outbox_make(f, payment, 2, T0);
    struct lease l;
    assert_int_equal(lease(f, &l, T0 + 500, "w", 10), 0);
    ok(store_outbox_next_due(store_reader(f->s), &at));
    assert_int_equal(at, T0 + 1000);
    assert_int_equal(lease(f, &l, T0 + 1000, "w", 10), 1);
    assert_int_equal(l.ids[0], first);
    assert_int_equal(lease(f, &l, T0 + 1000, "w", 10), 0);
    struct act a = {first, "w", T0 + 9000};
    ok(run(f->s, act_retry, &a));
    assert_int_equal(lease(f, &l, T0 + 8000, "w", 10), 0);
    assert_int_equal(lease(f, &l, T0 + 9000, "w", 10), 1);
    ok(run(f->s, act_park, &a));
    assert_int_equal(lease(f, &l, T0 + 9000, "w", 10), 1);
    assert_int_equal(l.ids[0], second);
    ok(store_outbox_waiting(store_reader(f->s), &waiting));
    assert_int_equal(waiting, 1);
}

static void sending_again_keeps_the_name_and_starts_the_schedule_anew(void **state)
{
    struct fixture *f = *state;
    int64_t id = outbox_make(f, sample_make(f, "again", T0), 1, T0);
    struct act a = {id, "w", T0 + 5};
    assert_int_equal(run(f->s, act_resend, &a), ERR_STATE);
    struct act missing = {999999, "w", T0};
    assert_int_equal(run(f->s, act_resend, &missing), ERR_NO_ROW);
    struct lease l;
    assert_int_equal(lease(f, &l, T0, "w", 1), 1);
    ok(run(f->s, act_park, &a));
    struct outbox_row before, after;
    ok(store_outbox_get(store_reader(f->s), &f->arena, id, &before));
    assert_true(str_is(before.state, "parked"));
    assert_true(str_is(before.parked_reason, "gone"));
    ok(run(f->s, act_resend, &a));
    ok(store_outbox_get(store_reader(f->s), &f->arena, id, &after));
    assert_true(str_is(after.state, "waiting"));
    assert_true(str_absent(after.parked_reason));
    assert_true(str_eq(after.webhook_id, before.webhook_id));
    assert_int_equal(after.due_at, T0 + 5);
    assert_int_equal(after.round, 0);
    assert_int_equal(lease(f, &l, T0 + 5, "w", 1), 1);
}

static enum err act_park_disabled(void *arg, struct tx *tx)
{
    struct act *a = arg;
    return store_outbox_park(tx, a->id, str_from(a->owner), STR("account_disabled"));
}

static enum err act_enabled(void *arg, struct tx *tx)
{
    struct act *a = arg;
    return store_outbox_account_enabled(tx, a->id, a->at);
}

static void an_account_that_is_enabled_again_is_told_what_was_parked_for_that(void **state)
{
    struct fixture *f = *state;
    int64_t other = outbox_make(f, sample_make(f, "gone", T0), 1, T0);
    int64_t id = outbox_make(f, sample_make(f, "parked", T0), 1, T0);
    struct lease l;
    assert_int_equal(lease(f, &l, T0, "w", 2), 2);
    struct act gone = {other, "w", T0}, disabled = {id, "w", T0};
    ok(run(f->s, act_park, &gone));
    ok(run(f->s, act_park_disabled, &disabled));
    struct act nobody = {f->account_id + 1, "", T0 + 9}, enabled = {f->account_id, "", T0 + 9};
    ok(run(f->s, act_enabled, &nobody));
    assert_int_equal(lease(f, &l, T0 + 9, "w", 2), 0);
    ok(run(f->s, act_enabled, &enabled));
    assert_int_equal(lease(f, &l, T0 + 8, "w", 2), 0);
    assert_int_equal(lease(f, &l, T0 + 9, "w", 2), 1);
    assert_int_equal(l.ids[0], id);
}

static enum err try_add(void *arg, struct tx *tx)
{
    return store_outbox_try_add(tx, arg);
}

static enum err try_seen(void *arg, const struct outbox_try_row *r)
{
    int *n = arg;
    ++*n;
    assert_int_equal(r->number, *n);
    assert_int_equal(r->reply.n, *n == 1 ? OUTBOX_REPLY_MAX : 0);
    assert_int_equal(str_absent(r->reply), *n != 1);
    assert_int_equal(str_absent(r->error), *n == 1);
    return ERR_OK;
}

static void tries_are_counted_cut_and_kept(void **state)
{
    struct fixture *f = *state;
    int64_t id = outbox_make(f, sample_make(f, "tries", T0), 1, T0);
    static char reply[OUTBOX_REPLY_MAX + 500];
    memset(reply, 0xff, sizeof reply);
    struct outbox_try_row t = {.outbox_id = id,
        .number = 1,
        .at = T0,
        .duration_ms = 12,
        .status = 500,
        .url = STR("https://shop.example/n"),
        .reply = (struct str){reply, sizeof reply}};
    ok(run(f->s, try_add, &t));
    assert_int_equal(run(f->s, try_add, &t), ERR_DUPLICATE);
    t.number = 2, t.status = 0, t.error = STR("timeout"), t.reply = STR_ABSENT;
    ok(run(f->s, try_add, &t));
    int n = 0;
    ok(store_outbox_try_each(store_reader(f->s), id, try_seen, &n));
    assert_int_equal(n, 2);
    struct outbox_row r;
    ok(store_outbox_get(store_reader(f->s), &f->arena, id, &r));
    assert_int_equal(r.tries, 2);
    assert_int_equal(r.round, 2);
}

static enum err list_add(void *arg, const struct outbox_row *r)
{
    int64_t *ids = arg;
    ids[++ids[0]] = r->id;
    return ERR_OK;
}

static void lists_are_newest_first_and_bounded(void **state)
{
    struct fixture *f = *state;
    struct db *db = store_reader(f->s);
    int64_t payment = sample_make(f, "list", T0), ids[9];
    for (int i = 0; i < 5; i++)
        ids[i] = outbox_make(f, payment, i + 1, T0);
    outbox_make(f, sample_make(f, "other", T0), 1, T0);
    int64_t got[16] = {0};
    ok(store_outbox_each(db, payment, STR_ABSENT, 3, list_add, got));
    assert_int_equal(got[0], 3);
    assert_int_equal(got[1], ids[4]);
    got[0] = 0;
    ok(store_outbox_each(db, payment, STR("parked"), 3, list_add, got));
    assert_int_equal(got[0], 0);
    ok(store_outbox_each(db, payment, STR("waiting"), 10, list_add, got));
    assert_int_equal(got[0], 5);
    got[0] = 0;
    ok(store_outbox_each(db, 0, STR_ABSENT, 10, list_add, got));
    assert_int_equal(got[0], 6);
    got[0] = 0;
    ok(store_outbox_each(db, 0, STR("waiting"), 4, list_add, got));
    assert_int_equal(got[0], 4);
    assert_int_equal(got[1], ids[4]);
}

#define SHARED 120

struct worker {
    struct fixture *f;
    const char *owner;
    _Atomic int *held;    /* by row: how many hold it */
    _Atomic int *highest; /* by payment: the last sequence delivered */
    int delivered;
    int wrong;
};

static int64_t shared_first;

static void worker_deliver(struct worker *w, int64_t id)
{
    int64_t row = id - shared_first;
    int64_t payment = row / 3, sequence = row % 3 + 1;
    w->wrong += atomic_fetch_add(&w->held[row], 1) != 0;
    w->wrong += atomic_exchange(&w->highest[payment], (int)sequence) != sequence - 1;
    struct act a = {id, w->owner, T0 + 1};
    w->wrong += run(w->f->s, act_delivered, &a) != ERR_OK;
    w->delivered++;
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    for (int idle = 0; idle < 50;) {
        struct lease l = {.now = T0, .until = T0 + 30000, .owner = w->owner, .max = 7};
        enum err e = run(w->f->s, lease_run, &l);
        w->wrong += e != ERR_OK;
        idle = l.count ? 0 : idle + 1;
        for (int i = 0; i < l.count; i++)
            worker_deliver(w, l.ids[i]);
    }
    return NULL;
}

static enum err shared_fill(void *arg, struct tx *tx)
{
    struct fixture *f = arg;
    enum err e = ERR_OK;
    for (int i = 0; e == ERR_OK && i < SHARED / 3; i++) {
        char order[16];
        snprintf(order, sizeof order, "W-%d", i);
        struct sample x;
        sample_init(&x, f, order, T0);
        e = sample_insert(&x, tx);
        for (int s = 1; e == ERR_OK && s <= 3; s++) {
            struct outbox_row r;
            char webhook_id[48];
            outbox_init(&r, f, x.p.row.id, s, T0 - s, webhook_id);
            e = store_outbox_add(tx, &r);
            if (i == 0 && s == 1)
                shared_first = r.id;
        }
    }
    return e;
}

static void workers_never_hold_the_same_row_and_keep_the_order_of_a_payment(void **state)
{
    struct fixture *f = *state;
    ok(run(f->s, shared_fill, f));
    static _Atomic int held[SHARED], highest[SHARED / 3];
    struct worker w[4];
    const char *const owners[] = {"a", "b", "c", "d"};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        w[i] = (struct worker){.f = f, .owner = owners[i], .held = held, .highest = highest};
        assert_int_equal(pthread_create(&threads[i], NULL, worker_main, &w[i]), 0);
    }
    int delivered = 0;
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(w[i].wrong, 0);
        delivered += w[i].delivered;
    }
    assert_int_equal(delivered, SHARED);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        WITH(only_what_is_due_is_leased_and_a_lease_runs_out),
        WITH(a_payments_next_notification_waits_for_the_one_before),
        WITH(sending_again_keeps_the_name_and_starts_the_schedule_anew),
        WITH(an_account_that_is_enabled_again_is_told_what_was_parked_for_that),
        WITH(tries_are_counted_cut_and_kept),
        WITH(lists_are_newest_first_and_bounded),
        WITH(workers_never_hold_the_same_row_and_keep_the_order_of_a_payment),
    };
    return cmocka_run_group_tests_name("store_outbox", tests, NULL, NULL);
}
