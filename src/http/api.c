#include "http/api.h"

#include "base/metrics.h"
#include "service/refused.h"

#define INVALID_BODY_MAX ((size_t)64 * 1024)

static struct reply *body_parse(struct request *rq, const struct json **ret)
{
    struct json *tree = NULL;
    const char *why;
    if (json_parse(&rq->arena, rq->body, &tree, &why) != ERR_OK || tree->type != JSON_OBJECT)
        return reply_error(rq, ERR_BODY);
    *ret = tree;
    return NULL;
}

/* For the merchant to look at, where it is known whose request it may be. */
static void refusal_keep(struct request *rq, const struct api_call *c)
{
    struct doctor_request kept = {.path = rq->path,
        .account = request_header(rq, "Account"),
        .sign = request_header(rq, "Sign"),
        .content_type = request_header(rq, "Content-Type"),
        .content_encoding = request_header(rq, "Content-Encoding"),
        .body = rq->body};
    if (c->account && c->service->refused)
        refused_keep(c->service->refused, c->account->row.id, rq->client_ip, &kept);
}

struct reply *api_begin(struct request *rq, struct api_call *ret)
{
    struct service *s = ((struct gateway *)rq->ctx)->service;
    struct str uuid = request_header(rq, "Account"), sign = request_header(rq, "Sign");
    struct api_call c = {.rq = rq, .service = s};
    enum err e = str_absent(uuid) ? ERR_NO_ROW : accounts_find(s->accounts, uuid, &c.account);
    /* Not 401: the merchant's keys may be good. */
    if (e != ERR_OK && e != ERR_NO_ROW)
        return api_fault(rq, e);
    /* Unknown accounts cost what known ones do. */
    enum rsa_verdict verdict = accounts_verify(s->accounts, c.account, CERT_PAYMENTS,
        clock_now_ms(s->clock), rq->body, str_absent(sign) ? STR("") : sign);
    bool good = c.account && (verdict == RSA_GOOD_SHA1 || verdict == RSA_GOOD_SHA256);
    if (!good) {
        metric_add(METRIC_auth_refused_total, 1);
        refusal_keep(rq, &c);
    }
    struct reply *refusal = good ? body_parse(rq, &c.body) : reply_error(rq, ERR_UNAUTHORIZED);
    if (refusal) {
        api_end(&c);
        return refusal;
    }
    *ret = c;
    return NULL;
}

void api_end(struct api_call *c)
{
    if (c->account)
        accounts_release(c->account);
    c->account = NULL;
}

struct reply *api_invalid(const struct field_errors *errors)
{
    struct buf b;
    buf_init(&b, INVALID_BODY_MAX);
    field_errors_json(errors, &b);
    struct reply *r = reply_invalid(buf_view(&b));
    buf_clear(&b);
    return r;
}

struct reply *api_fault(struct request *rq, enum err e)
{
    return reply_error(rq, err_info(e)->http_status >= 500 ? e : ERR_INTERNAL);
}
