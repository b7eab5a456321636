#include "app/cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

static void __attribute__((format(printf, 1, 0))) say(const char *fmt, va_list args)
{
    fputs("kassa: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
}

int cli_usage(const struct cli *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(fmt, args);
    va_end(args);
    const struct cli_command *k = c->command;
    if (k) {
        fprintf(stderr, "Try: kassa %s%s%s --help\n", k->noun, k->verb ? " " : "",
            k->verb ? k->verb : "");
    }
    return CLI_USAGE;
}

int cli_fail(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(fmt, args);
    va_end(args);
    return CLI_FAILED;
}

int cli_fail_err(const char *what, enum err e)
{
    return cli_fail("%s: %s (%s)", what, err_info(e)->text, err_name(e));
}

void cli_warn(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(fmt, args);
    va_end(args);
}

void cli_note(struct cli *c, const char *fmt, ...)
{
    char line[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    buf_cstr(&c->notes, line);
    buf_char(&c->notes, '\n');
}
