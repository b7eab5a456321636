/* Nagad's page for the payer, and the control API's part of Nagad. */
#include "base/text.h"
#include "nagad.h"

#define LIST_MAX 1000

/* ---- the page ---- */

static void button_write(struct page *pg, struct str ref, const char *name, const char *label)
{
    buf_cstr(&pg->b, "<form method=\"post\" action=\"/nagad/check-out/");
    percent_encode(&pg->b, ref);
    buf_printf(&pg->b, "/%s\"><button type=\"submit\"%s data-testid=\"%s\">%s</button></form>",
        name, strcmp(name, "approve") == 0 ? " class=\"main\"" : "", name, label);
}

static struct reply *page_pay(const struct nagad_pay *p)
{
    struct page pg;
    page_begin(&pg, "Wallet simulator: pay with Nagad");
    buf_cstr(&pg.b, "<dl><dt>Amount</dt><dd data-testid=\"amount\">");
    money_format(&pg.b, p->amount, 2);
    buf_cstr(&pg.b, " BDT</dd><dt>Order</dt><dd data-testid=\"invoice\">");
    html_escape(&pg.b, p->order_id);
    buf_cstr(&pg.b, "</dd></dl><p>No real money moves here.</p>");
    button_write(&pg, p->ref, "approve", "Pay with the right PIN");
    button_write(&pg, p->ref, "leave", "Pay, and never go back to the shop");
    button_write(&pg, p->ref, "decline", "Fail");
    button_write(&pg, p->ref, "cancel", "Cancel");
    return page_end(&pg, 200);
}

static struct reply *page_over(int status)
{
    return page_text(status, "Wallet simulator", "over",
        "This payment does not wait for you any more: it was decided already.");
}

/* The path's reference, decoded. */
static enum err ref_take(struct request *rq, struct str *ret)
{
    const struct sim *s = rq->ctx;
    struct buf b;
    buf_init(&b, 1024);
    enum err e = s->nagad ? percent_decode(&b, rq->param, false) : ERR_NO_ROW;
    if (e == ERR_OK)
        *ret = arena_copy(&rq->arena, buf_view(&b));
    buf_clear(&b);
    return e == ERR_OK ? ERR_OK : ERR_NO_ROW;
}

static enum err pay_load(struct request *rq, struct nagad_pay *ret)
{
    struct sim *s = rq->ctx;
    struct str ref;
    enum err e = ref_take(rq, &ref);
    if (e != ERR_OK)
        return e;
    pthread_mutex_lock(&s->lock);
    e = nagad_pay_find(s->store, &rq->arena, ref, ret);
    pthread_mutex_unlock(&s->lock);
    return e;
}

struct reply *nagad_page_show(struct request *rq)
{
    struct nagad_pay p;
    enum err e = pay_load(rq, &p);
    if (e != ERR_OK)
        return page_error(rq, e);
    return nagad_is_open(&p) ? page_pay(&p) : page_over(200);
}

static enum err act(struct request *rq, struct str action, struct buf *callback_url)
{
    struct sim *s = rq->ctx;
    struct str ref;
    enum err e = ref_take(rq, &ref);
    if (e != ERR_OK)
        return e;
    pthread_mutex_lock(&s->lock);
    e = nagad_act(s, &rq->arena, ref, action, callback_url);
    pthread_mutex_unlock(&s->lock);
    return e;
}

static struct reply *page_act(struct request *rq, struct str action)
{
    struct buf url;
    buf_init(&url, SIM_CALLBACK_URL_MAX + 2048);
    enum err e = act(rq, action, &url);
    struct reply *r = e == ERR_STATE ? page_over(409)
                      : e != ERR_OK  ? page_error(rq, e)
                      : url.n > 0    ? reply_redirect(303, buf_view(&url))
                                     : page_text(200, "Wallet simulator", "paid",
                                           "You have paid. You may close this page.");
    buf_clear(&url);
    return r;
}

struct reply *nagad_page_approve(struct request *rq)
{
    return page_act(rq, STR("approve"));
}

struct reply *nagad_page_decline(struct request *rq)
{
    return page_act(rq, STR("decline"));
}

struct reply *nagad_page_cancel(struct request *rq)
{
    return page_act(rq, STR("cancel"));
}

struct reply *nagad_page_leave(struct request *rq)
{
    return page_act(rq, STR("leave"));
}

/* ---- control ---- */

static void pay_write(void *arg, const struct nagad_pay *p)
{
    struct json_writer *w = arg;
    struct buf amount, cancelled;
    char at[25];
    buf_init(&amount, 64);
    buf_init(&cancelled, 64);
    money_format(&amount, p->amount, 2);
    money_format(&cancelled, p->cancelled, 2);
    json_w_open(w, '{');
    json_w_kstr(w, "payment_ref_id", p->ref);
    json_w_kstr(w, "order_id", p->order_id);
    json_w_kstr(w, "status", p->status);
    json_w_kstr(w, "amount", buf_view(&amount));
    json_w_kstr(w, "callback_url", p->callback_url);
    json_w_kstr(w, "issuer_payment_ref", p->issuer_ref);
    json_w_kint(w, "verifies", p->verifies);
    json_w_kint(w, "cancels", p->cancels);
    json_w_kstr(w, "cancelled_amount", buf_view(&cancelled));
    json_w_kstr(w, "cancel_ref", p->cancel_ref);
    utc_time_format(p->created_ms, at);
    json_w_kcstr(w, "created_at", at);
    json_w_close(w);
    buf_clear(&amount);
    buf_clear(&cancelled);
}

static enum err list_write(struct sim *s, struct str order_id, struct json_writer *w)
{
    struct nagad_totals t = {0};
    struct buf sum;
    json_w_open(w, '{');
    json_w_key(w, "payments");
    json_w_open(w, '[');
    pthread_mutex_lock(&s->lock);
    enum err e = nagad_pay_list(s->store, order_id, LIST_MAX, pay_write, w);
    if (e == ERR_OK)
        e = nagad_totals_get(s->store, &t);
    pthread_mutex_unlock(&s->lock);
    json_w_close(w);
    buf_init(&sum, 64);
    money_format(&sum, money_poisha(t.paid_poisha), 2);
    json_w_key(w, "totals");
    json_w_open(w, '{');
    json_w_kint(w, "payments", t.payments);
    json_w_kint(w, "paid", t.paid);
    json_w_kstr(w, "paid_amount", buf_view(&sum));
    json_w_close(w);
    json_w_close(w);
    buf_clear(&sum);
    return e;
}

struct reply *nagad_control_list(struct request *rq)
{
    struct reply *no = control_stranger(rq);
    struct str order_id = STR_ABSENT;
    if (no)
        return no;
    enum err e = control_param(rq, "order_id", &order_id);
    if (e != ERR_OK)
        return control_error(e);
    struct buf b;
    struct json_writer w;
    buf_init(&b, CONTROL_OUT_MAX);
    json_w_init(&w, &b);
    return control_out(list_write(rq->ctx, order_id, &w), &b);
}

struct reply *nagad_control_get(struct request *rq)
{
    struct reply *no = control_stranger(rq);
    struct nagad_pay p;
    if (no)
        return no;
    enum err e = pay_load(rq, &p);
    if (e != ERR_OK)
        return control_error(e);
    struct buf b;
    struct json_writer w;
    buf_init(&b, CONTROL_OUT_MAX);
    json_w_init(&w, &b);
    pay_write(&w, &p);
    return control_out(ERR_OK, &b);
}

struct reply *nagad_control_act(struct request *rq)
{
    struct reply *no = control_stranger(rq);
    if (no)
        return no;
    struct buf url, b;
    struct json_writer w;
    buf_init(&url, SIM_CALLBACK_URL_MAX + 2048);
    enum err e = act(rq, json_get_string(control_body(rq), "action"), &url);
    if (e != ERR_OK) {
        buf_clear(&url);
        return e == ERR_SYNTAX
                   ? control_message(400, "action is one of approve, decline, cancel,"
                                          " leave, refund, refund-half, or a status under way")
                   : control_error(e);
    }
    buf_init(&b, CONTROL_OUT_MAX);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kstr(&w, "callback_url", url.n > 0 ? buf_view(&url) : STR_ABSENT);
    json_w_close(&w);
    buf_clear(&url);
    return control_out(ERR_OK, &b);
}
