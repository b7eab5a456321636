/* Writes every page there is, in both languages, into a folder, for the eyes and for the browser suite:
 *     page-preview FOLDER
 * NAME.LANGUAGE.html, beside each NAME.LANGUAGE.csp with its policy, and the assets. */
#include "base/mem.h"
#include "page_sample.h"
#include <stdio.h>
#include <sys/stat.h>

static const char *folder;
static const char *const stage_names[] = {
    [PAGE_OPEN] = "open",
    [PAGE_WAITING] = "waiting",
    [PAGE_AT_WALLET] = "at_wallet",
    [PAGE_CONFIRMING] = "confirming",
    [PAGE_PAID] = "paid",
    [PAGE_CANCELLED] = "cancelled",
    [PAGE_FAILED] = "failed",
    [PAGE_EXPIRED] = "expired",
};

static void file_write(const char *name, const char *suffix, struct buf *b)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s%s", folder, name, suffix);
    if (!buf_ok(b) || buf_write_file(b, path, 0644) != ERR_OK) {
        fprintf(stderr, "page-preview: %s cannot be written\n", path);
        _Exit(1);
    }
    buf_clear(b);
}

static void page_write(const char *name, const struct page_view *v, bool on_wait)
{
    static const enum page_lang langs[] = {PAGE_LANG_EN, PAGE_LANG_BN};
    for (size_t i = 0; i < array_len(langs); i++) {
        struct arena a;
        struct buf html, csp;
        char full[128];
        struct page_options o = {
            .lang = langs[i], .token = STR("0123456789abcdef0123456789abcdef")};
        o.trx = strcmp(name, "number-part") == 0 ? PAGE_TRX_MALFORMED : PAGE_TRX_OK;
        o.on_wait = on_wait;
        arena_init(&a, 1 << 16);
        buf_init(&html, PAGE_HTML_MAX);
        buf_init(&csp, PAGE_CSP_MAX);
        page_pay_html(v, &o, &a, &html);
        page_csp(v, &csp);
        snprintf(full, sizeof(full), "%s.%s", name, page_lang_code(langs[i]));
        file_write(full, ".html", &html);
        file_write(full, ".csp", &csp);
        arena_clear(&a);
    }
}

static void number_pages_write(void)
{
    struct page_view v = page_sample(PAGE_OPEN);
    v.payment.wallet = WALLET_ROCKET;
    v.payment.amount = money_poisha(50000);
    v.number = (struct page_number){.there = true,
        .on = true,
        .number = STR("017111111112"),
        .kind = STR("personal"),
        .left = v.payment.amount,
        .waits = STR_ABSENT,
        .waits_payer = STR_ABSENT};
    page_write("number", &v, false);
    v.payment.paid = money_poisha(20000);
    v.number.left = money_poisha(30000);
    page_write("number-part", &v, false);
    v.number.waits = STR("6606781234");
    v.number.waits_payer = STR("515");
    page_write("number-waits", &v, false);
    v.number.silent = true;
    page_write("number-silent", &v, false);
    v = page_sample(PAGE_EXPIRED);
    v.number = (struct page_number){.there = true,
        .on = true,
        .number = STR("01711111111"),
        .kind = STR("merchant"),
        .waits = STR_ABSENT};
    page_write("number-late", &v, false);
}

/* A wallet that is served in both ways. */
static void ways_write(void)
{
    struct page_view v = page_sample(PAGE_OPEN);
    v.may_switch = true;
    v.number = (struct page_number){.there = true,
        .number = STR("01711111111"),
        .kind = STR("personal"),
        .left = v.payment.amount,
        .waits = STR_ABSENT};
    page_write("ways-checkout", &v, false);
    v.last_reason = STR("cancelled");
    page_write("ways-came-back", &v, false);
    v.number.on = true;
    page_write("ways-number", &v, false);
    v = page_sample(PAGE_AT_WALLET);
    v.may_switch = true;
    page_write("ways-at-wallet", &v, false);
}

static void variants_write(void)
{
    struct page_view v = page_sample(PAGE_OPEN);
    v.last_reason = STR("cancelled");
    page_write("open-came-back", &v, false);
    v.last_reason = STR("declined");
    page_write("open-refused", &v, false);
    v.wallet_healthy = false;
    page_write("open-blocked", &v, false);
    v = page_sample(PAGE_WAITING);
    page_write("wait", &v, true);
    v = page_sample(PAGE_AT_WALLET);
    page_write("leaving", &v, true);
    v = page_sample(PAGE_CANCELLED);
    v.payment.paid = money_poisha(50000);
    v.return_url = STR_ABSENT;
    page_write("cancelled-received", &v, false);
    v = page_sample(PAGE_OPEN);
    v.merchant_name =
        STR("<script>alert(1)</script> \"&' Shop-with-a-very-long-name-without-any-blank-in-it");
    v.payment.order_id =
        STR("\"><img src=x onerror=alert(2)>'&amp;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    v.payment.desc = STR("\xe2\x80\xae</dd><script>alert(3)</script>{{name}} javascript:alert(4)");
    v.payment.amount = money_poisha(MONEY_API_MAX_POISHA);
    page_write("open-hostile", &v, false);
    v.stage = PAGE_PAID;
    v.return_url = STR("https://shop.example/\"><script>alert(5)</script>");
    v.return_sign = STR("\"><script>alert(6)</script>");
    page_write("paid-hostile", &v, false);
}

static void others_write(void)
{
    static const enum err errors[] = {
        ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_RATE, ERR_BUSY, ERR_INTERNAL};
    static const enum page_lang langs[] = {PAGE_LANG_EN, PAGE_LANG_BN};
    for (size_t l = 0; l < array_len(langs); l++) {
        struct buf html, csp;
        char name[64];
        for (size_t i = 0; i < array_len(errors); i++) {
            buf_init(&html, PAGE_HTML_MAX);
            buf_init(&csp, PAGE_CSP_MAX);
            page_error_html(errors[i], langs[l], STR("/" SAMPLE_UUID), &html);
            page_csp(NULL, &csp);
            snprintf(name, sizeof(name), "error-%d.%s", err_info(errors[i])->http_status,
                page_lang_code(langs[l]));
            file_write(name, ".html", &html);
            file_write(name, ".csp", &csp);
        }
        buf_init(&html, PAGE_HTML_MAX);
        buf_init(&csp, PAGE_CSP_MAX);
        page_home_html(langs[l], &html);
        page_csp(NULL, &csp);
        snprintf(name, sizeof(name), "home.%s", page_lang_code(langs[l]));
        file_write(name, ".html", &html);
        file_write(name, ".csp", &csp);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: page-preview FOLDER\n");
        return 2;
    }
    folder = argv[1];
    for (size_t i = 0; i < array_len(stage_names); i++) {
        struct page_view v = page_sample((enum page_stage)i);
        page_write(stage_names[i], &v, false);
    }
    variants_write();
    number_pages_write();
    ways_write();
    others_write();
    char assets[512];
    snprintf(assets, sizeof(assets), "%s/assets", folder);
    mkdir(assets, 0755);
    for (const struct page_asset *asset = page_assets; asset->type; asset++) {
        struct buf b;
        char path[128];
        buf_init(&b, PAGE_HTML_MAX);
        buf_str(&b, asset->body);
        snprintf(path, sizeof(path), "%.*s", STR_FMT(asset->path));
        file_write(path + 1, "", &b);
    }
    return 0;
}
