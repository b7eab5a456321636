/* Parking: the answer comes from another thread, before or after the handler returned, or the server stops first. */
#include "base/log.h"
#include "base/mem.h"
#include "http/server.h"
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include <cmocka.h>

#include "http_client.h"

#define CLIENTS 4
#define REQUESTS_EACH 300
#define QUEUE_MAX 64

/* ---- who answers ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct request *items[QUEUE_MAX];
    int n;
    bool ended;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void queue_put(struct request *rq)
{
    pthread_mutex_lock(&queue.lock);
    assert_true(queue.n < QUEUE_MAX);
    queue.items[queue.n++] = rq;
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
}

static struct request *queue_take(void)
{
    struct request *rq = NULL;
    pthread_mutex_lock(&queue.lock);
    while (queue.n == 0 && !queue.ended)
        pthread_cond_wait(&queue.changed, &queue.lock);
    if (queue.n > 0)
        rq = queue.items[--queue.n];
    pthread_mutex_unlock(&queue.lock);
    return rq;
}

/* Whether replies are made by the answerer, or on the request's own thread. */
static bool made_by_request;
static _Thread_local bool is_answerer;

static struct reply *echo_make(void *arg)
{
    struct request *rq = arg;
    struct buf b;
    buf_init(&b, 1000);
    buf_printf(&b, "<%.*s>", STR_FMT(rq->query));
    struct reply *r = reply_bytes(200, "text/plain", buf_view(&b));
    buf_clear(&b);
    ensure(!made_by_request || !is_answerer, "a reply is made on the request's thread");
    return r;
}

static void answer_echo(struct request *rq)
{
    if (made_by_request)
        request_answer_with(rq, echo_make, rq);
    else
        request_answer(rq, echo_make(rq));
}

static void *answerer(void *arg)
{
    (void)arg;
    struct request *rq;
    is_answerer = true;
    while ((rq = queue_take()) != NULL)
        answer_echo(rq);
    return NULL;
}

static void answerers_end(pthread_t *threads, int n)
{
    pthread_mutex_lock(&queue.lock);
    queue.ended = true;
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    queue.ended = false;
}

/* ---- the handlers ---- */

static atomic_int calls;

/* Sometimes the answerer is given time to be first, sometimes the handler. */
static struct reply *handle_park(struct request *rq)
{
    struct reply *parked = request_park(rq);
    int n = atomic_fetch_add(&calls, 1);
    queue_put(rq);
    if (n % 3 == 0)
        sched_yield();
    if (n % 50 == 0)
        poll(NULL, 0, 2);
    return parked;
}

static struct reply *handle_at_once(struct request *rq)
{
    struct reply *parked = request_park(rq);
    answer_echo(rq);
    return parked;
}

static const struct route routes[] = {
    {"GET", "/park", ROUTE_PLAIN, 0, handle_park},
    {"GET", "/at-once", ROUTE_PLAIN, 0, handle_at_once},
    {0},
};

static struct server *start(void)
{
    struct server_options o = {.listen = STR("127.0.0.1:0"),
        .routes = routes,
        .threads = 2,
        .connections_max = 100,
        .connection_memory = 8192,
        .idle_timeout_s = 20};
    struct server *s = NULL;
    struct buf why;
    buf_init(&why, 1000);
    assert_int_equal(server_start(&o, &why, &s), ERR_OK);
    buf_clear(&why);
    return s;
}

/* ---- the race ---- */

struct client_work {
    int port, number, good;
};

static void *client_run(void *arg)
{
    struct client_work *w = arg;
    struct client c;
    if (!client_connects(w->port, &c))
        return NULL;
    for (int i = 0; i < REQUESTS_EACH; i++) {
        struct buf b;
        char want[32];
        buf_init(&b, 1000);
        buf_printf(&b, "GET /park?%d-%d HTTP/1.1\r\nHost: x\r\n\r\n", w->number, i);
        client_send(&c, buf_view(&b));
        buf_clear(&b);
        snprintf(want, sizeof(want), "<%d-%d>", w->number, i);
        buf_reset(&c.in);
        if (client_await(&c, want) && client_status(&c) == 200)
            w->good++;
    }
    client_end(&c);
    return NULL;
}

static void each_of_1200_parked_requests_gets_its_own_answer(void **state)
{
    (void)state;
    struct server *s = start();
    pthread_t answerers[2], clients[CLIENTS];
    struct client_work work[CLIENTS];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&answerers[i], NULL, answerer, NULL), 0);
    for (int i = 0; i < CLIENTS; i++) {
        work[i] = (struct client_work){.port = server_port(s), .number = i};
        assert_int_equal(pthread_create(&clients[i], NULL, client_run, &work[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(work[i].good, REQUESTS_EACH);
    server_stop(s, 1000);
    answerers_end(answerers, 2);
}

static void an_answer_before_the_handler_returned_is_sent(void **state)
{
    (void)state;
    struct server *s = start();
    struct client c =
        client_talk(server_port(s), STR("GET /at-once?1 HTTP/1.1\r\nHost: x\r\n\r\n"
                                        "GET /at-once?2 HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(client_has(&c, "<1>"));
    assert_true(client_has(&c, "<2>"));
    client_end(&c);
    server_stop(s, 1000);
}

/* ---- stopping ---- */

static void *stop_run(void *arg)
{
    server_stop(arg, 5000);
    return NULL;
}

static struct request *parked_wait(void)
{
    struct request *rq = queue_take();
    assert_non_null(rq);
    return rq;
}

static void a_stop_waits_for_parked_requests_and_takes_no_new_ones(void **state)
{
    (void)state;
    struct server *s = start();
    int port = server_port(s);
    struct client c = client_open(port), refused;
    client_send(&c, STR("GET /park?x HTTP/1.1\r\nHost: x\r\n\r\n"));
    struct request *rq = parked_wait();
    pthread_t stopper;
    assert_int_equal(pthread_create(&stopper, NULL, stop_run, s), 0);
    bool open = true;
    for (int i = 0; i < 400 && open; i++) {
        open = client_connects(port, &refused);
        client_end(&refused);
        poll(NULL, 0, 5);
    }
    assert_false(open);
    answer_echo(rq);
    client_drain(&c);
    assert_int_equal(client_status(&c), 200);
    assert_true(client_has(&c, "<x>"));
    assert_true(client_has(&c, "Connection: close"));
    assert_true(c.closed);
    client_end(&c);
    pthread_join(stopper, NULL);
}

static void what_is_parked_when_the_wait_ends_gets_503_and_its_late_answer_is_dropped(void **state)
{
    (void)state;
    struct server *s = start();
    struct client c[3];
    struct request *rq[3];
    for (int i = 0; i < 3; i++) {
        c[i] = client_open(server_port(s));
        client_send(&c[i], STR("GET /park?x HTTP/1.1\r\nHost: x\r\n\r\n"));
        rq[i] = parked_wait();
    }
    server_stop(s, 20);
    for (int i = 0; i < 3; i++) {
        client_drain(&c[i]);
        assert_int_equal(client_status(&c[i]), 503);
        assert_true(client_has(&c[i], "\"server\""));
        assert_true(c[i].closed);
        client_end(&c[i]);
        /* The request is still the answerer's to read. */
        assert_true(str_is(rq[i]->query, "x"));
        answer_echo(rq[i]);
    }
}

static void a_client_that_leaves_while_parked_harms_nobody(void **state)
{
    (void)state;
    struct server *s = start();
    struct client c = client_open(server_port(s));
    client_send(&c, STR("GET /park?x HTTP/1.1\r\nHost: x\r\n\r\n"));
    struct request *rq = parked_wait();
    client_end(&c);
    poll(NULL, 0, 20);
    answer_echo(rq);
    c = client_talk(server_port(s), STR("GET /at-once?1 HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(client_has(&c, "<1>"));
    client_end(&c);
    server_stop(s, 1000);
}

/* Then the library ends the request without calling its handler again. Several: each is in the list of the parked. */
static void clients_that_reset_their_connection_while_parked_harm_nobody(void **state)
{
    (void)state;
    struct server *s = start();
    struct request *rq[4];
    struct linger at_once = {.l_onoff = 1};
    for (int i = 0; i < 4; i++) {
        struct client c = client_open(server_port(s));
        client_send(&c, STR("GET /park?x HTTP/1.1\r\nHost: x\r\n\r\n"));
        rq[i] = parked_wait();
        assert_int_equal(setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
        client_end(&c);
    }
    for (int i = 0; i < 4; i++)
        answer_echo(rq[i]);
    struct client c = client_open(server_port(s));
    client_send(&c, STR("GET /park?y HTTP/1.1\r\nHost: x\r\n\r\n"));
    answer_echo(parked_wait());
    client_drain(&c);
    assert_true(client_has(&c, "<y>"));
    client_end(&c);
    server_stop(s, 1000);
}

int main(void)
{
    static struct clock clock;
    clock_init(&clock);
    log_init(&clock, LOG_LEVEL_ALARM, 2);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_1200_parked_requests_gets_its_own_answer),
        cmocka_unit_test(an_answer_before_the_handler_returned_is_sent),
        cmocka_unit_test(a_stop_waits_for_parked_requests_and_takes_no_new_ones),
        cmocka_unit_test(what_is_parked_when_the_wait_ends_gets_503_and_its_late_answer_is_dropped),
        cmocka_unit_test(a_client_that_leaves_while_parked_harms_nobody),
        cmocka_unit_test(clients_that_reset_their_connection_while_parked_harm_nobody),
    };
    is_answerer = true; /* where a test itself answers */
    int failed = cmocka_run_group_tests_name("made by who answers", tests, NULL, NULL);
    made_by_request = true;
    return failed + cmocka_run_group_tests_name("made by the request", tests, NULL, NULL);
}
