#include "wallet/sns.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define SHORT_MAX 100
#define TOKEN_MAX 1024
#define URL_MAX 2048
#define SUBJECT_MAX 1024
#define SIGNATURE_TEXT_MAX 1024

static const char *const types[] = {
    [SNS_SUBSCRIPTION] = "SubscriptionConfirmation",
    [SNS_NOTIFICATION] = "Notification",
    [SNS_UNSUBSCRIPTION] = "UnsubscribeConfirmation",
};

static enum err type_parse(struct str s, enum sns_type *ret)
{
    for (size_t i = 0; i < array_len(types); i++) {
        if (str_is(s, types[i])) {
            *ret = (enum sns_type)i;
            return ERR_OK;
        }
    }
    return ERR_SYNTAX;
}

static bool is_printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return true;
}

/* A member that is there, is a text, and has no blank in it. */
static bool word(const struct json *o, const char *key, size_t max, struct str *ret)
{
    *ret = json_get_string(o, key);
    return ret->n > 0 && ret->n <= max && is_printable(*ret);
}

static enum err signature_parse(struct arena *a, const struct json *o, struct sns_message *m)
{
    struct str version, text;
    uint8_t raw[RSA_SIG_MAX];
    size_t n = 0;
    if (!word(o, "SignatureVersion", 1, &version) ||
        !word(o, "Signature", SIGNATURE_TEXT_MAX, &text))
        return ERR_SYNTAX;
    if (version.p[0] != '1' && version.p[0] != '2')
        return ERR_SYNTAX;
    m->digest = version.p[0] == '1' ? RSA_DIGEST_SHA1 : RSA_DIGEST_SHA256;
    if (base64_decode(text, raw, sizeof(raw), &n) != ERR_OK || n == 0)
        return ERR_SYNTAX;
    m->signature = arena_copy(a, (struct str){(const char *)raw, n});
    return str_absent(m->signature) ? ERR_LIMIT : ERR_OK;
}

/* What only confirmations have: a notification's other members are not looked at. */
static bool confirmation_parse(const struct json *o, struct sns_message *m)
{
    if (m->type == SNS_NOTIFICATION)
        return true;
    return word(o, "Token", TOKEN_MAX, &m->token) &&
           word(o, "SubscribeURL", URL_MAX, &m->subscribe_url);
}

enum err sns_parse(struct arena *a, struct str body, struct sns_message *ret)
{
    struct sns_message m = {.subject = STR_ABSENT};
    struct json *o = NULL;
    const char *why = NULL;
    if (body.n > SNS_BODY_MAX)
        return ERR_LIMIT;
    enum err e = json_parse(a, body, &o, &why);
    if (e != ERR_OK)
        return e;
    m.type_text = json_get_string(o, "Type");
    m.message = json_get_string(o, "Message");
    m.subject = json_get_string(o, "Subject");
    bool good = type_parse(m.type_text, &m.type) == ERR_OK && !str_absent(m.message) &&
                m.subject.n <= SUBJECT_MAX && word(o, "MessageId", SHORT_MAX, &m.message_id) &&
                word(o, "TopicArn", SNS_ARN_MAX, &m.topic_arn) &&
                word(o, "Timestamp", SHORT_MAX, &m.timestamp) &&
                word(o, "SigningCertURL", URL_MAX, &m.cert_url) && confirmation_parse(o, &m);
    e = good ? signature_parse(a, o, &m) : ERR_SYNTAX;
    if (e == ERR_OK)
        *ret = m;
    return e;
}

static void line(struct buf *b, const char *key, struct str value)
{
    if (str_absent(value))
        return;
    buf_cstr(b, key);
    buf_char(b, '\n');
    buf_str(b, value);
    buf_char(b, '\n');
}

void sns_signed_text(const struct sns_message *m, struct buf *b)
{
    bool note = m->type == SNS_NOTIFICATION;
    line(b, "Message", m->message);
    line(b, "MessageId", m->message_id);
    line(b, "Subject", note ? m->subject : STR_ABSENT);
    line(b, "SubscribeURL", m->subscribe_url);
    line(b, "Timestamp", m->timestamp);
    line(b, "Token", m->token);
    line(b, "TopicArn", m->topic_arn);
    line(b, "Type", m->type_text);
}

/* ---- where SNS is ---- */

#define ARN_PARTS 6

static bool chars_only(struct str s, const char *more, size_t min, size_t max)
{
    if (s.n < min || s.n > max)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain && (c == 0 || !strchr(more, c)))
            return false;
    }
    return true;
}

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool arn_split(struct str arn, struct str parts[ARN_PARTS])
{
    size_t from = 0;
    for (int i = 0; i < ARN_PARTS; i++) {
        size_t end = str_find(arn, ':', from);
        if ((end == arn.n) != (i == ARN_PARTS - 1))
            return false;
        parts[i] = str_sub(arn, from, end);
        from = end + 1;
    }
    return true;
}

static bool digits_only(struct str s, size_t n)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n == n;
}

bool sns_arn_valid(struct str arn)
{
    struct str p[ARN_PARTS];
    if (arn.n > SNS_ARN_MAX || !arn_split(arn, p))
        return false;
    bool partition = str_is(p[1], "aws") || str_is(p[1], "aws-cn") || str_is(p[1], "aws-us-gov");
    return str_is(p[0], "arn") && partition && str_is(p[2], "sns") &&
           chars_only(p[3], "-", 3, 32) && p[3].p[0] != '-' && p[3].p[p[3].n - 1] != '-' &&
           digits_only(p[4], 12) && chars_only(p[5], UPPER "_-.", 1, 256);
}

void sns_origin(struct str arn, struct buf *b)
{
    struct str p[ARN_PARTS];
    ensure(arn_split(arn, p), "an ARN that was checked");
    buf_cstr(b, "https://sns.");
    buf_str(b, p[3]);
    buf_cstr(b, str_is(p[1], "aws-cn") ? ".amazonaws.com.cn" : ".amazonaws.com");
}

/* What comes behind the origin and its slash; absent when the url is elsewhere. */
static struct str behind_origin(struct str url, struct str origin)
{
    if (origin.n == 0 || !str_starts(url, origin) || url.n <= origin.n || url.p[origin.n] != '/' ||
        !is_printable(url))
        return STR_ABSENT;
    return str_sub(url, origin.n + 1, url.n);
}

bool sns_cert_url_allowed(struct str url, struct str origin)
{
    struct str rest = behind_origin(url, origin);
    return !str_absent(rest) && chars_only(rest, UPPER "_-.", 5, 200) && rest.p[0] != '.' &&
           str_ends(rest, STR(".pem"));
}

static bool query_has(struct str query, struct str key, struct str value)
{
    struct buf b;
    buf_init(&b, URL_MAX);
    bool has = form_get(query, key, &b) == ERR_OK && str_eq(buf_view(&b), value);
    buf_clear(&b);
    return has;
}

bool sns_subscribe_url_allowed(struct str url, struct str origin, struct str arn)
{
    struct str rest = behind_origin(url, origin);
    if (str_absent(rest) || rest.n < 2 || rest.p[0] != '?' || str_find(rest, '#', 0) < rest.n)
        return false;
    struct str query = str_sub(rest, 1, rest.n);
    return query_has(query, STR("Action"), STR("ConfirmSubscription")) &&
           query_has(query, STR("TopicArn"), arn);
}
