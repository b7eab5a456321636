/* What kassad alone knows is asked at its operations listener. */
#include "app/cli/cli.h"

#include "wallet/httpc.h"
#include <pthread.h>
#include <stdio.h>

#define REPLY_MAX ((size_t)1 << 20)
#define CONNECT_MS 2000

struct call {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done, answered;
    int status;
    struct buf body;
};

static void call_done(void *arg, const struct httpc_result *r)
{
    struct call *k = arg;
    pthread_mutex_lock(&k->lock);
    k->answered = r->outcome == HTTPC_ANSWERED;
    k->status = r->status;
    if (k->answered) {
        buf_str(&k->body, r->body);
    }
    k->done = true;
    pthread_cond_signal(&k->ended);
    pthread_mutex_unlock(&k->lock);
}

/* An address that kassad listens on for everybody is no address to call. */
static void url_write(const struct cli *c, const char *path, struct buf *ret)
{
    struct str listen = str_from(c->config.server_ops_listen);
    if (str_starts(listen, STR("0.0.0.0:"))) {
        buf_cstr(ret, "http://127.0.0.1");
        buf_str(ret, str_sub(listen, 7, listen.n));
    } else if (str_starts(listen, STR("[::]:"))) {
        buf_cstr(ret, "http://[::1]");
        buf_str(ret, str_sub(listen, 4, listen.n));
    } else {
        buf_cstr(ret, "http://");
        buf_str(ret, listen);
    }
    buf_cstr(ret, path);
}

static void call_make(
    struct httpc *h, struct call *k, struct str url, struct str body, int64_t timeout_ms)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct httpc_request rq = {
        .method = str_absent(body) ? "GET" : "POST",
        .url = url,
        .headers = headers,
        .body = body,
        .timeout_ms = timeout_ms,
        .connect_timeout_ms = CONNECT_MS,
        .reply_max = REPLY_MAX,
        .proxy = STR_ABSENT,
        .tls_certificate = STR_ABSENT,
        .tls_key = STR_ABSENT,
        .tls_issuers = STR_ABSENT,
        .done = call_done,
        .arg = k,
    };
    if (httpc_submit(h, &rq) != ERR_OK) {
        return;
    }
    pthread_mutex_lock(&k->lock);
    while (!k->done) {
        pthread_cond_wait(&k->ended, &k->lock);
    }
    pthread_mutex_unlock(&k->lock);
}

bool cli_ops_call(struct cli *c, const char *path, struct str body, int64_t timeout_ms,
    int *ret_status, const struct json **ret)
{
    struct call k = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
    struct httpc *h = NULL;
    struct buf url;
    struct json *tree = NULL;
    const char *why;
    buf_init(&url, 1024);
    buf_init(&k.body, REPLY_MAX);
    url_write(c, path, &url);
    if (httpc_start(1, &h) == ERR_OK) {
        call_make(h, &k, buf_view(&url), body, timeout_ms);
        httpc_stop(h);
    }
    if (k.answered) {
        struct str text = arena_copy(&c->arena, buf_view(&k.body));
        bool good = json_parse(&c->arena, text, &tree, &why) == ERR_OK;
        *ret = good && tree->type == JSON_OBJECT ? tree : NULL;
        *ret_status = k.status;
    }
    buf_clear(&url);
    buf_clear(&k.body);
    return k.answered;
}
