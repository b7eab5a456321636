/* kassa notification: what merchants were told, how it went, and telling them again. */
#include "app/cli/rows.h"
#include "service/presets.h"

#include <inttypes.h>

static const char *const states[] = {"waiting", "delivered", "parked", NULL};

static int list_run(struct cli *c)
{
    struct str state = STR_ABSENT;
    int64_t limit = 100, payment = 0;
    if (!cli_get_choice(c, "state", states, &state) ||
        !cli_get_int(c, "limit", 1, 100000, &limit) ||
        !cli_get_int(c, "payment", 1, INT64_MAX, &payment)) {
        return CLI_USAGE;
    }
    if (cli_has(c, "parked")) {
        if (!str_absent(state)) {
            return cli_usage(c, "--parked and --state exclude each other");
        }
        state = STR("parked");
    }
    cli_out_list(c, "notifications");
    enum err e = store_outbox_each(c->db, payment, state, limit, cli_row_outbox, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("notifications", e);
}

static int show_run(struct cli *c)
{
    struct outbox_row r;
    int64_t id = 0;
    if (!cli_operand_id(c, &id)) {
        return CLI_USAGE;
    }
    enum err e = store_outbox_get(c->db, &c->arena, id, &r);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no notification %" PRId64, id);
    }
    if (e == ERR_OK) {
        cli_out_outbox(c, &r);
        cli_out_list(c, "log");
        e = store_outbox_try_each(c->db, id, cli_row_outbox_try, c);
        cli_out_close(c);
    }
    return e == ERR_OK ? CLI_OK : cli_fail_err("notification", e);
}

static enum err resend_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *note)
{
    const int64_t *id = arg;
    return notification_resend(tx, &c->arena, *id, note);
}

static int resend_run(struct cli *c)
{
    int64_t id = 0;
    if (!cli_operand_id(c, &id)) {
        return CLI_USAGE;
    }
    enum err e = cli_change(c, resend_unit, &id);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no notification %" PRId64, id);
    }
    if (e == ERR_STATE) {
        return cli_fail("notification %" PRId64 " is waiting to be sent already", id);
    }
    if (e != ERR_OK) {
        return cli_fail_err("notification", e);
    }
    json_w_kint(&c->w, "id", id);
    json_w_kcstr(&c->w, "state", "waiting");
    cli_note(c, "\nkassad sends it again, with the same webhook-id.");
    return CLI_OK;
}

static const struct cli_option list_options[] = {
    {.name = "parked", .help = "only those that are not tried any more"},
    {.name = "state", .arg = "STATE", .help = "waiting, delivered or parked"},
    {.name = "payment", .arg = "ID", .help = "only this payment's"},
    {.name = "limit", .arg = "N", .help = "the newest so many; else 100"},
    {.name = NULL},
};

const struct cli_command cli_notification_commands[] = {
    {.noun = "notification",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .options = list_options,
        .run = list_run,
        .help = "notifications, newest first"},
    {.noun = "notification",
        .verb = "show",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .run = show_run,
        .help = "one with the log of its tries"},
    {.noun = "notification",
        .verb = "resend",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .run = resend_run,
        .help = "sends a parked or delivered one again"},
    {.noun = NULL},
};
