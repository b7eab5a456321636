/* bKash's checkout before the tokenized one: the payer pays in a frame of the shop's page. A payment is named by the
 * address, not by a body; it has fields and errors of its own. All else is the tokenized checkout's. */
#include "base/mem.h"
#include "sim.h"

#define ID_MAX ((size_t)256)

const struct json *checkout_body(struct request *rq, enum op op)
{
    struct buf b;
    struct json_writer w;
    const char *why;
    struct json *body = NULL;
    if (rq->param.n > ID_MAX)
        return NULL;
    buf_init(&b, 4096);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kstr(&w, op == OP_SEARCH ? "trxID" : "paymentID", rq->param);
    json_w_close(&w);
    enum err e = json_parse(&rq->arena, arena_copy(&rq->arena, buf_view(&b)), &body, &why);
    buf_clear(&b);
    return e == ERR_OK ? body : NULL;
}

static void put_terms(struct call *c, struct json_writer *w, const struct pay *p)
{
    field_amount(c, w, "amount", p->amount);
    field_text(c, w, "currency", FAULT_CURRENCY, STR("BDT"));
    json_w_kcstr(w, "intent", "sale");
    field_text(c, w, "merchantInvoiceNumber", FAULT_INVOICE, p->invoice);
}

void checkout_create_answer(struct call *c, const struct pay *p)
{
    struct json_writer w = call_begin(c);
    field_text(c, &w, "paymentID", FAULT_PAYMENT_ID, p->id);
    field_time(&w, "createTime", p->created_ms);
    json_w_kcstr(&w, "orgLogo", "");
    json_w_kcstr(&w, "orgName", "Kassa sandbox");
    field_text(c, &w, "transactionStatus", FAULT_TRANSACTION_STATUS, STR("Initiated"));
    put_terms(c, &w, p);
    json_w_close(&w);
}

void checkout_payment_answer(struct call *c, const struct pay *p)
{
    bool completed = p->state == PAY_COMPLETED;
    struct json_writer w = call_begin(c);
    field_text(c, &w, "paymentID", FAULT_PAYMENT_ID, p->id);
    field_time(&w, "createTime", p->created_ms);
    field_time(&w, "updateTime", completed ? p->executed_ms : p->created_ms);
    if (completed) {
        field_text(c, &w, "trxID", FAULT_TRX_ID, p->trx_id);
        json_w_kstr(&w, "customerMsisdn", payer_number(p));
    }
    field_text(c, &w, "transactionStatus", FAULT_TRANSACTION_STATUS,
        completed ? STR("Completed") : STR("Initiated"));
    put_terms(c, &w, p);
    json_w_close(&w);
}
