#include "app/cli/cli.h"

#include <stdio.h>

static void print_usage(const struct cli_command *k)
{
    printf("kassa %s%s%s%s%s", k->noun, k->verb ? " " : "", k->verb ? k->verb : "",
        k->operand ? " " : "", k->operand ? k->operand : "");
    for (const struct cli_option *o = k->options; o && o->name; o++) {
        if (o->required) {
            printf(" --%s %s", o->name, o->arg);
        }
    }
    bool optional = false;
    for (const struct cli_option *o = k->options; o && o->name; o++) {
        optional = optional || !o->required;
    }
    puts(optional ? " [options]" : "");
}

void cli_help_command(const struct cli_command *k)
{
    print_usage(k);
    printf("    %s\n", k->help);
    if (k->more) {
        printf("\n%s\n", k->more);
    }
    if (k->options) {
        puts("\nOptions:");
    }
    for (const struct cli_option *o = k->options; o && o->name; o++) {
        char name[80];
        snprintf(name, sizeof name, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        printf("  %-32s %s%s%s\n", name, o->help, o->required ? " (required)" : "",
            o->repeats ? " (may be repeated)" : "");
    }
    puts("\nAll commands take --json (facts for programs) and --help"
         ", those that open the store also --config FILE\n(else $" CLI_CONFIG_VARIABLE
         ", else ./kassa.conf).");
}

void cli_help_noun(const struct cli_command *table)
{
    for (const struct cli_command *k = table; k->noun; k++) {
        print_usage(k);
        printf("    %s\n", k->help);
    }
    printf("\nMore: kassa %s%s --help\n", table->noun, table->verb ? " VERB" : "");
}

void cli_help_all(const struct cli_command *const *tables)
{
    puts("kassa: sets up and looks into a Kassa payment gateway, and speaks its merchant API.\n");
    for (; *tables; tables++) {
        for (const struct cli_command *k = *tables; k->noun; k++) {
            char name[48];
            snprintf(
                name, sizeof name, "%s%s%s", k->noun, k->verb ? " " : "", k->verb ? k->verb : "");
            printf("  %-24s %s\n", name, k->help);
        }
    }
    puts("\nkassa NOUN help tells more of one noun, kassa NOUN VERB --help all about a command.\n"
         "Ends with 0: done, 1: refused or failed, 2: wrong use.");
}
