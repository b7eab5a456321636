/* A peer that goes on sending but never comes to an end loses its connection. */
#include "base/log.h"
#include "base/mem.h"
#include "http/server.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "http_client.h"

#define LIMIT_S 1
#define TRICKLE_MS 40
/* Longer than each of the server's limits, and than all of them in a row. */
#define PARKED_MS 3500

static struct server *server;
static int port;

/* ---- the server under test ---- */

static struct reply *handle_echo(struct request *rq)
{
    return reply_bytes(200, "text/plain", rq->body.n ? rq->body : STR("served"));
}

static void *answer_late(void *arg)
{
    poll(NULL, 0, PARKED_MS);
    request_answer(arg, reply_bytes(200, "text/plain", STR("late")));
    return NULL;
}

static struct reply *handle_late(struct request *rq)
{
    pthread_t thread;
    struct reply *parked = request_park(rq);
    ensure(pthread_create(&thread, NULL, answer_late, rq) == 0, "a thread can be started");
    pthread_detach(thread);
    return parked;
}

static const struct route routes[] = {
    {"GET", "/", ROUTE_PLAIN, 0, handle_echo},
    {"POST", "/", ROUTE_PLAIN, 65536, handle_echo},
    {"GET", "/late", ROUTE_PLAIN, 0, handle_late},
    {0},
};

static int suite_start(void **state)
{
    (void)state;
    struct server_options o = {.listen = STR("127.0.0.1:0"),
        .routes = routes,
        .threads = 1,
        .connections_max = 10,
        .connection_memory = 8192,
        .idle_timeout_s = LIMIT_S,
        .header_timeout_s = LIMIT_S,
        .body_timeout_s = LIMIT_S};
    struct buf why;
    buf_init(&why, 1000);
    assert_int_equal(server_start(&o, &why, &server), ERR_OK);
    port = server_port(server);
    buf_clear(&why);
    return 0;
}

static int suite_stop(void **state)
{
    (void)state;
    server_stop(server, 1000);
    return 0;
}

/* ---- peers ---- */

struct trickle {
    const char *start, *piece; /* `piece` comes again and again behind `start` */
    bool after_one;            /* the connection has served a request before */
};

static bool all_closed(const struct client *c, size_t n)
{
    size_t closed = 0;
    for (size_t i = 0; i < n; i++)
        closed += c[i].closed;
    return closed == n;
}

/* Until the server has closed all. The time is only so that a server without limits fails the test: by then the pieces are
 * still fewer bytes than a connection's memory. */
static void trickle_until_closed(const struct trickle *t, struct client *c, size_t n)
{
    for (int left = CLIENT_LIMIT_MS / TRICKLE_MS; left > 0 && !all_closed(c, n); left--) {
        for (size_t i = 0; i < n; i++) {
            client_send(&c[i], str_from(t[i].piece));
            client_read(&c[i], 0);
        }
        poll(NULL, 0, TRICKLE_MS);
    }
}

static void assert_served(struct client *c)
{
    c->in.n = 0;
    client_send(c, STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(client_await(c, "served"));
}

/* ---- the tests ---- */

static void assert_dropped(const struct trickle *t, size_t n)
{
    struct client c[4];
    assert_true(n <= array_len(c));
    for (size_t i = 0; i < n; i++) {
        c[i] = client_open(port);
        if (t[i].after_one)
            assert_served(&c[i]);
        c[i].in.n = 0;
        client_send(&c[i], str_from(t[i].start));
    }
    trickle_until_closed(t, c, n);
    for (size_t i = 0; i < n; i++) {
        if (!c[i].closed || c[i].in.n > 0)
            fail_msg("number %zu was not dropped: %.*s", i, STR_FMT(buf_view(&c[i].in)));
        client_end(&c[i]);
    }
}

static void headers_without_end_are_dropped(void **state)
{
    (void)state;
    static const struct trickle rows[] = {
        {.start = "", .piece = ""},
        {.start = "", .piece = "G"},
        {.start = "GET / HTTP/1.1\r\nHost: x\r\nX-Long: ", .piece = "y"},
        {.start = "GET / HTTP/1.1\r\nHost: x\r\n", .piece = "X: y\r\n"},
    };
    assert_dropped(rows, array_len(rows));
}

static void headers_without_end_behind_a_served_request_are_dropped(void **state)
{
    (void)state;
    static const struct trickle rows[] = {
        {.start = "", .piece = "G", .after_one = true},
        {.start = "GET / HTTP/1.1\r\nHost: x\r\nX-Long: ", .piece = "y", .after_one = true},
    };
    assert_dropped(rows, array_len(rows));
}

#define POST(path) "POST " path " HTTP/1.1\r\nHost: x\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"

static void bodies_without_end_are_dropped(void **state)
{
    (void)state;
    static const struct trickle rows[] = {
        {.start = POST("/") "Content-Length: 60000\r\n\r\n", .piece = "x"},
        {.start = POST("/") CHUNKED, .piece = "1\r\nx\r\n"},
        {.start = POST("/") CHUNKED "1;extension=", .piece = "y"},
        {.start = POST("/") CHUNKED "0\r\nX-Trailer: ", .piece = "y"},
    };
    assert_dropped(rows, array_len(rows));
}

static void a_refused_body_without_end_is_dropped(void **state)
{
    (void)state;
    static const struct trickle rows[] = {
        {.start = POST("/no/where") "Content-Length: 60000\r\n\r\n", .piece = "x"},
        {.start = POST("/no/where") CHUNKED "1;extension=", .piece = "y", .after_one = true},
    };
    assert_dropped(rows, array_len(rows));
}

static void slow_requests_within_the_time_and_an_idle_moment_are_served(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "P", "OST / HT", "TP/1.1\r\nHost: x\r\nConte", "nt-Length: 4\r\n\r\n", "ab", "cd"};
    struct client c = client_open(port);
    for (int round = 0; round < 5; round++) {
        c.in.n = 0;
        for (size_t i = 0; i < array_len(pieces); i++) {
            client_send(&c, str_from(pieces[i]));
            client_read(&c, TRICKLE_MS);
        }
        assert_true(client_await(&c, "abcd"));
        poll(NULL, 0, LIMIT_S * 1000 / 3);
    }
    assert_served(&c);
    client_end(&c);
}

static void a_parked_request_waits_for_its_answer(void **state)
{
    (void)state;
    struct client c = client_open(port);
    client_send(&c, STR("GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(client_await(&c, "late"));
    assert_served(&c);
    client_end(&c);
}

int main(void)
{
    static struct clock clock;
    clock_init(&clock);
    log_init(&clock, LOG_LEVEL_ALARM, 2);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_without_end_are_dropped),
        cmocka_unit_test(headers_without_end_behind_a_served_request_are_dropped),
        cmocka_unit_test(bodies_without_end_are_dropped),
        cmocka_unit_test(a_refused_body_without_end_is_dropped),
        cmocka_unit_test(slow_requests_within_the_time_and_an_idle_moment_are_served),
        cmocka_unit_test(a_parked_request_waits_for_its_answer),
    };
    return cmocka_run_group_tests(tests, suite_start, suite_stop);
}
