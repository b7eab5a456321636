#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "http/cabinet_private.h"

#define ANSWER_MAX ((size_t)16 << 20)
#define FAULTS_MAX ((size_t)65536)
#define COOKIE_MAX 256
#define SAFE_INT_MAX (INT64_C(1) << 53)

static const struct {
    int status;
    const char *code, *text;
} errors[] = {
#define E(code_, status_, text_) {.status = (status_), .code = #code_, .text = (text_)},
#include "http/cabinet_errors.def"
};

static const char *const faults[] = {
#define F(code) #code,
#include "http/cabinet_errors.def"
};

/* ---- errors ---- */

static struct reply *secured(struct reply *r)
{
    return reply_header(
        r, "Content-Security-Policy", STR("default-src 'none'; frame-ancestors 'none'"));
}

static struct reply *error_reply(enum cabinet_error e, struct str fields)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, FAULTS_MAX + 1024);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "code", errors[e].code);
    json_w_kcstr(&w, "message", errors[e].text);
    if (!str_absent(fields)) {
        json_w_key(&w, "fields");
        json_w_raw(&w, fields);
    }
    json_w_close(&w);
    struct reply *r = secured(reply_json(errors[e].status, buf_view(&b)));
    buf_clear(&b);
    if (errors[e].status == 503)
        reply_header(r, "Retry-After", STR("1"));
    if (errors[e].status == 429)
        reply_header(r, "Retry-After", STR("900"));
    return r;
}

struct reply *cabinet_error(enum cabinet_error e)
{
    return error_reply(e, STR_ABSENT);
}

struct reply *cabinet_err(enum err e)
{
    static const struct {
        enum err e;
        enum cabinet_error x;
    } same[] = {
        {ERR_NO_ROW, CABINET_not_found},
        {ERR_CONFLICT, CABINET_stale},
        {ERR_DUPLICATE, CABINET_taken},
        {ERR_STATE, CABINET_state},
        {ERR_RATE, CABINET_too_many},
        {ERR_BUSY, CABINET_busy},
        {ERR_LIMIT, CABINET_request_invalid},
    };
    for (size_t i = 0; i < array_len(same); i++)
        if (same[i].e == e)
            return cabinet_error(same[i].x);
    return cabinet_error(err_info(e)->http_status == 503 ? CABINET_busy : CABINET_internal);
}

struct reply *cabinet_error_early(enum err e)
{
    static const struct {
        enum err e;
        enum cabinet_error x;
    } same[] = {
        {ERR_NOT_FOUND, CABINET_not_found},
        {ERR_METHOD, CABINET_method_invalid},
        {ERR_TOO_LARGE, CABINET_body_invalid},
        {ERR_BAD_HEADER, CABINET_request_invalid},
    };
    for (size_t i = 0; i < array_len(same); i++)
        if (same[i].e == e)
            return cabinet_error(same[i].x);
    return cabinet_err(e);
}

void cabinet_fault(struct cabinet_call *c, const char *field, enum cabinet_fault f)
{
    if (c->fault_count == 0) {
        buf_init(&c->faults, FAULTS_MAX);
        json_w_init(&c->faults_w, &c->faults);
        json_w_open(&c->faults_w, '{');
    }
    char key[96];
    struct buf b;
    buf_init(&b, sizeof(key) - 2);
    json_quote(&b, str_from(field));
    bool told = buf_ok(&b) && c->faults.n > 0 && memmem(c->faults.p, c->faults.n, b.p, b.n) != NULL;
    buf_clear(&b);
    if (told)
        return;
    json_w_kcstr(&c->faults_w, field, faults[f]);
    c->fault_count++;
}

struct reply *cabinet_faults(struct cabinet_call *c)
{
    if (c->fault_count == 0)
        return NULL;
    json_w_close(&c->faults_w);
    return error_reply(CABINET_field_invalid, buf_view(&c->faults));
}

void cabinet_call_clear(struct cabinet_call *c)
{
    buf_clear(&c->faults);
    buf_wipe(&c->out);
    mem_wipe(c->token, sizeof(c->token));
    mem_wipe(c->session.token, sizeof(c->session.token));
}

/* ---- answers ---- */

struct json_writer *cabinet_begin(struct cabinet_call *c)
{
    buf_init(&c->out, ANSWER_MAX);
    json_w_init(&c->w, &c->out);
    json_w_open(&c->w, '{');
    return &c->w;
}

struct reply *cabinet_done(struct cabinet_call *c)
{
    json_w_close(&c->w);
    if (!buf_ok(&c->out))
        return cabinet_error(CABINET_internal);
    return secured(reply_json(200, buf_view(&c->out)));
}

struct reply *cabinet_ok(struct cabinet_call *c)
{
    json_w_kbool(cabinet_begin(c), "ok", true);
    return cabinet_done(c);
}

void cabinet_w_id(struct json_writer *w, const char *key, int64_t id)
{
    struct buf b;
    buf_init(&b, 32);
    buf_int(&b, id);
    json_w_kstr(w, key, id ? buf_view(&b) : STR_ABSENT);
    buf_clear(&b);
}

static void w_safe_int(struct json_writer *w, const char *key, int64_t n)
{
    ensure(n <= SAFE_INT_MAX && n >= -SAFE_INT_MAX, "a browser can hold it");
    json_w_kint(w, key, n);
}

void cabinet_w_time(struct json_writer *w, const char *key, int64_t at)
{
    if (at) {
        w_safe_int(w, key, at);
        return;
    }
    json_w_key(w, key);
    json_w_null(w);
}

void cabinet_w_money(struct json_writer *w, const char *key, struct money m)
{
    w_safe_int(w, key, m.poisha);
}

/* ---- cookies, addresses ---- */

const char *cabinet_cookie_name(const struct cabinet *c)
{
    return c->secure ? "__Host-kassa" : "kassa_cabinet";
}

void cabinet_cookie_set(const struct cabinet_call *c, struct reply *r, const char *token)
{
    struct buf b;
    buf_init(&b, COOKIE_MAX);
    buf_printf(&b, "%s=%s; Path=/; HttpOnly; SameSite=Strict", cabinet_cookie_name(c->cabinet),
        token ? token : "");
    if (c->cabinet->secure)
        buf_cstr(&b, "; Secure");
    if (!token)
        buf_cstr(&b, "; Max-Age=0");
    else
        buf_printf(&b, "; Max-Age=%lld", (long long)(SESSION_MAX_MS / 1000));
    ensure(buf_ok(&b), "a cookie is short");
    reply_header(r, "Set-Cookie", buf_view(&b));
    buf_wipe(&b);
}

void cabinet_csrf(const char *token, char out[CABINET_CSRF_LEN + 1])
{
    uint8_t mac[SHA256_LEN];
    struct buf b;
    hmac_sha256(str_from(token), STR("cabinet.csrf"), mac);
    buf_init(&b, CABINET_CSRF_LEN);
    hex_encode(&b, mac, sizeof(mac));
    memcpy(out, b.p, CABINET_CSRF_LEN + 1);
    buf_clear(&b);
}
