/* Creating payments and asking for them. */
#include "base/mem.h"
#include "base/text.h"
#include "kassa_client.h"

#include <stddef.h>

struct payment_box {
    struct kassa_payment payment;
    struct arena arena;
};

struct history_box {
    struct kassa_history history;
    struct arena arena;
};

/* A text member of a struct: where it is and how the wire names it. */
struct text_member {
    const char *name;
    size_t offset;
    bool required;
};

#define MEMBER(type, name_)                                                                        \
    {                                                                                              \
        .name = #name_, .offset = offsetof(struct type, name_)                                     \
    }
#define NEEDED(type, name_)                                                                        \
    {                                                                                              \
        .name = #name_, .offset = offsetof(struct type, name_), .required = true                   \
    }

static const struct text_member request_texts[] = {
    NEEDED(kassa_payment_request, amount),
    NEEDED(kassa_payment_request, order_id),
    NEEDED(kassa_payment_request, service),
    NEEDED(kassa_payment_request, customer_ip),
    NEEDED(kassa_payment_request, customer_code),
    MEMBER(kassa_payment_request, success_redirect_url),
    MEMBER(kassa_payment_request, fail_redirect_url),
    MEMBER(kassa_payment_request, notification_endpoint_url),
    MEMBER(kassa_payment_request, desc),
};

static const struct text_member created_texts[] = {
    NEEDED(kassa_payment, uuid),
    NEEDED(kassa_payment, url),
    NEEDED(kassa_payment, payment_status),
    MEMBER(kassa_payment, success_redirect_url),
};

static const struct text_member status_texts[] = {
    NEEDED(kassa_payment, uuid),
    NEEDED(kassa_payment, url),
    NEEDED(kassa_payment, payment_status),
    NEEDED(kassa_payment, order_id),
    NEEDED(kassa_payment, amount),
    MEMBER(kassa_payment, payment_amount),
    MEMBER(kassa_payment, account_payment_amount),
    MEMBER(kassa_payment, commission_amount),
    MEMBER(kassa_payment, refunded_amount),
    MEMBER(kassa_payment, hold_amount),
    MEMBER(kassa_payment, hold_at),
    MEMBER(kassa_payment, service_code),
    MEMBER(kassa_payment, card_mask),
    MEMBER(kassa_payment, account_old_balance),
    MEMBER(kassa_payment, account_new_balance),
};

static const struct text_member item_texts[] = {
    NEEDED(kassa_history_item, created_at),
    NEEDED(kassa_history_item, order_id),
    NEEDED(kassa_history_item, amount),
    MEMBER(kassa_history_item, commission_amount),
    NEEDED(kassa_history_item, currency),
    NEEDED(kassa_history_item, status),
};

static const char **member_at(void *object, const struct text_member *m)
{
    return (const char **)(void *)((char *)object + m->offset);
}

const char *kassa_json_text(struct arena *a, const struct json *o, const char *key)
{
    struct str text = json_get_scalar(o, key);
    /* A NUL inside would cut the text; the parser lets none through. */
    return str_absent(text) ? NULL : arena_copy(a, text).p;
}

bool kassa_json_int(const struct json *o, const char *key, int64_t *ret)
{
    struct str text = json_get_scalar(o, key);
    return !str_absent(text) && int64_parse(text, ret) == ERR_OK;
}

/* False when a required one is missing. */
static bool texts_read(const struct json *o, const struct text_member *members, size_t count,
    struct arena *a, void *ret)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = kassa_json_text(a, o, members[i].name);
        if (!text && members[i].required) {
            return false;
        }
        *member_at(ret, &members[i]) = text;
    }
    return true;
}

/* Adds a text member; false when it is no UTF-8. */
static bool text_write(struct json_writer *w, const char *name, const char *value)
{
    if (!utf8_valid(str_from(value))) {
        return false;
    }
    json_w_kcstr(w, name, value);
    return true;
}

static void int_write(struct json_writer *w, const char *name, int64_t value)
{
    if (value != 0) {
        json_w_kint(w, name, value);
    }
}

static bool request_write(struct json_writer *w, struct kassa_payment_request *r)
{
    for (size_t i = 0; i < array_len(request_texts); i++) {
        const char *value = *member_at(r, &request_texts[i]);
        if (value ? !text_write(w, request_texts[i].name, value) : request_texts[i].required) {
            return false;
        }
    }
    int_write(w, "success_redirect_id", r->success_redirect_id);
    int_write(w, "fail_redirect_id", r->fail_redirect_id);
    int_write(w, "notification_endpoint_id", r->notification_endpoint_id);
    int_write(w, "lifetime", r->lifetime_s);
    for (size_t i = 0; i < r->field_count; i++) {
        const struct kassa_field *f = &r->fields[i];
        if (!f->name || !f->value || !utf8_valid(str_from(f->name)) ||
            !text_write(w, f->name, f->value)) {
            return false;
        }
    }
    return true;
}

static bool request_body(const struct kassa_payment_request *request, struct buf *out)
{
    struct kassa_payment_request r = {.size = 0};
    if (!request || request->size < sizeof(request->size)) {
        return false;
    }
    memcpy(&r, request, request->size < sizeof(r) ? request->size : sizeof(r));
    struct json_writer w;
    json_w_init(&w, out);
    json_w_open(&w, '{');
    if (!request_write(&w, &r)) {
        return false;
    }
    json_w_close(&w);
    return buf_ok(out);
}

/* The answer goes to the caller, or is freed when nobody asked for it. */
static void answer_hand_over(struct kassa_answer *answer, struct kassa_answer **ret_answer)
{
    if (ret_answer) {
        *ret_answer = answer;
    } else {
        kassa_answer_free(answer);
    }
}

static const struct json *answer_root(const struct kassa_answer *answer)
{
    return ((const struct kassa_answer_box *)(const void *)answer)->root;
}

static enum kassa_result payment_read(const struct json *root, const struct text_member *members,
    size_t count, struct kassa_payment **ret)
{
    struct payment_box *box = mem_alloc(sizeof(*box));
    arena_init(&box->arena, KASSA_ANSWER_MAX);
    const struct json *partial = json_get(root, "is_partial_payment");
    box->payment.is_partial_payment = partial && partial->type == JSON_TRUE;
    if (!kassa_json_int(root, "id", &box->payment.id) ||
        !texts_read(root, members, count, &box->arena, &box->payment)) {
        kassa_payment_free(&box->payment);
        return KASSA_ANSWER;
    }
    *ret = &box->payment;
    return KASSA_OK;
}

void kassa_payment_free(struct kassa_payment *payment)
{
    if (!payment) {
        return;
    }
    struct payment_box *box = (struct payment_box *)(void *)payment;
    arena_clear(&box->arena);
    mem_free(box);
}

enum kassa_result kassa_payment_create(struct kassa_client *client,
    const struct kassa_payment_request *request, struct kassa_payment **ret,
    struct kassa_answer **ret_answer)
{
    struct kassa_answer *answer = NULL;
    struct buf body;
    buf_init(&body, KASSA_BODY_MAX);
    enum kassa_result result = KASSA_ARGUMENT;
    if (request_body(request, &body)) {
        result = kassa_call(client, "/v1/payment", body.p, body.n, &answer);
    }
    if (result == KASSA_OK) {
        result = payment_read(answer_root(answer), created_texts, array_len(created_texts), ret);
    }
    buf_clear(&body);
    answer_hand_over(answer, ret_answer);
    return result;
}

static bool status_body(const char *order_id, int64_t id, struct buf *out)
{
    struct json_writer w;
    json_w_init(&w, out);
    json_w_open(&w, '{');
    if ((!order_id && id == 0) || (order_id && !text_write(&w, "order_id", order_id))) {
        return false;
    }
    int_write(&w, "id", id);
    json_w_close(&w);
    return buf_ok(out);
}

/* An answer about another payment must never be taken for this one's. */
static bool is_asked_for(const struct kassa_payment *p, const char *order_id, int64_t id)
{
    return (!order_id || strcmp(p->order_id, order_id) == 0) && (id == 0 || p->id == id);
}

enum kassa_result kassa_payment_status(struct kassa_client *client, const char *order_id,
    int64_t id, struct kassa_payment **ret, struct kassa_answer **ret_answer)
{
    struct kassa_answer *answer = NULL;
    struct kassa_payment *payment = NULL;
    struct buf body;
    buf_init(&body, KASSA_BODY_MAX);
    enum kassa_result result = KASSA_ARGUMENT;
    if (status_body(order_id, id, &body)) {
        result = kassa_call(client, "/v1/payment/status", body.p, body.n, &answer);
    }
    if (result == KASSA_OK) {
        result = payment_read(answer_root(answer), status_texts, array_len(status_texts), &payment);
    }
    if (result == KASSA_OK && !is_asked_for(payment, order_id, id)) {
        kassa_payment_free(payment);
        result = KASSA_ANSWER;
    }
    if (result == KASSA_OK) {
        *ret = payment;
    }
    buf_clear(&body);
    answer_hand_over(answer, ret_answer);
    return result;
}

static bool history_body(const struct kassa_history_request *request, struct buf *out)
{
    struct kassa_history_request r = {.size = 0};
    if (!request || request->size < sizeof(request->size)) {
        return false;
    }
    memcpy(&r, request, request->size < sizeof(r) ? request->size : sizeof(r));
    struct json_writer w;
    json_w_init(&w, out);
    json_w_open(&w, '{');
    if ((r.date_from && !text_write(&w, "date_from", r.date_from)) ||
        (r.date_to && !text_write(&w, "date_to", r.date_to))) {
        return false;
    }
    int_write(&w, "page", r.page);
    int_write(&w, "paginate", r.per_page);
    json_w_close(&w);
    return buf_ok(out);
}

static bool history_items_read(struct history_box *box, const struct json *data)
{
    size_t count = 0;
    JSON_FOR_EACH (item, data) {
        count++;
    }
    struct kassa_history_item *items = arena_alloc(&box->arena, count * sizeof(*items) + 1);
    if (!items) {
        return false;
    }
    box->history.items = items;
    JSON_FOR_EACH (item, data) {
        struct kassa_history_item *i = &items[box->history.count++];
        if (!kassa_json_int(item, "id", &i->id) ||
            !texts_read(item, item_texts, array_len(item_texts), &box->arena, i)) {
            return false;
        }
    }
    return true;
}

static enum kassa_result history_read(const struct json *root, struct kassa_history **ret)
{
    struct history_box *box = mem_alloc(sizeof(*box));
    arena_init(&box->arena, 2 * KASSA_ANSWER_MAX);
    const struct json *data = json_get(root, "data"), *meta = json_get(root, "meta");
    struct kassa_history *h = &box->history;
    if (!data || data->type != JSON_ARRAY || !kassa_json_int(meta, "current_page", &h->page) ||
        !kassa_json_int(meta, "last_page", &h->last_page) ||
        !kassa_json_int(meta, "per_page", &h->per_page) ||
        !kassa_json_int(meta, "total", &h->total) || !history_items_read(box, data)) {
        kassa_history_free(h);
        return KASSA_ANSWER;
    }
    *ret = h;
    return KASSA_OK;
}

enum kassa_result kassa_payment_history(struct kassa_client *client,
    const struct kassa_history_request *request, struct kassa_history **ret,
    struct kassa_answer **ret_answer)
{
    struct kassa_answer *answer = NULL;
    struct buf body;
    buf_init(&body, KASSA_BODY_MAX);
    enum kassa_result result = KASSA_ARGUMENT;
    if (history_body(request, &body)) {
        result = kassa_call(client, "/v1/payment/history", body.p, body.n, &answer);
    }
    if (result == KASSA_OK) {
        result = history_read(answer_root(answer), ret);
    }
    buf_clear(&body);
    answer_hand_over(answer, ret_answer);
    return result;
}

void kassa_history_free(struct kassa_history *history)
{
    if (!history) {
        return;
    }
    struct history_box *box = (struct history_box *)(void *)history;
    arena_clear(&box->arena);
    mem_free(box);
}
