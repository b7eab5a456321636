#include "app/cli/cert_files.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void cert_files_init(struct cert_files *f, const char *dir, const char *zip)
{
    *f = (struct cert_files){.dir = dir, .zip = zip};
    cert_pair_init(&f->pair);
}

static bool write_all(int fd, struct str s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        s = str_sub(s, (size_t)n, s.n);
    }
    return fsync(fd) == 0;
}

static bool path_of(const struct cert_files *f, const char *name, char out[PATH_MAX])
{
    int n = snprintf(out, PATH_MAX, "%s/%s", f->dir, name);
    return n > 0 && n < PATH_MAX;
}

static int write_one(const struct cert_files *f, const struct zip_member *file)
{
    char path[PATH_MAX];
    if (!path_of(f, file->name, path)) {
        return cli_fail("--out: the path is too long");
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return cli_fail("%s can't be made: %s", path, strerror(errno));
    }
    bool good = write_all(fd, file->content);
    good = close(fd) == 0 && good;
    if (!good) {
        unlink(path);
        return cli_fail("%s can't be written", path);
    }
    return CLI_OK;
}

static int write_folder(struct cert_files *f, const struct zip_member *files, int count)
{
    int code = cli_folders_make(f->dir);
    for (; code == CLI_OK && f->wrote < count; f->wrote += code == CLI_OK) {
        code = write_one(f, &files[f->wrote]);
    }
    return code;
}

static int write_zip(struct cert_files *f)
{
    struct buf archive;
    buf_init(&archive, CERT_ARCHIVE_MAX);
    enum err e = cert_pair_archive(&f->pair, &archive);
    int fd = e == ERR_OK ? open(f->zip, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    bool taken = e == ERR_OK && fd < 0 && errno == EEXIST;
    bool good = fd >= 0 && write_all(fd, buf_view(&archive));
    good = fd >= 0 && close(fd) == 0 && good;
    buf_wipe(&archive);
    f->wrote_zip = good;
    if (fd >= 0 && !good) {
        unlink(f->zip);
    }
    if (taken) {
        return cli_fail("--zip: %s exists already; nothing was changed", f->zip);
    }
    return good ? CLI_OK : cli_fail("--zip: %s can't be written", f->zip);
}

int cert_files_write(struct cli *c, struct cert_files *f)
{
    (void)c;
    struct zip_member files[CERT_FILES_MAX];
    int count = cert_pair_files(&f->pair, files);
    int code = f->dir ? write_folder(f, files, count) : CLI_OK;
    if (code == CLI_OK && f->zip) {
        code = write_zip(f);
    }
    if (code != CLI_OK) {
        cert_files_remove(f);
    }
    return code;
}

void cert_files_remove(struct cert_files *f)
{
    struct zip_member files[CERT_FILES_MAX];
    char path[PATH_MAX];
    int count = cert_pair_files(&f->pair, files);
    ensure(f->wrote <= count, "no more was written than there is");
    for (; f->wrote > 0; f->wrote--) {
        if (path_of(f, files[f->wrote - 1].name, path)) {
            unlink(path);
        }
    }
    if (f->wrote_zip) {
        unlink(f->zip);
        f->wrote_zip = false;
    }
}

void cert_files_out(struct cli *c, const struct cert_files *f)
{
    json_w_kcstr(&c->w, "folder", f->dir);
    json_w_kcstr(&c->w, "archive", f->zip);
    if (f->pair.private_pem.n > 0) {
        cli_note(c, "\nThe private key is in %s%s%s only: Kassa has no copy of it.",
            f->dir ? f->dir : "", f->dir && f->zip ? " and " : "", f->zip ? f->zip : "");
    }
}

void cert_files_wipe(struct cert_files *f)
{
    cert_pair_wipe(&f->pair);
}
