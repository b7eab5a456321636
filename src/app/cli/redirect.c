/* kassa redirect: addresses to which payers return, named by an id in requests. */
#include "app/cli/cli.h"

#include "app/cli/rows.h"
#include "base/url.h"
#include "core/validate.h"
#include "service/presets.h"
#include <inttypes.h>

/* What browsers do when a form leads from an https page to an http address. */
static void warn_downgrade(struct cli *c, struct str address)
{
    if (str_starts(str_from(c->config.server_pay_url), STR("https:")) &&
        str_starts(address, STR("http:"))) {
        cli_warn("%.*s is http and the payment page is https: browsers warn payers before they send"
                 " the return form. Use an https address.",
            STR_FMT(address));
    }
}

static enum err add_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *note)
{
    (void)c;
    return redirect_add(tx, arg, note);
}

static int add_run(struct cli *c)
{
    struct account_row a;
    const char *text = NULL;
    struct redirect_row r = {.name = STR_ABSENT, .url = str_from(cli_get(c, "url"))};
    if (!cli_get_name_or_new(c, "name", "redirect", &r.name)) {
        return CLI_USAGE;
    }
    if (!validate_url(r.url, false, &text)) {
        return cli_usage(c, "--url %s", text);
    }
    if (!cli_account(c, cli_get(c, "account"), &a)) {
        return CLI_FAILED;
    }
    r.account_id = a.id;
    enum err e = cli_change(c, add_unit, &r);
    if (e == ERR_DUPLICATE) {
        return cli_fail("the account has a redirect named \"%.*s\" already", STR_FMT(r.name));
    }
    if (e != ERR_OK) {
        return cli_fail_err("redirect", e);
    }
    warn_downgrade(c, r.url);
    json_w_kint(&c->w, "id", r.id);
    json_w_kstr(&c->w, "account", a.uuid);
    json_w_kstr(&c->w, "name", r.name);
    json_w_kstr(&c->w, "url", r.url);
    return CLI_OK;
}

static int list_run(struct cli *c)
{
    struct account_row a;
    if (!cli_account(c, cli_get(c, "account"), &a)) {
        return CLI_FAILED;
    }
    cli_out_list(c, "redirects");
    enum err e = store_redirect_each(c->db, a.id, cli_row_redirect, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("redirects", e);
}

static enum err delete_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *note)
{
    const int64_t *id = arg;
    return redirect_delete(tx, &c->arena, *id, note);
}

static int delete_run(struct cli *c)
{
    int64_t id = 0;
    if (!cli_operand_id(c, &id)) {
        return CLI_USAGE;
    }
    enum err e = cli_change(c, delete_unit, &id);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no redirect %" PRId64, id);
    }
    if (e == ERR_STATE) {
        return cli_fail("redirect %" PRId64 " is its account's default; change that first", id);
    }
    if (e != ERR_OK) {
        return cli_fail_err("redirect", e);
    }
    json_w_kint(&c->w, "deleted", id);
    return CLI_OK;
}

static const struct cli_option add_options[] = {
    {.name = "account", .arg = "UUID", .help = "whose", .required = true},
    {.name = "name", .arg = "TEXT", .help = "for people; else one is made up"},
    {.name = "url", .arg = "URL", .help = "absolute, http or https", .required = true},
    {.name = NULL},
};
static const struct cli_option list_options[] = {
    {.name = "account", .arg = "UUID", .help = "whose", .required = true},
    {.name = NULL},
};

const struct cli_command cli_redirect_commands[] = {
    {.noun = "redirect",
        .verb = "add",
        .need = CLI_NEEDS_STORE,
        .options = add_options,
        .run = add_run,
        .help = "an address to which payers return"},
    {.noun = "redirect",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .options = list_options,
        .run = list_run,
        .help = "an account's redirects"},
    {.noun = "redirect",
        .verb = "delete",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .run = delete_run,
        .help = "takes it away; payments made with it keep their address"},
    {.noun = NULL},
};
