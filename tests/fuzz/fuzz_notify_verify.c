/* A notification that was signed is verified whatever its texts are, and gives them back; what was not signed is
 * never taken for genuine. The first byte chooses mode and field set, the rest are the texts, cut at newlines. */
#include "base/crypto.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/notify.h"
#include "fuzz.h"
#include "kassa.h"

#define OUT_MAX ((size_t)1 << 20)
#define TEXT_MAX 1000

static struct rsa_private *key;
static char *pem;

static void key_make(void)
{
    struct rsa_public *public = NULL;
    struct buf text;
    size_t n = 0;
    buf_init(&text, RSA_PEM_MAX);
    FUZZ_CHECK(rsa_private_generate(2048, &key) == ERR_OK);
    FUZZ_CHECK(rsa_private_public(key, &public) == ERR_OK);
    FUZZ_CHECK(rsa_public_to_pem(public, &text) == ERR_OK);
    rsa_public_free(public);
    pem = buf_take(&text, &n);
}

/* Cuts a line off the input; absent when it is empty. */
static struct str line_take(struct str *text)
{
    size_t end = str_find(*text, '\n', 0);
    struct str line = str_sub(*text, 0, end);
    *text = str_sub(*text, end < text->n ? end + 1 : end, text->n);
    return line.n > 0 ? line : STR_ABSENT;
}

static struct str line_needed(struct str *text)
{
    struct str line = line_take(text);
    return str_absent(line) ? STR("") : line;
}

static bool is_same(const char *got, struct str want)
{
    return (got == NULL) == str_absent(want) && str_eq(str_from(got), want);
}

static void check_same(
    const struct kassa_notification *n, const struct notify_fields *f, enum notify_field_set set)
{
    FUZZ_CHECK(n->id == f->id && n->is_partial_payment == f->is_partial_payment);
    FUZZ_CHECK(is_same(n->type, f->type) && is_same(n->order_id, f->order_id));
    FUZZ_CHECK(is_same(n->payment_status, f->payment_status) && is_same(n->amount, f->amount));
    FUZZ_CHECK(is_same(n->payment_amount, f->payment_amount));
    FUZZ_CHECK(is_same(n->account, f->account) && is_same(n->service, f->service));
    FUZZ_CHECK(is_same(n->desc, f->desc));
    FUZZ_CHECK(
        is_same(n->commission_amount, set == NOTIFY_FIELDS_10 ? STR_ABSENT : f->commission_amount));
    FUZZ_CHECK(is_same(n->card_brand, set == NOTIFY_FIELDS_12 ? f->card_brand : STR_ABSENT));
}

static void payload_make(const struct notify_fields *f, enum notify_mode mode,
    enum notify_field_set set, struct buf *out)
{
    struct buf text, sign;
    uint8_t raw[RSA_SIG_MAX];
    size_t n = 0;
    buf_init(&text, OUT_MAX);
    buf_init(&sign, OUT_MAX);
    notify_signed_text(f, mode, set, &text);
    FUZZ_CHECK(buf_ok(&text));
    FUZZ_CHECK(rsa_sign(key, RSA_DIGEST_SHA1, buf_view(&text), raw, sizeof(raw), &n) == ERR_OK);
    base64_encode(&sign, raw, n);
    notify_payload(f, mode, set, buf_view(&sign), out);
    FUZZ_CHECK(buf_ok(out));
    buf_clear(&text);
    buf_clear(&sign);
}

static void check_signed(struct str text, uint8_t choice)
{
    enum notify_mode mode = (enum notify_mode)(choice % 3);
    enum notify_field_set set = (enum notify_field_set)(NOTIFY_FIELDS_10 + choice / 3 % 3);
    struct notify_fields f = {.type = line_needed(&text),
        .id = 1 + (int64_t)choice * 8000000000,
        .order_id = line_needed(&text),
        .payment_status = line_needed(&text),
        .amount = line_needed(&text),
        .payment_amount = line_needed(&text),
        .commission_amount = line_needed(&text),
        .is_partial_payment = choice & 0x80,
        .account = line_needed(&text),
        .service = line_needed(&text),
        .desc = line_take(&text),
        .card_brand = line_take(&text)};
    struct buf payload;
    struct kassa_notification *n = NULL;
    buf_init(&payload, OUT_MAX);
    payload_make(&f, mode, set, &payload);
    FUZZ_CHECK(kassa_notification_verify(pem, (enum kassa_mode)mode, payload.p, payload.n, &n) ==
               KASSA_OK);
    check_same(n, &f, set);
    kassa_notification_free(n);
    buf_clear(&payload);
}

static void check_unsigned(struct str text)
{
    static const enum kassa_mode modes[] = {KASSA_MODE_GET, KASSA_MODE_FORM, KASSA_MODE_JSON};
    for (size_t i = 0; i < array_len(modes); i++) {
        struct kassa_notification *n = NULL;
        enum kassa_result r = kassa_notification_verify(pem, modes[i], text.p, text.n, &n);
        FUZZ_CHECK((r == KASSA_REFUSED || r == KASSA_MALFORMED) && n == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_text(data, size);
    if (!key) {
        key_make();
    }
    check_unsigned(text);
    bool fit = size > 1 && size <= TEXT_MAX && utf8_valid(str_sub(text, 1, text.n)) &&
               str_find(text, '\0', 1) == text.n;
    if (fit) {
        check_signed(str_sub(text, 1, text.n), data[0]);
    }
    return 0;
}
