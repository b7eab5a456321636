/* kassa device: the phones that tell their SMS. */
#include "app/cli/cli.h"

#include "base/crypto.h"
#include "base/mem.h"
#include "base/text.h"
#include "service/phone.h"
#include <inttypes.h>

#define NUMBERS_MAX 16

struct adding {
    struct device_row row;
    struct {
        int64_t id;
        struct str sim;
    } numbers[NUMBERS_MAX];
    int count;
};

/* "12" or "12=sim1" */
static bool numbers_read(struct cli *c, struct adding *a)
{
    const char *text;
    while ((text = cli_get_nth(c, "number", a->count)) != NULL) {
        struct str s = str_from(text);
        size_t mark = str_find(s, '=', 0);
        int64_t id = 0;
        if (a->count == NUMBERS_MAX || int64_parse(str_sub(s, 0, mark), &id) != ERR_OK || id < 1) {
            cli_usage(c, "--number: must be the id of a number, or ID=SLOT; kassa number list");
            return false;
        }
        a->numbers[a->count].id = id;
        a->numbers[a->count++].sim = mark < s.n ? str_sub(s, mark + 1, s.n) : STR("");
    }
    return true;
}

static enum err add_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    struct adding *a = arg;
    a->row.created_at = tx_now_ms(tx);
    enum err e = store_device_add(tx, &a->row);
    for (int i = 0; i < a->count && e == ERR_OK; i++) {
        struct number_row n;
        e = store_number_get(tx_db(tx), &c->arena, a->numbers[i].id, &n);
        if (e == ERR_OK) {
            e = store_device_bind(tx, a->row.id, n.id, a->numbers[i].sim);
        }
        e = e == ERR_DUPLICATE ? ERR_CONFLICT : e;
    }
    audit->action = "device.add";
    change_target_id(audit, "device", a->row.id);
    json_w_kstr(&audit->w, "name", a->row.name);
    json_w_kstr(&audit->w, "accepts", a->row.accepts);
    json_w_key(&audit->w, "numbers");
    json_w_open(&audit->w, '[');
    for (int i = 0; i < a->count; i++) {
        json_w_int(&audit->w, a->numbers[i].id);
    }
    json_w_close(&audit->w);
    return e;
}

static void secrets_out(struct cli *c, const struct device_row *r, const uint8_t *key)
{
    struct buf text;
    char token[PHONE_TOKEN_CAP];
    buf_init(&text, 256);
    if (str_is(r->accepts, "token")) {
        phone_token(r->id, key, token);
        buf_printf(&text, "%s/device/%s", c->config.server_api_url, token);
        json_w_kstr(&c->w, "url", buf_view(&text));
        mem_wipe(token, sizeof token);
    } else {
        hex_encode(&text, key, PHONE_KEY_LEN);
        json_w_kstr(&c->w, "key", buf_view(&text));
    }
    buf_wipe(&text);
    cli_note(c, "\nThis is shown once.");
}

static int add_end(struct cli *c, const struct adding *a, enum err e, const uint8_t *key)
{
    if (e == ERR_DUPLICATE) {
        return cli_fail("there is a device named \"%.*s\" already", STR_FMT(a->row.name));
    }
    if (e == ERR_NO_ROW || e == ERR_CONFLICT) {
        return cli_fail(e == ERR_NO_ROW ? "there is no such number" : "a number is given twice");
    }
    if (e != ERR_OK) {
        return cli_fail_err("device", e);
    }
    json_w_kint(&c->w, "id", a->row.id);
    json_w_kstr(&c->w, "name", a->row.name);
    json_w_kstr(&c->w, "accepts", a->row.accepts);
    secrets_out(c, &a->row, key);
    return CLI_OK;
}

static int add_run(struct cli *c)
{
    uint8_t key[PHONE_KEY_LEN];
    struct buf box;
    struct adding a = {.row = {.enabled = true}};
    a.row.accepts = cli_has(c, "stock") ? STR("token") : STR("signature");
    if (!cli_get_name(c, "name", 100, &a.row.name) || !numbers_read(c, &a)) {
        return CLI_USAGE;
    }
    buf_init(&box, 1024);
    random_bytes(key, sizeof key);
    box_seal(c->service.keys, "device", (struct str){(const char *)key, sizeof key}, &box);
    a.row.key_box = buf_view(&box);
    int code = add_end(c, &a, cli_change(c, add_unit, &a), key);
    mem_wipe(key, sizeof key);
    buf_clear(&box);
    return code;
}

static enum err list_item(void *arg, const struct device_row *r)
{
    struct cli *c = arg;
    cli_out_item(c);
    json_w_kint(&c->w, "id", r->id);
    json_w_kstr(&c->w, "name", r->name);
    json_w_kstr(&c->w, "accepts", r->accepts);
    json_w_kstr(&c->w, "model", r->model);
    json_w_kbool(&c->w, "enabled", r->enabled);
    cli_out_time(c, "seen_at", r->seen_at);
    cli_out_time(c, "synced_at", r->synced_at);
    cli_out_close(c);
    return ERR_OK;
}

static int list_run(struct cli *c)
{
    cli_out_list(c, "devices");
    enum err e = store_device_each(c->db, list_item, c);
    cli_out_close(c);
    return e == ERR_OK ? CLI_OK : cli_fail_err("devices", e);
}

struct change {
    int64_t id;
    bool enabled;
};

static enum err switch_unit(struct cli *c, struct tx *tx, void *arg, struct change_note *audit)
{
    (void)c;
    const struct change *s = arg;
    audit->action = s->enabled ? "device.enable" : "device.disable";
    change_target_id(audit, "device", s->id);
    json_w_kbool(&audit->w, "enabled", s->enabled);
    return store_device_set_enabled(tx, s->id, s->enabled);
}

static int switch_run(struct cli *c, bool enabled)
{
    struct change s = {.enabled = enabled};
    if (!cli_operand_id(c, &s.id)) {
        return CLI_USAGE;
    }
    enum err e = cli_change(c, switch_unit, &s);
    if (e == ERR_NO_ROW) {
        return cli_fail("there is no device %" PRId64, s.id);
    }
    if (e != ERR_OK) {
        return cli_fail_err("device", e);
    }
    json_w_kint(&c->w, "id", s.id);
    json_w_kbool(&c->w, "enabled", enabled);
    return CLI_OK;
}

static int enable_run(struct cli *c)
{
    return switch_run(c, true);
}

static int disable_run(struct cli *c)
{
    return switch_run(c, false);
}

static const struct cli_option add_options[] = {
    {.name = "name", .arg = "TEXT", .help = "for people", .required = true},
    {.name = "number",
        .arg = "ID",
        .help = "that it tells of; ID=SLOT when it has several of a wallet",
        .required = true,
        .repeats = true},
    {.name = "stock", .help = "for an app that cannot sign: an address instead of a key"},
    {.name = NULL},
};

const struct cli_command cli_device_commands[] = {
    {.noun = "device",
        .verb = "add",
        .need = CLI_NEEDS_STORE,
        .options = add_options,
        .run = add_run,
        .help = "a phone that tells its SMS, and its key"},
    {.noun = "device",
        .verb = "list",
        .need = CLI_NEEDS_STORE,
        .run = list_run,
        .help = "all devices, when they were heard"},
    {.noun = "device",
        .verb = "enable",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .run = enable_run,
        .help = "it may tell again"},
    {.noun = "device",
        .verb = "disable",
        .operand = "ID",
        .need = CLI_NEEDS_STORE,
        .run = disable_run,
        .help = "it is refused"},
    {.noun = NULL},
};
