#include "core/notify.h"

#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include <assert.h>
#include <inttypes.h>
#include <stddef.h>

#define WEBHOOK_SECRET_PREFIX "whsec_"
#define WEBHOOK_SECRET_MAX 128

enum field_kind { FIELD_TEXT, FIELD_ID, FIELD_FLAG };

/* The fields in signed order; the three sets differ in which of them they hold. */
struct field_rule {
    const char *key;
    enum field_kind kind;
    size_t offset; /* of a FIELD_TEXT */
    enum notify_field_set from_set;
};

#define TEXT_FIELD(name_, set_)                                                                    \
    {                                                                                              \
        .key = #name_, .kind = FIELD_TEXT, .offset = offsetof(struct notify_fields, name_),        \
        .from_set = (set_)                                                                         \
    }

static const struct field_rule rules[] = {
    TEXT_FIELD(type, NOTIFY_FIELDS_10),
    {.key = "id", .kind = FIELD_ID, .from_set = NOTIFY_FIELDS_10},
    TEXT_FIELD(order_id, NOTIFY_FIELDS_10),
    TEXT_FIELD(payment_status, NOTIFY_FIELDS_10),
    TEXT_FIELD(amount, NOTIFY_FIELDS_10),
    TEXT_FIELD(payment_amount, NOTIFY_FIELDS_10),
    TEXT_FIELD(commission_amount, NOTIFY_FIELDS_11),
    {.key = "is_partial_payment", .kind = FIELD_FLAG, .from_set = NOTIFY_FIELDS_10},
    TEXT_FIELD(account, NOTIFY_FIELDS_10),
    TEXT_FIELD(service, NOTIFY_FIELDS_10),
    TEXT_FIELD(desc, NOTIFY_FIELDS_10),
    TEXT_FIELD(card_brand, NOTIFY_FIELDS_12),
};

static const char *const modes[NOTIFY_MODE_COUNT] = {
    [NOTIFY_GET] = "GET",
    [NOTIFY_POST_FORM] = "POST",
    [NOTIFY_POST_JSON] = "POST_JSON",
};

static struct str field_text(const struct notify_fields *f, const struct field_rule *r)
{
    return *(const struct str *)(const void *)((const char *)f + r->offset);
}

static struct str flag_text(const struct notify_fields *f)
{
    return f->is_partial_payment ? STR("1") : STR("0");
}

static void fields_json(struct json_writer *w, const struct notify_fields *f, enum notify_mode mode,
    enum notify_field_set set)
{
    for (size_t i = 0; i < array_len(rules); i++) {
        const struct field_rule *r = &rules[i];
        if (r->from_set > set) {
            continue;
        }
        switch (r->kind) {
        case FIELD_TEXT:
            json_w_kstr(w, r->key, field_text(f, r));
            break;
        case FIELD_ID:
            json_w_kint(w, r->key, f->id);
            break;
        case FIELD_FLAG:
            if (mode == NOTIFY_POST_JSON) {
                json_w_kbool(w, r->key, f->is_partial_payment);
            } else {
                json_w_kstr(w, r->key, flag_text(f));
            }
            break;
        }
    }
}

static void form_sep(struct buf *out)
{
    if (out->n > 0) {
        buf_char(out, '&');
    }
}

static void form_add(struct buf *out, const char *key, struct str value)
{
    if (str_absent(value)) {
        return;
    }
    form_sep(out);
    buf_cstr(out, key);
    buf_char(out, '=');
    percent_encode(out, value);
}

static void fields_form(struct buf *out, const struct notify_fields *f, enum notify_field_set set)
{
    for (size_t i = 0; i < array_len(rules); i++) {
        const struct field_rule *r = &rules[i];
        if (r->from_set > set) {
            continue;
        }
        switch (r->kind) {
        case FIELD_TEXT:
            form_add(out, r->key, field_text(f, r));
            break;
        case FIELD_ID:
            form_sep(out);
            buf_printf(out, "%s=%" PRId64, r->key, f->id);
            break;
        case FIELD_FLAG:
            form_add(out, r->key, flag_text(f));
            break;
        }
    }
}

void notify_signed_text(const struct notify_fields *f, enum notify_mode mode,
    enum notify_field_set set, struct buf *out)
{
    struct json_writer w;
    json_w_init(&w, out);
    json_w_open(&w, '{');
    fields_json(&w, f, mode, set);
    json_w_close(&w);
}

void notify_payload(const struct notify_fields *f, enum notify_mode mode, enum notify_field_set set,
    struct str sign_b64, struct buf *out)
{
    assert(out->n == 0);
    switch (mode) {
    case NOTIFY_GET:
    case NOTIFY_POST_FORM:
        fields_form(out, f, set);
        form_add(out, "sign", sign_b64);
        return;
    case NOTIFY_POST_JSON: {
        struct json_writer w;
        json_w_init(&w, out);
        json_w_open(&w, '{');
        fields_json(&w, f, mode, set);
        json_w_kstr(&w, "sign", sign_b64);
        json_w_close(&w);
        return;
    }
    case NOTIFY_MODE_COUNT:
        break;
    }
    assert(false && "a mode of the enum");
}

void redirect_signed_text(struct str order_id, struct str uuid, struct buf *out)
{
    struct json_writer w;
    json_w_init(&w, out);
    json_w_open(&w, '{');
    json_w_kstr(&w, "order_id", order_id);
    json_w_kstr(&w, "uuid", uuid);
    json_w_close(&w);
}

void webhook_signed_text(
    struct str webhook_id, int64_t timestamp_s, struct str payload, struct buf *out)
{
    buf_str(out, webhook_id);
    buf_char(out, '.');
    buf_int(out, timestamp_s);
    buf_char(out, '.');
    buf_str(out, payload);
}

enum err webhook_sign(struct str secret, struct str webhook_id, int64_t timestamp_s,
    struct str payload, struct buf *out)
{
    struct str prefix = STR(WEBHOOK_SECRET_PREFIX);
    uint8_t key[WEBHOOK_SECRET_MAX];
    size_t key_n = 0;
    if (!str_starts(secret, prefix) ||
        base64_decode(str_sub(secret, prefix.n, secret.n), key, sizeof(key), &key_n) != ERR_OK ||
        key_n == 0) {
        mem_wipe(key, sizeof(key));
        return ERR_SYNTAX;
    }
    struct buf text;
    buf_init(&text, webhook_id.n + payload.n + 64);
    webhook_signed_text(webhook_id, timestamp_s, payload, &text);
    assert(buf_ok(&text));
    uint8_t mac[SHA256_LEN];
    hmac_sha256((struct str){(const char *)key, key_n}, buf_view(&text), mac);
    mem_wipe(key, sizeof(key));
    buf_clear(&text);
    buf_cstr(out, "v1,");
    base64_encode(out, mac, sizeof(mac));
    return ERR_OK;
}

const char *notify_mode_text(enum notify_mode m)
{
    assert((unsigned)m < NOTIFY_MODE_COUNT);
    return modes[m];
}

enum err notify_mode_parse(struct str s, enum notify_mode *ret)
{
    for (size_t i = 0; i < array_len(modes); i++) {
        if (str_is(s, modes[i])) {
            *ret = (enum notify_mode)i;
            return ERR_OK;
        }
    }
    return ERR_SYNTAX;
}
