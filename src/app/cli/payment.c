/* kassa payment: what happened to a payment, and what only a person can decide. */
#include "app/cli/rows.h"

#include "base/text.h"
#include "service/checkout.h"
#include "service/links.h"
#include "store/store_books.h"
#include "store/store_number_wait.h"
#include <inttypes.h>

#define TRX_CHARS_MAX 64
#define REASON_CHARS_MAX 500

static const char *const states[] = {
    "open", "executing", "review", "paid", "cancelled", "failed", NULL};

static void out_short(struct cli *c, const struct payment_row *p, struct str account)
{
    json_w_kint(&c->w, "id", p->id);
    json_w_kstr(&c->w, "uuid", p->uuid);
    json_w_kstr(&c->w, "order_id", p->order_id);
    json_w_kstr(&c->w, "account", account);
    cli_out_money(c, "amount", p->amount);
    json_w_kstr(&c->w, "currency", p->currency);
    json_w_kcstr(&c->w, "payment_status", payment_status_text(p->state));
    json_w_kcstr(&c->w, "state", payment_state_text(p->state));
    cli_out_money(c, "payment_amount", p->paid);
    cli_out_time(c, "created_at", p->created_at);
    cli_out_time(c, "final_at", p->final_at);
}

static struct str account_uuid(struct cli *c, int64_t id)
{
    struct account_row a;
    return store_account_by_id(c->db, &c->arena, id, &a) == ERR_OK ? a.uuid : STR_ABSENT;
}

static enum err show_attempt(void *arg, const struct attempt_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    json_w_kint(&c->w, "id", r->id);
    json_w_kint(&c->w, "number", r->number);
    json_w_kcstr(&c->w, "wallet", wallet_kind_code(r->wallet));
    json_w_kint(&c->w, "credential", r->credential_id);
    json_w_kcstr(&c->w, "state", attempt_state_text(r->state));
    json_w_kstr(&c->w, "invoice", r->invoice);
    json_w_kstr(&c->w, "wallet_ref", r->wallet_ref);
    json_w_kstr(&c->w, "trx_id", r->trx_id);
    json_w_kstr(&c->w, "reason", r->reason);
    cli_out_time(c, "created_at", r->created_at);
    cli_out_time(c, "execute_sent_at", r->execute_sent_at);
    cli_out_time(c, "next_ask_at", r->next_ask_at);
    json_w_kint(&c->w, "asks", r->asks);
    cli_out_close(c);
    return ERR_OK;
}

static enum err show_event(void *arg, const struct event_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    cli_out_time(c, "at", r->at);
    json_w_kstr(&c->w, "actor", r->actor);
    json_w_kstr(&c->w, "event", r->event);
    json_w_kstr(&c->w, "from", r->from_state);
    json_w_kstr(&c->w, "to", r->to_state);
    cli_out_id(c, "attempt", r->attempt_id);
    json_w_kstr(&c->w, "reason", r->reason);
    cli_out_close(c);
    return ERR_OK;
}

/* What the payer typed and no SMS has told yet, or only of another payer. */
static enum err show_wait(void *arg, const struct number_wait_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    json_w_kcstr(&c->w, "wallet", wallet_kind_code(r->wallet));
    json_w_kstr(&c->w, "trx_id", r->trx_id);
    json_w_kstr(&c->w, "payer_end", r->payer_end);
    cli_out_time(c, "typed_at", r->typed_at);
    cli_out_close(c);
    return ERR_OK;
}

static enum err show_posting(void *arg, const struct posting_item *p)
{
    struct cli *c = arg;
    cli_out_item(c);
    json_w_kint(&c->w, "entry", p->entry_id);
    cli_out_time(c, "at", p->at);
    json_w_kstr(&c->w, "entry_kind", p->entry_kind);
    json_w_kcstr(&c->w, "ledger", ledger_kind_text(p->kind));
    json_w_kint(&c->w, "owner", p->owner);
    cli_out_money(c, "amount", p->amount);
    cli_out_money(c, "balance_after", p->balance_after);
    cli_out_close(c);
    return ERR_OK;
}

static enum err show_tries(void *arg, const struct outbox_row *r)
{
    struct cli *c = arg;
    return r->tries ? store_outbox_try_each(c->db, r->id, cli_row_outbox_try, c) : ERR_OK;
}

static int show_lists(struct cli *c, int64_t id)
{
    cli_out_list(c, "attempts");
    enum err e = store_attempt_each(c->db, id, show_attempt, c);
    cli_out_close(c);
    cli_out_list(c, "events");
    e = e == ERR_OK ? store_event_each(c->db, id, show_event, c) : e;
    cli_out_close(c);
    cli_out_list(c, "credits");
    e = e == ERR_OK ? store_credit_each(c->db, id, false, cli_row_credit, c) : e;
    cli_out_close(c);
    cli_out_list(c, "typed");
    e = e == ERR_OK ? store_number_wait_each_of(c->db, id, show_wait, c) : e;
    cli_out_close(c);
    cli_out_list(c, "refunds");
    e = e == ERR_OK ? store_refund_each(c->db, id, false, cli_row_refund, c) : e;
    cli_out_close(c);
    cli_out_list(c, "postings");
    e = e == ERR_OK ? store_books_posting_of(c->db, id, show_posting, c) : e;
    cli_out_close(c);
    cli_out_list(c, "notifications");
    e = e == ERR_OK ? store_outbox_each(c->db, id, STR_ABSENT, 1000, cli_row_outbox, c) : e;
    cli_out_close(c);
    cli_out_list(c, "notification_tries");
    e = e == ERR_OK ? store_outbox_each(c->db, id, STR_ABSENT, 1000, show_tries, c) : e;
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("payment", e);
}

int cli_payment(struct cli *c, struct payment_row *ret)
{
    struct account_row a;
    struct str s = str_from(c->operand);
    int64_t id = 0;
    uint8_t raw[16];
    enum err e = ERR_NO_ROW;
    if (cli_has(c, "account")) {
        if (!cli_account(c, cli_get(c, "account"), &a)) {
            return CLI_FAILED;
        }
        e = store_payment_by_order(c->db, &c->arena, a.id, s, ret);
    } else if (uuid_parse(s, raw) == ERR_OK) {
        e = links_payment(c->service.links, c->db, &c->arena, s, ret);
    } else if (int64_parse(s, &id) == ERR_OK) {
        e = store_payment_by_id(c->db, &c->arena, id, ret);
    } else {
        return cli_usage(
            c, "\"%s\" is no id and no uuid; an order id needs --account UUID", c->operand);
    }
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no payment \"%s\"", c->operand);
    }
    return e == ERR_OK ? CLI_OK : cli_fail_err("payment", e);
}

static int show_run(struct cli *c)
{
    struct payment_row p;
    int code = cli_payment(c, &p);
    if (code != CLI_OK) {
        return code;
    }
    out_short(c, &p, account_uuid(c, p.account_id));
    cli_out_money(c, "commission_amount", p.commission);
    cli_out_money(c, "account_payment_amount", p.credited);
    cli_out_money(c, "refunded_amount", p.refunded);
    cli_out_money(c, "fee_percent", money_poisha(p.fee_bp));
    cli_out_money(c, "fee_fixed", p.fee_fixed);
    json_w_kstr(&c->w, "service", p.service);
    json_w_kcstr(&c->w, "customer_code", wallet_kind_code(p.wallet));
    json_w_kstr(&c->w, "payer", p.payer_mask);
    json_w_kstr(&c->w, "desc", p.desc);
    cli_out_time(c, "expires_at", p.expires_at);
    json_w_kstr(&c->w, "success_redirect_url", p.success_url);
    json_w_kstr(&c->w, "fail_redirect_url", p.fail_url);
    json_w_kstr(&c->w, "notification_endpoint_url", p.endpoint_url);
    cli_out_id(c, "notification_endpoint_id", p.endpoint_id);
    return show_lists(c, p.id);
}

static enum err list_item(void *arg, const struct payment_row *p)
{
    struct cli *c = arg;
    cli_out_item(c);
    out_short(c, p, account_uuid(c, p->account_id));
    cli_out_close(c);
    return ERR_OK;
}

static int list_run(struct cli *c)
{
    struct account_row a = {.id = 0};
    struct str state = STR_ABSENT;
    int64_t limit = 100;
    if (!cli_get_choice(c, "state", states, &state) ||
        !cli_get_int(c, "limit", 1, 100000, &limit)) {
        return CLI_USAGE;
    }
    if (cli_has(c, "review")) {
        if (!str_absent(state)) {
            return cli_usage(c, "--review and --state exclude each other");
        }
        state = STR("review");
    }
    if (cli_has(c, "account") && !cli_account(c, cli_get(c, "account"), &a)) {
        return CLI_FAILED;
    }
    cli_out_list(c, "payments");
    enum err e = store_payment_each(c->db, a.id, state, limit, list_item, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("payments", e);
}

static bool settle_options(struct cli *c, struct checkout_settle *s)
{
    s->paid = cli_has(c, "paid");
    if (s->paid == cli_has(c, "not-paid")) {
        cli_usage(c, "say --paid or --not-paid");
        return false;
    }
    if (s->paid && (!cli_has(c, "amount") || !cli_has(c, "trx-id"))) {
        cli_usage(c, "--paid needs --%s", cli_has(c, "amount") ? "trx-id" : "amount");
        return false;
    }
    if (!s->paid && (cli_has(c, "amount") || cli_has(c, "trx-id"))) {
        cli_usage(c, "--%s goes with --paid", cli_has(c, "amount") ? "amount" : "trx-id");
        return false;
    }
    if (!cli_get_money(c, "amount", &s->amount) ||
        !cli_get_name(c, "trx-id", TRX_CHARS_MAX, &s->trx_id) ||
        !cli_get_name(c, "reason", REASON_CHARS_MAX, &s->reason)) {
        return false;
    }
    if (s->paid && s->amount.poisha == 0) {
        cli_usage(c, "--amount: must be above 0");
        return false;
    }
    return true;
}

static int settle_failed(const struct payment_row *p, const struct checkout_settle *s, enum err e)
{
    if (e == ERR_STATE || e == ERR_NO_ROW) {
        return cli_fail("payment %" PRId64 " is %s: only one under review, or whose execute has no"
                        " answer, or with an attempt under review, can be settled",
            p->id, payment_state_text(p->state));
    }
    if (e == ERR_DUPLICATE) {
        return cli_fail("--trx-id: %.*s was counted for a payment before", STR_FMT(s->trx_id));
    }
    if (e == ERR_RANGE) {
        return cli_fail("--amount: the wallet named another one for this TrxID: kassa credit list"
                        " --payment %" PRId64,
            p->id);
    }
    if (e == ERR_INVALID) {
        return cli_fail("--trx-id: its money is in the books under another one: kassa credit list"
                        " --payment %" PRId64,
            p->id);
    }
    if (e == ERR_CONFLICT) {
        return cli_fail("its money is in the books already: kassa credit list --payment %" PRId64
                        ", kassa credit attach",
            p->id);
    }
    return cli_fail_err("payment", e);
}

static int settle_run(struct cli *c)
{
    struct payment_row p;
    struct checkout_settle s = {.trx_id = STR_ABSENT, .reason = STR_ABSENT};
    if (!settle_options(c, &s)) {
        return CLI_USAGE;
    }
    int code = cli_payment(c, &p);
    if (code != CLI_OK) {
        return code;
    }
    s.payment_id = p.id;
    s.operator_name = str_from(c->actor);
    enum err e = checkout_settle(&c->service, &s);
    if (e == ERR_OK) {
        e = store_payment_by_id(c->db, &c->arena, p.id, &p);
    }
    if (e != ERR_OK) {
        return settle_failed(&p, &s, e);
    }
    out_short(c, &p, account_uuid(c, p.account_id));
    return CLI_OK;
}

#define ACCOUNT_OPTION                                                                             \
    {                                                                                              \
        .name = "account", .arg = "UUID", .help = "PAYMENT is the order id of this account"        \
    }

static const struct cli_option show_options[] = {
    ACCOUNT_OPTION,
    {.name = NULL},
};
static const struct cli_option list_options[] = {
    {.name = "review", .help = "only those that a person must decide"},
    {.name = "state", .arg = "STATE", .help = "open, executing, review, paid, cancelled or failed"},
    {.name = "account", .arg = "UUID", .help = "only this account's"},
    {.name = "limit", .arg = "N", .help = "the newest so many; else 100"},
    {.name = NULL},
};
static const struct cli_option settle_options_list[] = {
    ACCOUNT_OPTION,
    {.name = "paid", .help = "the wallet has the money"},
    {.name = "amount", .arg = "AMOUNT", .help = "with --paid: what it has"},
    {.name = "trx-id", .arg = "TRXID", .help = "with --paid: the wallet's number of it"},
    {.name = "not-paid", .help = "the wallet has no money: the payer may try again"},
    {.name = "reason", .arg = "TEXT", .help = "kept in the audit chain", .required = true},
    {.name = NULL},
};

const struct cli_command cli_payment_commands[] = {
    {.noun = "payment",
        .verb = "show",
        .operand = "PAYMENT",
        .need = CLI_NEEDS_STORE,
        .options = show_options,
        .run = show_run,
        .help = "all about one: attempts, events, credits, refunds, postings, notifications, tries",
        .more = "PAYMENT is an id or a uuid, or with --account an order id."},
    {.noun = "payment",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .options = list_options,
        .run = list_run,
        .help = "payments, newest first"},
    {.noun = "payment",
        .verb = "settle",
        .operand = "PAYMENT",
        .need = CLI_NEEDS_STORE,
        .options = settle_options_list,
        .run = settle_run,
        .help = "a person's decision about a payment under review",
        .more = "Look at the wallet's own statement first. PAYMENT is as in \"payment show\"."},
    {.noun = NULL},
};
