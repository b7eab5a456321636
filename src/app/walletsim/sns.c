#include "sns.h"

#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "sim.h"
#include "wallet/httpc.h"
#include <stdio.h>

#define FILE_MAX ((size_t)64 * 1024)
#define BODY_MAX ((size_t)512 * 1024)
#define CERT_PATH "/SimpleNotificationService-0123456789abcdef.pem"
#define TOPIC_DEFAULT "arn:aws:sns:ap-southeast-1:354285753755:bpt_kassa"
#define TOPIC_MAX 512
#define SEND_TIMEOUT_MS 30000
#define DRAIN_MS 1000

struct sns {
    struct rsa_private *key;
    struct buf certificate;
    struct server *server;
    struct httpc *httpc;
    char url[64];
    pthread_mutex_t lock; /* all below */
    int64_t confirmations;
    char confirmed[TOPIC_MAX]; /* the last topic that was */
};

/* What is sent; texts of the control's body or the arena. */
struct parcel {
    struct sns *sns;
    struct request *rq;
    struct str to, type, message, message_id, topic, cert_url, subject, timestamp;
    struct str token, subscribe_url; /* of confirmations */
    bool sha256, spoiled;
    char own_id[UUID_LEN + 1], at[25];
};

/* ---- what SNS answers ---- */

static struct reply *cert_get(struct request *rq)
{
    struct sim *s = rq->ctx;
    return reply_bytes(200, "application/x-pem-file", buf_view(&s->sns->certificate));
}

static struct reply *confirm_get(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct str topic;
    if (control_param(rq, "TopicArn", &topic) != ERR_OK || topic.n == 0 || topic.n >= TOPIC_MAX)
        return reply_json(400, STR("{\"message\":\"no topic\"}"));
    pthread_mutex_lock(&s->sns->lock);
    s->sns->confirmations++;
    memcpy(s->sns->confirmed, topic.p, topic.n);
    s->sns->confirmed[topic.n] = 0;
    pthread_mutex_unlock(&s->sns->lock);
    return reply_bytes(200, "text/xml", STR("<ConfirmSubscriptionResponse/>"));
}

static const struct route routes[] = {
    {"GET", "/", ROUTE_PLAIN, 0, confirm_get},
    {"GET", CERT_PATH, ROUTE_PLAIN, 0, cert_get},
    {NULL},
};

/* ---- what SNS sends ---- */

static void signed_line(struct buf *b, const char *key, struct str value)
{
    if (!str_absent(value)) {
        buf_printf(b, "%s\n", key);
        buf_str(b, value);
        buf_char(b, '\n');
    }
}

static void signature_write(const struct parcel *p, struct buf *ret)
{
    struct buf b;
    uint8_t raw[RSA_SIG_MAX];
    size_t n = 0;
    buf_init(&b, BODY_MAX);
    signed_line(&b, "Message", p->message);
    signed_line(&b, "MessageId", p->message_id);
    signed_line(&b, "Subject", p->subject);
    signed_line(&b, "SubscribeURL", p->subscribe_url);
    signed_line(&b, "Timestamp", p->timestamp);
    signed_line(&b, "Token", p->token);
    signed_line(&b, "TopicArn", p->topic);
    signed_line(&b, "Type", p->type);
    enum rsa_digest digest = p->sha256 ? RSA_DIGEST_SHA256 : RSA_DIGEST_SHA1;
    enum err e = rsa_sign(p->sns->key, digest, buf_view(&b), raw, sizeof(raw), &n);
    ensure(e == ERR_OK, "a text can be signed");
    raw[n / 2] ^= p->spoiled ? 1 : 0;
    base64_encode(ret, raw, n);
    buf_clear(&b);
}

static void parcel_write(const struct parcel *p, struct buf *ret)
{
    struct json_writer w;
    struct buf signature;
    buf_init(&signature, 2048);
    signature_write(p, &signature);
    json_w_init(&w, ret);
    json_w_open(&w, '{');
    json_w_kstr(&w, "Type", p->type);
    json_w_kstr(&w, "MessageId", p->message_id);
    if (!str_absent(p->token))
        json_w_kstr(&w, "Token", p->token);
    json_w_kstr(&w, "TopicArn", p->topic);
    if (!str_absent(p->subject))
        json_w_kstr(&w, "Subject", p->subject);
    json_w_kstr(&w, "Message", p->message);
    if (!str_absent(p->subscribe_url))
        json_w_kstr(&w, "SubscribeURL", p->subscribe_url);
    json_w_kstr(&w, "Timestamp", p->timestamp);
    json_w_kcstr(&w, "SignatureVersion", p->sha256 ? "2" : "1");
    json_w_kstr(&w, "Signature", buf_view(&signature));
    json_w_kstr(&w, "SigningCertURL", p->cert_url);
    json_w_close(&w);
    buf_clear(&signature);
}

/* What bKash writes of a payment. */
static void message_write(struct sim *s, const struct json *o, const struct pay *p, struct buf *ret)
{
    struct json_writer w;
    struct buf amount;
    char at[20], digits[15];
    size_t n = 0;
    dhaka_time_format(p->executed_ms ? p->executed_ms : clock_now_ms(&s->clock), at);
    for (size_t i = 0; at[i] && n < sizeof(digits) - 1; i++)
        if (at[i] >= '0' && at[i] <= '9')
            digits[n++] = at[i];
    digits[n] = 0;
    buf_init(&amount, 64);
    wallet_amount_format(&amount, p->amount);
    struct str other = json_get_scalar(o, "amount");
    json_w_init(&w, ret);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "dateTime", digits);
    json_w_kcstr(&w, "debitMSISDN", "8801770000001");
    json_w_kcstr(&w, "creditOrganizationName", "Kassa");
    json_w_kcstr(&w, "creditShortCode", "01929918***");
    json_w_kstr(&w, "trxID", p->trx_id);
    json_w_kcstr(&w, "transactionStatus", "Completed");
    json_w_kcstr(&w, "transactionType", "10002294");
    json_w_kstr(&w, "amount", str_absent(other) ? buf_view(&amount) : other);
    json_w_kcstr(&w, "currency", "BDT");
    json_w_kcstr(&w, "transactionReference", "sandbox");
    json_w_kstr(&w, "merchantInvoiceNumber", p->invoice);
    json_w_close(&w);
    buf_clear(&amount);
}

static struct str text_or(const struct json *o, const char *key, struct str or)
{
    struct str s = json_get_string(o, key);
    return str_absent(s) ? or : s;
}

/* The payment's own message, or the one that the body gives whole. ERR_NO_ROW, ERR_INVALID. */
static enum err message_find(
    struct sim *s, struct request *rq, const struct json *o, struct str *ret)
{
    struct pay p;
    struct buf b;
    *ret = json_get_string(o, "message");
    if (!str_absent(*ret))
        return ERR_OK;
    struct str id = json_get_string(o, "payment_id");
    if (str_absent(id))
        return ERR_INVALID;
    pthread_mutex_lock(&s->lock);
    enum err e = pay_find(s->store, &rq->arena, id, &p);
    pthread_mutex_unlock(&s->lock);
    if (e != ERR_OK)
        return e;
    p.trx_id = text_or(o, "trx_id", p.trx_id);
    p.invoice = text_or(o, "invoice", p.invoice);
    if (str_absent(p.trx_id))
        return ERR_INVALID; /* it is not completed: then the caller must say one */
    buf_init(&b, BODY_MAX);
    message_write(s, o, &p, &b);
    *ret = arena_copy(&rq->arena, buf_view(&b));
    buf_clear(&b);
    return str_absent(*ret) ? ERR_LIMIT : ERR_OK;
}

static struct str address(struct request *rq, const struct sns *n, const char *rest, struct str arn)
{
    struct buf b;
    buf_init(&b, 2048);
    buf_printf(&b, "%s%s", n->url, rest);
    buf_str(&b, arn);
    struct str s = arena_copy(&rq->arena, buf_view(&b));
    buf_clear(&b);
    return s;
}

static enum err parcel_fill(struct parcel *p, const struct json *o)
{
    struct request *rq = p->rq;
    struct sim *s = rq->ctx;
    uint8_t raw[16];
    random_uuid(raw);
    uuid_format(raw, p->own_id);
    utc_time_format(clock_now_ms(&s->clock), p->at);
    p->to = json_get_string(o, "url");
    p->type = text_or(o, "type", STR("Notification"));
    p->topic = text_or(o, "topic", STR(TOPIC_DEFAULT));
    p->message_id = text_or(o, "message_id", str_from(p->own_id));
    p->subject = json_get_string(o, "subject");
    p->timestamp = str_from(p->at);
    p->cert_url = text_or(o, "cert_url", address(rq, p->sns, CERT_PATH, STR("")));
    p->sha256 = str_is(json_get_scalar(o, "version"), "2");
    const struct json *spoil = json_get(o, "bad_signature");
    p->spoiled = spoil && spoil->type == JSON_TRUE;
    p->token = p->subscribe_url = STR_ABSENT;
    if (str_absent(p->to))
        return ERR_INVALID;
    if (str_is(p->type, "Notification"))
        return message_find(s, rq, o, &p->message);
    p->token = STR("2336412f37fb687f5d51e6e241d09c805a5a57b30d712f7948a98bac386edfe3");
    p->subscribe_url = text_or(o, "subscribe_url",
        address(rq, p->sns, "/?Action=ConfirmSubscription&Token=2336412f37&TopicArn=", p->topic));
    p->message = STR("You have chosen to subscribe to the topic.");
    return ERR_OK;
}

static void sent(void *arg, const struct httpc_result *r)
{
    struct parcel *p = arg;
    struct buf b;
    struct json_writer w;
    buf_init(&b, 4096);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kint(&w, "status", r->status);
    json_w_kstr(&w, "message_id", p->message_id);
    json_w_kcstr(&w, "error", r->error);
    json_w_close(&w);
    struct reply *reply = reply_json(200, buf_view(&b));
    buf_clear(&b);
    request_answer(p->rq, reply);
}

struct reply *control_sns_send(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct reply *no = control_stranger(rq);
    if (no)
        return no;
    const struct json *o = control_body(rq);
    struct parcel *p = arena_alloc(&rq->arena, sizeof(*p));
    if (!s->sns || !p)
        return control_message(400, "start it with --sns-certificate and --sns-key");
    p->sns = s->sns;
    p->rq = rq;
    enum err e = o ? parcel_fill(p, o) : ERR_BODY;
    if (e != ERR_OK)
        return control_error(e);
    struct buf body;
    buf_init(&body, BODY_MAX);
    parcel_write(p, &body);
    static const char *const headers[] = {"Content-Type: text/plain; charset=UTF-8", NULL};
    struct httpc_request out = {
        .method = "POST",
        .url = p->to,
        .headers = headers,
        .body = buf_view(&body),
        .timeout_ms = SEND_TIMEOUT_MS,
        .connect_timeout_ms = SEND_TIMEOUT_MS,
        .reply_max = FILE_MAX,
        .done = sent,
        .arg = p,
    };
    struct reply *parked = request_park(rq);
    if (httpc_submit(s->sns->httpc, &out) != ERR_OK)
        request_answer(rq, control_error(ERR_STOPPING));
    buf_clear(&body);
    return parked;
}

struct reply *control_sns_state(struct request *rq)
{
    struct sim *s = rq->ctx;
    struct reply *no = control_stranger(rq);
    struct buf b;
    struct json_writer w;
    if (no)
        return no;
    if (!s->sns)
        return control_message(400, "start it with --sns-certificate and --sns-key");
    buf_init(&b, 4096);
    json_w_init(&w, &b);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "url", s->sns->url);
    pthread_mutex_lock(&s->sns->lock);
    json_w_kint(&w, "confirmations", s->sns->confirmations);
    json_w_kcstr(&w, "confirmed", s->sns->confirmed[0] ? s->sns->confirmed : NULL);
    pthread_mutex_unlock(&s->sns->lock);
    json_w_close(&w);
    return control_out(ERR_OK, &b);
}

/* ---- start and end ---- */

static enum err listen_tls(
    struct sns *n, const struct sim_options *o, void *ctx, struct str key, struct buf *why)
{
    struct server_options so = {
        .listen = str_from(o->sns_listen),
        .routes = routes,
        .ctx = ctx,
        .threads = 1,
        .connections_max = 64,
        .connection_memory = (size_t)32 * 1024,
        .idle_timeout_s = 30,
        .header_timeout_s = 10,
        .body_timeout_s = 10,
        .tls_cert = buf_view(&n->certificate),
        .tls_key = key,
    };
    enum err e = server_start(&so, why, &n->server);
    if (e == ERR_OK) {
        const char *colon = strrchr(o->sns_listen, ':');
        snprintf(n->url, sizeof(n->url), "https://%.*s:%d", (int)(colon - o->sns_listen),
            o->sns_listen, server_port(n->server));
    }
    return e;
}

enum err sns_start(const struct sim_options *o, void *ctx, struct buf *why, struct sns **ret)
{
    struct buf key;
    struct sns *n = mem_alloc(sizeof(*n));
    pthread_mutex_init(&n->lock, NULL);
    buf_init(&n->certificate, FILE_MAX);
    buf_init(&key, FILE_MAX);
    enum err e = buf_read_file(&n->certificate, o->sns_certificate);
    if (e == ERR_OK)
        e = buf_read_file(&key, o->sns_key);
    if (e == ERR_OK)
        e = rsa_private_from_pem(buf_view(&key), STR(""), &n->key);
    if (e != ERR_OK)
        buf_cstr(why, "the certificate or the key of SNS can't be read\n");
    if (e == ERR_OK)
        e = httpc_start(16, &n->httpc);
    if (e == ERR_OK)
        e = listen_tls(n, o, ctx, buf_view(&key), why);
    buf_wipe(&key);
    if (e != ERR_OK) {
        sns_stop(n);
        return e;
    }
    *ret = n;
    return ERR_OK;
}

void sns_stop(struct sns *n)
{
    if (!n)
        return;
    if (n->httpc)
        httpc_stop(n->httpc);
    if (n->server)
        server_stop(n->server, DRAIN_MS);
    if (n->key)
        rsa_private_free(n->key);
    buf_clear(&n->certificate);
    pthread_mutex_destroy(&n->lock);
    mem_free(n);
}

const char *sns_url(const struct sns *n)
{
    return n->url;
}
