/* kassa: the command line for operators and merchants. The commands are in cli/, a table per noun; this file finds the one that is
 * asked for, opens what it needs, runs it and shows what it found. */
#include "app/cli/cli.h"

#include "base/log.h"
#include "base/mem.h"
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARENA_MAX ((size_t)256 << 20)
#define OUT_MAX ((size_t)256 << 20)

static const struct cli_command *const tables[] = {
    cli_init_commands,
    cli_merchant_commands,
    cli_account_commands,
    cli_person_commands,
    cli_cert_commands,
    cli_redirect_commands,
    cli_endpoint_commands,
    cli_wallet_commands,
    cli_topic_commands,
    cli_notice_commands,
    cli_number_commands,
    cli_device_commands,
    cli_sms_commands,
    cli_received_commands,
    cli_payment_commands,
    cli_credit_commands,
    cli_refund_commands,
    cli_notification_commands,
    cli_audit_commands,
    cli_audit_log_commands,
    cli_doctor_commands,
    cli_reconcile_commands,
    cli_backup_commands,
    cli_restore_commands,
    cli_migrate_commands,
    cli_move_commands,
    cli_pay_commands,
    cli_verify_commands,
    cli_listen_commands,
    NULL,
};

static bool noun_is(const struct cli_command *k, const char *noun)
{
    return strcmp(k->noun, noun) == 0;
}

static const struct cli_command *noun_find(const char *noun)
{
    for (const struct cli_command *const *t = tables; *t; t++) {
        for (const struct cli_command *k = *t; k->noun; k++) {
            if (noun_is(k, noun)) {
                return k->verb ? *t : k;
            }
        }
    }
    return NULL;
}

static const struct cli_command *verb_find(const struct cli_command *table, const char *verb)
{
    for (const struct cli_command *k = table; k->noun; k++) {
        if (k->verb && strcmp(k->verb, verb) == 0) {
            return k;
        }
    }
    return NULL;
}

/* What the noun does when no verb follows. */
static const struct cli_command *verbless_find(const struct cli_command *table)
{
    for (const struct cli_command *k = table; k->noun; k++) {
        if (!k->verb) {
            return k;
        }
    }
    return NULL;
}

static int run(struct cli *c)
{
    int code = c->command->need == CLI_NEEDS_STORE ? cli_store_open(c) : CLI_OK;
    if (code == CLI_OK) {
        json_w_init(&c->w, &c->out);
        json_w_open(&c->w, '{');
        code = c->command->run(c);
    }
    /* What a command found is shown when it refuses, too: an audit's faults, an answer's errors. */
    if (c->w.depth == 1 && c->out.n > 1) {
        json_w_close(&c->w);
        int shown = cli_out_show(c);
        code = code == CLI_OK ? shown : code;
    } else if (code == CLI_OK && c->notes.n > 0 && !c->json) {
        fputs(c->notes.p, stdout);
    }
    cli_store_close(c);
    return code;
}

static int command_main(const struct cli_command *command, int argc, char **argv)
{
    static struct cli c;
    clock_init(&c.clock);
    log_init(&c.clock, LOG_LEVEL_ERROR, STDERR_FILENO);
    arena_init(&c.arena, ARENA_MAX);
    buf_init(&c.out, OUT_MAX);
    buf_init(&c.notes, 65536);
    int code = cli_parse(&c, command, argc, argv);
    if (code == CLI_OK && cli_has(&c, "help")) {
        cli_help_command(command);
    } else if (code == CLI_OK) {
        code = run(&c);
    }
    buf_wipe(&c.out);
    buf_wipe(&c.notes);
    arena_clear(&c.arena);
    return code;
}

static bool asks_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* --config and --json may stand before the noun, too: they are moved behind everything else. */
static void globals_last(int argc, char **argv)
{
    int n = 1;
    while (n < argc && (strcmp(argv[n], "--json") == 0 || strncmp(argv[n], "--config", 8) == 0)) {
        n += strcmp(argv[n], "--config") == 0 ? 2 : 1;
    }
    if (n == 1 || n >= argc) {
        return;
    }
    int front = n - 1, rest = argc - n;
    char **all = mem_array((size_t)argc, sizeof *all);
    memcpy(all, argv + n, (size_t)rest * sizeof *all);
    memcpy(all + rest, argv + 1, (size_t)front * sizeof *all);
    memcpy(argv + 1, all, (size_t)(argc - 1) * sizeof *all);
    mem_free(all);
}

int main(int argc, char **argv)
{
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    globals_last(argc, argv);
    if (argc < 2) {
        cli_help_all(tables);
        return CLI_USAGE;
    }
    if (asks_help(argv[1])) {
        cli_help_all(tables);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("kassa " KASSA_VERSION);
        return CLI_OK;
    }
    const struct cli_command *table = noun_find(argv[1]);
    if (!table) {
        fprintf(stderr, "kassa: unknown command \"%s\"; kassa help lists them\n", argv[1]);
        return CLI_USAGE;
    }
    if (argc > 2 && asks_help(argv[2])) {
        if (table->verb) {
            cli_help_noun(table);
        } else {
            cli_help_command(table);
        }
        return CLI_OK;
    }
    if (!table->verb) {
        return command_main(table, argc - 2, argv + 2);
    }
    const struct cli_command *command = argc > 2 ? verb_find(table, argv[2]) : NULL;
    const struct cli_command *verbless = verbless_find(table);
    if (!command && verbless) {
        return command_main(verbless, argc - 2, argv + 2);
    }
    if (!command) {
        fprintf(stderr, "kassa: %s: %s%s; kassa %s help lists its commands\n", argv[1],
            argc > 2 ? "unknown command " : "say what to do", argc > 2 ? argv[2] : "", argv[1]);
        return CLI_USAGE;
    }
    return command_main(command, argc - 3, argv + 3);
}
