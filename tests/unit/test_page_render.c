#include "../browser/page_sample.h"
#include "base/mem.h"
#include "http/page_csrf.h"
#include "http/page_limit.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const enum page_lang langs[] = {PAGE_LANG_EN, PAGE_LANG_BN};

#define STAGES 8

/* The page as a NUL-ended text; the caller frees it. */
static char *html_of(const struct page_view *v, enum page_lang lang, bool on_wait)
{
    struct arena a;
    struct buf out;
    struct page_options o = {.lang = lang, .token = STR("tok"), .on_wait = on_wait};
    arena_init(&a, 1 << 16);
    buf_init(&out, PAGE_HTML_MAX);
    page_pay_html(v, &o, &a, &out);
    assert_true(buf_ok(&out));
    arena_clear(&a);
    size_t n;
    return buf_take(&out, &n);
}

static void assert_has(const char *html, const char *piece)
{
    if (!strstr(html, piece))
        fail_msg("\"%s\" is not in:\n%s", piece, html);
}

static void assert_lacks(const char *html, const char *piece)
{
    if (strstr(html, piece))
        fail_msg("\"%s\" is in:\n%s", piece, html);
}

static void each_stage_is_named_whole_and_in_its_language(void **state)
{
    (void)state;
    for (int stage = 0; stage < STAGES; stage++) {
        for (size_t l = 0; l < array_len(langs); l++) {
            struct page_view v = page_sample((enum page_stage)stage);
            cleanup(mem_free_at) char *html = html_of(&v, langs[l], false);
            char want[64];
            snprintf(want, sizeof(want), "data-status=\"%s\"", page_stage_code(v.stage));
            assert_has(html, want);
            assert_has(
                html, langs[l] == PAGE_LANG_EN ? "<html lang=\"en\">" : "<html lang=\"bn\">");
            assert_has(html, "data-testid=\"merchant\"><bdi>Dhaka Handloom</bdi>");
            assert_has(html, langs[l] == PAGE_LANG_EN ? ">\xe0\xa7\xb3"
                                                        "1,23,456.00</p>"
                                                      : ">৳১,২৩,৪৫৬.০০</p>");
            assert_has(html, "</html>\n");
            assert_lacks(html, "{{");
            assert_lacks(html, "<h1 id=\"head\" tabindex=\"-1\"></h1>");
            assert_lacks(html, "<p></p>");
        }
    }
}

static void each_stage_offers_what_it_allows_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        bool pay, cancel, go_on, back, refresh;
    } want[STAGES] = {
        [PAGE_OPEN] = {.pay = true, .cancel = true},
        [PAGE_WAITING] = {.refresh = true},
        [PAGE_AT_WALLET] = {.pay = true, .cancel = true, .go_on = true},
        [PAGE_CONFIRMING] = {.refresh = true},
        [PAGE_PAID] = {.back = true},
        [PAGE_CANCELLED] = {.back = true},
        [PAGE_FAILED] = {.back = true},
        [PAGE_EXPIRED] = {.back = true},
    };
    for (int stage = 0; stage < STAGES; stage++) {
        struct page_view v = page_sample((enum page_stage)stage);
        cleanup(mem_free_at) char *html = html_of(&v, PAGE_LANG_EN, false);
        assert_int_equal(strstr(html, "data-testid=\"pay\"") != NULL, want[stage].pay);
        assert_int_equal(strstr(html, "data-testid=\"cancel\"") != NULL, want[stage].cancel);
        assert_int_equal(strstr(html, "data-testid=\"continue\"") != NULL, want[stage].go_on);
        assert_int_equal(strstr(html, "data-testid=\"return\"") != NULL, want[stage].back);
        assert_int_equal(
            strstr(html, "<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>") !=
                NULL,
            want[stage].refresh);
        assert_lacks(html, "content=\"0;url=");
    }
}

static void only_the_waiting_page_leaves_for_the_wallet(void **state)
{
    (void)state;
    struct page_view v = page_sample(PAGE_AT_WALLET);
    cleanup(mem_free_at) char *html = html_of(&v, PAGE_LANG_EN, true);
    assert_has(html, "<meta http-equiv=\"refresh\" content=\"0;url=https://wallet.example/"
                     "?paymentId=TR0011x1720518383420&amp;hash=a%2Bb&amp;mode=0011\">");
    assert_has(html, "data-testid=\"continue\"");
    assert_lacks(html, "data-testid=\"pay\"");
    v.wallet_url = STR("javascript:alert(1)");
    cleanup(mem_free_at) char *bad = html_of(&v, PAGE_LANG_EN, true);
    assert_lacks(bad, "javascript:");
    assert_has(bad, "href=\"#\"");
}

static void hostile_texts_stay_texts(void **state)
{
    (void)state;
    for (int stage = 0; stage < STAGES; stage++) {
        struct page_view v = page_sample((enum page_stage)stage);
        v.merchant_name = STR("<script>m()</script>\"'&");
        v.payment.order_id = STR("\"><script>o()</script>'&");
        v.payment.desc = STR("</dd><img src=x onerror='d()'>\"&");
        v.payment.payer_mask = STR("<b>017</b>");
        v.payment.paid = money_poisha(1);
        v.return_sign = STR("\" onfocus=\"s()");
        cleanup(mem_free_at) char *html = html_of(&v, langs[stage % 2], false);
        assert_lacks(html, "<script>");
        assert_lacks(html, "<img");
        assert_lacks(html, "<b>");
        assert_lacks(html, "\" onfocus=\"");
        assert_has(html, "<bdi>&lt;script&gt;m()&lt;/script&gt;&quot;&#39;&amp;</bdi>");
        assert_has(html, "<bdi>&quot;&gt;&lt;script&gt;o()&lt;/script&gt;&#39;&amp;</bdi>");
        assert_has(
            html, "<bdi>&lt;/dd&gt;&lt;img src=x onerror=&#39;d()&#39;&gt;&quot;&amp;</bdi>");
    }
}

static void the_return_form_posts_the_signed_fields_to_the_merchant(void **state)
{
    (void)state;
    struct page_view v = page_sample(PAGE_PAID);
    cleanup(mem_free_at) char *html = html_of(&v, PAGE_LANG_EN, false);
    assert_has(html,
        "<form method=\"post\" action=\"https://shop.example/thanks?lang=bn\" id=\"return\">");
    assert_has(html, "name=\"order_id\" value=\"INV-2041\"");
    assert_has(html, "name=\"uuid\" value=\"" SAMPLE_UUID "\"");
    assert_has(html, "name=\"sign\" value=\"c2lnbmF0dXJlLW9mLXRoZS1yZXR1cm4=\"");
    v.return_url = STR_ABSENT;
    cleanup(mem_free_at) char *stays = html_of(&v, PAGE_LANG_EN, false);
    assert_lacks(stays, "id=\"return\"");
    v.return_url = STR("javascript:alert(1)");
    cleanup(mem_free_at) char *bad = html_of(&v, PAGE_LANG_EN, false);
    assert_has(bad, "action=\"#\" id=\"return\"");
}

static void why_the_last_attempt_ended_is_told(void **state)
{
    (void)state;
    struct page_view v = page_sample(PAGE_OPEN);
    v.last_reason = STR("cancelled");
    cleanup(mem_free_at) char *back = html_of(&v, PAGE_LANG_EN, false);
    assert_has(back, "You came back from bKash without paying.");
    v.last_reason = STR("declined");
    cleanup(mem_free_at) char *refused = html_of(&v, PAGE_LANG_EN, false);
    assert_has(refused, "bKash did not accept the payment");
    v.last_reason = STR("unavailable");
    cleanup(mem_free_at) char *away = html_of(&v, PAGE_LANG_EN, false);
    assert_has(away, "bKash cannot be reached");
    assert_lacks(away, "disabled");
    v.wallet_healthy = false;
    cleanup(mem_free_at) char *blocked = html_of(&v, PAGE_LANG_EN, false);
    assert_has(blocked, "data-testid=\"pay\" disabled>");
    v = page_sample(PAGE_CANCELLED);
    v.payment.paid = money_poisha(50000);
    cleanup(mem_free_at) char *received = html_of(&v, PAGE_LANG_BN, false);
    assert_has(received, "৳৫০০.০০ পাওয়া গেছে");
    assert_lacks(received, "কোনো টাকা কাটা হয়নি");
}

static void a_payment_that_nobody_paid_in_time_is_not_said_to_be_confirmed(void **state)
{
    (void)state;
    struct page_view v = page_sample(PAGE_CONFIRMING);
    cleanup(mem_free_at) char *asked = html_of(&v, PAGE_LANG_EN, false);
    assert_has(asked, "Please do not pay again.");
    v.payment.state =
        PAYMENT_OPEN; /* its payer has come back from a wallet that takes the money at its page */
    cleanup(mem_free_at) char *came_back = html_of(&v, PAGE_LANG_EN, false);
    assert_has(came_back, "Please do not pay again.");
    v.seconds_left = 0;
    cleanup(mem_free_at) char *ending = html_of(&v, PAGE_LANG_EN, false);
    assert_has(ending, "The time has run out");
    assert_lacks(ending, "Confirming");
}

static void assert_csp_forms(const struct page_view *v, const char *want)
{
    struct buf out;
    buf_init(&out, PAGE_CSP_MAX);
    page_csp(v, &out);
    assert_true(buf_ok(&out));
    assert_string_equal(strstr(out.p, "form-action"), want);
    assert_has(out.p, "default-src 'none';");
    assert_has(out.p, "frame-ancestors 'none';");
    assert_has(out.p, "base-uri 'none';");
    assert_lacks(out.p, "unsafe");
    buf_clear(&out);
}

static void the_policy_names_the_merchants_origins_and_no_others(void **state)
{
    (void)state;
    struct page_view v = page_sample(PAGE_PAID);
    assert_csp_forms(NULL, "form-action 'self'");
    assert_csp_forms(&v, "form-action 'self' https://shop.example");
    v.payment.fail_url = STR("https://shop.example:8443/x");
    v.return_url = STR_ABSENT;
    assert_csp_forms(&v, "form-action 'self' https://shop.example https://shop.example:8443");
    v.payment.success_url = STR("https://SHOP.example:443/; script-src *");
    assert_csp_forms(&v, "form-action 'self' https://shop.example:8443");
    v.payment.success_url = STR("javascript:alert(1)");
    v.payment.fail_url = STR_ABSENT;
    assert_csp_forms(&v, "form-action 'self'");
}

static void the_scripts_state_says_where_to_go_only_while_the_wallet_waits(void **state)
{
    (void)state;
    struct page_view v = page_sample(PAGE_AT_WALLET);
    struct buf out;
    buf_init(&out, 4096);
    page_state_json(&v, &out);
    assert_string_equal(out.p,
        "{\"stage\":\"at_wallet\",\"version\":3,\"tag\":\"at_wallet-3-1-10-\",\"wallet_url\":"
        "\"https:\\/\\/wallet.example\\/?paymentId=TR0011x1720518383420&hash=a%2Bb&mode=0011\","
        "\"seconds_left\":3452}");
    buf_reset(&out);
    v.wallet_url = STR("javascript:alert(1)");
    page_state_json(&v, &out);
    assert_has(out.p, "\"wallet_url\":null");
    buf_reset(&out);
    v = page_sample(PAGE_PAID);
    v.wallet_url = STR(SAMPLE_WALLET_URL);
    page_state_json(&v, &out);
    assert_has(out.p, "\"wallet_url\":null");
    buf_clear(&out);
}

static void assert_url(const char *url, const char *want)
{
    struct buf out;
    buf_init(&out, 1024);
    page_url_add(&out, str_from(url));
    assert_string_equal(out.p, want);
    buf_clear(&out);
}

static void only_http_and_paths_of_this_site_are_addresses(void **state)
{
    (void)state;
    assert_url("https://a.example/x?y=1&z=\"", "https://a.example/x?y=1&amp;z=&quot;");
    assert_url("http://a.example", "http://a.example");
    assert_url("/0d9f/pay", "/0d9f/pay");
    assert_url("javascript:alert(1)", "#");
    assert_url("data:text/html,x", "#");
    assert_url("//evil.example", "#");
    assert_url("/\\evil.example", "#");
    assert_url("https://u:p@evil.example", "#");
    assert_url("/a b", "#");
    assert_url("", "#");
    assert_url(NULL, "#");
}

static void the_language_is_the_payers_choice_then_what_the_browser_weighs_higher(void **state)
{
    (void)state;
    static const struct {
        const char *cookie, *kept, *accept;
        enum page_lang want;
    } cases[] = {
        {NULL, NULL, NULL, PAGE_LANG_EN},
        {"bn", "en", "en", PAGE_LANG_BN},
        {"en", "bn", "bn", PAGE_LANG_EN},
        {NULL, "bn", "en", PAGE_LANG_BN},
        {"xx", NULL, "bn", PAGE_LANG_BN},
        {NULL, NULL, "bn-BD,bn;q=0.9,en-US;q=0.8", PAGE_LANG_BN},
        {NULL, NULL, "en-US,en;q=0.9,bn;q=0.8", PAGE_LANG_EN},
        {NULL, NULL, "en;q=0.5, bn;q=0.75, en-GB;q=0.7", PAGE_LANG_BN},
        {NULL, NULL, "fr, BN ; q=0.3", PAGE_LANG_BN},
        {NULL, NULL, "bn,en", PAGE_LANG_BN},
        {NULL, NULL, "en,bn", PAGE_LANG_EN},
        {NULL, NULL, "bn;q=0,*", PAGE_LANG_EN},
        {NULL, NULL, "bn;q=9", PAGE_LANG_EN},
        {NULL, NULL, ",;,bnx,=;q=1", PAGE_LANG_EN},
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        if (page_lang_choose(str_from(cases[i].cookie), str_from(cases[i].kept),
                str_from(cases[i].accept)) != cases[i].want)
            fail_msg("case %zu", i);
    }
}

static void posts_from_elsewhere_are_not_ours(void **state)
{
    (void)state;
    struct page_csrf c = {.key = {7}, .origin = "https://pay.example"};
    char cookie[PAGE_COOKIE_LEN + 1], token[PAGE_TOKEN_LEN + 1], other[PAGE_TOKEN_LEN + 1];
    struct str uuid = STR(SAMPLE_UUID);
    page_cookie_new(cookie);
    assert_true(page_cookie_valid(str_from(cookie)));
    assert_false(page_cookie_valid(STR("short")));
    page_token(&c, uuid, str_from(cookie), token);
    page_token(&c, STR("1d9f2a51-6c1e-4b7a-9c34-1f2e8d7b6a50"), str_from(cookie), other);
    const struct {
        const char *site, *origin;
        bool cookie;
        const char *token;
        bool want;
    } cases[] = {
        {"same-origin", "https://pay.example", true, token, true},
        {NULL, "https://pay.example", true, token, true},
        {NULL, NULL, true, token, true},
        {"none", NULL, true, token, true},
        {"same-origin", "null", true, token, true},
        {"same-origin", "https://pay.example", true, other, false},
        {"same-origin", "https://pay.example", true, "", false},
        {"cross-site", "https://pay.example", true, token, false},
        {"same-site", NULL, true, token, false},
        {"same-origin", "https://evil.example", true, token, false},
        {NULL, "https://pay.example.evil.example", true, token, false},
        {NULL, "http://pay.example", true, token, false},
        {NULL, "null", true, token, false},
        {"same-origin", "https://pay.example", false, "", true},
        {NULL, "https://pay.example", false, "", true},
        {"same-origin", NULL, false, "", true},
        {"none", NULL, false, "", false},
        {NULL, NULL, false, token, false},
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct page_post p = {
            .fetch_site = str_from(cases[i].site),
            .origin = str_from(cases[i].origin),
            .cookie = cases[i].cookie ? str_from(cookie) : STR_ABSENT,
            .token = str_from(cases[i].token),
        };
        if (page_post_is_ours(&c, uuid, &p) != cases[i].want)
            fail_msg("case %zu", i);
    }
}

static void a_key_over_its_limit_waits_for_the_minutes_end_and_hinders_no_other(void **state)
{
    (void)state;
    struct page_limit *l = page_limit_new(3);
    uint8_t a[PAGE_LIMIT_KEY_LEN], b[PAGE_LIMIT_KEY_LEN];
    page_limit_address_key(STR("192.0.2.1"), a);
    page_limit_address_key(STR("192.0.2.2"), b);
    for (int i = 0; i < 3; i++)
        assert_true(page_limit_take(l, a, 1000 + i));
    assert_false(page_limit_take(l, a, 1003));
    assert_false(page_limit_take(l, a, 60999));
    assert_true(page_limit_take(l, b, 1003));
    assert_true(page_limit_take(l, a, 61000));
    page_limit_free(l);
}

static void the_limits_memory_is_bounded_and_one_customers_addresses_are_one_key(void **state)
{
    (void)state;
    struct page_limit *l = page_limit_new(1);
    uint8_t key[PAGE_LIMIT_KEY_LEN], same[PAGE_LIMIT_KEY_LEN];
    page_limit_address_key(STR("2001:db8:1:2:aaaa::1"), key);
    page_limit_address_key(STR("2001:db8:1:2:bbbb::2"), same);
    assert_memory_equal(key, same, sizeof(key));
    page_limit_address_key(STR("2001:db8:1:3::1"), same);
    assert_memory_not_equal(key, same, sizeof(key));
    for (uint32_t i = 0; i < 100000; i++) {
        memcpy(key, &i, sizeof(i));
        assert_true(page_limit_take(l, key, 5000));
    }
    page_limit_free(l);
}

static void each_error_has_its_page_and_leads_back_to_the_payment(void **state)
{
    (void)state;
    static const enum err errors[] = {ERR_NOT_FOUND, ERR_NO_ROW, ERR_FORBIDDEN, ERR_RATE, ERR_BUSY,
        ERR_STORE_FULL, ERR_STOPPING, ERR_INTERNAL, ERR_METHOD, ERR_TOO_LARGE};
    for (size_t i = 0; i < array_len(errors); i++) {
        for (size_t l = 0; l < array_len(langs); l++) {
            struct buf out;
            buf_init(&out, PAGE_HTML_MAX);
            page_error_html(errors[i], langs[l], STR("/" SAMPLE_UUID), &out);
            assert_has(out.p, "href=\"/" SAMPLE_UUID "\"");
            assert_has(out.p, langs[l] == PAGE_LANG_BN ? "lang=\"bn\"" : "lang=\"en\"");
            assert_lacks(out.p, "<h1></h1>");
            buf_reset(&out);
            page_error_html(errors[i], langs[l], STR_ABSENT, &out);
            assert_lacks(out.p, "class=\"button\"");
            buf_clear(&out);
        }
    }
}

static void assets_change_their_path_with_their_content(void **state)
{
    (void)state;
    int n = 0;
    struct page_view v = page_sample(PAGE_OPEN);
    v.number = (struct page_number){.there = true,
        .on = true,
        .number = STR("01711111111"),
        .kind = STR("agent"),
        .waits = STR_ABSENT};
    cleanup(mem_free_at) char *html = html_of(&v, PAGE_LANG_EN, false);
    for (const struct page_asset *a = page_assets; a->type; a++, n++) {
        uint8_t digest[SHA256_LEN];
        char hash[13];
        cleanup(mem_free_at) char *path = mem_strndup(a->path.p, a->path.n);
        sha256(a->body.p, a->body.n, digest);
        for (int i = 0; i < 6; i++)
            snprintf(hash + 2 * i, 3, "%02x", digest[i]);
        assert_has(path, hash);
        assert_has(html, path);
    }
    assert_int_equal(n, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stage_is_named_whole_and_in_its_language),
        cmocka_unit_test(each_stage_offers_what_it_allows_and_nothing_else),
        cmocka_unit_test(only_the_waiting_page_leaves_for_the_wallet),
        cmocka_unit_test(hostile_texts_stay_texts),
        cmocka_unit_test(the_return_form_posts_the_signed_fields_to_the_merchant),
        cmocka_unit_test(why_the_last_attempt_ended_is_told),
        cmocka_unit_test(a_payment_that_nobody_paid_in_time_is_not_said_to_be_confirmed),
        cmocka_unit_test(the_policy_names_the_merchants_origins_and_no_others),
        cmocka_unit_test(the_scripts_state_says_where_to_go_only_while_the_wallet_waits),
        cmocka_unit_test(only_http_and_paths_of_this_site_are_addresses),
        cmocka_unit_test(the_language_is_the_payers_choice_then_what_the_browser_weighs_higher),
        cmocka_unit_test(posts_from_elsewhere_are_not_ours),
        cmocka_unit_test(a_key_over_its_limit_waits_for_the_minutes_end_and_hinders_no_other),
        cmocka_unit_test(the_limits_memory_is_bounded_and_one_customers_addresses_are_one_key),
        cmocka_unit_test(each_error_has_its_page_and_leads_back_to_the_payment),
        cmocka_unit_test(assets_change_their_path_with_their_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
