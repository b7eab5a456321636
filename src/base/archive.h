/* Small archives, made in memory: the only user of libzip. */
#ifndef KASSA_BASE_ARCHIVE_H
#define KASSA_BASE_ARCHIVE_H

#include "base/buf.h"

struct zip_member {
    const char *name;
    struct str content;
};

/* Appends an archive of these files, each 0600, stored as they are. ERR_LIMIT, ERR_IO. The contents must live until it returns. */
enum err zip_pack(const struct zip_member *files, int count, struct buf *ret) must_check;

#endif
