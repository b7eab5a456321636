/* kassa init: a folder with kassa.conf, secret.key and an empty store. Nothing that exists is touched. */
#include "app/cli/cli.h"
#include "app/cli/person.h"

#include "base/mem.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONF_MAX 65536
#define SET_MAX 64
#define ADMIN_EMAIL "admin@localhost"

struct key_default {
    const char *section, *name, *def;
};

static const struct key_default keys[] = {
#define C(section_, name_, type, def_, help) {.section = #section_, .name = #name_, .def = (def_)},
#include "base/config.def"
#undef C
};

/* What the new file says, one value for each key of the table; NULL: its default. */
struct wish {
    const char *value[array_len(keys)];
    struct buf url; /* of --listen */
};

static int key_find(struct str key)
{
    for (size_t i = 0; i < array_len(keys); i++) {
        char full[96];
        snprintf(full, sizeof full, "%s.%s", keys[i].section, keys[i].name);
        if (str_is(key, full)) {
            return (int)i;
        }
    }
    return -1;
}

static void wish_put(struct wish *w, const char *key, const char *value)
{
    int i = key_find(str_from(key));
    if (i >= 0 && value && strcmp(value, keys[i].def) != 0) {
        w->value[i] = value;
    }
}

/* "section.key=value" */
static int wish_set(struct cli *c, struct wish *w, const char *text)
{
    struct str s = str_from(text);
    size_t eq = str_find(s, '=', 0);
    int i = key_find(str_sub(s, 0, eq));
    if (eq == s.n || i < 0) {
        return cli_usage(c, "--set: \"%s\" is no section.key=value of the configuration", text);
    }
    if (strchr(text, '\n') || strchr(text, '\r')) {
        return cli_usage(c, "--set: a value is one line");
    }
    w->value[i] = strcmp(text + eq + 1, keys[i].def) == 0 ? NULL : text + eq + 1;
    return CLI_OK;
}

static int wish_make(struct cli *c, struct wish *w)
{
    const char *listen = cli_get(c, "listen");
    if (listen) {
        buf_printf(&w->url, "http://%s", listen);
        wish_put(w, "server.listen", listen);
        wish_put(w, "server.api_url", w->url.p);
        wish_put(w, "server.pay_url", w->url.p);
    }
    wish_put(w, "server.ops_listen", cli_get(c, "ops-listen"));
    wish_put(w, "server.api_url", cli_get(c, "api-url"));
    wish_put(w, "server.pay_url", cli_get(c, "pay-url"));
    if (cli_has(c, "sandbox")) {
        wish_put(w, "sandbox.sandbox", "yes");
        wish_put(w, "notify.allow_private_addresses", "yes");
    }
    for (int i = 0; cli_get_nth(c, "set", i); i++) {
        int code = wish_set(c, w, cli_get_nth(c, "set", i));
        if (code != CLI_OK) {
            return code;
        }
    }
    return CLI_OK;
}

static void conf_text(const struct wish *w, struct buf *b)
{
    const char *section = "";
    buf_cstr(
        b, "# Kassa's configuration. What is not here has its default: see kassa.conf.sample.\n");
    for (size_t i = 0; i < array_len(keys); i++) {
        if (!w->value[i]) {
            continue;
        }
        if (strcmp(section, keys[i].section) != 0) {
            buf_printf(b, "\n[%s]\n", keys[i].section);
            section = keys[i].section;
        }
        buf_printf(b, "%s = %s\n", keys[i].name, w->value[i]);
    }
}

static int refuse_existing(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0) {
        return cli_fail("%s exists already; nothing was changed", path);
    }
    return CLI_OK;
}

/* The configuration is there already, so that it can be read as kassad will read it. */
static int make_rest(struct cli *c, const char *conf)
{
    struct buf why;
    buf_init(&why, 65536);
    enum err e = config_load(conf, &c->config, &why);
    c->has_config = e == ERR_OK;
    e = e == ERR_OK ? config_check(&c->config, &why) : e;
    int code = e == ERR_OK ? CLI_OK : cli_fail("%s", why.n ? why.p : conf);
    buf_clear(&why);
    if (code == CLI_OK) {
        code = refuse_existing(c->config.security_secret_key_file);
    }
    if (code == CLI_OK && !store_path_is_server(c->config.store_path)) {
        code = refuse_existing(c->config.store_path);
    }
    if (code != CLI_OK) {
        return code;
    }
    e = keyring_create(c->config.security_secret_key_file);
    if (e != ERR_OK) {
        return cli_fail_err(c->config.security_secret_key_file, e);
    }
    code = cli_store_make(c, true);
    if (code != CLI_OK) {
        unlink(c->config.security_secret_key_file);
    }
    return code;
}

/* Nobody is in the cabinet yet: this one lets all others in. What was made stays when it fails, as `kassa person add` does the same. */
static void admin_invite(struct cli *c)
{
    const char *email = cli_get(c, "admin");
    char token[SESSION_TOKEN_LEN + 1];
    struct person_row p = {.email = str_from(email ? email : ADMIN_EMAIL),
        .name = STR_ABSENT,
        .role = ROLE_operator_admin,
        .language = STR("en")};
    if (cli_store_open(c) != CLI_OK || cli_person_invite(c, &p, token) != CLI_OK) {
        cli_warn(
            "nobody was invited to the cabinet: kassa person add --role operator_admin does it");
        return;
    }
    json_w_kstr(&c->w, "admin", p.email);
    cli_person_link(c, "admin_invitation", token);
    mem_wipe(token, sizeof token);
    cli_note(c, "\nOnce kassad runs, the link opens the cabinet to %.*s, once, for 72 hours.",
        STR_FMT(p.email));
}

static int make_all(struct cli *c, const char *dir, const struct buf *text)
{
    char conf[PATH_MAX + 16];
    int code = cli_folders_make(dir);
    if (code != CLI_OK) {
        return code;
    }
    snprintf(conf, sizeof conf, "%s/kassa.conf", dir);
    code = refuse_existing(conf);
    if (code != CLI_OK) {
        return code;
    }
    if (!buf_ok(text) || buf_write_file(text, conf, 0600) != ERR_OK) {
        return cli_fail("%s can't be written", conf);
    }
    code = make_rest(c, conf);
    if (code != CLI_OK) {
        unlink(conf);
        return code;
    }
    json_w_kcstr(&c->w, "config", conf);
    json_w_kcstr(&c->w, "secret_key", c->config.security_secret_key_file);
    json_w_kcstr(&c->w, "store", cli_store_name(c));
    json_w_kbool(&c->w, "sandbox", c->config.sandbox_sandbox);
    json_w_kcstr(&c->w, "api_url", c->config.server_api_url);
    json_w_kcstr(&c->w, "pay_url", c->config.server_pay_url);
    admin_invite(c);
    cli_note(c, "\nKeep %s safe: without it the wallets' credentials in the store are lost.",
        c->config.security_secret_key_file);
    cli_note(c, "Next: kassa --config %s merchant add, then account add; run kassad.", conf);
    return CLI_OK;
}

static int init_run(struct cli *c)
{
    const char *dir = cli_has(c, "dir") ? cli_get(c, "dir") : c->operand ? c->operand : ".";
    struct wish w = {.value = {NULL}};
    struct buf text;
    buf_init(&w.url, 4096);
    buf_init(&text, CONF_MAX);
    if (cli_has(c, "dir") && c->operand) {
        return cli_usage(c, "--dir: the folder is given twice");
    }
    int code = dir[0] ? wish_make(c, &w) : cli_usage(c, "--dir must not be empty");
    if (code == CLI_OK) {
        conf_text(&w, &text);
        code = make_all(c, dir, &text);
    }
    buf_clear(&text);
    buf_clear(&w.url);
    return code;
}

static const struct cli_option init_options[] = {
    {.name = "dir", .arg = "DIR", .help = "where; made when missing; else the current folder"},
    {.name = "sandbox", .help = "the clock can be moved, notifications may go to loopback"},
    {.name = "listen", .arg = "ADDRESS:PORT", .help = "of the API and the payment page"},
    {.name = "ops-listen", .arg = "ADDRESS:PORT", .help = "of health, metrics and controls"},
    {.name = "api-url", .arg = "URL", .help = "what merchants call; else http://LISTEN"},
    {.name = "pay-url", .arg = "URL", .help = "what payers open; else http://LISTEN"},
    {.name = "admin", .arg = "EMAIL", .help = "who administers the cabinet; else admin@localhost"},
    {.name = "set", .arg = "SECTION.KEY=VALUE", .help = "any other key", .repeats = true},
    {.name = NULL},
};

const struct cli_command cli_init_commands[] = {
    {.noun = "init",
        .operand = "[DIR]",
        .options = init_options,
        .run = init_run,
        .help = "makes kassa.conf, secret.key and the store; overwrites nothing"},
    {.noun = NULL},
};
