/* Notifications on a whole service: what arrives, and who waits for whom. */
#include "service/deliver.h"
#include "service/deliver_try.h"
#include "service/transition.h"
#include "service_world.h"

/* A receiver that keeps the last request, and answers unless it is dead. */
struct receiver {
    struct peer *peer;
    atomic_int answered;
    atomic_bool dead;
    pthread_mutex_t lock;
    struct peer_request last;
};

static bool receiver_serve(struct peer *p, int fd, const struct peer_request *rq)
{
    struct receiver *r = p->arg;
    while (atomic_load(&r->dead) && !atomic_load(&p->stopping))
        usleep(2000);
    pthread_mutex_lock(&r->lock);
    r->last = *rq;
    pthread_mutex_unlock(&r->lock);
    bool sent = peer_answer(fd, 200, "OK");
    atomic_fetch_add(&r->answered, 1);
    return sent;
}

static struct receiver *receiver_start(bool dead)
{
    struct receiver *r = mem_alloc(sizeof *r);
    atomic_store(&r->dead, dead);
    pthread_mutex_init(&r->lock, NULL);
    r->peer = peer_start(receiver_serve, r);
    return r;
}

static void receiver_stop(struct receiver *r)
{
    peer_stop(r->peer);
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

/* Payments that ended without money, each with its notification due. */
struct ended_unit {
    struct store_unit unit;
    struct world *w;
    int64_t account_id;
    const char *name;
    int count;
    struct str url, customer_json;
    int64_t last_id;
};

static enum err ended_run(struct store_unit *u, struct tx *tx)
{
    struct ended_unit *x = unit_owner(u, struct ended_unit, unit);
    enum err e = ERR_OK;
    for (int i = 0; e == ERR_OK && i < x->count; i++) {
        char order[64], uuid[37], old_uuid[37];
        uint8_t raw[16];
        bool same;
        int64_t old_id;
        random_uuid(raw);
        uuid_format(raw, uuid);
        snprintf(order, sizeof order, "%s-%d", x->name, i);
        struct payment_new p = {.row = {.uuid = str_from(uuid),
                                    .account_id = x->account_id,
                                    .order_id = str_from(order),
                                    .amount = money_poisha(30000),
                                    .currency = STR("BDT"),
                                    .service = STR("payment_card_bdt_hpp"),
                                    .wallet = WALLET_BKASH,
                                    .state = PAYMENT_OPEN,
                                    .created_at = tx_now_ms(tx),
                                    .expires_at = tx_now_ms(tx) + HOUR,
                                    .endpoint_url = x->url,
                                    .customer_ip = STR("192.0.2.1"),
                                    .customer_json = x->customer_json}};
        struct transition t = {.event = PAYMENT_EV_CANCEL, .actor = STR("payer")};
        e = store_payment_insert(tx, &p, &same, &old_id, old_uuid);
        e = e ? e : transition_apply(tx, &p.row, &t);
        x->last_id = p.row.id;
    }
    return e;
}

static int64_t end_payments(struct world *w, int64_t account_id, const char *name, int count,
    struct str url, struct str customer_json)
{
    struct ended_unit x = {.unit = {.run = ended_run},
        .w = w,
        .account_id = account_id,
        .name = name,
        .count = count,
        .url = url,
        .customer_json = customer_json};
    ok(store_run(w->s.store, &x.unit));
    deliver_kick(w->s.deliver);
    return x.last_id;
}

static struct str url_of(struct world *w, int port, const char *path)
{
    char text[256];
    snprintf(text, sizeof text, "http://127.0.0.1:%d/%s", port, path);
    return arena_copy(&w->arena, str_from(text));
}

static void a_payment_with_long_customer_fields_is_told_whole(void **state)
{
    struct world *w = *state;
    struct receiver *r = receiver_start(false);
    struct buf json;
    buf_init(&json, 65536);
    buf_cstr(&json, "{\"customer_browser_user_agent\":\"");
    while (json.n < 65000)
        buf_cstr(&json, "\\ud83d\\ude00");
    buf_cstr(&json, "\"}");
    /* whatever room is left beside them, the notification is whole */
    for (size_t n = 65000; n > 40000; n -= 1000) {
        char name[32];
        struct str kept = str_sub(buf_view(&json), 0, n);
        snprintf(name, sizeof name, "long-%zu", n);
        int done = atomic_load(&r->answered);
        end_payments(w, w->account_id, name, 1, url_of(w, r->peer->port, "told"), kept);
        world_wait_count(&r->answered, done + 1);
        pthread_mutex_lock(&r->lock);
        assert_non_null(strstr(r->last.head, "&amount=300.00&payment_amount=0.00&commission"));
        assert_non_null(strstr(r->last.head, "&sign="));
        assert_non_null(strstr(r->last.head, "webhook-id: msg_"));
        assert_non_null(strstr(r->last.head, "webhook-signature: v1,"));
        pthread_mutex_unlock(&r->lock);
    }
    buf_clear(&json);
    receiver_stop(r);
}

static void a_dead_hosts_queue_delays_nobody_else(void **state)
{
    struct world *w = *state;
    struct receiver *dead = receiver_start(true), *alive = receiver_start(false);
    /* Longer than the test waits: what is delivered meanwhile did not wait for a try to end. */
    w->config.notify_timeout_ms = w->config.notify_connect_timeout_ms = 10 * WORLD_WAIT_MS;
    end_payments(w, w->account_id, "dead", 10000, url_of(w, dead->peer->port, "dead"), STR_ABSENT);
    world_wait_count(&dead->peer->requests, (int)w->config.notify_per_host);
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "alive-%d", i);
        end_payments(w, w->account_id, name, 1, url_of(w, alive->peer->port, "a"), STR_ABSENT);
        world_wait_count(&alive->answered, i + 1);
    }
    assert_int_equal(atomic_load(&dead->peer->requests), w->config.notify_per_host);
    receiver_stop(alive);
    receiver_stop(dead);
}

/* A port whose connections are taken and never answered. */
static int silent_port(int *ret_port)
{
    int fd = peer_bind(ret_port);
    assert_int_equal(listen(fd, 128), 0);
    return fd;
}

struct account_unit {
    struct store_unit unit;
    struct world *w;
    int64_t id;
};

static enum err account_run(struct store_unit *u, struct tx *tx)
{
    struct account_unit *x = unit_owner(u, struct account_unit, unit);
    struct account_row row;
    struct cert_row cert = {.purpose = STR("notifications"),
        .fingerprint = STR("1111111111111111111111111111111111111111111111111111111111111111"),
        .not_before = WORLD_T0 - 1,
        .created_at = WORLD_T0};
    struct buf public_der, private_der, box;
    buf_init(&public_der, 16384);
    buf_init(&private_der, 16384);
    buf_init(&box, 16384);
    world_key(&public_der, &private_der);
    box_seal(x->w->s.keys, "cert", buf_view(&private_der), &box);
    ok(store_account_by_id(tx_db(tx), &x->w->arena, x->w->account_id, &row));
    row.uuid = STR("0b0d5c1e-7a47-4b43-9c3a-0d4a3c2b1a01");
    row.name = STR("Other");
    ok(store_account_add(tx, &row));
    cert.account_id = row.id;
    cert.public_der = buf_view(&public_der);
    cert.private_box = buf_view(&box);
    ok(store_cert_add(tx, &cert));
    x->id = row.id;
    buf_clear(&public_der);
    buf_clear(&private_der);
    buf_clear(&box);
    return store_change_bump(tx);
}

static int64_t other_account(struct world *w)
{
    struct account_unit x = {.unit = {.run = account_run}, .w = w};
    ok(store_run(w->s.store, &x.unit));
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    const struct account_view *v = NULL;
    while (!(v = accounts_get_by_id(w->s.accounts, x.id))) {
        assert_true(clock_mono_ms() < until);
        usleep(2000);
    }
    accounts_release(v);
    return x.id;
}

#define SILENT_HOSTS 16

static void an_account_with_many_dead_hosts_delays_no_other(void **state)
{
    struct world *w = *state;
    struct receiver *alive = receiver_start(false);
    int64_t other = other_account(w);
    int fds[SILENT_HOSTS], port;
    assert_true(SILENT_HOSTS * w->config.notify_per_host > w->config.notify_workers);
    w->config.notify_timeout_ms = w->config.notify_connect_timeout_ms = 10 * WORLD_WAIT_MS;
    for (int i = 0; i < SILENT_HOSTS; i++) {
        char name[32];
        snprintf(name, sizeof name, "silent-%d", i);
        fds[i] = silent_port(&port);
        end_payments(w, w->account_id, name, (int)w->config.notify_per_host,
            url_of(w, port, "silent"), STR_ABSENT);
    }
    end_payments(w, other, "other", 1, url_of(w, alive->peer->port, "a"), STR_ABSENT);
    world_wait_count(&alive->answered, 1);
    for (int i = 0; i < SILENT_HOSTS; i++)
        close(fds[i]);
    receiver_stop(alive);
}

static void a_burst_to_a_lively_host_arrives_soon(void **state)
{
    struct world *w = *state;
    struct receiver *r = receiver_start(false);
    int64_t start = clock_mono_ms(), moved = 0;
    end_payments(w, w->account_id, "burst", 200, url_of(w, r->peer->port, "a"), STR_ABSENT);
    while (atomic_load(&r->answered) < 200) {
        int64_t gone = clock_mono_ms() - start;
        assert_true(
            gone < WORLD_WAIT_MS); /* less than a lease: nothing of the burst waits for one */
        clock_advance(&w->clock, gone - moved);
        moved = gone;
        deliver_kick(w->s.deliver);
        usleep(10000);
    }
    receiver_stop(r);
}

/* The lease has run out by the clock, the try has not ended. */
static void a_clock_that_jumps_sends_nothing_twice(void **state)
{
    struct world *w = *state;
    struct receiver *slow = receiver_start(true), *alive = receiver_start(false);
    int64_t id =
        end_payments(w, w->account_id, "slow", 1, url_of(w, slow->peer->port, "slow"), STR_ABSENT);
    world_wait_count(&slow->peer->requests, 1);
    clock_advance(&w->clock, HOUR);
    end_payments(w, w->account_id, "next", 1, url_of(w, alive->peer->port, "next"), STR_ABSENT);
    world_wait_count(&alive->answered, 1);
    atomic_store(&slow->dead, false);
    world_wait_count(&slow->answered, 1);
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    while (world_outbox(w, id).newest.delivered_at == 0) {
        assert_true(clock_mono_ms() < until);
        usleep(2000);
    }
    assert_int_equal(atomic_load(&slow->peer->requests), 1);
    receiver_stop(alive);
    receiver_stop(slow);
}

struct due {
    int64_t now;
    int rows, rows_due;
};

static enum err due_check(void *arg, const struct outbox_row *r)
{
    struct due *d = arg;
    assert_true(r->due_at < d->now + 30 * SECOND); /* put off at most, not leased */
    assert_int_equal(r->tries, 0);
    d->rows++;
    d->rows_due += r->due_at <= d->now;
    return ERR_OK;
}

/* Sent and not answered, or leased and waiting for their host: all are due when the next start looks. */
static void a_clean_stop_gives_back_what_was_under_way(void **state)
{
    struct world *w = *state;
    struct receiver *r = receiver_start(true);
    int count = (int)w->config.notify_per_host + 10;
    end_payments(w, w->account_id, "stop", count, url_of(w, r->peer->port, "a"), STR_ABSENT);
    world_wait_count(&r->peer->requests, (int)w->config.notify_per_host);
    service_stop(&w->s);
    world_service_start(w, false);
    struct due due = {.now = clock_now_ms(&w->clock)};
    ok(store_outbox_each(world_db(w), 0, STR("waiting"), 100, due_check, &due));
    assert_int_equal(due.rows, count);
    assert_true(due.rows_due >= w->config.notify_per_host);
    receiver_stop(r);
}

/* ---- a process that stood still ---- */

struct other_unit {
    struct store_unit unit;
    struct ended_unit *payment;
    int64_t outbox_id;
};

/* A payment ends, and another node has its notification before ours can look. */
static enum err other_run(struct store_unit *u, struct tx *tx)
{
    struct other_unit *x = unit_owner(u, struct other_unit, unit);
    int64_t now = tx_now_ms(tx);
    int count = 0;
    enum err e = ended_run(&x->payment->unit, tx);
    e = e ? e : store_outbox_lease(tx, now, STR("other"), now + HOUR, 1, &x->outbox_id, &count);
    return e == ERR_OK && count != 1 ? ERR_NO_ROW : e;
}

static void nobody_answers(void *arg, struct deliver_try *t)
{
    (void)arg;
    (void)t;
}

static void try_over(void *arg, struct deliver_try *t)
{
    deliver_try_free(t);
    sem_post(arg);
}

static void a_notification_that_was_leased_long_ago_is_left_to_others(void **state)
{
    struct world *w = *state;
    struct receiver *r = receiver_start(false);
    struct ended_unit payment = {.w = w,
        .account_id = w->account_id,
        .name = "late",
        .count = 1,
        .url = url_of(w, r->peer->port, "a"),
        .customer_json = STR_ABSENT};
    struct other_unit x = {.unit = {.run = other_run}, .payment = &payment};
    sem_t over;
    sem_init(&over, 0, 0);
    ok(store_run(w->s.store, &x.unit));
    struct deliver_try *t = mem_alloc(sizeof *t);
    t->service = &w->s;
    t->owner = str_from(w->s.node);
    t->id = x.outbox_id;
    t->answered = nobody_answers;
    t->ended = try_over;
    t->arg = &over;
    t->send_by_ms = clock_mono_ms() - 1;
    ok(notify_call_read(&w->s, t->id, &t->call));
    ok(notify_call_sign(&w->s, &t->call, clock_now_ms(&w->clock)));
    deliver_try_send(t);
    while (sem_wait(&over) != 0) {
    }
    assert_int_equal(atomic_load(&r->peer->requests), 0);
    sem_destroy(&over);
    receiver_stop(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_payment_with_long_customer_fields_is_told_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dead_hosts_queue_delays_nobody_else, setup, teardown),
        cmocka_unit_test_setup_teardown(
            an_account_with_many_dead_hosts_delays_no_other, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_jumps_sends_nothing_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_clean_stop_gives_back_what_was_under_way, setup, teardown),
        cmocka_unit_test_setup_teardown(a_burst_to_a_lively_host_arrives_soon, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_notification_that_was_leased_long_ago_is_left_to_others, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
