/* The first byte splits the input into a key and a value: whatever they are, they come back out of a form; and the
 * input as a form gives a value only where it says so once. */
#include "base/text.h"
#include "fuzz.h"

#define OUT_MAX ((size_t)1 << 20)

static void check_encoded(struct str s)
{
    struct buf encoded, decoded;
    buf_init(&encoded, OUT_MAX);
    buf_init(&decoded, OUT_MAX);
    percent_encode(&encoded, s);
    FUZZ_CHECK(percent_decode(&decoded, buf_view(&encoded), false) == ERR_OK);
    FUZZ_CHECK(str_eq(buf_view(&decoded), s));
    buf_reset(&decoded);
    FUZZ_CHECK(percent_decode(&decoded, buf_view(&encoded), true) == ERR_OK);
    FUZZ_CHECK(str_eq(buf_view(&decoded), s));
    buf_clear(&encoded);
    buf_clear(&decoded);
}

static void form_add(struct buf *form, struct str key, struct str value)
{
    buf_cstr(form, form->n > 0 ? "&" : "");
    percent_encode(form, key);
    buf_char(form, '=');
    percent_encode(form, value);
}

static void check_pair(struct str key, struct str value)
{
    struct buf form, got;
    buf_init(&form, OUT_MAX);
    buf_init(&got, OUT_MAX);
    form_add(&form, STR("\x01 first"), STR("1"));
    form_add(&form, key, value);
    FUZZ_CHECK(buf_ok(&form));
    if (key.n > 0 && !str_is(key, "\x01 first")) {
        FUZZ_CHECK(form_get(buf_view(&form), key, &got) == ERR_OK);
        FUZZ_CHECK(str_eq(buf_view(&got), value));
        buf_reset(&got);
        form_add(&form, key, STR("again"));
        FUZZ_CHECK(form_get(buf_view(&form), key, &got) == ERR_DUPLICATE);
        FUZZ_CHECK(got.n == 0);
    }
    buf_clear(&form);
    buf_clear(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_text(data, size);
    struct buf got;
    buf_init(&got, OUT_MAX);
    enum err err = form_get(text, STR("type"), &got);
    FUZZ_CHECK(err == ERR_OK || got.n == 0);
    buf_clear(&got);
    check_encoded(text);
    if (size > 1) {
        size_t cut = 1 + (data[0] < size - 1 ? data[0] : size - 1);
        check_pair(str_sub(text, 1, cut), str_sub(text, cut, text.n));
    }
    return 0;
}
