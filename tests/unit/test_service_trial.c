/* Deliveries that a person orders to try a receiver: what arrives, that it is marked, and that no books move. */
#include "core/notify.h"
#include "service/accounts.h"
#include "service/presets.h"
#include "service/trial.h"
#include "service_world.h"
#include "store/store_audit_log.h"
#include "store/store_trial.h"

#define GOT_MAX 8
#define BY                                                                                         \
    ((struct change_by){                                                                           \
        .person_id = 0, .actor = STR("dev@shop.example"), .client_ip = STR("192.0.2.7")})

struct receiver {
    struct peer *peer;
    atomic_int answered;
    pthread_mutex_t lock;
    struct peer_request got[GOT_MAX];
    int status;
    const char *body;
};

static bool receiver_serve(struct peer *p, int fd, const struct peer_request *rq)
{
    struct receiver *r = p->arg;
    pthread_mutex_lock(&r->lock);
    int n = atomic_load(&r->answered);
    if (n < GOT_MAX)
        r->got[n] = *rq;
    bool sent = peer_answer(fd, r->status, r->body);
    atomic_fetch_add(&r->answered, 1);
    pthread_mutex_unlock(&r->lock);
    return sent;
}

static struct receiver *receiver_start(void)
{
    struct receiver *r = mem_alloc(sizeof *r);
    r->status = 200;
    r->body = "OK";
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

static enum err add_unit(struct tx *tx, void *arg, struct change_note *note)
{
    return endpoint_add(tx, arg, note);
}

static struct str g_secret;

static int64_t endpoint_new(struct world *w, int port, const char *mode)
{
    char url[128], name[32];
    static int made;
    struct buf secret;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/told", port);
    snprintf(name, sizeof name, "e-%d", made++);
    struct endpoint_row r = {.account_id = w->account_id,
        .name = str_from(name),
        .url = str_from(url),
        .mode = str_from(mode),
        .field_set = 11};
    buf_init(&secret, PRESET_SECRET_MAX);
    preset_secret_new(w->s.keys, &w->arena, &secret, &r.secret_box);
    g_secret = arena_copy(&w->arena, buf_view(&secret));
    ok(change_run(w->s.store, &BY, add_unit, &r));
    buf_wipe(&secret);
    return r.id;
}

static struct trial_order order(int64_t endpoint_id, enum trial_kind kind)
{
    return (struct trial_order){.endpoint_id = endpoint_id, .kind = kind, .reference = STR_ABSENT};
}

struct sends {
    struct trial_send_row rows[TRIAL_SENDS_MAX];
    struct arena *arena;
    int count, done;
};

static enum err sends_note(void *arg, const struct trial_send_row *r)
{
    struct sends *s = arg;
    struct trial_send_row *row = &s->rows[s->count++];
    *row = *r;
    row->webhook_id = arena_copy(s->arena, r->webhook_id);
    row->error = arena_copy(s->arena, r->error);
    row->reply = arena_copy(s->arena, r->reply);
    row->payment_status = arena_copy(s->arena, r->payment_status);
    s->done += r->sent_at != 0;
    return ERR_OK;
}

/* Waits until all that the trial sends is recorded. */
static struct sends sends_of(struct world *w, int64_t trial_id, int count)
{
    int64_t until = clock_mono_ms() + WORLD_WAIT_MS;
    struct sends s;
    do {
        s = (struct sends){.arena = &w->arena};
        ok(store_trial_send_each(world_db(w), trial_id, sends_note, &s));
        assert_true(clock_mono_ms() < until);
        usleep(5000);
    } while (s.done < count);
    assert_int_equal(s.count, count);
    return s;
}

static const char *header(const struct peer_request *rq, const char *name, char out[256])
{
    char key[64];
    snprintf(key, sizeof key, "\r\n%s: ", name);
    const char *p = strcasestr(rq->head, key);
    assert_non_null(p);
    p += strlen(key);
    snprintf(out, 256, "%.*s", (int)strcspn(p, "\r\n"), p);
    return out;
}

static bool signed_right(const struct peer_request *rq)
{
    char id[256], stamp[256], given[256];
    struct buf want;
    int64_t at = 0;
    buf_init(&want, 1024);
    ok(int64_parse(str_from(header(rq, "webhook-timestamp", stamp)), &at));
    ok(webhook_sign(
        g_secret, str_from(header(rq, "webhook-id", id)), at, str_from(rq->body), &want));
    bool same = str_is(buf_view(&want), header(rq, "webhook-signature", given));
    buf_clear(&want);
    return same;
}

/* The family's signature, by the account's notifications key. */
static bool sign_right(struct world *w, const struct peer_request *rq)
{
    struct json *body;
    const char *why;
    struct buf text, public_der, private_der;
    struct rsa_public *key = NULL;
    uint8_t sig[RSA_SIG_MAX];
    size_t n = 0;
    buf_init(&text, 8192);
    buf_init(&public_der, 16384);
    buf_init(&private_der, 16384);
    ok(json_parse(&w->arena, str_from(rq->body), &body, &why));
    ok(base64_decode(json_get_string(body, "sign"), sig, sizeof sig, &n));
    buf_str(
        &text, str_sub(str_from(rq->body), 0, (size_t)(strstr(rq->body, ",\"sign\":") - rq->body)));
    buf_char(&text, '}');
    world_key(&public_der, &private_der);
    ok(rsa_public_from_der(buf_view(&public_der), &key));
    bool good = rsa_verify(key, buf_view(&text), (struct str){(const char *)sig, n}) != RSA_REFUSED;
    rsa_public_free(key);
    buf_clear(&text);
    buf_clear(&public_der);
    buf_wipe(&private_der);
    return good;
}

static void a_test_send_is_marked_signed_and_recorded_and_no_books_move(void **state)
{
    struct world *w = *state;
    char text[256];
    int64_t waiting;
    struct receiver *r = receiver_start();
    struct trial_order o = order(endpoint_new(w, r->peer->port, "POST_JSON"), TRIAL_TEST);
    ok(trial_order(w->s.trials, &BY, &o));
    struct sends s = sends_of(w, o.id, 1);
    assert_int_equal(s.rows[0].status, 200);
    assert_true(str_is(s.rows[0].reply, "OK"));
    assert_true(str_absent(s.rows[0].error));
    assert_string_equal(header(&r->got[0], "kassa-trial", text), "test");
    assert_non_null(strstr(r->got[0].body, "\"order_id\":\"kassa-trial-"));
    assert_non_null(strstr(r->got[0].body, "\"payment_status\":\"paid\""));
    assert_non_null(strstr(r->got[0].body, "\"payment_amount\":\"300.00\""));
    assert_true(signed_right(&r->got[0]));
    assert_true(sign_right(w, &r->got[0]));
    world_books(w, 0);
    ok(store_outbox_waiting(world_db(w), &waiting));
    assert_int_equal(waiting, 0);
    receiver_stop(r);
}

static void a_trials_id_is_none_of_a_payments(void **state)
{
    struct world *w = *state;
    struct receiver *r = receiver_start();
    int64_t endpoint = endpoint_new(w, r->peer->port, "POST_JSON");
    for (int i = 0; i < 5; i++) {
        struct trial_order o = order(endpoint, TRIAL_TEST);
        o.reference = STR("my-test-order");
        o.amount = money_poisha(12345);
        ok(trial_order(w->s.trials, &BY, &o));
        sends_of(w, o.id, 1);
        long id = strtol(strstr(r->got[i].body, "\"id\":") + 5, NULL, 10);
        assert_true(id > 0 && id < 100000001);
        assert_non_null(strstr(r->got[i].body, "\"order_id\":\"kassa-trial-my-test-order\""));
        assert_non_null(strstr(r->got[i].body, "\"payment_amount\":\"123.45\""));
    }
    receiver_stop(r);
}

static void a_doubled_one_comes_twice_under_one_id(void **state)
{
    struct world *w = *state;
    char first[256], second[256];
    struct receiver *r = receiver_start();
    struct trial_order o = order(endpoint_new(w, r->peer->port, "POST_JSON"), TRIAL_DOUBLED);
    ok(trial_order(w->s.trials, &BY, &o));
    struct sends s = sends_of(w, o.id, 2);
    assert_true(str_eq(s.rows[0].webhook_id, s.rows[1].webhook_id));
    assert_string_equal(
        header(&r->got[0], "webhook-id", first), header(&r->got[1], "webhook-id", second));
    assert_true(signed_right(&r->got[0]) && signed_right(&r->got[1]));
    assert_string_equal(r->got[0].body, r->got[1].body);
    receiver_stop(r);
}

static void out_of_order_the_second_comes_first(void **state)
{
    struct world *w = *state;
    char text[256];
    struct receiver *r = receiver_start();
    struct trial_order o = order(endpoint_new(w, r->peer->port, "POST_JSON"), TRIAL_OUT_OF_ORDER);
    ok(trial_order(w->s.trials, &BY, &o));
    struct sends s = sends_of(w, o.id, 2);
    assert_string_equal(header(&r->got[0], "webhook-sequence", text), "2");
    assert_non_null(strstr(r->got[0].body, "\"payment_status\":\"paid\""));
    assert_string_equal(header(&r->got[1], "webhook-sequence", text), "1");
    assert_non_null(strstr(r->got[1].body, "\"payment_status\":\"cancel\""));
    assert_false(str_eq(s.rows[0].webhook_id, s.rows[1].webhook_id));
    receiver_stop(r);
}

static void a_wrong_signature_is_wrong_in_both_ways(void **state)
{
    struct world *w = *state;
    struct receiver *r = receiver_start();
    r->status = 400;
    r->body = "<b>refused</b>";
    struct trial_order o =
        order(endpoint_new(w, r->peer->port, "POST_JSON"), TRIAL_WRONG_SIGNATURE);
    ok(trial_order(w->s.trials, &BY, &o));
    struct sends s = sends_of(w, o.id, 1);
    assert_false(signed_right(&r->got[0]));
    assert_false(sign_right(w, &r->got[0]));
    assert_int_equal(s.rows[0].status, 400);
    assert_true(str_is(s.rows[0].reply, "<b>refused</b>"));
    receiver_stop(r);
}

/* Counts in how many pieces a request arrives. */
static int pieces_of(int listening)
{
    char text[16384];
    size_t have = 0;
    int pieces = 0, fd = accept(listening, NULL, NULL);
    assert_true(fd >= 0);
    for (const char *end = NULL;
         !end || have < (size_t)(end + 4 - text) +
                            strtoul(strcasestr(text, "content-length:") + 15, NULL, 10);) {
        ssize_t got = recv(fd, text + have, sizeof text - 1 - have, 0);
        assert_true(got > 0);
        have += (size_t)got;
        text[have] = '\0';
        end = strstr(text, "\r\n\r\n");
        pieces++;
    }
    assert_true(peer_answer(fd, 200, "OK"));
    close(fd);
    return pieces;
}

static void a_slow_one_comes_in_pieces(void **state)
{
    struct world *w = *state;
    int port, fd = peer_bind(&port);
    assert_int_equal(listen(fd, 4), 0);
    struct trial_order o = order(endpoint_new(w, port, "POST"), TRIAL_SLOW);
    ok(trial_order(w->s.trials, &BY, &o));
    assert_true(pieces_of(fd) >= 3);
    assert_int_equal(sends_of(w, o.id, 1).rows[0].status, 200);
    struct trial_order get = order(endpoint_new(w, port, "GET"), TRIAL_SLOW);
    assert_int_equal(trial_order(w->s.trials, &BY, &get), ERR_RANGE);
    close(fd);
}

static void a_late_one_waits_and_a_stop_forgets_it(void **state)
{
    struct world *w = *state;
    struct receiver *r = receiver_start();
    int64_t endpoint = endpoint_new(w, r->peer->port, "GET");
    struct trial_order soon = order(endpoint, TRIAL_LATE), later = soon;
    soon.delay_ms = TRIAL_DELAY_MIN_MS;
    later.delay_ms = TRIAL_DELAY_MAX_MS;
    ok(trial_order(w->s.trials, &BY, &later));
    ok(trial_order(w->s.trials, &BY, &soon));
    assert_int_equal(sends_of(w, soon.id, 1).rows[0].status, 200);
    struct sends s = {.arena = &w->arena};
    ok(store_trial_send_each(world_db(w), later.id, sends_note, &s));
    assert_int_equal(s.count, 1);
    assert_int_equal(s.done, 0);
    receiver_stop(r);
}

static void T57_an_address_inside_is_blocked_as_for_notifications(void **state)
{
    struct world *w = *state;
    struct receiver *r = receiver_start();
    w->config.notify_allow_private_addresses = false;
    struct trial_order o = order(endpoint_new(w, r->peer->port, "POST_JSON"), TRIAL_TEST);
    ok(trial_order(w->s.trials, &BY, &o));
    struct sends s = sends_of(w, o.id, 1);
    assert_int_equal(s.rows[0].status, 0);
    assert_true(str_is(s.rows[0].error, "blocked"));
    assert_int_equal(atomic_load(&r->peer->connections), 0);
    w->config.notify_allow_private_addresses = true;
    receiver_stop(r);
}

static void trials_are_limited_by_the_account_and_refused_for_what_is_not_there(void **state)
{
    struct world *w = *state;
    struct receiver *r = receiver_start();
    w->config.limits_trials_per_minute = 2;
    struct trial_order o = order(endpoint_new(w, r->peer->port, "POST"), TRIAL_TEST);
    enum err e = ERR_OK;
    int taken = 0;
    /* the clock stands still: all are in one minute, those of the tests before too */
    clock_advance(&w->clock, 10 * MINUTE);
    while (taken < 5 && (e = trial_order(w->s.trials, &BY, &o)) == ERR_OK)
        taken++;
    assert_int_equal(e, ERR_RATE);
    assert_int_equal(taken, 2);
    o.endpoint_id = 999999;
    assert_int_equal(trial_order(w->s.trials, &BY, &o), ERR_NO_ROW);
    struct trial_order bad = order(endpoint_new(w, r->peer->port, "POST"), TRIAL_TEST);
    bad.reference = STR("../x y");
    assert_int_equal(trial_order(w->s.trials, &BY, &bad), ERR_RANGE);
    bad.reference = STR_ABSENT;
    bad.amount = money_poisha(-1);
    assert_int_equal(trial_order(w->s.trials, &BY, &bad), ERR_RANGE);
    w->config.limits_trials_per_minute = 10;
    receiver_stop(r);
}

struct told {
    struct arena *arena;
    struct str action, client_ip, after;
};

static enum err last_keep(void *arg, const struct audit_log_row *r)
{
    struct told *t = arg;
    t->action = arena_copy(t->arena, r->action);
    t->client_ip = arena_copy(t->arena, r->client_ip);
    t->after = arena_copy(t->arena, r->after);
    return ERR_OK;
}

static void the_audit_log_tells_who_tried_what(void **state)
{
    struct world *w = *state;
    struct receiver *r = receiver_start();
    struct trial_order o = order(endpoint_new(w, r->peer->port, "POST"), TRIAL_TEST);
    clock_advance(&w->clock, 10 * MINUTE);
    ok(trial_order(w->s.trials, &BY, &o));
    sends_of(w, o.id, 1);
    struct trial_row row;
    ok(store_trial_get(world_db(w), &w->arena, o.id, &row));
    assert_true(str_is(row.actor, "dev@shop.example"));
    struct told told = {.arena = &w->arena};
    ok(store_audit_log_each(world_db(w), 1, last_keep, &told));
    assert_true(str_is(told.action, "endpoint.try"));
    assert_true(str_is(told.client_ip, "192.0.2.7"));
    assert_non_null(memmem(told.after.p, told.after.n, "\"kind\":\"test\"", 13));
    receiver_stop(r);
}

static int start(void **state)
{
    static struct world w;
    world_make(&w);
    w.config.limits_trials_per_minute = 1000;
    w.config.notify_timeout_ms = 4000;
    world_service_start(&w, true);
    *state = &w;
    return 0;
}

static int stop(void **state)
{
    world_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_test_send_is_marked_signed_and_recorded_and_no_books_move, start, stop),
        cmocka_unit_test_setup_teardown(a_trials_id_is_none_of_a_payments, start, stop),
        cmocka_unit_test_setup_teardown(a_doubled_one_comes_twice_under_one_id, start, stop),
        cmocka_unit_test_setup_teardown(out_of_order_the_second_comes_first, start, stop),
        cmocka_unit_test_setup_teardown(a_wrong_signature_is_wrong_in_both_ways, start, stop),
        cmocka_unit_test_setup_teardown(a_slow_one_comes_in_pieces, start, stop),
        cmocka_unit_test_setup_teardown(a_late_one_waits_and_a_stop_forgets_it, start, stop),
        cmocka_unit_test_setup_teardown(
            T57_an_address_inside_is_blocked_as_for_notifications, start, stop),
        cmocka_unit_test_setup_teardown(
            trials_are_limited_by_the_account_and_refused_for_what_is_not_there, start, stop),
        cmocka_unit_test_setup_teardown(the_audit_log_tells_who_tried_what, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
