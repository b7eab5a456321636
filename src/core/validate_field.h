/* The rules of single fields, shared by the requests' specs. Private to core/validate*.c. */
#ifndef KASSA_CORE_VALIDATE_FIELD_H
#define KASSA_CORE_VALIDATE_FIELD_H

#include "core/validate.h"

/* Integers of the API stay below it, so that every client's JSON reads them exactly. */
#define FIELD_INT_MAX ((INT64_C(1) << 53) - 1)

/* The member, or NULL when it is absent: missing, null or an empty string (which the family's framework turns into
 * null before it looks). */
const struct json *field_given(const struct json *body, const char *name);

/* Each answers true and sets *ret when the value fits, else adds the field's error. Characters are counted, not bytes. */
bool field_string(const struct json *value, const char *name, size_t chars_max, struct str *ret,
    struct field_errors *errors);
/* A string, or a number taken as its raw text. */
bool field_text_or_number(const struct json *value, const char *name, size_t chars_max,
    struct str *ret, struct field_errors *errors);
/* An integer or its decimal text, min..max. */
bool field_int(const struct json *value, const char *name, int64_t min, int64_t max, int64_t *ret,
    struct field_errors *errors);
bool field_amount(
    const struct json *value, const char *name, struct money *ret, struct field_errors *errors);
/* "YYYY-MM-DD" */
bool field_day(
    const struct json *value, const char *name, int32_t *ret_day, struct field_errors *errors);
/* A text given outside the body, such as a query's, judged like an int field. */
bool field_int_text(struct str text, const char *name, int64_t min, int64_t max, int64_t *ret,
    struct field_errors *errors);

#endif
