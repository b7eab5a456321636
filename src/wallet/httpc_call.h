/* One outgoing call: its own copy of the request, its libcurl handle, and what came of it. Outgoing thread only,
 * but for httpc_call_new. */
#ifndef KASSA_WALLET_HTTPC_CALL_H
#define KASSA_WALLET_HTTPC_CALL_H

#include "wallet/httpc.h"
#include <curl/curl.h>

#define HTTPC_HEADERS_MAX                                                                          \
    32768 /* of all header lines of one reply, 1xx replies and trailers included */

struct httpc_call {
    struct httpc_call *next, *prev;
    CURL *easy;
    struct curl_slist *headers;
    char *url, *proxy; /* proxy NULL: none */
    struct buf tls_certificate, tls_key, tls_issuers;
    char fault[CURL_ERROR_SIZE]; /* libcurl's words for its end */
    bool post, has_body;
    struct buf body;
    int64_t slow_ms; /* 0: the body is sent at once */
    size_t slow_sent;
    bool slow_paused; /* libcurl waits for the next piece */
    int64_t timeout_ms, connect_timeout_ms;
    bool truncate, public_only, fresh_connect, secret;
    void (*done)(void *arg, const struct httpc_result *r);
    void *arg;
    int64_t submitted_ms, started_ms; /* monotonic */
    /* what happened */
    bool request_began; /* libcurl was about to send: from here on it may have been sent */
    bool address_blocked;
    bool reply_too_large;
    bool reply_cut;
    size_t header_bytes;
    struct buf reply, retry_after, content_type;
};

/* Copies the request. Any thread. */
struct httpc_call *httpc_call_new(const struct httpc_request *rq);
/* Without telling `done`: only for a call that never began. */
void httpc_call_free(struct httpc_call *c);
/* Makes the libcurl handle. False when the request cannot be made (such as a line break in a header). */
bool httpc_call_prepare(struct httpc_call *c, const char *ca_file);
/* When libcurl is to ask for the next piece of a slow call's body; INT64_MAX: it is not waiting. */
int64_t httpc_call_slow_at(const struct httpc_call *c);
void httpc_call_slow_go(struct httpc_call *c);
/* Tells `done` what libcurl's end of the transfer means, then frees the call. */
void httpc_call_finish(struct httpc_call *c, CURLcode code);
/* Ends a call that libcurl did not end: `error` says why. Frees the call. */
void httpc_call_abort(struct httpc_call *c, const char *error);

#endif
