/* Rows as list items, for the commands that show them and for those that show what they belong to. arg: struct cli. */
#ifndef KASSA_APP_CLI_ROWS_H
#define KASSA_APP_CLI_ROWS_H

#include "app/cli/cli.h"
#include "store/store_ledger.h"
#include "store/store_outbox.h"
#include "store/store_payment.h"
#include "store/store_refund.h"

enum err cli_row_cert(void *arg, const struct cert_row *r);
enum err cli_row_redirect(void *arg, const struct redirect_row *r); /* deleted ones are left out */
enum err cli_row_endpoint(void *arg, const struct endpoint_row *r); /* deleted ones are left out */
enum err cli_row_credit(void *arg, const struct credit_row *r);
enum err cli_row_refund(void *arg, const struct refund_row *r);
enum err cli_row_outbox(void *arg, const struct outbox_row *r);
/* The facts alone, without an item around them. */
void cli_out_outbox(struct cli *c, const struct outbox_row *r);
enum err cli_row_outbox_try(void *arg, const struct outbox_try_row *r);

/* The payment that the operand names: by id or uuid, with --account also by order id. Its exit code, told. */
int cli_payment(struct cli *c, struct payment_row *ret) must_check;

#endif
