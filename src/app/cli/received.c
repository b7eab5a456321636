/* kassa received: money that numbers received. What pays an order is asked for by one person and confirmed by another. */
#include "app/cli/cli.h"

#include "service/received.h"
#include <inttypes.h>

static enum err list_item(void *arg, const struct number_credit_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    json_w_kint(&c->w, "id", r->id);
    json_w_kcstr(&c->w, "state", number_credit_state_text(r->state));
    json_w_kstr(&c->w, "reason", r->reason);
    json_w_kcstr(&c->w, "wallet", wallet_kind_code(r->wallet));
    json_w_kstr(&c->w, "trx_id", r->trx_id);
    cli_out_money(c, "amount", r->amount);
    json_w_kint(&c->w, "number", r->number_id);
    json_w_kstr(&c->w, "payer", r->payer_mask);
    json_w_kstr(&c->w, "payer_end", r->payer_end);
    cli_out_time(c, "received_at", r->received_at);
    cli_out_id(c, "payment", r->payment_id);
    json_w_kstr(&c->w, "asked_by", r->asked_by);
    cli_out_id(c, "asked_payment", r->asked_payment_id);
    json_w_kbool(&c->w, "asked_void", r->asked_void);
    cli_out_id(c, "asked_sms", r->asked_sms_id);
    json_w_kint(&c->w, "sms", r->sms_id);
    cli_out_close(c);
    return ERR_OK;
}

static int list_run(struct cli *c)
{
    int64_t payment = 0;
    if (!cli_get_int(c, "payment", 1, INT64_MAX, &payment)) {
        return CLI_USAGE;
    }
    cli_out_list(c, "received");
    enum err e = payment ? store_number_credit_each_of(c->db, payment, list_item, c)
                         : store_number_credit_each_open(c->db, list_item, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("received", e);
}

static enum err ask_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    (void)c;
    return received_ask(tx, arg, audit);
}

static enum err void_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    (void)c;
    return received_ask_void(tx, arg, audit);
}

static enum err confirm_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    (void)c;
    return received_confirm(tx, arg, audit);
}

static enum err mark_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    (void)c;
    return received_mark(tx, arg, audit);
}

static int failed(const struct received_act *x, enum err e)
{
    if (e == ERR_NO_ROW) {
        return cli_fail(
            "there is no such money %" PRId64 ", or no such payment or SMS", x->decision.credit_id);
    }
    if (e == ERR_FORBIDDEN) {
        return cli_fail("you asked for it yourself: another person has to confirm it");
    }
    if (e == ERR_INVALID) {
        return cli_fail("--payment, --void and --sms must say what was asked for; kassa received"
                        " list");
    }
    if (e == ERR_UNAUTHORIZED) {
        return cli_fail("the device that told of it may still tell: kassa device disable it first,"
                        " or it takes the TrxID again");
    }
    if (e == ERR_RANGE && x->decision.is_void) {
        return cli_fail("--sms: SMS %" PRId64
                        " was not held for telling this TrxID; kassa sms list",
            x->decision.sms_id);
    }
    if (e == ERR_RANGE) {
        return cli_fail("the payment is of another amount");
    }
    if (e == ERR_DUPLICATE) {
        return cli_fail("its TrxID counts already: it was paid at the wallet's own page");
    }
    if (e == ERR_STATE || e == ERR_CONFLICT) {
        return cli_fail("nothing was asked for money %" PRId64
                        ", it is claimed or void already, or its payment"
                        " can't take it",
            x->decision.credit_id);
    }
    return cli_fail_err("received", e);
}

static int act_run(struct cli *c, cli_change_fn fn, struct received_act *x)
{
    if (!cli_operand_id(c, &x->decision.credit_id) ||
        !cli_get_name(c, "reason", 500, &x->decision.reason) ||
        !cli_get_int(c, "payment", 1, INT64_MAX, &x->payment_id) ||
        !cli_get_int(c, "sms", 1, INT64_MAX, &x->decision.sms_id)) {
        return CLI_USAGE;
    }
    x->decision.is_void = x->decision.is_void || cli_has(c, "void");
    x->decision.person = str_from(c->actor);
    x->arena = &c->arena;
    x->over_tolerance = money_poisha(c->config.number_over_tolerance_poisha);
    enum err e = cli_change(c, fn, x);
    if (e != ERR_OK) {
        return failed(x, e);
    }
    json_w_kint(&c->w, "id", x->decision.credit_id);
    cli_out_id(c, "payment", x->ret_payment_id ? x->ret_payment_id : x->payment_id);
    return CLI_OK;
}

static int ask_run(struct cli *c)
{
    struct received_act x = {.payment_id = 0};
    int code = act_run(c, ask_unit, &x);
    if (code == CLI_OK && x.payment_id) {
        cli_note(c,
            "\nAnother person: kassa received confirm %" PRId64 " --payment %" PRId64
            " --reason TEXT",
            x.decision.credit_id, x.payment_id);
    } else if (code == CLI_OK) {
        cli_note(c, "\nAnother person: kassa received confirm %" PRId64 " --reason TEXT",
            x.decision.credit_id);
    }
    return code;
}

static int void_run(struct cli *c)
{
    struct received_act x = {.decision = {.is_void = true}};
    int code = act_run(c, void_unit, &x);
    if (code == CLI_OK && x.decision.sms_id) {
        cli_note(c,
            "\nAnother person: kassa received confirm %" PRId64 " --void --sms %" PRId64
            " --reason TEXT",
            x.decision.credit_id, x.decision.sms_id);
    } else if (code == CLI_OK) {
        cli_note(c, "\nAnother person: kassa received confirm %" PRId64 " --void --reason TEXT",
            x.decision.credit_id);
    }
    return code;
}

static int confirm_run(struct cli *c)
{
    struct received_act x = {.payment_id = 0};
    return act_run(c, confirm_unit, &x);
}

static int mark_run(struct cli *c)
{
    struct received_act x = {.payment_id = 0};
    return act_run(c, mark_unit, &x);
}

static const struct cli_option list_options[] = {
    {.name = "payment", .arg = "ID", .help = "only what counts for it"},
    {.name = NULL},
};
static const struct cli_option attach_options[] = {
    {.name = "payment", .arg = "ID", .help = "that it is to pay", .required = true},
    {.name = "reason", .arg = "TEXT", .help = "kept in the audit chain", .required = true},
    {.name = NULL},
};
static const struct cli_option confirm_options[] = {
    {.name = "payment", .arg = "ID", .help = "the one that was asked for, if there is one"},
    {.name = "void", .help = "it was asked that it is void"},
    {.name = "sms", .arg = "ID", .help = "the one that was asked for, if there is one"},
    {.name = "reason", .arg = "TEXT", .help = "kept in the audit chain", .required = true},
    {.name = NULL},
};
static const struct cli_option void_options[] = {
    {.name = "sms",
        .arg = "ID",
        .help = "held for telling the same TrxID: this one tells the truth"},
    {.name = "reason", .arg = "TEXT", .help = "kept in the audit chain", .required = true},
    {.name = NULL},
};
static const struct cli_option reason_options[] = {
    {.name = "reason", .arg = "TEXT", .help = "kept in the audit chain", .required = true},
    {.name = NULL},
};

const struct cli_command cli_received_commands[] = {
    {.noun = "received",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .options = list_options,
        .run = list_run,
        .help = "money that numbers received and no payment claimed, oldest first"},
    {.noun = "received",
        .verb = "attach",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .options = attach_options,
        .run = ask_run,
        .help = "asks that it pays an open or ended payment of its amount"},
    {.noun = "received",
        .verb = "release",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .options = reason_options,
        .run = ask_run,
        .help = "asks that its TrxID may claim it, although it is under review"},
    {.noun = "received",
        .verb = "confirm",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .options = confirm_options,
        .run = confirm_run,
        .help = "does what another person asked for; the merchant is told"},
    {.noun = "received",
        .verb = "mark",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .options = reason_options,
        .run = mark_run,
        .help = "it is for no payment"},
    {.noun = "received",
        .verb = "void",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .options = void_options,
        .run = void_run,
        .help = "asks that it never counts, as a phone lied; its TrxID may be told anew",
        .more =
            "For money that no payment claimed. The device that told of it has to be disabled.\n"
            "With --sms that SMS makes the money instead."},
    {.noun = NULL},
};
