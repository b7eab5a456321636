/* Any JSON object as the body of a create, a status and a history: what is accepted keeps every rule, what is refused
 * names its fields in a body that can be read. */
#include "base/text.h"
#include "base/url.h"
#include "core/validate.h"
#include "fuzz.h"

#define ARENA_MAX ((size_t)16 << 20)
#define OUT_MAX ((size_t)1 << 20)
#define TODAY 20000

static struct json *object_parse(struct arena *a, struct str text)
{
    struct json *root = NULL;
    const char *why = NULL;
    bool object = json_parse(a, text, &root, &why) == ERR_OK && root->type == JSON_OBJECT;
    return object ? root : NULL;
}

static void check_errors(const struct field_errors *e, struct arena *a)
{
    struct buf out;
    buf_init(&out, OUT_MAX);
    FUZZ_CHECK(e->count > 0);
    field_errors_json(e, &out);
    FUZZ_CHECK(buf_ok(&out));
    const struct json *errors = json_get(object_parse(a, buf_view(&out)), "errors");
    FUZZ_CHECK(errors && errors->type == JSON_OBJECT && errors->first);
    for (int i = 0; i < e->count; i++) {
        const struct json *texts = json_get(errors, e->items[i].field);
        FUZZ_CHECK(texts && texts->type == JSON_ARRAY && texts->first);
    }
    buf_clear(&out);
}

static void check_url(struct str url, bool notification)
{
    const char *why = NULL;
    FUZZ_CHECK(str_absent(url) || (url.n > 0 && validate_url(url, notification, &why)));
}

static void check_create(const struct create_request *r, struct arena *a)
{
    struct sockaddr_storage sa;
    FUZZ_CHECK(r->amount.poisha > 0 && r->amount.poisha <= MONEY_API_MAX_POISHA);
    FUZZ_CHECK(r->order_id.n > 0 && utf8_len(r->order_id) <= 128);
    FUZZ_CHECK(!text_has_outer_space(r->order_id));
    FUZZ_CHECK(r->catalog && str_is(r->service, r->catalog->name));
    FUZZ_CHECK(r->catalog->wallets[r->wallet]);
    FUZZ_CHECK(ip_parse(r->customer_ip, &sa) == ERR_OK);
    FUZZ_CHECK(r->lifetime_s >= 900 && r->lifetime_s <= 3600);
    FUZZ_CHECK(r->success_redirect_id >= 0 && r->fail_redirect_id >= 0);
    FUZZ_CHECK(r->notification_endpoint_id >= 0);
    check_url(r->success_redirect_url, false);
    check_url(r->fail_redirect_url, false);
    check_url(r->notification_endpoint_url, true);
    FUZZ_CHECK(str_absent(r->desc) ||
               (r->desc.n > 0 && utf8_len(r->desc) <= 128 && !text_has_outer_space(r->desc)));
    if (!str_absent(r->customer_json)) {
        const struct json *kept = object_parse(a, r->customer_json);
        FUZZ_CHECK(kept && kept->first);
        JSON_FOR_EACH (member, kept) {
            FUZZ_CHECK(str_starts(member->key, STR("customer_")));
        }
    }
}

static void run_create(const struct json *body, struct arena *a)
{
    struct field_errors errors;
    struct create_request r;
    field_errors_init(&errors, a);
    if (validate_create(body, &r, &errors)) {
        FUZZ_CHECK(errors.count == 0);
        check_create(&r, a);
    } else {
        check_errors(&errors, a);
    }
}

static void run_status(const struct json *body, struct arena *a)
{
    struct field_errors errors;
    struct status_request r;
    field_errors_init(&errors, a);
    if (validate_status(body, &r, &errors)) {
        FUZZ_CHECK(r.id > 0 || !str_absent(r.order_id));
        FUZZ_CHECK(r.id >= 0 && r.id < INT64_C(1) << 53);
    } else {
        check_errors(&errors, a);
    }
}

static void run_history(const struct json *body, struct arena *a)
{
    struct field_errors errors;
    struct history_request r;
    field_errors_init(&errors, a);
    if (validate_history(body, json_get_string(body, "query"), TODAY, &r, &errors)) {
        FUZZ_CHECK(r.day_from <= r.day_to);
        FUZZ_CHECK(r.page >= 1 && r.page <= INT32_MAX);
        FUZZ_CHECK(r.per_page >= 1 && r.per_page <= 100);
    } else {
        check_errors(&errors, a);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    arena_init(&a, ARENA_MAX);
    const struct json *body = object_parse(&a, fuzz_text(data, size));
    if (body) {
        run_create(body, &a);
        run_status(body, &a);
        run_history(body, &a);
    }
    arena_clear(&a);
    return 0;
}
