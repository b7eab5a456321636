/* The certificates that SNS signs with: fetched from their pinned address, whose TLS certificate is checked as a chain and for
 * its host, held for a day, a few of them. Thread-safe. */
#ifndef KASSA_SERVICE_NOTICE_CERT_H
#define KASSA_SERVICE_NOTICE_CERT_H

#include "base/crypto.h"
#include "service/service.h"

enum cert_verdict {
    CERT_BAD,  /* no such certificate, not SNS's, or the signature is not its */
    CERT_GOOD, /* nothing but an exact match */
    CERT_LATER /* the certificate could not be had now */
};

struct cert_check {
    struct str url; /* pinned by the caller (wallet/sns.h) */
    struct str text, signature;
    enum rsa_digest digest;
    /* Exactly once, maybe before notice_certs_check returns; on its thread or on the outgoing one. */
    void (*fn)(struct cert_check *c, enum cert_verdict v);
    struct cert_check *next; /* notice_cert.c's, until fn */
};

struct notice_certs;

struct notice_certs *notice_certs_new(struct service *s);
void notice_certs_free(struct notice_certs *cs); /* after httpc_stop */
void notice_certs_check(struct notice_certs *cs, struct cert_check *c);

/* A GET to SNS: with the configuration's proxy, or the sandbox's certificates. ERR_STOPPING. */
enum err notice_sns_get(struct notice_certs *cs, struct str url, size_t reply_max,
    void (*done)(void *arg, const struct httpc_result *r), void *arg) must_check;

#endif
