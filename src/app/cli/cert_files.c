#include "app/cli/cert_files.h"

#include "app/cli/cli_zip.h"
#include "base/mem.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWORD_RAW_LEN 24

void cert_files_init(struct cert_files *f, const char *dir, const char *zip)
{
    *f = (struct cert_files){.dir = dir, .zip = zip};
    buf_init(&f->password, 256);
    buf_init(&f->private_pem, RSA_PEM_MAX);
    buf_init(&f->public_pem, RSA_PEM_MAX);
}

/* Without a line's end: the documented PHP passes the file's raw content as the pass phrase. */
enum err cert_files_private(struct cert_files *f, const struct rsa_private *key)
{
    uint8_t raw[PASSWORD_RAW_LEN];
    random_bytes(raw, sizeof raw);
    hex_encode(&f->password, raw, sizeof raw);
    mem_wipe(raw, sizeof raw);
    return rsa_private_to_pem(key, buf_view(&f->password), &f->private_pem);
}

enum err cert_files_public(struct cert_files *f, const struct rsa_public *key)
{
    return rsa_public_to_pem(key, &f->public_pem);
}

static int list(const struct cert_files *f, struct cli_zip_file out[CERT_FILES_MAX])
{
    int n = 0;
    if (f->private_pem.n > 0) {
        out[n++] = (struct cli_zip_file){"password.txt", buf_view(&f->password)};
        out[n++] = (struct cli_zip_file){"private.pem", buf_view(&f->private_pem)};
    }
    out[n++] = (struct cli_zip_file){"public.pem", buf_view(&f->public_pem)};
    return n;
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

static int write_one(const struct cert_files *f, const struct cli_zip_file *file)
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

static int write_folder(struct cert_files *f, const struct cli_zip_file *files, int count)
{
    int code = cli_folders_make(f->dir);
    for (; code == CLI_OK && f->wrote < count; f->wrote += code == CLI_OK) {
        code = write_one(f, &files[f->wrote]);
    }
    return code;
}

static int write_zip(struct cert_files *f, const struct cli_zip_file *files, int count)
{
    enum err e = cli_zip_write(f->zip, files, count);
    f->wrote_zip = e == ERR_OK;
    if (e == ERR_DUPLICATE) {
        return cli_fail("--zip: %s exists already; nothing was changed", f->zip);
    }
    return e == ERR_OK ? CLI_OK : cli_fail("--zip: %s can't be written", f->zip);
}

int cert_files_write(struct cli *c, struct cert_files *f)
{
    (void)c;
    struct cli_zip_file files[CERT_FILES_MAX];
    int count = list(f, files);
    int code = f->dir ? write_folder(f, files, count) : CLI_OK;
    if (code == CLI_OK && f->zip) {
        code = write_zip(f, files, count);
    }
    if (code != CLI_OK) {
        cert_files_remove(f);
    }
    return code;
}

void cert_files_remove(struct cert_files *f)
{
    struct cli_zip_file files[CERT_FILES_MAX];
    char path[PATH_MAX];
    list(f, files);
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
    if (f->private_pem.n > 0) {
        cli_note(c, "\nThe private key is in %s%s%s only: Kassa has no copy of it.",
            f->dir ? f->dir : "", f->dir && f->zip ? " and " : "", f->zip ? f->zip : "");
    }
}

void cert_files_wipe(struct cert_files *f)
{
    buf_wipe(&f->password);
    buf_wipe(&f->private_pem);
    buf_clear(&f->public_pem);
}
