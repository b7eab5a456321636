#include "base/mem.h"
#include "httpc_outcome.h"
#include "tls_peer.h"
#include <signal.h>

static void call(const struct tls_peer *p, bool trusted, struct outcome *o)
{
    struct httpc *h;
    char url[64];
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/", p->port);
    assert_int_equal(httpc_start(1, &h), ERR_OK);
    if (trusted)
        httpc_set_ca_file(h, p->ca_file);
    outcome_init(o);
    struct httpc_request rq = request_to(url, o);
    submit(h, &rq);
    outcome_wait(o);
    httpc_stop(h);
}

static void a_trusted_peer_answers(void **state)
{
    (void)state;
    struct tls_peer *p = tls_start("IP:127.0.0.1", TLS1_2_VERSION);
    struct outcome o;
    call(p, true, &o);
    assert_int_equal(o.outcome, HTTPC_ANSWERED);
    assert_string_equal(o.body, "ok");
    tls_stop(p);
}

static void an_unknown_issuer_is_refused_whatever_the_environment_says(void **state)
{
    (void)state;
    struct tls_peer *p = tls_start("IP:127.0.0.1", TLS1_3_VERSION);
    struct outcome o;
    setenv("SSL_CERT_FILE", p->ca_file, 1);
    setenv("CURL_CA_BUNDLE", p->ca_file, 1);
    call(p, false, &o);
    unsetenv("SSL_CERT_FILE");
    unsetenv("CURL_CA_BUNDLE");
    assert_failed(&o, HTTPC_NOT_SENT, "tls");
    assert_int_equal(atomic_load(&p->requests), 0);
    tls_stop(p);
}

static void a_certificate_of_another_host_is_refused(void **state)
{
    (void)state;
    struct tls_peer *p = tls_start("DNS:localhost,IP:127.0.0.2", TLS1_3_VERSION);
    struct outcome o;
    call(p, true, &o);
    assert_failed(&o, HTTPC_NOT_SENT, "tls");
    assert_int_equal(atomic_load(&p->requests), 0);
    tls_stop(p);
}

static void old_versions_of_tls_are_refused(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION};
    for (size_t i = 0; i < array_len(versions); i++) {
        struct tls_peer *p = tls_start("IP:127.0.0.1", versions[i]);
        struct outcome o;
        call(p, true, &o);
        assert_failed(&o, HTTPC_NOT_SENT, "tls");
        tls_stop(p);
    }
}

static void a_peer_without_tls_is_refused(void **state)
{
    (void)state;
    struct peer *p = peer_start(answer_echo, NULL);
    struct tls_peer plain = {.port = p->port};
    struct outcome o;
    call(&plain, false, &o);
    assert_int_equal(o.outcome, HTTPC_NOT_SENT);
    assert_int_equal(atomic_load(&p->requests), 0);
    peer_stop(p);
}

static void *greet_wrongly(void *arg)
{
    struct tls_peer *p = arg;
    int fd = accept(p->fd, NULL, NULL);
    peer_send(fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    drain(fd);
    close(fd);
    return NULL;
}

static void a_broken_handshake_is_not_sent(void **state)
{
    (void)state;
    struct tls_peer p = {0};
    struct outcome o;
    p.fd = peer_bind(&p.port);
    assert_int_equal(listen(p.fd, 1), 0);
    assert_int_equal(pthread_create(&p.thread, NULL, greet_wrongly, &p), 0);
    call(&p, false, &o);
    assert_failed(&o, HTTPC_NOT_SENT, "tls");
    pthread_join(p.thread, NULL);
    close(p.fd);
}

/* ---- with a certificate of the caller's own ---- */

/* `who` NULL: without a certificate. */
static void call_as(const struct tls_peer *p, const struct tls_peer *who, struct outcome *o)
{
    struct httpc *h;
    char url[64];
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/", p->port);
    assert_int_equal(httpc_start(1, &h), ERR_OK);
    outcome_init(o);
    struct httpc_request rq = request_to(url, o);
    rq.tls_issuers = str_from(p->certificate);
    if (who) {
        rq.tls_certificate = str_from(who->certificate);
        rq.tls_key = str_from(who->key);
    }
    submit(h, &rq);
    outcome_wait(o);
    httpc_stop(h);
}

static void a_caller_shows_its_certificate(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < array_len(versions); i++) {
        struct tls_peer *p = tls_start("IP:127.0.0.1", versions[i]);
        struct tls_peer *who = tls_start("DNS:merchant", TLS1_3_VERSION);
        struct outcome o;
        callers_are_asked(p, who);
        call_as(p, who, &o);
        assert_int_equal(o.outcome, HTTPC_ANSWERED);
        assert_string_equal(o.body, "ok");
        tls_stop(who);
        tls_stop(p);
    }
}

static void e6_a_certificate_that_is_missing_or_refused_is_told_apart(void **state)
{
    (void)state;
    struct tls_peer *p = tls_start("IP:127.0.0.1", TLS1_3_VERSION);
    struct tls_peer *who = tls_start("DNS:merchant", TLS1_3_VERSION);
    struct tls_peer *stranger = tls_start("DNS:stranger", TLS1_3_VERSION);
    struct outcome o;
    callers_are_asked(p, who);
    call_as(p, NULL, &o);
    assert_failed(&o, HTTPC_NOT_SENT, "tls_client");
    call_as(p, stranger, &o);
    assert_failed(&o, HTTPC_NOT_SENT, "tls_client");
    assert_int_equal(atomic_load(&p->requests), 0);
    tls_stop(stranger);
    tls_stop(who);
    tls_stop(p);
}

static void a_key_that_does_not_fit_is_not_sent(void **state)
{
    (void)state;
    struct tls_peer *p = tls_start("IP:127.0.0.1", TLS1_3_VERSION);
    struct tls_peer *other = tls_start("DNS:other", TLS1_3_VERSION);
    struct tls_peer mixed = *other, none = *other;
    struct outcome o;
    memcpy(mixed.key, p->key, sizeof(mixed.key));
    snprintf(none.certificate, sizeof(none.certificate), "no PEM");
    call_as(p, &mixed, &o);
    assert_failed(&o, HTTPC_NOT_SENT, "tls_client");
    call_as(p, &none, &o);
    assert_failed(&o, HTTPC_NOT_SENT, "tls_client");
    assert_int_equal(atomic_load(&p->requests), 0);
    tls_stop(other);
    tls_stop(p);
}

static void a_call_trusts_the_issuers_it_names_and_no_others(void **state)
{
    (void)state;
    struct tls_peer *p = tls_start("IP:127.0.0.1", TLS1_3_VERSION);
    struct tls_peer *other = tls_start("IP:127.0.0.1", TLS1_3_VERSION);
    struct tls_peer mistaken = *p;
    struct outcome o;
    memcpy(mistaken.certificate, other->certificate, sizeof(mistaken.certificate));
    call_as(&mistaken, NULL, &o);
    assert_failed(&o, HTTPC_NOT_SENT, "tls");
    assert_int_equal(atomic_load(&p->requests), 0);
    tls_stop(other);
    tls_stop(p);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trusted_peer_answers),
        cmocka_unit_test(an_unknown_issuer_is_refused_whatever_the_environment_says),
        cmocka_unit_test(a_certificate_of_another_host_is_refused),
        cmocka_unit_test(old_versions_of_tls_are_refused),
        cmocka_unit_test(a_peer_without_tls_is_refused),
        cmocka_unit_test(a_broken_handshake_is_not_sent),
        cmocka_unit_test(a_caller_shows_its_certificate),
        cmocka_unit_test(e6_a_certificate_that_is_missing_or_refused_is_told_apart),
        cmocka_unit_test(a_key_that_does_not_fit_is_not_sent),
        cmocka_unit_test(a_call_trusts_the_issuers_it_names_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
