#include "base/archive.h"

#include "base/mem.h"
#include <zip.h>

#define MODE_FILE_0600 ((zip_uint32_t)0100600 << 16)

static bool add_file(zip_t *archive, const struct zip_member *f)
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

/* What the archive was written into, which outlives it. */
static enum err read_all(zip_source_t *memory, struct buf *ret)
{
    zip_stat_t stat;
    if (zip_source_stat(memory, &stat) != 0 || !(stat.valid & ZIP_STAT_SIZE) ||
        zip_source_open(memory) != 0) {
        return ERR_IO;
    }
    char *bytes = mem_alloc_raw(stat.size + 1);
    zip_int64_t n = zip_source_read(memory, bytes, stat.size);
    zip_source_close(memory);
    if (n > 0) {
        buf_add(ret, bytes, (size_t)n);
    }
    mem_wipe(bytes, stat.size);
    mem_free(bytes);
    if (n < 0 || (zip_uint64_t)n != stat.size) {
        return ERR_IO;
    }
    return buf_ok(ret) ? ERR_OK : ERR_LIMIT;
}

enum err zip_pack(const struct zip_member *files, int count, struct buf *ret)
{
    zip_source_t *memory = zip_source_buffer_create(NULL, 0, 0, NULL);
    if (!memory) {
        return ERR_IO;
    }
    zip_source_keep(memory);
    zip_t *archive = zip_open_from_source(memory, ZIP_TRUNCATE, NULL);
    if (!archive) {
        zip_source_free(memory);
        zip_source_free(memory);
        return ERR_IO;
    }
    bool good = true;
    for (int i = 0; i < count; i++) {
        good = good && add_file(archive, &files[i]);
    }
    if (!good || zip_close(archive) != 0) {
        zip_discard(archive);
        good = false;
    }
    enum err e = good ? read_all(memory, ret) : ERR_IO;
    zip_source_free(memory);
    return e;
}
