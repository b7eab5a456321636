#include "app/cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

int cli_folders_make(const char *dir)
{
    char path[PATH_MAX];
    if (strlen(dir) + 1 >= sizeof path) {
        return cli_fail("%s: the path is too long", dir);
    }
    memcpy(path, dir, strlen(dir) + 1);
    for (char *p = path + 1;; p++) {
        char was = *p;
        if (was != '/' && was != '\0') {
            continue;
        }
        *p = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            return cli_fail("%s can't be made: %s", path, strerror(errno));
        }
        *p = was;
        if (was == '\0') {
            return CLI_OK;
        }
    }
}
