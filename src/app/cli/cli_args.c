/* Options: "--name value", "--name=value", flags; what is unknown, given twice or lacks its value is an error that names it. */
#include "app/cli/cli.h"

#include "base/text.h"
#include "service/presets.h"
#include <stdio.h>
#include <stdlib.h>

static const struct cli_option common_options[] = {
    {.name = "config",
        .arg = "FILE",
        .help = "the configuration; else $KASSA_CONFIG, else ./kassa.conf"},
    {.name = "json", .help = "facts as JSON, for programs"},
    {.name = "help", .help = "what this command takes"},
    {.name = NULL},
};

static const struct cli_option *find_in(const struct cli_option *list, struct str name)
{
    for (; list && list->name; list++) {
        if (str_is(name, list->name)) {
            return list;
        }
    }
    return NULL;
}

static int take(struct cli *c, const struct cli_option *o, const char *text)
{
    if (!o->repeats && cli_has(c, o->name)) {
        return cli_usage(c, "--%s is given twice", o->name);
    }
    if (c->value_count == CLI_VALUES_MAX) {
        return cli_usage(c, "more than %d options", CLI_VALUES_MAX);
    }
    c->values[c->value_count++] = (struct cli_value){.option = o, .text = text};
    return CLI_OK;
}

/* One option; *i moves to its last word. */
static int parse_option(struct cli *c, int argc, char **argv, int *i)
{
    struct str word = str_from(argv[*i] + 2);
    size_t eq = str_find(word, '=', 0);
    struct str name = str_sub(word, 0, eq);
    const char *inlined = eq < word.n ? argv[*i] + 2 + eq + 1 : NULL;
    const struct cli_option *o = find_in(c->command->options, name);
    if (!o) {
        o = find_in(common_options, name);
    }
    if (!o) {
        return cli_usage(c, "unknown option --%.*s", STR_FMT(name));
    }
    if (!o->arg) {
        return inlined ? cli_usage(c, "--%s takes no value", o->name) : take(c, o, NULL);
    }
    if (!inlined) {
        if (*i + 1 >= argc || str_starts(str_from(argv[*i + 1]), STR("--"))) {
            return cli_usage(c, "--%s needs a value (%s)", o->name, o->arg);
        }
        inlined = argv[++*i];
    }
    return take(c, o, inlined);
}

static int check_required(struct cli *c)
{
    for (const struct cli_option *o = c->command->options; o && o->name; o++) {
        if (o->required && !cli_has(c, o->name)) {
            return cli_usage(c, "--%s %s is required", o->name, o->arg);
        }
    }
    if (c->command->operand && c->command->operand[0] != '[' && !c->operand) {
        return cli_usage(c, "%s is required", c->command->operand);
    }
    return CLI_OK;
}

int cli_parse(struct cli *c, const struct cli_command *command, int argc, char **argv)
{
    c->command = command;
    for (int i = 0; i < argc; i++) {
        int code = CLI_OK;
        if (str_starts(str_from(argv[i]), STR("--")) && argv[i][2]) {
            code = parse_option(c, argc, argv, &i);
        } else if (argv[i][0] == '-' && argv[i][1]) {
            code = cli_usage(c, "unknown option %s", argv[i]);
        } else if (!command->operand || c->operand) {
            code = cli_usage(c, "unexpected \"%s\"", argv[i]);
        } else {
            c->operand = argv[i];
        }
        if (code != CLI_OK) {
            return code;
        }
    }
    c->json = cli_has(c, "json");
    const char *given = cli_get(c, "config"), *environment = getenv(CLI_CONFIG_VARIABLE);
    c->config_path = given ? given : environment && environment[0] ? environment : "kassa.conf";
    return cli_has(c, "help") ? CLI_OK : check_required(c);
}

const char *cli_get_nth(const struct cli *c, const char *name, int i)
{
    for (int v = 0; v < c->value_count; v++) {
        if (strcmp(c->values[v].option->name, name) == 0 && i-- == 0) {
            return c->values[v].text;
        }
    }
    return NULL;
}

const char *cli_get(const struct cli *c, const char *name)
{
    return cli_get_nth(c, name, 0);
}

bool cli_has(const struct cli *c, const char *name)
{
    for (int v = 0; v < c->value_count; v++) {
        if (strcmp(c->values[v].option->name, name) == 0) {
            return true;
        }
    }
    return false;
}

bool cli_get_int(const struct cli *c, const char *name, int64_t min, int64_t max, int64_t *ret)
{
    const char *text = cli_get(c, name);
    int64_t v = 0;
    if (!text) {
        return true;
    }
    if (int64_parse(str_from(text), &v) != ERR_OK || v < min || v > max) {
        cli_usage(c, "--%s: must be a whole number from %lld to %lld, not \"%s\"", name,
            (long long)min, (long long)max, text);
        return false;
    }
    *ret = v;
    return true;
}

bool cli_get_hours(const struct cli *c, const char *name, int64_t *ret_ms)
{
    int64_t hours = *ret_ms / 3600000;
    if (!cli_get_int(c, name, 0, 24 * 366, &hours)) {
        return false;
    }
    *ret_ms = hours * 3600000;
    return true;
}

bool cli_get_money(const struct cli *c, const char *name, struct money *ret)
{
    const char *text = cli_get(c, name);
    struct money m = MONEY_ZERO;
    if (!text) {
        return true;
    }
    if (money_parse_wallet(str_from(text), &m) != ERR_OK || m.poisha > MONEY_API_MAX_POISHA) {
        cli_usage(c, "--%s: must be an amount such as 5.00, at most 999999999.99, not \"%s\"", name,
            text);
        return false;
    }
    *ret = m;
    return true;
}

/* A hundredth of a per cent is a basis point, as a poisha is a hundredth of a taka. */
bool cli_get_percent(const struct cli *c, const char *name, int64_t *ret_bp)
{
    const char *text = cli_get(c, name);
    struct money m = MONEY_ZERO;
    if (!text) {
        return true;
    }
    if (money_parse_wallet(str_from(text), &m) != ERR_OK || m.poisha > 10000) {
        cli_usage(c, "--%s: must be a number from 0 to 100 with at most two decimals, not \"%s\"",
            name, text);
        return false;
    }
    *ret_bp = m.poisha;
    return true;
}

bool cli_get_choice(
    const struct cli *c, const char *name, const char *const *texts, struct str *ret)
{
    const char *given = cli_get(c, name);
    char all[256] = "";
    if (!given) {
        return true;
    }
    for (size_t n = 0; *texts; texts++) {
        if (strcmp(given, *texts) == 0) {
            *ret = str_from(*texts);
            return true;
        }
        int more = snprintf(all + n, sizeof all - n, "%s%s", n ? ", " : "", *texts);
        n = more < 0 || (size_t)more >= sizeof all - n ? sizeof all - 1 : n + (size_t)more;
    }
    cli_usage(c, "--%s: must be one of %s; not \"%s\"", name, all, given);
    return false;
}

bool cli_get_name(const struct cli *c, const char *name, size_t max, struct str *ret)
{
    struct str s = str_from(cli_get(c, name));
    if (str_absent(s)) {
        return true;
    }
    if (!preset_name_fit(s, max)) {
        cli_usage(c, "--%s: must be 1 to %zu characters without outer blanks", name, max);
        return false;
    }
    *ret = s;
    return true;
}

bool cli_get_name_or_new(struct cli *c, const char *name, const char *kind, struct str *ret)
{
    if (cli_has(c, name)) {
        return cli_get_name(c, name, PRESET_NAME_MAX, ret);
    }
    *ret = preset_name_new(&c->arena, kind);
    return true;
}

bool cli_operand_id(const struct cli *c, int64_t *ret)
{
    int64_t id = 0;
    if (int64_parse(str_from(c->operand), &id) != ERR_OK || id <= 0) {
        cli_usage(c, "%s: must be a number, not \"%s\"", c->command->operand, c->operand);
        return false;
    }
    *ret = id;
    return true;
}
