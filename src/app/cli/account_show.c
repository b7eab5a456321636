/* kassa account: the table of its commands, and those that show or switch. */
#include "app/cli/account.h"

#include "app/cli/rows.h"
#include "base/text.h"
#include "core/ledger.h"
#include "store/store_ledger.h"
#include "store/store_outbox.h"

/* When every process has seen a change of the accounts (service/accounts.h). */
#define KNOWN_EVERYWHERE_MS 1000

static void out_percent(struct cli *c, const char *key, int64_t bp)
{
    cli_out_money(c, key, money_poisha(bp));
}

void account_out(struct cli *c, const struct account_row *r)
{
    json_w_kstr(&c->w, "account", r->uuid);
    json_w_kint(&c->w, "merchant", r->merchant_id);
    json_w_kstr(&c->w, "name", r->name);
    json_w_kstr(&c->w, "currency", r->currency);
    out_percent(c, "fee_percent", r->fee_bp);
    cli_out_money(c, "fee_fixed", r->fee_fixed);
    json_w_kstr(&c->w, "services", r->services);
    json_w_kstr(&c->w, "digest", r->digest);
    cli_out_id(c, "success_redirect", r->success_redirect_id);
    cli_out_id(c, "fail_redirect", r->fail_redirect_id);
    cli_out_id(c, "endpoint", r->endpoint_id);
    json_w_kstr(&c->w, "notify_mode", r->notify_mode);
    json_w_kint(&c->w, "notify_field_set", r->notify_field_set);
    json_w_kbool(&c->w, "enabled", r->enabled);
    cli_out_time(c, "created_at", r->created_at);
}

static int show_lists(struct cli *c, const struct account_row *r)
{
    cli_out_list(c, "certificates");
    enum err e = store_cert_each(c->db, r->id, cli_row_cert, c);
    cli_out_close(c);
    if (e == ERR_OK) {
        cli_out_list(c, "redirects");
        e = store_redirect_each(c->db, r->id, cli_row_redirect, c);
        cli_out_close(c);
    }
    if (e == ERR_OK) {
        cli_out_list(c, "endpoints");
        e = store_endpoint_each(c->db, r->id, cli_row_endpoint, c);
        cli_out_close(c);
    }
    return e == ERR_OK ? CLI_OK : cli_fail_err("account", e);
}

int account_show_run(struct cli *c)
{
    struct account_row r;
    struct merchant_row m;
    struct money payable, suspense;
    if (!cli_account(c, c->operand, &r)) {
        return CLI_FAILED;
    }
    enum err e = store_merchant_get(c->db, &c->arena, r.merchant_id, &m);
    e = e == ERR_OK ? store_ledger_balance(c->db, LEDGER_MERCHANT_PAYABLE, r.id, &payable) : e;
    e = e == ERR_OK ? store_ledger_balance(c->db, LEDGER_SUSPENSE, r.id, &suspense) : e;
    if (e != ERR_OK) {
        return cli_fail_err("account", e);
    }
    account_out(c, &r);
    json_w_kstr(&c->w, "merchant_name", m.name);
    cli_out_money(c, "balance", money_neg(payable));
    cli_out_money(c, "unattached", money_neg(suspense));
    return show_lists(c, &r);
}

static enum err list_item(void *arg, const struct account_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    account_out(c, r);
    cli_out_close(c);
    return ERR_OK;
}

int account_list_run(struct cli *c)
{
    cli_out_list(c, "accounts");
    enum err e = store_account_each(c->db, list_item, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("accounts", e);
}

static enum err switch_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    (void)c;
    const struct account_row *r = arg;
    audit->action = r->enabled ? "account.enable" : "account.disable";
    change_target(audit, "account", r->uuid);
    audit->merchant_id = r->merchant_id;
    json_w_kbool(&audit->was, "enabled", !r->enabled);
    json_w_kbool(&audit->w, "enabled", r->enabled);
    enum err e = store_account_update(tx, r);
    if (e == ERR_OK && r->enabled) {
        e = store_outbox_account_enabled(tx, r->id, tx_now_ms(tx) + KNOWN_EVERYWHERE_MS);
    }
    return e;
}

static int switch_run(struct cli *c, bool enabled)
{
    struct account_row r;
    if (!cli_account(c, c->operand, &r)) {
        return CLI_FAILED;
    }
    r.enabled = enabled;
    enum err e = cli_change(c, switch_unit, &r);
    if (e != ERR_OK) {
        return cli_fail_err("account", e);
    }
    account_out(c, &r);
    return CLI_OK;
}

int account_enable_run(struct cli *c)
{
    return switch_run(c, true);
}

int account_disable_run(struct cli *c)
{
    return switch_run(c, false);
}

int account_secret_run(struct cli *c)
{
    struct account_row r;
    struct buf secret;
    if (!cli_account(c, c->operand, &r)) {
        return CLI_FAILED;
    }
    buf_init(&secret, 4096);
    bool good = cli_secret_open(c, r.notify_secret_box, &secret);
    if (good) {
        json_w_kstr(&c->w, "notify_secret", buf_view(&secret));
    }
    buf_wipe(&secret);
    return good ? CLI_OK : CLI_FAILED;
}

#define COMMON_OPTIONS                                                                             \
    {.name = "name", .arg = "TEXT", .help = "for people"},                                         \
        {.name = "fee-percent", .arg = "PERCENT", .help = "part of the fee, such as 1.50"},        \
        {.name = "fee-fixed", .arg = "AMOUNT", .help = "part of the fee, such as 5.00"},           \
        {.name = "services", .arg = "NAMES", .help = "with commas; else all of the currency"},     \
        {.name = "digest", .arg = "sha1|sha256", .help = "of Kassa's signatures; else sha1"},      \
        {.name = "notify-mode",                                                                    \
            .arg = "GET|POST|POST_JSON",                                                           \
            .help = "for addresses given in requests; else GET"},                                  \
    {                                                                                              \
        .name = "notify-field-set", .arg = "10|11|12", .help = "the same; else 11"                 \
    }

static const struct cli_option add_options[] = {
    {.name = "merchant", .arg = "ID|NAME", .help = "whose", .required = true},
    {.name = "currency", .arg = "BDT", .help = "of the account", .required = true},
    COMMON_OPTIONS,
    {.name = NULL},
};

static const struct cli_option update_options[] = {
    COMMON_OPTIONS,
    {.name = "success-redirect", .arg = "ID", .help = "default; 0: none"},
    {.name = "fail-redirect", .arg = "ID", .help = "default; 0: none"},
    {.name = "endpoint", .arg = "ID", .help = "default for notifications; 0: none"},
    {.name = "rotate-notify-secret", .help = "makes a new one and prints it"},
    {.name = "overlap", .arg = "HOURS", .help = "the old secret signs too for so long; else 24"},
    {.name = NULL},
};

const struct cli_command cli_account_commands[] = {
    {.noun = "account",
        .verb = "add",
        .need = CLI_NEEDS_STORE,
        .options = add_options,
        .run = account_add_run,
        .help = "a merchant's new account in one currency"},
    {.noun = "account",
        .verb = "update",
        .operand = "UUID",
        .need = CLI_NEEDS_STORE,
        .options = update_options,
        .run = account_update_run,
        .help = "changes what is given; payments made before keep their fee"},
    {.noun = "account",
        .verb = "show",
        .operand = "UUID",
        .need = CLI_NEEDS_STORE,
        .run = account_show_run,
        .help = "an account with its balance, certificates and presets"},
    {.noun = "account",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .run = account_list_run,
        .help = "all accounts"},
    {.noun = "account",
        .verb = "enable",
        .operand = "UUID",
        .need = CLI_NEEDS_STORE,
        .run = account_enable_run,
        .help = "its calls are served again"},
    {.noun = "account",
        .verb = "disable",
        .operand = "UUID",
        .need = CLI_NEEDS_STORE,
        .run = account_disable_run,
        .help = "its calls are refused; payments under way go on"},
    {.noun = "account",
        .verb = "secret",
        .operand = "UUID",
        .need = CLI_NEEDS_STORE,
        .run = account_secret_run,
        .help = "shows the secret for addresses given in requests"},
    {.noun = NULL},
};
