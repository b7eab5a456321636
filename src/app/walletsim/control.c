/* The control API: what tests and the sandbox ask of the simulator that no wallet offers. From loopback only, and not
 * from a page in somebody's browser. */
#include "base/text.h"
#include "base/url.h"
#include "rocket.h"
#include "sim.h"

#define LIST_DEFAULT 1000
#define LIST_MAX CALLS_MAX
#define ADVANCE_MAX_S (10 * 365 * 86400)

struct reply *control_message(int status, const char *text)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, 4096);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "message", text);
    json_w_close(&w);
    struct reply *r = reply_json(status, buf_view(&b));
    buf_clear(&b);
    return r;
}

struct reply *control_error(enum err e)
{
    return control_message(err_info(e)->http_status, err_info(e)->text);
}

struct reply *control_stranger(struct request *rq)
{
    bool good =
        host_is_loopback(str_from(rq->client_ip)) && str_absent(request_header(rq, "Origin"));
    return good ? NULL : control_message(403, "The control API is for programs on this machine.");
}

const struct json *control_body(struct request *rq)
{
    static const struct json nothing = {.type = JSON_OBJECT};
    struct json *o = NULL;
    const char *why;
    if (rq->body.n == 0)
        return &nothing;
    if (json_parse(&rq->arena, rq->body, &o, &why) != ERR_OK || o->type != JSON_OBJECT)
        return NULL;
    return o;
}

enum err control_param(struct request *rq, const char *name, struct str *ret)
{
    struct buf b;
    *ret = STR_ABSENT;
    if (str_absent(rq->query))
        return ERR_OK;
    buf_init(&b, 4096);
    enum err e = form_get(rq->query, str_from(name), &b);
    if (e == ERR_OK)
        *ret = arena_copy(&rq->arena, buf_view(&b));
    buf_clear(&b);
    return e == ERR_OK || e == ERR_NO_ROW ? ERR_OK : ERR_SYNTAX;
}

static enum err param_number(
    struct request *rq, const char *name, int64_t min, int64_t max, int64_t *value)
{
    struct str s;
    enum err e = control_param(rq, name, &s);
    if (e != ERR_OK || str_absent(s))
        return e;
    e = int64_parse(s, value);
    return e == ERR_OK && *value >= min && *value <= max ? ERR_OK : ERR_SYNTAX;
}

/* ---- payments ---- */

static void pay_write(const struct pay *p, bool expired, struct json_writer *w)
{
    struct buf amount;
    char at[25];
    buf_init(&amount, 64);
    money_format(&amount, p->amount, 2);
    utc_time_format(p->created_ms, at);
    json_w_open(w, '{');
    json_w_kstr(w, "payment_id", p->id);
    json_w_kcstr(w, "state", pay_state_name(p->state));
    json_w_kbool(w, "expired", expired);
    json_w_kstr(w, "invoice", p->invoice);
    json_w_kstr(w, "amount", buf_view(&amount));
    json_w_kstr(w, "payer_reference", p->payer_reference);
    json_w_kstr(w, "callback_url", p->callback_url);
    json_w_kstr(w, "trx_id", p->trx_id);
    json_w_kint(w, "executes", p->executes);
    json_w_kint(w, "queries", p->queries);
    json_w_kint(w, "wrong_pins", p->wrong_pins);
    json_w_kcstr(w, "created_at", at);
    utc_time_format(p->executed_ms, at);
    json_w_kcstr(w, "executed_at", p->executed_ms ? at : NULL);
    json_w_close(w);
    buf_clear(&amount);
}

struct listing {
    struct sim *sim;
    struct json_writer *w;
};

static void list_row(void *arg, const struct pay *p)
{
    struct listing *l = arg;
    pay_write(p, pay_is_expired(p, clock_now_ms(&l->sim->clock)), l->w);
}

static enum err list_write(struct sim *s, const struct pay_filter *f, struct json_writer *w)
{
    struct pay_totals t;
    struct listing l = {s, w};
    json_w_open(w, '{');
    json_w_key(w, "payments");
    json_w_open(w, '[');
    enum err e = pay_list(s->store, f, list_row, &l);
    json_w_close(w);
    if (e == ERR_OK)
        e = pay_totals_get(s->store, &t);
    if (e != ERR_OK)
        return e;
    struct buf sum;
    buf_init(&sum, 64);
    money_format(&sum, money_poisha(t.completed_poisha), 2);
    json_w_key(w, "totals");
    json_w_open(w, '{');
    json_w_kint(w, "payments", t.payments);
    json_w_kint(w, "completed", t.completed);
    json_w_kstr(w, "completed_amount", buf_view(&sum));
    json_w_kint(w, "executes", t.executes);
    json_w_kint(w, "executes_max", t.executes_max);
    json_w_close(w);
    json_w_close(w);
    buf_clear(&sum);
    return ERR_OK;
}

struct reply *control_out(enum err e, struct buf *b)
{
    if (e == ERR_OK && !buf_ok(b))
        e = ERR_LIMIT;
    struct reply *r = e == ERR_OK ? reply_json(200, buf_view(b)) : control_error(e);
    buf_clear(b);
    return r;
}

struct reply *control_payments(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct reply *no = control_stranger(rq);
    if (no)
        return no;
    struct pay_filter f = {.limit = LIST_DEFAULT};
    enum err e = control_param(rq, "invoice", &f.invoice);
    if (e == ERR_OK)
        e = param_number(rq, "executes_min", 0, INT64_MAX, &f.executes_min);
    if (e == ERR_OK)
        e = param_number(rq, "limit", 1, LIST_MAX, &f.limit);
    if (e != ERR_OK)
        return control_error(e);
    struct buf b;
    struct json_writer w;
    buf_init(&b, CONTROL_OUT_MAX);
    json_w_init(&w, &b);
    pthread_mutex_lock(&s->lock);
    e = list_write(s, &f, &w);
    pthread_mutex_unlock(&s->lock);
    return control_out(e, &b);
}

struct reply *control_payment(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct reply *no = control_stranger(rq);
    if (no)
        return no;
    struct pay p;
    pthread_mutex_lock(&s->lock);
    enum err e = pay_find(s->store, &rq->arena, rq->param, &p);
    pthread_mutex_unlock(&s->lock);
    if (e != ERR_OK)
        return control_error(e);
    struct buf b;
    struct json_writer w;
    buf_init(&b, CONTROL_OUT_MAX);
    json_w_init(&w, &b);
    pay_write(&p, pay_is_expired(&p, clock_now_ms(&s->clock)), &w);
    return control_out(ERR_OK, &b);
}

struct reply *control_act(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct reply *no = control_stranger(rq);
    if (no)
        return no;
    enum payer_act act;
    const struct json *o = control_body(rq);
    if (payer_act_find(json_get_string(o, "action"), &act) != ERR_OK)
        return control_message(
            400, "action is one of approve, decline, cancel, wrong-pin, insufficient");
    struct payer_result result;
    pthread_mutex_lock(&s->lock);
    enum err e = payer_do(s, &rq->arena, rq->param, act, &result);
    pthread_mutex_unlock(&s->lock);
    if (e != ERR_OK)
        return control_error(e);
    struct buf b;
    struct json_writer w;
    buf_init(&b, CONTROL_OUT_MAX);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kstr(&w, "callback_url", result.leaves ? buf_view(&result.callback_url) : STR_ABSENT);
    json_w_kint(&w, "pins_left", result.pins_left);
    json_w_close(&w);
    buf_clear(&result.callback_url);
    return control_out(ERR_OK, &b);
}

/* ---- faults, calls ---- */

static struct reply *faults_reply(struct sim *s)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, CONTROL_OUT_MAX);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_key(&w, "faults");
    pthread_mutex_lock(&s->lock);
    faults_write(&s->faults, &w);
    pthread_mutex_unlock(&s->lock);
    json_w_close(&w);
    return control_out(ERR_OK, &b);
}

struct reply *control_faults(struct request *rq)
{
    struct reply *no = control_stranger(rq);
    return no ? no : faults_reply(rq->ctx);
}

struct reply *control_arm(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct reply *no = control_stranger(rq);
    if (no)
        return no;
    const struct json *o = control_body(rq);
    if (!o)
        return control_error(ERR_BODY);
    const char *why = "";
    pthread_mutex_lock(&s->lock);
    enum err e = faults_arm(&s->faults, o, &why);
    pthread_mutex_unlock(&s->lock);
    return e == ERR_OK ? faults_reply(s) : control_message(400, why);
}

struct reply *control_disarm(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct reply *no = control_stranger(rq);
    if (no)
        return no;
    pthread_mutex_lock(&s->lock);
    faults_clear(&s->faults);
    pthread_mutex_unlock(&s->lock);
    return faults_reply(s);
}

struct reply *control_calls(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct reply *no = control_stranger(rq);
    if (no)
        return no;
    struct str op;
    struct calls_filter f = {.limit = LIST_DEFAULT};
    enum err e = control_param(rq, "op", &op);
    if (e == ERR_OK && !str_absent(op)) {
        f.has_op = true;
        e = op_find(op, &f.op) == ERR_OK ? ERR_OK : ERR_SYNTAX;
    }
    if (e == ERR_OK)
        e = control_param(rq, "payment_id", &f.payment_id);
    if (e == ERR_OK)
        e = control_param(rq, "invoice", &f.invoice);
    if (e == ERR_OK)
        e = param_number(rq, "limit", 1, LIST_MAX, &f.limit);
    if (e != ERR_OK)
        return control_error(e);
    struct buf b;
    struct json_writer w;
    buf_init(&b, CONTROL_OUT_MAX);
    json_w_init(&w, &b);
    pthread_mutex_lock(&s->lock);
    calls_write(&s->calls, &f, &w);
    pthread_mutex_unlock(&s->lock);
    return control_out(ERR_OK, &b);
}

/* ---- clock, reset, health ---- */

static struct reply *clock_reply(struct sim *s)
{
    struct buf b;
    struct json_writer w;
    char now[25];
    buf_init(&b, 4096);
    json_w_init(&w, &b);
    utc_time_format(clock_now_ms(&s->clock), now);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "now", now);
    json_w_close(&w);
    return control_out(ERR_OK, &b);
}

struct reply *control_clock_now(struct request *rq)
{
    struct reply *no = control_stranger(rq);
    return no ? no : clock_reply(rq->ctx);
}

struct reply *control_clock(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct reply *no = control_stranger(rq);
    if (no)
        return no;
    int64_t advance_s = -1;
    struct str text = json_get_scalar(control_body(rq), "advance_s");
    if (str_absent(text) || int64_parse(text, &advance_s) != ERR_OK || advance_s < 0 ||
        advance_s > ADVANCE_MAX_S)
        return control_message(400, "advance_s is a number of seconds");
    pthread_mutex_lock(&s->lock);
    int64_t offset_ms = atomic_load(&s->clock.offset_ms) + advance_s * 1000;
    enum err e = sim_value_set(s->store, "clock_offset_ms", offset_ms);
    if (e == ERR_OK)
        clock_advance(&s->clock, advance_s * 1000);
    pthread_mutex_unlock(&s->lock);
    return e == ERR_OK ? clock_reply(s) : control_error(e);
}

struct reply *control_reset(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct reply *no = control_stranger(rq);
    if (no)
        return no;
    pthread_mutex_lock(&s->lock);
    enum err e = sim_store_reset(s->store);
    if (e == ERR_OK) {
        faults_clear(&s->faults);
        calls_reset(&s->calls);
        rocket_reset(s->rocket);
        atomic_store(&s->clock.offset_ms, 0);
    }
    pthread_mutex_unlock(&s->lock);
    return e == ERR_OK ? clock_reply(s) : control_error(e);
}

struct reply *control_health(struct request *rq)
{
    (void)rq;
    return reply_json(200, STR("{\"status\":\"ok\"}"));
}
