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
    char certificate[8192], key[8192]; /* PEM */
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

static void bio_text(BIO *b, char *out, size_t cap)
{
    int n = BIO_read(b, out, (int)cap - 1);
    assert_true(n > 0);
    out[n] = 0;
    BIO_free(b);
}

static void pem_of(X509 *x, EVP_PKEY *key, struct tls_peer *p)
{
    BIO *b = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(b, x);
    bio_text(b, p->certificate, sizeof(p->certificate));
    b = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL);
    bio_text(b, p->key, sizeof(p->key));
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
    pem_of(x, key, p);
    X509_free(x);
    EVP_PKEY_free(key);
}

/* So that its alert arrives: closing on what was not read would reset the connection. */
static void drain(int fd)
{
    char text[4096];
    shutdown(fd, SHUT_WR);
    while (recv(fd, text, sizeof(text), 0) > 0)
        ;
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
        drain(fd);
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

/* `p` asks its callers for a certificate, and takes the one that `known` has. */
static void callers_are_asked(struct tls_peer *p, const struct tls_peer *known)
{
    assert_int_equal(SSL_CTX_load_verify_locations(p->ctx, known->ca_file, NULL), 1);
    SSL_CTX_set_verify(p->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

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

/* E6 */
static void a_certificate_that_is_missing_or_refused_is_told_apart(void **state)
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
        cmocka_unit_test(a_certificate_that_is_missing_or_refused_is_told_apart),
        cmocka_unit_test(a_key_that_does_not_fit_is_not_sent),
        cmocka_unit_test(a_call_trusts_the_issuers_it_names_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
