#include "service/notice_cert.h"

#include "base/crypto_cert.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/url.h"
#include <pthread.h>
#include <stdio.h>

#define HELD_MAX 8
#define HELD_MS (24 * 3600 * INT64_C(1000))
#define FETCHES_MAX 4
#define CHECKS_MAX 256
/* Whoever knows a topic can name addresses at the pinned host that lead to nothing. */
#define FETCHES_PER_MINUTE 20
#define MINUTE_MS INT64_C(60000)
/* SNS waits for fifteen seconds, and a confirmation makes two calls. */
#define CONNECT_MS 4000
#define FETCH_MS 6000
#define REPLY_MAX ((size_t)64 * 1024)
/* The name in SNS's certificates, whatever the region; younger regions have one of their own behind the second. */
#define SNS_NAME "sns.amazonaws.com"
#define SNS_SIGNING "sns-signing."
#define SNS_HOST "sns."

struct held {
    char *url;
    struct cert *cert;
    int64_t until_ms; /* monotonic */
};

struct fetch {
    struct notice_certs *owner;
    struct fetch *next;
    char *url;
    struct cert_check *first, **last;
};

struct notice_certs {
    struct service *service;
    struct buf issuers;   /* of the stand-in, PEM; empty: the system's */
    pthread_mutex_t lock; /* all below */
    struct held held[HELD_MAX];
    struct fetch *fetches;
    int fetching, waiting;
    int64_t minute_ms;
    int begun; /* in this minute */
};

struct notice_certs *notice_certs_new(struct service *s)
{
    struct notice_certs *cs = mem_alloc(sizeof *cs);
    const char *file = s->config->sandbox_sns_ca_file;
    cs->service = s;
    buf_init(&cs->issuers, REPLY_MAX);
    if (file[0] && buf_read_file(&cs->issuers, file) != ERR_OK) {
        log_error("sns_ca_file_unreadable", LOG_C("file", file));
    }
    pthread_mutex_init(&cs->lock, NULL);
    return cs;
}

static void held_clear(struct held *h)
{
    mem_free(h->url);
    cert_free(h->cert);
    *h = (struct held){.url = NULL};
}

void notice_certs_free(struct notice_certs *cs)
{
    if (!cs) {
        return;
    }
    for (size_t i = 0; i < HELD_MAX; i++) {
        held_clear(&cs->held[i]);
    }
    buf_clear(&cs->issuers);
    pthread_mutex_destroy(&cs->lock);
    mem_free(cs);
}

static enum cert_verdict verdict(const struct cert *cert, const struct cert_check *c)
{
    enum rsa_verdict wanted = c->digest == RSA_DIGEST_SHA1 ? RSA_GOOD_SHA1 : RSA_GOOD_SHA256;
    return rsa_verify(cert_key(cert), c->text, c->signature) == wanted ? CERT_GOOD : CERT_BAD;
}

/* With the lock. */
static const struct cert *held_find(struct notice_certs *cs, struct str url)
{
    int64_t now = clock_now_ms(cs->service->clock);
    for (size_t i = 0; i < HELD_MAX; i++) {
        const struct held *h = &cs->held[i];
        if (h->cert && str_is(url, h->url) && clock_mono_ms() < h->until_ms &&
            cert_holds_at(h->cert, now)) {
            return h->cert;
        }
    }
    return NULL;
}

/* Takes the cert over, in the place of its older one or of the one that goes first. */
static void held_put(struct notice_certs *cs, const char *url, struct cert *cert)
{
    pthread_mutex_lock(&cs->lock);
    struct held *at = &cs->held[0];
    for (size_t i = 0; i < HELD_MAX; i++) {
        struct held *h = &cs->held[i];
        if (h->url && strcmp(h->url, url) == 0) {
            at = h;
            break;
        }
        if (h->until_ms < at->until_ms) {
            at = h;
        }
    }
    held_clear(at);
    *at =
        (struct held){.url = mem_strdup(url), .cert = cert, .until_ms = clock_mono_ms() + HELD_MS};
    pthread_mutex_unlock(&cs->lock);
}

enum err notice_sns_get(struct notice_certs *cs, struct str url, size_t reply_max,
    void (*done)(void *arg, const struct httpc_result *r), void *arg)
{
    struct service *s = cs->service;
    const struct config *c = s->config;
    struct str issuers = cs->issuers.n ? buf_view(&cs->issuers) : STR_ABSENT;
    bool stand_in = c->sandbox_sns_url[0] != 0;
    bool proxy = !stand_in && c->wallet_proxy[0];
    struct httpc_request rq = {
        .method = "GET",
        .url = url,
        .timeout_ms = FETCH_MS,
        .connect_timeout_ms = CONNECT_MS,
        .reply_max = reply_max,
        .public_only = !stand_in && !proxy,
        .proxy = proxy ? str_from(c->wallet_proxy) : STR_ABSENT,
        .tls_issuers = stand_in ? issuers : STR_ABSENT,
        .done = done,
        .arg = arg,
    };
    return httpc_submit(s->httpc, &rq);
}

/* ---- fetching ---- */

/* TLS has shown already that the pinned host gave it. */
static bool cert_is_snss(const struct cert *cert, const char *url)
{
    struct url u;
    char host[256], signing[256 + sizeof SNS_SIGNING];
    if (url_parse(str_from(url), &u) != ERR_OK || u.host.n >= sizeof host) {
        return false;
    }
    snprintf(host, sizeof host, "%.*s", STR_FMT(u.host));
    size_t skip = str_starts(u.host, STR(SNS_HOST)) ? sizeof SNS_HOST - 1 : 0;
    snprintf(signing, sizeof signing, SNS_SIGNING "%s", host + skip);
    return cert_is_for(cert, SNS_NAME) || cert_is_for(cert, host) || cert_is_for(cert, signing);
}

/* NULL: unusable. */
static struct cert *cert_take(struct notice_certs *cs, const char *url, struct str pem)
{
    struct cert *cert = NULL;
    const char *why = NULL;
    if (cert_from_pem(pem, &cert) != ERR_OK) {
        why = "unreadable";
    } else if (!cert_is_snss(cert, url)) {
        why = "name";
    } else if (!cert_holds_at(cert, clock_now_ms(cs->service->clock))) {
        why = "time";
    }
    if (why) {
        log_warn("sns_certificate_unusable", LOG_C("url", url), LOG_C("reason", why));
        cert_free(cert);
        return NULL;
    }
    return cert;
}

/* Nobody else can join it any more. */
static struct cert_check *fetch_close(struct fetch *f)
{
    struct notice_certs *cs = f->owner;
    pthread_mutex_lock(&cs->lock);
    struct fetch **at = &cs->fetches;
    while (*at != f) {
        at = &(*at)->next;
    }
    *at = f->next;
    cs->fetching--;
    for (const struct cert_check *c = f->first; c; c = c->next) {
        cs->waiting--;
    }
    pthread_mutex_unlock(&cs->lock);
    struct cert_check *first = f->first;
    mem_free(f->url);
    mem_free(f);
    return first;
}

/* `cert` NULL: all get `without`. */
static void checks_end(struct cert_check *first, const struct cert *cert, enum cert_verdict without)
{
    for (struct cert_check *c = first, *next; c; c = next) {
        next = c->next;
        c->fn(c, cert ? verdict(cert, c) : without);
    }
}

/* There is no such certificate; the rest of 4xx is about now: what is refused for it would be lost, for SNS does not repeat it. */
static bool status_refuses(int status)
{
    return status >= 400 && status < 500 && status != 408 && status != 429;
}

/* Only this thread takes held certificates away, so the one just put stays. */
static void fetched(void *arg, const struct httpc_result *r)
{
    struct fetch *f = arg;
    struct cert *cert = NULL;
    enum cert_verdict without = CERT_LATER;
    if (r->outcome == HTTPC_ANSWERED && r->status == 200) {
        cert = cert_take(f->owner, f->url, r->body);
        without = CERT_BAD;
    } else if (r->outcome == HTTPC_ANSWERED && status_refuses(r->status)) {
        without = CERT_BAD;
    }
    if (cert) {
        held_put(f->owner, f->url, cert);
    } else {
        log_warn("sns_certificate_not_fetched", LOG_C("url", f->url), LOG_I("status", r->status),
            LOG_C("error", r->error ? r->error : ""));
    }
    checks_end(fetch_close(f), cert, without);
}

/* With the lock. */
static struct fetch *fetch_find(struct notice_certs *cs, struct str url)
{
    struct fetch *f = cs->fetches;
    while (f && !str_is(url, f->url)) {
        f = f->next;
    }
    return f;
}

/* With the lock. NULL: not now. */
static struct fetch *fetch_new(struct notice_certs *cs, struct str url)
{
    int64_t now = clock_mono_ms();
    if (now - cs->minute_ms >= MINUTE_MS) {
        cs->minute_ms = now;
        cs->begun = 0;
    }
    if (cs->fetching >= FETCHES_MAX || cs->begun >= FETCHES_PER_MINUTE) {
        return NULL;
    }
    struct fetch *f = mem_alloc(sizeof *f);
    f->owner = cs;
    f->url = mem_strndup(url.p, url.n);
    f->last = &f->first;
    f->next = cs->fetches;
    cs->fetches = f;
    cs->fetching++;
    cs->begun++;
    return f;
}

void notice_certs_check(struct notice_certs *cs, struct cert_check *c)
{
    enum cert_verdict v = CERT_LATER;
    bool joined = false, begins = false;
    c->next = NULL;
    pthread_mutex_lock(&cs->lock);
    const struct cert *cert = held_find(cs, c->url);
    struct fetch *f = NULL;
    if (cert) {
        v = verdict(cert, c);
    } else if (cs->waiting < CHECKS_MAX) {
        f = fetch_find(cs, c->url);
        begins = !f;
        f = f ? f : fetch_new(cs, c->url);
        joined = f != NULL;
    }
    if (joined) {
        *f->last = c;
        f->last = &c->next;
        cs->waiting++;
    }
    pthread_mutex_unlock(&cs->lock);
    if (!joined) {
        c->fn(c, v);
    } else if (begins && notice_sns_get(cs, str_from(f->url), REPLY_MAX, fetched, f)) {
        checks_end(fetch_close(f), NULL, CERT_LATER);
    }
}
