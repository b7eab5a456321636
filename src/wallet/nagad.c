#include "wallet/nagad.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define BODY_MAX ((size_t)16384)
#define TEXT_MAX ((size_t)2048)
#define PLAIN_MAX ((size_t)512)
#define DER_MAX ((size_t)4096)
#define CHALLENGE_BYTES 20
#define DATE_LEN 14
#define DAY_LEN 8
#define CURRENCY_TAKA "050"
/* What Nagad wants to know of the payer's address has no form for IPv6. */
#define NO_IPV4 "0.0.0.0"

/* A credential's keys, read once; outgoing thread only. */
struct nagad_keys {
    int64_t generation; /* of the secret */
    struct rsa_private *own;
    struct rsa_public *nagad;
};

struct nagad_call {
    struct connector_call base;
    struct buf ref, invoice, amount, callback_url, challenge, payer_ip;
    struct buf path, body;
    /* of a refund */
    struct buf paid, reference, reason;
    char paid_day[DAY_LEN + 1];
    struct money refunded;
};

static struct nagad_call *call_of(struct connector_call *base)
{
    return (struct nagad_call *)base;
}

static void call_release(struct connector_call *base)
{
    struct nagad_call *c = call_of(base);
    struct buf *const texts[] = {&c->ref, &c->invoice, &c->amount, &c->callback_url, &c->challenge,
        &c->payer_ip, &c->path, &c->body, &c->paid, &c->reference, &c->reason};
    for (size_t i = 0; i < array_len(texts); i++)
        buf_clear(texts[i]);
    mem_free(c);
}

/* ---- keys ---- */

static void keys_free(void *state)
{
    struct nagad_keys *k = state;
    rsa_private_free(k->own);
    rsa_public_free(k->nagad);
    mem_free(k);
}

static enum err keys_read(const struct wallet_secret *s, struct nagad_keys *k)
{
    uint8_t der[DER_MAX];
    size_t n = 0;
    enum err e = base64_decode(str_from(s->own_key), der, sizeof der, &n);
    if (e == ERR_OK)
        e = rsa_private_from_der((struct str){(char *)der, n}, &k->own);
    mem_wipe(der, sizeof der);
    if (e == ERR_OK)
        e = base64_decode(str_from(s->wallet_key), der, sizeof der, &n);
    if (e == ERR_OK)
        e = rsa_public_from_der((struct str){(char *)der, n}, &k->nagad);
    return e;
}

/* NULL: they can't be read. Valid until the slot's credential is used with another generation. */
static const struct nagad_keys *keys_of(struct wallet_slot *slot, const struct wallet_secret *s)
{
    struct nagad_keys *k = slot->state;
    if (k && k->generation == s->generation)
        return k;
    k = mem_alloc(sizeof(*k));
    k->generation = s->generation;
    if (keys_read(s, k) != ERR_OK) {
        keys_free(k);
        return NULL;
    }
    if (slot->state)
        slot->state_free(slot->state);
    slot->state = k;
    slot->state_free = keys_free;
    return k;
}

/* ---- what is sent ---- */

/* "20261124083043" in Dhaka. */
static void time_compact(int64_t at_ms, char out[DATE_LEN + 1])
{
    char text[20];
    size_t n = 0;
    dhaka_time_format(at_ms, text);
    for (const char *p = text; *p; p++)
        if (*p >= '0' && *p <= '9')
            out[n++] = *p;
    out[n] = 0;
}

/* Seals what `plain` holds into two members of the body. The very bytes that are encrypted are the ones that are signed. */
static enum err seal(struct nagad_call *c, const struct nagad_keys *k, const char *data_key,
    const struct buf *plain, struct json_writer *w)
{
    struct buf data, sign;
    buf_init(&data, BODY_MAX);
    buf_init(&sign, BODY_MAX);
    enum err e =
        buf_ok(plain) ? sealed_make(k->nagad, k->own, buf_view(plain), &data, &sign) : ERR_LIMIT;
    if (e == ERR_OK) {
        json_w_kstr(w, data_key, buf_view(&data));
        json_w_kstr(w, "signature", buf_view(&sign));
    }
    buf_clear(&data);
    buf_clear(&sign);
    return e == ERR_OK && buf_ok(&c->body) ? ERR_OK : ERR_LIMIT;
}

static enum err initialize_write(struct nagad_call *c, const struct nagad_keys *k)
{
    const char *merchant = c->base.secret->merchant_id;
    uint8_t raw[CHALLENGE_BYTES];
    char time[DATE_LEN + 1];
    struct buf plain, challenge;
    struct json_writer w, p;
    time_compact(clock_now_ms(c->base.w->clock), time);
    random_bytes(raw, sizeof raw);
    buf_init(&plain, PLAIN_MAX);
    buf_init(&challenge, 64);
    hex_encode(&challenge, raw, sizeof raw);
    json_w_init(&p, &plain);
    json_w_open(&p, '{');
    json_w_kcstr(&p, "merchantId", merchant);
    json_w_kcstr(&p, "datetime", time);
    json_w_kstr(&p, "orderId", buf_view(&c->invoice));
    json_w_kstr(&p, "challenge", buf_view(&challenge));
    json_w_close(&p);
    json_w_init(&w, &c->body);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "dateTime", time);
    enum err e = seal(c, k, "sensitiveData", &plain, &w);
    json_w_close(&w);
    buf_clear(&plain);
    buf_clear(&challenge);
    buf_cstr(&c->path, "/check-out/initialize/");
    percent_encode(&c->path, str_from(merchant));
    buf_char(&c->path, '/');
    percent_encode(&c->path, buf_view(&c->invoice));
    return e;
}

/* References end in '=', and Nagad's clients put them into the path as they are. */
static void ref_write(struct buf *path, struct str ref)
{
    for (size_t i = 0; i < ref.n; i++) {
        if (ref.p[i] == '=')
            buf_char(path, '=');
        else
            percent_encode(path, str_sub(ref, i, i + 1));
    }
}

static enum err complete_write(struct nagad_call *c, const struct nagad_keys *k)
{
    struct buf plain;
    struct json_writer w, p;
    buf_init(&plain, PLAIN_MAX);
    json_w_init(&p, &plain);
    json_w_open(&p, '{');
    json_w_kcstr(&p, "merchantId", c->base.secret->merchant_id);
    json_w_kstr(&p, "orderId", buf_view(&c->invoice));
    json_w_kcstr(&p, "currencyCode", CURRENCY_TAKA);
    json_w_kstr(&p, "amount", buf_view(&c->amount));
    json_w_kstr(&p, "challenge", buf_view(&c->challenge));
    json_w_close(&p);
    json_w_init(&w, &c->body);
    json_w_open(&w, '{');
    json_w_kstr(&w, "paymentRefId", buf_view(&c->ref));
    enum err e = seal(c, k, "sensitiveData", &plain, &w);
    json_w_kstr(&w, "merchantCallbackURL", buf_view(&c->callback_url));
    json_w_close(&w);
    buf_clear(&plain);
    buf_cstr(&c->path, "/check-out/complete/");
    ref_write(&c->path, buf_view(&c->ref));
    return e;
}

static enum err cancel_write(struct nagad_call *c, const struct nagad_keys *k)
{
    struct buf plain;
    struct json_writer w, p;
    buf_init(&plain, PLAIN_MAX);
    json_w_init(&p, &plain);
    json_w_open(&p, '{');
    json_w_kcstr(&p, "merchantId", c->base.secret->merchant_id);
    json_w_kcstr(&p, "originalRequestDate", c->paid_day);
    json_w_kstr(&p, "originalAmount", buf_view(&c->paid));
    json_w_kstr(&p, "cancelAmount", buf_view(&c->amount));
    json_w_kstr(&p, "referenceNo", buf_view(&c->reference));
    json_w_kstr(&p, "referenceMessage", buf_view(&c->reason));
    json_w_close(&p);
    json_w_init(&w, &c->body);
    json_w_open(&w, '{');
    enum err e = seal(c, k, "sensitiveDataCancelRequest", &plain, &w);
    json_w_close(&w);
    buf_clear(&plain);
    buf_cstr(&c->path, "/purchase/cancel?paymentRefId=");
    percent_encode(&c->path, buf_view(&c->ref));
    buf_cstr(&c->path, "&orderId=");
    percent_encode(&c->path, buf_view(&c->invoice));
    return c->paid_day[0] ? e : ERR_INVALID;
}

static enum err call_write(struct nagad_call *c, const struct nagad_keys *k)
{
    switch (c->base.op) {
    case CONNECTOR_OP_CREATE:
        return initialize_write(c, k);
    case CONNECTOR_OP_PLACE:
        return complete_write(c, k);
    case CONNECTOR_OP_CLOSE_DAY:
    case CONNECTOR_OP_SEARCH:
    case CONNECTOR_OP_EXECUTE:
        return ERR_STATE; /* the money moves at Nagad's page */
    case CONNECTOR_OP_REFUND:
        return cancel_write(c, k);
    case CONNECTOR_OP_REFUND_STATUS:
    case CONNECTOR_OP_QUERY:
        break;
    }
    buf_cstr(&c->path, "/verify/payment/");
    ref_write(&c->path, buf_view(&c->ref));
    return ERR_OK;
}

/* ---- the call ---- */

static void answer_read(struct nagad_call *c, const struct nagad_keys *k, struct arena *a,
    const struct httpc_result *r, struct wallet_answer *ret)
{
    const struct wallet_secret *s = c->base.secret;
    switch (c->base.op) {
    case CONNECTOR_OP_CREATE:
        nagad_read_initialize(a, r->status, r->body, k->own, k->nagad, ret);
        return;
    case CONNECTOR_OP_PLACE:
        nagad_read_complete(
            a, r->status, r->body, buf_view(&c->ref), wallet_base_is_loopback(s), ret);
        return;
    case CONNECTOR_OP_REFUND:
        nagad_read_refund(a, r->status, r->body, k->own, k->nagad, c->refunded, ret);
        return;
    case CONNECTOR_OP_REFUND_STATUS:
        nagad_read_refunds(a, r->status, r->body, buf_view(&c->ref), str_from(s->merchant_id), ret);
        return;
    case CONNECTOR_OP_EXECUTE:
    case CONNECTOR_OP_CLOSE_DAY:
    case CONNECTOR_OP_SEARCH:
    case CONNECTOR_OP_QUERY:
        break;
    }
    nagad_read_verify(a, r->status, r->body, buf_view(&c->ref), str_from(s->merchant_id), ret);
}

static void on_answer(void *arg, const struct httpc_result *r)
{
    struct nagad_call *c = arg;
    struct wallet_answer answer;
    struct arena arena;
    connector_http_note(r);
    if (connector_call_end_unanswered(&c->base, r))
        return;
    const struct nagad_keys *k = keys_of(c->base.slot, c->base.secret);
    ensure(k != NULL, "the keys were read for the call");
    arena_init(&arena, NAGAD_ARENA_MAX);
    answer_read(c, k, &arena, r, &answer);
    /* a refund that was refused does not say that nobody can pay */
    bool refund = c->base.op == CONNECTOR_OP_REFUND && answer.outcome == WALLET_BROKEN;
    connector_call_end(
        &c->base, &answer, refund ? CONNECTOR_HEALTH_NONE : CONNECTOR_HEALTH_BY_OUTCOME, NULL);
    arena_clear(&arena);
}

static bool is_ipv4(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '.' && (s.p[i] < '0' || s.p[i] > '9'))
            return false;
    return s.n >= 7 && s.n <= 15;
}

static enum err call_send(struct nagad_call *c)
{
    struct buf ip, merchant;
    bool query = c->base.op == CONNECTOR_OP_QUERY || c->base.op == CONNECTOR_OP_REFUND_STATUS;
    struct str payer = is_ipv4(buf_view(&c->payer_ip)) ? buf_view(&c->payer_ip) : STR(NO_IPV4);
    buf_init(&ip, TEXT_MAX);
    buf_init(&merchant, TEXT_MAX);
    buf_printf(&ip, "X-KM-IP-V4: %.*s", STR_FMT(payer));
    buf_printf(&merchant, "X-KM-MC-Id: %s", c->base.secret->merchant_id);
    const char *const headers[] = {
        "Content-Type: application/json",
        "Accept: application/json",
        "X-KM-Api-Version: v-0.2.0",
        "X-KM-Client-Type: PC_WEB",
        buf_view(&ip).p,
        buf_view(&merchant).p,
        NULL,
    };
    struct connector_http rq = {
        .method = query ? "GET" : "POST",
        .path = buf_view(&c->path).p,
        .headers = headers,
        .body = query ? STR_ABSENT : buf_view(&c->body),
        .fresh_connect = c->base.op == CONNECTOR_OP_PLACE || c->base.op == CONNECTOR_OP_REFUND,
        .proxy = c->base.w->config->wallet_nagad_proxy,
        .done = on_answer,
        .arg = c,
    };
    enum err e = connector_http_send(c->base.w, c->base.secret, &rq);
    buf_clear(&ip);
    buf_clear(&merchant);
    return e;
}

static bool texts_fit(const struct nagad_call *c)
{
    return buf_ok(&c->ref) && buf_ok(&c->invoice) && buf_ok(&c->callback_url) &&
           buf_ok(&c->challenge) && buf_ok(&c->payer_ip) && buf_ok(&c->path) &&
           buf_ok(&c->reference) && buf_ok(&c->reason);
}

static void call_run(struct connector_call *base)
{
    struct nagad_call *c = call_of(base);
    const struct nagad_keys *k = keys_of(base->slot, base->secret);
    if (!k)
        connector_call_fail(base, WALLET_BROKEN, "bad_keys", CONNECTOR_HEALTH_BY_OUTCOME);
    else if (call_write(c, k) != ERR_OK || !texts_fit(c))
        connector_call_fail(base, WALLET_BROKEN, "too_long", CONNECTOR_HEALTH_NONE);
    else if (call_send(c) != ERR_OK)
        connector_call_fail(base, WALLET_BROKEN, "stopping", CONNECTOR_HEALTH_NONE);
}

static struct nagad_call *call_new(
    struct wallets *w, enum connector_op op, int64_t credential_id, wallet_done_fn done, void *arg)
{
    struct nagad_call *c = mem_alloc(sizeof(*c));
    struct buf *const texts[] = {&c->ref, &c->invoice, &c->amount, &c->callback_url, &c->challenge,
        &c->payer_ip, &c->path, &c->paid, &c->reference, &c->reason};
    c->base = (struct connector_call){
        .w = w,
        .kind = WALLET_NAGAD,
        .op = op,
        .credential_id = credential_id,
        .done = done,
        .arg = arg,
        .run = call_run,
        .release = call_release,
    };
    for (size_t i = 0; i < array_len(texts); i++)
        buf_init(texts[i], TEXT_MAX);
    buf_init(&c->body, BODY_MAX);
    return c;
}

static void order_copy(struct nagad_call *c, const struct wallet_create *p)
{
    buf_str(&c->invoice, p->invoice);
    buf_str(&c->callback_url, p->callback_url);
    buf_str(&c->payer_ip, p->payer_ip);
    money_format(&c->amount, p->amount, 2);
}

static void nagad_create(
    struct wallets *w, const struct wallet_create *p, wallet_done_fn done, void *arg)
{
    struct nagad_call *c = call_new(w, CONNECTOR_OP_CREATE, p->credential_id, done, arg);
    order_copy(c, p);
    connector_call_start(&c->base);
}

static void nagad_place(struct wallets *w, const struct wallet_create *p, struct str ref,
    struct str challenge, wallet_done_fn done, void *arg)
{
    struct nagad_call *c = call_new(w, CONNECTOR_OP_PLACE, p->credential_id, done, arg);
    order_copy(c, p);
    buf_str(&c->ref, ref);
    buf_str(&c->challenge, challenge);
    connector_call_start(&c->base);
}

static void nagad_query(
    struct wallets *w, int64_t credential_id, struct str ref, wallet_done_fn done, void *arg)
{
    struct nagad_call *c = call_new(w, CONNECTOR_OP_QUERY, credential_id, done, arg);
    buf_str(&c->ref, ref);
    connector_call_start(&c->base);
}

static void nagad_refund(
    struct wallets *w, const struct wallet_refund *r, wallet_done_fn done, void *arg)
{
    struct nagad_call *c = call_new(w, CONNECTOR_OP_REFUND, r->credential_id, done, arg);
    buf_str(&c->ref, r->ref);
    buf_str(&c->invoice, r->invoice);
    buf_str(&c->reference, r->reference);
    buf_str(&c->reason, r->reason);
    money_format(&c->amount, r->amount, 2);
    money_format(&c->paid, r->paid, 2);
    if (r->paid_day.n == DAY_LEN)
        memcpy(c->paid_day, r->paid_day.p, DAY_LEN);
    c->refunded = r->amount;
    connector_call_start(&c->base);
}

static void nagad_refund_status(struct wallets *w, int64_t credential_id, struct str ref,
    struct str trx_id, wallet_done_fn done, void *arg)
{
    struct nagad_call *c = call_new(w, CONNECTOR_OP_REFUND_STATUS, credential_id, done, arg);
    (void)trx_id; /* verify knows payments by our reference alone */
    buf_str(&c->ref, ref);
    connector_call_start(&c->base);
}

const struct wallet_ops nagad_ops = {
    .kind = WALLET_NAGAD,
    .needs_execute = false,
    .plain_invoice = true,
    .create = nagad_create,
    .place = nagad_place,
    .execute = NULL, /* never called without needs_execute */
    .query = nagad_query,
    .refund = nagad_refund,
    .refund_status = nagad_refund_status,
};
