/* The payer's page: plain HTML, whole without JavaScript. */
#include "base/text.h"
#include "sim.h"

#define PAGE_MAX ((size_t)32 * 1024)
/* No form-action: browsers hold it against the whole chain of redirects, which ends at the merchant's. */
#define CSP "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"

static const char STYLE[] =
    "body{font:1.1rem/1.5 sans-serif;margin:0;background:#f6e8ef;color:#222}"
    "main{max-width:26rem;margin:2rem auto;padding:1.5rem;background:#fff;border-radius:.5rem}"
    "h1{font-size:1.2rem;margin:0 0 1rem;color:#a4094f}dt{color:#555}dd{margin:0 0 .75rem;"
    "font-weight:700;overflow-wrap:anywhere}button{width:100%;min-height:3rem;margin:.3rem "
    "0;font:inherit;"
    "border:2px solid #a4094f;border-radius:.4rem;background:#fff;color:#a4094f;cursor:pointer}"
    "button.main{background:#a4094f;color:#fff}button:focus-visible{outline:3px solid #1a5fb4;"
    "outline-offset:2px}.alert{padding:.6rem;border:2px solid #b00020;color:#8c0019}";

void page_begin(struct page *pg, const char *title)
{
    buf_init(&pg->b, PAGE_MAX);
    buf_printf(&pg->b,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
        "<title>%s</title><link rel=\"stylesheet\" href=\"/walletsim.css\"></head><body><main>"
        "<h1>%s</h1>",
        title, title);
}

struct reply *page_end(struct page *pg, int status)
{
    buf_cstr(&pg->b, "</main></body></html>");
    struct reply *r = reply_html(status, buf_view(&pg->b));
    reply_header(r, "Content-Security-Policy", STR(CSP));
    reply_header(r, "Referrer-Policy", STR("no-referrer"));
    buf_clear(&pg->b);
    return r;
}

struct reply *page_text(int status, const char *title, const char *id, const char *text)
{
    struct page pg;
    page_begin(&pg, title);
    buf_printf(&pg.b, "<p data-testid=\"%s\" role=\"status\">%s</p>", id, text);
    return page_end(&pg, status);
}

struct reply *page_error(struct request *rq, enum err e)
{
    (void)rq;
    const struct err_info *i = err_info(e);
    return page_text(i->http_status, "Wallet simulator", "error", i->text);
}

struct reply *page_style(struct request *rq)
{
    (void)rq;
    return reply_bytes(200, "text/css", str_from(STYLE));
}

static void button_write(struct page *pg, struct str id, enum payer_act act, const char *label)
{
    const char *name = payer_act_name(act);
    buf_cstr(&pg->b, "<form method=\"post\" action=\"/pay/");
    html_escape(&pg->b, id);
    buf_printf(&pg->b, "/%s\"><button type=\"submit\"%s data-testid=\"%s\">%s</button></form>",
        name, act == PAYER_APPROVE ? " class=\"main\"" : "", name, label);
}

static struct reply *page_pay(const struct pay *p, int pins_left)
{
    struct page pg;
    page_begin(&pg, "Wallet simulator: pay with bKash");
    if (pins_left < WRONG_PINS_MAX)
        buf_printf(&pg.b,
            "<p class=\"alert\" role=\"alert\" data-testid=\"pin-error\">The PIN is wrong. Tries "
            "left: "
            "%d.</p>",
            pins_left);
    buf_cstr(&pg.b, "<dl><dt>Amount</dt><dd data-testid=\"amount\">");
    money_format(&pg.b, p->amount, 2);
    buf_cstr(&pg.b, " BDT</dd><dt>Merchant invoice</dt><dd data-testid=\"invoice\">");
    html_escape(&pg.b, p->invoice);
    buf_cstr(&pg.b, "</dd></dl><p>No real money moves here.</p>");
    button_write(&pg, p->id, PAYER_APPROVE, "Approve with the right PIN");
    button_write(&pg, p->id, PAYER_WRONG_PIN, "Enter a wrong PIN");
    button_write(&pg, p->id, PAYER_INSUFFICIENT, "Approve without enough money");
    button_write(&pg, p->id, PAYER_DECLINE, "Fail");
    button_write(&pg, p->id, PAYER_CANCEL, "Cancel");
    return page_end(&pg, 200);
}

static struct reply *page_over(int status)
{
    return page_text(status, "Wallet simulator", "over",
        "This payment does not wait for you any more: it was decided already, or it has expired.");
}

static enum err page_load(struct request *rq, struct pay *ret, bool *ret_open)
{
    struct sim *s = rq->ctx;
    pthread_mutex_lock(&s->lock);
    enum err e = pay_find(s->store, &rq->arena, rq->param, ret);
    if (e == ERR_OK)
        *ret_open = ret->state == PAY_INITIATED && !pay_is_expired(ret, clock_now_ms(&s->clock));
    pthread_mutex_unlock(&s->lock);
    return e;
}

struct reply *page_show(struct request *rq)
{
    struct pay p;
    bool open = false;
    enum err e = page_load(rq, &p, &open);
    if (e != ERR_OK)
        return page_error(rq, e);
    return open ? page_pay(&p, WRONG_PINS_MAX - (int)p.wrong_pins) : page_over(200);
}

static struct reply *page_act(struct request *rq, enum payer_act act)
{
    struct sim *s = rq->ctx;
    struct payer_result result;
    pthread_mutex_lock(&s->lock);
    enum err e = payer_do(s, &rq->arena, rq->param, act, &result);
    pthread_mutex_unlock(&s->lock);
    if (e == ERR_STATE)
        return page_over(409);
    if (e != ERR_OK)
        return page_error(rq, e);
    struct reply *r = result.leaves ? reply_redirect(303, buf_view(&result.callback_url)) : NULL;
    buf_clear(&result.callback_url);
    return r ? r : page_show(rq);
}

struct reply *page_approve(struct request *rq)
{
    return page_act(rq, PAYER_APPROVE);
}

struct reply *page_decline(struct request *rq)
{
    return page_act(rq, PAYER_DECLINE);
}

struct reply *page_cancel(struct request *rq)
{
    return page_act(rq, PAYER_CANCEL);
}

struct reply *page_wrong_pin(struct request *rq)
{
    return page_act(rq, PAYER_WRONG_PIN);
}

struct reply *page_insufficient(struct request *rq)
{
    return page_act(rq, PAYER_INSUFFICIENT);
}
