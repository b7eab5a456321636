/* Only one text decodes to given bytes: what is decoded encodes to the very same text, and back. */
#include "base/text.h"
#include "fuzz.h"

#define RAW_MAX 70000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t raw[RAW_MAX];
    struct str text = fuzz_text(data, size);
    struct buf out;
    size_t n = 0;
    buf_init(&out, 2 * RAW_MAX);
    if (base64_decode(text, raw, sizeof(raw), &n) == ERR_OK) {
        base64_encode(&out, raw, n);
        FUZZ_CHECK(str_eq(buf_view(&out), text));
        if (n > 0) {
            FUZZ_CHECK(base64_decode(text, raw, n - 1, &n) == ERR_LIMIT);
        }
    }
    buf_reset(&out);
    if (size <= RAW_MAX) {
        base64_encode(&out, data, size);
        FUZZ_CHECK(base64_decode(buf_view(&out), raw, sizeof(raw), &n) == ERR_OK);
        FUZZ_CHECK(n == size && (n == 0 || memcmp(raw, data, n) == 0));
    }
    buf_clear(&out);
    return 0;
}
