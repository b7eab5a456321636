/* kassa verify: checks what Kassa sends to merchants, as their programs should. */
#include "app/cli/client.h"

#include "base/mem.h"
#include <stdio.h>

#define TEXT_MAX (1U << 20)

static const char *const modes[] = {"GET", "POST", "POST_JSON", NULL};

/* --data TEXT, or standard input without its last line's end. */
static int data_read(struct cli *c, struct buf *b)
{
    char chunk[4096];
    if (cli_has(c, "data")) {
        buf_cstr(b, cli_get(c, "data"));
        return CLI_OK;
    }
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, stdin)) > 0;) {
        buf_add(b, chunk, n);
    }
    while (b->n > 0 && (b->p[b->n - 1] == '\n' || b->p[b->n - 1] == '\r')) {
        b->p[--b->n] = '\0';
    }
    return ferror(stdin) || !buf_ok(b) ? cli_fail("standard input can't be read") : CLI_OK;
}

static int public_read(struct cli *c, struct buf *pem)
{
    if (buf_read_file(pem, cli_get(c, "public")) != ERR_OK) {
        return cli_fail("--public: %s can't be read", cli_get(c, "public"));
    }
    return CLI_OK;
}

static int verdict(struct cli *c, enum kassa_result r)
{
    json_w_kbool(&c->w, "sign_ok", r == KASSA_OK);
    json_w_kcstr(&c->w, "result", kassa_result_text(r));
    return r == KASSA_OK ? CLI_OK : CLI_FAILED;
}

static void out_notification(struct cli *c, const struct kassa_notification *n)
{
    client_out(c, "type", n->type);
    json_w_kint(&c->w, "id", n->id);
    client_out(c, "order_id", n->order_id);
    client_out(c, "payment_status", n->payment_status);
    client_out(c, "amount", n->amount);
    client_out(c, "payment_amount", n->payment_amount);
    client_out(c, "commission_amount", n->commission_amount);
    json_w_kbool(&c->w, "is_partial_payment", n->is_partial_payment);
    client_out(c, "account", n->account);
    client_out(c, "service", n->service);
    client_out(c, "desc", n->desc);
}

static int notification_run(struct cli *c)
{
    struct kassa_notification *n = NULL;
    struct str mode = STR_ABSENT;
    struct buf pem, data;
    if (!cli_get_choice(c, "mode", modes, &mode)) {
        return CLI_USAGE;
    }
    buf_init(&pem, 65536);
    buf_init(&data, TEXT_MAX);
    int code = public_read(c, &pem);
    code = code == CLI_OK ? data_read(c, &data) : code;
    if (code == CLI_OK) {
        enum kassa_mode m = str_is(mode, "GET")    ? KASSA_MODE_GET
                            : str_is(mode, "POST") ? KASSA_MODE_FORM
                                                   : KASSA_MODE_JSON;
        enum kassa_result r = kassa_notification_verify(pem.p, m, data.p ? data.p : "", data.n, &n);
        code = verdict(c, r);
        if (r == KASSA_OK) {
            out_notification(c, n);
        }
    }
    kassa_notification_free(n);
    buf_clear(&pem);
    buf_clear(&data);
    return code;
}

static int redirect_run(struct cli *c)
{
    struct buf pem;
    buf_init(&pem, 65536);
    int code = public_read(c, &pem);
    if (code == CLI_OK) {
        code = verdict(c, kassa_redirect_verify(
                              pem.p, cli_get(c, "order"), cli_get(c, "uuid"), cli_get(c, "sign")));
        json_w_kcstr(&c->w, "order_id", cli_get(c, "order"));
        json_w_kcstr(&c->w, "uuid", cli_get(c, "uuid"));
        cli_note(c, "\nIt says who came back, not whether it is paid: ask for the status.");
    }
    buf_clear(&pem);
    return code;
}

#define PUBLIC_OPTION                                                                              \
    {                                                                                              \
        .name = "public", .arg = "FILE", .help = "public.pem of the notifications certificate",    \
        .required = true                                                                           \
    }

static const struct cli_option notification_options[] = {
    {.name = "mode",
        .arg = "GET|POST|POST_JSON",
        .help = "how it came: query, form or JSON",
        .required = true},
    PUBLIC_OPTION,
    {.name = "data", .arg = "TEXT", .help = "the query or body as received; else standard input"},
    {.name = NULL},
};
static const struct cli_option redirect_options[] = {
    PUBLIC_OPTION,
    {.name = "order", .arg = "TEXT", .help = "the form's order_id", .required = true},
    {.name = "uuid", .arg = "UUID", .help = "the form's uuid", .required = true},
    {.name = "sign", .arg = "BASE64", .help = "the form's sign", .required = true},
    {.name = NULL},
};

const struct cli_command cli_verify_commands[] = {
    {.noun = "verify",
        .verb = "notification",
        .options = notification_options,
        .run = notification_run,
        .help = "merchant: checks the sign of a notification"},
    {.noun = "verify",
        .verb = "redirect",
        .options = redirect_options,
        .run = redirect_run,
        .help = "merchant: checks the sign of a payer's return"},
    {.noun = NULL},
};
