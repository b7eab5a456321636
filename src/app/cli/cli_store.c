/* Opens the store beside a running kassad, and makes changes: each with its audit row, in one unit. */
#include "app/cli/cli.h"

#include "base/text.h"
#include "http/routes.h"
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void trim_end(struct buf *b)
{
    while (b->n > 0 && b->p[b->n - 1] == '\n') {
        b->p[--b->n] = '\0';
    }
}

static int config_read(struct cli *c, struct buf *why)
{
    enum err e = config_load(c->config_path, &c->config, why);
    if (e == ERR_IO) {
        return cli_fail("%s can't be read; name another with --config FILE, or make one with"
                        " \"kassa init\"",
            c->config_path);
    }
    c->has_config = e == ERR_OK;
    if (e == ERR_OK) {
        e = config_check(&c->config, why);
    }
    trim_end(why);
    return e == ERR_OK ? CLI_OK : cli_fail("%s", why->n ? why->p : c->config_path);
}

/* In a sandbox the clock may have been moved: times of this command are kassad's. */
static void clock_follow(struct cli *c)
{
    struct str text = STR_ABSENT;
    int64_t offset = 0;
    if (c->config.sandbox_sandbox &&
        store_setting_get(c->db, &c->arena, SANDBOX_CLOCK_SETTING, &text) == ERR_OK &&
        int64_parse(text, &offset) == ERR_OK) {
        clock_advance(&c->clock, offset);
    }
}

/* Who called sudo is the person; the store's owner is a user that many become. Whoever has that user's shell could name
 * anybody, so what two persons decide needs a sudo rule (doc/operations.md). */
static const char *person_name(void)
{
    const char *name = getenv("SUDO_USER");
    if (name && name[0] && strlen(name) <= 64 && utf8_valid(str_from(name))) {
        return name;
    }
    const struct passwd *p = getpwuid(getuid());
    return p && p->pw_name && utf8_valid(str_from(p->pw_name)) ? p->pw_name : NULL;
}

static void name_actor(struct cli *c)
{
    const char *name = person_name();
    if (name) {
        snprintf(c->actor, sizeof c->actor, "cli:%s", name);
    } else {
        snprintf(c->actor, sizeof c->actor, "cli:%u", (unsigned)getuid());
    }
}

int cli_config_open(struct cli *c)
{
    struct buf why;
    buf_init(&why, 65536);
    int code = c->has_config ? CLI_OK : config_read(c, &why);
    buf_clear(&why);
    return code;
}

const char *cli_store_name(struct cli *c)
{
    struct buf b;
    buf_init(&b, 65536);
    store_path_show(&b, c->config.store_path);
    struct str name = arena_copy(&c->arena, buf_view(&b));
    buf_clear(&b);
    return str_absent(name) ? "store.path" : name.p;
}

int cli_store_make(struct cli *c, bool create)
{
    struct store *store = NULL;
    struct buf why;
    struct store_options o = {
        .path = c->config.store_path,
        .queue_max = c->config.store_queue_max,
        .batch_max = c->config.store_batch_max,
        .clock = &c->clock,
        .create = create,
        .fresh = create,
        .migrate = true,
    };
    buf_init(&why, 65536);
    enum err e = store_open(&o, &why, &store);
    store_close(store);
    int code = e == ERR_OK ? CLI_OK
               : why.n     ? cli_fail("%s", why.p)
                           : cli_fail_err(cli_store_name(c), e);
    buf_clear(&why);
    return code;
}

int cli_store_open(struct cli *c)
{
    struct buf why;
    buf_init(&why, 65536);
    int code = cli_config_open(c);
    if (code == CLI_OK) {
        enum err e = service_start(&c->config, &c->clock, false, &why, &c->service);
        trim_end(&why);
        c->has_service = e == ERR_OK;
        if (e != ERR_OK) {
            code = why.n ? cli_fail("%s", why.p) : cli_fail_err(cli_store_name(c), e);
        }
    }
    if (code == CLI_OK) {
        c->db = store_reader(c->service.store);
        code = c->db ? CLI_OK : cli_fail("%s can't be read", cli_store_name(c));
    }
    if (code == CLI_OK) {
        clock_follow(c);
        name_actor(c);
    }
    buf_clear(&why);
    return code;
}

void cli_store_close(struct cli *c)
{
    if (c->has_service) {
        service_stop(&c->service);
    }
    if (c->has_config) {
        config_clear(&c->config);
    }
}

struct change {
    struct cli *cli;
    cli_change_fn fn;
    void *arg;
};

static enum err change_do(struct tx *tx, void *arg, struct change_note *note)
{
    struct change *x = arg;
    return x->fn(x->cli, tx, x->arg, note);
}

enum err cli_change(struct cli *c, cli_change_fn fn, void *arg)
{
    struct change x = {.cli = c, .fn = fn, .arg = arg};
    struct change_by by = {.actor = str_from(c->actor), .client_ip = STR_ABSENT};
    return change_run(c->service.store, &by, change_do, &x);
}

bool cli_account(struct cli *c, const char *uuid, struct account_row *ret)
{
    uint8_t raw[16];
    if (uuid_parse(str_from(uuid), raw) != ERR_OK) {
        cli_fail("\"%s\" is no account uuid; \"kassa account list\" shows them", uuid);
        return false;
    }
    enum err e = store_account_by_uuid(c->db, &c->arena, str_from(uuid), ret);
    if (e == ERR_NO_ROW) {
        cli_fail("there is no account %s", uuid);
    } else if (e != ERR_OK) {
        cli_fail_err("account", e);
    }
    return e == ERR_OK;
}

struct merchant_wish {
    struct str name;
    int64_t id; /* 0: not found */
};

static enum err merchant_match(void *arg, const struct merchant_row *m)
{
    struct merchant_wish *w = arg;
    if (str_eq(m->name, w->name)) {
        w->id = m->id;
    }
    return ERR_OK;
}

bool cli_merchant(struct cli *c, const char *text, int64_t *ret_id)
{
    struct merchant_row m;
    struct merchant_wish w = {.name = str_from(text)};
    int64_t id = 0;
    if (int64_parse(w.name, &id) == ERR_OK) {
        w.id = store_merchant_get(c->db, &c->arena, id, &m) == ERR_OK ? id : 0;
    } else if (store_merchant_each(c->db, merchant_match, &w) != ERR_OK) {
        w.id = 0;
    }
    if (w.id == 0) {
        cli_fail("there is no merchant \"%s\"; \"kassa merchant list\" shows them", text);
        return false;
    }
    *ret_id = w.id;
    return true;
}
