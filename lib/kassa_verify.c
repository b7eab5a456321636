/* Verifying what Kassa sends: the signed text is built again from the fields as they were received. */
#include "base/mem.h"
#include "base/text.h"
#include "core/notify.h"
#include "kassa_client.h"

#include <stddef.h>

#define TEXT_MAX 65536
#define WEBHOOK_TOLERANCE_DEFAULT_S 300

struct notification_box {
    struct kassa_notification notification;
    struct arena arena;
};

/* A received notification: its fields, its signature, and the field sets that it may be of. */
struct received {
    struct arena *arena;
    struct notify_fields fields;
    struct str sign;
    enum notify_field_set sets[2];
    int set_count;
};

struct received_text {
    const char *name;
    size_t offset;
    bool required;
};

#define TEXT(name_, required_)                                                                     \
    {                                                                                              \
        .name = #name_, .offset = offsetof(struct notify_fields, name_), .required = (required_)   \
    }

static const struct received_text received_texts[] = {
    TEXT(type, true),
    TEXT(order_id, true),
    TEXT(payment_status, true),
    TEXT(amount, true),
    TEXT(payment_amount, true),
    TEXT(commission_amount, false),
    TEXT(account, true),
    TEXT(service, true),
    TEXT(desc, false),
    TEXT(card_brand, false),
};

static struct str *text_at(struct received *r, const struct received_text *t)
{
    return (struct str *)(void *)((char *)&r->fields + t->offset);
}

enum kassa_result kassa_sign_check(const struct rsa_public *key, struct str text, struct str sign)
{
    uint8_t raw[RSA_SIG_MAX];
    size_t raw_n = 0;
    if (base64_decode(str_trim(sign), raw, sizeof(raw), &raw_n) != ERR_OK || raw_n == 0) {
        return KASSA_MALFORMED;
    }
    switch (rsa_verify(key, text, (struct str){(const char *)raw, raw_n})) {
    case RSA_GOOD_SHA1:
    case RSA_GOOD_SHA256:
        return KASSA_OK;
    case RSA_REFUSED:
        break;
    }
    return KASSA_REFUSED;
}

/* A decoded value in the arena; a NUL in it would cut the C text that is handed out, so it is malformed. */
static bool value_keep(struct arena *a, struct str value, struct str *ret)
{
    struct str copy = arena_copy(a, value);
    if (str_absent(copy) || memchr(copy.p, '\0', copy.n) || !utf8_valid(copy)) {
        return false;
    }
    *ret = copy;
    return true;
}

/* The value of a key; absent when there is none. False when it is malformed or there twice. */
static bool form_value(struct arena *a, struct str form, const char *key, struct str *ret)
{
    struct buf value;
    buf_init(&value, TEXT_MAX);
    enum err err = form_get(form, str_from(key), &value);
    bool good = err == ERR_NO_ROW ||
                (err == ERR_OK && buf_ok(&value) && value_keep(a, buf_view(&value), ret));
    buf_clear(&value);
    return good;
}

/* Kassa's parameters are appended to the endpoint's own, so they begin at the last "type=". */
static struct str form_tail(struct str form)
{
    struct str mark = STR("type=");
    size_t from = 0;
    for (size_t i = 0; i < form.n; i = str_find(form, '&', i) + 1) {
        if (str_starts(str_sub(form, i, form.n), mark)) {
            from = i;
        }
    }
    return str_sub(form, from, form.n);
}

static bool form_read(struct received *r, struct str form)
{
    struct str id = STR_ABSENT, partial = STR_ABSENT;
    form = form_tail(form);
    for (size_t i = 0; i < array_len(received_texts); i++) {
        if (!form_value(r->arena, form, received_texts[i].name, text_at(r, &received_texts[i]))) {
            return false;
        }
    }
    if (!form_value(r->arena, form, "id", &id) ||
        !form_value(r->arena, form, "is_partial_payment", &partial) ||
        !form_value(r->arena, form, "sign", &r->sign) || int64_parse(id, &r->fields.id) != ERR_OK ||
        !(str_is(partial, "0") || str_is(partial, "1"))) {
        return false;
    }
    r->fields.is_partial_payment = str_is(partial, "1");
    /* An unknown card_brand is not sent, but is signed as null: its absence leaves two sets. */
    if (str_absent(r->fields.commission_amount)) {
        r->sets[r->set_count++] = NOTIFY_FIELDS_10;
    } else if (str_absent(r->fields.card_brand)) {
        r->sets[r->set_count++] = NOTIFY_FIELDS_11;
        r->sets[r->set_count++] = NOTIFY_FIELDS_12;
    } else {
        r->sets[r->set_count++] = NOTIFY_FIELDS_12;
    }
    return true;
}

/* A string member, or absent for null and none. False for other types. */
static bool json_value(struct arena *a, const struct json *o, const char *key, struct str *ret)
{
    const struct json *v = json_get(o, key);
    if (!v || v->type == JSON_NULL) {
        return true;
    }
    return v->type == JSON_STRING && value_keep(a, v->text, ret);
}

static bool json_read(struct received *r, struct str text)
{
    struct json *root = NULL;
    const char *why = NULL;
    if (json_parse(r->arena, text, &root, &why) != ERR_OK || root->type != JSON_OBJECT) {
        return false;
    }
    for (size_t i = 0; i < array_len(received_texts); i++) {
        const struct received_text *t = &received_texts[i];
        if (!json_value(r->arena, root, t->name, text_at(r, t))) {
            return false;
        }
    }
    const struct json *id = json_get(root, "id");
    const struct json *partial = json_get(root, "is_partial_payment");
    if (!id || id->type != JSON_NUMBER || int64_parse(id->text, &r->fields.id) != ERR_OK ||
        !partial || (partial->type != JSON_TRUE && partial->type != JSON_FALSE) ||
        !json_value(r->arena, root, "sign", &r->sign)) {
        return false;
    }
    r->fields.is_partial_payment = partial->type == JSON_TRUE;
    bool has_commission = json_get(root, "commission_amount") != NULL;
    bool has_brand = json_get(root, "card_brand") != NULL;
    r->sets[r->set_count++] = !has_commission ? NOTIFY_FIELDS_10
                              : has_brand     ? NOTIFY_FIELDS_12
                                              : NOTIFY_FIELDS_11;
    return true;
}

static bool received_complete(struct received *r)
{
    for (size_t i = 0; i < array_len(received_texts); i++) {
        if (received_texts[i].required && str_absent(*text_at(r, &received_texts[i]))) {
            return false;
        }
    }
    bool needs_commission = r->sets[0] != NOTIFY_FIELDS_10;
    return r->fields.id > 0 && !str_absent(r->sign) &&
           (!needs_commission || !str_absent(r->fields.commission_amount));
}

/* KASSA_OK when the signature fits one of the sets; *ret_set tells which. */
static enum kassa_result received_check(struct received *r, const struct rsa_public *key,
    enum notify_mode mode, enum notify_field_set *ret_set)
{
    enum kassa_result result = KASSA_REFUSED;
    for (int i = 0; i < r->set_count && result == KASSA_REFUSED; i++) {
        struct buf text;
        buf_init(&text, 8 * TEXT_MAX);
        notify_signed_text(&r->fields, mode, r->sets[i], &text);
        result = buf_ok(&text) ? kassa_sign_check(key, buf_view(&text), r->sign) : KASSA_MALFORMED;
        buf_clear(&text);
        *ret_set = r->sets[i];
    }
    return result;
}

static void notification_fill(
    struct kassa_notification *n, const struct notify_fields *f, enum notify_field_set set)
{
    *n = (struct kassa_notification){
        .type = f->type.p,
        .id = f->id,
        .order_id = f->order_id.p,
        .payment_status = f->payment_status.p,
        .amount = f->amount.p,
        .payment_amount = f->payment_amount.p,
        .is_partial_payment = f->is_partial_payment,
        .account = f->account.p,
        .service = f->service.p,
        .desc = f->desc.p,
        /* what was not signed is not told */
        .commission_amount = set == NOTIFY_FIELDS_10 ? NULL : f->commission_amount.p,
        .card_brand = set == NOTIFY_FIELDS_12 ? f->card_brand.p : NULL,
    };
}

static bool mode_map(enum kassa_mode mode, enum notify_mode *ret)
{
    switch (mode) {
    case KASSA_MODE_GET:
        *ret = NOTIFY_GET;
        return true;
    case KASSA_MODE_FORM:
        *ret = NOTIFY_POST_FORM;
        return true;
    case KASSA_MODE_JSON:
        *ret = NOTIFY_POST_JSON;
        return true;
    }
    return false;
}

static enum kassa_result notification_verify(const struct rsa_public *key, enum kassa_mode mode,
    struct str text, struct kassa_notification **ret)
{
    enum notify_mode how;
    if (!text.p || !mode_map(mode, &how)) {
        return KASSA_ARGUMENT;
    }
    if (text.n > TEXT_MAX) {
        return KASSA_MALFORMED;
    }
    struct notification_box *box = mem_alloc(sizeof(*box));
    arena_init(&box->arena, 64 * TEXT_MAX);
    struct received r = {.arena = &box->arena};
    bool read = how == NOTIFY_POST_JSON ? json_read(&r, text) : form_read(&r, text);
    enum kassa_result result = KASSA_MALFORMED;
    enum notify_field_set set = NOTIFY_FIELDS_11;
    if (read && received_complete(&r)) {
        result = received_check(&r, key, how, &set);
    }
    if (result != KASSA_OK) {
        kassa_notification_free(&box->notification);
        return result;
    }
    notification_fill(&box->notification, &r.fields, set);
    *ret = &box->notification;
    return KASSA_OK;
}

void kassa_notification_free(struct kassa_notification *notification)
{
    if (!notification) {
        return;
    }
    struct notification_box *box = (struct notification_box *)(void *)notification;
    arena_clear(&box->arena);
    mem_free(box);
}

enum kassa_result kassa_notification_verify(const char *public_pem, enum kassa_mode mode,
    const char *text, size_t text_len, struct kassa_notification **ret)
{
    struct rsa_public *key = NULL;
    if (!public_pem || rsa_public_from_pem(str_from(public_pem), &key) != ERR_OK) {
        return KASSA_KEY;
    }
    enum kassa_result result = notification_verify(key, mode, (struct str){text, text_len}, ret);
    rsa_public_free(key);
    return result;
}

enum kassa_result kassa_client_notification_verify(const struct kassa_client *client,
    enum kassa_mode mode, const char *text, size_t text_len, struct kassa_notification **ret)
{
    struct kassa_notification *n = NULL;
    if (!client->notifications_key) {
        return KASSA_KEY;
    }
    enum kassa_result result =
        notification_verify(client->notifications_key, mode, (struct str){text, text_len}, &n);
    if (result == KASSA_OK && !str_ieq(str_from(n->account), str_from(client->account))) {
        kassa_notification_free(n);
        return KASSA_REFUSED;
    }
    if (result == KASSA_OK) {
        *ret = n;
    }
    return result;
}

static bool content_type_is(const char *given, struct str wanted)
{
    struct str type = str_from(given ? given : "");
    return str_ieq(str_trim(str_sub(type, 0, str_find(type, ';', 0))), wanted);
}

enum kassa_result kassa_mode_of(const char *method, const char *content_type, enum kassa_mode *ret)
{
    if (!method) {
        return KASSA_MALFORMED;
    }
    if (strcmp(method, "GET") == 0) {
        *ret = KASSA_MODE_GET;
    } else if (strcmp(method, "POST") != 0) {
        return KASSA_MALFORMED;
    } else if (content_type_is(content_type, STR("application/json"))) {
        *ret = KASSA_MODE_JSON;
    } else if (content_type_is(content_type, STR("application/x-www-form-urlencoded"))) {
        *ret = KASSA_MODE_FORM;
    } else {
        return KASSA_MALFORMED;
    }
    return KASSA_OK;
}

/* True when one of the blank-separated signatures is `wanted`. */
static bool signatures_have(struct str list, struct str wanted)
{
    bool found = false;
    for (size_t i = 0; i < list.n;) {
        size_t end = str_find(list, ' ', i);
        struct str one = str_sub(list, i, end);
        found = (one.n == wanted.n && mem_eq_const_time(one.p, wanted.p, one.n)) || found;
        i = end + 1;
    }
    return found;
}

static bool is_stale(int64_t at_s, int64_t now_s, int64_t tolerance_s)
{
    int64_t limit = tolerance_s == 0 ? WEBHOOK_TOLERANCE_DEFAULT_S : tolerance_s;
    int64_t away = 0;
    if (limit < 0) {
        return false;
    }
    return __builtin_sub_overflow(now_s, at_s, &away) || away > limit || away < -limit;
}

enum kassa_result kassa_webhook_verify(const char *secret, const char *webhook_id,
    const char *webhook_timestamp, const void *payload, size_t payload_len,
    const char *webhook_signature, int64_t now_s, int64_t tolerance_s)
{
    int64_t at_s = 0;
    if (!webhook_id || !webhook_timestamp || !webhook_signature || (!payload && payload_len > 0) ||
        int64_parse(str_from(webhook_timestamp), &at_s) != ERR_OK) {
        return KASSA_MALFORMED;
    }
    struct buf wanted;
    buf_init(&wanted, 256);
    struct str text = payload_len > 0 ? (struct str){payload, payload_len} : STR("");
    if (!secret ||
        webhook_sign(str_from(secret), str_from(webhook_id), at_s, text, &wanted) != ERR_OK) {
        return KASSA_KEY;
    }
    bool good = signatures_have(str_from(webhook_signature), buf_view(&wanted));
    buf_wipe(&wanted);
    if (!good) {
        return KASSA_REFUSED;
    }
    return is_stale(at_s, now_s, tolerance_s) ? KASSA_STALE : KASSA_OK;
}

static enum kassa_result redirect_verify(
    const struct rsa_public *key, const char *order_id, const char *uuid, const char *sign)
{
    if (!order_id || !uuid || !sign || !utf8_valid(str_from(order_id)) ||
        !utf8_valid(str_from(uuid)) || strlen(order_id) + strlen(uuid) > TEXT_MAX) {
        return KASSA_MALFORMED;
    }
    struct buf text;
    buf_init(&text, 8 * TEXT_MAX);
    redirect_signed_text(str_from(order_id), str_from(uuid), &text);
    enum kassa_result result = kassa_sign_check(key, buf_view(&text), str_from(sign));
    buf_clear(&text);
    return result;
}

enum kassa_result kassa_redirect_verify(
    const char *public_pem, const char *order_id, const char *uuid, const char *sign)
{
    struct rsa_public *key = NULL;
    if (!public_pem || rsa_public_from_pem(str_from(public_pem), &key) != ERR_OK) {
        return KASSA_KEY;
    }
    enum kassa_result result = redirect_verify(key, order_id, uuid, sign);
    rsa_public_free(key);
    return result;
}

enum kassa_result kassa_client_redirect_verify(
    const struct kassa_client *client, const char *order_id, const char *uuid, const char *sign)
{
    return client->notifications_key
               ? redirect_verify(client->notifications_key, order_id, uuid, sign)
               : KASSA_KEY;
}
