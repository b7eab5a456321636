/* A peer with TLS and a certificate of its own, on loopback. Header only, for unit tests. */
#ifndef KASSA_TESTS_UNIT_TLS_PEER_H
#define KASSA_TESTS_UNIT_TLS_PEER_H

#include "base/mem.h"
#include "peer.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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
    /* Read and written by the test only while no call is under way. */
    int status;         /* 0: no answer */
    const char *answer; /* a body; NULL: "ok" */
    char request[8192]; /* the last one */
};

static inline X509 *certificate_make(EVP_PKEY *key, const char *names)
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

static inline void bio_text(BIO *b, char *out, size_t cap)
{
    int n = BIO_read(b, out, (int)cap - 1);
    assert_true(n > 0);
    out[n] = 0;
    BIO_free(b);
}

static inline void pem_of(X509 *x, EVP_PKEY *key, struct tls_peer *p)
{
    BIO *b = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(b, x);
    bio_text(b, p->certificate, sizeof(p->certificate));
    b = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL);
    bio_text(b, p->key, sizeof(p->key));
}

static inline void certificate_use(struct tls_peer *p, const char *names)
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
static inline void drain(int fd)
{
    char text[4096];
    shutdown(fd, SHUT_WR);
    while (recv(fd, text, sizeof(text), 0) > 0)
        ;
}

/* Headers and as much of the body as they promise. */
static inline bool tls_read(struct tls_peer *p, SSL *ssl)
{
    size_t n = 0, whole = sizeof(p->request);
    while (n < whole && n + 1 < sizeof(p->request)) {
        int got = SSL_read(ssl, p->request + n, (int)(sizeof(p->request) - 1 - n));
        if (got <= 0)
            return false;
        n += (size_t)got;
        p->request[n] = 0;
        const char *end = strstr(p->request, "\r\n\r\n");
        const char *length = strstr(p->request, "Content-Length: ");
        if (end)
            whole = (size_t)(end + 4 - p->request) + (length ? strtoul(length + 16, NULL, 10) : 0);
    }
    return true;
}

static inline void tls_answer(const struct tls_peer *p, SSL *ssl)
{
    char text[4096];
    const char *body = p->answer ? p->answer : "ok";
    int n = snprintf(text, sizeof(text),
        "HTTP/1.1 %d Some\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s", p->status,
        strlen(body), body);
    if (p->status)
        SSL_write(ssl, text, n);
    SSL_shutdown(ssl);
}

static inline void *tls_serve(void *arg)
{
    struct tls_peer *p = arg;
    for (int fd; (fd = accept(p->fd, NULL, NULL)) >= 0; close(fd)) {
        SSL *ssl = SSL_new(p->ctx);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1 && tls_read(p, ssl)) {
            atomic_fetch_add(&p->requests, 1);
            tls_answer(p, ssl);
        }
        drain(fd);
        SSL_free(ssl);
    }
    return NULL;
}

static inline struct tls_peer *tls_start(const char *names, int version_max)
{
    struct tls_peer *p = mem_alloc(sizeof(*p));
    p->status = 200;
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

static inline void tls_stop(struct tls_peer *p)
{
    shutdown(p->fd, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->fd);
    unlink(p->ca_file);
    SSL_CTX_free(p->ctx);
    mem_free(p);
}

/* `p` asks its callers for a certificate, and takes the one that `known` has. */
static inline void callers_are_asked(struct tls_peer *p, const struct tls_peer *known)
{
    assert_int_equal(SSL_CTX_load_verify_locations(p->ctx, known->ca_file, NULL), 1);
    SSL_CTX_set_verify(p->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

#endif
