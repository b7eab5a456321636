/* B14, the pure half: SNS's envelope, the bytes that are signed, where its addresses may lead, and bKash's message. */
#include "base/crypto_cert.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "wallet/bkash.h"
#include "wallet/sns.h"
#include "wallet_bench.h"

#define ARN "arn:aws:sns:ap-southeast-1:354285753755:bpt_kassa"
#define HOST "https://sns.ap-southeast-1.amazonaws.com"

struct world {
    struct arena a;
    struct sns_message m;
};

static int begin(void **state)
{
    struct world *w = mem_alloc(sizeof(*w));
    arena_init(&w->a, SNS_ARENA_MAX);
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;
    arena_clear(&w->a);
    mem_free(w);
    return 0;
}

#define COMMON                                                                                     \
    "\"MessageId\":\"m-1\",\"TopicArn\":\"" ARN "\",\"Message\":\"a \\u09ac\\n\\\"b\\\"\","        \
    "\"Timestamp\":\"2018-04-19T06:22:46.655Z\",\"SigningCertURL\":\"" HOST "/a.pem\","            \
    "\"Signature\":\"c2ln\""
#define NOTE(more) "{\"Type\":\"Notification\"," COMMON ",\"SignatureVersion\":\"1\"" more "}"
#define CONFIRMATION(type)                                                                         \
    "{\"Type\":\"" type "\"," COMMON ",\"SignatureVersion\":\"2\",\"Token\":\"t\","                \
    "\"SubscribeURL\":\"" HOST "/?x\",\"Subject\":\"s\"}"

static void signed_is(struct world *w, const char *body, const char *text)
{
    struct buf b;
    assert_int_equal(sns_parse(&w->a, str_from(body), &w->m), ERR_OK);
    buf_init(&b, 4096);
    sns_signed_text(&w->m, &b);
    assert_string_equal(b.p, text);
    buf_clear(&b);
}

static void each_type_has_its_own_signed_text(void **state)
{
    struct world *w = *state;
    const char *head = "Message\na \xe0\xa6\xac\n\"b\"\nMessageId\nm-1\n";
    const char *rest = "Timestamp\n2018-04-19T06:22:46.655Z\n";
    char text[1024];
    snprintf(text, sizeof(text), "%s%sTopicArn\n" ARN "\nType\nNotification\n", head, rest);
    signed_is(w, NOTE(""), text);
    assert_int_equal(w->m.digest, RSA_DIGEST_SHA1);
    snprintf(
        text, sizeof(text), "%sSubject\nhi\n%sTopicArn\n" ARN "\nType\nNotification\n", head, rest);
    signed_is(w, NOTE(",\"Subject\":\"hi\",\"Token\":\"t\""), text);
    for (int i = 0; i < 2; i++) {
        const char *type = i ? "UnsubscribeConfirmation" : "SubscriptionConfirmation";
        snprintf(text, sizeof(text),
            "%sSubscribeURL\n" HOST "/?x\n%sToken\nt\nTopicArn\n" ARN "\nType\n%s\n", head, rest,
            type);
        signed_is(w,
            i ? CONFIRMATION("UnsubscribeConfirmation") : CONFIRMATION("SubscriptionConfirmation"),
            text);
        assert_int_equal(w->m.digest, RSA_DIGEST_SHA256);
    }
}

static void what_is_no_envelope_is_refused(void **state)
{
    struct world *w = *state;
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "null",
        "{\"Type\":\"Notification\"}",
        "{\"Type\":\"Other\"," COMMON ",\"SignatureVersion\":\"1\"}",
        "{\"Type\":\"Notification\"," COMMON ",\"SignatureVersion\":\"3\"}",
        "{\"Type\":\"Notification\"," COMMON ",\"SignatureVersion\":1}",
        "{\"Type\":\"Notification\"," COMMON "}",
        NOTE(",\"MessageId\":\"m-2\""),
        "{\"Type\":\"SubscriptionConfirmation\"," COMMON ",\"SignatureVersion\":\"2\"}",
        NOTE("") "x",
    };
    for (size_t i = 0; i < array_len(bodies); i++)
        if (sns_parse(&w->a, str_from(bodies[i]), &w->m) != ERR_SYNTAX)
            fail_msg("taken: %s", bodies[i]);
}

static void a_body_over_the_limit_is_refused_unread(void **state)
{
    struct world *w = *state;
    char *big = mem_alloc(SNS_BODY_MAX + 2);
    memset(big, ' ', SNS_BODY_MAX + 1);
    struct str body = {big, SNS_BODY_MAX + 1};
    assert_int_equal(sns_parse(&w->a, body, &w->m), ERR_LIMIT);
    mem_free(big);
}

static void only_arns_of_sns_topics_can_be_pinned(void **state)
{
    (void)state;
    static const char *const good[] = {ARN, "arn:aws-cn:sns:cn-north-1:123456789012:a",
        "arn:aws:sns:us-east-1:123456789012:A_b-1.fifo"};
    static const char *const bad[] = {"", "arn", "arn:aws:sqs:us-east-1:123456789012:a",
        "arn:aws:sns:us-east-1:12345678901:a", "arn:aws:sns:us.east:123456789012:a",
        "arn:aws:sns:us-east-1@x:123456789012:a", "arn:aws:sns::123456789012:a",
        "arn:aws:sns:-us:123456789012:a", "arn:evil:sns:us-east-1:123456789012:a",
        "arn:aws:sns:us-east-1:123456789012:", "arn:aws:sns:us-east-1:123456789012:a:sub",
        "arn:aws:sns:us-east-1:123456789012:a b", "arn:aws:sns:us/x:123456789012:a"};
    for (size_t i = 0; i < array_len(good); i++)
        assert_true(sns_arn_valid(str_from(good[i])));
    for (size_t i = 0; i < array_len(bad); i++)
        if (sns_arn_valid(str_from(bad[i])))
            fail_msg("taken: %s", bad[i]);
}

static void addresses_are_those_of_the_topics_region_letter_by_letter(void **state)
{
    (void)state;
    static const char *const bad[] = {"http://sns.ap-southeast-1.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com/a.pem", HOST ".evil.example/a.pem", HOST ":443/a.pem",
        HOST "@evil.example/a.pem", "https://x@sns.ap-southeast-1.amazonaws.com/a.pem",
        "https://evil.example/sns.ap-southeast-1.amazonaws.com/a.pem",
        "https://sns.ap-southeast-1.amazonaws.com\\@evil.example/a.pem", HOST "/x/../a.pem",
        HOST "//evil.example/a.pem", HOST "/a.pem?x", HOST "/a.pem#", HOST "/a.pe", HOST "/.pem",
        HOST "/a%2f.pem", HOST "/a.pem\n", HOST, HOST "/",
        "HTTPS://sns.ap-southeast-1.amazonaws.com/a.pem",
        "https://SNS.ap-southeast-1.amazonaws.com/a.pem",
        "https://sns.ap-southeast-1.amazonaws.com./a.pem",
        "https://sns.ap-southeast-1.amazonaws.com.cn/a.pem", "https://127.0.0.1/a.pem"};
    struct buf origin;
    buf_init(&origin, 512);
    sns_origin(STR(ARN), &origin);
    assert_string_equal(origin.p, HOST);
    for (size_t i = 0; i < array_len(bad); i++)
        if (sns_cert_url_allowed(str_from(bad[i]), buf_view(&origin)))
            fail_msg("taken: %s", bad[i]);
    assert_true(sns_cert_url_allowed(
        STR(HOST "/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem"),
        buf_view(&origin)));
    buf_clear(&origin);
}

static void only_the_confirmation_of_this_topic_may_be_called(void **state)
{
    (void)state;
#define CONFIRM "Action=ConfirmSubscription"
    static const char *const bad[] = {HOST "/?Action=Unsubscribe&TopicArn=" ARN,
        HOST "/?" CONFIRM "&TopicArn=" ARN "x", HOST "/?" CONFIRM,
        HOST "/x?" CONFIRM "&TopicArn=" ARN, HOST "?" CONFIRM "&TopicArn=" ARN,
        HOST "/?" CONFIRM "&" CONFIRM "&TopicArn=" ARN, HOST "/?" CONFIRM "&TopicArn=" ARN "#x",
        "https://evil.example/?" CONFIRM "&TopicArn=" ARN,
        "http://sns.ap-southeast-1.amazonaws.com/?" CONFIRM "&TopicArn=" ARN};
    for (size_t i = 0; i < array_len(bad); i++)
        if (sns_subscribe_url_allowed(str_from(bad[i]), STR(HOST), STR(ARN)))
            fail_msg("taken: %s", bad[i]);
    assert_true(sns_subscribe_url_allowed(
        STR(HOST "/?" CONFIRM "&TopicArn=" ARN "&Token=2336412f37"), STR(HOST), STR(ARN)));
}

#define PAID(amount, more)                                                                         \
    "{\"dateTime\":\"20180419122246\",\"trxID\":\"4j420anoxc\","                                   \
    "\"transactionStatus\":\"Completed\",\"transactionType\":\"10002294\",\"amount\":" amount more \
    "}"

static void bkashs_message_is_read_with_amounts_as_text_or_number(void **state)
{
    struct world *w = *state;
    struct bkash_notice n;
    assert_int_equal(
        bkash_read_notice(&w->a,
            STR(PAID("\"100\"",
                ",\"currency\":\"BDT\",\"debitMSISDN\":\"8801700000001\","
                "\"merchantInvoiceNumber\":\"K1-1\",\"transactionReference\":\"x y\"")),
            &n),
        ERR_OK);
    assert_true(str_is(n.trx_id, "4J420ANOXC") && str_is(n.invoice, "K1-1"));
    assert_true(str_is(n.status, "Completed") && str_is(n.payer, "8801700000001"));
    assert_int_equal(n.amount.poisha, 10000);
    assert_int_equal(n.at_ms, INT64_C(1524118966000));
    assert_int_equal(bkash_read_notice(&w->a, STR(PAID("4.5", "")), &n), ERR_OK);
    assert_int_equal(n.amount.poisha, 450);
    assert_true(str_absent(n.invoice) && str_absent(n.currency));
    /* a coupon: the sale is what the payer owed */
    assert_int_equal(bkash_read_notice(&w->a,
                         STR(PAID("90", ",\"couponAmount\":\"10\",\"saleAmount\":\"100.00\"")), &n),
        ERR_OK);
    assert_int_equal(n.amount.poisha, 10000);
}

static void a_message_without_trx_id_or_amount_is_none(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {"", "{}", "[]", PAID("\"0\"", ""), PAID("\"-1\"", ""),
        PAID("\"1e3\"", ""), PAID("\"1.005\"", ""), PAID("null", ""),
        "{\"trxID\":\"A 1\",\"transactionStatus\":\"Completed\",\"amount\":\"1\"}",
        "{\"trxID\":\"\",\"transactionStatus\":\"Completed\",\"amount\":\"1\"}",
        "{\"trxID\":\"A1\",\"amount\":\"1\"}"};
    struct bkash_notice n;
    for (size_t i = 0; i < array_len(bad); i++)
        if (bkash_read_notice(&w->a, str_from(bad[i]), &n) != ERR_SYNTAX)
            fail_msg("taken: %s", bad[i]);
}

/* openssl req -x509 -newkey rsa:2048 -subj /CN=sns.amazonaws.com
 * -addext "subjectAltName=DNS:sns.amazonaws.com,IP:127.0.0.1" -days 1 */
static const char PEM[] = "-----BEGIN CERTIFICATE-----\n"
                          "MIIDPTCCAiWgAwIBAgIUCCcWTaeOuan5QpiPpl52hqDX6IAwDQYJKoZIhvcNAQEL\n"
                          "BQAwHDEaMBgGA1UEAwwRc25zLmFtYXpvbmF3cy5jb20wHhcNMjYxMTI0MTMyODQ2\n"
                          "WhcNMjYxMTI1MTMyODQ2WjAcMRowGAYDVQQDDBFzbnMuYW1hem9uYXdzLmNvbTCC\n"
                          "ASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBALb+Go1u94E/mu8GSegDW/h4\n"
                          "Z+Ckfo5u5sxH2p45eB99wVOzTELsZp+KmZHONdwIfR4QxwG4S3Uaa8iBu3fLwZSV\n"
                          "IzDQAQMiiOQvA7ca8tSqnpXUfRLAbJC3o5PF+QySbKMH+58gkUZn8JuHq8yEBuJ4\n"
                          "YyhT1QmoNz6mIpJUPS+9+4V2qVpdoYn8PLVfFiRsXzO8ugcVSVBZ7iTIZoARArFE\n"
                          "e8uwGn9TVPAURYi0q5gz1heIMUxDIg3NRWCTKnmE8ruzHC2EsDJBSgTkSenSU/eC\n"
                          "Jq5KIIDaxuZ6Bu2E4j7OhBHsLpr31PQeYUN9L2hbaSXcS5Z97Y5HrRZskI1rCp8C\n"
                          "AwEAAaN3MHUwHQYDVR0OBBYEFA0zninP42VzmNkqERfoLatEdAD0MB8GA1UdIwQY\n"
                          "MBaAFA0zninP42VzmNkqERfoLatEdAD0MA8GA1UdEwEB/wQFMAMBAf8wIgYDVR0R\n"
                          "BBswGYIRc25zLmFtYXpvbmF3cy5jb22HBH8AAAEwDQYJKoZIhvcNAQELBQADggEB\n"
                          "AF/ZYPRmefH60rJOq834h+KOX8rnVksVySrGMcvOwsqZUP2M2LXYlUb5M37QVTHX\n"
                          "7zmZkh/DydCxzY8Gt8acI0HdEAwdW6ujGw7w5wkrkRFkvVNu1udQdlqH+ZYZla5y\n"
                          "rf3YOspkoD72yZHdmI9+60hjfZY1Cu1DCRogw6eLuzqV3dZYkOaUwJCjcmkFpE2E\n"
                          "c+EgoVVnzp8UOEBBtuOJzwJlvfo7+AYLJOL4tXHJV4yPEbtgkbHc0HA7yub0gFBa\n"
                          "jK5bY8VQMTJU618jRlNu//cMVtFfdPBwflDSWlMLqnzuW37Iq1OmQj4fqFArEFuI\n"
                          "HAx6a7kIOlw2Tcql/4ycyNQ=\n"
                          "-----END CERTIFICATE-----\n";
#define PEM_MADE_MS INT64_C(1795526926000)

static void a_certificate_gives_its_names_times_and_key(void **state)
{
    (void)state;
    struct cert *c = NULL;
    assert_int_equal(cert_from_pem(str_from(PEM), &c), ERR_OK);
    assert_true(cert_is_for(c, "sns.amazonaws.com") && cert_is_for(c, "127.0.0.1"));
    assert_false(cert_is_for(c, "amazonaws.com"));
    assert_false(cert_is_for(c, "sns.amazonaws.com.evil.example"));
    assert_int_equal(rsa_public_bits(cert_key(c)), 2048);
    assert_true(cert_holds_at(c, PEM_MADE_MS + 60000));
    assert_false(cert_holds_at(c, PEM_MADE_MS - 86400000));
    assert_false(cert_holds_at(c, PEM_MADE_MS + 2 * INT64_C(86400000)));
    cert_free(c);
    static const char *const bad[] = {"", "x", "-----BEGIN CERTIFICATE-----\n"};
    for (size_t i = 0; i < array_len(bad); i++)
        assert_int_equal(cert_from_pem(str_from(bad[i]), &c), ERR_SYNTAX);
}

/* The second implementation of both versions: openssl dgst -sign over printf 'Message\nhi\n'. */
static void b14_both_versions_of_openssls_signatures_are_good_and_no_other(void **state)
{
    (void)state;
    static const char *const made[] = {
        "B5SEnBGaGM70RgnqUn9Ai3nkjWSC4QbZ0KXzMglhDBgTgom6jUuV6uHVJCS3RHnR/"
        "G9SIdvAN7QzdZIIx3LwC9y1aQ8Ibcy0oxrsO8KHyAkpFsx+"
        "FB9OVVHxXEx64we8RfrFqaJ00EJ3GdqhM61qJBGJcfkFiMzZpqmJlNXOh7LSJHC2S1Stv/"
        "lp2dcVzaIan0eO9dcWi8qFYAqF7/"
        "cQkohToQQTALPTrQfszcWUy2UQADO5ywlsCieexM40xZJRXTkBPC1Ygy7kpLvuw7zJJvw048YrTitABKxAF0kTbwgO"
        "MfZ+1qerWZEFPxC2H3rKb6EWeNtWLU77gjKIcmKIEQ==",
        "EOJKV2QxAVPNPyltI0gWb+p9gCN/mYX9tkrqfOj40Kgk3fJHigjwRcogi2faTJnAzvuN7eoMKk2i1RvVDI1QYE/"
        "7CGf16CJl787nN2wNIzqgl8Z229chryQ6rAEK9J8rHtlW6Q3Tpk986EMCwiXxGGvciGZBkdSrdmyt00aMKvuXM8rLW"
        "DnbGl2W1mcFbwfmqzqRO2HwaDNcQ67RT8SZv1w3lfQlzgqVpGlDeemYIG/"
        "XmICdU1DX1C3stKJecmxz2QDTcR2DRmWYS03kS9QDPl4iY++FwBb/"
        "S0AX5emSo6QHonEaz+C9fZ598db6y1y9CSI7dlji03yIUDoezA0AHw=="};
    static const enum rsa_verdict verdicts[] = {RSA_GOOD_SHA1, RSA_GOOD_SHA256};
    struct cert *c = NULL;
    assert_int_equal(cert_from_pem(str_from(PEM), &c), ERR_OK);
    for (size_t i = 0; i < 2; i++) {
        uint8_t raw[RSA_SIG_MAX];
        size_t n = 0;
        assert_int_equal(base64_decode(str_from(made[i]), raw, sizeof(raw), &n), ERR_OK);
        struct str signature = {(const char *)raw, n};
        assert_int_equal(rsa_verify(cert_key(c), STR("Message\nhi\n"), signature), verdicts[i]);
        assert_int_equal(rsa_verify(cert_key(c), STR("Message\nho\n"), signature), RSA_REFUSED);
    }
    cert_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_type_has_its_own_signed_text, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_envelope_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_body_over_the_limit_is_refused_unread, begin, end),
        cmocka_unit_test(only_arns_of_sns_topics_can_be_pinned),
        cmocka_unit_test(addresses_are_those_of_the_topics_region_letter_by_letter),
        cmocka_unit_test(only_the_confirmation_of_this_topic_may_be_called),
        cmocka_unit_test_setup_teardown(
            bkashs_message_is_read_with_amounts_as_text_or_number, begin, end),
        cmocka_unit_test_setup_teardown(a_message_without_trx_id_or_amount_is_none, begin, end),
        cmocka_unit_test(a_certificate_gives_its_names_times_and_key),
        cmocka_unit_test(b14_both_versions_of_openssls_signatures_are_good_and_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
