/* kassa endpoint: addresses to which notifications go, with their mode, field set and secret. */
#include "app/cli/cli.h"

#include "app/cli/rows.h"
#include "core/notify.h"
#include "core/validate.h"
#include "service/presets.h"
#include <inttypes.h>

static const char *const modes[] = {"GET", "POST", "POST_JSON", NULL};

static bool options(struct cli *c, struct endpoint_row *r)
{
    const char *text = NULL;
    if (!cli_get_name(c, "name", 100, &r->name) || !cli_get_choice(c, "mode", modes, &r->mode) ||
        !cli_get_int(c, "field-set", 10, 12, &r->field_set)) {
        return false;
    }
    if (cli_has(c, "url")) {
        r->url = str_from(cli_get(c, "url"));
        if (!validate_url(r->url, true, &text)) {
            cli_usage(c, "--url %s", text);
            return false;
        }
    }
    return true;
}

static void out_row(struct cli *c, const struct endpoint_row *r)
{
    json_w_kint(&c->w, "id", r->id);
    json_w_kstr(&c->w, "name", r->name);
    json_w_kstr(&c->w, "url", r->url);
    json_w_kstr(&c->w, "mode", r->mode);
    json_w_kint(&c->w, "field_set", r->field_set);
    json_w_kbool(&c->w, "enabled", r->disabled_at == 0);
}

static enum err add_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *note)
{
    (void)c;
    return endpoint_add(tx, arg, note);
}

static int add_row(struct cli *c, struct endpoint_row *r)
{
    struct buf secret;
    buf_init(&secret, PRESET_SECRET_MAX);
    preset_secret_new(c->service.keys, &c->arena, &secret, &r->secret_box);
    enum err e = cli_change(c, add_unit, r);
    if (e == ERR_OK) {
        out_row(c, r);
        json_w_kstr(&c->w, "secret", buf_view(&secret));
    }
    buf_wipe(&secret);
    if (e == ERR_DUPLICATE) {
        return cli_fail("the account has an endpoint named \"%.*s\" already", STR_FMT(r->name));
    }
    if (e != ERR_OK) {
        return cli_fail_err("endpoint", e);
    }
    cli_note(c,
        "\nThe receiver checks webhook-signature with the secret; \"endpoint secret %" PRId64
        "\" shows it again.",
        r->id);
    return CLI_OK;
}

static int add_run(struct cli *c)
{
    struct account_row a;
    struct endpoint_row r = {
        .name = STR_ABSENT,
        .mode = STR("GET"),
        .field_set = NOTIFY_FIELDS_11,
        .old_secret_box = STR_ABSENT,
        .disabled_reason = STR_ABSENT,
    };
    if (!options(c, &r) || !cli_get_name_or_new(c, "name", "endpoint", &r.name)) {
        return CLI_USAGE;
    }
    if (!cli_account(c, cli_get(c, "account"), &a)) {
        return CLI_FAILED;
    }
    r.account_id = a.id;
    return add_row(c, &r);
}

static int list_run(struct cli *c)
{
    struct account_row a;
    if (!cli_account(c, cli_get(c, "account"), &a)) {
        return CLI_FAILED;
    }
    cli_out_list(c, "endpoints");
    enum err e = store_endpoint_each(c->db, a.id, cli_row_endpoint, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("endpoints", e);
}

/* The endpoint of the operand; false, told, when there is none. */
static bool find(struct cli *c, struct endpoint_row *ret)
{
    int64_t id = 0;
    struct endpoint_row r;
    if (!cli_operand_id(c, &id)) {
        return false;
    }
    enum err e = store_endpoint_get(c->db, &c->arena, id, &r);
    if (e == ERR_NO_ROW || (e == ERR_OK && r.deleted_at)) {
        cli_fail("there is no endpoint %" PRId64, id);
        return false;
    }
    if (e != ERR_OK) {
        cli_fail_err("endpoint", e);
        return false;
    }
    *ret = r;
    return true;
}

struct update {
    const char *action;
    struct endpoint_row row;
};

static enum err update_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *note)
{
    const struct update *u = arg;
    return endpoint_change(tx, &c->arena, u->action, &u->row, note);
}

static int update_row(struct cli *c, struct update *u)
{
    enum err e = cli_change(c, update_unit, u);
    if (e == ERR_DUPLICATE) {
        return cli_fail("the account has an endpoint named \"%.*s\" already", STR_FMT(u->row.name));
    }
    if (e == ERR_STATE) {
        return cli_fail(
            "endpoint %" PRId64 " is its account's default; change that first", u->row.id);
    }
    return e == ERR_OK ? CLI_OK : cli_fail_err("endpoint", e);
}

static int changed(struct cli *c, struct update *u)
{
    int code = update_row(c, u);
    if (code == CLI_OK) {
        out_row(c, &u->row);
    }
    return code;
}

static int update_run(struct cli *c)
{
    struct update u = {.action = "endpoint.update"};
    if (!find(c, &u.row)) {
        return CLI_FAILED;
    }
    return options(c, &u.row) ? changed(c, &u) : CLI_USAGE;
}

static int disable_run(struct cli *c)
{
    struct update u = {.action = "endpoint.disable"};
    if (!find(c, &u.row)) {
        return CLI_FAILED;
    }
    u.row.disabled_at = clock_now_ms(&c->clock);
    u.row.disabled_reason = STR("operator");
    return changed(c, &u);
}

static int enable_run(struct cli *c)
{
    struct update u = {.action = "endpoint.enable"};
    if (!find(c, &u.row)) {
        return CLI_FAILED;
    }
    u.row.disabled_at = 0;
    u.row.disabled_reason = STR_ABSENT;
    return changed(c, &u);
}

static int delete_run(struct cli *c)
{
    struct update u = {.action = "endpoint.delete"};
    if (!find(c, &u.row)) {
        return CLI_FAILED;
    }
    u.row.deleted_at = clock_now_ms(&c->clock);
    int code = update_row(c, &u);
    if (code == CLI_OK) {
        json_w_kint(&c->w, "deleted", u.row.id);
    }
    return code;
}

static int rotate_run(struct cli *c)
{
    struct update u = {.action = "endpoint.rotate-secret"};
    struct buf secret;
    int64_t overlap = PRESET_OVERLAP_DEFAULT_MS;
    if (!find(c, &u.row)) {
        return CLI_FAILED;
    }
    if (!cli_get_hours(c, "overlap", &overlap)) {
        return CLI_USAGE;
    }
    buf_init(&secret, PRESET_SECRET_MAX);
    endpoint_rotate(c->service.keys, &c->arena, clock_now_ms(&c->clock), overlap, &u.row, &secret);
    int code = changed(c, &u);
    if (code == CLI_OK) {
        json_w_kstr(&c->w, "secret", buf_view(&secret));
        cli_out_time(c, "old_secret_until", u.row.old_secret_until);
    }
    buf_wipe(&secret);
    return code;
}

static int secret_run(struct cli *c)
{
    struct endpoint_row r;
    struct buf secret;
    if (!find(c, &r)) {
        return CLI_FAILED;
    }
    buf_init(&secret, PRESET_SECRET_MAX);
    bool good = cli_secret_open(c, r.secret_box, &secret);
    if (good) {
        json_w_kstr(&c->w, "secret", buf_view(&secret));
        cli_out_time(c, "old_secret_until", r.old_secret_until);
    }
    buf_wipe(&secret);
    return good ? CLI_OK : CLI_FAILED;
}

#define MODE_OPTIONS                                                                               \
    {.name = "mode", .arg = "GET|POST|POST_JSON", .help = "query, form or JSON; else GET"},        \
    {                                                                                              \
        .name = "field-set", .arg = "10|11|12", .help = "which fields are sent; else 11"           \
    }

static const struct cli_option add_options[] = {
    {.name = "account", .arg = "UUID", .help = "whose", .required = true},
    {.name = "name", .arg = "TEXT", .help = "for people; else one is made up"},
    {.name = "url",
        .arg = "URL",
        .help = "http or https, port 80, 443 or 1024 and up",
        .required = true},
    MODE_OPTIONS,
    {.name = NULL},
};
static const struct cli_option list_options[] = {
    {.name = "account", .arg = "UUID", .help = "whose", .required = true},
    {.name = NULL},
};
static const struct cli_option update_options[] = {
    {.name = "name", .arg = "TEXT", .help = "for people"},
    {.name = "url", .arg = "URL", .help = "http or https, port 80, 443 or 1024 and up"},
    MODE_OPTIONS,
    {.name = NULL},
};
static const struct cli_option rotate_options[] = {
    {.name = "overlap", .arg = "HOURS", .help = "both secrets sign so long; else 24"},
    {.name = NULL},
};

#define ENDPOINT(verb_, run_, options_, operand_, help_)                                           \
    {                                                                                              \
        .noun = "endpoint", .verb = (verb_), .operand = (operand_), .need = CLI_NEEDS_STORE,       \
        .options = (options_), .run = (run_), .help = (help_)                                      \
    }

const struct cli_command cli_endpoint_commands[] = {
    ENDPOINT("add", add_run, add_options, NULL, "an address for notifications, with a new secret"),
    ENDPOINT("list", list_run, list_options, NULL, "an account's endpoints"),
    ENDPOINT("update", update_run, update_options, "ID", "changes what is given"),
    ENDPOINT("enable", enable_run, NULL, "ID", "notifications go there again"),
    ENDPOINT("disable", disable_run, NULL, "ID", "its notifications are parked"),
    ENDPOINT("delete", delete_run, NULL, "ID", "takes it away"),
    ENDPOINT(
        "rotate-secret", rotate_run, rotate_options, "ID", "a new secret; both sign for a while"),
    ENDPOINT("secret", secret_run, NULL, "ID", "shows the secret"),
    {.noun = NULL},
};
