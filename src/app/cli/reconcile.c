/* kassa reconcile: a day of ours against the wallets' day. */
#include "app/reconcile/reconcile.h"

#include "app/cli/cli.h"
#include "base/text.h"
#include "store/store_sms.h"
#include "store/store_wallet.h"
#include <inttypes.h>

#define DAY_MS INT64_C(86400000)
#define TILLS_MAX CLI_VALUES_MAX

static void money_or_null(struct cli *c, const char *key, bool has, struct money m)
{
    if (has) {
        cli_out_money(c, key, m);
    } else {
        json_w_kstr(&c->w, key, STR_ABSENT);
    }
}

struct showing {
    struct cli *c;
    bool tills; /* their list is open, no more that of the differences */
};

static void show_difference(void *arg, const struct reconcile_difference *d)
{
    struct showing *s = arg;
    struct cli *c = s->c;
    cli_out_item(c);
    json_w_kcstr(&c->w, "check", d->check);
    json_w_kstr(
        &c->w, "wallet", d->till ? str_from(wallet_kind_code(d->till->wallet)) : STR_ABSENT);
    json_w_kstr(&c->w, "at", d->till ? str_from(d->till->name) : STR_ABSENT);
    json_w_kcstr(&c->w, "object", d->object);
    cli_out_id(c, "id", d->id);
    json_w_kstr(&c->w, "trx_id", d->trx_id);
    money_or_null(c, "ours", d->has_ours, d->ours);
    money_or_null(c, "wallets", d->has_theirs, d->theirs);
    json_w_kcstr(&c->w, "difference", d->text);
    cli_out_close(c);
}

static void show_till(void *arg, const struct reconcile_till *t)
{
    struct showing *s = arg;
    struct cli *c = s->c;
    if (!s->tills) {
        cli_out_close(c);
        cli_out_list(c, "tills");
        s->tills = true;
    }
    cli_out_item(c);
    json_w_kcstr(&c->w, "wallet", wallet_kind_code(t->wallet));
    json_w_kcstr(&c->w, "kind", t->is_number ? "number" : "credential");
    json_w_kint(&c->w, "id", t->id);
    json_w_kcstr(&c->w, "name", t->name);
    json_w_kint(&c->w, "credits", t->credits);
    cli_out_money(c, "credited", t->credit_sum);
    json_w_kint(&c->w, "refunds", t->refunds);
    cli_out_money(c, "refunded", t->refund_sum);
    cli_out_money(c, "ledger", t->ledger_sum);
    json_w_kint(&c->w, "told", t->told);
    cli_out_money(c, "told_sum", t->told_sum);
    json_w_kint(&c->w, "still_asked", t->asked);
    money_or_null(c, "balance_start", t->has_chain, t->balance_start);
    money_or_null(c, "balance_end", t->has_chain, t->balance_end);
    json_w_kint(&c->w, "differences", t->differences);
    json_w_kstr(&c->w, "bank_day", str_from(t->closed));
    json_w_kstr(&c->w, "bank_said", str_from(t->close_answer));
    cli_out_close(c);
}

/* ---- what is asked for ---- */

struct wish {
    int32_t day;
    bool every_wallet;
    enum wallet_kind wallet; /* of the tills that are named, when there are any */
    int64_t tills[TILLS_MAX];
    size_t till_count;
    struct statement statement;
};

static enum err till_wallet(struct cli *c, bool number, int64_t id, enum wallet_kind *ret)
{
    struct number_row n;
    struct credential_row r;
    enum err e = number ? store_number_get(c->db, &c->arena, id, &n)
                        : store_credential_get(c->db, &c->arena, id, &r);
    if (e == ERR_OK) {
        *ret = number ? n.wallet : r.wallet;
    }
    return e;
}

static int till_take(struct cli *c, struct wish *w, const char *option, const char *text)
{
    int64_t id = 0;
    enum wallet_kind wallet = WALLET_BKASH;
    if (int64_parse(str_from(text), &id) != ERR_OK || id <= 0) {
        return cli_usage(c, "--%s: must be an id, as \"kassa %s list\" shows them", option,
            strcmp(option, "number") == 0 ? "number" : "wallet");
    }
    enum err e = till_wallet(c, strcmp(option, "number") == 0, id, &wallet);
    if (e != ERR_OK) {
        return e == ERR_NO_ROW ? cli_fail("there is no %s %" PRId64, option, id)
                               : cli_fail_err(option, e);
    }
    if ((w->till_count > 0 || !w->every_wallet) && wallet != w->wallet) {
        return cli_usage(c, "--%s: %" PRId64 " is of another wallet", option, id);
    }
    w->wallet = wallet;
    w->tills[w->till_count++] = id;
    return CLI_OK;
}

static int tills_take(struct cli *c, struct wish *w)
{
    static const char *const options[] = {"credential", "number"};
    int code = CLI_OK;
    for (size_t k = 0; k < 2; k++) {
        const char *text = NULL;
        for (int i = 0; code == CLI_OK && (text = cli_get_nth(c, options[k], i)); i++) {
            code = till_take(c, w, options[k], text);
        }
    }
    return code;
}

static int day_take(struct cli *c, struct wish *w)
{
    if (dhaka_day_parse(str_from(cli_get(c, "date")), &w->day) != ERR_OK) {
        return cli_usage(c, "--date: must be a day like 2026-11-23");
    }
    if (w->day > dhaka_day(clock_now_ms(&c->clock))) {
        return cli_usage(c, "--date: that day has not begun in Dhaka");
    }
    return CLI_OK;
}

static int wallet_take(struct cli *c, struct wish *w)
{
    w->every_wallet = !cli_has(c, "wallet");
    if (!w->every_wallet &&
        wallet_kind_parse(str_from(cli_get(c, "wallet")), &w->wallet) != ERR_OK) {
        return cli_usage(c, "--wallet: must be bkash, nagad or rocket");
    }
    return CLI_OK;
}

static int statement_take(struct cli *c, struct wish *w)
{
    struct buf why;
    const char *path = cli_get(c, "statement");
    if (!path) {
        return CLI_OK;
    }
    if (w->till_count == 0) {
        return cli_usage(c, "--statement: say whose it is, with --credential or --number");
    }
    buf_init(&why, 1024);
    enum err e = statement_read(path, w->wallet, &w->statement, &why);
    int code = e == ERR_OK ? CLI_OK : cli_usage(c, "%s: %s", path, why.n ? why.p : err_name(e));
    buf_clear(&why);
    return code;
}

static int wish_read(struct cli *c, struct wish *w)
{
    int code = day_take(c, w);
    if (code == CLI_OK) {
        code = wallet_take(c, w);
    }
    if (code == CLI_OK) {
        code = tills_take(c, w);
    }
    return code == CLI_OK ? statement_take(c, w) : code;
}

/* ---- the answer ---- */

static void out_result(struct cli *c, const struct wish *w, const struct reconcile_result *r)
{
    char date[11];
    dhaka_day_format(w->day, date);
    if (cli_has(c, "statement")) {
        json_w_kint(&c->w, "statement_lines", r->lines);
        cli_out_money(c, "statement_in", r->lines_in);
        cli_out_money(c, "statement_out", r->lines_out);
    }
    json_w_kcstr(&c->w, "date", date);
    json_w_kint(&c->w, "difference_count", r->differences);
    json_w_kbool(&c->w, "ok", r->differences == 0);
    if (w->day == dhaka_day(clock_now_ms(&c->clock))) {
        cli_note(c, "\nThe day is not over: what is under way shows as a difference.");
    }
    if (r->differences) {
        cli_note(c, "\n%s does NOT agree: %" PRId64 " difference%s, above.", date, r->differences,
            r->differences == 1 ? "" : "s");
    } else {
        cli_note(c, "\n%s agrees.", date);
    }
}

static int compare(struct cli *c, struct wish *w)
{
    struct showing s = {.c = c};
    struct reconcile_result r = {.differences = 0};
    int64_t start = dhaka_day_start_ms(w->day);
    struct reconcile_options o = {.db = c->db,
        .day = {start, start + DAY_MS},
        .every_wallet = w->every_wallet,
        .wallet = w->wallet,
        .till_ids = w->tills,
        .till_count = w->till_count,
        .statement = cli_has(c, "statement") ? &w->statement : NULL,
        .difference = show_difference,
        .till = show_till,
        .arg = &s};
    enum err e = store_read_all_begin(c->db);
    cli_out_list(c, "differences");
    if (e == ERR_OK) {
        e = reconcile_day(&o, &r);
        store_read_end(c->db);
    }
    cli_out_close(c);
    if (!s.tills) {
        cli_out_list(c, "tills");
        cli_out_close(c);
    }
    if (e != ERR_OK) {
        return cli_fail_err("the store can't be read to its end", e);
    }
    out_result(c, w, &r);
    return r.differences ? CLI_FAILED : CLI_OK;
}

static int reconcile_run(struct cli *c)
{
    struct wish w = {.day = 0};
    int code = wish_read(c, &w);
    if (code == CLI_OK) {
        code = compare(c, &w);
    }
    statement_clear(&w.statement);
    return code;
}

static const struct cli_option options[] = {
    {.name = "date", .arg = "YYYY-MM-DD", .help = "the day, in Dhaka", .required = true},
    {.name = "wallet", .arg = "WALLET", .help = "only bkash, nagad or rocket"},
    {.name = "credential", .arg = "ID", .help = "only this one", .repeats = true},
    {.name = "number", .arg = "ID", .help = "only this one", .repeats = true},
    {.name = "statement",
        .arg = "FILE",
        .help = "what the wallet's portal says of those that are named, together"},
    {.name = NULL},
};

const struct cli_command cli_reconcile_commands[] = {
    {.noun = "reconcile",
        .need = CLI_NEEDS_STORE,
        .options = options,
        .run = reconcile_run,
        .help = "a day's money here against what the wallets said",
        .more =
            "Ends with 1 when there are differences, and names each. Asks no wallet: kassad did.\n"
            "FILE has a first line trx_id,amount,time and then a line for each movement, such as\n"
            "DG25ABCDEF,1350.50,2026-11-23 13:05:09; a refund's amount is below zero."},
    {.noun = NULL},
};
