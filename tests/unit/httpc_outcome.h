/* Makes one outgoing call and keeps what came of it. Header only, for the unit tests of httpc. */
#ifndef KASSA_TESTS_UNIT_HTTPC_OUTCOME_H
#define KASSA_TESTS_UNIT_HTTPC_OUTCOME_H

#include "base/clock.h"
#include "peer.h"
#include "wallet/httpc.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What came of one call, kept behind the callback. */
struct outcome {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int done;
    enum httpc_outcome outcome;
    int status;
    char error[32];
    char body[4096];
    size_t body_n;
    bool truncated;
    char retry_after[64], content_type[64];
    int64_t at_ms;
};

static inline void outcome_init(struct outcome *o)
{
    *o = (struct outcome){.outcome = (enum httpc_outcome)99};
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->cond, NULL);
}

static inline void on_done(void *arg, const struct httpc_result *r)
{
    struct outcome *o = arg;
    pthread_mutex_lock(&o->lock);
    o->done++;
    o->outcome = r->outcome;
    o->status = r->status;
    o->truncated = r->truncated;
    o->body_n = r->body.n;
    snprintf(o->error, sizeof(o->error), "%s", r->error ? r->error : "");
    snprintf(o->body, sizeof(o->body), "%.*s", STR_FMT(r->body));
    snprintf(o->retry_after, sizeof(o->retry_after), "%.*s", STR_FMT(r->retry_after));
    snprintf(o->content_type, sizeof(o->content_type), "%.*s", STR_FMT(r->content_type));
    o->at_ms = clock_mono_ms();
    pthread_cond_broadcast(&o->cond);
    pthread_mutex_unlock(&o->lock);
}

static inline void outcome_wait(struct outcome *o)
{
    pthread_mutex_lock(&o->lock);
    while (!o->done)
        pthread_cond_wait(&o->cond, &o->lock);
    pthread_mutex_unlock(&o->lock);
}

static inline struct httpc_request request_to(const char *url, struct outcome *o)
{
    return (struct httpc_request){
        .method = "POST",
        .url = str_from(url),
        .body = STR("{\"a\":1}"),
        .timeout_ms = 5000,
        .connect_timeout_ms = 2000,
        .reply_max = 262144,
        .done = on_done,
        .arg = o,
    };
}

static inline void submit(struct httpc *h, const struct httpc_request *rq)
{
    assert_int_equal(httpc_submit(h, rq), ERR_OK);
}

static inline void url_of(const struct peer *p, char out[64])
{
    snprintf(out, 64, "http://127.0.0.1:%d/x", p->port);
}

/* One call to a peer that behaves as `fn`; `change` alters the request. */
static inline void call_once(peer_fn fn, void (*change)(struct httpc_request *), struct outcome *o)
{
    struct httpc *h;
    assert_int_equal(httpc_start(4, &h), ERR_OK);
    struct peer *p = peer_start(fn, NULL);
    char url[64];
    url_of(p, url);
    outcome_init(o);
    struct httpc_request rq = request_to(url, o);
    if (change)
        change(&rq);
    submit(h, &rq);
    outcome_wait(o);
    httpc_stop(h);
    peer_stop(p);
    assert_int_equal(o->done, 1);
}

static inline void assert_failed(
    const struct outcome *o, enum httpc_outcome outcome, const char *error)
{
    assert_int_equal(o->outcome, outcome);
    assert_string_equal(o->error, error);
    assert_int_equal(o->status, 0);
}

static inline bool answer_echo(struct peer *p, int fd, const struct peer_request *rq)
{
    (void)p;
    char body[20000];
    snprintf(body, sizeof(body), "%s", rq->head);
    return peer_answer(fd, 200, body);
}

#endif
