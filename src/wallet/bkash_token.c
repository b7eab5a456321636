#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "wallet/bkash.h"

/* A token is renewed while it is still good for this long; a short-lived one when a quarter of its life is left. */
#define RENEW_EARLY_MS INT64_C(300000)
#define RENEW_AGAIN_MS INT64_C(60000)
#define REFRESH_LIFE_MS (INT64_C(28) * 24 * 3600 * 1000)
#define BODY_MAX ((size_t)32768)
/* How often is asked for the turn while another process has it. */
#define TURN_AGAIN_MS 500

/* The state of a slot. */
struct bkash_token {
    struct wallet_slot *slot;
    int64_t generation; /* of the secret whose token it is */
    bool loaded;        /* the host was asked */
    char *token, *refresh;
    int64_t serial;
    int64_t version; /* the host's, of the last one that was loaded or saved */
    int64_t expires_at, refresh_expires_at, renew_at;
    /* the renewal under way */
    bool busy, refreshing;
    bool has_turn;
    struct wallet_secret *secret;
    struct bkash_waiter *first, *last;
};

static void text_drop(char **s)
{
    if (*s)
        mem_wipe(*s, strlen(*s));
    mem_free(*s);
    *s = NULL;
}

static void token_free(void *state)
{
    struct bkash_token *t = state;
    text_drop(&t->token);
    text_drop(&t->refresh);
    wallet_secret_unref(t->slot->w, t->secret);
    mem_free(t);
}

static int64_t now_of(const struct bkash_token *t)
{
    return clock_now_ms(t->slot->w->clock);
}

static void text_set(char **to, struct str s)
{
    text_drop(to);
    if (s.n > 0)
        *to = mem_strndup(s.p, s.n);
}

static void token_set(struct bkash_token *t, const struct wallet_token *k)
{
    int64_t life = k->expires_at - now_of(t);
    text_set(&t->token, k->token);
    text_set(&t->refresh, k->refresh);
    t->serial++;
    t->expires_at = k->expires_at;
    t->refresh_expires_at = k->refresh_expires_at;
    t->renew_at = k->expires_at - (life / 4 < RENEW_EARLY_MS ? life / 4 : RENEW_EARLY_MS);
}

static void on_loaded(void *arg, const struct wallet_token *k)
{
    struct bkash_token *t = arg;
    token_set(t, k);
    t->version = k->version;
    t->renew_at = k->expires_at - RENEW_EARLY_MS; /* how long its life was is not known any more */
}

/* False when the host could not tell: a renewal might then waste the budget. */
static bool token_load(struct bkash_token *t)
{
    const struct wallet_host *host = &t->slot->w->host;
    if (t->loaded)
        return true;
    enum err e = host->token_load(host->arg, t->slot->id, on_loaded, t);
    t->loaded = e == ERR_OK || e == ERR_NO_ROW;
    if (!t->loaded)
        log_error("bkash_token_not_loaded", LOG_I("credential", t->slot->id), LOG_ERR(e));
    return t->loaded;
}

static void token_save(struct bkash_token *t)
{
    const struct wallet_host *host = &t->slot->w->host;
    struct wallet_token k = {
        .token = str_from(t->token),
        .refresh = str_from(t->refresh),
        .expires_at = t->expires_at,
        .refresh_expires_at = t->refresh_expires_at,
    };
    enum err e = host->token_save(host->arg, t->slot->id, &k, &t->version);
    if (e)
        log_error("bkash_token_not_saved", LOG_I("credential", t->slot->id), LOG_ERR(e));
}

static struct bkash_token *token_of(struct wallet_slot *slot, const struct wallet_secret *secret)
{
    struct bkash_token *t = slot->state;
    if (!t) {
        t = mem_alloc(sizeof(*t));
        t->slot = slot;
        t->generation = secret->generation;
        slot->state = t;
        slot->state_free = token_free;
    }
    if (t->generation < secret->generation) {
        /* other credentials: the old ones' token is not theirs */
        t->generation = secret->generation;
        t->loaded = true;
        t->expires_at = 0;
        text_drop(&t->token);
        text_drop(&t->refresh);
    }
    return t;
}

/* Tells all who wait; new ones may come while it does. */
static void renewal_end(struct bkash_token *t, const struct bkash_token_result *r)
{
    struct bkash_waiter *waiter = t->first;
    wallet_secret_unref(t->slot->w, t->secret);
    t->secret = NULL;
    t->busy = false;
    t->first = t->last = NULL;
    for (struct bkash_waiter *next; waiter; waiter = next) {
        next = waiter->next;
        waiter->fn(waiter, r);
    }
}

static void renewal_fail(
    struct bkash_token *t, const char *code, enum connector_health health, const char *reason)
{
    const struct wallet_host *host = &t->slot->w->host;
    struct bkash_token_result r = {.code = code, .health = health, .reason = reason};
    log_warn("bkash_token_renewal_failed", LOG_I("credential", t->slot->id), LOG_C("code", code));
    if (t->token)
        t->renew_at = now_of(t) + RENEW_AGAIN_MS;
    if (t->has_turn)
        host->token_turn_end(host->arg, t->slot->id);
    t->has_turn = false;
    renewal_end(t, &r);
}

/* With a token that is good. */
static void renewal_tell(struct bkash_token *t)
{
    /* the waiters' own text: one of them may reject the token while others are still told */
    cleanup(mem_free_at) char *token = mem_strdup(t->token);
    struct bkash_token_result r = {.token = token, .serial = t->serial};
    t->has_turn = false;
    renewal_end(t, &r);
    mem_wipe(token, strlen(token));
}

static void renewal_done(struct bkash_token *t, const struct bkash_grant *g)
{
    int64_t now = now_of(t);
    struct str refresh = g->refresh;
    int64_t refresh_expires_at = now + REFRESH_LIFE_MS;
    char *kept = NULL;
    if (str_absent(refresh) && t->refresh && t->refreshing) {
        kept = mem_strdup(t->refresh);
        refresh = str_from(kept);
        refresh_expires_at = t->refresh_expires_at;
    }
    struct wallet_token k = {
        .token = g->token,
        .refresh = refresh,
        .expires_at = now + g->expires_in_s * 1000,
        .refresh_expires_at = refresh_expires_at,
    };
    token_set(t, &k);
    text_drop(&kept);
    metric_add(METRIC_wallet_token_renewals_total, 1);
    log_info("bkash_token_renewed", LOG_I("credential", t->slot->id),
        LOG_C("by", t->refreshing ? "refresh" : "grant"), LOG_I("expires_in_s", g->expires_in_s));
    if (t->generation == t->secret->generation)
        token_save(t);
    renewal_tell(t);
}

static void renewal_send(struct bkash_token *t);

static void renewal_refused(
    struct bkash_token *t, const struct bkash_grant *g, enum bkash_grant_result result)
{
    log_warn("bkash_token_refused", LOG_I("credential", t->slot->id),
        LOG_C("by", t->refreshing ? "refresh" : "grant"), LOG_S("code", g->code),
        LOG_S("message", g->message));
    if (t->refreshing) {
        t->refreshing = false;
        text_drop(&t->refresh);
        renewal_send(t);
    } else if (result == BKASH_GRANT_REFUSED) {
        renewal_fail(t, "token_refused", CONNECTOR_HEALTH_TRIP, "token refused");
    } else {
        renewal_fail(t, "token_unclear", CONNECTOR_HEALTH_BY_OUTCOME, NULL);
    }
}

static void on_renewal(void *arg, const struct httpc_result *r)
{
    struct bkash_token *t = arg;
    const struct wallet_host *host = &t->slot->w->host;
    connector_http_note(r);
    if (r->outcome != HTTPC_ANSWERED) {
        bool stopping = strcmp(r->error, "stopping") == 0;
        bool not_sent = r->outcome == HTTPC_NOT_SENT;
        if (not_sent && !stopping && host->token_budget_return)
            host->token_budget_return(host->arg, t->slot->id);
        renewal_fail(t,
            stopping   ? "stopping"
            : not_sent ? "unreachable"
                       : "token_no_answer",
            stopping ? CONNECTOR_HEALTH_NONE : CONNECTOR_HEALTH_BY_OUTCOME, NULL);
        return;
    }
    struct arena arena;
    struct bkash_grant g;
    arena_init(&arena, BKASH_ARENA_MAX);
    enum bkash_grant_result result = bkash_read_grant(&arena, r->status, r->body, &g);
    if (result == BKASH_GRANT_OK)
        renewal_done(t, &g);
    else
        renewal_refused(t, &g, result);
    arena_clear(&arena);
}

static void body_write(const struct bkash_token *t, struct buf *b)
{
    struct json_writer w;
    buf_init(b, BODY_MAX);
    json_w_init(&w, b);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "app_key", t->secret->app_key);
    json_w_kcstr(&w, "app_secret", t->secret->app_secret);
    if (t->refreshing)
        json_w_kcstr(&w, "refresh_token", t->refresh);
    json_w_close(&w);
}

static enum err renewal_http(struct bkash_token *t)
{
    struct buf username, password, body;
    buf_init(&username, 1024);
    buf_init(&password, 1024);
    buf_printf(&username, "username: %s", t->secret->username);
    buf_printf(&password, "password: %s", t->secret->password);
    body_write(t, &body);
    const char *const headers[] = {
        "Content-Type: application/json",
        "Accept: application/json",
        buf_view(&username).p,
        buf_view(&password).p,
        NULL,
    };
    struct connector_http rq = {
        .method = "POST",
        .path =
            t->refreshing ? "/tokenized/checkout/token/refresh" : "/tokenized/checkout/token/grant",
        .headers = headers,
        .body = buf_view(&body),
        .fresh_connect = true,
        .proxy = t->slot->w->config->wallet_bkash_proxy,
        .done = on_renewal,
        .arg = t,
    };
    enum err e = connector_http_send(t->slot->w, t->secret, &rq);
    buf_wipe(&username);
    buf_wipe(&password);
    buf_wipe(&body);
    return e;
}

static void on_newer(void *arg, const struct wallet_token *k)
{
    struct bkash_token *t = arg;
    token_set(t, k);
    t->version = k->version;
}

/* Another process has got a token meanwhile. */
static void renewal_load(struct bkash_token *t)
{
    const struct wallet_host *host = &t->slot->w->host;
    enum err e = host->token_load(host->arg, t->slot->id, on_newer, t);
    if (e) {
        log_error("bkash_token_not_loaded", LOG_I("credential", t->slot->id), LOG_ERR(e));
        renewal_fail(t, "token_store", CONNECTOR_HEALTH_BY_OUTCOME, NULL);
    } else if (t->token && now_of(t) < t->renew_at) {
        renewal_tell(t);
    } else {
        t->refreshing = t->refresh && now_of(t) < t->refresh_expires_at;
        renewal_send(t);
    }
}

static void renewal_again(void *arg)
{
    renewal_send(arg);
}

/* True when it is this process's turn to ask the wallet; else the renewal goes on by itself, or has ended. */
static bool renewal_turn(struct bkash_token *t)
{
    const struct wallet_host *host = &t->slot->w->host;
    enum err e = host->token_turn_take(host->arg, t->slot->id, t->version);
    if (e == ERR_OK) {
        t->has_turn = true;
        return true;
    }
    if (e == ERR_CONFLICT) {
        renewal_load(t);
    } else if (e == ERR_BUSY) {
        if (httpc_defer(t->slot->w->httpc, TURN_AGAIN_MS, renewal_again, t))
            renewal_fail(t, "stopping", CONNECTOR_HEALTH_NONE, NULL);
    } else {
        log_error("bkash_token_turn_unknown", LOG_I("credential", t->slot->id), LOG_ERR(e));
        renewal_fail(t, "token_store", CONNECTOR_HEALTH_BY_OUTCOME, NULL);
    }
    return false;
}

static void renewal_send(struct bkash_token *t)
{
    const struct wallet_host *host = &t->slot->w->host;
    int64_t start = clock_mono_ms();
    if (!renewal_turn(t))
        return;
    enum err e = host->token_budget_take(host->arg, t->slot->id);
    if (e == ERR_BUDGET) {
        renewal_fail(t, "token_budget", CONNECTOR_HEALTH_TRIP, "token budget used up");
        return;
    }
    if (e) {
        log_error("bkash_token_budget_unknown", LOG_I("credential", t->slot->id), LOG_ERR(e));
        renewal_fail(t, "token_store", CONNECTOR_HEALTH_BY_OUTCOME, NULL);
        return;
    }
    /* A process that stood still here may have lost its turn, and its call would come in another hour than it is counted in. */
    if (clock_mono_ms() - start > t->slot->w->config->wallet_timeout_ms) {
        if (host->token_budget_return)
            host->token_budget_return(host->arg, t->slot->id);
        renewal_fail(t, "token_too_late", CONNECTOR_HEALTH_NONE, NULL);
        return;
    }
    if (renewal_http(t)) {
        if (host->token_budget_return)
            host->token_budget_return(host->arg, t->slot->id);
        renewal_fail(t, "stopping", CONNECTOR_HEALTH_NONE, NULL);
    }
}

static void renewal_start(struct bkash_token *t, struct wallet_secret *secret)
{
    t->busy = true;
    t->secret = wallet_secret_ref(t->slot->w, secret);
    t->refreshing = t->refresh && now_of(t) < t->refresh_expires_at;
    renewal_send(t);
}

static void waiter_add(struct bkash_token *t, struct bkash_waiter *waiter)
{
    waiter->next = NULL;
    if (t->last)
        t->last->next = waiter;
    else
        t->first = waiter;
    t->last = waiter;
}

/* A token that runs out soon is renewed beside the call that uses it, which need not wait. */
void bkash_token_get(
    struct wallet_slot *slot, struct wallet_secret *secret, struct bkash_waiter *waiter)
{
    struct bkash_token *t = token_of(slot, secret);
    if (!token_load(t)) {
        struct bkash_token_result r = {.code = "token_store"};
        waiter->fn(waiter, &r);
        return;
    }
    bool good = t->token && now_of(t) < t->expires_at;
    if (!good)
        waiter_add(t, waiter);
    if (!t->busy && (!good || now_of(t) >= t->renew_at))
        renewal_start(t, secret);
    if (!good)
        return;
    struct bkash_token_result r = {.token = t->token, .serial = t->serial};
    waiter->fn(waiter, &r);
}

void bkash_token_reject(struct wallet_slot *slot, int64_t serial)
{
    struct bkash_token *t = slot->state;
    if (!t || t->serial != serial)
        return;
    text_drop(&t->token);
    t->expires_at = 0;
}
