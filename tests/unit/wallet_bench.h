/* A registry with one bKash credential against a scripted wallet on loopback. Header only, for unit tests. */
#ifndef KASSA_TESTS_UNIT_WALLET_BENCH_H
#define KASSA_TESTS_UNIT_WALLET_BENCH_H

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "peer.h"
#include "wallet/connector.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum route {
    ROUTE_GRANT,
    ROUTE_REFRESH,
    ROUTE_CREATE,
    ROUTE_EXECUTE,
    ROUTE_QUERY,
    ROUTE_REFUND,
    ROUTE_REFUND_STATUS,
    ROUTE_REFUND_V1,
    ROUTE_OTHER,
    ROUTE_COUNT
};

/* What the peer does with a request. A status of 0 drops the connection; `wait_ms` comes before the answer. */
struct script {
    int status;
    const char *body;
    int wait_ms;
};

#define SCRIPT_MAX 8

struct bench_route {
    struct script script[SCRIPT_MAX]; /* in order; the last one again and again */
    int scripts, calls;
    struct peer_request last;
};

struct bench {
    struct peer *peer;
    char base_url[64];
    struct clock clock;
    _Atomic int64_t now_ms;
    struct config config;
    struct httpc *httpc;
    struct wallets *wallets;
    pthread_mutex_t lock; /* guards what follows */
    struct bench_route routes[ROUTE_COUNT];
    /* the host */
    char token[9000], refresh[9000];
    int64_t expires_at, refresh_expires_at;
    bool has_token;
    enum err load_error, save_error;
    int64_t version; /* of the token, the host's */
    int budget, taken, returned, saved, turn, others_turn;
};

static inline enum route bench_route_of(const char *path)
{
    static const char *const paths[ROUTE_OTHER] = {
        [ROUTE_GRANT] = "/v1/tokenized/checkout/token/grant",
        [ROUTE_REFRESH] = "/v1/tokenized/checkout/token/refresh",
        [ROUTE_CREATE] = "/v1/tokenized/checkout/create",
        [ROUTE_EXECUTE] = "/v1/tokenized/checkout/execute",
        [ROUTE_QUERY] = "/v1/tokenized/checkout/payment/status",
        [ROUTE_REFUND] = "/v2/tokenized-checkout/refund/payment/transaction",
        [ROUTE_REFUND_STATUS] = "/v2/tokenized-checkout/refund/payment/status",
        [ROUTE_REFUND_V1] = "/v1/tokenized/checkout/payment/refund",
    };
    for (int i = 0; i < ROUTE_OTHER; i++)
        if (strcmp(path, paths[i]) == 0)
            return (enum route)i;
    return ROUTE_OTHER;
}

static inline bool bench_answer(struct peer *p, int fd, const struct peer_request *rq)
{
    struct bench *b = p->arg;
    pthread_mutex_lock(&b->lock);
    struct bench_route *r = &b->routes[bench_route_of(rq->path)];
    int i = r->calls++;
    struct script s =
        r->scripts ? r->script[i < r->scripts ? i : r->scripts - 1] : (struct script){0};
    r->last = *rq;
    pthread_mutex_unlock(&b->lock);
    peer_wait(p, s.wait_ms);
    return s.status && peer_answer(fd, s.status, s.body);
}

static inline void bench_script(struct bench *b, enum route route, int status, const char *body)
{
    pthread_mutex_lock(&b->lock);
    struct bench_route *r = &b->routes[route];
    assert_true(r->scripts < SCRIPT_MAX);
    r->script[r->scripts++] = (struct script){status, body, 0};
    pthread_mutex_unlock(&b->lock);
}

static inline int bench_calls(struct bench *b, enum route route)
{
    pthread_mutex_lock(&b->lock);
    int n = b->routes[route].calls;
    pthread_mutex_unlock(&b->lock);
    return n;
}

static inline enum err bench_token_load(
    void *arg, int64_t id, void (*fn)(void *, const struct wallet_token *), void *fn_arg)
{
    struct bench *b = arg;
    assert(id == 7);
    if (b->load_error)
        return b->load_error;
    if (!b->has_token)
        return ERR_NO_ROW;
    struct wallet_token t = {
        .token = str_from(b->token),
        .refresh = b->refresh[0] ? str_from(b->refresh) : STR_ABSENT,
        .expires_at = b->expires_at,
        .refresh_expires_at = b->refresh_expires_at,
        .version = b->version,
    };
    fn(fn_arg, &t);
    return ERR_OK;
}

static inline enum err bench_token_save(
    void *arg, int64_t id, const struct wallet_token *t, int64_t *ret_version)
{
    struct bench *b = arg;
    assert(id == 7);
    pthread_mutex_lock(&b->lock);
    b->saved++;
    b->has_token = true;
    snprintf(b->token, sizeof(b->token), "%.*s", STR_FMT(t->token));
    snprintf(b->refresh, sizeof(b->refresh), "%.*s", STR_FMT(t->refresh));
    b->expires_at = t->expires_at;
    b->refresh_expires_at = t->refresh_expires_at;
    b->turn = 0;
    if (!b->save_error)
        *ret_version = ++b->version;
    pthread_mutex_unlock(&b->lock);
    return b->save_error;
}

/* Another process has its turn as often as `others_turn` says, and may leave a token behind. */
static inline enum err bench_turn_take(void *arg, int64_t id, int64_t version)
{
    struct bench *b = arg;
    assert(id == 7);
    pthread_mutex_lock(&b->lock);
    bool busy = b->others_turn > 0;
    b->others_turn -= busy;
    enum err e = busy ? ERR_BUSY : version != b->version ? ERR_CONFLICT : ERR_OK;
    b->turn += e == ERR_OK;
    pthread_mutex_unlock(&b->lock);
    return e;
}

static inline void bench_turn_end(void *arg, int64_t id)
{
    struct bench *b = arg;
    assert(id == 7);
    pthread_mutex_lock(&b->lock);
    b->turn = 0;
    pthread_mutex_unlock(&b->lock);
}

static inline enum err bench_budget_take(void *arg, int64_t id)
{
    struct bench *b = arg;
    assert(id == 7);
    pthread_mutex_lock(&b->lock);
    bool left = b->taken - b->returned < b->budget;
    b->taken += left;
    pthread_mutex_unlock(&b->lock);
    return left ? ERR_OK : ERR_BUDGET;
}

static inline void bench_budget_return(void *arg, int64_t id)
{
    struct bench *b = arg;
    assert(id == 7);
    pthread_mutex_lock(&b->lock);
    b->returned++;
    pthread_mutex_unlock(&b->lock);
}

static inline int64_t bench_now(void *arg)
{
    struct bench *b = arg;
    return atomic_load(&b->now_ms);
}

static inline void bench_put(struct bench *b, const char *base_url, const char *app_key)
{
    struct wallet_credential c = {
        .id = 7,
        .wallet = WALLET_BKASH,
        .base_url = str_from(base_url),
        .username = STR("user"),
        .password = STR("pass"),
        .app_key = str_from(app_key),
        .app_secret = STR("secret"),
    };
    wallets_put(b->wallets, &c);
}

static inline struct bench *bench_new(void)
{
    struct bench *b = mem_alloc(sizeof(*b));
    pthread_mutex_init(&b->lock, NULL);
    atomic_store(&b->now_ms, INT64_C(1795000000000));
    clock_init(&b->clock);
    b->clock.wall_ms = bench_now;
    b->clock.arg = b;
    log_init(&b->clock, LOG_LEVEL_ALARM, open("/dev/null", O_WRONLY | O_CLOEXEC));
    b->config.wallet_timeout_ms = 2000;
    b->config.wallet_connect_timeout_ms = 1000;
    b->config.wallet_proxy = mem_strdup("");
    b->budget = 2;
    b->peer = peer_start(bench_answer, b);
    snprintf(b->base_url, sizeof(b->base_url), "http://127.0.0.1:%d/v1", b->peer->port);
    struct wallet_host host = {
        .arg = b,
        .token_load = bench_token_load,
        .token_save = bench_token_save,
        .token_turn_take = bench_turn_take,
        .token_turn_end = bench_turn_end,
        .token_budget_take = bench_budget_take,
        .token_budget_return = bench_budget_return,
    };
    assert_int_equal(httpc_start(64, &b->httpc), ERR_OK);
    assert_int_equal(wallets_new(b->httpc, &b->clock, &b->config, &host, &b->wallets), ERR_OK);
    bench_put(b, b->base_url, "app");
    return b;
}

static inline void bench_free(struct bench *b)
{
    httpc_stop(b->httpc);
    wallets_free(b->wallets);
    peer_stop(b->peer);
    mem_free(b->config.wallet_proxy);
    mem_free(b);
}

/* What a call answered. */
struct told {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int done;
    struct wallet_answer answer; /* its texts are dead: the copies below live */
    char code[64], message[512], ref[80], url[256], trx_id[80], currency[16], invoice[64],
        payer[32], challenge[64];
};

#define TOLD_COPY(t, a, field) snprintf((t)->field, sizeof((t)->field), "%.*s", STR_FMT((a)->field))

static inline void told_set(void *arg, const struct wallet_answer *a)
{
    struct told *t = arg;
    pthread_mutex_lock(&t->lock);
    t->done++;
    t->answer = *a;
    TOLD_COPY(t, a, code);
    TOLD_COPY(t, a, message);
    TOLD_COPY(t, a, ref);
    TOLD_COPY(t, a, url);
    TOLD_COPY(t, a, trx_id);
    TOLD_COPY(t, a, currency);
    TOLD_COPY(t, a, invoice);
    TOLD_COPY(t, a, payer);
    TOLD_COPY(t, a, challenge);
    pthread_cond_broadcast(&t->cond);
    pthread_mutex_unlock(&t->lock);
}

static inline void told_init(struct told *t)
{
    *t = (struct told){0};
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->cond, NULL);
}

static inline void told_wait(struct told *t)
{
    pthread_mutex_lock(&t->lock);
    while (!t->done)
        pthread_cond_wait(&t->cond, &t->lock);
    pthread_mutex_unlock(&t->lock);
    assert_int_equal(t->done, 1);
}

static inline void create_send(const struct wallet_ops *ops, struct bench *b, struct told *t)
{
    struct wallet_create c = {
        .credential_id = 7,
        .invoice = STR("INV0124"),
        .amount = money_poisha(50000),
        .currency = STR("BDT"),
        .callback_url = STR("https://gw.example/cb/bkash/p_123"),
        .payer_reference = STR("ref-1"),
    };
    told_init(t);
    ops->create(b->wallets, &c, told_set, t);
}

/* The lock: so that what the peer noted of the request may be read without it. */
static inline void bench_wait(struct bench *b, struct told *t)
{
    told_wait(t);
    bench_calls(b, ROUTE_OTHER);
}

static inline void create_once(struct bench *b, struct told *t)
{
    create_send(&bkash_ops, b, t);
    bench_wait(b, t);
}

static inline void execute_once(struct bench *b, struct told *t)
{
    told_init(t);
    bkash_ops.execute(b->wallets, 7, STR("TR0011abc"), told_set, t);
    bench_wait(b, t);
}

static inline void query_once(struct bench *b, struct told *t)
{
    told_init(t);
    bkash_ops.query(b->wallets, 7, STR("TR0011abc"), told_set, t);
    bench_wait(b, t);
}

#define assert_told(t, outcome_, code_)                                                            \
    do {                                                                                           \
        assert_int_equal((t)->answer.outcome, (outcome_));                                         \
        assert_string_equal((t)->code, (code_));                                                   \
    } while (0)

#define GRANT_1                                                                                    \
    "{\"statusCode\":\"0000\",\"statusMessage\":\"Successful\",\"id_token\":\"token-1\","          \
    "\"token_type\":\"Bearer\",\"expires_in\":3600,\"refresh_token\":\"refresh-1\"}"
#define GRANT_2 "{\"id_token\":\"token-2\",\"expires_in\":\"3600\",\"refresh_token\":\"refresh-2\"}"
#define CREATED                                                                                    \
    "{\"statusCode\":\"0000\",\"statusMessage\":\"Successful\",\"paymentID\":\"TR0011abc\","       \
    "\"bkashURL\":\"https://pay.example/?paymentId=TR0011abc\",\"amount\":\"500\","                \
    "\"currency\":\"BDT\",\"transactionStatus\":\"Initiated\",\"merchantInvoiceNumber\":"          \
    "\"INV0124\"}"
#define EXECUTED                                                                                   \
    "{\"statusCode\":\"0000\",\"statusMessage\":\"Successful\",\"paymentID\":\"TR0011abc\","       \
    "\"customerMsisdn\":\"01700000001\",\"trxID\":\"6H7800QFYM\",\"amount\":\"500\","              \
    "\"transactionStatus\":\"Completed\",\"currency\":\"BDT\",\"intent\":\"sale\","                \
    "\"merchantInvoiceNumber\":\"INV0124\"}"
#define INITIATED                                                                                  \
    "{\"statusCode\":\"0000\",\"paymentID\":\"TR0011abc\",\"amount\":\"500\",\"currency\":"        \
    "\"BDT\",\"transactionStatus\":\"Initiated\",\"verificationStatus\":\"Incomplete\","           \
    "\"merchantInvoice\":\"INV0124\"}"
#define UNAUTHORIZED "{\"message\":\"Unauthorized\"}"

#endif
