#include "base/mem.h"
#include "httpc_outcome.h"

static bool answer_redirect(struct peer *p, int fd, const struct peer_request *rq)
{
    char text[256];
    snprintf(text, sizeof(text),
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/other\r\nRetry-After: 7\r\n"
        "Content-Length: 0\r\n\r\n",
        p->port);
    assert(strcmp(rq->path, "/x") == 0);
    return peer_send(fd, text);
}

static void redirects_are_not_followed(void **state)
{
    (void)state;
    struct outcome o;
    call_once(answer_redirect, NULL, &o);
    assert_int_equal(o.outcome, HTTPC_ANSWERED);
    assert_int_equal(o.status, 302);
    assert_string_equal(o.retry_after, "7");
}

static void only_public(struct httpc_request *rq)
{
    rq->public_only = true;
}

static void loopback_is_blocked_for_public_calls(void **state)
{
    (void)state;
    struct outcome o;
    call_once(answer_echo, only_public, &o);
    assert_failed(&o, HTTPC_NOT_SENT, "blocked");
}

static void blocked_in_all_its_spellings(void **state)
{
    (void)state;
    struct httpc *h;
    struct peer *p = peer_start(answer_echo, NULL);
    static const char *const hosts[] = {"2130706433", "0x7f.1", "0177.0.0.1", "127.1",
        "[::ffff:127.0.0.1]", "localhost", "0.0.0.0", "0"};
    assert_int_equal(httpc_start(4, &h), ERR_OK);
    for (size_t i = 0; i < array_len(hosts); i++) {
        struct outcome o;
        char url[64];
        snprintf(url, sizeof(url), "http://%s:%d/", hosts[i], p->port);
        outcome_init(&o);
        struct httpc_request rq = request_to(url, &o);
        rq.public_only = true;
        submit(h, &rq);
        outcome_wait(&o);
        assert_failed(&o, HTTPC_NOT_SENT, "blocked");
    }
    assert_int_equal(atomic_load(&p->connections), 0);
    httpc_stop(h);
    peer_stop(p);
}

static void guarded_calls_use_no_connection_of_unguarded_ones(void **state)
{
    (void)state;
    struct httpc *h;
    struct peer *p = peer_start(answer_echo, NULL);
    char url[64];
    url_of(p, url);
    assert_int_equal(httpc_start(4, &h), ERR_OK);
    for (int i = 0; i < 3; i++) {
        struct outcome o;
        outcome_init(&o);
        struct httpc_request rq = request_to(url, &o);
        rq.public_only = i == 2;
        submit(h, &rq);
        outcome_wait(&o);
        assert_int_equal(o.outcome, i == 2 ? HTTPC_NOT_SENT : HTTPC_ANSWERED);
    }
    assert_int_equal(atomic_load(&p->connections), 1);
    httpc_stop(h);
    peer_stop(p);
}

static void fresh_calls_have_connections_of_their_own(void **state)
{
    (void)state;
    struct httpc *h;
    struct peer *p = peer_start(answer_echo, NULL);
    char url[64];
    url_of(p, url);
    assert_int_equal(httpc_start(4, &h), ERR_OK);
    for (int i = 0; i < 3; i++) {
        struct outcome o;
        outcome_init(&o);
        struct httpc_request rq = request_to(url, &o);
        rq.fresh_connect = true;
        submit(h, &rq);
        outcome_wait(&o);
        assert_int_equal(o.outcome, HTTPC_ANSWERED);
    }
    assert_int_equal(atomic_load(&p->connections), 3);
    httpc_stop(h);
    peer_stop(p);
}

/* Answers the first request of a connection and goes away when the second arrives. */
static bool answer_first(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)rq;
    return atomic_load(&p->requests) == 1 && peer_answer(fd, 200, "ok");
}

static void a_request_on_a_dead_kept_connection_is_not_sent_again(void **state)
{
    (void)state;
    struct httpc *h;
    struct peer *p = peer_start(answer_first, NULL);
    char url[64];
    url_of(p, url);
    struct outcome o[2];
    assert_int_equal(httpc_start(4, &h), ERR_OK);
    for (int i = 0; i < 2; i++) {
        outcome_init(&o[i]);
        struct httpc_request rq = request_to(url, &o[i]);
        submit(h, &rq);
        outcome_wait(&o[i]);
    }
    assert_int_equal(o[0].outcome, HTTPC_ANSWERED);
    assert_failed(&o[1], HTTPC_MAYBE_SENT, "reset");
    assert_int_equal(atomic_load(&p->requests), 2);
    httpc_stop(h);
    peer_stop(p);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    (void)state;
    static const char *const names[] = {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"};
    struct peer *proxy = peer_start(answer_echo, NULL);
    char url[64];
    url_of(proxy, url);
    for (size_t i = 0; i < array_len(names); i++)
        setenv(names[i], url, 1);
    struct outcome o;
    call_once(answer_echo, NULL, &o);
    assert_int_equal(o.status, 200);
    assert_int_equal(atomic_load(&proxy->connections), 0);
    for (size_t i = 0; i < array_len(names); i++)
        unsetenv(names[i]);
    peer_stop(proxy);
}

static void a_given_proxy_is_used_though_the_environment_excepts_all(void **state)
{
    (void)state;
    struct peer *proxy = peer_start(answer_echo, NULL);
    char proxy_url[64];
    url_of(proxy, proxy_url);
    setenv("no_proxy", "*", 1);
    struct httpc *h;
    struct outcome o;
    assert_int_equal(httpc_start(4, &h), ERR_OK);
    outcome_init(&o);
    struct httpc_request rq = request_to("http://192.0.2.1/far", &o);
    rq.proxy = str_from(proxy_url);
    submit(h, &rq);
    outcome_wait(&o);
    assert_int_equal(o.status, 200);
    assert_non_null(strstr(o.body, "POST http://192.0.2.1/far HTTP/1.1\r\n"));
    outcome_init(&o);
    rq.public_only = true;
    submit(h, &rq);
    outcome_wait(&o);
    assert_failed(&o, HTTPC_NOT_SENT, "blocked");
    unsetenv("no_proxy");
    httpc_stop(h);
    peer_stop(proxy);
}

static void requests_that_cannot_be_made_are_not_sent(void **state)
{
    (void)state;
    static const char *const split[] = {"X-One: 1\r\nX-Two: 2", NULL};
    static const char *const urls[] = {"file:///etc/passwd", "gopher://127.0.0.1/", "http://", "x"};
    struct httpc *h;
    assert_int_equal(httpc_start(4, &h), ERR_OK);
    for (size_t i = 0; i <= array_len(urls); i++) {
        struct outcome o;
        outcome_init(&o);
        struct httpc_request rq =
            request_to(i < array_len(urls) ? urls[i] : "http://127.0.0.1:1/", &o);
        rq.headers = i < array_len(urls) ? NULL : split;
        submit(h, &rq);
        outcome_wait(&o);
        assert_int_equal(o.outcome, HTTPC_NOT_SENT);
        if (i == array_len(urls))
            assert_string_equal(o.error, "protocol");
    }
    httpc_stop(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redirects_are_not_followed),
        cmocka_unit_test(loopback_is_blocked_for_public_calls),
        cmocka_unit_test(blocked_in_all_its_spellings),
        cmocka_unit_test(guarded_calls_use_no_connection_of_unguarded_ones),
        cmocka_unit_test(fresh_calls_have_connections_of_their_own),
        cmocka_unit_test(a_request_on_a_dead_kept_connection_is_not_sent_again),
        cmocka_unit_test(proxies_of_the_environment_are_ignored),
        cmocka_unit_test(a_given_proxy_is_used_though_the_environment_excepts_all),
        cmocka_unit_test(requests_that_cannot_be_made_are_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
