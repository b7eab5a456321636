/* kassa wallet: the credentials that a wallet gave the operator. Their secrets are kept in boxes and shown by nothing. */
#include "app/cli/cli.h"

#include "base/url.h"
#include "store/store_refund.h"
#include "store/store_wallet.h"
#include <inttypes.h>

#define SECRET_MAX 4096
#define SECRETS_MAX 65536

bool cli_wallet_url_check(struct cli *c, const char *option, struct str s)
{
    struct url u;
    if (url_parse(s, &u) != ERR_OK || !str_absent(u.query) || str_find(s, '#', 0) < s.n ||
        str_ends(s, STR("/"))) {
        cli_usage(c,
            "--%s: must be an absolute http or https url without query and without a slash at the"
            " end",
            option);
        return false;
    }
    if (c->config.sandbox_sandbox && !host_is_loopback(u.host)) {
        cli_usage(c,
            "--%s: in a sandbox only loopback addresses are allowed, so that no real wallet is"
            " called",
            option);
        return false;
    }
    if (!u.https && !host_is_loopback(u.host)) {
        cli_usage(c, "--%s: must be https, as secrets are sent there", option);
        return false;
    }
    return true;
}

static bool key_text(struct cli *c, const char *name, struct str *ret)
{
    if (!cli_has(c, name)) {
        cli_usage(c, "--%s TEXT is required", name);
        return false;
    }
    return cli_get_name(c, name, 1000, ret);
}

/* {"username","password","app_key","app_secret"} */
static bool bkash_secrets(struct cli *c, struct buf *plain)
{
    struct str username = STR_ABSENT, app_key = STR_ABSENT;
    struct buf password, app_secret;
    struct json_writer w;
    buf_init(&password, SECRET_MAX);
    buf_init(&app_secret, SECRET_MAX);
    bool good = key_text(c, "username", &username) && key_text(c, "app-key", &app_key) &&
                cli_secret_option(c, "password", &password) &&
                cli_secret_option(c, "app-secret", &app_secret);
    if (good) {
        json_w_init(&w, plain);
        json_w_open(&w, '{');
        json_w_kstr(&w, "username", username);
        json_w_kstr(&w, "password", buf_view(&password));
        json_w_kstr(&w, "app_key", app_key);
        json_w_kstr(&w, "app_secret", buf_view(&app_secret));
        json_w_close(&w);
    }
    buf_wipe(&password);
    buf_wipe(&app_secret);
    return good;
}

/* What the wallet's credential consists of, into the row's box. */
static bool secrets_seal(struct cli *c, struct credential_row *r)
{
    struct buf plain, box;
    buf_init(&plain, SECRETS_MAX);
    buf_init(&box, 2 * SECRETS_MAX);
    bool good = r->wallet == WALLET_NAGAD    ? cli_nagad_secrets(c, &plain)
                : r->wallet == WALLET_ROCKET ? cli_rocket_secrets(c, &plain)
                                             : bkash_secrets(c, &plain);
    if (good) {
        good = buf_ok(&plain);
        box_seal(c->service.keys, "wallet", buf_view(&plain), &box);
        r->secret_box = arena_copy(&c->arena, buf_view(&box));
    }
    buf_wipe(&plain);
    buf_clear(&box);
    return good;
}

static enum err add_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    (void)c;
    struct credential_row *r = arg;
    r->created_at = tx_now_ms(tx);
    enum err e = store_credential_add(tx, r);
    audit->action = "wallet.add";
    change_target_id(audit, "credential", r->id);
    audit->account_id = r->account_id;
    json_w_kcstr(&audit->w, "wallet", wallet_kind_code(r->wallet));
    json_w_kstr(&audit->w, "name", r->name);
    json_w_kint(&audit->w, "account_id", r->account_id);
    json_w_kstr(&audit->w, "base_url", r->base_url);
    return e;
}

static bool refund_api_get(struct cli *c, enum wallet_kind wallet, bool *ret_v1)
{
    if (!cli_has(c, "refund-api")) {
        return true;
    }
    struct str s = str_from(cli_get(c, "refund-api"));
    if (wallet != WALLET_BKASH || (!str_is(s, "v1") && !str_is(s, "v2"))) {
        cli_usage(c, "--refund-api: is bKash's, v1 or v2");
        return false;
    }
    *ret_v1 = str_is(s, "v1");
    return true;
}

static int add_run(struct cli *c)
{
    struct account_row a = {.id = 0};
    struct credential_row r = {.name = STR_ABSENT, .enabled = true};
    if (wallet_kind_parse(str_from(c->operand), &r.wallet) != ERR_OK ||
        !wallet_ops_find(r.wallet)) {
        return cli_usage(c, "there is no connector for a wallet \"%s\"", c->operand);
    }
    r.base_url = str_from(cli_get(c, "base-url"));
    if (!cli_get_name_or_new(c, "name", c->operand, &r.name) ||
        !cli_wallet_url_check(c, "base-url", r.base_url)) {
        return CLI_USAGE;
    }
    if (cli_has(c, "account") && !cli_account(c, cli_get(c, "account"), &a)) {
        return CLI_FAILED;
    }
    r.account_id = a.id;
    if (!refund_api_get(c, r.wallet, &r.refunds_v1) || !secrets_seal(c, &r)) {
        return CLI_USAGE;
    }
    enum err e = cli_change(c, add_unit, &r);
    if (e != ERR_OK) {
        return cli_fail_err("credential", e);
    }
    json_w_kint(&c->w, "id", r.id);
    json_w_kcstr(&c->w, "wallet", wallet_kind_code(r.wallet));
    json_w_kstr(&c->w, "name", r.name);
    json_w_kstr(&c->w, "account", a.id ? a.uuid : STR_ABSENT);
    json_w_kstr(&c->w, "base_url", r.base_url);
    cli_wallet_refund_api(c, &r);
    json_w_kbool(&c->w, "enabled", true);
    cli_note(c, "\nIts secrets are kept encrypted and are shown by no command.");
    return CLI_OK;
}

struct change {
    int64_t id;
    bool enabled;
};

static enum err switch_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    const struct change *s = arg;
    struct credential_row r;
    enum err e = store_credential_get(tx_db(tx), &c->arena, s->id, &r);
    if (e != ERR_OK) {
        return e;
    }
    audit->action = s->enabled ? "wallet.enable" : "wallet.disable";
    change_target_id(audit, "credential", s->id);
    audit->account_id = r.account_id;
    json_w_kbool(&audit->was, "enabled", r.enabled);
    json_w_kbool(&audit->w, "enabled", s->enabled);
    json_w_kstr(&audit->w, "name", r.name);
    return store_credential_set_enabled(tx, s->id, s->enabled);
}

static int switch_run(struct cli *c, bool enabled)
{
    struct change s = {.enabled = enabled};
    if (!cli_operand_id(c, &s.id)) {
        return CLI_USAGE;
    }
    enum err e = cli_change(c, switch_unit, &s);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no credential %" PRId64, s.id);
    }
    if (e != ERR_OK) {
        return cli_fail_err("credential", e);
    }
    json_w_kint(&c->w, "id", s.id);
    json_w_kbool(&c->w, "enabled", enabled);
    return CLI_OK;
}

static int enable_run(struct cli *c)
{
    return switch_run(c, true);
}

static int disable_run(struct cli *c)
{
    return switch_run(c, false);
}

struct refunds {
    int64_t id;
    bool v1;
};

/* One that is under way is asked about where it was sent. */
static enum err refunds_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    const struct refunds *x = arg;
    struct credential_row r;
    int64_t live;
    enum err e = store_refund_live_by(tx_db(tx), WALLET_BKASH, x->id, &live);
    if (e != ERR_NO_ROW) {
        return e == ERR_OK ? ERR_STATE : e;
    }
    e = store_credential_get(tx_db(tx), &c->arena, x->id, &r);
    if (e != ERR_OK) {
        return e;
    }
    audit->action = "wallet.refunds";
    change_target_id(audit, "credential", x->id);
    audit->account_id = r.account_id;
    json_w_kcstr(&audit->was, "refund_api", r.refunds_v1 ? "v1" : "v2");
    json_w_kcstr(&audit->w, "refund_api", x->v1 ? "v1" : "v2");
    return store_credential_set_refunds(tx, x->id, x->v1);
}

static int refunds_run(struct cli *c)
{
    struct refunds x = {.id = 0};
    if (!cli_operand_id(c, &x.id) || !refund_api_get(c, WALLET_BKASH, &x.v1)) {
        return CLI_USAGE;
    }
    enum err e = cli_change(c, refunds_unit, &x);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no credential %" PRId64 " of bKash", x.id);
    }
    if (e == ERR_STATE) {
        return cli_fail(
            "a refund of credential %" PRId64 " is under way; kassa refund list --under-way", x.id);
    }
    if (e != ERR_OK) {
        return cli_fail_err("credential", e);
    }
    json_w_kint(&c->w, "id", x.id);
    json_w_kcstr(&c->w, "refund_api", x.v1 ? "v1" : "v2");
    return CLI_OK;
}

static const struct cli_option refunds_options[] = {
    {.name = "refund-api", .arg = "v1|v2", .help = "of bKash", .required = true},
    {.name = NULL},
};
static const struct cli_option add_options[] = {
    {.name = "name", .arg = "TEXT", .help = "for people; else one is made up"},
    {.name = "base-url", .arg = "URL", .help = "of the wallet's API", .required = true},
    {.name = "username", .arg = "TEXT", .help = "bKash: as bKash gave it"},
    {.name = "app-key", .arg = "TEXT", .help = "bKash: as bKash gave it"},
    {.name = "password-file", .arg = "FILE", .help = "bKash: holds the password"},
    {.name = "password-stdin", .help = "a line of standard input is the password"},
    {.name = "password-env", .arg = "NAME", .help = "a variable holds the password"},
    {.name = "app-secret-file", .arg = "FILE", .help = "holds the app secret"},
    {.name = "app-secret-stdin", .help = "a line of standard input, the password's next"},
    {.name = "app-secret-env", .arg = "NAME", .help = "a variable holds the app secret"},
    {.name = "refund-api",
        .arg = "v1|v2",
        .help = "bKash: which of its APIs refunds go by; else v2"},
    {.name = "merchant-id", .arg = "DIGITS", .help = "Nagad: as Nagad gave it"},
    {.name = "private-key-file", .arg = "FILE", .help = "Nagad, Rocket: the merchant's key"},
    {.name = "nagad-key-file", .arg = "FILE", .help = "Nagad: Nagad's public key"},
    {.name = "certificate-file",
        .arg = "FILE",
        .help = "Rocket: shown to the bank, with its chain"},
    {.name = "issuers-file",
        .arg = "FILE",
        .help = "Rocket: the bank's issuers; else the system's"},
    {.name = "page-url", .arg = "URL", .help = "Rocket: the bank's page for payers"},
    {.name = "account", .arg = "UUID", .help = "for this account alone; else for all"},
    {.name = NULL},
};

static const struct cli_option search_options[] = {
    {.name = "trx-id",
        .arg = "TRXID",
        .help = "of any transaction to the merchant",
        .required = true},
    {.name = NULL},
};

const struct cli_command cli_wallet_commands[] = {
    {.noun = "wallet",
        .verb = "add",
        .operand = "bkash|nagad|rocket",
        .need = CLI_NEEDS_STORE,
        .options = add_options,
        .run = add_run,
        .help = "a credential; its secrets come from files, standard input or variables"},
    {.noun = "wallet",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .run = cli_wallet_list,
        .help = "all credentials, without secrets, and whether kassad uses them"},
    {.noun = "wallet",
        .verb = "search",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .options = search_options,
        .run = cli_wallet_search,
        .help = "what the wallet knows of a TrxID (bKash); kassad asks, and no payment changes"},
    {.noun = "wallet",
        .verb = "enable",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .run = enable_run,
        .help = "new payments may use it again"},
    {.noun = "wallet",
        .verb = "disable",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .run = disable_run,
        .help = "new payments do not use it; those under way are still asked about"},
    {.noun = "wallet",
        .verb = "refunds",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .options = refunds_options,
        .run = refunds_run,
        .help = "by which of bKash's APIs a credential's refunds go, when none is under way"},
    {.noun = NULL},
};
