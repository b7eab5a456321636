#include "core/validate_field.h"

#include "base/clock.h"
#include "base/text.h"
#include <inttypes.h>

const struct json *field_given(const struct json *body, const char *name)
{
    const struct json *v = json_get(body, name);
    bool empty = v && (v->type == JSON_NULL || (v->type == JSON_STRING && v->text.n == 0));
    return empty ? NULL : v;
}

static bool text_fits(
    struct str text, const char *name, size_t chars_max, struct field_errors *errors)
{
    if (utf8_len(text) > chars_max) {
        field_errors_add(
            errors, name, "The %s may not be greater than %zu characters.", name, chars_max);
        return false;
    }
    return true;
}

bool field_string(const struct json *value, const char *name, size_t chars_max, struct str *ret,
    struct field_errors *errors)
{
    if (value->type != JSON_STRING) {
        field_errors_add(errors, name, "The %s must be a string.", name);
        return false;
    }
    if (!text_fits(value->text, name, chars_max, errors)) {
        return false;
    }
    *ret = value->text;
    return true;
}

bool field_text_or_number(const struct json *value, const char *name, size_t chars_max,
    struct str *ret, struct field_errors *errors)
{
    if (value->type != JSON_NUMBER) {
        return field_string(value, name, chars_max, ret, errors);
    }
    if (!text_fits(value->text, name, chars_max, errors)) {
        return false;
    }
    *ret = value->text;
    return true;
}

static void range_error(
    const char *name, int64_t min, int64_t max, int64_t given, struct field_errors *errors)
{
    if (max == FIELD_INT_MAX && given < min) {
        field_errors_add(errors, name, "The %s must be at least %" PRId64 ".", name, min);
    } else if (max == FIELD_INT_MAX) {
        field_errors_add(
            errors, name, "The %s may not be greater than %" PRId64 ".", name, FIELD_INT_MAX);
    } else {
        field_errors_add(
            errors, name, "The %s must be between %" PRId64 " and %" PRId64 ".", name, min, max);
    }
}

bool field_int_text(struct str text, const char *name, int64_t min, int64_t max, int64_t *ret,
    struct field_errors *errors)
{
    int64_t i = 0;
    enum err err = int64_parse(text, &i);
    if (err == ERR_RANGE) {
        i = text.p[0] == '-' ? INT64_MIN : INT64_MAX;
    } else if (err) {
        field_errors_add(errors, name, "The %s must be an integer.", name);
        return false;
    }
    if (i < min || i > max) {
        range_error(name, min, max, i, errors);
        return false;
    }
    *ret = i;
    return true;
}

bool field_int(const struct json *value, const char *name, int64_t min, int64_t max, int64_t *ret,
    struct field_errors *errors)
{
    if (value->type != JSON_NUMBER && value->type != JSON_STRING) {
        field_errors_add(errors, name, "The %s must be an integer.", name);
        return false;
    }
    return field_int_text(value->text, name, min, max, ret, errors);
}

bool field_amount(
    const struct json *value, const char *name, struct money *ret, struct field_errors *errors)
{
    if (value->type != JSON_NUMBER && value->type != JSON_STRING) {
        field_errors_add(errors, name, "The %s must be a number.", name);
        return false;
    }
    enum err err = money_parse_amount(value->text, ret);
    if (err == ERR_RANGE) {
        field_errors_add(errors, name, "The %s must be greater than 0.", name);
    } else if (err) {
        field_errors_add(errors, name, "The %s format is invalid.", name);
    }
    return err == ERR_OK;
}

bool field_day(
    const struct json *value, const char *name, int32_t *ret_day, struct field_errors *errors)
{
    if (value->type == JSON_STRING && dhaka_day_parse(value->text, ret_day) == ERR_OK) {
        return true;
    }
    field_errors_add(errors, name, "The %s does not match the format Y-m-d.", name);
    return false;
}
