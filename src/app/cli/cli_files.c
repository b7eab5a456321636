#include "app/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Its name is as durable as its bytes. */
static bool folder_sync(const char *path)
{
    char copy[PATH_MAX];
    if (strlen(path) + 1 > sizeof copy) {
        return false;
    }
    memcpy(copy, path, strlen(path) + 1);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

int cli_file_place(const char *part, const char *path)
{
    if (link(part, path) != 0) {
        return cli_fail("%s: %s", path, strerror(errno));
    }
    if (unlink(part) != 0 || !folder_sync(path)) {
        return cli_fail("%s is there, but its folder can't be written: %s", path, strerror(errno));
    }
    return CLI_OK;
}

static bool bytes_copy(int from, int to, int64_t *ret_bytes)
{
    int64_t sum = 0;
    ssize_t n;
    do {
        n = copy_file_range(from, NULL, to, NULL, (size_t)64 << 20, 0);
        sum += n > 0 ? n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    *ret_bytes = sum;
    return n == 0 && fsync(to) == 0;
}

int cli_file_copy(const char *from, const char *to, int64_t *ret_bytes)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        return cli_fail("%s: %s", from, strerror(errno));
    }
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int code = CLI_OK;
    if (out < 0) {
        code = cli_fail("%s: %s", to, strerror(errno));
    } else if (!bytes_copy(in, out, ret_bytes)) {
        code = cli_fail("%s can't be copied to %s: %s", from, to, strerror(errno));
        (void)unlink(to);
    }
    close(in);
    if (out >= 0) {
        close(out);
    }
    return code;
}
