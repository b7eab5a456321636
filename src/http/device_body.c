#include "http/device_body.h"

#include "base/json.h"
#include "base/text.h"
#include <stdio.h>

#define FORM_VALUE_MAX ((size_t)64 * 1024)
#define MODEL_MAX 64
/* Below this a time is in seconds, above in milliseconds. */
#define SECONDS_MAX INT64_C(100000000000)
#define UNREADABLE "It can't be read, or is there twice."
#define TIME_MAX INT64_C(9999999999999)

static int64_t time_of(const struct json *o, const char *key)
{
    int64_t at = 0;
    if (int64_parse(json_get_scalar(o, key), &at) != ERR_OK || at < 0 || at > TIME_MAX)
        return 0;
    return at < SECONDS_MAX ? at * 1000 : at;
}

/* Names of a message's members, by form. `list`: the member that they are in; NULL: the body is one message. */
struct names {
    const char *list, *sender, *text, *at, *sim;
};

static enum err fault(struct device_body *b, enum err e, const char *field, const char *text)
{
    snprintf(b->fault_field, sizeof(b->fault_field), "%s", field);
    b->fault = text;
    return e;
}

static enum err member_fault(struct device_body *b, const struct names *names, const char *member)
{
    char field[DEVICE_FIELD_CAP];
    if (names->list)
        snprintf(field, sizeof(field), "%s.%zu.%s", names->list, b->count, member);
    else
        snprintf(field, sizeof(field), "%s", member);
    return fault(b, ERR_BODY, field, "It is missing, or no text.");
}

static enum err message_add(
    struct device_body *b, const struct names *names, struct phone_message m)
{
    if (b->count == PHONE_MESSAGES_MAX)
        return fault(
            b, ERR_LIMIT, names->list ? names->list : "body", "At most 100 messages at once.");
    if (str_absent(m.sender))
        return member_fault(b, names, names->sender);
    if (str_absent(m.text))
        return member_fault(b, names, names->text);
    b->messages[b->count++] = m;
    return ERR_OK;
}

static enum err message_read(const struct json *o, const struct names *names, struct device_body *b)
{
    struct phone_message m = {.sender = json_get_scalar(o, names->sender),
        .text = json_get_string(o, names->text),
        .sim = json_get_scalar(o, names->sim),
        .at_ms = time_of(o, names->at)};
    return message_add(b, names, m);
}

static enum err messages_read(
    const struct json *list, const struct names *names, struct device_body *b)
{
    enum err e = list && list->type == JSON_ARRAY
                     ? ERR_OK
                     : fault(b, ERR_BODY, names->list, "It must be a list of messages.");
    if (e == ERR_OK) {
        JSON_FOR_EACH (item, list) {
            if (e == ERR_OK)
                e = message_read(item, names, b);
        }
    }
    return e;
}

static struct str model_cut(struct str s)
{
    return s.n > 0 && utf8_valid(s) ? utf8_prefix(s, MODEL_MAX) : STR_ABSENT;
}

static enum err tree_parse(struct arena *a, struct str text, const char *field,
    struct device_body *b, const struct json **ret)
{
    struct json *tree = NULL;
    const char *why;
    enum err e = json_parse(a, text, &tree, &why);
    if (e == ERR_LIMIT)
        return fault(b, ERR_LIMIT, field, "It is too large.");
    if (e != ERR_OK)
        return fault(b, ERR_BODY, field, "It is no JSON.");
    *ret = tree;
    return ERR_OK;
}

static enum err json_body_read(struct arena *a, struct str body, struct device_body *b)
{
    static const struct names stock = {NULL, "from", "text", "receivedStamp", "sim"};
    static const struct names ours = {"messages", "sender", "text", "at", "sim"};
    const struct json *o = NULL;
    enum err e = tree_parse(a, body, "body", b, &o);
    if (e != ERR_OK)
        return e;
    if (json_get(o, "from"))
        return message_read(o, &stock, b);
    const struct json *synced = json_get(o, "synced");
    b->synced = synced && synced->type == JSON_TRUE;
    b->model = model_cut(json_get_string(o, "model"));
    return messages_read(json_get(o, "messages"), &ours, b);
}

/* A form's value in the arena. ERR_NO_ROW: not there; ERR_BODY. */
static enum err form_value(struct arena *a, struct str form, const char *key, struct str *ret)
{
    struct buf value;
    buf_init(&value, FORM_VALUE_MAX);
    enum err e = form_get(form, str_from(key), &value);
    if (e == ERR_OK && (!buf_ok(&value) || !utf8_valid(buf_view(&value))))
        e = ERR_BODY;
    if (e == ERR_OK) {
        struct str copy = arena_copy(a, value.n > 0 ? buf_view(&value) : STR(""));
        e = str_absent(copy) ? ERR_LIMIT : ERR_OK;
        if (e == ERR_OK)
            *ret = copy;
    }
    buf_clear(&value);
    return e == ERR_OK || e == ERR_NO_ROW || e == ERR_LIMIT ? e : ERR_BODY;
}

static enum err form_body_read(struct arena *a, struct str body, struct device_body *b)
{
    static const struct names listed = {"sms_list", "sender", "message", "timestamp", "simSlot"};
    struct str value = STR_ABSENT, model = STR_ABSENT;
    const struct json *list = NULL;
    enum err e = form_value(a, body, "d_model", &model);
    if (e != ERR_OK && e != ERR_NO_ROW)
        return fault(b, e, "d_model", UNREADABLE);
    b->model = model_cut(model);
    e = form_value(a, body, "sms_list", &value);
    if (e == ERR_OK) {
        b->synced = true;
        e = tree_parse(a, value, "sms_list", b, &list);
        return e == ERR_OK ? messages_read(list, &listed, b) : e;
    }
    if (e != ERR_NO_ROW)
        return fault(b, e, "sms_list", UNREADABLE);
    const char *sign = "check";
    e = form_value(a, body, sign, &value);
    if (e == ERR_NO_ROW) {
        sign = "connection_status";
        e = form_value(a, body, sign, &value);
    }
    if (e == ERR_NO_ROW)
        return fault(b, ERR_BODY, "body", "It is none of the forms that phones send.");
    return e == ERR_OK ? e : fault(b, e, sign, UNREADABLE);
}

enum err device_body_parse(struct arena *a, struct str body, struct device_body *ret)
{
    struct str trimmed = str_trim(body);
    *ret = (struct device_body){.count = 0};
    if (trimmed.n > 0 && trimmed.p[0] == '{')
        return json_body_read(a, body, ret);
    return form_body_read(a, trimmed, ret);
}
