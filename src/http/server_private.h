/* What server.c, request.c, headers.c and reply.c share. Nobody else includes it. */
#ifndef KASSA_HTTP_SERVER_PRIVATE_H
#define KASSA_HTTP_SERVER_PRIVATE_H

#include "http/server.h"
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/* A body that will be refused is still read up to here, so that its sender can read the answer. */
#define BODY_DISCARD_MAX ((size_t)1024 * 1024)

struct acceptor;
struct worker;
struct linger_set;
struct deadline;
struct streams;

struct server {
    struct server_options options; /* texts are the server's own copies */
    struct worker **workers;
    int worker_count;
    struct acceptor *acceptor;
    struct linger_set *linger;
    struct streams *streams; /* bodies that are made in pieces */
    atomic_int connections;
    atomic_int refs; /* the owner's and one for each request */
    atomic_int open; /* requests whose headers were read and whose reply is not sent */
    atomic_int
        answering; /* threads inside request_answer, and bodies in the making, that may still touch a daemon */
    atomic_bool stopping;   /* every further reply closes its connection */
    atomic_bool abandoning; /* nothing may be parked any more */
};

/* A worker's parked requests. Linked and unlinked on its thread; the lock is for requests_abandon. */
struct parking {
    pthread_mutex_t lock;
    struct request_private *first;
};

enum park_state {
    PARK_NONE,
    PARK_HANDED_OUT, /* request_park was called, the connection is not suspended (yet) */
    PARK_SUSPENDED,
    PARK_ANSWERED,
    PARK_ABANDONED /* the server stopped first: the late answer is thrown away */
};

/* One reference is the connection's; a parked request has a second, which request_answer gives back. */
struct request_private {
    struct request rq;
    struct server *server;
    struct worker *worker;
    struct MHD_Connection *connection;
    struct deadline *deadline; /* the connection's */
    struct buf body;
    enum err verdict; /* found at the headers; the answer once the body is read */
    struct str
        target; /* the request line's, in the library's memory: only until the first step ends */
    bool headers_seen;
    bool discard; /* the body is read only to be thrown away */
    bool last;    /* the connection ends with this request */
    size_t discarded;
    atomic_int refs;
    atomic_int park;
    struct reply *answer; /* or what makes it: */
    struct reply *(*answer_make)(void *arg);
    void *answer_arg;
    struct request_private *prev, *next; /* of the worker's parking */
};

struct slow;
struct stream;

struct reply {
    struct MHD_Response *response;
    int status;
    bool close;
    bool cache_control;
    struct slow *slow;     /* of a trickling body; the response's */
    struct stream *stream; /* of a body in pieces; the response's */
    bool drop;             /* the connection is closed instead of answered */
};

/* ---- acceptor.c ---- */
/* Binds; nothing is accepted before acceptor_run. ERR_CONFIG, ERR_IO with text in `why`. */
enum err acceptor_new(struct str listen, struct buf *why, struct acceptor **ret) must_check;
int acceptor_port(const struct acceptor *a);
enum err acceptor_run(struct acceptor *a, struct server *s) must_check;
/* No connection is accepted after this; the socket is closed. */
void acceptor_free(struct acceptor *a);

/* ---- worker.c ---- */
/* NULL: the library refused. */
typedef struct MHD_Daemon *(*worker_daemon_fn)(struct server *s, struct worker *w);
/* ERR_CONFIG: no daemon; ERR_IO: no thread. */
enum err worker_start(
    struct server *s, worker_daemon_fn daemon_start, struct worker **ret) must_check;
struct server *worker_server(struct worker *w);
struct parking *worker_parking(struct worker *w);
/* The only way to resume a suspended connection of this worker. Any thread. */
void worker_resume(struct worker *w, struct MHD_Connection *c);
/* Hands over an accepted connection, counted in server.connections already. Any thread. */
void worker_give(struct worker *w, int fd, const struct sockaddr_storage *peer, socklen_t n);
/* Ends the thread, closes its connections, frees. */
void worker_stop(struct worker *w);
/* Of a new connection. On the worker's thread. */
struct deadline *worker_deadline_new(struct worker *w, struct MHD_Connection *c);

/* ---- deadline.c ---- */
/* What a connection waits for. */
enum deadline_kind {
    DEADLINE_FIRST_HEADERS,
    DEADLINE_NEXT_HEADERS,
    DEADLINE_BODY,
    DEADLINE_NONE /* nothing that its peer owes us */
};
struct deadlines {
    int64_t limit_ms[DEADLINE_NONE]; /* 0: no limit */
    struct deadline *first[DEADLINE_NONE], *last[DEADLINE_NONE];
};
struct deadline {
    struct deadlines *all;
    int fd;
    enum deadline_kind kind; /* the list that it is in */
    int64_t at_ms;
    struct deadline *prev, *next;
};
void deadlines_init(struct deadlines *all, const struct server_options *o);
struct deadline *deadline_new(struct deadlines *all, int fd);
void deadline_free(struct deadline *d);
/* From now; what ran before ends. */
void deadline_begin(struct deadline *d, enum deadline_kind kind);
void deadline_end(struct deadline *d);
/* Shuts down whom its time is over for. Returns how long the next one has, -1 when there is none. */
int64_t deadlines_sweep(struct deadlines *all);

/* ---- linger.c ---- */
struct linger_set *linger_new(void);
void linger_free(struct linger_set *l);
/* The connection's reply is about to be sent and its body is not read: it is closed so that the reply arrives. Any thread. */
void linger_add(struct linger_set *l, struct MHD_Connection *c);

/* ---- headers.c ---- */
struct header_facts {
    bool malformed;
    bool chunked;
    bool expect;            /* an Expect header: the body waits for our consent */
    int64_t content_length; /* -1: none */
    struct str content_type;
    struct str forwarded_for; /* the last X-Forwarded-For */
};
/* The three texts of the request line are the library's own memory, where the headers lie behind them. */
void headers_walk(struct MHD_Connection *c, const char *method, struct str target,
    const char *version, struct header_facts *ret);
/* application/json, with or without parameters, in any case. */
bool content_type_is_json(struct str value);

/* ---- client_ip.c ---- */
/* Sets rq.client_ip. */
void client_ip_find(struct request_private *p, const struct header_facts *f);

/* ---- route_match.c ---- */
/* ERR_OK with the route and its variable segment (absent: none), ERR_NOT_FOUND, ERR_METHOD. */
enum err route_match(const struct route *routes, struct str method, struct str path,
    const struct route **ret_route, struct str *ret_param) must_check;
/* Appends "GET, HEAD, POST": the methods that the path has. */
void route_allow(const struct route *routes, struct str path, struct buf *out);

/* ---- request.c ---- */
struct request_private *request_new(struct worker *w, struct MHD_Connection *c, const char *uri);
void request_unref(struct request_private *p);
enum MHD_Result request_step(struct request_private *p, const char *method, const char *version,
    const char *data, size_t *n);
void request_completed(struct request_private *p);
/* Ends all parking: what is parked is answered with ERR_STOPPING. */
void requests_abandon(struct server *s);
void server_unref(struct server *s);

/* ---- reply.c ---- */
enum MHD_Result reply_queue(struct request_private *p, struct reply *r);
void reply_free(struct reply *r);
/* ---- reply_slow.c ---- */
void reply_slow_bind(struct slow *s, struct request_private *p);
/* ---- reply_stream.c ---- */
struct streams *streams_new(void);
/* When `answering` is 0 and no connection runs any more. */
void streams_free(struct streams *x);
void reply_stream_bind(struct stream *s, struct request_private *p);
/* What request_park returns. */
extern struct reply reply_parked;

#endif
