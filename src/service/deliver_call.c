#include "service/deliver_call.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "service/accounts.h"

#define PAYLOAD_MAX (24 * 1024)
#define SECRET_MAX 256

/* Where a notification goes and how: an endpoint's row, or the account's defaults for a per-request url. */
struct target {
    struct str url;
    enum notify_mode mode;
    enum notify_field_set set;
    struct str secret_box, old_secret_box;
    int64_t old_secret_until;
    int64_t endpoint_id;
};

static const char *target_from_endpoint(const struct endpoint_row *ep, struct target *ret)
{
    if (!ep) {
        return "endpoint_deleted";
    }
    if (ep->disabled_at != 0) {
        return "endpoint_disabled";
    }
    *ret = (struct target){
        .url = ep->url,
        .set = (enum notify_field_set)ep->field_set,
        .secret_box = ep->secret_box,
        .old_secret_box = ep->old_secret_box,
        .old_secret_until = ep->old_secret_until,
        .endpoint_id = ep->id,
    };
    return notify_mode_parse(ep->mode, &ret->mode) == ERR_OK ? NULL : "endpoint_mode";
}

/* The request's url, else its id, else the account's default. */
static const char *target_find(
    const struct account_view *v, const struct payment_row *p, struct target *ret)
{
    if (!str_absent(p->endpoint_url)) {
        const struct account_row *a = &v->row;
        *ret = (struct target){
            .url = p->endpoint_url,
            .set = (enum notify_field_set)a->notify_field_set,
            .secret_box = a->notify_secret_box,
            .old_secret_box = a->notify_old_secret_box,
            .old_secret_until = a->notify_old_secret_until,
        };
        return notify_mode_parse(a->notify_mode, &ret->mode) == ERR_OK ? NULL : "account_mode";
    }
    int64_t id = p->endpoint_id ? p->endpoint_id : v->row.endpoint_id;
    return id ? target_from_endpoint(account_endpoint(v, id), ret) : "no_endpoint";
}

static struct str money_text(struct arena *a, struct money m)
{
    struct buf b;
    buf_init(&b, 32);
    money_format(&b, m, 2);
    struct str s = arena_copy(a, buf_view(&b));
    buf_clear(&b);
    return s;
}

static void fields_fill(
    struct notify_call *c, const struct account_view *v, struct notify_fields *ret)
{
    const struct payment_row *p = &c->payment;
    *ret = (struct notify_fields){
        .type = STR("payment"),
        .id = p->id,
        .order_id = p->order_id,
        .payment_status = c->row.payment_status,
        .amount = money_text(&c->arena, p->amount),
        .payment_amount = money_text(&c->arena, c->row.payment_amount),
        .commission_amount = money_text(&c->arena, c->row.commission_amount),
        .is_partial_payment = c->row.is_partial,
        .account = v->row.uuid,
        .service = p->service,
        .desc = p->desc,
        .card_brand = STR_ABSENT,
    };
}

/* For GET what is signed by the Standard Webhooks headers is the whole query as sent, the endpoint's own part included. */
static void address_fill(struct notify_call *c, const struct url *u, enum notify_mode mode,
    struct str payload, struct str *ret_signed)
{
    struct buf b;
    buf_init(&b, PAYLOAD_MAX + 2048);
    url_wire(&b, u);
    *ret_signed = payload;
    if (mode == NOTIFY_GET) {
        size_t mark = str_find(buf_view(&b), '?', 0);
        bool has_query = mark < b.n;
        bool joined = !has_query || b.n == mark + 1;
        buf_cstr(&b, has_query ? (joined ? "" : "&") : "?");
        buf_str(&b, payload);
        c->url = arena_copy(&c->arena, buf_view(&b));
        *ret_signed = str_sub(c->url, (has_query ? mark : str_find(c->url, '?', 0)) + 1, c->url.n);
        c->body = STR_ABSENT;
        c->method = "GET";
    } else {
        c->url = arena_copy(&c->arena, buf_view(&b));
        c->body = arena_copy(&c->arena, payload);
        c->method = "POST";
    }
    buf_clear(&b);
}

static enum err signature_add(struct service *s, const struct notify_call *c, struct str box,
    int64_t timestamp_s, struct str signed_payload, struct buf *out)
{
    struct buf secret;
    buf_init(&secret, SECRET_MAX);
    timestamp_s += c->spoilt;
    enum err e = box_open(s->keys, "endpoint", box, &secret);
    if (e == ERR_OK) {
        e = webhook_sign(buf_view(&secret), c->row.webhook_id, timestamp_s, signed_payload, out);
    }
    buf_wipe(&secret);
    return e;
}

static const char *header_text(struct notify_call *c, const char *name, struct str value)
{
    struct buf b;
    buf_init(&b, 1024);
    buf_printf(&b, "%s: %.*s", name, STR_FMT(value));
    struct str s = arena_copy(&c->arena, buf_view(&b));
    buf_clear(&b);
    return s.p;
}

static enum err headers_fill(struct service *s, struct notify_call *c, const struct target *t,
    int64_t now, struct str signed_payload)
{
    struct buf signature, number;
    buf_init(&signature, 512);
    buf_init(&number, 32);
    int64_t timestamp_s = now / 1000;
    enum err e = signature_add(s, c, t->secret_box, timestamp_s, signed_payload, &signature);
    bool overlap = !str_absent(t->old_secret_box) && now < t->old_secret_until;
    if (e == ERR_OK && overlap) {
        buf_char(&signature, ' ');
        e = signature_add(s, c, t->old_secret_box, timestamp_s, signed_payload, &signature);
    }
    int k = 0;
    if (t->mode != NOTIFY_GET) {
        c->headers[k++] = t->mode == NOTIFY_POST_JSON
                              ? "Content-Type: application/json"
                              : "Content-Type: application/x-www-form-urlencoded";
    }
    c->headers[k++] = "User-Agent: Kassa";
    c->headers[k++] = header_text(c, "webhook-id", c->row.webhook_id);
    buf_int(&number, timestamp_s);
    c->headers[k++] = header_text(c, "webhook-timestamp", buf_view(&number));
    buf_reset(&number);
    buf_int(&number, c->row.sequence);
    c->headers[k++] = header_text(c, "webhook-sequence", buf_view(&number));
    c->headers[k++] = header_text(c, "webhook-signature", buf_view(&signature));
    if (c->trial) {
        c->headers[k++] = header_text(c, "kassa-trial", str_from(c->trial));
    }
    c->headers[k] = NULL;
    buf_clear(&signature);
    buf_clear(&number);
    return e;
}

/* The family's signature and the Standard Webhooks one. */
static enum err payload_fill(struct service *s, struct notify_call *c, const struct target *t,
    const struct url *u, const struct account_view *v, int64_t now)
{
    struct notify_fields fields;
    struct buf text, sign, payload;
    buf_init(&text, PAYLOAD_MAX);
    buf_init(&sign, 1024);
    buf_init(&payload, PAYLOAD_MAX);
    fields_fill(c, v, &fields);
    notify_signed_text(&fields, t->mode, t->set, &text);
    if (c->spoilt) {
        buf_char(&text, ' ');
    }
    enum err e = buf_ok(&text) ? accounts_sign(v, now, buf_view(&text), &sign) : ERR_LIMIT;
    if (e == ERR_OK) {
        notify_payload(&fields, t->mode, t->set, buf_view(&sign), &payload);
        e = buf_ok(&payload) ? ERR_OK : ERR_LIMIT;
    }
    if (e == ERR_OK) {
        struct str signed_payload;
        address_fill(c, u, t->mode, buf_view(&payload), &signed_payload);
        e = headers_fill(s, c, t, now, signed_payload);
    }
    buf_clear(&text);
    buf_clear(&sign);
    buf_clear(&payload);
    return e;
}

/* Where it goes by the account as it is now; or park_reason. */
static void target_fill(
    struct notify_call *c, const struct account_view *v, struct target *ret, struct url *ret_url)
{
    c->park_reason = target_find(v, &c->payment, ret);
    if (c->park_reason) {
        return;
    }
    c->endpoint_id = ret->endpoint_id;
    if (url_parse(ret->url, ret_url) != ERR_OK || !url_port_allowed(ret_url->port)) {
        c->park_reason = "address";
    }
}

static struct str host_text(struct arena *a, const struct url *u)
{
    struct buf origin;
    buf_init(&origin, 512);
    url_origin(&origin, u);
    struct str host = arena_copy(a, buf_view(&origin));
    buf_clear(&origin);
    return host;
}

/* No view: disabled for good, or only not readable right now. */
static enum err account_missing(struct db *db, struct notify_call *c)
{
    struct account_row row;
    enum err e = db ? store_account_by_id(db, &c->arena, c->row.account_id, &row) : ERR_STORE_IO;
    if (e == ERR_OK && row.enabled) {
        return ERR_STORE_BUSY;
    }
    if (e == ERR_OK || e == ERR_NO_ROW) {
        c->park_reason = "account_disabled";
        return ERR_OK;
    }
    return e;
}

enum err notify_call_read(struct service *s, int64_t outbox_id, struct notify_call *ret)
{
    *ret = (struct notify_call){.headers = {NULL}};
    arena_init(&ret->arena, NOTIFY_CALL_ARENA_MAX);
    struct db *db = store_reader(s->store);
    enum err e = db ? store_outbox_get(db, &ret->arena, outbox_id, &ret->row) : ERR_STORE_IO;
    if (e == ERR_OK) {
        e = store_payment_by_id(db, &ret->arena, ret->row.payment_id, &ret->payment);
    }
    if (e != ERR_OK) {
        return e;
    }
    const struct account_view *v = accounts_get_by_id(s->accounts, ret->row.account_id);
    if (!v) {
        return account_missing(db, ret);
    }
    struct target t;
    struct url u;
    target_fill(ret, v, &t, &u);
    if (!ret->park_reason) {
        ret->host = host_text(&ret->arena, &u);
    }
    accounts_release(v);
    return ERR_OK;
}

static enum err call_sign(
    struct service *s, struct notify_call *c, const struct account_view *v, int64_t now)
{
    struct target t;
    struct url u;
    target_fill(c, v, &t, &u);
    if (c->park_reason) {
        return ERR_OK;
    }
    if (!str_eq(host_text(&c->arena, &u), c->host)) {
        return ERR_CONFLICT;
    }
    enum err e = payload_fill(s, c, &t, &u, v, now);
    if (e == ERR_NO_ROW || e == ERR_CRYPTO || e == ERR_SYNTAX || e == ERR_LIMIT) {
        /* no notifications key, a box that does not open: time alone mends none of these */
        log_alarm("notification_cannot_be_signed", LOG_I("outbox", c->row.id),
            LOG_S("account", v->row.uuid), LOG_ERR(e));
        c->park_reason = e == ERR_NO_ROW ? "no_notifications_key" : "cannot_be_signed";
        e = ERR_OK;
    }
    return e;
}

enum err notify_call_sign(struct service *s, struct notify_call *c, int64_t now)
{
    const struct account_view *v = accounts_get_by_id(s->accounts, c->row.account_id);
    if (!v) {
        return account_missing(store_reader(s->store), c);
    }
    enum err e = call_sign(s, c, v, now);
    accounts_release(v);
    return e;
}

/* An endpoint that is disabled may be tried, so that it can be mended before it is enabled. */
enum err notify_call_trial(struct service *s, struct notify_call *c, const struct account_view *v,
    const struct endpoint_row *endpoint, int64_t at)
{
    struct target t;
    struct url u;
    struct endpoint_row row = *endpoint;
    row.disabled_at = 0;
    c->park_reason = target_from_endpoint(&row, &t);
    if (!c->park_reason && (url_parse(t.url, &u) != ERR_OK || !url_port_allowed(u.port))) {
        c->park_reason = "address";
    }
    if (c->park_reason) {
        return ERR_OK;
    }
    enum err e = payload_fill(s, c, &t, &u, v, at);
    if (e == ERR_NO_ROW) {
        c->park_reason = "no_notifications_key";
        e = ERR_OK;
    }
    return e;
}

void notify_call_clear(struct notify_call *c)
{
    arena_clear(&c->arena);
}
