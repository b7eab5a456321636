/* A connector to copy. It speaks a made-up wallet whose money moves at the wallet's own page, so there is nothing to
 * execute:
 *   POST {base_url}/payments        {"amount":"12.50","currency":"BDT","invoice":"..","callback_url":".."}
 *     -> 200 {"ref":"..","page":"https://.."} or 422 {"code":"..","text":".."}
 *   GET  {base_url}/payments/{ref}
 *     -> 200 {"ref":"..","state":"open|paid","amount":"12.50","currency":"BDT","invoice":"..","trx_id":".."}
 * both with `Authorization: {app_key}`. What to keep when changing it: one call is sent once; what may have been sent and
 * was not understood is UNKNOWN; DECLINED is a refusal that is certain; the caller compares the amount. Then name it
 * in wallet.c's table, and doc/wallets.md tells what else a new wallet needs. */
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "wallet/connector.h"

#define ARENA_MAX ((size_t)2 << 20)
#define TEXT_MAX ((size_t)8192)

struct template_call {
    struct connector_call base;
    struct buf path; /* of a query */
    struct buf ref;  /* of a query */
    struct buf body; /* of a create */
};

static void call_release(struct connector_call *base)
{
    struct template_call *c = (struct template_call *)base;
    buf_clear(&c->path);
    buf_clear(&c->ref);
    buf_clear(&c->body);
    mem_free(c);
}

/* The payer is sent to `page`: https, but for a simulator on this machine. */
static bool page_is_safe(const struct template_call *c, struct str page)
{
    struct url u;
    return url_parse(page, &u) == ERR_OK && (u.https || wallet_base_is_loopback(c->base.secret));
}

static void create_read(
    const struct template_call *c, const struct json *o, int status, struct wallet_answer *ret)
{
    ret->ref = json_get_string(o, "ref");
    ret->url = json_get_string(o, "page");
    if (status == 422 && ret->code.n > 0)
        ret->outcome = WALLET_DECLINED;
    else if (status == 401 || status == 403)
        ret->outcome = WALLET_BROKEN;
    else if (status == 200 && ret->ref.n > 0 && page_is_safe(c, ret->url))
        ret->outcome = WALLET_OK;
}

static void query_read(
    const struct template_call *c, const struct json *o, int status, struct wallet_answer *ret)
{
    ret->ref = json_get_string(o, "ref");
    if (status != 200 || !str_eq(ret->ref, buf_view(&c->ref)))
        return;
    struct str amount = json_get_scalar(o, "amount");
    ret->has_amount = !str_absent(amount) && money_parse_wallet(amount, &ret->amount) == ERR_OK;
    ret->currency = json_get_string(o, "currency");
    ret->invoice = json_get_string(o, "invoice");
    ret->trx_id = json_get_string(o, "trx_id");
    ret->completed = str_is(json_get_string(o, "state"), "paid") && ret->has_amount &&
                     ret->currency.n > 0 && ret->trx_id.n > 0;
    if (ret->completed)
        ret->outcome = WALLET_OK;
    else if (str_is(json_get_string(o, "state"), "open"))
        ret->outcome = WALLET_PENDING;
}

static void on_answer(void *arg, const struct httpc_result *r)
{
    struct template_call *c = arg;
    connector_http_note(r);
    if (connector_call_end_unanswered(&c->base, r))
        return;
    struct arena arena;
    struct json *root = NULL;
    const char *why;
    arena_init(&arena, ARENA_MAX);
    struct wallet_answer a = {.outcome = WALLET_UNKNOWN};
    /* what is no JSON leaves root NULL, and every member absent */
    if (json_parse(&arena, r->body, &root, &why) == ERR_OK) {
        a.code = json_get_scalar(root, "code");
        a.message = json_get_string(root, "text");
    }
    if (c->base.op == CONNECTOR_OP_CREATE)
        create_read(c, root, r->status, &a);
    else
        query_read(c, root, r->status, &a);
    if (str_absent(a.code))
        a.code = a.outcome == WALLET_UNKNOWN ? STR("unclear") : STR("ok");
    connector_call_end(&c->base, &a, CONNECTOR_HEALTH_BY_OUTCOME, NULL);
    arena_clear(&arena);
}

static void call_run(struct connector_call *base)
{
    struct template_call *c = (struct template_call *)base;
    bool create = base->op == CONNECTOR_OP_CREATE;
    struct buf authorization;
    buf_init(&authorization, TEXT_MAX);
    buf_printf(&authorization, "Authorization: %s", base->secret->app_key);
    const char *const headers[] = {
        "Content-Type: application/json",
        buf_view(&authorization).p,
        NULL,
    };
    struct connector_http rq = {
        .method = create ? "POST" : "GET",
        .path = create ? "/payments" : buf_view(&c->path).p,
        .headers = headers,
        .body = create ? buf_view(&c->body) : STR_ABSENT,
        .fresh_connect = create,
        .done = on_answer,
        .arg = c,
    };
    enum err e = connector_http_send(base->w, base->secret, &rq);
    buf_wipe(&authorization);
    if (e)
        connector_call_fail(base, WALLET_BROKEN, "stopping", CONNECTOR_HEALTH_NONE);
}

static struct template_call *call_new(
    struct wallets *w, enum connector_op op, int64_t credential_id, wallet_done_fn done, void *arg)
{
    struct template_call *c = mem_alloc(sizeof(*c));
    c->base = (struct connector_call){
        .w = w,
        .kind = wallet_template_ops.kind,
        .op = op,
        .credential_id = credential_id,
        .done = done,
        .arg = arg,
        .run = call_run,
        .release = call_release,
    };
    buf_init(&c->path, TEXT_MAX);
    buf_init(&c->ref, TEXT_MAX);
    buf_init(&c->body, TEXT_MAX);
    return c;
}

static void template_create(
    struct wallets *w, const struct wallet_create *p, wallet_done_fn done, void *arg)
{
    struct template_call *c = call_new(w, CONNECTOR_OP_CREATE, p->credential_id, done, arg);
    struct json_writer j;
    struct buf amount;
    buf_init(&amount, 32);
    money_format(&amount, p->amount, 2);
    json_w_init(&j, &c->body);
    json_w_open(&j, '{');
    json_w_kstr(&j, "amount", buf_view(&amount));
    json_w_kstr(&j, "currency", p->currency);
    json_w_kstr(&j, "invoice", p->invoice);
    json_w_kstr(&j, "callback_url", p->callback_url);
    json_w_close(&j);
    buf_clear(&amount);
    connector_call_start(&c->base);
}

static void template_query(
    struct wallets *w, int64_t credential_id, struct str ref, wallet_done_fn done, void *arg)
{
    struct template_call *c = call_new(w, CONNECTOR_OP_QUERY, credential_id, done, arg);
    buf_str(&c->ref, ref);
    buf_cstr(&c->path, "/payments/");
    percent_encode(&c->path, ref);
    connector_call_start(&c->base);
}

const struct wallet_ops wallet_template_ops = {
    .kind = WALLET_ROCKET,
    .needs_execute = false,
    .create = template_create,
    .execute = NULL, /* never called without needs_execute */
    .query = template_query,
};
