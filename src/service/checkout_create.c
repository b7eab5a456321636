#include "service/checkout.h"

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "service/credentials.h"
#include "service/links.h"
#include "service/number.h"

/* `names` are separated by commas. */
static bool list_has(struct str names, struct str name)
{
    for (size_t from = 0; from <= names.n;) {
        size_t end = str_find(names, ',', from);
        if (str_eq(str_trim(str_sub(names, from, end)), name)) {
            return true;
        }
        from = end + 1;
    }
    return false;
}

static void check_service(
    const struct account_view *v, const struct create_request *rq, struct field_errors *errors)
{
    if (field_errors_has(errors, "service")) {
        return;
    }
    if (!rq->catalog || !str_is(v->row.currency, rq->catalog->currency) ||
        !list_has(v->row.services, rq->service)) {
        field_errors_add(errors, "service", "The selected service is invalid.");
    }
}

static void check_wallet(struct service *s, const struct account_view *v,
    const struct create_request *rq, struct field_errors *errors)
{
    int64_t credential_id = 0;
    if (field_errors_has(errors, "customer_code")) {
        return;
    }
    bool by_api = wallet_ops_find(rq->wallet) && s->credentials &&
                  credentials_find(s->credentials, rq->wallet, v->row.id, &credential_id);
    if (!by_api && !number_is_there(s, rq->wallet, v->row.id)) {
        field_errors_add(errors, "customer_code", "The selected customer code is invalid.");
    }
}

/* The address of this end: the request's url, else its preset, else the account's default, else none. */
static struct str redirect_url(const struct account_view *v, struct str url, int64_t id,
    int64_t default_id, const char *field, const char *words, struct field_errors *errors)
{
    if (!str_absent(url)) {
        return url;
    }
    const struct redirect_row *r = account_redirect(v, id ? id : default_id);
    if (!r && id && !field_errors_has(errors, field)) {
        field_errors_add(errors, field, "The selected %s is invalid.", words);
    }
    return r ? r->url : STR_ABSENT;
}

static void check_endpoint(
    const struct account_view *v, const struct create_request *rq, struct field_errors *errors)
{
    if (str_absent(rq->notification_endpoint_url) && rq->notification_endpoint_id &&
        !account_endpoint(v, rq->notification_endpoint_id)) {
        field_errors_add(errors, "notification_endpoint_id",
            "The selected notification endpoint id is invalid.");
    }
}

/* Copies into the request's arena. A body may have left no room there: `full` then says that the payment is not whole. */
static struct str kept(struct arena *a, struct str s, bool *full)
{
    struct str copy = arena_copy(a, s);
    *full = *full || (str_absent(copy) && !str_absent(s));
    return copy;
}

void checkout_prepare(struct service *s, const struct account_view *v,
    const struct create_request *rq, struct field_errors *errors, struct payment_new *ret)
{
    check_service(v, rq, errors);
    check_wallet(s, v, rq, errors);
    check_endpoint(v, rq, errors);
    struct str success = redirect_url(v, rq->success_redirect_url, rq->success_redirect_id,
        v->row.success_redirect_id, "success_redirect_id", "success redirect id", errors);
    struct str fail = redirect_url(v, rq->fail_redirect_url, rq->fail_redirect_id,
        v->row.fail_redirect_id, "fail_redirect_id", "fail redirect id", errors);
    int64_t now = clock_now_ms(s->clock);
    bool full = false;
    struct arena *a = errors->arena;
    bool own_endpoint = str_absent(rq->notification_endpoint_url);
    ret->row = (struct payment_row){
        .account_id = v->row.id,
        .order_id = rq->order_id,
        .amount = rq->amount,
        .currency = kept(a, v->row.currency, &full),
        .service = rq->service,
        .wallet = rq->wallet,
        .state = PAYMENT_OPEN,
        .created_at = now,
        .expires_at = now + rq->lifetime_s * 1000,
        .success_url = kept(a, success, &full),
        .fail_url = kept(a, fail, &full),
        .endpoint_url = rq->notification_endpoint_url,
        .endpoint_id = own_endpoint ? rq->notification_endpoint_id : 0,
        .desc = rq->desc,
        .customer_ip = rq->customer_ip,
        .customer_json = rq->customer_json,
        .fee_bp = v->row.fee_bp,
        .fee_fixed = v->row.fee_fixed,
    };
    if (full) {
        ret->row.currency = STR_ABSENT; /* submit refuses it */
    }
}

static enum err create_run(struct store_unit *u, struct tx *tx)
{
    struct checkout_create *c = unit_owner(u, struct checkout_create, unit);
    enum err e = store_payment_id(tx, &c->payment.id);
    if (e != ERR_OK) {
        return e;
    }
    links_uuid(c->links, c->payment.id, c->uuid);
    c->payment.row.uuid = (struct str){c->uuid, UUID_LEN};
    return store_payment_put(tx, &c->payment, &c->answer);
}

/* An order that is taken has written nothing, so nothing needed to be undone: to the store that unit was a success. */
static void create_done(struct store_unit *u, enum err result)
{
    struct checkout_create *c = unit_owner(u, struct checkout_create, unit);
    bool taken = result == ERR_OK && c->answer.taken;
    c->id = c->payment.id;
    c->replayed = taken && c->answer.same;
    if (taken) {
        c->id = c->answer.id;
        memcpy(c->uuid, c->answer.uuid, sizeof c->uuid);
    }
    if (taken && !c->replayed) {
        result = ERR_DUPLICATE;
    }
    if (result == ERR_OK) {
        metric_add(c->replayed ? METRIC_payments_replayed_total : METRIC_payments_created_total, 1);
    }
    c->done(c, result);
}

enum err checkout_create_submit(struct service *s, struct checkout_create *c)
{
    if (str_absent(c->payment.row.currency)) {
        return ERR_TOO_LARGE;
    }
    c->links = s->links;
    c->unit = (struct store_unit){.run = create_run, .done = create_done};
    return store_submit(s->store, &c->unit);
}
