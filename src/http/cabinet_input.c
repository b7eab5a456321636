#include "base/text.h"
#include "http/cabinet_private.h"

#define QUERY_MAX ((size_t)8192)
#define LIMIT_USUAL 50

struct str cabinet_query(struct cabinet_call *c, const char *key)
{
    struct buf b;
    struct str value = STR_ABSENT;
    if (str_absent(c->query))
        return value;
    buf_init(&b, QUERY_MAX);
    if (form_get(c->query, str_from(key), &b) == ERR_OK && buf_ok(&b) && utf8_valid(buf_view(&b)) &&
        str_find(buf_view(&b), '\0', 0) == b.n)
        value = arena_copy(c->arena, buf_view(&b));
    buf_clear(&b);
    return value;
}

int64_t cabinet_query_limit(struct cabinet_call *c)
{
    int64_t n = LIMIT_USUAL;
    struct str text = cabinet_query(c, "limit");
    if (str_absent(text) || int64_parse(text, &n) != ERR_OK)
        return LIMIT_USUAL;
    return n < 1 ? 1 : n > CABINET_LIMIT_MAX ? CABINET_LIMIT_MAX : n;
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return true;
    return false;
}

/* A member that is there and not null. */
static const struct json *member(struct cabinet_call *c, const char *field)
{
    const struct json *m = json_get(c->body, field);
    return m && m->type != JSON_NULL ? m : NULL;
}

static struct str text_get(struct cabinet_call *c, const char *field, size_t max, bool required)
{
    const struct json *m = member(c, field);
    struct str s = m && m->type == JSON_STRING ? text_trim(m->text) : STR_ABSENT;
    if (m && str_absent(s)) {
        cabinet_fault(c, field, FAULT_invalid);
        return STR_ABSENT;
    }
    if (s.n == 0) {
        if (required)
            cabinet_fault(c, field, FAULT_required);
        return STR_ABSENT;
    }
    if (utf8_len(s) > max) {
        cabinet_fault(c, field, FAULT_too_long);
        return STR_ABSENT;
    }
    if (has_control(s)) {
        cabinet_fault(c, field, FAULT_invalid);
        return STR_ABSENT;
    }
    return s;
}

struct str cabinet_text(struct cabinet_call *c, const char *field, size_t max)
{
    return text_get(c, field, max, true);
}

struct str cabinet_text_or_none(struct cabinet_call *c, const char *field, size_t max)
{
    return text_get(c, field, max, false);
}

struct str cabinet_secret(struct cabinet_call *c, const char *field)
{
    const struct json *m = member(c, field);
    if (m && m->type == JSON_STRING && m->text.n > 0)
        return m->text;
    cabinet_fault(c, field, m && m->type != JSON_STRING ? FAULT_invalid : FAULT_required);
    return STR_ABSENT;
}

bool cabinet_int_or_none(
    struct cabinet_call *c, const char *field, int64_t min, int64_t max, int64_t *ret)
{
    const struct json *m = member(c, field);
    int64_t n = 0;
    if (!m || (m->type == JSON_STRING && m->text.n == 0))
        return true;
    if ((m->type != JSON_NUMBER && m->type != JSON_STRING) || int64_parse(m->text, &n) != ERR_OK) {
        cabinet_fault(c, field, FAULT_invalid);
        return false;
    }
    if (n < min || n > max) {
        cabinet_fault(c, field, FAULT_out_of_range);
        return false;
    }
    *ret = n;
    return true;
}

bool cabinet_int(struct cabinet_call *c, const char *field, int64_t min, int64_t max, int64_t *ret)
{
    const struct json *m = member(c, field);
    if (!m || (m->type == JSON_STRING && m->text.n == 0)) {
        cabinet_fault(c, field, FAULT_required);
        return false;
    }
    return cabinet_int_or_none(c, field, min, max, ret);
}

bool cabinet_bool(struct cabinet_call *c, const char *field, bool absent)
{
    const struct json *m = member(c, field);
    if (!m)
        return absent;
    if (m->type != JSON_TRUE && m->type != JSON_FALSE)
        cabinet_fault(c, field, FAULT_invalid);
    return m->type == JSON_TRUE;
}
