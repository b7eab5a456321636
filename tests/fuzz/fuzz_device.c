/* What forwarders of SMS send. */
#include "fuzz.h"
#include "http/device_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct device_body b;
    arena_init(&a, (size_t)8 << 20);
    enum err e = device_body_parse(&a, fuzz_text(data, size), &b);
    FUZZ_CHECK(e == ERR_OK || e == ERR_BODY || e == ERR_LIMIT);
    FUZZ_CHECK(e == ERR_OK || (b.fault && b.fault_field[0]));
    if (e == ERR_OK) {
        FUZZ_CHECK(b.count <= PHONE_MESSAGES_MAX);
        for (size_t i = 0; i < b.count; i++) {
            struct sms s;
            FUZZ_CHECK(!str_absent(b.messages[i].sender) && !str_absent(b.messages[i].text));
            FUZZ_CHECK(b.messages[i].at_ms >= 0);
            sms_parse(b.messages[i].sender, b.messages[i].text, &s);
        }
    }
    arena_clear(&a);
    return 0;
}
