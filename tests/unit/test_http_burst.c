/* Many connections that become ready at once, on one thread. */
#include "base/mem.h"
#include "http/server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "http_client.h"

#define CONNECTIONS 400

static atomic_int held, released;

static struct reply *handle_quick(struct request *rq)
{
    (void)rq;
    return reply_json(200, STR("{}"));
}

/* Keeps the only thread busy until the test has sent all the others. */
static struct reply *handle_held(struct request *rq)
{
    atomic_store(&held, 1);
    while (!atomic_load(&released))
        usleep(1000);
    return handle_quick(rq);
}

static const struct route routes[] = {
    {"GET", "/quick", ROUTE_PLAIN, 0, handle_quick},
    {"GET", "/held", ROUTE_PLAIN, 0, handle_held},
    {0},
};

static void answer_expect(struct client *c)
{
    assert_true(client_read(c, CLIENT_LIMIT_MS));
    assert_memory_equal(c->in.p, "HTTP/1.1 200", 12);
    buf_reset(&c->in);
}

/* Every number of connections ready at once gets its answers: one event queue of the library holds 128. */
static void burst(struct client *clients, int ready)
{
    atomic_store(&held, 0);
    atomic_store(&released, 0);
    client_send(&clients[CONNECTIONS], STR("GET /held HTTP/1.1\r\nHost: x\r\n\r\n"));
    while (!atomic_load(&held))
        usleep(1000);
    for (int i = 0; i < ready; i++)
        client_send(&clients[i], STR("GET /quick HTTP/1.1\r\nHost: x\r\n\r\n"));
    atomic_store(&released, 1);
    for (int i = 0; i < ready; i++)
        answer_expect(&clients[i]);
    answer_expect(&clients[CONNECTIONS]);
}

static void connections_that_are_ready_at_once_are_all_served(void **state)
{
    (void)state;
    struct server *server;
    struct server_options o = {.listen = STR("127.0.0.1:0"),
        .routes = routes,
        .threads = 1,
        .connections_max = CONNECTIONS + 10,
        .connection_memory = 8192,
        .idle_timeout_s = 60};
    struct buf why;
    buf_init(&why, 1000);
    assert_int_equal(server_start(&o, &why, &server), ERR_OK);
    int port = server_port(server);
    struct client *clients = mem_array(CONNECTIONS + 1, sizeof(*clients));
    for (int i = 0; i <= CONNECTIONS; i++) {
        clients[i] = client_open(port);
        client_send(&clients[i], STR("GET /quick HTTP/1.1\r\nHost: x\r\n\r\n"));
        answer_expect(&clients[i]);
    }
    const int ready[] = {1, 100, 126, 127, 128, 129, 130, 255, 256, 257, 384, CONNECTIONS};
    for (size_t i = 0; i < array_len(ready); i++)
        burst(clients, ready[i]);
    for (int i = 0; i <= CONNECTIONS; i++)
        client_end(&clients[i]);
    mem_free(clients);
    server_stop(server, 1000);
    buf_clear(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_that_are_ready_at_once_are_all_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
