/* Certificate archives: the only user of libzip. */
#ifndef KASSA_APP_CLI_CLI_ZIP_H
#define KASSA_APP_CLI_CLI_ZIP_H

#include "base/buf.h"

struct cli_zip_file {
    const char *name;
    struct str content;
};

/* A new archive with these files, each 0600, stored as they are. Overwrites nothing: ERR_DUPLICATE. ERR_IO. The contents
 * must live until it returns. */
enum err cli_zip_write(const char *path, const struct cli_zip_file *files, int count) must_check;

#endif
