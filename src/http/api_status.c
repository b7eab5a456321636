/* POST /v1/payment/status. */
#include "base/log.h"
#include "http/api.h"
#include "service/checkout.h"

#define ANSWER_MAX ((size_t)16384)

static void money_write(struct json_writer *w, const char *key, bool present, struct money m)
{
    struct buf b;
    buf_init(&b, 64);
    money_format(&b, m, 2);
    json_w_kstr(w, key, present ? buf_view(&b) : STR_ABSENT);
    buf_clear(&b);
}

static void url_write(struct json_writer *w, const struct service *s, struct str uuid)
{
    struct buf b;
    buf_init(&b, 1024);
    buf_cstr(&b, s->config->server_pay_url);
    buf_char(&b, '/');
    buf_str(&b, uuid);
    json_w_kstr(w, "url", buf_view(&b));
    buf_clear(&b);
}

static struct reply *status_answer(const struct service *s, const struct status_view *v)
{
    const struct payment_row *p = &v->payment;
    bool any = p->paid.poisha > 0;
    bool credited = p->state == PAYMENT_PAID;
    struct buf b;
    struct json_writer w;
    buf_init(&b, ANSWER_MAX);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    url_write(&w, s, p->uuid);
    json_w_kcstr(&w, "payment_status", payment_status_text(p->state));
    json_w_kint(&w, "id", p->id);
    json_w_kstr(&w, "uuid", p->uuid);
    json_w_kstr(&w, "order_id", p->order_id);
    money_write(&w, "amount", true, p->amount);
    money_write(&w, "payment_amount", any, p->paid);
    json_w_kbool(&w, "is_partial_payment", any && money_cmp(p->paid, p->amount) < 0);
    money_write(&w, "account_payment_amount", credited, p->credited);
    money_write(&w, "commission_amount", credited, p->commission);
    money_write(&w, "refunded_amount", any, p->refunded);
    money_write(&w, "hold_amount", any, MONEY_ZERO);
    json_w_kstr(&w, "hold_at", STR_ABSENT);
    json_w_kstr(&w, "service_code", p->service);
    json_w_kstr(&w, "card_mask", p->payer_mask);
    money_write(&w, "account_old_balance", v->has_balance, v->old_balance);
    money_write(&w, "account_new_balance", v->has_balance, v->new_balance);
    json_w_close(&w);
    ensure(buf_ok(&b), "a status is short");
    struct reply *r = reply_json(200, buf_view(&b));
    buf_clear(&b);
    return r;
}

static struct reply *status_reply(struct api_call *c)
{
    struct status_request request;
    struct field_errors errors;
    struct status_view view;
    field_errors_init(&errors, &c->rq->arena);
    if (!validate_status(c->body, &request, &errors))
        return api_invalid(&errors);
    enum err e = checkout_status(c->service, &c->rq->arena, c->account, &request, &view);
    if (e == ERR_OK)
        return status_answer(c->service, &view);
    /* With both given and no payment that has both, the order id is named. */
    if (e == ERR_CONFLICT || (e == ERR_NO_ROW && !str_absent(request.order_id)))
        field_errors_add(&errors, "order_id", "The selected order id is invalid.");
    else if (e == ERR_NO_ROW)
        field_errors_add(&errors, "id", "The selected id is invalid.");
    return errors.count ? api_invalid(&errors) : api_fault(c->rq, e);
}

struct reply *api_payment_status(struct request *rq)
{
    struct api_call c;
    struct reply *refusal = api_begin(rq, &c);
    if (refusal)
        return refusal;
    struct reply *r = status_reply(&c);
    api_end(&c);
    return r;
}
