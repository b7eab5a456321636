/* Create, execute, query, search. */
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "sim.h"
#include <stdio.h>

/* Of an agreement, by an agreement, and without one; a payment's is in its name. */
#define MODE_AGREEMENT "0000"
#define MODE_AGREED "0001"
#define MODE "0011"
#define MODE_LEN 4
#define PAYMENT_RANDOM_LEN 8
#define PAYMENT_ID_MAX 64
#define SIGNATURE_LEN 10
#define FIELD_CHARS_MAX 255
#define TRX_ID_TRIES 8
/* The wallet that pays when the payer's reference is none. */
#define PAYER_DEFAULT "01770000001"
#define PRODUCT "product=tokenized-checkout"
#define VERSION "v1.2.0-beta"

/* ---- fields of an answer, each of which a fault may spoil ---- */

void field_text(
    struct call *c, struct json_writer *w, const char *key, enum fault_kind kind, struct str right)
{
    json_w_kstr(w, key, fault_field(&c->fault, kind, right));
}

void field_amount(struct call *c, struct json_writer *w, const char *key, struct money m)
{
    struct buf b;
    buf_init(&b, 64);
    wallet_amount_format(&b, m);
    field_text(c, w, key, FAULT_AMOUNT, buf_view(&b));
    buf_clear(&b);
}

void field_time(struct json_writer *w, const char *key, int64_t at_ms)
{
    char text[WALLET_TIME_LEN + 1];
    wallet_time_format(at_ms, text);
    json_w_kcstr(w, key, text);
}

static bool is_wallet_number(struct str s)
{
    if (s.n != 11 || s.p[0] != '0' || s.p[1] != '1')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

struct str payer_number(const struct pay *p)
{
    return is_wallet_number(p->payer_reference) ? p->payer_reference : STR(PAYER_DEFAULT);
}

static struct str mode_of(const struct pay *p)
{
    return str_sub(p->id, 2, 2 + MODE_LEN);
}

static bool makes_agreement(const struct pay *p)
{
    return str_is(mode_of(p), MODE_AGREEMENT);
}

/* ---- create ---- */

static bool text_fits(struct str s)
{
    if (utf8_len(s) > FIELD_CHARS_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 127 || memchr("&<>\"'", s.p[i], 5))
            return false;
    return true;
}

static bool callback_fits(struct str s)
{
    struct url u;
    return s.n <= SIM_CALLBACK_URL_MAX && url_parse(s, &u) == ERR_OK;
}

static bool fields_missing(const struct json *o, bool checkout)
{
    static const char *const mandatory[] = {"mode", "payerReference", "callbackURL", "amount",
        "currency", "intent", "merchantInvoiceNumber"};
    for (size_t i = checkout ? 3 : 0; i < array_len(mandatory); i++)
        if (json_get_scalar(o, mandatory[i]).n == 0)
            return true;
    return false;
}

/* What only a create has that sends the payer away. */
static const char *redirect_judge(const struct json *o, struct pay *ret)
{
    struct str mode = json_get_scalar(o, "mode");
    if (!str_is(mode, MODE) && !str_is(mode, MODE_AGREEMENT) && !str_is(mode, MODE_AGREED))
        return "2063";
    ret->callback_url = json_get_scalar(o, "callbackURL");
    if (!callback_fits(ret->callback_url))
        return "2049";
    ret->payer_reference = json_get_scalar(o, "payerReference");
    return text_fits(ret->payer_reference) ? NULL : "2048";
}

/* The code of the first fault, NULL when all is well; then `ret` has what was asked. */
static const char *create_judge(const struct json *o, bool checkout, struct pay *ret)
{
    if (fields_missing(o, checkout))
        return "2065";
    ret->callback_url = ret->payer_reference = STR("");
    const char *code = checkout ? NULL : redirect_judge(o, ret);
    if (code)
        return code;
    if (money_parse_amount(json_get_scalar(o, "amount"), &ret->amount) != ERR_OK)
        return "2006";
    if (!str_is(json_get_scalar(o, "currency"), "BDT"))
        return "2007";
    if (str_is(json_get_scalar(o, "intent"), "authorization"))
        return "2064";
    if (!str_is(json_get_scalar(o, "intent"), "sale"))
        return "2008";
    ret->invoice = json_get_scalar(o, "merchantInvoiceNumber");
    if (!text_fits(ret->invoice))
        return "2031";
    return text_fits(json_get_scalar(o, "merchantAssociationInfo")) ? NULL : "2047";
}

static void put_callbacks(struct json_writer *w, const struct pay *p)
{
    static const char *const others[][2] = {{"successCallbackURL", "success"},
        {"failureCallbackURL", "failure"}, {"cancelledCallbackURL", "cancel"}};
    struct buf b;
    buf_init(&b, SIM_CALLBACK_URL_MAX + 256);
    buf_str(&b, p->callback_url);
    buf_char(&b, str_find(p->callback_url, '?', 0) < p->callback_url.n ? '&' : '?');
    buf_cstr(&b, "version=" VERSION "&" PRODUCT);
    json_w_kstr(w, "callbackURL", buf_view(&b));
    for (size_t i = 0; i < array_len(others); i++) {
        buf_reset(&b);
        callback_url_write(&b, p, others[i][1]);
        json_w_kstr(w, others[i][0], buf_view(&b));
    }
    buf_clear(&b);
}

static void create_answer(struct call *c, const struct pay *p)
{
    char hash[33];
    struct buf url;
    buf_init(&url, 4096);
    random_text(hash, 32, NULL);
    buf_printf(&url, "%s/pay/%.*s?paymentId=%.*s&hash=%s&mode=%.*s&apiVersion=" VERSION "/",
        c->sim->public_url, STR_FMT(p->id), STR_FMT(p->id), hash, STR_FMT(mode_of(p)));
    struct json_writer w = call_begin(c);
    field_text(c, &w, "paymentID", FAULT_PAYMENT_ID, p->id);
    json_w_kstr(&w, "bkashURL", buf_view(&url));
    put_callbacks(&w, p);
    field_amount(c, &w, "amount", p->amount);
    json_w_kcstr(&w, "intent", "sale");
    field_text(c, &w, "currency", FAULT_CURRENCY, STR("BDT"));
    field_time(&w, "paymentCreateTime", p->created_ms);
    field_text(c, &w, makes_agreement(p) ? "agreementStatus" : "transactionStatus",
        FAULT_TRANSACTION_STATUS, STR("Initiated"));
    field_text(c, &w, "merchantInvoiceNumber", FAULT_INVOICE, p->invoice);
    json_w_close(&w);
    buf_clear(&url);
}

enum err operation_create(struct call *c)
{
    struct pay p = {.state = PAY_INITIATED, .trx_id = STR_ABSENT, .created_ms = c->now_ms};
    const char *code = create_judge(c->body, c->checkout, &p);
    struct str mode = c->checkout ? STR(MODE) : json_get_scalar(c->body, "mode");
    enum err e = ERR_OK;
    if (!code && str_is(mode, MODE_AGREED))
        e = agreement_judge(c, &code);
    if (e != ERR_OK)
        return e;
    if (code) {
        call_code(c, code);
        return ERR_OK;
    }
    bool paid_already = false;
    e = pay_invoice_completed(c->sim->store, p.invoice, &paid_already);
    if (e != ERR_OK || paid_already) {
        call_code(c, "2029");
        return e;
    }
    char random[PAYMENT_RANDOM_LEN + 1], id[PAYMENT_ID_MAX], signature[SIGNATURE_LEN + 1];
    random_text(random, PAYMENT_RANDOM_LEN, NULL);
    random_text(signature, SIGNATURE_LEN, NULL);
    snprintf(id, sizeof(id), "TR%.*s%s%013lld", STR_FMT(mode), random, (long long)c->now_ms);
    p.id = str_from(id);
    p.signature = str_from(signature);
    e = pay_insert(c->sim->store, &p, c->now_ms - PAYMENT_LIFE_MS);
    if (e == ERR_LIMIT) {
        call_code(c, "503");
        return ERR_OK;
    }
    if (e == ERR_OK) {
        c->checkout ? checkout_create_answer(c, &p) : create_answer(c, &p);
        struct call_row *r = calls_get(&c->sim->calls, c->seq);
        if (r)
            snprintf(r->payment_id, sizeof(r->payment_id), "%s", id);
    }
    return e;
}

/* ---- execute ---- */

static void execute_answer(struct call *c, const struct pay *p)
{
    struct json_writer w = call_begin(c);
    field_text(c, &w, "paymentID", FAULT_PAYMENT_ID, p->id);
    json_w_kstr(&w, "payerReference", p->payer_reference);
    json_w_kstr(&w, "customerMsisdn", payer_number(p));
    field_text(c, &w, "trxID", FAULT_TRX_ID, p->trx_id);
    field_amount(c, &w, "amount", p->amount);
    field_text(c, &w, "transactionStatus", FAULT_TRANSACTION_STATUS, STR("Completed"));
    field_time(&w, "paymentExecuteTime", p->executed_ms);
    field_text(c, &w, "currency", FAULT_CURRENCY, STR("BDT"));
    json_w_kcstr(&w, "intent", "sale");
    field_text(c, &w, "merchantInvoiceNumber", FAULT_INVOICE, p->invoice);
    json_w_close(&w);
}

/* Moves the money. */
static enum err pay_complete(struct call *c, struct pay *p)
{
    char trx_id[TRX_ID_LEN + 1];
    p->state = PAY_COMPLETED;
    p->executed_ms = c->now_ms;
    enum err e = ERR_DUPLICATE;
    for (int i = 0; i < TRX_ID_TRIES && e == ERR_DUPLICATE; i++) {
        trx_id_make(c->now_ms, trx_id);
        p->trx_id = str_from(trx_id);
        e = pay_update(c->sim->store, p);
    }
    if (e == ERR_OK)
        c->checkout ? checkout_payment_answer(c, p) : execute_answer(c, p);
    p->trx_id = STR_ABSENT;
    return e;
}

/* NULL: the money may move. */
static const char *execute_judge(const struct call *c, const struct pay *p, bool invoice_paid)
{
    switch (p->state) {
    case PAY_INITIATED:
        return pay_is_expired(p, c->now_ms) ? "2056" : "2060";
    case PAY_COMPLETED:
        return "2062";
    case PAY_AGREED:
        return "2116";
    case PAY_CANCELLED:
    case PAY_FAILED:
        return "2056";
    case PAY_AUTHORISED:
        if (pay_is_expired(p, c->now_ms))
            return "2056";
        return invoice_paid ? "2029" : p->poor ? "2023" : NULL;
    }
    return "2056";
}

/* ERR_NO_ROW: answered already. */
static enum err pay_asked(struct call *c, struct pay *ret)
{
    struct str id = json_get_scalar(c->body, "paymentID");
    if (id.n == 0) {
        call_code(c, "2065");
        return ERR_NO_ROW;
    }
    enum err e = pay_find(c->sim->store, &c->rq->arena, id, ret);
    if (e == ERR_NO_ROW)
        call_code(c, "2002");
    return e;
}

enum err operation_execute(struct call *c)
{
    struct pay p;
    bool invoice_paid = false;
    enum err e = pay_asked(c, &p);
    if (e == ERR_OK)
        e = pay_invoice_completed(c->sim->store, p.invoice, &invoice_paid);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_OK : e;
    p.executes++;
    const char *code = execute_judge(c, &p, invoice_paid);
    if (!code)
        return makes_agreement(&p) ? agreement_make(c, &p) : pay_complete(c, &p);
    if (p.state == PAY_AUTHORISED)
        p.state = PAY_FAILED;
    call_code(c, code);
    return pay_update(c->sim->store, &p);
}

/* ---- query, search ---- */

static void query_answer(struct call *c, const struct pay *p)
{
    bool completed = p->state == PAY_COMPLETED;
    bool verified = completed || p->state == PAY_AUTHORISED;
    struct json_writer w = call_begin(c);
    field_text(c, &w, "paymentID", FAULT_PAYMENT_ID, p->id);
    json_w_kstr(&w, "mode", mode_of(p));
    field_time(&w, "paymentCreateTime", p->created_ms);
    if (completed)
        field_time(&w, "paymentExecuteTime", p->executed_ms);
    field_amount(c, &w, "amount", p->amount);
    field_text(c, &w, "currency", FAULT_CURRENCY, STR("BDT"));
    json_w_kcstr(&w, "intent", "sale");
    field_text(c, &w, "merchantInvoice", FAULT_INVOICE, p->invoice);
    if (completed)
        field_text(c, &w, "trxID", FAULT_TRX_ID, p->trx_id);
    field_text(c, &w, "transactionStatus", FAULT_TRANSACTION_STATUS,
        completed ? STR("Completed") : STR("Initiated"));
    json_w_kcstr(&w, "verificationStatus", verified ? "Complete" : "Incomplete");
    json_w_kstr(&w, "payerReference", p->payer_reference);
    if (completed)
        field_amount(c, &w, "maxRefundableAmount", p->amount);
    json_w_close(&w);
}

enum err operation_query(struct call *c)
{
    struct pay p;
    enum err e = pay_asked(c, &p);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_OK : e;
    p.queries++;
    c->checkout ? checkout_payment_answer(c, &p) : query_answer(c, &p);
    return pay_update(c->sim->store, &p);
}

enum err operation_search(struct call *c)
{
    struct pay p;
    struct str trx_id =
        json_get_scalar(c->body, str_starts(c->rq->path, STR("/v2/")) ? "trxId" : "trxID");
    if (trx_id.n == 0) {
        call_code(c, "2065");
        return ERR_OK;
    }
    enum err e = pay_find_trx(c->sim->store, &c->rq->arena, trx_id, &p);
    if (e == ERR_NO_ROW) {
        call_code(c, "2033");
        return ERR_OK;
    }
    if (e != ERR_OK)
        return e;
    struct json_writer w = call_begin(c);
    field_text(c, &w, "trxID", FAULT_TRX_ID, p.trx_id);
    field_time(&w, "initiationTime", p.created_ms);
    field_time(&w, "completedTime", p.executed_ms);
    json_w_kcstr(
        &w, "transactionType", c->checkout ? "Payment" : "bKash Tokenized Checkout via API");
    json_w_kstr(&w, "customerMsisdn", payer_number(&p));
    field_text(c, &w, "transactionStatus", FAULT_TRANSACTION_STATUS, STR("Completed"));
    field_amount(c, &w, "amount", p.amount);
    field_text(c, &w, "currency", FAULT_CURRENCY, STR("BDT"));
    json_w_kcstr(&w, "organizationShortCode", "50022");
    json_w_close(&w);
    return ERR_OK;
}
