#include "base/log.h"
#include "base/mem.h"
#include "http/server.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include <cmocka.h>

#include "http_client.h"

static struct server *server;
static int port;
static atomic_int handled, smuggled;

/* ---- the server under test ---- */

static struct reply *handle_echo(struct request *rq)
{
    struct buf b;
    buf_init(&b, (size_t)1 << 18);
    atomic_fetch_add(&handled, 1);
    buf_printf(&b, "[%.*s %.*s ?%.*s {%.*s} %.*s]", STR_FMT(rq->method), STR_FMT(rq->path),
        STR_FMT(rq->query), STR_FMT(rq->param), STR_FMT(rq->body));
    struct reply *r = reply_bytes(200, "text/plain", buf_view(&b));
    buf_clear(&b);
    return r;
}

static struct reply *handle_smuggled(struct request *rq)
{
    (void)rq;
    atomic_fetch_add(&smuggled, 1);
    return reply_json(200, STR("{}"));
}

static struct reply *handle_who(struct request *rq)
{
    struct buf b;
    buf_init(&b, 1024);
    buf_printf(&b, "[%s %.*s %.*s]", rq->client_ip, STR_FMT(request_header(rq, "X-Thing")),
        STR_FMT(request_cookie(rq, "lang")));
    struct reply *r = reply_bytes(200, "text/plain", buf_view(&b));
    buf_clear(&b);
    reply_header(r, "Cache-Control", STR("public, max-age=60"));
    reply_header(r, "X-Once", STR("first"));
    reply_header(r, "X-Once", STR("second"));
    reply_header(r, "Set-Cookie", STR("a=1"));
    return reply_header(r, "Set-Cookie", STR("b=2"));
}

static struct reply *handle_busy(struct request *rq)
{
    return reply_error(rq, ERR_BUSY);
}

static struct reply *page_of_error(struct request *rq, enum err e)
{
    (void)rq;
    return reply_html(err_info(e)->http_status, STR("<h1>sorry</h1>"));
}

static const struct route routes[] = {
    {"GET", "/echo", ROUTE_PLAIN, 0, handle_echo},
    {"POST", "/echo", ROUTE_PLAIN, 65536, handle_echo},
    {"GET", "/smuggled", ROUTE_PLAIN, 0, handle_smuggled},
    {"GET", "/who", ROUTE_PLAIN, 0, handle_who},
    {"GET", "/busy", ROUTE_PLAIN, 0, handle_busy},
    {"POST", "/api", ROUTE_API, 1024, handle_echo},
    {"GET", "/{}", ROUTE_PAGE, 0, handle_echo},
    {"POST", "/{}/pay", ROUTE_PAGE, 100, handle_echo},
    {0},
};

static int suite_start(void **state)
{
    (void)state;
    struct server_options o = {.listen = STR("127.0.0.1:0"),
        .routes = routes,
        .threads = 2,
        .connections_max = 200,
        .connection_memory = 8192,
        .idle_timeout_s = 20,
        .error_page = page_of_error};
    struct buf why;
    buf_init(&why, 1000);
    assert_int_equal(server_start(&o, &why, &server), ERR_OK);
    port = server_port(server);
    assert_true(port > 0);
    buf_clear(&why);
    return 0;
}

static int suite_stop(void **state)
{
    (void)state;
    server_stop(server, 1000);
    return 0;
}

/* ---- what must be refused ---- */

#define NEXT "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST_HEAD "POST /echo HTTP/1.1\r\nHost: x\r\n"
#define CASE(text)                                                                                 \
    {                                                                                              \
        text NEXT, sizeof(text NEXT) - 1                                                           \
    }

static const struct str smuggling[] = {
    CASE(POST_HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD "Content-Length: 3\r\ncontent-length: 0\r\n\r\nabc"),
    CASE(POST_HEAD "Content-Length: 3, 3\r\n\r\nabc"),
    CASE(POST_HEAD "Content-Length: +3\r\n\r\nabc"),
    CASE(POST_HEAD "Content-Length: -3\r\n\r\nabc"),
    CASE(POST_HEAD "Content-Length: 3 \r\n\r\nabc"),
    CASE(POST_HEAD "Content-Length: 0x3\r\n\r\nabc"),
    CASE(POST_HEAD "Content-Length: \r\n\r\nabc"),
    CASE(POST_HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    CASE(POST_HEAD "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
    CASE(POST_HEAD "Content-Length : 3\r\n\r\nabc"),
    CASE(POST_HEAD "Content-Length\t: 3\r\n\r\nabc"),
    CASE(POST_HEAD "Content Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD " Content-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    CASE(POST_HEAD "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
    CASE(POST_HEAD "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    CASE(POST_HEAD "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n"),
    CASE(POST_HEAD "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    CASE(POST_HEAD "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"),
    CASE(POST_HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n"),
    CASE("POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
         "\r\n"),
    CASE(POST_HEAD "X: a\r\n b\r\nContent-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD "X: a\r\n Content-Length: 3\r\n\r\n"),
    CASE("POST /echo HTTP/1.1\r\n X: a\r\nHost: x\r\n\r\n"),
    CASE("POST /echo HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc"),
    CASE(POST_HEAD "X: a\nContent-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD "Content-Length: 3\r\n\nabc"),
    CASE(POST_HEAD "X: a\rContent-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD "X: a\r\rContent-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD "X: a\rb\r\nContent-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD "X: a\0b\r\nContent-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD "Content-Length: 3\0 4\r\n\r\nabc"),
    CASE(POST_HEAD "Content-Length: 3\0\0\0\0 4\r\n\r\nabc"),
    CASE(POST_HEAD "Transfer-Encoding: chunked\0x\r\n\r\n0\r\n\r\n"),
    CASE(POST_HEAD "X\0: a\r\nContent-Length: 3\r\n\r\nabc"),
    CASE("GET /echo\0x HTTP/1.1\r\nHost: x\r\n\r\n"),
    CASE(POST_HEAD ": a\r\nContent-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD ":\0 a\r\nContent-Length: 3\r\n\r\nabc"),
    CASE("GET /echo HTTP/1.1\r\nHost: x\r\n: a\r\n"),
    CASE(POST_HEAD "no colon\r\nContent-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD "X: a\x01\r\nContent-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD "Sign: a\r\nsign: b\r\nContent-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD "Account: a\r\nACCOUNT: a\r\nContent-Length: 3\r\n\r\nabc"),
    CASE(POST_HEAD "Content-Type: a\r\nContent-Type: a\r\nContent-Length: 3\r\n\r\nabc"),
    CASE("GET /echo HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
    CASE("GET /echo HTTP/1.1\r\n\r\n"),
    CASE(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n"),
    CASE(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n"),
    CASE(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n"),
    CASE("GET /echo\r\n\r\n"),
};

static void requests_that_two_programs_could_read_differently_get_400_and_the_connection_ends(
    void **state)
{
    (void)state;
    for (size_t i = 0; i < array_len(smuggling); i++) {
        atomic_store(&handled, 0);
        atomic_store(&smuggled, 0);
        struct client c = client_talk(port, smuggling[i]);
        if (client_status(&c) != 400 || !c.closed || atomic_load(&handled) ||
            atomic_load(&smuggled))
            print_error(
                "case %zu: %.*s\n-> %.*s\n", i, STR_FMT(smuggling[i]), STR_FMT(buf_view(&c.in)));
        assert_int_equal(client_status(&c), 400);
        assert_true(client_has(&c, "Connection: close"));
        assert_true(c.closed);
        assert_int_equal(atomic_load(&handled), 0);
        assert_int_equal(atomic_load(&smuggled), 0);
        client_end(&c);
    }
}

static void nothing_behind_a_chunked_body_is_taken_for_a_request(void **state)
{
    (void)state;
    static const struct str bodies[] = {
        CASE(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n"
                       "Content-Length: 99\r\nX: y\r\n\r\n"),
        CASE(POST_HEAD "transfer-encoding: Chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
        CASE(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n3\nabc\n2\nde\n0\n\n"),
    };
    for (size_t i = 0; i < array_len(bodies); i++) {
        atomic_store(&smuggled, 0);
        struct client c = client_talk(port, bodies[i]);
        assert_int_equal(client_status(&c), 200);
        assert_true(client_has(&c, "[POST /echo ? {} abcde]"));
        assert_true(client_has(&c, "Connection: close"));
        assert_true(c.closed);
        assert_int_equal(atomic_load(&smuggled), 0);
        client_end(&c);
    }
}

static void a_megabyte_of_header_is_refused_and_the_connection_ends(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, (size_t)1 << 21);
    buf_cstr(&b, POST_HEAD "X: ");
    for (int i = 0; i < 1 << 20; i++)
        buf_char(&b, 'a');
    buf_cstr(&b, "\r\n\r\n" NEXT);
    struct client c = client_talk(port, buf_view(&b));
    assert_true(c.closed);
    assert_true(c.in.n == 0 || client_status(&c) == 431);
    assert_int_equal(atomic_load(&smuggled), 0);
    client_end(&c);
    buf_clear(&b);
}

/* ---- the order of checks ---- */

struct refusal {
    const char *head;
    int status;
    const char *has;
    bool closes;
};

static void refusals_come_in_the_order_of_checks(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"POST /no/such HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 404, "\"path\"",
            false},
        {"POST /no/such HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\nExpect: "
         "100-continue\r\n\r\n",
            404, "\"path\"", true},
        {"PUT /api HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405, "Allow: POST\r\n",
            false},
        {"PUT /echo HTTP/1.1\r\nHost: x\r\n\r\n", 405, "Allow: GET, HEAD, POST\r\n", false},
        {"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
         "\r\n{}",
            404, "\"path\"", false},
        {"GET /api HTTP/1.1\r\nHost: x\r\n\r\n", 405, "\"method\"", false},
        {"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 415, "\"content_type\"",
            false},
        {"POST /api HTTP/1.1\r\nHost: x\r\nContent-Type: application/jsonp\r\nContent-Length: "
         "2\r\n\r\n{}",
            415, "\"content_type\"", false},
        {"POST /api HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: "
         "2000000\r\n\r\n",
            415, "\"content_type\"", true},
        {"POST /api HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
         "2000000\r\n\r\n",
            413, "\"body\"", true},
        {"POST /api HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
         "99999999999999999999\r\n\r\n",
            413, "", true},
        {"POST /api HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
         "2\r\n\r\n{}",
            200, "[POST /api ? {} {}]", false},
        {"POST /api HTTP/1.1\r\nHost: x\r\ncontent-type: Application/JSON ; charset=utf-8\r\n"
         "Content-Length: 2\r\n\r\n{}",
            200, "[POST /api ? {} {}]", false},
        {"GET /busy HTTP/1.1\r\nHost: x\r\n\r\n", 503, "Retry-After: ", false},
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct client c = client_talk(port, str_from(cases[i].head));
        if (client_status(&c) != cases[i].status || c.closed != cases[i].closes)
            print_error("case %zu: %.*s\n", i, STR_FMT(buf_view(&c.in)));
        assert_int_equal(client_status(&c), cases[i].status);
        assert_true(client_has(&c, cases[i].has));
        assert_int_equal(c.closed, cases[i].closes);
        assert_int_equal(client_has(&c, "100 Continue"), 0);
        client_end(&c);
    }
}

static void a_refused_request_with_a_body_leaves_the_connection_usable(void **state)
{
    (void)state;
    atomic_store(&smuggled, 0);
    struct client c = client_talk(
        port, STR("POST /no/such HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /" NEXT));
    assert_int_equal(client_status(&c), 404);
    assert_int_equal(text_count(buf_view(&c.in), "HTTP/1.1 200"), 1);
    assert_int_equal(atomic_load(&smuggled), 1);
    client_end(&c);
}

/* ---- bodies ---- */

static struct client body_send(const char *head, size_t body_n, const char *tail)
{
    struct buf b;
    buf_init(&b, (size_t)1 << 23);
    buf_cstr(&b, head);
    for (size_t i = 0; i < body_n; i++)
        buf_char(&b, 'a');
    buf_cstr(&b, tail);
    struct client c = client_talk(port, buf_view(&b));
    buf_clear(&b);
    return c;
}

static void a_body_of_the_limit_is_read_and_one_byte_more_is_413(void **state)
{
    (void)state;
    struct client c = body_send(POST_HEAD "Content-Length: 65536\r\n\r\n", 65536, "");
    assert_int_equal(client_status(&c), 200);
    assert_true(c.in.n > 65536);
    client_end(&c);
    c = body_send(POST_HEAD "Content-Length: 65537\r\n\r\n", 65537, NEXT);
    assert_int_equal(client_status(&c), 413);
    assert_true(c.closed);
    client_end(&c);
    c = body_send(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n10000\r\n", 65536, "\r\n0\r\n\r\n");
    assert_int_equal(client_status(&c), 200);
    client_end(&c);
    c = body_send(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n10001\r\n", 65537, "\r\n0\r\n\r\n");
    assert_int_equal(client_status(&c), 413);
    assert_true(c.closed);
    client_end(&c);
}

static void a_chunked_body_without_end_is_dropped(void **state)
{
    (void)state;
    struct client c =
        body_send(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n400000\r\n", 0x400000, "");
    assert_true(c.closed);
    assert_int_equal(c.in.n, 0);
    client_end(&c);
}

/* The client sends on and looks for the answer late: a reset would have taken it away. */
static void the_answer_to_a_body_that_is_not_read_arrives_before_the_connection_ends(void **state)
{
    (void)state;
    static const char block[65536];
    struct client c = client_open(port);
    client_send(&c, STR(POST_HEAD "Content-Length: 100000000\r\n\r\n"));
    size_t sent = 0;
    for (int i = 0; i < 400 && sent < 400 * sizeof(block); i++) {
        ssize_t n = send(c.fd, block, sizeof(block), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
            assert_int_equal(errno, EAGAIN);
        sent += n > 0 ? (size_t)n : 0;
        poll(NULL, 0, 1);
    }
    assert_true(sent < 100000000);
    assert_true(client_read(&c, CLIENT_LIMIT_MS));
    assert_int_equal(client_status(&c), 413);
    assert_true(client_has(&c, "Connection: close"));
    while (client_read(&c, CLIENT_LIMIT_MS))
        ;
    assert_true(c.closed);
    client_end(&c);
}

static void a_request_that_comes_byte_by_byte_is_read(void **state)
{
    (void)state;
    struct str s =
        STR("POST /echo?a=b&c=%20+d HTTP/1.1\r\nHost: x\r\nCookie: a=b; c=\"d e\"\r\nX:\r\n"
            "Y: \t z \r\nContent-Length: 5\r\n\r\nhello");
    struct client c = client_open(port);
    for (size_t i = 0; i < s.n; i++) {
        client_send(&c, str_sub(s, i, i + 1));
        poll(NULL, 0, 1);
    }
    assert_true(client_await(&c, "[POST /echo ?a=b&c=%20+d {} hello]"));
    client_end(&c);
}

static void expect_100_is_answered_before_the_body(void **state)
{
    (void)state;
    struct client c = client_open(port);
    client_send(&c, STR(POST_HEAD "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
    assert_true(client_await(&c, "HTTP/1.1 100 Continue\r\n\r\n"));
    client_send(&c, STR("abc"));
    assert_true(client_await(&c, "[POST /echo ? {} abc]"));
    client_end(&c);
}

/* ---- connections ---- */

static void three_requests_sent_at_once_are_answered_in_order(void **state)
{
    (void)state;
    struct client c = client_talk(
        port, STR("GET /echo?1 HTTP/1.1\r\nHost: x\r\n\r\n" POST_HEAD "Content-Length: 1\r\n\r\n2"
                  "GET /echo?3 HTTP/1.1\r\nHost: x\r\n\r\n"));
    struct str in = buf_view(&c.in);
    const char *one = memmem(in.p, in.n, "?1 ", 3), *two = memmem(in.p, in.n, "{} 2]", 5),
               *three = memmem(in.p, in.n, "?3 ", 3);
    assert_true(one && two && three && one < two && two < three);
    assert_false(c.closed);
    client_end(&c);
}

static void http_1_0_closes_unless_asked_to_stay(void **state)
{
    (void)state;
    struct client c = client_talk(port, STR("GET /echo HTTP/1.0\r\n\r\n"));
    assert_int_equal(client_status(&c), 200);
    assert_true(c.closed);
    client_end(&c);
    c = client_talk(port, STR("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    assert_int_equal(client_status(&c), 200);
    assert_false(c.closed);
    client_end(&c);
}

static void head_is_get_without_the_body(void **state)
{
    (void)state;
    struct client c = client_talk(port, STR("HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    struct str in = buf_view(&c.in);
    assert_int_equal(client_status(&c), 200);
    assert_true(str_ends(in, STR("\r\n\r\n")));
    assert_true(client_has(&c, "Content-Length: 18\r\n"));
    client_end(&c);
}

/* ---- routes, headers, peers ---- */

static void a_variable_segment_is_one_segment_and_fixed_paths_win(void **state)
{
    (void)state;
    struct client c = client_talk(port, STR("GET /some-uuid?x HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(client_has(&c, "[GET /some-uuid ?x {some-uuid} ]"));
    client_end(&c);
    c = client_talk(port, STR("POST /u/pay HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nz"));
    assert_true(client_has(&c, "[POST /u/pay ? {u} z]"));
    client_end(&c);
    c = client_talk(port, STR("POST /a/b/pay HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
    assert_int_equal(client_status(&c), 404);
    client_end(&c);
    c = client_talk(port, STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(client_status(&c), 404);
    client_end(&c);
    c = client_talk(port, STR("GET http://y.example/echo?q HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(client_has(&c, "[GET /echo ?q {} ]"));
    client_end(&c);
}

static void browsers_get_pages_and_programs_get_json(void **state)
{
    (void)state;
    struct client c = client_talk(port, STR("DELETE /some-uuid HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(client_status(&c), 405);
    assert_true(client_has(&c, "<h1>sorry</h1>"));
    assert_true(client_has(&c, "Allow: GET, HEAD\r\n"));
    client_end(&c);
    c = client_talk(port, STR("GET /a/b HTTP/1.1\r\nHost: x\r\nAccept: text/html,*/*\r\n\r\n"));
    assert_true(client_has(&c, "<h1>sorry</h1>"));
    client_end(&c);
    c = client_talk(port, STR("GET /a/b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"));
    assert_true(
        client_has(&c, "{\"message\":\"Not found.\",\"errors\":{\"path\":[\"Not found.\"]}}"));
    assert_true(client_has(&c, "Content-Type: application/json\r\n"));
    client_end(&c);
}

static void every_reply_has_its_id_and_safe_headers(void **state)
{
    (void)state;
    struct client c = client_talk(port, STR("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(client_has(&c, "X-Content-Type-Options: nosniff\r\n"));
    assert_true(client_has(&c, "Cache-Control: no-store\r\n"));
    struct str in = buf_view(&c.in);
    const char *id = memmem(in.p, in.n, "X-Request-Id: ", 14);
    assert_non_null(id);
    assert_int_equal(strspn(id + 14, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_"),
        REQUEST_ID_LEN);
    client_end(&c);
    c = client_talk(port, STR("GET /who HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(client_has(&c, "Cache-Control: public, max-age=60\r\n"));
    assert_false(client_has(&c, "no-store"));
    assert_true(client_has(&c, "X-Once: second\r\n"));
    assert_false(client_has(&c, "first"));
    assert_true(client_has(&c, "Set-Cookie: a=1\r\n"));
    assert_true(client_has(&c, "Set-Cookie: b=2\r\n"));
    client_end(&c);
}

static void handlers_read_headers_and_cookies(void **state)
{
    (void)state;
    struct client c = client_talk(port,
        STR("GET /who HTTP/1.1\r\nHost: x\r\nx-thing:  a b \r\nCookie: x=y; lang=bn\r\n\r\n"));
    assert_true(client_has(&c, "[127.0.0.1 a b bn]"));
    client_end(&c);
}

static void an_address_that_cannot_be_served_says_why(void **state)
{
    (void)state;
    struct buf why;
    struct server *s;
    char taken[32];
    snprintf(taken, sizeof(taken), "127.0.0.1:%d", port);
    struct server_options o = {
        .routes = routes, .threads = 1, .connections_max = 10, .connection_memory = 8192};
    const char *const bad[] = {"", "127.0.0.1", "localhost:80", "127.0.0.1:65536", "::1:80",
        "[127.0.0.1]:80", "127.0.0.1:8o", taken};
    for (size_t i = 0; i < array_len(bad); i++) {
        buf_init(&why, 1000);
        o.listen = str_from(bad[i]);
        assert_int_not_equal(server_start(&o, &why, &s), ERR_OK);
        assert_true(why.n > 0);
        buf_clear(&why);
    }
}

int main(void)
{
    static struct clock clock;
    clock_init(&clock);
    log_init(&clock, LOG_LEVEL_ALARM, 2);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            requests_that_two_programs_could_read_differently_get_400_and_the_connection_ends),
        cmocka_unit_test(nothing_behind_a_chunked_body_is_taken_for_a_request),
        cmocka_unit_test(a_megabyte_of_header_is_refused_and_the_connection_ends),
        cmocka_unit_test(refusals_come_in_the_order_of_checks),
        cmocka_unit_test(a_refused_request_with_a_body_leaves_the_connection_usable),
        cmocka_unit_test(a_body_of_the_limit_is_read_and_one_byte_more_is_413),
        cmocka_unit_test(a_chunked_body_without_end_is_dropped),
        cmocka_unit_test(the_answer_to_a_body_that_is_not_read_arrives_before_the_connection_ends),
        cmocka_unit_test(a_request_that_comes_byte_by_byte_is_read),
        cmocka_unit_test(expect_100_is_answered_before_the_body),
        cmocka_unit_test(three_requests_sent_at_once_are_answered_in_order),
        cmocka_unit_test(http_1_0_closes_unless_asked_to_stay),
        cmocka_unit_test(head_is_get_without_the_body),
        cmocka_unit_test(a_variable_segment_is_one_segment_and_fixed_paths_win),
        cmocka_unit_test(browsers_get_pages_and_programs_get_json),
        cmocka_unit_test(every_reply_has_its_id_and_safe_headers),
        cmocka_unit_test(handlers_read_headers_and_cookies),
        cmocka_unit_test(an_address_that_cannot_be_served_says_why),
    };
    return cmocka_run_group_tests(tests, suite_start, suite_stop);
}
