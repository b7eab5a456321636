/* kassa sms: texts that a person must look at, and texts that no phone told. */
#include "app/cli/cli.h"

#include "service/phone.h"
#include <inttypes.h>
#include <stdio.h>

static enum err list_item(void *arg, const struct sms_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    json_w_kint(&c->w, "id", r->id);
    json_w_kstr(&c->w, "state", r->state);
    json_w_kstr(&c->w, "kind", r->kind);
    json_w_kstr(&c->w, "why", r->why);
    json_w_kstr(&c->w, "trx_id", r->trx_id);
    cli_out_id(c, "number", r->number_id);
    cli_out_id(c, "device", r->device_id);
    json_w_kstr(&c->w, "sender", r->sender);
    json_w_kstr(&c->w, "text", r->body);
    cli_out_time(c, "happened_at", r->happened_at);
    cli_out_time(c, "seen_at", r->seen_at);
    cli_out_close(c);
    return ERR_OK;
}

static int list_run(struct cli *c)
{
    int64_t number = 0;
    if (!cli_get_int(c, "number", 1, INT64_MAX, &number)) {
        return CLI_USAGE;
    }
    cli_out_list(c, "sms");
    enum err e = store_sms_each_open(c->db, number, list_item, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("sms", e);
}

struct paste {
    struct phone_source from;
    struct phone_message message;
    enum phone_result result;
};

static enum err paste_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    struct paste *p = arg;
    struct number_row n;
    enum err e = store_number_get(tx_db(tx), &c->arena, p->from.number_id, &n);
    if (e != ERR_OK) {
        return e;
    }
    p->message.at_ms = tx_now_ms(tx);
    e = phone_take(tx, &p->from, &p->message, &p->result);
    audit->action = "sms.paste";
    change_target_id(audit, "number", n.id);
    audit->account_id = n.account_id;
    json_w_kstr(&audit->w, "sender", p->message.sender);
    json_w_kcstr(&audit->w, "result", phone_result_text(p->result));
    return e;
}

static bool text_read(struct cli *c, struct buf *text)
{
    const char *path = cli_get(c, "file");
    bool good = true;
    if (strcmp(path, "-") == 0) {
        for (int ch; (ch = getc(stdin)) != EOF;) {
            buf_char(text, (char)ch);
        }
        good = !ferror(stdin);
    } else {
        good = buf_read_file(text, path) == ERR_OK;
    }
    if (!good || !buf_ok(text) || text->n == 0) {
        cli_fail("--file: %s can't be read, is empty or too long", path);
        return false;
    }
    return true;
}

static int paste_end(struct cli *c, const struct paste *p, enum err e)
{
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no number %" PRId64, p->from.number_id);
    }
    if (e != ERR_OK) {
        return cli_fail_err("sms", e);
    }
    json_w_kcstr(&c->w, "result", phone_result_text(p->result));
    if (p->result == PHONE_REVIEW) {
        cli_note(
            c, "\nThe money is free or attached when another person confirms it: kassa received.");
    }
    return CLI_OK;
}

static int paste_run(struct cli *c)
{
    struct buf text;
    struct paste p = {.from = {.reported_by = str_from(c->actor)}};
    if (!cli_get_int(c, "number", 1, INT64_MAX, &p.from.number_id) ||
        !cli_get_name(c, "sender", 64, &p.message.sender)) {
        return CLI_USAGE;
    }
    buf_init(&text, 2 * SMS_BODY_MAX);
    int code = CLI_FAILED;
    if (text_read(c, &text)) {
        p.message.text = buf_view(&text);
        code = paste_end(c, &p, cli_change(c, paste_unit, &p));
    }
    buf_clear(&text);
    return code;
}

static enum err done_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    (void)c;
    const int64_t *id = arg;
    audit->action = "sms.done";
    change_target_id(audit, "sms", *id);
    json_w_kcstr(&audit->w, "state", "looked_at");
    return store_sms_set_state(tx, *id, STR("looked_at"));
}

static int done_run(struct cli *c)
{
    int64_t id = 0;
    if (!cli_operand_id(c, &id)) {
        return CLI_USAGE;
    }
    enum err e = cli_change(c, done_unit, &id);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no SMS %" PRId64, id);
    }
    if (e != ERR_OK) {
        return cli_fail_err("sms", e);
    }
    json_w_kint(&c->w, "id", id);
    return CLI_OK;
}

static const struct cli_option list_options[] = {
    {.name = "number", .arg = "ID", .help = "only of this number"},
    {.name = NULL},
};
static const struct cli_option paste_options[] = {
    {.name = "number", .arg = "ID", .help = "that got it; kassa number list", .required = true},
    {.name = "sender", .arg = "TEXT", .help = "as the phone shows it: bKash", .required = true},
    {.name = "file",
        .arg = "FILE",
        .help = "holds the text; - is standard input",
        .required = true},
    {.name = NULL},
};

const struct cli_command cli_sms_commands[] = {
    {.noun = "sms",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .options = list_options,
        .run = list_run,
        .help = "what a person must look at: not understood, balance does not follow, told twice"},
    {.noun = "sms",
        .verb = "paste",
        .need = CLI_NEEDS_STORE,
        .options = paste_options,
        .run = paste_run,
        .help = "a text that no phone told; its money waits for a second person"},
    {.noun = "sms",
        .verb = "done",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .run = done_run,
        .help = "it was looked at and is not listed any more"},
    {.noun = NULL},
};
