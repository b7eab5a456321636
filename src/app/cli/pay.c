/* kassa pay, status, history, sign: the merchant API by libkassa, as a shop's program calls it. */
#include "app/cli/client.h"

#include "base/mem.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define TRIES 3
#define BODY_MAX (1U << 20)

/* Members that are texts of their own; the rest is in struct kassa_payment_request. */
static const char *const further[] = {"customer-account", "customer-user-id", "customer-email",
    "customer-phone", "customer-first-name", "customer-last-name", "customer-address",
    "customer-city", "customer-state", "customer-post-code", "customer-browser-user-agent",
    "customer-browser-accept-header", "customer-browser-language", "customer-browser-color-depth",
    "customer-browser-screen-height", "customer-browser-screen-width"};

static const char *or_else(const struct cli *c, const char *name, const char *other)
{
    return cli_get(c, name) ? cli_get(c, name) : other;
}

/* "customer-email" to "customer_email" */
static const char *member_name(struct cli *c, const char *option)
{
    struct str copy = arena_copy(&c->arena, str_from(option));
    char *p = (char *)(uintptr_t)copy.p;
    for (size_t i = 0; i < copy.n; i++) {
        p[i] = p[i] == '-' ? '_' : p[i];
    }
    return p;
}

static bool pay_request(
    struct cli *c, struct kassa_payment_request *r, struct kassa_field fields[array_len(further)])
{
    r->amount = cli_get(c, "amount");
    r->order_id = cli_get(c, "order");
    r->service = or_else(c, "service", "payment_card_bdt_hpp");
    r->customer_ip = or_else(c, "customer-ip", "127.0.0.1");
    r->customer_code = or_else(c, "customer-code", "bkash");
    r->success_redirect_url = cli_get(c, "success-redirect-url");
    r->fail_redirect_url = cli_get(c, "fail-redirect-url");
    r->notification_endpoint_url = cli_get(c, "notification-endpoint-url");
    r->desc = cli_get(c, "desc");
    r->fields = fields;
    for (size_t i = 0; i < array_len(further); i++) {
        if (cli_has(c, further[i])) {
            fields[r->field_count++] = (struct kassa_field){
                .name = member_name(c, further[i]), .value = cli_get(c, further[i])};
        }
    }
    return cli_get_int(c, "success-redirect-id", 1, INT64_MAX, &r->success_redirect_id) &&
           cli_get_int(c, "fail-redirect-id", 1, INT64_MAX, &r->fail_redirect_id) &&
           cli_get_int(c, "notification-endpoint-id", 1, INT64_MAX, &r->notification_endpoint_id) &&
           cli_get_int(c, "lifetime", 1, INT64_MAX, &r->lifetime_s);
}

static bool worth_repeating(enum kassa_result r, const struct kassa_answer *a)
{
    return r == KASSA_NOT_SENT || r == KASSA_MAYBE_SENT || r == KASSA_ANSWER ||
           (r == KASSA_ERRORS && a && a->status >= 500);
}

static int pay_run(struct cli *c)
{
    struct kassa_payment_request request = KASSA_PAYMENT_REQUEST_INIT;
    struct kassa_field fields[array_len(further)];
    struct kassa_client *client = NULL;
    struct kassa_payment *payment = NULL;
    struct kassa_answer *answer = NULL;
    enum kassa_result r = KASSA_NOT_SENT;
    if (!pay_request(c, &request, fields)) {
        return CLI_USAGE;
    }
    int code = client_new(c, cli_get(c, "api-url"), &client);
    /* The same request again never makes a second payment. */
    for (int i = 0; code == CLI_OK && i < TRIES && (i == 0 || worth_repeating(r, answer)); i++) {
        if (i > 0) {
            sleep(1);
        }
        kassa_answer_free(answer);
        answer = NULL;
        r = kassa_payment_create(client, &request, &payment, &answer);
    }
    if (code == CLI_OK && r == KASSA_OK) {
        client_out(c, "url", payment->url);
        client_out(c, "payment_status", payment->payment_status);
        json_w_kint(&c->w, "id", payment->id);
        client_out(c, "uuid", payment->uuid);
        client_out(c, "order_id", request.order_id);
        client_out(c, "success_redirect_url", payment->success_redirect_url);
        json_w_kbool(&c->w, "replayed", answer && answer->replayed);
        cli_note(c, "\nSend the payer to %s", payment->url);
    } else if (code == CLI_OK) {
        code = client_failed(c, client, r, answer);
    }
    kassa_payment_free(payment);
    kassa_answer_free(answer);
    kassa_client_free(client);
    return code;
}

static void out_status(struct cli *c, const struct kassa_payment *p)
{
    json_w_kint(&c->w, "id", p->id);
    client_out(c, "uuid", p->uuid);
    client_out(c, "url", p->url);
    client_out(c, "order_id", p->order_id);
    client_out(c, "payment_status", p->payment_status);
    client_out(c, "amount", p->amount);
    client_out(c, "payment_amount", p->payment_amount);
    json_w_kbool(&c->w, "is_partial_payment", p->is_partial_payment);
    client_out(c, "account_payment_amount", p->account_payment_amount);
    client_out(c, "commission_amount", p->commission_amount);
    client_out(c, "refunded_amount", p->refunded_amount);
    client_out(c, "hold_amount", p->hold_amount);
    client_out(c, "hold_at", p->hold_at);
    client_out(c, "service_code", p->service_code);
    client_out(c, "card_mask", p->card_mask);
    client_out(c, "account_old_balance", p->account_old_balance);
    client_out(c, "account_new_balance", p->account_new_balance);
}

static int status_run(struct cli *c)
{
    struct kassa_client *client = NULL;
    struct kassa_payment *payment = NULL;
    struct kassa_answer *answer = NULL;
    int64_t id = 0;
    if (!cli_get_int(c, "id", 1, INT64_MAX, &id)) {
        return CLI_USAGE;
    }
    if (id == 0 && !cli_has(c, "order")) {
        return cli_usage(c, "--order or --id is required");
    }
    int code = client_new(c, cli_get(c, "api-url"), &client);
    if (code == CLI_OK) {
        enum kassa_result r =
            kassa_payment_status(client, cli_get(c, "order"), id, &payment, &answer);
        if (r == KASSA_OK) {
            out_status(c, payment);
        } else {
            code = client_failed(c, client, r, answer);
        }
    }
    kassa_payment_free(payment);
    kassa_answer_free(answer);
    kassa_client_free(client);
    return code;
}

static void out_history(struct cli *c, const struct kassa_history *h)
{
    cli_out_list(c, "payments");
    for (size_t i = 0; i < h->count; i++) {
        const struct kassa_history_item *p = &h->items[i];
        cli_out_item(c);
        client_out(c, "created_at", p->created_at);
        json_w_kint(&c->w, "id", p->id);
        client_out(c, "order_id", p->order_id);
        client_out(c, "amount", p->amount);
        client_out(c, "commission_amount", p->commission_amount);
        client_out(c, "currency", p->currency);
        client_out(c, "status", p->status);
        cli_out_close(c);
    }
    cli_out_close(c);
    json_w_kint(&c->w, "page", h->page);
    json_w_kint(&c->w, "last_page", h->last_page);
    json_w_kint(&c->w, "total", h->total);
}

static int history_run(struct cli *c)
{
    struct kassa_history_request request = KASSA_HISTORY_REQUEST_INIT;
    struct kassa_client *client = NULL;
    struct kassa_history *history = NULL;
    struct kassa_answer *answer = NULL;
    request.date_from = cli_get(c, "from");
    request.date_to = cli_get(c, "to");
    if (!cli_get_int(c, "page", 1, INT32_MAX, &request.page) ||
        !cli_get_int(c, "per-page", 1, 100, &request.per_page)) {
        return CLI_USAGE;
    }
    int code = client_new(c, cli_get(c, "api-url"), &client);
    if (code == CLI_OK) {
        enum kassa_result r = kassa_payment_history(client, &request, &history, &answer);
        if (r == KASSA_OK) {
            out_history(c, history);
        } else {
            code = client_failed(c, client, r, answer);
        }
    }
    kassa_history_free(history);
    kassa_answer_free(answer);
    kassa_client_free(client);
    return code;
}

/* The very bytes of standard input. */
static int sign_run(struct cli *c)
{
    struct kassa_client *client = NULL;
    struct buf body;
    char chunk[4096], *sign = NULL;
    int code = client_new(c, NULL, &client);
    if (code != CLI_OK) {
        return code;
    }
    buf_init(&body, BODY_MAX);
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, stdin)) > 0;) {
        buf_add(&body, chunk, n);
    }
    enum kassa_result r = KASSA_ARGUMENT;
    if (ferror(stdin) || !buf_ok(&body)) {
        code = cli_fail("standard input can't be read or is over %u bytes", BODY_MAX);
    } else {
        r = kassa_sign(client, body.p ? body.p : "", body.n, &sign);
        code = r == KASSA_OK ? CLI_OK : cli_fail("%s", kassa_result_text(r));
    }
    if (code == CLI_OK && c->json) {
        client_out(c, "sign", sign);
    } else if (code == CLI_OK) {
        puts(sign);
    }
    kassa_free(sign);
    kassa_client_free(client);
    buf_clear(&body);
    return code;
}

#define TEXT_OPTION(name_, help_)                                                                  \
    {                                                                                              \
        .name = (name_), .arg = "TEXT", .help = (help_)                                            \
    }

static const struct cli_option pay_options[] = {
    CLIENT_OPTIONS,
    {.name = "amount", .arg = "AMOUNT", .help = "such as 300.00", .required = true},
    {.name = "order", .arg = "TEXT", .help = "the shop's order id, used once", .required = true},
    TEXT_OPTION("customer-code", "wallet: bkash, nagad, rocket; else bkash"),
    TEXT_OPTION("customer-ip", "the payer's address; else 127.0.0.1"),
    TEXT_OPTION("service", "else payment_card_bdt_hpp"),
    TEXT_OPTION("desc", "shown to the merchant"),
    {.name = "lifetime", .arg = "SECONDS", .help = "900 to 3600"},
    TEXT_OPTION("success-redirect-url", "where the payer returns after paying"),
    TEXT_OPTION("fail-redirect-url", "where the payer returns otherwise"),
    TEXT_OPTION("notification-endpoint-url", "where the notification goes"),
    {.name = "success-redirect-id", .arg = "ID", .help = "the same, as a preset"},
    {.name = "fail-redirect-id", .arg = "ID", .help = "the same, as a preset"},
    {.name = "notification-endpoint-id", .arg = "ID", .help = "the same, as a preset"},
    TEXT_OPTION("customer-account", "of the payer"),
    TEXT_OPTION("customer-user-id", "of the payer"),
    TEXT_OPTION("customer-email", "of the payer"),
    TEXT_OPTION("customer-phone", "of the payer"),
    TEXT_OPTION("customer-first-name", "of the payer"),
    TEXT_OPTION("customer-last-name", "of the payer"),
    TEXT_OPTION("customer-address", "of the payer"),
    TEXT_OPTION("customer-city", "of the payer"),
    TEXT_OPTION("customer-state", "of the payer"),
    TEXT_OPTION("customer-post-code", "of the payer"),
    TEXT_OPTION("customer-browser-user-agent", "of the payer"),
    TEXT_OPTION("customer-browser-accept-header", "of the payer"),
    TEXT_OPTION("customer-browser-language", "of the payer"),
    TEXT_OPTION("customer-browser-color-depth", "of the payer"),
    TEXT_OPTION("customer-browser-screen-height", "of the payer"),
    TEXT_OPTION("customer-browser-screen-width", "of the payer"),
    {.name = NULL},
};
static const struct cli_option status_options[] = {
    CLIENT_OPTIONS,
    {.name = "order", .arg = "TEXT", .help = "the shop's order id"},
    {.name = "id", .arg = "ID", .help = "Kassa's id"},
    {.name = NULL},
};
static const struct cli_option history_options[] = {
    CLIENT_OPTIONS,
    {.name = "from", .arg = "YYYY-MM-DD", .help = "first day; else 30 days ago"},
    {.name = "to", .arg = "YYYY-MM-DD", .help = "last day; else today"},
    {.name = "page", .arg = "N", .help = "else 1"},
    {.name = "per-page", .arg = "N", .help = "1 to 100; else 12"},
    {.name = NULL},
};
static const struct cli_option sign_options[] = {
    {.name = "certs", .arg = "DIR", .help = "as for pay", .required = true},
    {.name = "digest", .arg = "sha1|sha256", .help = "else sha1"},
    {.name = NULL},
};

const struct cli_command cli_pay_commands[] = {
    {.noun = "pay",
        .options = pay_options,
        .run = pay_run,
        .help = "merchant: creates a payment and prints its link"},
    {.noun = "status",
        .options = status_options,
        .run = status_run,
        .help = "merchant: asks for a payment's status"},
    {.noun = "history",
        .options = history_options,
        .run = history_run,
        .help = "merchant: lists payments by day"},
    {.noun = "sign",
        .options = sign_options,
        .run = sign_run,
        .help = "merchant: signs standard input, prints the Sign header's value"},
    {.noun = NULL},
};
