/* Bodies that come in pieces: whole, in order, many at once, broken in the middle, with clients that leave and servers that stop. */
#include "base/log.h"
#include "base/mem.h"
#include "http/server.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "http_client.h"

#define PIECES 200
#define PIECE 10000

static atomic_int alive;
static _Thread_local bool is_worker;
static atomic_int on_worker; /* pieces that were made on a thread of the connections */

struct source {
    int pieces, made;
    bool fails;
    bool endless;
};

static enum err source_more(void *arg, struct buf *out, bool *ret_last)
{
    struct source *s = arg;
    atomic_fetch_add(&on_worker, is_worker);
    if (s->fails && s->made == s->pieces)
        return ERR_STORE_IO;
    for (int i = 0; i < PIECE; i++)
        buf_char(out, (char)('a' + s->made % 26));
    s->made++;
    *ret_last = !s->endless && !s->fails && s->made == s->pieces;
    return ERR_OK;
}

static void source_end(void *arg)
{
    atomic_fetch_sub(&alive, 1);
    mem_free(arg);
}

static struct reply *stream(struct source what)
{
    struct source *s = mem_alloc(sizeof *s);
    *s = what;
    atomic_fetch_add(&alive, 1);
    is_worker = true;
    return reply_stream(
        200, "text/csv", &(struct reply_source){.more = source_more, .end = source_end, .arg = s});
}

static struct reply *handle_whole(struct request *rq)
{
    (void)rq;
    return stream((struct source){.pieces = PIECES});
}
static struct reply *handle_broken(struct request *rq)
{
    (void)rq;
    return stream((struct source){.pieces = 3, .fails = true});
}
static struct reply *handle_endless(struct request *rq)
{
    (void)rq;
    return stream((struct source){.endless = true});
}
static struct reply *handle_short(struct request *rq)
{
    (void)rq;
    return reply_bytes(200, "text/plain", STR("short"));
}

static const struct route routes[] = {
    {"GET", "/whole", ROUTE_PLAIN, 0, handle_whole},
    {"GET", "/broken", ROUTE_PLAIN, 0, handle_broken},
    {"GET", "/endless", ROUTE_PLAIN, 0, handle_endless},
    {"GET", "/short", ROUTE_PLAIN, 0, handle_short},
    {0},
};

static struct server *start(int threads)
{
    struct server *s;
    struct buf why;
    buf_init(&why, 1024);
    struct server_options o = {.listen = STR("127.0.0.1:0"),
        .routes = routes,
        .threads = threads,
        .connections_max = 100,
        .connection_memory = 8192,
        .idle_timeout_s = 30,
        .trusted_proxy = STR("")};
    assert_int_equal(server_start(&o, &why, &s), ERR_OK);
    buf_clear(&why);
    return s;
}

static void ask(struct client *c, const char *path)
{
    char text[128];
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.0\r\nHost: x\r\n\r\n", path);
    client_send(c, (struct str){text, (size_t)n});
}

/* HTTP/1.0: no chunks, the end of the connection is the end of the body. */
static size_t body_check(const struct client *c)
{
    struct str s = buf_view(&c->in);
    const char *head = memmem(s.p, s.n, "\r\n\r\n", 4);
    assert_non_null(head);
    size_t from = (size_t)(head - s.p) + 4;
    for (size_t i = from; i < s.n; i++)
        assert_int_equal(s.p[i], 'a' + (i - from) / PIECE % 26);
    return s.n - from;
}

static void *reader(void *arg)
{
    struct client c = client_open(*(int *)arg);
    buf_clear(&c.in);
    buf_init(&c.in, (size_t)4 << 20);
    ask(&c, "/whole");
    while (client_read(&c, CLIENT_LIMIT_MS)) {
    }
    assert_true(c.closed);
    assert_int_equal(body_check(&c), PIECES * PIECE);
    client_end(&c);
    return NULL;
}

static void bodies_come_whole_and_in_order_to_many_clients_at_once(void **state)
{
    (void)state;
    struct server *s = start(2);
    int port = server_port(s);
    pthread_t threads[6];
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, &port), 0);
    for (size_t i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    server_stop(s, 1000);
    assert_int_equal(atomic_load(&alive), 0);
    assert_int_equal(atomic_load(&on_worker), 0);
}

static void a_body_that_breaks_ends_the_connection_without_its_last_chunk(void **state)
{
    (void)state;
    struct server *s = start(1);
    struct client c = client_open(server_port(s));
    client_send(&c, STR("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n"));
    while (client_read(&c, CLIENT_LIMIT_MS)) {
    }
    assert_true(c.closed);
    assert_true(c.in.n > 3 * PIECE);
    assert_true(memmem(c.in.p, c.in.n, "\r\n0\r\n", 5) == NULL);
    client_end(&c);
    server_stop(s, 1000);
    assert_int_equal(atomic_load(&alive), 0);
}

static void others_are_served_while_a_client_does_not_read_and_one_leaves(void **state)
{
    (void)state;
    struct server *s = start(1);
    int port = server_port(s);
    struct client lazy = client_open(port), leaves = client_open(port);
    ask(&lazy, "/endless");
    ask(&leaves, "/endless");
    assert_true(client_read(&leaves, CLIENT_LIMIT_MS));
    client_end(&leaves);
    for (int i = 0; i < 20; i++) {
        struct client c = client_open(port);
        ask(&c, "/short");
        while (client_read(&c, CLIENT_LIMIT_MS)) {
        }
        assert_true(memmem(c.in.p, c.in.n, "short", 5) != NULL);
        client_end(&c);
    }
    server_stop(s, 50);
    assert_int_equal(atomic_load(&alive), 0);
    client_end(&lazy);
}

static void a_server_stops_with_bodies_in_the_making(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct server *s = start(2);
        int port = server_port(s);
        struct client c[5];
        for (size_t i = 0; i < 5; i++) {
            c[i] = client_open(port);
            ask(&c[i], "/endless");
            assert_true(client_read(&c[i], CLIENT_LIMIT_MS));
        }
        server_stop(s, 0);
        assert_int_equal(atomic_load(&alive), 0);
        for (size_t i = 0; i < 5; i++)
            client_end(&c[i]);
    }
}

int main(void)
{
    static struct clock clock;
    clock_init(&clock);
    log_init(&clock, LOG_LEVEL_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_come_whole_and_in_order_to_many_clients_at_once),
        cmocka_unit_test(a_body_that_breaks_ends_the_connection_without_its_last_chunk),
        cmocka_unit_test(others_are_served_while_a_client_does_not_read_and_one_leaves),
        cmocka_unit_test(a_server_stops_with_bodies_in_the_making),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
