/* What kassa init needs of kassa person. */
#ifndef KASSA_APP_CLI_PERSON_H
#define KASSA_APP_CLI_PERSON_H

#include "app/cli/cli.h"
#include "service/people.h"

/* Adds a person (email, role, merchant_id, language; name absent: what stands before the '@') and gives the token of the
 * invitation. CLI_OK, or why not, told. */
int cli_person_invite(
    struct cli *c, struct person_row *p, char ret_token[SESSION_TOKEN_LEN + 1]) must_check;
/* Writes out the link of an invitation. */
void cli_person_link(struct cli *c, const char *key, const char *token);

#endif
