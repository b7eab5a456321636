#include "http/callback_read.h"

#include "base/text.h"

#define VALUE_MAX ((size_t)65536)

bool callback_token(struct str segment, char out[CALLBACK_TOKEN_CAP])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if (str_absent(segment) || segment.n >= CALLBACK_TOKEN_CAP)
        return false;
    for (size_t i = 0; i < segment.n; i++)
        if (!memchr(letters, segment.p[i], sizeof letters - 1))
            return false;
    memcpy(out, segment.p, segment.n);
    out[segment.n] = 0;
    return true;
}

static bool form_read(struct str form, const char *key, struct buf *value)
{
    return !str_absent(form) && form_get(form, str_from(key), value) == ERR_OK && buf_ok(value);
}

static bool is_ref(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return s.n < CALLBACK_REF_CAP;
}

void callback_ref(struct str form, const char *key, char out[CALLBACK_REF_CAP])
{
    struct buf value;
    out[0] = 0;
    buf_init(&value, VALUE_MAX);
    if (form_read(form, key, &value) && value.n > 0 && is_ref(buf_view(&value))) {
        memcpy(out, value.p, value.n);
        out[value.n] = 0;
    }
    buf_clear(&value);
}

enum callback_status callback_status_read(struct str form)
{
    struct buf value;
    enum callback_status status = CALLBACK_OTHER;
    buf_init(&value, VALUE_MAX);
    struct str word = form_read(form, "status", &value) ? buf_view(&value) : STR("");
    if (str_is(word, "success"))
        status = CALLBACK_SUCCESS;
    else if (str_is(word, "failure"))
        status = CALLBACK_FAILURE;
    else if (str_is(word, "cancel"))
        status = CALLBACK_CANCEL;
    buf_clear(&value);
    return status;
}
