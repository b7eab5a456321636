/* POST /v1/payment. The answer is given when the payment is durable: the request waits, its thread does not. */
#include "base/log.h"
#include "base/metrics.h"
#include "http/api.h"
#include "service/checkout.h"

#define ANSWER_MAX ((size_t)8192)

/* Lives in the request's arena until the answer. */
struct create_call {
    struct api_call api;
    struct checkout_create create;
    enum err result;
};

static struct reply *created(
    const struct api_call *c, int64_t id, struct str uuid, struct str success_url, bool replayed)
{
    struct buf url, b;
    struct json_writer w;
    buf_init(&url, ANSWER_MAX);
    buf_init(&b, ANSWER_MAX);
    buf_cstr(&url, c->service->config->server_pay_url);
    buf_char(&url, '/');
    buf_str(&url, uuid);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kstr(&w, "url", buf_view(&url));
    json_w_kcstr(&w, "payment_status", "wait");
    json_w_kint(&w, "id", id);
    json_w_kstr(&w, "uuid", uuid);
    json_w_kstr(&w, "success_redirect_url", success_url);
    json_w_close(&w);
    ensure(buf_ok(&url) && buf_ok(&b), "a create's answer is short");
    struct reply *r = reply_json(200, buf_view(&b));
    buf_clear(&url);
    buf_clear(&b);
    return replayed ? reply_header(r, "Idempotent-Replayed", STR("true")) : r;
}

/* The first answer again; its redirect address is the one copied then, whatever the presets say now. */
static struct reply *replayed(const struct api_call *c, int64_t id)
{
    struct payment_row p;
    struct db *db = store_reader(c->service->store);
    enum err e = db ? store_payment_by_id(db, &c->rq->arena, id, &p) : ERR_STORE_IO;
    if (e != ERR_OK)
        return api_fault(c->rq, e);
    return created(c, p.id, p.uuid, p.success_url, true);
}

static struct reply *taken(struct request *rq)
{
    struct field_errors errors;
    field_errors_init(&errors, &rq->arena);
    field_errors_add(&errors, "order_id", "The order id has already been taken.");
    return api_invalid(&errors);
}

static struct reply *create_answer(void *arg)
{
    const struct create_call *c = arg;
    if (c->result == ERR_DUPLICATE)
        return taken(c->api.rq);
    if (c->result != ERR_OK)
        return api_fault(c->api.rq, c->result);
    if (c->create.replayed)
        return replayed(&c->api, c->create.id);
    return created(
        &c->api, c->create.id, str_from(c->create.uuid), c->create.payment.row.success_url, false);
}

/* On the writer's thread. */
static void create_done(struct checkout_create *create, enum err result)
{
    struct create_call *c = create->arg;
    c->result = result;
    api_end(&c->api);
    request_answer_with(c->api.rq, create_answer, c);
}

/* A stored order with this very body is answered before anything that has changed since can refuse it. */
static struct reply *replay_find(const struct api_call *c, const struct payment_new *p)
{
    bool same = false;
    int64_t id = 0;
    char uuid[37];
    struct db *db = store_reader(c->service->store);
    enum err e = db ? store_order_find(
                          db, c->account->row.id, p->row.order_id, p->body_sha256, &same, &id, uuid)
                    : ERR_STORE_IO;
    if (e != ERR_OK && e != ERR_NO_ROW)
        return api_fault(c->rq, e);
    if (e != ERR_OK || !same)
        return NULL;
    metric_add(METRIC_payments_replayed_total, 1);
    return replayed(c, id);
}

/* NULL when the payment may be stored. */
static struct reply *create_refuse(struct create_call *c)
{
    struct api_call *a = &c->api;
    struct create_request request = {0};
    struct field_errors errors;
    field_errors_init(&errors, &a->rq->arena);
    bool fields_good = validate_create(a->body, &request, &errors);
    checkout_prepare(a->service, a->account, &request, &errors, &c->create.payment);
    if (errors.count == 0)
        return NULL;
    struct reply *again = fields_good ? replay_find(a, &c->create.payment) : NULL;
    return again ? again : api_invalid(&errors);
}

struct reply *api_payment_create(struct request *rq)
{
    struct create_call *c = arena_alloc(&rq->arena, sizeof(*c));
    ensure(c, "a new request's arena has room");
    struct reply *refusal = api_begin(rq, &c->api);
    if (refusal)
        return refusal;
    sha256(rq->body.p, rq->body.n, c->create.payment.body_sha256);
    refusal = create_refuse(c);
    if (refusal) {
        api_end(&c->api);
        return refusal;
    }
    c->create.done = create_done;
    c->create.arg = c;
    struct reply *parked = request_park(rq);
    enum err e = checkout_create_submit(c->api.service, &c->create);
    if (e != ERR_OK)
        create_done(&c->create, e);
    return parked;
}
