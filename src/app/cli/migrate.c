/* The store's schema: what an upgrade would do to it, and doing it. */
#include "app/cli/cli.h"

/* Beside those of every command: for scripts that exchange one release for the next. */
enum { MIGRATE_BESIDE = 3, MIGRATE_ALONE = 4 };

static const char *state_name(const struct store_schema *s)
{
    if (s->too_new)
        return "too_new";
    if (s->have > s->want)
        return "ahead";
    return s->have < s->want ? "behind" : "current";
}

static int look(struct cli *c, struct store_schema *ret)
{
    struct buf why;
    buf_init(&why, 65536);
    enum err e = store_schema_look(c->config.store_path, &why, ret);
    int code = e == ERR_OK ? CLI_OK : why.n ? cli_fail("%s", why.p) : cli_fail_err("store", e);
    buf_clear(&why);
    return code;
}

static void show(struct cli *c, const struct store_schema *s)
{
    json_w_kint(&c->w, "schema", s->have);
    json_w_kint(&c->w, "program_schema", s->want);
    json_w_kcstr(&c->w, "state", state_name(s));
    json_w_kint(&c->w, "steps", s->have < s->want ? s->want - s->have : 0);
    json_w_kbool(&c->w, "beside_older", s->older_go_on);
}

static int check(struct cli *c, const struct store_schema *s)
{
    if (s->too_new)
        return cli_fail("the store is newer than this program: use the newer program");
    if (s->have >= s->want) {
        cli_note(c, "\nNothing is to be done.");
        return CLI_OK;
    }
    if (s->older_go_on) {
        cli_note(c, "\nPrograms of the release before may run on meanwhile, and beside this one.");
        return MIGRATE_BESIDE;
    }
    cli_note(c, "\nStop every program of the release before first: it can't work with the result.");
    return MIGRATE_ALONE;
}

static int migrate_run_command(struct cli *c)
{
    struct store_schema s;
    if (cli_config_open(c) != CLI_OK || look(c, &s) != CLI_OK)
        return CLI_FAILED;
    if (cli_has(c, "check")) {
        show(c, &s);
        return check(c, &s);
    }
    if (cli_store_make(c, false) != CLI_OK || look(c, &s) != CLI_OK)
        return CLI_FAILED;
    show(c, &s);
    return CLI_OK;
}

static const struct cli_option migrate_options[] = {
    {.name = "check", .help = "says what would be done, and does nothing"},
    {.name = NULL},
};

const struct cli_command cli_migrate_commands[] = {
    {.noun = "migrate",
        .need = CLI_NEEDS_NOTHING,
        .options = migrate_options,
        .run = migrate_run_command,
        .help = "brings the store up to this program's schema, as kassad's start does",
        .more =
            "Each step is one transaction: a run that was cut off goes on where it was, and of\n"
            "several at once one does each step. --check ends with 0 when nothing is to be done,\n"
            "3 when programs of the release before may run on, 4 when they have to be stopped,\n"
            "1 when the store is too new or can't be read."},
    {.noun = NULL},
};
