#include "core/validate.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "core/validate_field.h"
#include <assert.h>
#include <stddef.h>

#define ORDER_ID_CHARS_MAX 128
#define DESC_CHARS_MAX 128
#define CODE_CHARS_MAX 100
#define LIFETIME_DEFAULT_S 3600
/* Above what all customer fields at their limits take when every character becomes two \uXXXX. */
#define CUSTOMER_JSON_MAX 65536

#define HISTORY_DAYS_DEFAULT 30
#define HISTORY_PER_PAGE_DEFAULT 12
#define HISTORY_PER_PAGE_MAX 100

enum field_rule {
    RULE_AMOUNT,
    RULE_ORDER_ID,
    RULE_SERVICE,
    RULE_IP,
    RULE_WALLET,
    RULE_INT,
    RULE_REDIRECT_URL,
    RULE_ENDPOINT_URL,
    RULE_DESC,
    RULE_CUSTOMER_STRING, /* kept in customer_json */
    RULE_CUSTOMER_INT,
};

/* `offset` is where the value goes in struct create_request; customer fields have none. */
struct field_spec {
    const char *name;
    enum field_rule rule;
    bool required;
    size_t offset;
    size_t chars_max;
    int64_t min, max;
};

#define AT(member) .offset = offsetof(struct create_request, member)
#define ID(name_)                                                                                  \
    {                                                                                              \
        .name = #name_, .rule = RULE_INT, AT(name_), .min = 1, .max = FIELD_INT_MAX                \
    }
#define CUSTOMER(name_, chars_)                                                                    \
    {                                                                                              \
        .name = "customer_" name_, .rule = RULE_CUSTOMER_STRING, .chars_max = (chars_)             \
    }
#define CUSTOMER_INT(name_)                                                                        \
    {                                                                                              \
        .name = "customer_" name_, .rule = RULE_CUSTOMER_INT, .min = 0, .max = FIELD_INT_MAX       \
    }

/* `service` stands before `customer_code`, whose rule needs it. */
static const struct field_spec create_specs[] = {
    {.name = "amount", .rule = RULE_AMOUNT, .required = true, AT(amount)},
    {.name = "order_id",
        .rule = RULE_ORDER_ID,
        .required = true,
        AT(order_id),
        .chars_max = ORDER_ID_CHARS_MAX},
    {.name = "service",
        .rule = RULE_SERVICE,
        .required = true,
        AT(service),
        .chars_max = CODE_CHARS_MAX},
    {.name = "customer_ip", .rule = RULE_IP, .required = true, AT(customer_ip)},
    {.name = "customer_code",
        .rule = RULE_WALLET,
        .required = true,
        AT(wallet),
        .chars_max = CODE_CHARS_MAX},
    ID(success_redirect_id),
    ID(fail_redirect_id),
    ID(notification_endpoint_id),
    {.name = "success_redirect_url", .rule = RULE_REDIRECT_URL, AT(success_redirect_url)},
    {.name = "fail_redirect_url", .rule = RULE_REDIRECT_URL, AT(fail_redirect_url)},
    {.name = "notification_endpoint_url", .rule = RULE_ENDPOINT_URL, AT(notification_endpoint_url)},
    {.name = "desc", .rule = RULE_DESC, AT(desc), .chars_max = DESC_CHARS_MAX},
    {.name = "lifetime", .rule = RULE_INT, AT(lifetime_s), .min = 900, .max = LIFETIME_DEFAULT_S},
    CUSTOMER("account", 50),
    CUSTOMER("user_id", 100),
    CUSTOMER("email", 50),
    CUSTOMER("phone", 12),
    CUSTOMER("first_name", 50),
    CUSTOMER("last_name", 50),
    CUSTOMER("address", 50),
    CUSTOMER("city", 20),
    CUSTOMER("state", 50),
    CUSTOMER("post_code", 12),
    CUSTOMER("browser_user_agent", 2000),
    CUSTOMER("browser_accept_header", 2000),
    CUSTOMER("browser_language", 8),
    CUSTOMER_INT("browser_color_depth"),
    CUSTOMER_INT("browser_screen_height"),
    CUSTOMER_INT("browser_screen_width"),
};

struct create_run {
    struct create_request *request;
    struct field_errors *errors;
};

static void *target(struct create_run *run, const struct field_spec *spec)
{
    return (char *)run->request + spec->offset;
}

static void order_id_check(
    struct create_run *run, const struct field_spec *spec, const struct json *value)
{
    struct str text = STR_ABSENT;
    if (!field_text_or_number(value, spec->name, spec->chars_max, &text, run->errors)) {
        return;
    }
    if (text_has_outer_space(text)) {
        field_errors_add(
            run->errors, spec->name, "The %s may not begin or end with white space.", spec->name);
        return;
    }
    run->request->order_id = text;
}

static void service_check(
    struct create_run *run, const struct field_spec *spec, const struct json *value)
{
    struct str text = STR_ABSENT;
    if (!field_string(value, spec->name, spec->chars_max, &text, run->errors)) {
        return;
    }
    run->request->catalog = catalog_service_find(text);
    if (!run->request->catalog) {
        field_errors_add(run->errors, spec->name, "The selected %s is invalid.", spec->name);
        return;
    }
    run->request->service = text;
}

static void wallet_check(
    struct create_run *run, const struct field_spec *spec, const struct json *value)
{
    struct str text = STR_ABSENT;
    if (!field_string(value, spec->name, spec->chars_max, &text, run->errors)) {
        return;
    }
    enum wallet_kind wallet;
    const struct catalog_service *service = run->request->catalog;
    if (wallet_kind_parse(text, &wallet) != ERR_OK || (service && !service->wallets[wallet])) {
        field_errors_add(run->errors, spec->name, "The selected %s is invalid.", spec->name);
        return;
    }
    run->request->wallet = wallet;
}

static void ip_check(
    struct create_run *run, const struct field_spec *spec, const struct json *value)
{
    struct sockaddr_storage sa;
    if (value->type != JSON_STRING || ip_parse(value->text, &sa) != ERR_OK) {
        field_errors_add(run->errors, spec->name, "The %s must be a valid IP address.", spec->name);
        return;
    }
    run->request->customer_ip = value->text;
}

static void url_check(
    struct create_run *run, const struct field_spec *spec, const struct json *value)
{
    const char *text = NULL;
    if (value->type != JSON_STRING) {
        field_errors_add(run->errors, spec->name, "The %s must be a string.", spec->name);
    } else if (!validate_url(value->text, spec->rule == RULE_ENDPOINT_URL, &text)) {
        field_errors_add(run->errors, spec->name, "The %s %s", spec->name, text);
    } else {
        *(struct str *)target(run, spec) = value->text;
    }
}

static void desc_check(
    struct create_run *run, const struct field_spec *spec, const struct json *value)
{
    struct str text = STR_ABSENT;
    if (value->type == JSON_STRING) {
        struct json trimmed = {.type = JSON_STRING, .text = text_trim(value->text)};
        if (field_string(&trimmed, spec->name, spec->chars_max, &text, run->errors)) {
            run->request->desc = text.n > 0 ? text : STR_ABSENT;
        }
    } else {
        field_errors_add(run->errors, spec->name, "The %s must be a string.", spec->name);
    }
}

static void customer_check(
    struct create_run *run, const struct field_spec *spec, const struct json *value)
{
    struct str text = STR_ABSENT;
    int64_t i = 0;
    if (spec->rule == RULE_CUSTOMER_INT) {
        (void)field_int(value, spec->name, spec->min, spec->max, &i, run->errors);
    } else {
        (void)field_string(value, spec->name, spec->chars_max, &text, run->errors);
    }
}

static void field_check(
    struct create_run *run, const struct field_spec *spec, const struct json *value)
{
    switch (spec->rule) {
    case RULE_AMOUNT:
        (void)field_amount(value, spec->name, target(run, spec), run->errors);
        return;
    case RULE_ORDER_ID:
        order_id_check(run, spec, value);
        return;
    case RULE_SERVICE:
        service_check(run, spec, value);
        return;
    case RULE_IP:
        ip_check(run, spec, value);
        return;
    case RULE_WALLET:
        wallet_check(run, spec, value);
        return;
    case RULE_INT:
        (void)field_int(value, spec->name, spec->min, spec->max, target(run, spec), run->errors);
        return;
    case RULE_REDIRECT_URL:
    case RULE_ENDPOINT_URL:
        url_check(run, spec, value);
        return;
    case RULE_DESC:
        desc_check(run, spec, value);
        return;
    case RULE_CUSTOMER_STRING:
    case RULE_CUSTOMER_INT:
        customer_check(run, spec, value);
        return;
    }
    assert(false && "a rule of the enum");
}

static const struct field_spec *customer_spec(struct str name)
{
    if (!str_starts(name, STR("customer_"))) {
        return NULL;
    }
    for (size_t i = 0; i < array_len(create_specs); i++) {
        const struct field_spec *spec = &create_specs[i];
        bool kept = spec->rule == RULE_CUSTOMER_STRING || spec->rule == RULE_CUSTOMER_INT;
        if (kept && str_is(name, spec->name)) {
            return spec;
        }
    }
    return NULL;
}

/* The customer fields given, in the request's order; all of them fit already. Absent when there are none. */
static void customer_collect(struct create_run *run, const struct json *body)
{
    struct buf out;
    buf_init(&out, CUSTOMER_JSON_MAX);
    struct json_writer w;
    json_w_init(&w, &out);
    json_w_open(&w, '{');
    int count = 0;
    JSON_FOR_EACH (member, body) {
        const struct field_spec *spec = customer_spec(member->key);
        if (!spec || !field_given(body, spec->name)) {
            continue;
        }
        count++;
        json_w_key(&w, spec->name);
        if (spec->rule == RULE_CUSTOMER_INT) {
            json_w_raw(&w, member->text);
        } else {
            json_w_str(&w, member->text);
        }
    }
    json_w_close(&w);
    assert(buf_ok(&out));
    if (count > 0) {
        run->request->customer_json = arena_copy(run->errors->arena, buf_view(&out));
        if (str_absent(run->request->customer_json)) {
            field_errors_add(run->errors, "body", "The request body is too large.");
        }
    }
    buf_clear(&out);
}

bool validate_create(
    const struct json *body, struct create_request *ret, struct field_errors *errors)
{
    assert(body->type == JSON_OBJECT);
    *ret = (struct create_request){.lifetime_s = LIFETIME_DEFAULT_S};
    struct create_run run = {.request = ret, .errors = errors};
    for (size_t i = 0; i < array_len(create_specs); i++) {
        const struct field_spec *spec = &create_specs[i];
        const struct json *value = field_given(body, spec->name);
        if (value) {
            field_check(&run, spec, value);
        } else if (spec->required) {
            field_errors_add(errors, spec->name, "The %s field is required.", spec->name);
        }
    }
    if (errors->count == 0) {
        customer_collect(&run, body);
    }
    return errors->count == 0;
}

bool validate_status(
    const struct json *body, struct status_request *ret, struct field_errors *errors)
{
    assert(body->type == JSON_OBJECT);
    *ret = (struct status_request){.id = 0};
    const struct json *order_id = field_given(body, "order_id");
    const struct json *id = field_given(body, "id");
    if (!order_id && !id) {
        field_errors_add(
            errors, "order_id", "The order_id field is required when id is not present.");
        field_errors_add(errors, "id", "The id field is required when order_id is not present.");
        return false;
    }
    if (order_id) {
        (void)field_text_or_number(
            order_id, "order_id", ORDER_ID_CHARS_MAX, &ret->order_id, errors);
    }
    if (id) {
        (void)field_int(id, "id", 1, FIELD_INT_MAX, &ret->id, errors);
    }
    return errors->count == 0;
}

static void history_days(const struct json *body, int32_t today, struct history_request *ret,
    struct field_errors *errors)
{
    const struct json *from = field_given(body, "date_from");
    const struct json *to = field_given(body, "date_to");
    ret->day_to = today;
    bool good = !to || field_day(to, "date_to", &ret->day_to, errors);
    ret->day_from = ret->day_to - HISTORY_DAYS_DEFAULT;
    good = (!from || field_day(from, "date_from", &ret->day_from, errors)) && good;
    if (good && ret->day_from > ret->day_to) {
        field_errors_add(
            errors, "date_to", "The date_to must be a date after or equal to date_from.");
    }
}

bool validate_history(const struct json *body, struct str page_query, int32_t today,
    struct history_request *ret, struct field_errors *errors)
{
    assert(body->type == JSON_OBJECT);
    *ret = (struct history_request){.page = 1, .per_page = HISTORY_PER_PAGE_DEFAULT};
    history_days(body, today, ret, errors);
    const struct json *page = field_given(body, "page");
    if (page) {
        (void)field_int(page, "page", 1, INT32_MAX, &ret->page, errors);
    } else if (page_query.n > 0) {
        (void)field_int_text(page_query, "page", 1, INT32_MAX, &ret->page, errors);
    }
    const struct json *paginate = field_given(body, "paginate");
    if (paginate) {
        (void)field_int(paginate, "paginate", 1, HISTORY_PER_PAGE_MAX, &ret->per_page, errors);
    }
    return errors->count == 0;
}
