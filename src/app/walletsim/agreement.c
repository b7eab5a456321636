/* Agreements: a payer lets a merchant take payments without asking for the number each time. Made by create and execute in
 * mode 0000, which move no money; payments of mode 0001 name one. */
#include "agreement_store.h"
#include "sim.h"
#include <stdio.h>

#define AGREEMENT_RANDOM_LEN 20
#define AGREEMENT_ID_MAX 64

/* ERR_NO_ROW: answered already. */
static enum err agreement_asked(struct call *c, struct sim_agreement *ret)
{
    struct str id = json_get_scalar(c->body, "agreementID");
    if (id.n == 0) {
        call_code(c, "2065");
        return ERR_NO_ROW;
    }
    enum err e = agreement_find(c->sim->store, &c->rq->arena, id, ret);
    if (e == ERR_NO_ROW)
        call_code(c, "2050");
    return e;
}

static void agreement_answer(struct call *c, const struct sim_agreement *g, struct str payment_id)
{
    struct json_writer w = call_begin(c);
    if (!str_absent(payment_id))
        field_text(c, &w, "paymentID", FAULT_PAYMENT_ID, payment_id);
    json_w_kstr(&w, "agreementID", g->id);
    json_w_kstr(&w, "payerReference", g->payer_reference);
    json_w_kcstr(&w, "agreementStatus", g->cancelled_ms ? "Cancelled" : "Completed");
    field_time(&w, "agreementExecuteTime", g->made_ms);
    if (g->cancelled_ms)
        field_time(&w, "agreementVoidTime", g->cancelled_ms);
    json_w_close(&w);
}

enum err agreement_make(struct call *c, struct pay *p)
{
    char random[AGREEMENT_RANDOM_LEN + 1], id[AGREEMENT_ID_MAX];
    random_text(random, AGREEMENT_RANDOM_LEN, NULL);
    snprintf(id, sizeof(id), "TokenizedMerchant01%s", random);
    struct sim_agreement g = {
        .id = str_from(id), .payer_reference = p->payer_reference, .made_ms = c->now_ms};
    enum err e = agreement_insert(c->sim->store, &g);
    p->state = PAY_AGREED;
    p->executed_ms = c->now_ms;
    if (e == ERR_OK)
        e = pay_update(c->sim->store, p);
    if (e == ERR_OK)
        agreement_answer(c, &g, p->id);
    return e;
}

enum err agreement_judge(struct call *c, const char **ret_code)
{
    struct sim_agreement g;
    struct str id = json_get_scalar(c->body, "agreementID");
    *ret_code = id.n == 0 ? "2065" : NULL;
    if (*ret_code)
        return ERR_OK;
    enum err e = agreement_find(c->sim->store, &c->rq->arena, id, &g);
    if (e == ERR_NO_ROW || (e == ERR_OK && g.cancelled_ms))
        *ret_code = "2050";
    return e == ERR_NO_ROW ? ERR_OK : e;
}

enum err operation_agreement_status(struct call *c)
{
    struct sim_agreement g;
    enum err e = agreement_asked(c, &g);
    if (e == ERR_OK)
        agreement_answer(c, &g, STR_ABSENT);
    return e == ERR_NO_ROW ? ERR_OK : e;
}

enum err operation_agreement_cancel(struct call *c)
{
    struct sim_agreement g;
    enum err e = agreement_asked(c, &g);
    if (e != ERR_OK)
        return e == ERR_NO_ROW ? ERR_OK : e;
    if (g.cancelled_ms) {
        call_code(c, "2050");
        return ERR_OK;
    }
    g.cancelled_ms = c->now_ms;
    e = agreement_cancel(c->sim->store, g.id, g.cancelled_ms);
    if (e == ERR_OK)
        agreement_answer(c, &g, STR_ABSENT);
    return e;
}
