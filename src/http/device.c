/* Where phones tell their SMS. Answered after the commit: what got a 200 is kept, so that a forwarder may forget it. The wallets'
 * texts are judged in service/phone. */
#include "http/device.h"

#include "base/json.h"
#include "base/metrics.h"
#include "http/device_body.h"
#include "http/page_limit.h"
#include "http/routes.h"
#include "service/phone.h"

struct device_call {
    struct request *rq;
    struct phone_report report;
    struct device_body body;
    enum err result;
};

static struct gateway *gateway_of(const struct request *rq)
{
    return rq->ctx;
}

/* Strings for truth, as the forwarding apps expect them. */
static struct reply *report_reply(void *arg)
{
    struct device_call *c = arg;
    struct buf b;
    struct json_writer w;
    if (c->result != ERR_OK)
        return reply_error(
            c->rq, err_info(c->result)->http_status >= 500 ? c->result : ERR_INTERNAL);
    buf_init(&b, 4096);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "status", "true");
    json_w_kcstr(&w, "message", "Received.");
    for (int i = 0; i < PHONE_RESULT_COUNT; i++)
        json_w_kint(&w, phone_result_text((enum phone_result)i), c->report.results[i]);
    json_w_close(&w);
    struct reply *r = reply_json(200, buf_view(&b));
    buf_clear(&b);
    return r;
}

/* On the writer's thread. */
static void report_done(struct phone_report *r, enum err result)
{
    struct device_call *c = r->arg;
    c->result = result;
    request_answer_with(c->rq, report_reply, c);
}

static struct reply *body_refuse(const struct device_body *body, enum err e)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, 1024);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "message", err_info(ERR_INVALID)->text);
    json_w_key(&w, "errors");
    json_w_open(&w, '{');
    json_w_key(&w, body->fault_field);
    json_w_open(&w, '[');
    json_w_cstr(&w, body->fault);
    json_w_close(&w);
    json_w_close(&w);
    json_w_close(&w);
    struct reply *r =
        reply_json(err_info(e == ERR_LIMIT ? ERR_TOO_LARGE : e)->http_status, buf_view(&b));
    buf_clear(&b);
    return r;
}

static struct reply *report_start(struct request *rq, int64_t device_id)
{
    struct device_call *c = arena_alloc(&rq->arena, sizeof(*c));
    if (!c)
        return reply_error(rq, ERR_TOO_LARGE);
    enum err e = device_body_parse(&rq->arena, rq->body, &c->body);
    if (e != ERR_OK)
        return body_refuse(&c->body, e);
    c->rq = rq;
    c->report = (struct phone_report){.device_id = device_id,
        .messages = c->body.messages,
        .count = c->body.count,
        .synced = c->body.synced,
        .model = c->body.model,
        .done = report_done,
        .arg = c};
    struct reply *parked = request_park(rq);
    e = phone_report_submit(gateway_of(rq)->service, &c->report);
    if (e != ERR_OK)
        report_done(&c->report, e);
    return parked;
}

/* Those who guess are limited by their address, devices by themselves: many share a mobile operator's address. */
static bool within_limit(struct request *rq, int64_t device_id)
{
    uint8_t key[PAGE_LIMIT_KEY_LEN] = {0};
    if (device_id) {
        key[0] = 0xD; /* an address's key has zeros in one of its halves */
        memcpy(key + 8, &device_id, sizeof(device_id));
    } else {
        page_limit_address_key(str_from(rq->client_ip), key);
    }
    return page_limit_take(gateway_of(rq)->devices, key, clock_mono_ms());
}

static struct reply *device_post(struct request *rq, enum err known, int64_t device_id)
{
    if (known == ERR_UNAUTHORIZED) {
        metric_add(METRIC_auth_refused_total, 1);
        return reply_error(rq, within_limit(rq, 0) ? ERR_UNAUTHORIZED : ERR_RATE);
    }
    if (known != ERR_OK)
        return reply_error(rq, err_info(known)->http_status >= 500 ? known : ERR_INTERNAL);
    if (!within_limit(rq, device_id))
        return reply_error(rq, ERR_RATE);
    return report_start(rq, device_id);
}

struct reply *device_token_post(struct request *rq)
{
    int64_t id = 0;
    enum err e = phone_auth_token(gateway_of(rq)->service, rq->param, &id);
    return device_post(rq, e, id);
}

static struct str header(const struct request *rq, const char *name)
{
    struct str s = request_header(rq, name);
    return str_absent(s) ? STR("") : s;
}

struct reply *device_signed_post(struct request *rq)
{
    int64_t id = 0;
    enum err e = phone_auth_sign(gateway_of(rq)->service, header(rq, "Kassa-Device"),
        header(rq, "Kassa-Time"), header(rq, "Kassa-Sign"), rq->body, &id);
    return device_post(rq, e, id);
}
