#include "base/mem.h"
#include "httpc_outcome.h"
#include <signal.h>

/* OpenSSL has a type with the name of one of our errors. */
#define ERR_STATE openssl_err_state
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

/* A peer with TLS and a certificate of its own; it answers one request a connection. */
struct tls_peer {
    int fd, port;
    SSL_CTX *ctx;
    char ca_file[64];
    pthread_t thread;
    atomic_int requests;
};

static X509 *certificate_make(EVP_PKEY *key, const char *names)
{
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_NAME *name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"peer", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    return x;
}

static void certificate_use(struct tls_peer *p, const char *names)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *x = certificate_make(key, names);
    assert_int_equal(SSL_CTX_use_certificate(p->ctx, x), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(p->ctx, key), 1);
    snprintf(p->ca_file, sizeof(p->ca_file), "/tmp/kassa-tls-XXXXXX");
    int fd = mkstemp(p->ca_file);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    PEM_write_X509(f, x);
    fclose(f);
    X509_free(x);
    EVP_PKEY_free(key);
}

static void *tls_serve(void *arg)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    struct tls_peer *p = arg;
    for (int fd; (fd = accept(p->fd, NULL, NULL)) >= 0; close(fd)) {
        SSL *ssl = SSL_new(p->ctx);
        char text[4096];
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1 && SSL_read(ssl, text, sizeof(text)) > 0) {
            atomic_fetch_add(&p->requests, 1);
            SSL_write(ssl, answer, sizeof(answer) - 1);
            SSL_shutdown(ssl);
        }
        SSL_free(ssl);
    }
    return NULL;
}

static struct tls_peer *tls_start(const char *names, int version_max)
{
    struct tls_peer *p = mem_alloc(sizeof(*p));
    p->ctx = SSL_CTX_new(TLS_server_method());
    /* so that old versions are possible at all */
    SSL_CTX_set_security_level(p->ctx, 0);
    SSL_CTX_set_min_proto_version(p->ctx, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(p->ctx, version_max);
    certificate_use(p, names);
    p->fd = peer_bind(&p->port);
    assert_int_equal(listen(p->fd, 16), 0);
    assert_int_equal(pthread_create(&p->thread, NULL, tls_serve, p), 0);
    return p;
}

static void tls_stop(struct tls_peer *p)
{
    shutdown(p->fd, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->fd);
    unlink(p->ca_file);
    SSL_CTX_free(p->ctx);
    mem_free(p);
}

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
    shutdown(fd, SHUT_WR);
    char text[4096];
    while (recv(fd, text, sizeof(text), 0) > 0)
        ;
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
