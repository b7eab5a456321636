/* What anybody may post to the webhook: SNS's envelope, the addresses in it, and bKash's message inside. */
#include "fuzz.h"
#include "wallet/bkash.h"
#include "wallet/sns.h"

#define ARN "arn:aws:sns:ap-southeast-1:354285753755:bpt_kassa"
#define HOST "https://sns.ap-southeast-1.amazonaws.com/"

static void addresses_check(const struct sns_message *m)
{
    struct buf origin;
    buf_init(&origin, 512);
    sns_origin(STR(ARN), &origin);
    if (sns_cert_url_allowed(m->cert_url, buf_view(&origin)))
        FUZZ_CHECK(str_starts(m->cert_url, STR(HOST)) && str_ends(m->cert_url, STR(".pem")));
    if (sns_subscribe_url_allowed(m->subscribe_url, buf_view(&origin), STR(ARN)))
        FUZZ_CHECK(str_starts(m->subscribe_url, STR(HOST "?")));
    buf_reset(&origin);
    if (sns_arn_valid(m->topic_arn)) {
        sns_origin(m->topic_arn, &origin);
        FUZZ_CHECK(buf_ok(&origin) && str_starts(buf_view(&origin), STR("https://sns.")));
    }
    buf_clear(&origin);
}

static void notice_check(struct arena *a, struct str message)
{
    struct bkash_notice n;
    if (bkash_read_notice(a, message, &n) != ERR_OK)
        return;
    FUZZ_CHECK(n.amount.poisha > 0 && n.status.n > 0);
    FUZZ_CHECK(n.trx_id.n > 0 && n.trx_id.n <= 32);
    for (size_t i = 0; i < n.trx_id.n; i++)
        FUZZ_CHECK(n.trx_id.p[i] < 'a' && n.trx_id.p[i] >= '0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct buf text;
    struct sns_message m;
    struct str body = fuzz_text(data, size);
    arena_init(&a, SNS_ARENA_MAX);
    buf_init(&text, 2 * SNS_BODY_MAX);
    if (sns_parse(&a, body, &m) == ERR_OK) {
        FUZZ_CHECK(m.message_id.n > 0 && m.signature.n > 0 && m.signature.n <= RSA_SIG_MAX);
        FUZZ_CHECK((m.type == SNS_NOTIFICATION) == str_absent(m.token));
        sns_signed_text(&m, &text);
        FUZZ_CHECK(buf_ok(&text) && str_starts(buf_view(&text), STR("Message\n")));
        addresses_check(&m);
        notice_check(&a, m.message);
    } else {
        notice_check(&a, body);
    }
    buf_clear(&text);
    arena_clear(&a);
    return 0;
}
