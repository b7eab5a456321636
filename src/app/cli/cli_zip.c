#include "app/cli/cli_zip.h"

#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#define MODE_FILE_0600 ((zip_uint32_t)0100600 << 16)

static bool add_file(zip_t *archive, const struct cli_zip_file *f)
{
    zip_source_t *source = zip_source_buffer(archive, f->content.p, f->content.n, 0);
    zip_int64_t i = source ? zip_file_add(archive, f->name, source, ZIP_FL_ENC_UTF_8) : -1;
    if (i < 0) {
        zip_source_free(source);
        return false;
    }
    zip_uint64_t at = (zip_uint64_t)i;
    return zip_set_file_compression(archive, at, ZIP_CM_STORE, 0) == 0 &&
           zip_file_set_external_attributes(archive, at, 0, ZIP_OPSYS_UNIX, MODE_FILE_0600) == 0;
}

enum err cli_zip_write(const char *path, const struct cli_zip_file *files, int count)
{
    int fault = 0;
    zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_EXCL, &fault);
    if (!archive) {
        return fault == ZIP_ER_EXISTS ? ERR_DUPLICATE : ERR_IO;
    }
    bool good = true;
    for (int i = 0; i < count; i++) {
        good = good && add_file(archive, &files[i]);
    }
    if (!good || zip_close(archive) != 0) {
        zip_discard(archive);
        return ERR_IO;
    }
    if (chmod(path, 0600) != 0) {
        unlink(path);
        return ERR_IO;
    }
    return ERR_OK;
}
