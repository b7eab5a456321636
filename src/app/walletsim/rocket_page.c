/* ClientHandler: the bank's page for the payer. And the control API's part. */
#include "base/mem.h"
#include "base/text.h"
#include "rocket.h"
#include <stdio.h>

/* ---- what a payer does ---- */

static void end(struct rocket_pay *p, enum rocket_state state, const char *code)
{
    p->state = state;
    snprintf(p->code, sizeof p->code, "%s", code);
}

static void pay(struct rocket_pay *p)
{
    end(p, ROCKET_OK, "000");
    random_text(p->rrn, sizeof p->rrn - 1, "0123456789");
}

/* ERR_STATE: it does not wait for this any more; ERR_SYNTAX: no such action. */
static enum err act(struct rocket_pay *p, struct str action)
{
    if (str_is(action, "reverse") && p->state == ROCKET_OK) {
        end(p, ROCKET_REVERSED, "400");
        return ERR_OK;
    }
    if (p->state != ROCKET_CREATED)
        return ERR_STATE;
    if (str_is(action, "approve") || str_is(action, "leave"))
        pay(p);
    else if (str_is(action, "cancel"))
        end(p, ROCKET_CANCELLED, "");
    else if (str_is(action, "insufficient"))
        end(p, ROCKET_FAILED, "116");
    else if (str_is(action, "timeout"))
        end(p, ROCKET_TIMEOUT, "");
    else if (!str_is(action, "wrong-pin"))
        return ERR_SYNTAX;
    else if (++p->wrong_pins == WRONG_PINS_MAX)
        end(p, ROCKET_FAILED, "117");
    return ERR_OK;
}

/* ---- the page ---- */

static void button_write(
    struct page *pg, const char *trans_id, const char *action, const char *label)
{
    buf_cstr(&pg->b, "<form method=\"post\" action=\"/ecomm2/ClientHandler\"><input type=\"hidden\""
                     " name=\"trans_id\" value=\"");
    html_escape(&pg->b, str_from(trans_id));
    buf_printf(&pg->b,
        "\"><input type=\"hidden\" name=\"action\" value=\"%s\"><button type=\"submit\"%s"
        " data-testid=\"%s\">%s</button></form>",
        action, strcmp(action, "approve") == 0 ? " class=\"main\"" : "", action, label);
}

static struct reply *page_pay(const struct rocket_pay *p)
{
    struct page pg;
    page_begin(&pg, "Wallet simulator: pay with Rocket");
    if (p->wrong_pins)
        buf_printf(&pg.b,
            "<p class=\"alert\" role=\"alert\" data-testid=\"pin-error\">The PIN is wrong. Tries"
            " left: %d.</p>",
            WRONG_PINS_MAX - p->wrong_pins);
    buf_cstr(&pg.b, "<dl><dt>Amount</dt><dd data-testid=\"amount\">");
    money_format(&pg.b, p->amount, 2);
    buf_cstr(&pg.b, " BDT</dd><dt>Order</dt><dd data-testid=\"invoice\">");
    html_escape(&pg.b, str_from(p->invoice));
    buf_cstr(&pg.b, "</dd></dl><p>No real money moves here.</p>");
    button_write(&pg, p->trans_id, "approve", "Pay with account number and PIN");
    button_write(&pg, p->trans_id, "leave", "Pay, and never go back to the shop");
    button_write(&pg, p->trans_id, "wrong-pin", "Enter a wrong PIN");
    button_write(&pg, p->trans_id, "insufficient", "Pay without enough money");
    button_write(&pg, p->trans_id, "cancel", "Cancel");
    return page_end(&pg, 200);
}

/* The bank's page posts by itself; a button does for a page without scripts. */
static struct reply *page_back(const struct sim *s, const struct rocket_pay *p)
{
    struct page pg;
    page_begin(&pg, "Wallet simulator");
    buf_printf(&pg.b,
        "<p data-testid=\"state\" role=\"status\">%s</p><form method=\"post\" action=\"",
        p->state == ROCKET_OK ? "You have paid." : "You have not paid.");
    html_escape(&pg.b, str_from(s->rocket->return_url));
    buf_cstr(&pg.b, "\"><input type=\"hidden\" name=\"trans_id\" value=\"");
    html_escape(&pg.b, str_from(p->trans_id));
    buf_cstr(&pg.b, "\"><input type=\"hidden\" name=\"product_name\" value=\"\"><button"
                    " type=\"submit\" class=\"main\" data-testid=\"return\">Go back to the"
                    " shop</button></form>");
    return page_end(&pg, 200);
}

static struct reply *page_over(int status)
{
    return page_text(status, "Wallet simulator", "over",
        "This payment does not wait for you any more: it was decided already, or it has expired.");
}

static enum err pay_copy(struct sim *s, struct str trans_id, struct rocket_pay *ret)
{
    pthread_mutex_lock(&s->lock);
    const struct rocket_pay *p = rocket_find(s, trans_id);
    if (p)
        *ret = *p;
    pthread_mutex_unlock(&s->lock);
    return p ? ERR_OK : ERR_NO_ROW;
}

struct reply *rocket_page_show(struct request *rq)
{
    struct str trans_id = STR_ABSENT;
    struct rocket_pay p;
    enum err e = control_param(rq, "trans_id", &trans_id);
    if (e == ERR_OK)
        e = pay_copy(rq->ctx, trans_id, &p);
    if (e != ERR_OK)
        return page_error(rq, ERR_NO_ROW);
    return p.state == ROCKET_CREATED ? page_pay(&p) : page_over(200);
}

static struct str form_field(struct request *rq, const char *name)
{
    struct buf b;
    struct str value = STR_ABSENT;
    buf_init(&b, 4096);
    if (form_get(rq->body, str_from(name), &b) == ERR_OK)
        value = arena_copy(&rq->arena, buf_view(&b));
    buf_clear(&b);
    return value;
}

static enum err act_on(
    struct sim *s, struct str trans_id, struct str action, struct rocket_pay *ret)
{
    pthread_mutex_lock(&s->lock);
    struct rocket_pay *p = rocket_find(s, trans_id);
    enum err e = p ? act(p, action) : ERR_NO_ROW;
    if (p)
        *ret = *p;
    pthread_mutex_unlock(&s->lock);
    return e;
}

struct reply *rocket_page_act(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct rocket_pay p;
    struct str action = form_field(rq, "action");
    enum err e = act_on(s, form_field(rq, "trans_id"), action, &p);
    if (e == ERR_STATE)
        return page_over(409);
    if (e != ERR_OK)
        return page_error(rq, e);
    if (p.state == ROCKET_CREATED)
        return page_pay(&p);
    return str_is(action, "leave") ? page_text(200, "Wallet simulator", "paid",
                                         "You have paid. You may close this page.")
                                   : page_back(s, &p);
}

/* ---- control ---- */

static void pay_write(struct json_writer *w, const struct rocket_pay *p)
{
    struct buf amount;
    buf_init(&amount, 64);
    money_format(&amount, p->amount, 2);
    json_w_open(w, '{');
    json_w_kcstr(w, "trans_id", p->trans_id);
    json_w_kcstr(w, "invoice", p->invoice);
    json_w_kcstr(w, "state", rocket_state_text(p->state));
    json_w_kstr(w, "amount", buf_view(&amount));
    json_w_kcstr(w, "rrn", p->rrn);
    json_w_kint(w, "asked", p->asked);
    json_w_kint(w, "reversals", p->reversals);
    json_w_close(w);
    buf_clear(&amount);
}

static struct reply *refuse_stranger(struct request *rq)
{
    const struct sim *s = rq->ctx;
    struct reply *no = control_stranger(rq);
    return no || s->rocket ? no : control_error(ERR_NOT_FOUND);
}

struct reply *rocket_control_list(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct str invoice = STR_ABSENT;
    struct reply *no = refuse_stranger(rq);
    if (no || control_param(rq, "invoice", &invoice) != ERR_OK)
        return no ? no : control_error(ERR_SYNTAX);
    struct buf b;
    struct json_writer w;
    buf_init(&b, CONTROL_OUT_MAX);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_key(&w, "payments");
    json_w_open(&w, '[');
    pthread_mutex_lock(&s->lock);
    for (size_t i = s->rocket->n; i-- > 0;)
        if (str_absent(invoice) || str_is(invoice, s->rocket->pays[i].invoice))
            pay_write(&w, &s->rocket->pays[i]);
    int64_t closes = s->rocket->closes;
    pthread_mutex_unlock(&s->lock);
    json_w_close(&w);
    json_w_kint(&w, "closes", closes);
    json_w_close(&w);
    return control_out(ERR_OK, &b);
}

struct reply *rocket_control_act(struct request *rq)
{
    struct rocket_pay p;
    struct reply *no = refuse_stranger(rq);
    if (no)
        return no;
    const struct json *o = control_body(rq);
    enum err e = act_on(rq->ctx, json_get_string(o, "trans_id"), json_get_string(o, "action"), &p);
    if (e == ERR_SYNTAX)
        return control_message(400,
            "action is one of approve, leave, cancel, wrong-pin, insufficient, timeout, reverse");
    if (e != ERR_OK)
        return control_error(e);
    struct buf b;
    struct json_writer w;
    buf_init(&b, CONTROL_OUT_MAX);
    json_w_init(&w, &b);
    pay_write(&w, &p);
    return control_out(ERR_OK, &b);
}

static bool text_take(const struct json *o, const char *key, char *out, size_t cap)
{
    struct str s = json_get_scalar(o, key);
    if (s.n >= cap)
        return false;
    snprintf(out, cap, "%.*s", STR_FMT(s));
    return true;
}

static bool fault_take(const struct json *o, struct rocket_fault *f)
{
    static const char *const kinds[] = {"drop_before", "drop_after_commit", "status_500", "html",
        "empty", "amount", "result", "rrn", "invoice", "trans_id", "refuse"};
    struct str command = json_get_string(o, "command"), count = json_get_scalar(o, "count");
    bool known = false;
    f->count = 1;
    if (command.n != 1 || !strchr("vcrb", command.p[0]) ||
        (!str_absent(count) && (int64_parse(count, &f->count) != ERR_OK || f->count < 1)))
        return false;
    f->command = command.p[0];
    if (!text_take(o, "fault", f->kind, sizeof f->kind) ||
        !text_take(o, "value", f->value, sizeof f->value) ||
        !text_take(o, "invoice", f->invoice, sizeof f->invoice))
        return false;
    for (size_t i = 0; i < array_len(kinds); i++)
        known = known || strcmp(f->kind, kinds[i]) == 0;
    return known;
}

struct reply *rocket_control_arm(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct rocket_fault f = {.count = 0};
    struct reply *no = refuse_stranger(rq);
    if (no)
        return no;
    if (!fault_take(control_body(rq), &f))
        return control_message(400, "the fault is none that there is");
    pthread_mutex_lock(&s->lock);
    bool room = s->rocket->faults_n < ROCKET_FAULTS_MAX;
    if (room)
        s->rocket->faults[s->rocket->faults_n++] = f;
    pthread_mutex_unlock(&s->lock);
    return room ? reply_json(200, STR("{}")) : control_message(400, "too many faults are armed");
}
