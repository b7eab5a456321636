#include "http/cabinet_setup.h"

#include "base/crypto.h"
#include "base/text.h"
#include "core/validate.h"
#include "service/presets.h"
#include <inttypes.h>

#define STAMP_TEXT_MAX ((size_t)16384)
#define URL_MAX 255

const char *const setup_modes[] = {"GET", "POST", "POST_JSON", NULL};

enum err setup_change(struct cabinet_call *c, change_fn fn, void *arg)
{
    struct change_by by = {
        .person_id = c->session.person.id,
        .actor = c->session.person.email,
        .client_ip = c->browser.ip,
    };
    return change_run(c->service->store, &by, fn, arg);
}

static void stamp_make(struct buf *text, char out[STAMP_LEN + 1])
{
    uint8_t digest[SHA256_LEN];
    struct buf hex;
    buf_init(&hex, STAMP_LEN);
    sha256(text->p, text->n, digest);
    hex_encode(&hex, digest, STAMP_LEN / 2);
    memcpy(out, hex.p, STAMP_LEN + 1);
    buf_clear(&hex);
    buf_clear(text);
}

void setup_stamp_account(const struct account_row *r, char out[STAMP_LEN + 1])
{
    struct buf b;
    buf_init(&b, STAMP_TEXT_MAX);
    buf_printf(&b, "%.*s|%.*s|%" PRId64 "|%" PRId64 "|%" PRId64 "|%" PRId64 "|%" PRId64,
        STR_FMT(r->digest), STR_FMT(r->notify_mode), r->success_redirect_id, r->fail_redirect_id,
        r->endpoint_id, r->notify_field_set, r->notify_old_secret_until);
    stamp_make(&b, out);
}

void setup_stamp_endpoint(const struct endpoint_row *r, char out[STAMP_LEN + 1])
{
    struct buf b;
    buf_init(&b, STAMP_TEXT_MAX);
    buf_printf(&b, "%.*s|%.*s|%.*s|%" PRId64 "|%" PRId64 "|%" PRId64 "|%" PRId64, STR_FMT(r->name),
        STR_FMT(r->url), STR_FMT(r->mode), r->field_set, r->disabled_at, r->deleted_at,
        r->old_secret_until);
    stamp_make(&b, out);
}

bool setup_stamp_fits(struct cabinet_call *c, const char *stamp)
{
    struct str given = json_get_string(c->body, "stamp");
    return str_absent(given) || str_is(given, stamp);
}

int64_t setup_overlap_ms(struct cabinet_call *c, int64_t otherwise)
{
    int64_t hours = otherwise / 3600000;
    if (!cabinet_int_or_none(c, "overlap_hours", 0, SETUP_OVERLAP_HOURS_MAX, &hours))
        return otherwise;
    return hours * 3600000;
}

struct str setup_choice(struct cabinet_call *c, const char *field, const char *const *texts)
{
    struct str given = json_get_string(c->body, field);
    for (; *texts; texts++)
        if (str_is(given, *texts))
            return str_from(*texts);
    cabinet_fault(c, field, str_absent(given) ? FAULT_required : FAULT_invalid);
    return STR_ABSENT;
}

struct str setup_name(struct cabinet_call *c, const char *kind)
{
    struct str name = cabinet_text_or_none(c, "name", PRESET_NAME_MAX);
    return str_absent(name) ? preset_name_new(c->arena, kind) : name;
}

struct str setup_url(struct cabinet_call *c, bool notification)
{
    const char *why = NULL;
    struct str url = cabinet_text(c, "url", URL_MAX);
    if (str_absent(url) || validate_url(url, notification, &why))
        return url;
    cabinet_fault(c, "url", FAULT_invalid);
    return STR_ABSENT;
}

struct str setup_text_whole(struct str s)
{
    for (int i = 0; i < 4 && s.n > 0 && !utf8_valid(s); i++)
        s.n--;
    return utf8_valid(s) ? s : STR("(not UTF-8)");
}

void setup_endpoint_write(
    struct json_writer *w, const struct account_row *a, const struct endpoint_row *r)
{
    char stamp[STAMP_LEN + 1];
    setup_stamp_endpoint(r, stamp);
    cabinet_w_id(w, "id", r->id);
    json_w_kstr(w, "account", a->uuid);
    json_w_kstr(w, "name", r->name);
    json_w_kstr(w, "url", r->url);
    json_w_kstr(w, "mode", r->mode);
    json_w_kint(w, "field_set", r->field_set);
    json_w_kbool(w, "is_default", a->endpoint_id == r->id);
    json_w_kbool(w, "enabled", r->disabled_at == 0);
    cabinet_w_time(w, "disabled_at", r->disabled_at);
    json_w_kstr(w, "disabled_reason", r->disabled_reason);
    cabinet_w_time(w, "old_secret_until", r->old_secret_until);
    json_w_kcstr(w, "stamp", stamp);
}
