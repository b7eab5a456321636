/* What kassa init needs of kassa person. */
#ifndef KASSA_APP_CLI_PERSON_H
#define KASSA_APP_CLI_PERSON_H

#include "app/cli/cli.h"
#include "core/roles.h"

/* Adds a person and writes it out with the link of the invitation. `name` NULL: what stands before the '@'. An exit code. */
int cli_person_invite(struct cli *c, const char *email, const char *name, enum role role,
    int64_t merchant_id, const char *language) must_check;

#endif
