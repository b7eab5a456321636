/* The HTTP server: libmicrohttpd lives behind this page (server.c, reply.c). A table of routes, handlers that get a whole request and
 * return a reply, or park the request and answer later from any thread. Used by kassad (two listeners) and kassa-walletsim. */
#ifndef KASSA_HTTP_SERVER_H
#define KASSA_HTTP_SERVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/url.h"
#include <stdint.h>

struct reply;
struct request_private;

#define REQUEST_ID_LEN 22

struct request {
    void *ctx; /* server_options.ctx */
    const struct route *route;
    struct str method, path; /* path without query, as sent */
    struct str query;        /* raw, without '?'; absent: none */
    struct str body;         /* whole; empty when there is none */
    struct str param;        /* the path's variable segment, see struct route; absent: none */
    /* Of the peer, or X-Forwarded-For's last entry when the peer is the trusted proxy; in ip_format's spelling. */
    char client_ip[IP_TEXT_LEN];
    char request_id[REQUEST_ID_LEN + 1];
    int64_t started_us;
    struct arena arena; /* dies with the request; the request lives until its reply is sent */
    void *user;         /* the handler's, while parked */
    struct request_private *priv;
};

/* A header's value by name (any case); absent when not there. Only on the thread of the handler's call: copy before parking. */
struct str request_header(const struct request *rq, const char *name);
/* A cookie's value; absent. Same rule. */
struct str request_cookie(const struct request *rq, const char *name);

/* True when the peer showed a certificate of tls_client_issuers that holds now. Same rule. */
bool request_peer_is_known(struct request *rq);

enum route_kind {
    ROUTE_API,  /* POST with a JSON body; errors are the API's JSON bodies */
    ROUTE_PAGE, /* for browsers; errors are HTML */
    ROUTE_PLAIN /* ops and simulators; errors are JSON bodies */
};

struct route {
    const char *method; /* "GET", "POST"; HEAD is served by GET */
    const char *
        path; /* "/v1/payment", or with one variable segment: "/callback/bkash/{}", "/{}/pay", "/{}";
                 "/api/{*}": all below it */
    enum route_kind kind;
    size_t body_max;
    struct reply *(*handle)(struct request *rq);
};

struct server_options {
    struct str listen; /* "127.0.0.1:8080", "[::1]:8080"; port 0: any */
    const struct route
        *routes; /* ended by a NULL method; fixed paths are matched before variable ones */
    void *ctx;
    int threads;
    int connections_max;
    size_t connection_memory; /* 8 KiB: what a connection costs, and the limit on its headers */
    int idle_timeout_s;       /* without a byte either way */
    /* The whole of it, however many bytes come meanwhile; 0: no limit. See deadline.c. */
    int header_timeout_s; /* from the connection, or from the time that it may be idle, to the end of the headers */
    int body_timeout_s;           /* from there to the end of the body */
    struct str trusted_proxy;     /* absent or empty: nobody */
    struct str tls_cert, tls_key; /* PEM texts; absent: plain HTTP */
    /* PEM of the issuers of peers' certificates, with TLS only: peers are then asked for one, and may come without, see
     * request_peer_is_known. For simulators. */
    struct str tls_client_issuers;
    /* HTML for an error on ROUTE_PAGE (and for unknown paths asked by a browser); NULL: JSON. */
    struct reply *(*error_page)(struct request *rq, enum err e);
    /* The other errors, in a simulated peer's own shape; NULL: the API's JSON bodies. */
    struct reply *(*error_plain)(struct request *rq, enum err e);
};

struct server;
enum err server_start(
    const struct server_options *o, struct buf *why, struct server **ret) must_check;
int server_port(const struct server *s);
/* "0.9.75", for the log. */
const char *server_library_version(void);
/* No new connections; waits until requests under way are answered, at most drain_ms; then closes. */
void server_stop(struct server *s, int64_t drain_ms);

/* ---- parking: answer later, from any thread ---- */
/* The handler calls this, hands rq to whoever will answer, and returns its value. The request stays alive until request_answer, which may
 * come before this handler returned. */
struct reply *request_park(struct request *rq);
void request_answer(struct request *rq, struct reply *r);
/* Instead: `make` makes the reply later, on the request's own thread, which is to be preferred: threads that free what others
 * allocated wait for each other. It is not called when the client leaves or the server stops first. */
void request_answer_with(struct request *rq, struct reply *(*make)(void *arg), void *arg);

/* ---- replies: the only way out; each is used once ---- */
/* Bodies are copied. Every reply gets X-Request-Id, X-Content-Type-Options: nosniff and, unless set otherwise, Cache-Control: no-store. */
struct reply *reply_json(int status, struct str body);
struct reply *reply_html(int status, struct str body);
/* Takes the buffer's memory instead of copying it; the buffer is empty then. */
struct reply *reply_html_take(int status, struct buf *html);
struct reply *reply_bytes(int status, const char *content_type, struct str body);
/* Does not copy: the body is the program's own. */
struct reply *reply_static(int status, const char *content_type, struct str body);
/* 303 See Other (or 302, 307, 308). */
struct reply *reply_redirect(int status, struct str location);
struct reply *reply_header(struct reply *r, const char *name,
    struct str value); /* returns r; sets or adds; CR, LF are refused by assert */
/* The error body of the API ({"message","errors"}), with Allow, Retry-After, Connection: close as the error wants; on a ROUTE_PAGE the error page. */
struct reply *reply_error(struct request *rq, enum err e);
/* 400 with the given JSON body (field errors). */
struct reply *reply_invalid(struct str json);
struct reply *reply_close(struct reply *r); /* and close the connection after it */
/* A body that comes in pieces, for what is too long to be made at once. `more` appends the next piece, some ten kilobytes, and says
 * when it was the last; it runs on a thread of the server's own that all such bodies share, so it may read a store, briefly. After an
 * error the connection is closed, which tells the client that the body is not whole. `end` frees `arg`: once, whatever became of
 * the reply, on any thread. */
struct reply_source {
    enum err (*more)(void *arg, struct buf *out, bool *ret_last);
    void (*end)(void *arg);
    void *arg;
};
struct reply *reply_stream(int status, const char *content_type, const struct reply_source *source);
/* No answer at all: the connection is closed. For simulators of peers that fail. */
struct reply *reply_drop(void);
/* A body that comes at 1 to 1000 bytes a second; more is taken as 1000. The same use. */
struct reply *reply_slow(int status, const char *content_type, struct str body, int bytes_per_s);

#endif
