/* kassa doctor: why a request is refused. */
#include "service/doctor.h"
#include "app/cli/cli.h"

#include <stdio.h>

#define TEXT_MAX ((size_t)256 * 1024)

static int text_read(const char *path, struct buf *b)
{
    char chunk[4096];
    if (strcmp(path, "-") != 0) {
        return buf_read_file(b, path) == ERR_OK ? CLI_OK : cli_fail("%s can't be read", path);
    }
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, stdin)) > 0;) {
        buf_add(b, chunk, n);
    }
    return ferror(stdin) || !buf_ok(b) ? cli_fail("standard input can't be read") : CLI_OK;
}

static int examine(struct cli *c, struct str text)
{
    struct doctor_request rq;
    struct doctor_report report;
    struct account_row account;
    if (doctor_request_parse(text, &rq) != ERR_OK) {
        return cli_fail("that is no request: headers, an empty line, the body");
    }
    struct str uuid = cli_has(c, "account") ? str_from(cli_get(c, "account")) : rq.account;
    uuid = arena_copy(&c->arena, str_absent(uuid) ? STR("") : uuid);
    if (!cli_account(c, uuid.p, &account)) {
        return CLI_FAILED;
    }
    rq.at = clock_now_ms(&c->clock);
    enum err e = doctor_examine(c->db, &c->arena, account.merchant_id, account.id, &rq, &report);
    if (e != ERR_OK) {
        return cli_fail_err("doctor", e);
    }
    doctor_report_json(&c->w, &rq, &report);
    return report.count ? CLI_FAILED : CLI_OK;
}

static int doctor_run(struct cli *c)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    int code = text_read(c->operand, &text);
    code = code == CLI_OK ? examine(c, buf_view(&text)) : code;
    buf_clear(&text);
    return code;
}

static const struct cli_option doctor_options[] = {
    {.name = "account", .arg = "UUID", .help = "whose request it is; else the Account header says"},
    {.name = NULL},
};

const struct cli_command cli_doctor_commands[] = {
    {.noun = "doctor",
        .operand = "FILE",
        .need = CLI_NEEDS_STORE,
        .options = doctor_options,
        .run = doctor_run,
        .help = "why a merchant's request is refused: whose key, which digest, what was signed",
        .more =
            "FILE is the request as it came: headers, an empty line, the body to its last byte;\n"
            "- is standard input. Ends with 1 when it is refused."},
    {.noun = NULL},
};
