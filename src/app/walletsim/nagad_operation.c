/* Initialize, complete, verify, cancel (a refund). */
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "nagad.h"
#include <stdio.h>

#define REASON(n) "16_0006_" n
#define ORDER_MIN 5
#define ORDER_MAX 20
#define CHALLENGE_BYTES 10
#define DATE_LEN 14
#define DAY_MS (24 * 3600 * INT64_C(1000))

static const char *const REASONS[][2] = {
    {REASON("004"), "Merchant id is invalid"},
    {REASON("017"), "The purchase is in another state"},
    {REASON("040"), "The encrypted request can't be read"},
    {REASON("055"), "The payment reference is invalid"},
    {REASON("057"), "Decryption failed"},
    {REASON("058"), "The signature does not fit"},
    {REASON("060"), "The sensitive data is invalid"},
    {REASON("064"), "A mandatory header is missing"},
    {REASON("068"), "The order id is invalid"},
    {REASON("069"), "The data is not encoded"},
    {REASON("076"), "The time is outside the window"},
    {REASON("080"), "The currency is invalid"},
    {REASON("081"), "The date has another format"},
    {REASON("083"), "The order id was used today"},
    {REASON("999"), "The request is invalid"},
};

void nagad_refuse(struct call *c, const char *reason)
{
    const char *text = "Refused";
    struct json_writer w;
    for (size_t i = 0; i < array_len(REASONS); i++)
        if (strcmp(REASONS[i][0], reason) == 0)
            text = REASONS[i][1];
    call_out_begin(c, 400, reason);
    json_w_init(&w, &c->out);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "reason", reason);
    json_w_kcstr(&w, "message", text);
    json_w_close(&w);
}

bool nagad_admit(struct call *c)
{
    static const char *const headers[] = {"X-KM-Api-Version", "X-KM-IP-V4", "X-KM-Client-Type"};
    struct str merchant = request_header(c->rq, "X-KM-MC-Id");
    const char *reason = NULL;
    for (size_t i = 0; c->op != OP_NAGAD_VERIFY && i < array_len(headers); i++)
        if (request_header(c->rq, headers[i]).n == 0)
            reason = REASON("064");
    if (!str_absent(merchant) && !str_is(merchant, c->sim->nagad->merchant_id))
        reason = REASON("004");
    if (!reason && c->op != OP_NAGAD_VERIFY && !c->body)
        reason = REASON("999");
    if (reason)
        nagad_refuse(c, reason);
    return !reason;
}

/* ---- sealed texts ---- */

/* The text that the merchant sealed, as JSON. NULL: a reason why not. */
static const char *sealed_read(struct call *c, const char *data_key, const struct json **ret)
{
    const struct nagad *n = c->sim->nagad;
    uint8_t data[RSA_SIG_MAX], sign[RSA_SIG_MAX], plain[RSA_SIG_MAX];
    size_t data_n, sign_n, plain_n;
    const char *why;
    struct json *o = NULL;
    if (base64_decode(json_get_string(c->body, data_key), data, sizeof data, &data_n) != ERR_OK ||
        base64_decode(json_get_string(c->body, "signature"), sign, sizeof sign, &sign_n) != ERR_OK)
        return REASON("069");
    struct str sealed = {(char *)data, data_n}, signature = {(char *)sign, sign_n};
    if (rsa_decrypt(n->own, sealed, plain, sizeof plain, &plain_n) != ERR_OK)
        return REASON("057");
    struct str text = arena_copy(&c->rq->arena, (struct str){(char *)plain, plain_n});
    enum rsa_verdict v = rsa_verify(n->merchant, text, signature);
    if (v != RSA_GOOD_SHA256 && !(n->sha1 && v == RSA_GOOD_SHA1))
        return REASON("058");
    if (json_parse(&c->rq->arena, text, &o, &why) != ERR_OK || o->type != JSON_OBJECT)
        return REASON("060");
    *ret = o;
    return NULL;
}

/* What is sealed wrongly when a fault wants it. */
static void spoil(const struct call *c, struct buf *data, struct buf *sign)
{
    uint8_t noise[256];
    random_bytes(noise, sizeof noise);
    noise[0] = 0;
    if (c->fault.kind == FAULT_BAD_PADDING) {
        buf_reset(data);
        base64_encode(data, noise, sizeof noise);
    } else if (c->fault.kind == FAULT_BAD_SIGNATURE) {
        buf_reset(sign);
        base64_encode(sign, noise, sizeof noise);
    } else if (c->fault.kind == FAULT_BAD_BASE64) {
        data->p[0] = '*';
    }
}

/* Answers {"sensitiveData","signature"} for `plain`. */
static enum err sealed_answer(struct call *c, struct str plain)
{
    const struct nagad *n = c->sim->nagad;
    struct buf data, sign;
    struct json_writer w;
    buf_init(&data, 4096);
    buf_init(&sign, 4096);
    const struct rsa_public *reader = c->fault.kind == FAULT_WRONG_KEY ? n->wrong : n->merchant;
    enum err e = sealed_make(reader, n->own, plain, &data, &sign);
    if (e == ERR_OK) {
        spoil(c, &data, &sign);
        call_out_begin(c, 200, "");
        json_w_init(&w, &c->out);
        json_w_open(&w, '{');
        json_w_kstr(&w, "sensitiveData", buf_view(&data));
        json_w_kstr(&w, "signature", buf_view(&sign));
        json_w_close(&w);
    }
    buf_clear(&data);
    buf_clear(&sign);
    return e;
}

/* ---- initialize ---- */

static int two(const char *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

/* NULL: it is near our clock. */
static const char *time_judge(const struct call *c, struct str s)
{
    if (s.n != DATE_LEN)
        return REASON("081");
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return REASON("081");
    int64_t day = civil_to_day(two(s.p) * 100 + two(s.p + 2), two(s.p + 4), two(s.p + 6));
    int64_t seconds = (two(s.p + 8) * 60 + two(s.p + 10)) * 60 + two(s.p + 12);
    int64_t off = day * DAY_MS + seconds * 1000 - DHAKA_OFFSET_MS - c->now_ms;
    int64_t window = c->sim->nagad->window_ms;
    return off > window || off < -window ? REASON("076") : NULL;
}

static bool order_fits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
                (s.p[i] >= 'a' && s.p[i] <= 'z')))
            return false;
    return s.n >= ORDER_MIN && s.n <= ORDER_MAX;
}

static const char *initialize_judge(struct call *c)
{
    const struct json *o = NULL;
    struct str time = json_get_scalar(c->body, "dateTime");
    if (!str_is(c->app_key, c->sim->nagad->merchant_id))
        return REASON("004");
    if (!order_fits(c->order_id))
        return REASON("068");
    const char *reason = time_judge(c, time);
    if (!reason)
        reason = sealed_read(c, "sensitiveData", &o);
    if (reason)
        return reason;
    bool same = str_is(json_get_scalar(o, "merchantId"), c->sim->nagad->merchant_id) &&
                str_eq(json_get_scalar(o, "orderId"), c->order_id) &&
                str_eq(json_get_scalar(o, "datetime"), time) &&
                json_get_string(o, "challenge").n > 0;
    return same ? NULL : REASON("060");
}

/* base64 of "MMddHHmmssSSS.merchant.order.challenge" */
static struct str ref_make(struct call *c, const char *challenge)
{
    char time[15];
    struct buf plain, ref;
    nagad_time_compact(c->now_ms, time);
    buf_init(&plain, 512);
    buf_init(&ref, 1024);
    buf_printf(&plain, "%s%03d.%s.%.*s.%s", time + 4, (int)(c->now_ms % 1000),
        c->sim->nagad->merchant_id, STR_FMT(c->order_id), challenge);
    base64_encode(&ref, plain.p, plain.n);
    struct str s = arena_copy(&c->rq->arena, buf_view(&ref));
    buf_clear(&plain);
    buf_clear(&ref);
    return s;
}

static enum err initialize_answer(struct call *c, const struct nagad_pay *p)
{
    struct buf plain;
    struct json_writer w;
    char time[15];
    nagad_time_compact(c->now_ms, time);
    buf_init(&plain, 1024);
    json_w_init(&w, &plain);
    json_w_open(&w, '{');
    json_w_kstr(&w, "paymentReferenceId", fault_field(&c->fault, FAULT_PAYMENT_ID, p->ref));
    json_w_kstr(&w, "challenge", p->challenge);
    json_w_kcstr(&w, "acceptDateTime", time);
    json_w_close(&w);
    enum err e = sealed_answer(c, buf_view(&plain));
    buf_clear(&plain);
    return e;
}

static enum err initialize(struct call *c)
{
    uint8_t raw[CHALLENGE_BYTES];
    struct buf challenge;
    const char *reason = initialize_judge(c);
    if (reason) {
        nagad_refuse(c, reason);
        return ERR_OK;
    }
    random_bytes(raw, sizeof raw);
    buf_init(&challenge, 64);
    hex_encode(&challenge, raw, sizeof raw);
    struct nagad_pay p = {
        .order_id = c->order_id,
        .day = dhaka_day(c->now_ms),
        .challenge = arena_copy(&c->rq->arena, buf_view(&challenge)),
        .status = STR("Initialized"),
        .created_ms = c->now_ms,
    };
    p.ref = ref_make(c, challenge.p);
    buf_clear(&challenge);
    enum err e = nagad_pay_insert(c->sim->store, &p);
    if (e == ERR_DUPLICATE) {
        nagad_refuse(c, REASON("083"));
        return ERR_OK;
    }
    struct call_row *r = calls_get(&c->sim->calls, c->seq);
    if (r)
        snprintf(r->payment_id, sizeof(r->payment_id), "%.*s", STR_FMT(p.ref));
    return e == ERR_OK ? initialize_answer(c, &p) : e;
}

/* ---- complete ---- */

static const char *complete_judge(struct call *c, struct nagad_pay *p)
{
    const struct json *o = NULL;
    struct url u;
    if (!str_is(p->status, "Initialized"))
        return REASON("017");
    const char *reason = sealed_read(c, "sensitiveData", &o);
    if (reason)
        return reason;
    if (!str_is(json_get_scalar(o, "currencyCode"), "050"))
        return REASON("080");
    p->callback_url = json_get_string(c->body, "merchantCallbackURL");
    bool good = str_is(json_get_scalar(o, "merchantId"), c->sim->nagad->merchant_id) &&
                str_eq(json_get_scalar(o, "orderId"), p->order_id) &&
                str_eq(json_get_string(o, "challenge"), p->challenge) &&
                money_parse_amount(json_get_scalar(o, "amount"), &p->amount) == ERR_OK &&
                p->callback_url.n <= SIM_CALLBACK_URL_MAX &&
                url_parse(p->callback_url, &u) == ERR_OK;
    return good ? NULL : REASON("060");
}

static enum err complete(struct call *c, struct nagad_pay *p)
{
    struct buf url;
    struct json_writer w;
    const char *reason = complete_judge(c, p);
    if (reason) {
        nagad_refuse(c, reason);
        return ERR_OK;
    }
    p->status = STR("OrderInitiated");
    buf_init(&url, 4096);
    buf_printf(&url, "%s/nagad/check-out/%.*s", c->sim->public_url, STR_FMT(p->ref));
    call_out_begin(c, 200, "");
    json_w_init(&w, &c->out);
    json_w_open(&w, '{');
    json_w_kstr(&w, "callBackUrl", buf_view(&url));
    json_w_kstr(&w, "status", fault_field(&c->fault, FAULT_TRANSACTION_STATUS, STR("Success")));
    json_w_close(&w);
    buf_clear(&url);
    return nagad_pay_update(c->sim->store, p);
}

/* ---- verify ---- */

/* "2021-11-23 23:48:22.0" in Dhaka; null for never. */
static void put_time(struct json_writer *w, const char *key, int64_t at_ms)
{
    char text[24];
    dhaka_time_format(at_ms, text);
    memcpy(text + 19, ".0", 3);
    json_w_kcstr(w, key, at_ms ? text : NULL);
}

static enum err verify(struct call *c, struct nagad_pay *p)
{
    const struct fault *f = &c->fault;
    /* what was not placed yet has a status of ours alone */
    struct str status = str_is(p->status, "Initialized") ? STR("Ready") : p->status;
    struct buf amount;
    struct json_writer w;
    buf_init(&amount, 64);
    wallet_amount_format(&amount, p->amount);
    call_out_begin(c, 200, "");
    json_w_init(&w, &c->out);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "merchantId", c->sim->nagad->merchant_id);
    json_w_kstr(&w, "orderId", fault_field(f, FAULT_INVOICE, p->order_id));
    json_w_kstr(&w, "paymentRefId", fault_field(f, FAULT_PAYMENT_ID, p->ref));
    json_w_kstr(&w, "amount", fault_field(f, FAULT_AMOUNT, buf_view(&amount)));
    json_w_kcstr(&w, "clientMobileNo", p->paid_ms ? "017****0001" : NULL);
    json_w_kcstr(&w, "merchantMobileNo", "01700000000");
    put_time(&w, "orderDateTime", p->created_ms);
    put_time(&w, "issuerPaymentDateTime", p->paid_ms);
    json_w_kstr(&w, "issuerPaymentRefNo",
        p->paid_ms ? fault_field(f, FAULT_TRX_ID, p->issuer_ref) : STR_ABSENT);
    json_w_kstr(&w, "additionalMerchantInfo", p->info);
    json_w_kstr(&w, "status", fault_field(f, FAULT_TRANSACTION_STATUS, status));
    json_w_kcstr(&w, "statusCode", "000");
    json_w_kcstr(&w, "serviceType", NULL);
    put_time(&w, "cancelIssuerDateTime", p->cancelled_ms);
    json_w_kstr(&w, "cancelIssuerRefNo", p->cancel_ref);
    json_w_close(&w);
    buf_clear(&amount);
    p->verifies++;
    return nagad_pay_update(c->sim->store, p);
}

/* ---- cancel ---- */

/* "20261124" of a moment in Dhaka. */
static bool is_day_of(struct str day, int64_t at_ms)
{
    char time[15];
    nagad_time_compact(at_ms, time);
    return str_eq(day, (struct str){time, 8});
}

static const char *cancel_judge(
    struct call *c, const struct nagad_pay *p, struct money *ret, struct str *ret_reference)
{
    const struct json *o = NULL;
    struct money original;
    struct str order_id = STR_ABSENT;
    const char *reason = sealed_read(c, "sensitiveDataCancelRequest", &o);
    if (reason)
        return reason;
    if (!str_is(p->status, "Success") && !str_is(p->status, "PartialRefunded"))
        return REASON("017");
    if (control_param(c->rq, "orderId", &order_id) != ERR_OK || !str_eq(order_id, p->order_id))
        return REASON("068");
    bool good = str_is(json_get_scalar(o, "merchantId"), c->sim->nagad->merchant_id) &&
                is_day_of(json_get_scalar(o, "originalRequestDate"), p->paid_ms) &&
                money_parse_amount(json_get_scalar(o, "originalAmount"), &original) == ERR_OK &&
                money_eq(original, p->amount) &&
                money_parse_amount(json_get_scalar(o, "cancelAmount"), ret) == ERR_OK &&
                money_cmp(money_add(*ret, p->cancelled), p->amount) <= 0;
    struct str reference = json_get_scalar(o, "referenceNo");
    if (!good || reference.n == 0)
        return REASON("060");
    /* what Nagad does with one that it had before is published nowhere */
    if (str_eq(reference, p->reference))
        return REASON("999");
    *ret_reference = reference;
    return NULL;
}

static void put_money(struct json_writer *w, const char *key, struct money m, const struct fault *f)
{
    struct buf b;
    buf_init(&b, 64);
    money_format(&b, m, 2);
    json_w_kstr(w, key, f ? fault_field(f, FAULT_AMOUNT, buf_view(&b)) : buf_view(&b));
    buf_clear(&b);
}

static enum err cancel_answer(struct call *c, const struct nagad_pay *p, struct money amount)
{
    struct buf plain;
    struct json_writer w;
    buf_init(&plain, 512);
    json_w_init(&w, &plain);
    json_w_open(&w, '{');
    json_w_kstr(&w, "status", fault_field(&c->fault, FAULT_TRANSACTION_STATUS, p->status));
    json_w_kcstr(&w, "code", "000");
    put_money(&w, "originalAmount", p->amount, NULL);
    put_money(&w, "cancelAmount", amount, &c->fault);
    json_w_kstr(&w, "cancelTrxId", fault_field(&c->fault, FAULT_TRX_ID, p->cancel_ref));
    json_w_close(&w);
    enum err e = sealed_answer(c, buf_view(&plain));
    buf_clear(&plain);
    return e;
}

static enum err cancel(struct call *c, struct nagad_pay *p)
{
    struct money amount;
    char ref[9];
    const char *reason = cancel_judge(c, p, &amount, &p->reference);
    if (reason) {
        nagad_refuse(c, reason);
        return ERR_OK;
    }
    nagad_issuer_ref(ref);
    p->cancelled = money_add(p->cancelled, amount);
    p->status = money_eq(p->cancelled, p->amount) ? STR("Refunded") : STR("PartialRefunded");
    p->cancelled_ms = c->now_ms;
    p->cancel_ref = str_from(ref);
    p->cancels++;
    enum err e = cancel_answer(c, p, amount);
    return e == ERR_OK ? nagad_pay_update(c->sim->store, p) : e;
}

enum err nagad_operation(struct call *c)
{
    struct nagad_pay p;
    if (c->op == OP_NAGAD_INITIALIZE)
        return initialize(c);
    enum err e =
        str_absent(c->ref) ? ERR_NO_ROW : nagad_pay_find(c->sim->store, &c->rq->arena, c->ref, &p);
    if (e == ERR_NO_ROW) {
        nagad_refuse(c, REASON("055"));
        return ERR_OK;
    }
    if (e != ERR_OK)
        return e;
    if (c->op == OP_NAGAD_COMPLETE)
        return complete(c, &p);
    return c->op == OP_NAGAD_VERIFY ? verify(c, &p) : cancel(c, &p);
}
