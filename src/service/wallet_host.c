#include "service/wallet_host.h"

#include "base/log.h"
#include "store/store_wallet.h"

#define TOKEN_BYTES_MAX 16384
#define HOUR_MS (3600 * INT64_C(1000))
/* Beyond the wallet's time-out: when a token call is taken as lost with its process. */
#define TURN_MARGIN_MS 5000

/* An absent box, and one that no key opens any more, is an absent text: the connector then asks for a new token. */
static struct str token_open(
    struct service *s, int64_t credential_id, struct str box, struct buf *plain)
{
    if (str_absent(box)) {
        return STR_ABSENT;
    }
    enum err e = box_open(s->keys, "token", box, plain);
    if (e != ERR_OK) {
        log_error("token_unreadable", LOG_I("credential", credential_id), LOG_ERR(e));
        return STR_ABSENT;
    }
    return buf_view(plain);
}

static enum err token_load(
    void *arg, int64_t credential_id, void (*fn)(void *, const struct wallet_token *), void *fn_arg)
{
    struct service *s = arg;
    struct arena a;
    struct buf token, refresh;
    struct token_row row;
    struct db *db = store_reader(s->store);
    if (!db) {
        return ERR_STORE_IO;
    }
    arena_init(&a, TOKEN_BYTES_MAX * 4);
    buf_init(&token, TOKEN_BYTES_MAX);
    buf_init(&refresh, TOKEN_BYTES_MAX);
    enum err e = store_token_get(db, &a, credential_id, &row);
    if (e == ERR_OK) {
        struct wallet_token t = {
            .token = token_open(s, credential_id, row.token_box, &token),
            .refresh = token_open(s, credential_id, row.refresh_box, &refresh),
            .expires_at = row.expires_at,
            .refresh_expires_at = row.refresh_expires_at,
            .version = row.version,
        };
        fn(fn_arg, &t);
    }
    buf_wipe(&token);
    buf_wipe(&refresh);
    arena_clear(&a);
    return e;
}

struct token_unit {
    struct store_unit unit;
    struct service *service;
    struct token_row row;
};

static enum err token_save_run(struct store_unit *u, struct tx *tx)
{
    struct token_unit *t = unit_owner(u, struct token_unit, unit);
    enum err e = store_token_put(tx, &t->row);
    return e == ERR_OK ? store_token_turn_end(tx, t->row.credential_id, str_from(t->service->node))
                       : e;
}

static struct str token_seal(struct service *s, struct str plain, struct buf *box)
{
    if (str_absent(plain)) {
        return STR_ABSENT;
    }
    box_seal(s->keys, "token", plain, box);
    return buf_view(box);
}

static enum err token_save(
    void *arg, int64_t credential_id, const struct wallet_token *t, int64_t *ret_version)
{
    struct service *s = arg;
    struct buf token, refresh;
    buf_init(&token, TOKEN_BYTES_MAX * 2);
    buf_init(&refresh, TOKEN_BYTES_MAX * 2);
    struct token_unit unit = {
        .unit = {.run = token_save_run},
        .service = s,
        .row = {.credential_id = credential_id,
            .token_box = token_seal(s, t->token, &token),
            .refresh_box = token_seal(s, t->refresh, &refresh),
            .expires_at = t->expires_at,
            .refresh_expires_at = t->refresh_expires_at},
    };
    enum err e = buf_ok(&token) && buf_ok(&refresh) ? store_run(s->store, &unit.unit) : ERR_LIMIT;
    buf_clear(&token);
    buf_clear(&refresh);
    if (e == ERR_OK) {
        *ret_version = unit.row.version;
    }
    return e;
}

struct turn_unit {
    struct store_unit unit;
    struct service *service;
    int64_t credential_id, version;
};

static enum err turn_take_run(struct store_unit *u, struct tx *tx)
{
    struct turn_unit *t = unit_owner(u, struct turn_unit, unit);
    int64_t until = tx_now_ms(tx) + t->service->config->wallet_timeout_ms + TURN_MARGIN_MS;
    return store_token_turn_take(
        tx, t->credential_id, t->version, str_from(t->service->node), until);
}

/* The file of a store without a server is one process's, and a crash leaves no turn behind that a restart would wait for. */
static enum err token_turn_take(void *arg, int64_t credential_id, int64_t version)
{
    struct service *s = arg;
    struct turn_unit unit = {.unit = {.run = turn_take_run},
        .service = s,
        .credential_id = credential_id,
        .version = version};
    return store_path_is_server(s->config->store_path) ? store_run(s->store, &unit.unit) : ERR_OK;
}

static enum err turn_end_run(struct store_unit *u, struct tx *tx)
{
    struct turn_unit *t = unit_owner(u, struct turn_unit, unit);
    return store_token_turn_end(tx, t->credential_id, str_from(t->service->node));
}

/* One that is not ended runs out. */
static void token_turn_end(void *arg, int64_t credential_id)
{
    struct service *s = arg;
    struct turn_unit unit = {
        .unit = {.run = turn_end_run}, .service = s, .credential_id = credential_id};
    if (store_path_is_server(s->config->store_path) && store_run(s->store, &unit.unit) != ERR_OK) {
        log_warn("token_turn_not_ended", LOG_I("credential", credential_id));
    }
}

struct budget_unit {
    struct store_unit unit;
    int64_t credential_id;
    int64_t budget;
};

static enum err budget_run(struct store_unit *u, struct tx *tx)
{
    struct budget_unit *b = unit_owner(u, struct budget_unit, unit);
    int64_t now = tx_now_ms(tx);
    return store_token_renewal_take(tx, b->credential_id, now, now - HOUR_MS, b->budget);
}

static enum err token_budget_take(void *arg, int64_t credential_id)
{
    struct service *s = arg;
    struct budget_unit unit = {
        .unit = {.run = budget_run},
        .credential_id = credential_id,
        .budget = s->config->wallet_token_budget_per_hour,
    };
    return store_run(s->store, &unit.unit);
}

static enum err budget_return_run(struct store_unit *u, struct tx *tx)
{
    return store_token_renewal_return(tx, unit_owner(u, struct budget_unit, unit)->credential_id);
}

static void token_budget_return(void *arg, int64_t credential_id)
{
    struct service *s = arg;
    struct budget_unit unit = {.unit = {.run = budget_return_run}, .credential_id = credential_id};
    enum err e = store_run(s->store, &unit.unit);
    if (e != ERR_OK) {
        log_warn("token_call_stays_counted", LOG_I("credential", credential_id), LOG_ERR(e));
    }
}

struct wallet_host wallet_host_on_store(struct service *s)
{
    return (struct wallet_host){
        .arg = s,
        .token_load = token_load,
        .token_save = token_save,
        .token_turn_take = token_turn_take,
        .token_turn_end = token_turn_end,
        .token_budget_take = token_budget_take,
        .token_budget_return = token_budget_return,
    };
}
