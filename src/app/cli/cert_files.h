/* The files of a new certificate: password.txt, private.pem, public.pem, in a folder, an archive or both. */
#ifndef KASSA_APP_CLI_CERT_FILES_H
#define KASSA_APP_CLI_CERT_FILES_H

#include "app/cli/cli.h"
#include "service/certs.h"

struct cert_files {
    const char *dir, *zip; /* NULL: not there */
    struct cert_pair pair;
    /* what was written, for taking it away again */
    bool wrote_zip;
    int wrote; /* the first so many of the folder's */
};

void cert_files_init(struct cert_files *f, const char *dir, const char *zip);
/* All or nothing; overwrites nothing. CLI_OK, or CLI_FAILED, told. */
int cert_files_write(struct cli *c, struct cert_files *f) must_check;
void cert_files_remove(struct cert_files *f);
void cert_files_out(struct cli *c, const struct cert_files *f);
void cert_files_wipe(struct cert_files *f);

#endif
