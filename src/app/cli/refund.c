/* kassa refund: money that goes back to its payer through the wallet; the commission is kept. */
#include "app/cli/rows.h"

#include "service/refund.h"
#include "service/refund_change.h"
#include "store/store_refund.h"
#include <inttypes.h>

#define TRX_CHARS_MAX 64
#define REASON_CHARS_MAX 500

static void out_refund(struct cli *c, const struct refund_row *r)
{
    json_w_kint(&c->w, "id", r->id);
    json_w_kint(&c->w, "payment", r->payment_id);
    json_w_kcstr(&c->w, "wallet", wallet_kind_code(r->wallet));
    cli_out_money(c, "amount", r->amount);
    json_w_kcstr(&c->w, "state", refund_state_text(r->state));
    json_w_kstr(&c->w, "trx_id", r->trx_id);
    json_w_kstr(&c->w, "payer", r->payer_mask);
    json_w_kstr(&c->w, "refund_trx_id", r->refund_trx_id);
    json_w_kstr(&c->w, "code", r->code);
    json_w_kstr(&c->w, "actor", r->actor);
    json_w_kstr(&c->w, "reason", r->reason);
    cli_out_time(c, "created_at", r->created_at);
    cli_out_time(c, "sent_at", r->sent_at);
    cli_out_time(c, "next_ask_at", r->next_ask_at);
    cli_out_time(c, "final_at", r->final_at);
}

enum err cli_row_refund(void *arg, const struct refund_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    out_refund(c, r);
    cli_out_close(c);
    return ERR_OK;
}

static int show(struct cli *c, int64_t id)
{
    struct refund_row r;
    enum err e = store_refund_by_id(c->db, &c->arena, id, &r);
    if (e != ERR_OK) {
        return cli_fail_err("refund", e);
    }
    out_refund(c, &r);
    return CLI_OK;
}

/* "100.00 of BFD90JRLST, 20.00 of BFD90JRLSU" */
static enum err left_write(void *arg, const struct credit_row *c, struct money left)
{
    struct buf *b = arg;
    if (left.poisha > 0) {
        buf_cstr(b, b->n ? ", " : "");
        money_format(b, left, 2);
        buf_printf(b, " of %.*s", STR_FMT(c->trx_id));
    }
    return ERR_OK;
}

static int refused(struct cli *c, const struct payment_row *p, enum err e)
{
    struct buf left;
    int code;
    switch ((int)e) {
    case ERR_STATE:
        return cli_fail("payment %" PRId64
                        " is not paid, or all of it was refunded, or has no such TrxID",
            p->id);
    case ERR_DUPLICATE:
        return cli_fail(
            "payment %" PRId64 " has a refund under way; kassa refund list --under-way", p->id);
    case ERR_INVALID:
        return cli_fail("payment %" PRId64 " has no reference of its wallet", p->id);
    case ERR_SYNTAX:
    case ERR_RANGE:
        buf_init(&left, 16384);
        if (refund_source_each(c->db, p->id, left_write, &left) != ERR_OK) {
            buf_reset(&left);
        }
        code = e == ERR_RANGE ? cli_usage(c, "--amount: at most %.*s can still be refunded",
                                    STR_FMT(buf_view(&left)))
                              : cli_usage(c, "several credits paid it, say --trx-id: %.*s",
                                    STR_FMT(buf_view(&left)));
        buf_clear(&left);
        return code;
    default:
        return cli_fail_err("refund", e);
    }
}

static int requested(struct cli *c, int64_t payment_id, int64_t id)
{
    struct refund_row r;
    struct buf amount;
    if (store_refund_by_id(c->db, &c->arena, id, &r) != ERR_OK || r.state != REFUND_BY_HAND) {
        cli_note(c, "\nkassad sends it; kassa payment show %" PRId64 " tells what became of it.",
            payment_id);
        return show(c, id);
    }
    buf_init(&amount, 64);
    money_format(&amount, r.amount, 2);
    cli_note(c,
        r.attempt_id ? "\nKassa does not send it: give %.*s taka back in %s's system for merchants,"
                       " to who paid %.*s (%.*s)."
                     : "\nThe payer sent this money to a number: send %.*s taka back by hand, from"
                       " that number's %s app, to who sent %.*s (%.*s).",
        STR_FMT(buf_view(&amount)), wallet_kind_name(r.wallet), STR_FMT(r.trx_id),
        str_absent(r.payer_mask) ? 10 : (int)r.payer_mask.n,
        str_absent(r.payer_mask) ? "not known!" : r.payer_mask.p);
    cli_note(c,
        "Then another person closes it: kassa refund settle %" PRId64
        " --done --trx-id TRXID --reason TEXT",
        id);
    buf_clear(&amount);
    return show(c, id);
}

static int refund_run(struct cli *c)
{
    struct payment_row p;
    struct refund_request rq = {.amount = MONEY_ZERO, .trx_id = STR_ABSENT, .reason = STR_ABSENT};
    int64_t id = 0;
    if (!cli_get_money(c, "amount", &rq.amount) ||
        !cli_get_name(c, "trx-id", TRX_CHARS_MAX, &rq.trx_id) ||
        !cli_get_name(c, "reason", REASON_CHARS_MAX, &rq.reason)) {
        return CLI_USAGE;
    }
    if (cli_has(c, "amount") && rq.amount.poisha == 0) {
        return cli_usage(c, "--amount: must be above 0");
    }
    int code = cli_payment(c, &p);
    if (code != CLI_OK) {
        return code;
    }
    rq.payment_id = p.id;
    rq.by_hand = cli_has(c, "by-hand");
    rq.operator_name = str_from(c->actor);
    enum err e = refund_request(&c->service, &rq, &id);
    if (e != ERR_OK) {
        return refused(c, &p, e);
    }
    return requested(c, p.id, id);
}

static int list_run(struct cli *c)
{
    int64_t payment = 0;
    if (!cli_get_int(c, "payment", 1, INT64_MAX, &payment)) {
        return CLI_USAGE;
    }
    cli_out_list(c, "refunds");
    enum err e = store_refund_each(c->db, payment, cli_has(c, "under-way"), cli_row_refund, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("refunds", e);
}

static int settle_run(struct cli *c)
{
    struct refund_settle d = {.done = cli_has(c, "done"),
        .refund_trx_id = STR_ABSENT,
        .reason = STR_ABSENT,
        .operator_name = str_from(c->actor)};
    if (!cli_operand_id(c, &d.refund_id) ||
        !cli_get_name(c, "trx-id", TRX_CHARS_MAX, &d.refund_trx_id) ||
        !cli_get_name(c, "reason", REASON_CHARS_MAX, &d.reason)) {
        return CLI_USAGE;
    }
    if (d.done == cli_has(c, "not-done")) {
        return cli_usage(c, "say --done or --not-done");
    }
    if (d.done != cli_has(c, "trx-id")) {
        return cli_usage(c, d.done ? "--done needs --trx-id" : "--trx-id goes with --done");
    }
    enum err e = refund_settle(&c->service, &d);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no refund %" PRId64, d.refund_id);
    }
    if (e == ERR_STATE) {
        return cli_fail(
            "refund %" PRId64 " ended already, or its answer is still on the way", d.refund_id);
    }
    if (e == ERR_LIMIT) {
        return cli_fail("refund %" PRId64
                        " was sent less than 15 minutes ago, and the wallet's list may lag",
            d.refund_id);
    }
    if (e == ERR_FORBIDDEN) {
        return cli_fail(
            "refund %" PRId64
            " was asked for by the same person: another one has to confirm that it was sent",
            d.refund_id);
    }
    if (e == ERR_SYNTAX) {
        return cli_usage(c, "--trx-id: not a TrxID of this wallet");
    }
    if (e == ERR_DUPLICATE) {
        return cli_fail("--trx-id: %.*s is another refund's, or of money that came in",
            STR_FMT(d.refund_trx_id));
    }
    return e == ERR_OK ? show(c, d.refund_id) : cli_fail_err("refund", e);
}

static const struct cli_option refund_options[] = {
    {.name = "amount", .arg = "AMOUNT", .help = "else all that was not refunded yet"},
    {.name = "trx-id", .arg = "TRXID", .help = "which credit, when several paid it"},
    {.name = "by-hand", .help = "a person gives it back, and kassad sends nothing"},
    {.name = "reason", .arg = "TEXT", .help = "kept in the audit chain", .required = true},
    {.name = "account", .arg = "UUID", .help = "PAYMENT is the order id of this account"},
    {.name = NULL},
};
static const struct cli_option list_options[] = {
    {.name = "under-way", .help = "only those that have not ended"},
    {.name = "payment", .arg = "ID", .help = "only this payment's"},
    {.name = NULL},
};
static const struct cli_option settle_options[] = {
    {.name = "done", .help = "the wallet's statement has it"},
    {.name = "trx-id", .arg = "TRXID", .help = "with --done: the wallet's number of the refund"},
    {.name = "not-done",
        .help = "the wallet's statement does not have it: it may be asked for anew"},
    {.name = "reason", .arg = "TEXT", .help = "kept in the audit chain", .required = true},
    {.name = NULL},
};

const struct cli_command cli_refund_commands[] = {
    {.noun = "refund",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .options = list_options,
        .run = list_run,
        .help = "refunds, oldest first"},
    {.noun = "refund",
        .verb = "settle",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .options = settle_options,
        .run = settle_run,
        .help = "a person's decision about a refund that the wallet did not tell of",
        .more = "Look at the wallet's own statement first."},
    {.noun = "refund",
        .operand = "PAYMENT",
        .need = CLI_NEEDS_STORE,
        .options = refund_options,
        .run = refund_run,
        .help = "gives a payment back to its payer, in part or whole; the commission is kept",
        .more = "PAYMENT is as in \"payment show\". One refund at a time; kassad sends it."},
    {.noun = NULL},
};
