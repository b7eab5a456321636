/* What the two files of kassa account share. */
#ifndef KASSA_APP_CLI_ACCOUNT_H
#define KASSA_APP_CLI_ACCOUNT_H

#include "app/cli/cli.h"

/* The options' values that add and update have in common, into the row. False, told. */
bool account_options(struct cli *c, struct account_row *r) must_check;
/* The account's own facts, without secrets. */
void account_out(struct cli *c, const struct account_row *r);

int account_add_run(struct cli *c);
int account_update_run(struct cli *c);
int account_show_run(struct cli *c);
int account_list_run(struct cli *c);
int account_enable_run(struct cli *c);
int account_disable_run(struct cli *c);
int account_secret_run(struct cli *c);

#endif
