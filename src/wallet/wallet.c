#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "wallet/connector.h"

#define CIRCUIT_BROKEN_MAX 3
#define CIRCUIT_DOUBTFUL_MAX 20
#define CIRCUIT_OPEN_MS INT64_C(60000)

static const struct wallet_ops *const connectors[WALLET_COUNT] = {
    [WALLET_BKASH] = &bkash_ops,
    [WALLET_NAGAD] = &nagad_ops,
    [WALLET_ROCKET] = &ecomm_ops,
};

const struct wallet_ops *wallet_ops_find(enum wallet_kind kind)
{
    return (unsigned)kind < WALLET_COUNT ? connectors[kind] : NULL;
}

enum err wallets_new(struct httpc *h, const struct clock *clock, const struct config *config,
    const struct wallet_host *host, struct wallets **ret)
{
    struct wallets *w = mem_alloc(sizeof(*w));
    w->httpc = h;
    w->clock = clock;
    w->config = config;
    w->host = *host;
    pthread_mutex_init(&w->lock, NULL);
    *ret = w;
    return ERR_OK;
}

static void text_wipe(char *s)
{
    mem_wipe(s, strlen(s));
    mem_free(s);
}

static void secret_free(struct wallet_secret *s)
{
    text_wipe(s->base_url);
    text_wipe(s->username);
    text_wipe(s->password);
    text_wipe(s->app_key);
    text_wipe(s->app_secret);
    text_wipe(s->merchant_id);
    text_wipe(s->own_key);
    text_wipe(s->wallet_key);
    text_wipe(s->own_certificate);
    text_wipe(s->page_url);
    mem_free(s);
}

static struct wallet_secret *secret_new(const struct wallet_credential *c)
{
    struct wallet_secret *s = mem_alloc(sizeof(*s));
    s->refs = 1;
    s->base_url = mem_strndup(c->base_url.p, c->base_url.n);
    s->username = mem_strndup(c->username.p, c->username.n);
    s->password = mem_strndup(c->password.p, c->password.n);
    s->app_key = mem_strndup(c->app_key.p, c->app_key.n);
    s->app_secret = mem_strndup(c->app_secret.p, c->app_secret.n);
    s->merchant_id = mem_strndup(c->merchant_id.p, c->merchant_id.n);
    s->own_key = mem_strndup(c->own_key.p, c->own_key.n);
    s->wallet_key = mem_strndup(c->wallet_key.p, c->wallet_key.n);
    s->own_certificate = mem_strndup(c->own_certificate.p, c->own_certificate.n);
    s->page_url = mem_strndup(c->page_url.p, c->page_url.n);
    s->refunds_v1 = c->refunds_v1;
    return s;
}

struct wallet_secret *wallet_secret_ref(struct wallets *w, struct wallet_secret *s)
{
    pthread_mutex_lock(&w->lock);
    s->refs++;
    pthread_mutex_unlock(&w->lock);
    return s;
}

void wallet_secret_unref(struct wallets *w, struct wallet_secret *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&w->lock);
    bool last = --s->refs == 0;
    pthread_mutex_unlock(&w->lock);
    if (last)
        secret_free(s);
}

static bool secret_is(const struct wallet_secret *s, const struct wallet_credential *c)
{
    return str_is(c->base_url, s->base_url) && str_is(c->username, s->username) &&
           str_is(c->password, s->password) && str_is(c->app_key, s->app_key) &&
           str_is(c->app_secret, s->app_secret) && str_is(c->merchant_id, s->merchant_id) &&
           str_is(c->own_key, s->own_key) && str_is(c->wallet_key, s->wallet_key) &&
           str_is(c->own_certificate, s->own_certificate) && str_is(c->page_url, s->page_url) &&
           c->refunds_v1 == s->refunds_v1;
}

static struct wallet_slot *slot_find(struct wallets *w, int64_t id)
{
    for (struct wallet_slot *slot = w->slots; slot; slot = slot->next)
        if (slot->id == id)
            return slot;
    return NULL;
}

static void circuit_close(struct wallet_slot *slot)
{
    if (slot->circuit.open)
        metric_add(METRIC_wallet_circuits_open, -1);
    slot->circuit = (struct wallet_circuit){0};
}

void wallets_free(struct wallets *w)
{
    if (!w)
        return;
    for (struct wallet_slot *slot = w->slots, *next; slot; slot = next) {
        next = slot->next;
        circuit_close(slot);
        if (slot->state)
            slot->state_free(slot->state);
        wallet_secret_unref(w, slot->secret);
        mem_free(slot);
    }
    pthread_mutex_destroy(&w->lock);
    mem_free(w);
}

void wallets_put(struct wallets *w, const struct wallet_credential *c)
{
    struct wallet_secret *old = NULL;
    pthread_mutex_lock(&w->lock);
    struct wallet_slot *slot = slot_find(w, c->id);
    if (!slot) {
        slot = mem_alloc(sizeof(*slot));
        *slot = (struct wallet_slot){.next = w->slots, .w = w, .id = c->id, .kind = c->wallet};
        w->slots = slot;
    }
    ensure(slot->kind == c->wallet, "a credential never changes its wallet");
    if (!slot->secret || !secret_is(slot->secret, c)) {
        old = slot->secret;
        slot->secret = secret_new(c);
        slot->secret->generation = ++w->generations;
        circuit_close(slot);
    }
    pthread_mutex_unlock(&w->lock);
    wallet_secret_unref(w, old);
}

void wallets_remove(struct wallets *w, int64_t credential_id)
{
    struct wallet_secret *old = NULL;
    pthread_mutex_lock(&w->lock);
    struct wallet_slot *slot = slot_find(w, credential_id);
    if (slot) {
        old = slot->secret;
        slot->secret = NULL;
        circuit_close(slot);
    }
    pthread_mutex_unlock(&w->lock);
    wallet_secret_unref(w, old);
}

struct wallet_slot *wallet_slot_use(struct wallets *w, int64_t id, struct wallet_secret **ret)
{
    pthread_mutex_lock(&w->lock);
    struct wallet_slot *slot = slot_find(w, id);
    if (slot && !slot->secret)
        slot = NULL;
    if (slot) {
        slot->secret->refs++;
        *ret = slot->secret;
    }
    pthread_mutex_unlock(&w->lock);
    return slot;
}

/* A clock that was set back must not keep a circuit open. */
static bool circuit_is_open(const struct wallet_circuit *c, int64_t now)
{
    return c->open && now >= c->opened_at && now < c->open_until;
}

static void circuit_rearm(struct wallet_circuit *c, int64_t now)
{
    c->opened_at = now;
    c->open_until = now + CIRCUIT_OPEN_MS;
}

bool wallets_healthy(struct wallets *w, int64_t credential_id, const char **ret_reason)
{
    const char *reason = NULL;
    pthread_mutex_lock(&w->lock);
    const struct wallet_slot *slot = slot_find(w, credential_id);
    if (!slot || !slot->secret)
        reason = "no such credential";
    else if (circuit_is_open(&slot->circuit, clock_now_ms(w->clock)))
        reason = slot->circuit.reason;
    pthread_mutex_unlock(&w->lock);
    if (reason)
        *ret_reason = reason;
    return !reason;
}

void wallets_each_health(struct wallets *w, wallet_health_fn fn, void *arg)
{
    pthread_mutex_lock(&w->lock);
    int64_t now = clock_now_ms(w->clock);
    for (const struct wallet_slot *slot = w->slots; slot; slot = slot->next) {
        const struct wallet_circuit *c = &slot->circuit;
        struct wallet_health h = {.credential_id = slot->id,
            .wallet = slot->kind,
            .hidden = circuit_is_open(c, now),
            .reason = c->open ? c->reason : NULL,
            .since_at = c->since_at};
        if (slot->secret)
            fn(arg, &h);
    }
    pthread_mutex_unlock(&w->lock);
}

/* When the minute is over, the create that asks first is the probe, and the others wait for what comes of it. */
bool wallet_circuit_admits(struct wallet_slot *slot)
{
    struct wallets *w = slot->w;
    pthread_mutex_lock(&w->lock);
    int64_t now = clock_now_ms(w->clock);
    bool admits = !circuit_is_open(&slot->circuit, now);
    if (admits && slot->circuit.open)
        circuit_rearm(&slot->circuit, now);
    pthread_mutex_unlock(&w->lock);
    return admits;
}

/* True when it was closed before. */
static bool circuit_open(struct wallet_slot *slot, const char *reason)
{
    struct wallet_circuit *c = &slot->circuit;
    bool opened = !c->open;
    if (opened)
        metric_add(METRIC_wallet_circuits_open, 1);
    c->open = true;
    c->reason = reason;
    circuit_rearm(c, clock_now_ms(slot->w->clock));
    if (opened)
        c->since_at = c->opened_at;
    return opened;
}

/* A wallet that refuses payment after payment for reasons that nobody knows is hidden for a minute, but one payer must not be able
 * to keep it hidden from the others: the probe's refusal shows that the wallet answers, and the count begins anew. */
static bool circuit_doubt(struct wallet_slot *slot)
{
    struct wallet_circuit *c = &slot->circuit;
    if (c->open) {
        circuit_close(slot);
        return false;
    }
    if (++c->doubtful_in_a_row < CIRCUIT_DOUBTFUL_MAX)
        return false;
    return circuit_open(slot, "refuses all payments, for reasons that are not known");
}

void wallet_circuit_note(struct wallet_slot *slot, enum wallet_outcome outcome,
    enum connector_health health, const char *reason)
{
    bool trip = health == CONNECTOR_HEALTH_TRIP, opened = false;
    if (health == CONNECTOR_HEALTH_NONE || (!trip && outcome == WALLET_UNKNOWN))
        return;
    if (!reason)
        reason = "not reachable, or refuses the credential";
    pthread_mutex_lock(&slot->w->lock);
    if (trip)
        opened = circuit_open(slot, reason);
    else if (health == CONNECTOR_HEALTH_DOUBTFUL)
        opened = circuit_doubt(slot);
    else if (outcome != WALLET_BROKEN)
        circuit_close(slot);
    else if (++slot->circuit.broken_in_a_row >= CIRCUIT_BROKEN_MAX)
        opened = circuit_open(slot, reason);
    pthread_mutex_unlock(&slot->w->lock);
    if (opened)
        log_alarm("wallet_circuit_open", LOG_C("wallet", wallet_kind_code(slot->kind)),
            LOG_I("credential", slot->id), LOG_C("reason", reason));
}
