#include "wallet/ecomm.h"
#include "base/mem.h"
#include "base/text.h"
#include "wallet/answer.h"

#define TEXT_MAX ((size_t)2048)
#define FORM_MAX ((size_t)8192)

struct ecomm_call {
    struct connector_call base;
    struct buf ref, invoice, amount, taka, ip;
    struct buf trx_id; /* of the payment that is refunded */
    struct buf body;
};

static struct ecomm_call *call_of(struct connector_call *base)
{
    return (struct ecomm_call *)base;
}

static void call_release(struct connector_call *base)
{
    struct ecomm_call *c = call_of(base);
    struct buf *const texts[] = {
        &c->ref, &c->invoice, &c->amount, &c->taka, &c->ip, &c->trx_id, &c->body};
    for (size_t i = 0; i < array_len(texts); i++)
        buf_clear(texts[i]);
    mem_free(c);
}

/* What the bank wants to know of an address has no form for IPv6. */
static bool is_ipv4(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '.' && (s.p[i] < '0' || s.p[i] > '9'))
            return false;
    return s.n >= 7 && s.n <= 15;
}

static enum err template_write(
    const struct ecomm_call *c, struct str ref, const char *template, struct buf *b)
{
    const struct config *config = c->base.w->config;
    struct ecomm_values v = {
        .amount = buf_view(&c->amount),
        .taka = buf_view(&c->taka),
        .invoice = buf_view(&c->invoice),
        .ip = is_ipv4(buf_view(&c->ip)) ? buf_view(&c->ip) : str_from(config->rocket_client_ip),
        .trans_id = ref,
    };
    return ecomm_write(b, str_from(template), &v);
}

/* ---- the answer ---- */

/* Where the payer goes: nothing that the bank says, but the credential's page with the transaction behind it. */
static void page_add(struct ecomm_call *c, struct arena *a, struct wallet_answer *ret)
{
    struct buf url;
    const struct wallet_secret *s = c->base.secret;
    if (ret->outcome != WALLET_OK)
        return;
    buf_init(&url, TEXT_MAX);
    buf_printf(&url, "%s?", s->page_url);
    enum err e = template_write(c, ret->ref, c->base.w->config->rocket_page_query, &url);
    ret->url = e == ERR_OK && buf_ok(&url) ? arena_copy(a, buf_view(&url)) : STR_ABSENT;
    buf_clear(&url);
    if (str_absent(ret->url) || !answer_page_is_safe(ret->url, wallet_base_is_loopback(s)))
        *ret = (struct wallet_answer){.outcome = WALLET_BROKEN, .code = STR("bad_page_url")};
}

static void answer_read(
    struct ecomm_call *c, struct arena *a, const struct httpc_result *r, struct wallet_answer *ret)
{
    if (c->base.op == CONNECTOR_OP_CREATE) {
        ecomm_read_begun(a, r->status, r->body, ret);
        page_add(c, a, ret);
        return;
    }
    if (c->base.op == CONNECTOR_OP_CLOSE_DAY) {
        ecomm_read_closed(a, r->status, r->body, ret);
        return;
    }
    if (c->base.op == CONNECTOR_OP_REFUND) {
        ecomm_read_reversed(a, r->status, r->body, buf_view(&c->trx_id), ret);
        return;
    }
    if (c->base.op == CONNECTOR_OP_REFUND_STATUS) {
        ecomm_read_reversals(a, r->status, r->body, buf_view(&c->trx_id), ret);
        return;
    }
    ecomm_read_ended(a, r->status, r->body, ret);
    /* The answer does not name what was asked about; the connection is the bank's, and was asked this alone. */
    if (ret->outcome == WALLET_OK)
        ret->ref = buf_view(&c->ref);
}

static void on_answer(void *arg, const struct httpc_result *r)
{
    struct ecomm_call *c = arg;
    struct wallet_answer answer;
    struct arena arena;
    connector_http_note(r);
    if (r->error && strcmp(r->error, "tls_client") == 0) {
        answer =
            (struct wallet_answer){.outcome = WALLET_BROKEN, .code = STR("client_certificate")};
        connector_call_end(
            &c->base, &answer, CONNECTOR_HEALTH_TRIP, "the client certificate is refused");
        return;
    }
    if (connector_call_end_unanswered(&c->base, r))
        return;
    arena_init(&arena, ECOMM_ARENA_MAX);
    answer_read(c, &arena, r, &answer);
    bool beside =
        c->base.op == CONNECTOR_OP_REFUND; /* a merchant who may not reverse takes payments */
    connector_call_end(
        &c->base, &answer, beside ? CONNECTOR_HEALTH_NONE : CONNECTOR_HEALTH_BY_OUTCOME, NULL);
    arena_clear(&arena);
}

/* ---- the call ---- */

static enum err call_write(struct ecomm_call *c)
{
    const struct config *config = c->base.w->config;
    switch (c->base.op) {
    case CONNECTOR_OP_CREATE:
        return template_write(c, STR_ABSENT, config->rocket_begin_form, &c->body);
    case CONNECTOR_OP_PLACE:
    case CONNECTOR_OP_EXECUTE:
    case CONNECTOR_OP_SEARCH:
        return ERR_STATE; /* the money moves at the bank's page */
    case CONNECTOR_OP_REFUND:
        return template_write(c, buf_view(&c->ref), config->rocket_reverse_form, &c->body);
    case CONNECTOR_OP_CLOSE_DAY:
        return template_write(c, STR_ABSENT, config->rocket_close_form, &c->body);
    case CONNECTOR_OP_REFUND_STATUS: /* c tells that, too */
    case CONNECTOR_OP_QUERY:
        break;
    }
    return template_write(c, buf_view(&c->ref), config->rocket_end_form, &c->body);
}

static enum err call_send(struct ecomm_call *c)
{
    static const char *const headers[] = {
        "Content-Type: application/x-www-form-urlencoded", "Accept: text/plain", NULL};
    struct connector_http rq = {
        .method = "POST",
        .path = "",
        .headers = headers,
        .body = buf_view(&c->body),
        .fresh_connect = true,
        .own_tls = true,
        .proxy = c->base.w->config->wallet_rocket_proxy,
        .done = on_answer,
        .arg = c,
    };
    return connector_http_send(c->base.w, c->base.secret, &rq);
}

static bool texts_fit(const struct ecomm_call *c)
{
    return buf_ok(&c->ref) && buf_ok(&c->invoice) && buf_ok(&c->ip) && buf_ok(&c->trx_id) &&
           buf_ok(&c->body);
}

static void call_run(struct connector_call *base)
{
    struct ecomm_call *c = call_of(base);
    if (base->op == CONNECTOR_OP_REFUND && !base->w->config->rocket_reversal)
        connector_call_fail(base, WALLET_BROKEN, "reversal_off", CONNECTOR_HEALTH_NONE);
    else if (call_write(c) != ERR_OK)
        connector_call_fail(base, WALLET_BROKEN, "bad_template", CONNECTOR_HEALTH_BY_OUTCOME);
    else if (!texts_fit(c))
        connector_call_fail(base, WALLET_BROKEN, "too_long", CONNECTOR_HEALTH_NONE);
    else if (call_send(c) != ERR_OK)
        connector_call_fail(base, WALLET_BROKEN, "stopping", CONNECTOR_HEALTH_NONE);
}

static struct ecomm_call *call_new(
    struct wallets *w, enum connector_op op, int64_t credential_id, wallet_done_fn done, void *arg)
{
    struct ecomm_call *c = mem_alloc(sizeof(*c));
    struct buf *const texts[] = {&c->ref, &c->invoice, &c->amount, &c->taka, &c->ip, &c->trx_id};
    c->base = (struct connector_call){
        .w = w,
        .kind = WALLET_ROCKET,
        .op = op,
        .credential_id = credential_id,
        .done = done,
        .arg = arg,
        .run = call_run,
        .release = call_release,
    };
    for (size_t i = 0; i < array_len(texts); i++)
        buf_init(texts[i], TEXT_MAX);
    buf_init(&c->body, FORM_MAX);
    return c;
}

static void ecomm_create(
    struct wallets *w, const struct wallet_create *p, wallet_done_fn done, void *arg)
{
    struct ecomm_call *c = call_new(w, CONNECTOR_OP_CREATE, p->credential_id, done, arg);
    buf_str(&c->invoice, p->invoice);
    buf_str(&c->ip, p->payer_ip);
    buf_int(&c->amount, p->amount.poisha);
    money_format(&c->taka, p->amount, 2);
    connector_call_start(&c->base);
}

static void ecomm_query(
    struct wallets *w, int64_t credential_id, struct str ref, wallet_done_fn done, void *arg)
{
    struct ecomm_call *c = call_new(w, CONNECTOR_OP_QUERY, credential_id, done, arg);
    buf_str(&c->ref, ref);
    connector_call_start(&c->base);
}

static void ecomm_close_day(
    struct wallets *w, int64_t credential_id, wallet_done_fn done, void *arg)
{
    connector_call_start(&call_new(w, CONNECTOR_OP_CLOSE_DAY, credential_id, done, arg)->base);
}

/* What c says afterwards of a part, and of a second reversal, nobody knows. */
static bool ecomm_refund_takes(const struct config *config, bool whole)
{
    return config->rocket_reversal && whole;
}

static void ecomm_refund(
    struct wallets *w, const struct wallet_refund *r, wallet_done_fn done, void *arg)
{
    struct ecomm_call *c = call_new(w, CONNECTOR_OP_REFUND, r->credential_id, done, arg);
    buf_str(&c->ref, r->ref);
    buf_str(&c->trx_id, r->trx_id);
    buf_str(&c->invoice, r->invoice);
    buf_int(&c->amount, r->amount.poisha);
    money_format(&c->taka, r->amount, 2);
    connector_call_start(&c->base);
}

static void ecomm_refund_status(struct wallets *w, int64_t credential_id, struct str ref,
    struct str trx_id, wallet_done_fn done, void *arg)
{
    struct ecomm_call *c = call_new(w, CONNECTOR_OP_REFUND_STATUS, credential_id, done, arg);
    buf_str(&c->ref, ref);
    buf_str(&c->trx_id, trx_id);
    connector_call_start(&c->base);
}

const struct wallet_ops ecomm_ops = {
    .kind = WALLET_ROCKET,
    .needs_execute = false,
    .plain_invoice = true,
    .query_completes = true,
    .create = ecomm_create,
    .place = NULL,
    .execute = NULL, /* never called without needs_execute */
    .query = ecomm_query,
    .close_day = ecomm_close_day,
    .refund = ecomm_refund,
    .refund_takes = ecomm_refund_takes,
    .refund_status = ecomm_refund_status,
};
