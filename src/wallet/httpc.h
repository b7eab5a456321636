/* Outgoing HTTP: one thread on libcurl's multi interface makes every call to wallets and merchants' receivers.
 * No redirects followed, no proxy from the environment, TLS verified, replies capped, no automatic resend. */
#ifndef KASSA_WALLET_HTTPC_H
#define KASSA_WALLET_HTTPC_H

#include "base/buf.h"

struct httpc;

/* "tls_client": the caller's own certificate or key can't be used, or the peer's TLS refused it or missed one. Such a peer has
 * read nothing, though bytes may have left (TLS 1.3 sends before it is refused). It is never sent. */

/* The only three ways in which a call can end. What may have been sent and got no whole answer is MAYBE_SENT:
 * its effect at the peer is unknown. */
enum httpc_outcome {
    HTTPC_NOT_SENT,   /* no byte of the request left: safe to send again */
    HTTPC_MAYBE_SENT, /* some or all left, no complete answer came */
    HTTPC_ANSWERED    /* a complete HTTP answer, any status */
};

struct httpc_result {
    enum httpc_outcome outcome;
    int status;              /* of an answer; else 0 */
    struct str body;         /* of an answer, at most reply_max bytes */
    bool truncated;          /* the reply was longer than reply_max and `truncate` was asked for */
    struct str retry_after;  /* header's value; absent */
    struct str content_type; /* absent */
    const char *
        error; /* "timeout", "connect", "resolve", "tls", "tls_client", "blocked", "too_large", "protocol", "reset",
                                "stopping"; NULL for an answer */
    int64_t duration_ms;
};

#define HTTPC_SLOW_PIECES 8

struct httpc_request {
    const char *method; /* "GET" or "POST" */
    struct str url;
    const char *const *headers; /* "Name: value", ended by NULL; copied */
    struct str body;            /* absent: none; copied */
    int64_t timeout_ms, connect_timeout_ms;
    size_t reply_max;
    bool
        truncate; /* a longer reply is cut (for logs of tries) instead of failing with "too_large" */
    bool
        public_only; /* refuse to connect to addresses of address_is_private: checked on the address in use */
    bool fresh_connect; /* never on a reused connection: for calls that move money */
    int64_t
        slow_ms; /* the body leaves in HTTPC_SLOW_PIECES pieces over so long: to try a receiver; 0: at once */
    bool secret;      /* body and headers are wiped when the call ends */
    struct str proxy; /* absent: none */
    /* PEM: the certificate (and its chain) and key with which the caller shows itself to the peer, and the only issuers of
     * peers that the call trusts. Absent: none, and those of all calls. Copied. Such a call has a connection of its own. */
    struct str tls_certificate, tls_key, tls_issuers;
    /* On the outgoing thread; must not block; r's texts are valid until it returns. Called exactly once. */
    void (*done)(void *arg, const struct httpc_result *r);
    void *arg;
};

enum err httpc_start(int max_connections, struct httpc **ret) must_check;
/* Certificates to trust instead of the system's: for a sandbox whose peers have a CA of their own. Before the first call;
 * copied. */
void httpc_set_ca_file(struct httpc *h, const char *path);
/* Calls under way end with "stopping" (MAYBE_SENT, or NOT_SENT if nothing left yet); done is called for all. Frees h. */
void httpc_stop(struct httpc *h);
/* Any thread, `done` of another call included. ERR_STOPPING. Calls beyond max_connections wait in order; one that waited
 * for timeout_ms ends NOT_SENT with "timeout". `public_only` with a proxy is refused as "blocked". */
enum err httpc_submit(struct httpc *h, const struct httpc_request *rq) must_check;
/* Runs fn(arg) on the outgoing thread after delay_ms of the monotonic clock, or at once when the loop stops. ERR_STOPPING. What is due when httpc_stop is
 * called still runs; what is due later is forgotten, and arg stays the caller's. */
enum err httpc_defer(
    struct httpc *h, int64_t delay_ms, void (*fn)(void *arg), void *arg) must_check;

#endif
