/* kassa topic and kassa notice: whose notifications are believed, and what they told. */
#include "app/cli/cli.h"

#include "store/store_notice.h"
#include "store/store_wallet.h"
#include "wallet/sns.h"
#include <inttypes.h>

/* ---- topics ---- */

static enum err add_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    struct topic_row *r = arg;
    struct credential_row credential;
    enum err e = store_credential_get(tx_db(tx), &c->arena, r->credential_id, &credential);
    if (e != ERR_OK) {
        return e;
    }
    if (credential.wallet != WALLET_BKASH) {
        return ERR_STATE;
    }
    r->created_at = tx_now_ms(tx);
    e = store_topic_add(tx, r);
    audit->action = "topic.add";
    change_target_id(audit, "topic", r->id);
    json_w_kint(&audit->w, "credential", r->credential_id);
    json_w_kstr(&audit->w, "arn", r->arn);
    return e;
}

static int add_run(struct cli *c)
{
    struct topic_row r = {.arn = str_from(cli_get(c, "arn"))};
    if (!cli_get_int(c, "credential", 1, INT64_MAX, &r.credential_id)) {
        return CLI_USAGE;
    }
    if (!sns_arn_valid(r.arn)) {
        return cli_usage(c, "--arn: must be a topic's whole ARN, arn:aws:sns:REGION:ACCOUNT:NAME");
    }
    enum err e = cli_change(c, add_unit, &r);
    if (e == ERR_NO_ROW || e == ERR_STATE) {
        return cli_fail("there is no bKash credential %" PRId64, r.credential_id);
    }
    if (e == ERR_DUPLICATE) {
        return cli_fail("that topic is pinned already");
    }
    if (e != ERR_OK) {
        return cli_fail_err("topic", e);
    }
    json_w_kint(&c->w, "id", r.id);
    json_w_kint(&c->w, "credential", r.credential_id);
    json_w_kstr(&c->w, "arn", r.arn);
    cli_note(c, "\nSNS posts to %s/webhook/bkash", c->config.server_pay_url);
    return CLI_OK;
}

static enum err topic_item(void *arg, const struct topic_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    json_w_kint(&c->w, "id", r->id);
    json_w_kint(&c->w, "credential", r->credential_id);
    json_w_kstr(&c->w, "arn", r->arn);
    cli_out_time(c, "created_at", r->created_at);
    cli_out_time(c, "confirmed_at", r->confirmed_at);
    cli_out_close(c);
    return ERR_OK;
}

static int list_run(struct cli *c)
{
    cli_out_list(c, "topics");
    enum err e = store_topic_each(c->db, topic_item, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("topics", e);
}

static enum err remove_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    const int64_t *id = arg;
    struct topic_row r;
    enum err e = store_topic_get(tx_db(tx), &c->arena, *id, &r);
    if (e != ERR_OK) {
        return e;
    }
    audit->action = "topic.remove";
    change_target_id(audit, "topic", *id);
    json_w_kint(&audit->was, "credential", r.credential_id);
    json_w_kstr(&audit->was, "arn", r.arn);
    return store_topic_remove(tx, *id);
}

static int remove_run(struct cli *c)
{
    int64_t id = 0;
    if (!cli_operand_id(c, &id)) {
        return CLI_USAGE;
    }
    enum err e = cli_change(c, remove_unit, &id);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no topic %" PRId64, id);
    }
    if (e != ERR_OK) {
        return cli_fail_err("topic", e);
    }
    json_w_kint(&c->w, "id", id);
    json_w_kbool(&c->w, "removed", true);
    return CLI_OK;
}

/* ---- notices ---- */

static enum err notice_item(void *arg, const struct notice_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    json_w_kint(&c->w, "id", r->id);
    json_w_kstr(&c->w, "verdict", r->verdict);
    json_w_kint(&c->w, "credential", r->credential_id);
    json_w_kstr(&c->w, "trx_id", r->trx_id);
    cli_out_money(c, "amount", r->amount);
    json_w_kstr(&c->w, "currency", r->currency);
    json_w_kstr(&c->w, "invoice", r->invoice);
    json_w_kstr(&c->w, "channel", r->channel);
    json_w_kstr(&c->w, "payer", r->payer_mask);
    cli_out_id(c, "payment", r->payment_id);
    json_w_kstr(&c->w, "message_id", r->message_id);
    cli_out_time(c, "paid_at", r->paid_at);
    cli_out_time(c, "received_at", r->received_at);
    cli_out_time(c, "look_at", r->look_at);
    cli_out_close(c);
    return ERR_OK;
}

static int notice_list_run(struct cli *c)
{
    int64_t payment = 0, limit = 100;
    if (!cli_get_int(c, "payment", 1, INT64_MAX, &payment) ||
        !cli_get_int(c, "limit", 1, 100000, &limit)) {
        return CLI_USAGE;
    }
    cli_out_list(c, "notices");
    enum err e = store_notice_each(c->db, payment, cli_has(c, "open"), limit, notice_item, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("notices", e);
}

struct closing {
    int64_t id;
    struct str reason;
};

static enum err close_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    const struct closing *s = arg;
    struct notice_row r;
    enum err e = store_notice_get(tx_db(tx), &c->arena, s->id, &r);
    if (e != ERR_OK) {
        return e;
    }
    audit->action = "notice.close";
    change_target_id(audit, "notice", s->id);
    json_w_kstr(&audit->was, "verdict", r.verdict);
    json_w_kcstr(&audit->w, "verdict", "closed");
    json_w_kstr(&audit->w, "trx_id", r.trx_id);
    json_w_kstr(&audit->w, "reason", s->reason);
    r.verdict = STR("closed");
    r.look_at = 0;
    return store_notice_judge(tx, &r);
}

static int notice_close_run(struct cli *c)
{
    struct closing s = {.reason = STR_ABSENT};
    if (!cli_operand_id(c, &s.id) || !cli_get_name(c, "reason", 500, &s.reason)) {
        return CLI_USAGE;
    }
    enum err e = cli_change(c, close_unit, &s);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no notice %" PRId64, s.id);
    }
    if (e != ERR_OK) {
        return cli_fail_err("notice", e);
    }
    json_w_kint(&c->w, "id", s.id);
    json_w_kcstr(&c->w, "verdict", "closed");
    return CLI_OK;
}

static const struct cli_option add_options[] = {
    {.name = "credential", .arg = "ID", .help = "whose money it tells of", .required = true},
    {.name = "arn", .arg = "ARN", .help = "of the topic, as bKash names it", .required = true},
    {.name = NULL},
};
static const struct cli_option notice_list_options[] = {
    {.name = "open", .help = "only those that a person must look at"},
    {.name = "payment", .arg = "ID", .help = "only those about it"},
    {.name = "limit", .arg = "N", .help = "at most so many; else 100"},
    {.name = NULL},
};
static const struct cli_option notice_close_options[] = {
    {.name = "reason", .arg = "TEXT", .help = "kept in the audit chain", .required = true},
    {.name = NULL},
};

const struct cli_command cli_topic_commands[] = {
    {.noun = "topic",
        .verb = "add",
        .need = CLI_NEEDS_STORE,
        .options = add_options,
        .run = add_run,
        .help = "pins an SNS topic: notifications of bKash are believed from it alone"},
    {.noun = "topic",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .run = list_run,
        .help = "all pinned topics, and since when SNS sends them here"},
    {.noun = "topic",
        .verb = "remove",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .run = remove_run,
        .help = "what it sends is refused from now on"},
    {.noun = NULL},
};

const struct cli_command cli_notice_commands[] = {
    {.noun = "notice",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .options = notice_list_options,
        .run = notice_list_run,
        .help = "what wallets told by themselves, newest first"},
    {.noun = "notice",
        .verb = "close",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .options = notice_close_options,
        .run = notice_close_run,
        .help = "somebody has looked at it; no money moves by this"},
    {.noun = NULL},
};
