/* kassa credit: money that a wallet says arrived, and what belongs to no payment yet. */
#include "app/cli/rows.h"

#include "service/checkout.h"
#include <inttypes.h>

static int list_run(struct cli *c)
{
    int64_t payment = 0;
    if (!cli_get_int(c, "payment", 1, INT64_MAX, &payment)) {
        return CLI_USAGE;
    }
    cli_out_list(c, "credits");
    enum err e = store_credit_each(c->db, payment, cli_has(c, "unattached"), cli_row_credit, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("credits", e);
}

static int attach_run(struct cli *c)
{
    int64_t id = 0;
    struct credit_row r;
    struct str reason = STR_ABSENT;
    if (!cli_operand_id(c, &id) || !cli_get_name(c, "reason", 500, &reason)) {
        return CLI_USAGE;
    }
    enum err e = checkout_attach(&c->service, id, str_from(c->actor), reason);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no credit %" PRId64, id);
    }
    if (e == ERR_STATE || e == ERR_CONFLICT) {
        return cli_fail("credit %" PRId64 " is attached or marked already, or its payment is not"
                        " one that ended unpaid",
            id);
    }
    if (e == ERR_OK) {
        e = store_credit_get(c->db, &c->arena, id, &r);
    }
    if (e != ERR_OK) {
        return cli_fail_err("credit", e);
    }
    json_w_kint(&c->w, "credit", r.id);
    json_w_kint(&c->w, "payment", r.payment_id);
    cli_out_money(c, "amount", r.amount);
    json_w_kbool(&c->w, "attached", r.attached);
    return CLI_OK;
}

static int mark_run(struct cli *c)
{
    int64_t id = 0;
    struct str reason = STR_ABSENT;
    if (!cli_operand_id(c, &id) || !cli_get_name(c, "reason", 500, &reason)) {
        return CLI_USAGE;
    }
    enum err e = checkout_mark(&c->service, id, str_from(c->actor), reason);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no credit %" PRId64, id);
    }
    if (e == ERR_CONFLICT) {
        return cli_fail("credit %" PRId64 " is attached or marked already", id);
    }
    if (e != ERR_OK) {
        return cli_fail_err("credit", e);
    }
    json_w_kint(&c->w, "credit", id);
    json_w_kbool(&c->w, "marked", true);
    return CLI_OK;
}

static const struct cli_option list_options[] = {
    {.name = "unattached", .help = "only what counts for no payment yet and is not marked"},
    {.name = "payment", .arg = "ID", .help = "only what came in for it"},
    {.name = NULL},
};
static const struct cli_option attach_options[] = {
    {.name = "reason", .arg = "TEXT", .help = "kept in the audit chain", .required = true},
    {.name = NULL},
};

const struct cli_command cli_credit_commands[] = {
    {.noun = "credit",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .options = list_options,
        .run = list_run,
        .help = "money received, oldest first"},
    {.noun = "credit",
        .verb = "attach",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .options = attach_options,
        .run = attach_run,
        .help = "late money pays its payment after all; the merchant is told"},
    {.noun = "credit",
        .verb = "mark",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .options = attach_options,
        .run = mark_run,
        .help = "it pays nothing, as after giving it back at the wallet; it stays in suspense"},
    {.noun = NULL},
};
