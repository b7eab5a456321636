/* Tokens: grant and refresh, at most two calls an hour, and a block of an hour for whoever calls more often. */
#include "base/crypto.h"
#include "base/text.h"
#include "sim.h"

#define HOUR_MS (3600 * INT64_C(1000))
#define REFRESH_LIFE_MS (28 * 24 * HOUR_MS)
/* Real tokens are long; what stores them has to be able to. */
#define TOKEN_RANDOM_LEN 700
#define TOKEN_MAX 1024

static const char BLOCKED_UNTIL[] = "token_blocked_until_ms";

static void fail(struct call *c, const char *text)
{
    struct json_writer w;
    call_message(c, 200, "");
    buf_reset(&c->out);
    json_w_init(&w, &c->out);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "status", "fail");
    json_w_kcstr(&w, "msg", text);
    json_w_close(&w);
}

static bool credentials_good(const struct call *c)
{
    const struct sim_options *o = &c->sim->options;
    return str_is(c->username, o->username) && str_is(c->password, o->password) &&
           str_is(json_get_string(c->body, "app_key"), o->app_key) &&
           str_is(json_get_string(c->body, "app_secret"), o->app_secret);
}

/* Counts the call. ERR_BUDGET: refused, and what that changes is to be kept. */
static enum err budget_take(struct call *c)
{
    struct sim_store *st = c->sim->store;
    int64_t blocked_until_ms = 0, calls = 0;
    if (!c->sim->options.hourly_block)
        return token_call_insert(st, c->now_ms);
    enum err e = sim_value_get(st, BLOCKED_UNTIL, &blocked_until_ms);
    if (e == ERR_OK && c->now_ms < blocked_until_ms)
        return ERR_BUDGET;
    if (e == ERR_OK)
        e = token_calls_since(st, c->now_ms - HOUR_MS, &calls);
    if (e == ERR_OK && calls >= TOKEN_CALLS_PER_HOUR) {
        e = sim_value_set(st, BLOCKED_UNTIL, c->now_ms + HOUR_MS);
        return e == ERR_OK ? ERR_BUDGET : e;
    }
    return e == ERR_OK ? token_call_insert(st, c->now_ms) : e;
}

static void token_make(char out[TOKEN_MAX], const char *prefix)
{
    size_t n = strlen(prefix);
    memcpy(out, prefix, n);
    random_text(out + n, TOKEN_RANDOM_LEN, NULL);
    /* Three parts with points between, as a JWT has. */
    out[n + TOKEN_RANDOM_LEN / 2] = '.';
}

static enum err tokens_issue(struct call *c)
{
    struct sim_store *st = c->sim->store;
    char token[TOKEN_MAX], refresh[TOKEN_MAX];
    token_make(token, "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.");
    token_make(refresh, "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIn0.");
    enum err e = token_insert(
        st, TOKEN_ID, str_from(token), c->now_ms + c->sim->options.token_life_s * 1000, c->now_ms);
    if (e == ERR_OK)
        e = token_insert(
            st, TOKEN_REFRESH, str_from(refresh), c->now_ms + REFRESH_LIFE_MS, c->now_ms);
    if (e != ERR_OK)
        return e;
    struct json_writer w = call_begin(c);
    json_w_kcstr(&w, "id_token", token);
    json_w_kcstr(&w, "token_type", "Bearer");
    json_w_kint(&w, "expires_in", c->sim->options.token_life_s);
    json_w_kcstr(&w, "refresh_token", refresh);
    json_w_close(&w);
    return ERR_OK;
}

static enum err token_answer(struct call *c, bool refresh)
{
    if (!credentials_good(c)) {
        fail(c, "The username, the password or the application's key is wrong");
        return ERR_OK;
    }
    enum err e = budget_take(c);
    if (e == ERR_BUDGET) {
        call_message(c, 429, "Too Many Requests");
        return ERR_OK;
    }
    if (e == ERR_OK && refresh) {
        struct str token = json_get_string(c->body, "refresh_token");
        e = token_check(c->sim->store, TOKEN_REFRESH, token, c->now_ms);
        if (e == ERR_NO_ROW) {
            fail(c, "The refresh token is not valid");
            return ERR_OK;
        }
    }
    return e == ERR_OK ? tokens_issue(c) : e;
}

enum err token_grant(struct call *c)
{
    return token_answer(c, false);
}

enum err token_refresh(struct call *c)
{
    return token_answer(c, true);
}
