/* Refunds. By bKash's second API: other names, no code on success, refusals in an envelope of their own under HTTP 400.
 * By the first one: one refund of a payment, within fifteen days, and the same address asks for it. */
#include "base/mem.h"
#include "refund_store.h"
#include "sim.h"
#include <stdio.h>

/* Of one payment, and how long it can be refunded. */
#define REFUNDS_MAX 10
#define REFUND_WINDOW_MS (60 * 86400 * INT64_C(1000))
#define REFUNDS_V1_MAX 1
#define REFUND_V1_WINDOW_MS (15 * 86400 * INT64_C(1000))
#define TEXT_CHARS_MAX 255
#define TRX_ID_TRIES 8

struct refunds {
    int64_t count;
    struct money sum;
};

static void count_row(void *arg, const struct sim_refund *r)
{
    struct refunds *x = arg;
    x->count++;
    x->sum = money_add(x->sum, r->amount);
}

static void refuse(struct call *c, const char *code)
{
    struct json_writer w;
    if (c->refund_v1) {
        call_code(c, code);
        return;
    }
    call_out_begin(c, 400, code);
    json_w_init(&w, &c->out);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "internalCode", "refund_refused");
    json_w_kcstr(&w, "externalCode", code);
    json_w_kcstr(&w, "errorMessageEn", code_text(code));
    json_w_kcstr(&w, "errorMessageBn", NULL);
    json_w_close(&w);
}

static void put_amount(struct call *c, struct json_writer *w, const char *key, struct money m)
{
    struct buf b;
    buf_init(&b, 64);
    money_format(&b, m, 2);
    json_w_kstr(w, key, fault_field(&c->fault, FAULT_AMOUNT, buf_view(&b)));
    buf_clear(&b);
}

static struct str asked_amount(const struct call *c)
{
    return json_get_scalar(c->body, c->refund_v1 ? "amount" : "refundAmount");
}

/* NULL: it may go back. */
static const char *refund_judge(
    const struct call *c, const struct pay *p, const struct refunds *before, struct money *ret)
{
    struct str sku = json_get_scalar(c->body, "sku");
    struct str reason = json_get_scalar(c->body, "reason");
    if (sku.n > TEXT_CHARS_MAX)
        return "2075";
    if (reason.n > TEXT_CHARS_MAX)
        return "2076";
    if (money_parse_amount(asked_amount(c), ret) != ERR_OK)
        return "2072";
    if (c->now_ms >= p->executed_ms + (c->refund_v1 ? REFUND_V1_WINDOW_MS : REFUND_WINDOW_MS))
        return "2071";
    if (before->count >= (c->refund_v1 ? REFUNDS_V1_MAX : REFUNDS_MAX))
        return "2074";
    return money_cmp(money_add(before->sum, *ret), p->amount) > 0 ? "2072" : NULL;
}

static void refund_v1_answer(struct call *c, const struct pay *p, const struct sim_refund *r)
{
    struct json_writer w = call_begin(c);
    json_w_kstr(&w, "originalTrxID", p->trx_id);
    field_text(c, &w, "refundTrxID", FAULT_TRX_ID, r->trx_id);
    field_text(c, &w, "transactionStatus", FAULT_TRANSACTION_STATUS, STR("Completed"));
    put_amount(c, &w, "amount", r->amount);
    field_text(c, &w, "currency", FAULT_CURRENCY, STR("BDT"));
    json_w_kcstr(&w, "charge", "0.00");
    field_time(&w, "completedTime", r->completed_ms);
    json_w_close(&w);
}

static void refund_answer(struct call *c, const struct pay *p, const struct sim_refund *r)
{
    struct json_writer w;
    char at[WALLET_TIME_LEN + 1];
    if (c->refund_v1) {
        refund_v1_answer(c, p, r);
        return;
    }
    wallet_time_format(r->completed_ms, at);
    call_out_begin(c, 200, "");
    json_w_init(&w, &c->out);
    json_w_open(&w, '{');
    json_w_kstr(&w, "originalTrxId", p->trx_id);
    json_w_kstr(&w, "refundTrxId", fault_field(&c->fault, FAULT_TRX_ID, r->trx_id));
    json_w_kstr(&w, "refundTransactionStatus",
        fault_field(&c->fault, FAULT_TRANSACTION_STATUS, STR("Completed")));
    put_amount(c, &w, "originalTrxAmount", p->amount);
    put_amount(c, &w, "refundAmount", r->amount);
    json_w_kstr(&w, "currency", fault_field(&c->fault, FAULT_CURRENCY, STR("BDT")));
    json_w_kcstr(&w, "completedTime", at);
    json_w_kstr(&w, "sku", json_get_scalar(c->body, "sku"));
    json_w_kstr(&w, "reason", json_get_scalar(c->body, "reason"));
    json_w_close(&w);
}

/* ERR_NO_ROW: answered already. */
static enum err refunded_pay(struct call *c, struct pay *ret)
{
    struct str id = json_get_scalar(c->body, c->refund_v1 ? "paymentID" : "paymentId");
    struct str trx_id = json_get_scalar(c->body, c->refund_v1 ? "trxID" : "trxId");
    if (id.n == 0 || trx_id.n == 0) {
        call_message(c, 400, "Invalid request body");
        return ERR_NO_ROW;
    }
    enum err e = pay_find(c->sim->store, &c->rq->arena, id, ret);
    const char *code = e == ERR_NO_ROW                ? "2002"
                       : e != ERR_OK                  ? NULL
                       : ret->state != PAY_COMPLETED  ? "2127"
                       : !str_eq(ret->trx_id, trx_id) ? "2077"
                                                      : NULL;
    if (code)
        refuse(c, code);
    return code ? ERR_NO_ROW : e;
}

enum err operation_refund(struct call *c)
{
    struct pay p;
    struct refunds before = {.count = 0};
    struct sim_refund r = {.completed_ms = c->now_ms};
    char trx_id[TRX_ID_LEN + 1];
    if (asked_amount(c).n == 0 || json_get_scalar(c->body, "sku").n == 0 ||
        json_get_scalar(c->body, "reason").n == 0) {
        call_message(c, 400, "Invalid request body");
        return ERR_OK;
    }
    enum err e = refunded_pay(c, &p);
    if (e == ERR_OK)
        e = refund_list(c->sim->store, p.trx_id, count_row, &before);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_OK : e;
    const char *code = refund_judge(c, &p, &before, &r.amount);
    if (code) {
        refuse(c, code);
        return ERR_OK;
    }
    e = ERR_DUPLICATE;
    for (int i = 0; i < TRX_ID_TRIES && e == ERR_DUPLICATE; i++) {
        trx_id_make(c->now_ms, trx_id);
        r.trx_id = str_from(trx_id);
        e = refund_insert(c->sim->store, p.trx_id, &r);
    }
    if (e == ERR_OK)
        refund_answer(c, &p, &r);
    return e;
}

struct listing {
    struct call *call;
    struct json_writer *w;
};

static void list_row(void *arg, const struct sim_refund *r)
{
    struct listing *l = arg;
    char at[WALLET_TIME_LEN + 1];
    wallet_time_format(r->completed_ms, at);
    json_w_open(l->w, '{');
    json_w_kstr(l->w, "refundTrxId", r->trx_id);
    json_w_kstr(l->w, "refundTransactionStatus",
        fault_field(&l->call->fault, FAULT_TRANSACTION_STATUS, STR("Completed")));
    put_amount(l->call, l->w, "refundAmount", r->amount);
    json_w_kstr(l->w, "completedTime", str_sub(str_from(at), 0, 23));
    json_w_close(l->w);
}

struct first {
    struct call *call;
    const struct pay *pay;
    bool found;
};

static void first_row(void *arg, const struct sim_refund *r)
{
    struct first *f = arg;
    if (!f->found)
        refund_v1_answer(f->call, f->pay, r);
    f->found = true;
}

/* The one refund of the payment. */
static enum err status_v1(struct call *c, const struct pay *p)
{
    struct first f = {c, p, false};
    enum err e = refund_list(c->sim->store, p->trx_id, first_row, &f);
    if (e == ERR_OK && !f.found)
        call_code(c, "2033");
    return e;
}

enum err operation_refund_status(struct call *c)
{
    struct pay p;
    struct json_writer w;
    char at[WALLET_TIME_LEN + 1];
    enum err e = refunded_pay(c, &p);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_OK : e;
    if (c->refund_v1)
        return status_v1(c, &p);
    wallet_time_format(p.executed_ms, at);
    call_out_begin(c, 200, "");
    json_w_init(&w, &c->out);
    json_w_open(&w, '{');
    json_w_kstr(&w, "originalTrxId", p.trx_id);
    put_amount(c, &w, "originalTrxAmount", p.amount);
    json_w_kstr(&w, "originalTrxCompletedTime", str_sub(str_from(at), 0, 23));
    json_w_key(&w, "refundTransactions");
    json_w_open(&w, '[');
    e = refund_list(c->sim->store, p.trx_id, list_row, &(struct listing){c, &w});
    json_w_close(&w);
    json_w_close(&w);
    return e;
}
