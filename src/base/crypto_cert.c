#include "base/crypto_cert.h"

#include "base/log.h"
#include "base/mem.h"
#include <limits.h>

/* OpenSSL has a type with the name of one of our errors. */
#define ERR_STATE openssl_err_state
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#define CERT_PEM_MAX ((size_t)64 * 1024)

struct cert {
    X509 *x509;
    struct rsa_public *key;
};

/* An encrypted text is none of a certificate's: nobody is asked for a pass phrase. */
static int no_passphrase(char *text, int size, int writing, void *arg)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)arg;
    return 0;
}

static enum err key_take(struct cert *c)
{
    unsigned char *der = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->x509), &der);
    if (n <= 0)
        return ERR_SYNTAX;
    enum err e = rsa_public_from_der((struct str){(const char *)der, (size_t)n}, &c->key);
    OPENSSL_free(der);
    return e;
}

enum err cert_from_pem(struct str pem, struct cert **ret)
{
    if (pem.n == 0 || pem.n > CERT_PEM_MAX)
        return ERR_SYNTAX;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    ensure(bio != NULL, "no memory for a certificate");
    X509 *x509 = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (!x509)
        return ERR_SYNTAX;
    struct cert *c = mem_alloc(sizeof(*c));
    c->x509 = x509;
    enum err e = key_take(c);
    ERR_clear_error();
    if (e != ERR_OK) {
        cert_free(c);
        return e;
    }
    *ret = c;
    return ERR_OK;
}

void cert_free(struct cert *c)
{
    if (!c)
        return;
    X509_free(c->x509);
    rsa_public_free(c->key);
    mem_free(c);
}

const struct rsa_public *cert_key(const struct cert *c)
{
    return c->key;
}

bool cert_is_for(const struct cert *c, const char *host)
{
    bool is = X509_check_ip_asc(c->x509, host, 0) == 1 ||
              X509_check_host(
                  c->x509, host, strlen(host), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
    ERR_clear_error();
    return is;
}

bool cert_holds_at(const struct cert *c, int64_t now_ms)
{
    time_t now = (time_t)(now_ms / 1000);
    /* 0 is an error of either */
    return X509_cmp_time(X509_get0_notBefore(c->x509), &now) < 0 &&
           X509_cmp_time(X509_get0_notAfter(c->x509), &now) > 0;
}

int64_t cert_ends_at(const struct cert *c)
{
    int days = 0, seconds = 0;
    ASN1_TIME *start = ASN1_TIME_set(NULL, 0);
    bool good = start && ASN1_TIME_diff(&days, &seconds, start, X509_get0_notAfter(c->x509)) == 1;
    ASN1_TIME_free(start);
    ERR_clear_error();
    return good ? (days * INT64_C(86400) + seconds) * 1000 : 0;
}
