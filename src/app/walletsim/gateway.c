/* What every API call goes through: the log of calls, the token, the body, faults, the answer. */
#include "base/log.h"
#include "base/mem.h"
#include "sim.h"
#include <stdio.h>

#define ANSWER_MAX ((size_t)FAULT_HUGE_MAX + 64 * 1024)

/* ---- answers ---- */

void call_out_begin(struct call *c, int status, const char *code)
{
    buf_reset(&c->out);
    c->status = status;
    snprintf(c->code, sizeof(c->code), "%s", code);
}

void call_message(struct call *c, int status, const char *text)
{
    struct json_writer w;
    call_out_begin(c, status, "");
    json_w_init(&w, &c->out);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "message", text);
    json_w_close(&w);
}

static const char *const CODES[][2] = {
    {"0000", "Successful"},
    {"2001", "Invalid App Key"},
    {"2002", "Invalid Payment ID"},
    {"2003", "Process failed"},
    {"2006", "Invalid Amount"},
    {"2007", "Invalid Currency"},
    {"2008", "Invalid Intent"},
    {"2014", "Wrong PIN"},
    {"2020", "Exception"},
    {"2023", "Insufficient Balance"},
    {"2024", "Exception"},
    {"2029", "Duplicate for all transactions"},
    {"2031", "Invalid Merchant Invoice Number"},
    {"2033", "Transaction not found"},
    {"2047", "Invalid Merchant Association Info"},
    {"2048", "Invalid Payer Reference"},
    {"2049", "Invalid Merchant Callback URL"},
    {"2050", "Invalid Agreement ID"},
    {"2056", "Invalid Payment State"},
    {"2060", "The pre-requisites of the execution are not met"},
    {"2062", "The payment has already been completed"},
    {"2063", "Invalid Mode"},
    {"2064", "The product is unavailable"},
    {"2065", "A mandatory field is missing"},
    {"2068", "The transaction has already been completed"},
    {"2069", "The transaction has already been cancelled"},
    {"2071", "The transaction is too old to be refunded"},
    {"2072", "Invalid refund amount"},
    {"2074", "The transaction can't be refunded any more"},
    {"2075", "The SKU is too long"},
    {"2076", "The reason is too long"},
    {"2077", "Invalid TrxID"},
    {"2116", "The agreement execution has already been completed"},
    {"2117", "The payment execution has already been completed"},
    {"2119", "The authorised payment has already been processed"},
    {"2127", "The transaction is not completed"},
    {"503", "System is undergoing maintenance"},
    {"9999", "System Error"},
};

const char *code_text(const char *code)
{
    for (size_t i = 0; i < array_len(CODES); i++)
        if (strcmp(CODES[i][0], code) == 0)
            return CODES[i][1];
    return "Error";
}

static struct json_writer code_begin(struct call *c, const char *code)
{
    struct json_writer w;
    call_out_begin(c, 200, code);
    json_w_init(&w, &c->out);
    json_w_open(&w, '{');
    if (c->checkout && strcmp(code, "0000") == 0)
        return w;
    json_w_kcstr(&w, c->checkout ? "errorCode" : "statusCode", code);
    json_w_kcstr(&w, c->checkout ? "errorMessage" : "statusMessage", code_text(code));
    return w;
}

struct json_writer call_begin(struct call *c)
{
    return code_begin(c, "0000");
}

void call_code(struct call *c, const char *code)
{
    struct json_writer w = code_begin(c, code);
    json_w_close(&w);
}

/* ---- doing the work ---- */

static enum err operation_run(struct call *c)
{
    switch (c->op) {
    case OP_GRANT:
        return token_grant(c);
    case OP_REFRESH:
        return token_refresh(c);
    case OP_CREATE:
        return operation_create(c);
    case OP_EXECUTE:
        return operation_execute(c);
    case OP_QUERY:
        return operation_query(c);
    case OP_SEARCH:
        return operation_search(c);
    case OP_REFUND:
        return operation_refund(c);
    case OP_REFUND_STATUS:
        return operation_refund_status(c);
    case OP_AGREEMENT_STATUS:
        return operation_agreement_status(c);
    case OP_AGREEMENT_CANCEL:
        return operation_agreement_cancel(c);
    case OP_NAGAD_INITIALIZE:
    case OP_NAGAD_COMPLETE:
    case OP_NAGAD_VERIFY:
    case OP_NAGAD_CANCEL:
        return nagad_operation(c);
    }
    return ERR_INTERNAL;
}

/* What is answered instead when the work is not done. */
static enum err instead_run(struct call *c)
{
    if (c->fault.kind == FAULT_REASON)
        nagad_refuse(c, c->fault.value);
    else if (c->fault.kind == FAULT_EXPIRED_TOKEN || c->fault.kind == FAULT_UNAUTHORIZED)
        call_message(c, 401, "Unauthorized");
    else
        call_message(c, 200, "Internal server error");
    return c->fault.kind == FAULT_EXPIRED_TOKEN ? token_delete(c->sim->store, c->token) : ERR_OK;
}

static void answer_spoil(struct call *c)
{
    switch (c->fault.kind) {
    case FAULT_STATUS_500:
        call_message(c, 500, "Internal server error");
        break;
    case FAULT_STATUS:
        c->status = (int)c->fault.number;
        break;
    case FAULT_HTML:
        call_out_begin(c, 200, "");
        buf_cstr(&c->out, "<html><body><h1>502 Bad Gateway</h1></body></html>");
        break;
    case FAULT_EMPTY:
        call_out_begin(c, c->status, "");
        break;
    case FAULT_HALF_JSON:
        c->out.n /= 2;
        c->out.p[c->out.n] = '\0';
        break;
    case FAULT_HUGE:
        c->out.n--; /* the closing brace */
        buf_cstr(&c->out, ",\"padding\":\"");
        for (int64_t i = 0; i < c->fault.number; i++)
            buf_char(&c->out, 'A');
        buf_cstr(&c->out, "\"}");
        break;
    case FAULT_CODE:
        call_code(c, c->fault.value);
        break;
    case FAULT_REASON:
        nagad_refuse(c, c->fault.value);
        break;
    case FAULT_NONE:
    case FAULT_DROP_BEFORE:
    case FAULT_DROP_AFTER_COMMIT:
    case FAULT_DELAY:
    case FAULT_DELAY_BEFORE:
    case FAULT_SLOW:
    case FAULT_AMOUNT:
    case FAULT_CURRENCY:
    case FAULT_INVOICE:
    case FAULT_PAYMENT_ID:
    case FAULT_TRX_ID:
    case FAULT_TRANSACTION_STATUS:
    case FAULT_EXPIRED_TOKEN:
    case FAULT_UNAUTHORIZED:
    case FAULT_BAD_SIGNATURE:
    case FAULT_WRONG_KEY:
    case FAULT_BAD_PADDING:
    case FAULT_BAD_BASE64:
        break;
    }
}

/* Fills the answer. */
static void call_run(struct call *c)
{
    struct sim *s = c->sim;
    pthread_mutex_lock(&s->lock);
    c->now_ms = clock_now_ms(&s->clock);
    enum err e = sim_store_begin(s->store);
    if (e == ERR_OK)
        e = sim_store_end(s->store, c->fault.commit ? operation_run(c) : instead_run(c));
    if (e != ERR_OK)
        call_message(c, 500, "Internal server error");
    pthread_mutex_unlock(&s->lock);
    if (e == ERR_OK)
        answer_spoil(c);
}

/* ---- answering ---- */

static void call_log(struct call *c, int status)
{
    pthread_mutex_lock(&c->sim->lock);
    struct call_row *r = calls_get(&c->sim->calls, c->seq);
    if (r) {
        r->status = status;
        r->ended = true;
        if (status)
            memcpy(r->code, c->code, sizeof(r->code));
    }
    pthread_mutex_unlock(&c->sim->lock);
}

static struct reply *call_drop(struct call *c)
{
    call_log(c, 0);
    buf_clear(&c->out);
    return reply_drop();
}

static struct reply *call_reply(struct call *c)
{
    if (c->fault.kind == FAULT_DROP_AFTER_COMMIT)
        return call_drop(c);
    call_log(c, c->status);
    const char *type = c->fault.kind == FAULT_HTML ? "text/html" : "application/json";
    struct str body = buf_view(&c->out);
    struct reply *r = c->fault.kind == FAULT_SLOW
                          ? reply_slow(c->status, type, body, (int)c->fault.number)
                          : reply_bytes(c->status, type, body);
    buf_clear(&c->out);
    return r;
}

static void answer_later(void *arg, bool in_time)
{
    struct call *c = arg;
    request_answer(c->rq, in_time ? call_reply(c) : call_drop(c));
}

static void run_later(void *arg, bool in_time)
{
    struct call *c = arg;
    if (in_time)
        call_run(c);
    answer_later(c, in_time);
}

static struct reply *call_do(struct call *c)
{
    struct later *later = c->sim->later;
    if (c->fault.kind == FAULT_DROP_BEFORE)
        return call_drop(c);
    if (c->fault.kind == FAULT_DELAY_BEFORE) {
        struct reply *parked = request_park(c->rq);
        later_add(later, c->fault.number, run_later, c);
        return parked;
    }
    call_run(c);
    if (c->fault.kind != FAULT_DELAY)
        return call_reply(c);
    struct reply *parked = request_park(c->rq);
    later_add(later, c->fault.number, answer_later, c);
    return parked;
}

/* ---- letting in ---- */

/* The refusals that come before bKash itself sees the call. */
static bool call_admit(struct call *c)
{
    struct sim *s = c->sim;
    bool token_op = c->op == OP_GRANT || c->op == OP_REFRESH;
    if (op_is_nagad(c->op))
        return nagad_admit(c);
    if (!token_op && token_check(s->store, TOKEN_ID, c->token, c->now_ms) != ERR_OK) {
        call_message(c, 401, "Unauthorized");
        return false;
    }
    if (!c->body) {
        call_message(c, 400, "Invalid request body");
        return false;
    }
    if (!token_op && !str_is(c->app_key, s->options.app_key)) {
        call_code(c, "2001");
        return false;
    }
    return true;
}

static struct str header_copy(struct request *rq, const char *name)
{
    return arena_copy(&rq->arena, request_header(rq, name));
}

static void call_read(struct call *c)
{
    struct request *rq = c->rq;
    const char *why;
    struct json *body = NULL;
    if (c->checkout && !str_absent(rq->param))
        c->body = checkout_body(rq, c->op);
    else if (json_parse(&rq->arena, rq->body, &body, &why) == ERR_OK && body->type == JSON_OBJECT)
        c->body = body;
    c->token = header_copy(rq, "Authorization");
    if (c->token.n > 7 && str_ieq(str_sub(c->token, 0, 7), STR("Bearer ")))
        c->token = str_trim(str_sub(c->token, 7, c->token.n));
    c->app_key = header_copy(rq, "X-App-Key");
    c->username = header_copy(rq, "username");
    c->password = header_copy(rq, "password");
}

/* Payment and invoice that the call is about, as far as known. */
static void call_subject(struct call *c, struct str *ret_payment_id, struct str *ret_invoice)
{
    struct pay p;
    if (op_is_nagad(c->op)) {
        nagad_subject(c, ret_payment_id, ret_invoice);
        return;
    }
    bool refund = c->op == OP_REFUND || c->op == OP_REFUND_STATUS;
    *ret_payment_id = json_get_scalar(c->body, refund && !c->refund_v1 ? "paymentId" : "paymentID");
    *ret_invoice = json_get_scalar(c->body, "merchantInvoiceNumber");
    if (!str_absent(*ret_payment_id) &&
        pay_find(c->sim->store, &c->rq->arena, *ret_payment_id, &p) == ERR_OK)
        *ret_invoice = p.invoice;
}

struct reply *gateway_call(struct request *rq, enum op op)
{
    struct sim *s = rq->ctx;
    struct call *c = arena_alloc(&rq->arena, sizeof(*c));
    ensure(c, "a fresh request's arena has room");
    *c = (struct call){.sim = s,
        .rq = rq,
        .op = op,
        .checkout = str_starts(rq->path, STR("/v1.2.0-beta/checkout/")),
        .refund_v1 = !str_starts(rq->path, STR("/v2/")),
        .fault = {.op = op, .commit = true}};
    buf_init(&c->out, ANSWER_MAX);
    call_read(c);
    struct str payment_id, invoice;
    pthread_mutex_lock(&s->lock);
    c->now_ms = clock_now_ms(&s->clock);
    call_subject(c, &payment_id, &invoice);
    c->seq = calls_begin(&s->calls, op, c->now_ms, payment_id, invoice);
    bool admitted = call_admit(c);
    if (admitted)
        c->fault = faults_take(&s->faults, op, payment_id, invoice);
    calls_get(&s->calls, c->seq)->fault = c->fault.kind;
    pthread_mutex_unlock(&s->lock);
    return admitted ? call_do(c) : call_reply(c);
}

struct reply *gateway_grant(struct request *rq)
{
    return gateway_call(rq, OP_GRANT);
}

struct reply *gateway_refresh(struct request *rq)
{
    return gateway_call(rq, OP_REFRESH);
}

struct reply *gateway_create(struct request *rq)
{
    return gateway_call(rq, OP_CREATE);
}

struct reply *gateway_execute(struct request *rq)
{
    return gateway_call(rq, OP_EXECUTE);
}

struct reply *gateway_query(struct request *rq)
{
    return gateway_call(rq, OP_QUERY);
}

struct reply *gateway_search(struct request *rq)
{
    return gateway_call(rq, OP_SEARCH);
}

struct reply *gateway_agreement_status(struct request *rq)
{
    return gateway_call(rq, OP_AGREEMENT_STATUS);
}

struct reply *gateway_agreement_cancel(struct request *rq)
{
    return gateway_call(rq, OP_AGREEMENT_CANCEL);
}

struct reply *gateway_refund(struct request *rq)
{
    return gateway_call(rq, OP_REFUND);
}

struct reply *gateway_refund_status(struct request *rq)
{
    return gateway_call(rq, OP_REFUND_STATUS);
}

struct reply *gateway_refund_v1(struct request *rq)
{
    const char *why;
    struct json *body = NULL;
    bool asks = json_parse(&rq->arena, rq->body, &body, &why) == ERR_OK &&
                body->type == JSON_OBJECT && str_absent(json_get_scalar(body, "amount"));
    return gateway_call(rq, asks ? OP_REFUND_STATUS : OP_REFUND);
}
