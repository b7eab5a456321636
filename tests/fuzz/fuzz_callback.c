/* What a payer's browser brings back from a wallet: the first byte splits the input into the path's segment and the query. */
#include "base/text.h"
#include "fuzz.h"
#include "http/callback_read.h"

#define FORM_MAX ((size_t)1 << 20)

static void check_ref(struct str form, const char *key)
{
    char ref[CALLBACK_REF_CAP], again[CALLBACK_REF_CAP];
    struct buf b;
    callback_ref(form, key, ref);
    FUZZ_CHECK(memchr(ref, 0, sizeof ref));
    for (const char *p = ref; *p; p++)
        FUZZ_CHECK(*p > ' ' && *p <= '~');
    buf_init(&b, FORM_MAX);
    buf_printf(&b, "%s=", key);
    percent_encode(&b, str_from(ref));
    callback_ref(buf_view(&b), key, again);
    FUZZ_CHECK(strcmp(ref, again) == 0);
    buf_printf(&b, "&%s=x", key);
    callback_ref(buf_view(&b), key, again);
    FUZZ_CHECK(again[0] == 0);
    buf_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_text(data, size);
    size_t cut = size > 0 ? 1 + (data[0] < size - 1 ? data[0] : size - 1) : 0;
    struct str segment = str_sub(text, size > 0, cut), form = str_sub(text, cut, text.n);
    char token[CALLBACK_TOKEN_CAP];
    if (callback_token(segment, token))
        FUZZ_CHECK(str_is(segment, token) && strlen(token) < CALLBACK_TOKEN_CAP);
    check_ref(form, "paymentID");
    check_ref(form, "payment_ref_id");
    check_ref(form, "trans_id");
    FUZZ_CHECK(callback_status_read(STR_ABSENT) == CALLBACK_OTHER);
    enum callback_status status = callback_status_read(form);
    FUZZ_CHECK(status >= CALLBACK_SUCCESS && status <= CALLBACK_OTHER);
    return 0;
}
