#include "base/mem.h"
#include "httpc_outcome.h"

static const char *const own_headers[] = {"X-One: 1", "Content-Type: application/json", NULL};

static void with_headers(struct httpc_request *rq)
{
    rq->headers = own_headers;
    rq->secret = true;
}

static void an_answer_is_given_whole(void **state)
{
    (void)state;
    struct outcome o;
    call_once(answer_echo, with_headers, &o);
    assert_int_equal(o.outcome, HTTPC_ANSWERED);
    assert_int_equal(o.status, 200);
    assert_string_equal(o.error, "");
    assert_string_equal(o.content_type, "application/json");
    assert_non_null(strstr(o.body, "POST /x HTTP/1.1\r\n"));
    assert_non_null(strstr(o.body, "X-One: 1\r\n"));
    assert_null(strcasestr(o.body, "Expect:"));
    assert_null(strcasestr(o.body, "Accept-Encoding:"));
}

static void as_get(struct httpc_request *rq)
{
    rq->method = "GET";
    rq->body = STR_ABSENT;
}

static void a_get_has_no_body(void **state)
{
    (void)state;
    struct outcome o;
    call_once(answer_echo, as_get, &o);
    assert_int_equal(o.status, 200);
    assert_non_null(strstr(o.body, "GET /x HTTP/1.1\r\n"));
    assert_null(strcasestr(o.body, "Content-Length:"));
}

static bool drop(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)p;
    (void)fd;
    (void)rq;
    return false;
}

static void a_connection_dropped_after_the_request_may_have_been_sent(void **state)
{
    (void)state;
    struct outcome o;
    call_once(drop, NULL, &o);
    assert_failed(&o, HTTPC_MAYBE_SENT, "reset");
}

static bool half_answer(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)p;
    (void)rq;
    peer_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"statusCode\":\"0000\"");
    return false;
}

static void half_an_answer_is_none(void **state)
{
    (void)state;
    struct outcome o;
    call_once(half_answer, NULL, &o);
    assert_failed(&o, HTTPC_MAYBE_SENT, "reset");
}

static void a_refused_port_is_not_sent(void **state)
{
    (void)state;
    struct httpc *h;
    struct outcome o;
    char url[64];
    int port;
    int fd = peer_bind(&port);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    assert_int_equal(httpc_start(1, &h), ERR_OK);
    outcome_init(&o);
    struct httpc_request rq = request_to(url, &o);
    submit(h, &rq);
    outcome_wait(&o);
    assert_failed(&o, HTTPC_NOT_SENT, "connect");
    httpc_stop(h);
    close(fd);
}

static bool slow_bytes(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)rq;
    peer_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (!atomic_load(&p->stopping) && peer_send(fd, "x"))
        peer_wait(p, 50);
    return false;
}

static void short_time(struct httpc_request *rq)
{
    rq->timeout_ms = 300;
}

static void a_reply_of_a_byte_at_a_time_ends_at_the_timeout(void **state)
{
    (void)state;
    struct outcome o;
    int64_t from = clock_mono_ms();
    call_once(slow_bytes, short_time, &o);
    assert_failed(&o, HTTPC_MAYBE_SENT, "timeout");
    assert_in_range(o.at_ms - from, 250, 2500);
}

static void a_peer_that_does_not_accept_times_out_not_sent(void **state)
{
    (void)state;
    /* a queue of one that is full: the kernel answers no further SYN */
    int port, fillers[8];
    int fd = peer_bind(&port);
    assert_int_equal(listen(fd, 0), 0);
    struct sockaddr_in a = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    for (int i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        int code = connect(fillers[i], (struct sockaddr *)&a, sizeof(a));
        (void)code;
    }
    struct httpc *h;
    struct outcome o;
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    assert_int_equal(httpc_start(1, &h), ERR_OK);
    outcome_init(&o);
    struct httpc_request rq = request_to(url, &o);
    rq.connect_timeout_ms = 200;
    submit(h, &rq);
    outcome_wait(&o);
    assert_failed(&o, HTTPC_NOT_SENT, "timeout");
    httpc_stop(h);
    for (int i = 0; i < 8; i++)
        close(fillers[i]);
    close(fd);
}

static bool big_body(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)p;
    (void)rq;
    static char block[65536];
    memset(block, 'x', sizeof(block));
    peer_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n");
    for (int i = 0; i < 16; i++)
        if (!peer_send_n(fd, block, sizeof(block)))
            return false;
    return true;
}

static void a_reply_over_the_cap_fails(void **state)
{
    (void)state;
    struct outcome o;
    call_once(big_body, NULL, &o);
    assert_failed(&o, HTTPC_MAYBE_SENT, "too_large");
}

static void cut_to_1000(struct httpc_request *rq)
{
    rq->reply_max = 1000;
    rq->truncate = true;
}

static void a_reply_over_the_cap_is_cut_when_asked(void **state)
{
    (void)state;
    struct outcome o;
    call_once(big_body, cut_to_1000, &o);
    assert_int_equal(o.outcome, HTTPC_ANSWERED);
    assert_int_equal(o.status, 200);
    assert_true(o.truncated);
    assert_int_equal(o.body_n, 1000);
}

static bool exact_body(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)p;
    (void)rq;
    return peer_answer(fd, 204 + 1, "0123456789");
}

static void cap_10(struct httpc_request *rq)
{
    rq->reply_max = 10;
    rq->truncate = true;
}

static void a_reply_of_the_cap_is_whole(void **state)
{
    (void)state;
    struct outcome o;
    call_once(exact_body, cap_10, &o);
    assert_string_equal(o.body, "0123456789");
    assert_false(o.truncated);
}

static bool endless_headers(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)rq;
    peer_send(fd, "HTTP/1.1 200 OK\r\n");
    while (
        !atomic_load(&p->stopping) && peer_send(fd, "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"))
        ;
    return false;
}

static void endless_headers_end_the_call(void **state)
{
    (void)state;
    struct outcome o;
    call_once(endless_headers, NULL, &o);
    assert_failed(&o, HTTPC_MAYBE_SENT, "too_large");
}

static bool endless_100s(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)rq;
    while (!atomic_load(&p->stopping) && peer_send(fd, "HTTP/1.1 100 Continue\r\n\r\n"))
        ;
    return false;
}

static void endless_interim_replies_end_the_call(void **state)
{
    (void)state;
    struct outcome o;
    call_once(endless_100s, NULL, &o);
    assert_failed(&o, HTTPC_MAYBE_SENT, "too_large");
}

static bool http09(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)p;
    (void)rq;
    peer_send(fd, "{\"statusCode\":\"0000\"}");
    return false;
}

static void http_0_9_is_no_answer(void **state)
{
    (void)state;
    struct outcome o;
    call_once(http09, NULL, &o);
    assert_failed(&o, HTTPC_MAYBE_SENT, "protocol");
}

static bool says_gzip(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)p;
    (void)rq;
    return peer_send(
        fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain");
}

static void encoded_replies_are_left_as_they_are(void **state)
{
    (void)state;
    struct outcome o;
    call_once(says_gzip, NULL, &o);
    assert_int_equal(o.outcome, HTTPC_ANSWERED);
    assert_string_equal(o.body, "plain");
}

static bool wait_then_answer(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)rq;
    peer_wait(p, 50);
    return peer_answer(fd, 200, "ok");
}

static void calls_beyond_the_limit_wait_in_order(void **state)
{
    (void)state;
    struct httpc *h;
    struct peer *p = peer_start(wait_then_answer, NULL);
    char url[64];
    url_of(p, url);
    struct outcome o[6];
    assert_int_equal(httpc_start(2, &h), ERR_OK);
    for (int i = 0; i < 6; i++) {
        outcome_init(&o[i]);
        struct httpc_request rq = request_to(url, &o[i]);
        rq.fresh_connect = true;
        submit(h, &rq);
    }
    for (int i = 0; i < 6; i++) {
        outcome_wait(&o[i]);
        assert_int_equal(o[i].outcome, HTTPC_ANSWERED);
    }
    for (int i = 2; i < 6; i++)
        assert_true(o[i].at_ms >= o[i - 2].at_ms + 40);
    httpc_stop(h);
    peer_stop(p);
}

static bool never(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)fd;
    (void)rq;
    peer_wait(p, 60000);
    return false;
}

static void a_stop_ends_all_calls(void **state)
{
    (void)state;
    struct httpc *h;
    struct peer *p = peer_start(never, NULL);
    char url[64];
    url_of(p, url);
    struct outcome o[3];
    assert_int_equal(httpc_start(2, &h), ERR_OK);
    for (int i = 0; i < 3; i++) {
        outcome_init(&o[i]);
        struct httpc_request rq = request_to(url, &o[i]);
        submit(h, &rq);
    }
    while (atomic_load(&p->requests) < 2)
        usleep(1000);
    httpc_stop(h);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(o[i].done, 1);
        assert_failed(&o[i], i < 2 ? HTTPC_MAYBE_SENT : HTTPC_NOT_SENT, "stopping");
    }
    peer_stop(p);
}

struct order {
    struct httpc *h;
    atomic_int n, late;
    char seen[8];
    enum err submit_in_stop;
    _Atomic int far;
};

struct order_item {
    struct order *order;
    char name;
};

static void note(void *arg)
{
    struct order_item *item = arg;
    int n = atomic_load(&item->order->n);
    item->order->seen[n] = item->name;
    atomic_store(&item->order->n, n + 1);
}

static void deferred_functions_run_in_the_order_of_their_time(void **state)
{
    (void)state;
    struct order order = {0};
    struct order_item items[5];
    static const int64_t delays[5] = {90, 30, 60, 0, 30};
    assert_int_equal(httpc_start(1, &order.h), ERR_OK);
    int64_t from = clock_mono_ms();
    for (int i = 0; i < 5; i++) {
        items[i] = (struct order_item){&order, (char)('a' + i)};
        assert_int_equal(httpc_defer(order.h, delays[i], note, &items[i]), ERR_OK);
    }
    while (atomic_load(&order.n) < 5)
        usleep(1000);
    assert_true(clock_mono_ms() - from >= 90);
    assert_string_equal(order.seen, "dbeca");
    httpc_stop(order.h);
}

static void hold(void *arg)
{
    struct order *order = arg;
    atomic_fetch_add(&order->n, 1);
    while (!atomic_load(&order->late))
        usleep(1000);
}

static void late_note(void *arg)
{
    struct order *order = arg;
    struct outcome o;
    outcome_init(&o);
    struct httpc_request rq = request_to("http://127.0.0.1:1/", &o);
    order->submit_in_stop = httpc_submit(order->h, &rq);
    atomic_fetch_add(&order->n, 1);
}

static void far_note(void *arg)
{
    struct order *order = arg;
    atomic_fetch_add(&order->far, 1);
}

static void *stop_thread(void *arg)
{
    httpc_stop(arg);
    return NULL;
}

static void what_was_put_off_runs_at_a_stop_and_can_submit_nothing(void **state)
{
    (void)state;
    struct order order = {0};
    pthread_t stopper;
    assert_int_equal(httpc_start(1, &order.h), ERR_OK);
    assert_int_equal(httpc_defer(order.h, 0, hold, &order), ERR_OK);
    while (!atomic_load(&order.n))
        usleep(1000);
    assert_int_equal(httpc_defer(order.h, 5, late_note, &order), ERR_OK);
    assert_int_equal(httpc_defer(order.h, 3600000, far_note, &order), ERR_OK);
    int far_put_off = 1;
    pthread_create(&stopper, NULL, stop_thread, order.h);
    /* the loop is held until the stop is known */
    while (httpc_defer(order.h, 3600000, far_note, &order) == ERR_OK) {
        far_put_off++;
        usleep(1000);
    }
    usleep(10000);
    atomic_store(&order.late, 1);
    pthread_join(stopper, NULL);
    assert_int_equal(atomic_load(&order.n), 2);
    assert_int_equal(order.submit_in_stop, ERR_STOPPING);
    assert_int_equal(atomic_load(&order.far), far_put_off);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_given_whole),
        cmocka_unit_test(a_get_has_no_body),
        cmocka_unit_test(a_connection_dropped_after_the_request_may_have_been_sent),
        cmocka_unit_test(half_an_answer_is_none),
        cmocka_unit_test(a_refused_port_is_not_sent),
        cmocka_unit_test(a_reply_of_a_byte_at_a_time_ends_at_the_timeout),
        cmocka_unit_test(a_peer_that_does_not_accept_times_out_not_sent),
        cmocka_unit_test(a_reply_over_the_cap_fails),
        cmocka_unit_test(a_reply_over_the_cap_is_cut_when_asked),
        cmocka_unit_test(a_reply_of_the_cap_is_whole),
        cmocka_unit_test(endless_headers_end_the_call),
        cmocka_unit_test(endless_interim_replies_end_the_call),
        cmocka_unit_test(http_0_9_is_no_answer),
        cmocka_unit_test(encoded_replies_are_left_as_they_are),
        cmocka_unit_test(calls_beyond_the_limit_wait_in_order),
        cmocka_unit_test(a_stop_ends_all_calls),
        cmocka_unit_test(deferred_functions_run_in_the_order_of_their_time),
        cmocka_unit_test(what_was_put_off_runs_at_a_stop_and_can_submit_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
