/* Secrets come from files, standard input or the environment, never from the command line, which every user of a machine can see. */
#include "app/cli/cli.h"

#include "base/text.h"
#include "service/presets.h"
#include <stdio.h>
#include <stdlib.h>

#define SECRET_TEXT_MAX 65536

bool cli_secret_open(struct cli *c, struct str box, struct buf *ret_text)
{
    enum err e = preset_secret_open(c->service.keys, box, ret_text);
    if (e != ERR_OK) {
        cli_fail_err("the secret can't be opened with the key in secret_key_file", e);
    }
    return e == ERR_OK;
}

static bool read_line(struct buf *ret_text)
{
    for (int ch; (ch = getc(stdin)) != EOF && ch != '\n';) {
        buf_char(ret_text, (char)ch);
    }
    return !ferror(stdin);
}

static bool secret_fit(const char *option, struct buf *text)
{
    while (text->n > 0 && (text->p[text->n - 1] == '\n' || text->p[text->n - 1] == '\r')) {
        text->p[--text->n] = '\0';
    }
    if (!buf_ok(text) || text->n == 0 || !utf8_valid(buf_view(text))) {
        cli_fail("--%s: the secret is empty, too long or not UTF-8", option);
        return false;
    }
    return true;
}

bool cli_secret_read(const char *option, const char *path, struct buf *ret_text)
{
    bool input = strcmp(path, "-") == 0;
    if (input ? !read_line(ret_text) : buf_read_file(ret_text, path) != ERR_OK) {
        cli_fail("--%s: %s can't be read", option, input ? "standard input" : path);
        return false;
    }
    return secret_fit(option, ret_text);
}

bool cli_secret_option(struct cli *c, const char *name, struct buf *ret_text)
{
    char file[64], input[64], variable[64];
    snprintf(file, sizeof file, "%s-file", name);
    snprintf(input, sizeof input, "%s-stdin", name);
    snprintf(variable, sizeof variable, "%s-env", name);
    int given = cli_has(c, file) + cli_has(c, input) + cli_has(c, variable);
    if (given != 1) {
        cli_usage(c, "give one of --%s FILE, --%s, --%s NAME", file, input, variable);
        return false;
    }
    if (cli_has(c, file)) {
        return cli_secret_read(file, cli_get(c, file), ret_text);
    }
    if (cli_has(c, input)) {
        return cli_secret_read(input, "-", ret_text);
    }
    const char *value = getenv(cli_get(c, variable));
    if (!value) {
        cli_fail("--%s: the variable %s is not set", variable, cli_get(c, variable));
        return false;
    }
    buf_cstr(ret_text, value);
    return secret_fit(variable, ret_text);
}
