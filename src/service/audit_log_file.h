/* The audit log as a file: a line of JSON for each row, which whoever has the file can verify without Kassa (doc/audit-log.md). */
#ifndef KASSA_SERVICE_AUDIT_LOG_FILE_H
#define KASSA_SERVICE_AUDIT_LOG_FILE_H

#include "base/arena.h"
#include "store/store_audit_log.h"

/* `own`: as a link of its merchant's chain, else of the chain of all rows. Appends. */
void audit_log_line(const struct audit_log_row *r, bool own, struct buf *b);

struct audit_log_check {
    bool own; /* which chain it is; the first line says */
    int64_t lines;
    int64_t first, last; /* numbers of its links */
    char head[AUDIT_HASH_LEN + 1];
};
/* Takes the next line: zeros to begin with. False: it is no line of this file, was altered, or does not follow the one before; `why` is
 * then a static text. A file that begins with a later link than the first is taken: it is the rest of an older one. */
bool audit_log_check_line(
    struct audit_log_check *x, struct arena *a, struct str line, const char **ret_why) must_check;

#endif
