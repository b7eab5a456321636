/* kassa audit-log: verifies an exported audit log, with nothing but the file. */
#include "app/cli/cli.h"

#include "base/mem.h"
#include "service/audit_log_file.h"
#include <inttypes.h>
#include <stdio.h>

#define LINE_MAX_BYTES ((size_t)1 << 20)

static int lines_check(FILE *file, struct audit_log_check *x)
{
    char *line = mem_alloc(LINE_MAX_BYTES);
    struct arena a;
    int code = CLI_OK;
    arena_init(&a, 4 * LINE_MAX_BYTES);
    while (code == CLI_OK && fgets(line, (int)LINE_MAX_BYTES, file)) {
        const char *why;
        arena_reset(&a);
        if (!audit_log_check_line(x, &a, str_from(line), &why)) {
            code = cli_fail("line %" PRId64 ": %s", x->lines + 1, why);
        }
    }
    mem_free(line);
    arena_clear(&a);
    return code;
}

static int verify_run(struct cli *c)
{
    struct audit_log_check x = {.lines = 0};
    FILE *file = fopen(c->operand, "re");
    if (!file) {
        return cli_fail("%s can't be read", c->operand);
    }
    int code = lines_check(file, &x);
    if (code == CLI_OK && (ferror(file) || x.lines == 0)) {
        code = cli_fail("%s can't be read, or is empty", c->operand);
    }
    fclose(file);
    json_w_kcstr(&c->w, "chain", x.own ? "merchant" : "all");
    json_w_kint(&c->w, "lines", x.lines);
    json_w_kint(&c->w, "first", x.first);
    json_w_kint(&c->w, "last", x.last);
    json_w_kcstr(&c->w, "head", x.head);
    json_w_kbool(&c->w, "ok", code == CLI_OK);
    return code;
}

const struct cli_command cli_audit_log_commands[] = {
    {.noun = "audit-log",
        .verb = "verify",
        .operand = "FILE",
        .need = CLI_NEEDS_NOTHING,
        .run = verify_run,
        .help = "whether an exported audit log is whole and unaltered; needs the file alone",
        .more = "Ends with 1 at the first line that does not fit. Note the head: a later export "
                "has to\n"
                "contain it."},
    {.noun = NULL},
};
