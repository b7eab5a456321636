/* kassa merchant: who owns accounts. */
#include "app/cli/cli.h"

#include <inttypes.h>

static enum err add_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    (void)c;
    struct merchant_row *m = arg;
    m->created_at = tx_now_ms(tx);
    enum err e = store_merchant_add(tx, m);
    audit->action = "merchant.add";
    change_target_id(audit, "merchant", m->id);
    audit->merchant_id = m->id;
    json_w_kstr(&audit->w, "name", m->name);
    return e;
}

static void out_merchant(struct cli *c, const struct merchant_row *m)
{
    json_w_kint(&c->w, "id", m->id);
    json_w_kstr(&c->w, "name", m->name);
    cli_out_time(c, "created_at", m->created_at);
}

static int add_run(struct cli *c)
{
    struct merchant_row m = {.name = STR_ABSENT};
    if (!cli_get_name(c, "name", 100, &m.name)) {
        return CLI_USAGE;
    }
    enum err e = cli_change(c, add_unit, &m);
    if (e == ERR_DUPLICATE) {
        return cli_fail("there is a merchant named \"%.*s\" already", STR_FMT(m.name));
    }
    if (e != ERR_OK) {
        return cli_fail_err("merchant", e);
    }
    out_merchant(c, &m);
    cli_note(c, "\nNext: kassa account add --merchant %" PRId64, m.id);
    return CLI_OK;
}

static enum err list_item(void *arg, const struct merchant_row *m)
{
    struct cli *c = arg;
    cli_out_item(c);
    out_merchant(c, m);
    cli_out_close(c);
    return ERR_OK;
}

static int list_run(struct cli *c)
{
    cli_out_list(c, "merchants");
    enum err e = store_merchant_each(c->db, list_item, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("merchants", e);
}

static const struct cli_option add_options[] = {
    {.name = "name", .arg = "TEXT", .help = "shown to payers", .required = true},
    {.name = NULL},
};

const struct cli_command cli_merchant_commands[] = {
    {.noun = "merchant",
        .verb = "add",
        .need = CLI_NEEDS_STORE,
        .options = add_options,
        .run = add_run,
        .help = "a new merchant"},
    {.noun = "merchant",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .run = list_run,
        .help = "all merchants"},
    {.noun = NULL},
};
