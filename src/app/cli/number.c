/* kassa number: the wallets' numbers that payers send money to. */
#include "app/cli/cli.h"

#include "base/text.h"
#include "service/number.h"
#include "service/phone.h"
#include <inttypes.h>

/* As people print it: 01711111111, also with +88; Rocket's have one digit more. */
static bool number_text(struct cli *c, enum wallet_kind wallet, struct str *ret)
{
    struct str s = str_from(cli_get(c, "number"));
    if (str_starts(s, STR("+88"))) {
        s = str_sub(s, 3, s.n);
    }
    bool good = (s.n == 11 || (s.n == 12 && wallet == WALLET_ROCKET)) && s.p[0] == '0' &&
                s.p[1] == '1' && s.p[2] >= '3';
    for (size_t i = 0; good && i < s.n; i++) {
        good = s.p[i] >= '0' && s.p[i] <= '9';
    }
    if (!good) {
        cli_usage(c, "--number: must be a mobile number such as 01711111111");
        return false;
    }
    *ret = s;
    return true;
}

static enum err add_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    (void)c;
    struct number_row *r = arg;
    r->created_at = tx_now_ms(tx);
    r->balance_at = r->balance_at ? tx_now_ms(tx) : 0;
    enum err e = store_number_add(tx, r);
    audit->action = "number.add";
    change_target_id(audit, "number", r->id);
    audit->account_id = r->account_id;
    json_w_kcstr(&audit->w, "wallet", wallet_kind_code(r->wallet));
    json_w_kstr(&audit->w, "number", r->number);
    json_w_kstr(&audit->w, "kind", r->kind);
    json_w_kint(&audit->w, "account_id", r->account_id);
    return e;
}

static int add_run(struct cli *c)
{
    static const char *const kinds[] = {"personal", "agent", "merchant", NULL};
    struct account_row a = {.id = 0};
    struct number_row r = {.enabled = true};
    if (wallet_kind_parse(str_from(c->operand), &r.wallet) != ERR_OK) {
        return cli_usage(c, "there is no wallet \"%s\"", c->operand);
    }
    if (!number_text(c, r.wallet, &r.number) || !cli_get_choice(c, "kind", kinds, &r.kind) ||
        !cli_get_money(c, "balance", &r.balance)) {
        return CLI_USAGE;
    }
    r.balance_at = cli_has(c, "balance");
    if (cli_has(c, "account") && !cli_account(c, cli_get(c, "account"), &a)) {
        return CLI_FAILED;
    }
    r.account_id = a.id;
    enum err e = cli_change(c, add_unit, &r);
    if (e == ERR_DUPLICATE) {
        return cli_fail("that number is there already");
    }
    if (e != ERR_OK) {
        return cli_fail_err("number", e);
    }
    json_w_kint(&c->w, "id", r.id);
    json_w_kcstr(&c->w, "wallet", wallet_kind_code(r.wallet));
    json_w_kstr(&c->w, "number", r.number);
    cli_note(c, "\nNext: kassa device add --name TEXT --number %" PRId64, r.id);
    return CLI_OK;
}

static enum err list_item(void *arg, const struct number_row *r)
{
    struct cli *c = arg;
    struct account_row a;
    struct str uuid = STR_ABSENT;
    int64_t seen_at = 0;
    if (r->account_id && store_account_by_id(c->db, &c->arena, r->account_id, &a) == ERR_OK) {
        uuid = a.uuid;
    }
    enum err e = store_number_seen(c->db, r->id, &seen_at);
    cli_out_item(c);
    json_w_kint(&c->w, "id", r->id);
    json_w_kcstr(&c->w, "wallet", wallet_kind_code(r->wallet));
    json_w_kstr(&c->w, "number", r->number);
    json_w_kstr(&c->w, "kind", r->kind);
    json_w_kstr(&c->w, "account", uuid);
    json_w_kbool(&c->w, "enabled", r->enabled);
    if (r->balance_at) {
        cli_out_money(c, "balance", r->balance);
    }
    cli_out_time(c, "balance_at", r->balance_at);
    cli_out_time(c, "seen_at", seen_at);
    cli_out_close(c);
    return e;
}

static int list_run(struct cli *c)
{
    cli_out_list(c, "numbers");
    enum err e = store_number_each(c->db, list_item, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("numbers", e);
}

struct change {
    int64_t id;
    bool enabled;
    struct money balance;
    struct str reason;
};

static enum err switch_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    const struct change *s = arg;
    struct number_row r;
    enum err e = store_number_get(tx_db(tx), &c->arena, s->id, &r);
    if (e != ERR_OK) {
        return e;
    }
    audit->action = s->enabled ? "number.enable" : "number.disable";
    change_target_id(audit, "number", s->id);
    audit->account_id = r.account_id;
    json_w_kbool(&audit->was, "enabled", r.enabled);
    json_w_kbool(&audit->w, "enabled", s->enabled);
    return store_number_set_enabled(tx, s->id, s->enabled);
}

static void audit_money(struct json_writer *w, struct money balance)
{
    struct buf text;
    buf_init(&text, 64);
    money_format(&text, balance, 2);
    json_w_kstr(w, "balance", buf_view(&text));
    buf_clear(&text);
}

static enum err balance_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    const struct change *s = arg;
    struct number_row r;
    enum err e = store_number_get(tx_db(tx), &c->arena, s->id, &r);
    if (e != ERR_OK) {
        return e;
    }
    audit->action = "number.balance";
    change_target_id(audit, "number", s->id);
    audit->account_id = r.account_id;
    audit_money(&audit->was, r.balance);
    audit_money(&audit->w, s->balance);
    json_w_kstr(&audit->w, "reason", s->reason);
    e = phone_balance_set(tx, s->id, s->balance, tx_now_ms(tx));
    return e == ERR_OK ? number_match(tx, money_poisha(c->config.number_over_tolerance_poisha)) : e;
}

static int change_end(struct cli *c, const struct change *s, enum err e)
{
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no number %" PRId64, s->id);
    }
    if (e != ERR_OK) {
        return cli_fail_err("number", e);
    }
    json_w_kint(&c->w, "id", s->id);
    return CLI_OK;
}

static int switch_run(struct cli *c, bool enabled)
{
    struct change s = {.enabled = enabled};
    if (!cli_operand_id(c, &s.id)) {
        return CLI_USAGE;
    }
    int code = change_end(c, &s, cli_change(c, switch_unit, &s));
    if (code == CLI_OK) {
        json_w_kbool(&c->w, "enabled", enabled);
    }
    return code;
}

static int enable_run(struct cli *c)
{
    return switch_run(c, true);
}

static int disable_run(struct cli *c)
{
    return switch_run(c, false);
}

static int balance_run(struct cli *c)
{
    struct change s = {.enabled = true};
    if (!cli_operand_id(c, &s.id) || !cli_get_money(c, "balance", &s.balance) ||
        !cli_get_name(c, "reason", 500, &s.reason)) {
        return CLI_USAGE;
    }
    int code = change_end(c, &s, cli_change(c, balance_unit, &s));
    if (code == CLI_OK) {
        cli_out_money(c, "balance", s.balance);
    }
    return code;
}

static const struct cli_option add_options[] = {
    {.name = "number", .arg = "NUMBER", .help = "01711111111", .required = true},
    {.name = "kind", .arg = "KIND", .help = "personal, agent or merchant", .required = true},
    {.name = "account", .arg = "UUID", .help = "for this account alone; else for all"},
    {.name = "balance", .arg = "AMOUNT", .help = "now; else the first SMS tells it"},
    {.name = NULL},
};
static const struct cli_option balance_options[] = {
    {.name = "balance", .arg = "AMOUNT", .help = "as the wallet shows it", .required = true},
    {.name = "reason", .arg = "TEXT", .help = "kept in the audit chain", .required = true},
    {.name = NULL},
};

const struct cli_command cli_number_commands[] = {
    {.noun = "number",
        .verb = "add",
        .operand = "WALLET",
        .need = CLI_NEEDS_STORE,
        .options = add_options,
        .run = add_run,
        .help = "a number that payers send money to"},
    {.noun = "number",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .run = list_run,
        .help = "all numbers, their balances, when a phone of theirs was heard"},
    {.noun = "number",
        .verb = "enable",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .run = enable_run,
        .help = "payers may be shown it again"},
    {.noun = "number",
        .verb = "disable",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .run = disable_run,
        .help = "payers are not shown it, and its SMS are not taken"},
    {.noun = "number",
        .verb = "balance",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .options = balance_options,
        .run = balance_run,
        .help = "goes on from this balance where an SMS was lost; what follows from it is free"},
    {.noun = NULL},
};
