#include "store/sqlite_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Its owner alone may read it: it holds payers' data. */
static enum err file_make(const char *path, struct buf *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return ERR_OK;
    }
    buf_printf(why, "%s: %s", path, strerror(errno));
    return errno == EEXIST ? ERR_DUPLICATE : ERR_STORE_IO;
}

static enum err fault_of(sqlite3 *to, int rc, const char *path, struct buf *why)
{
    int sys = to ? sqlite3_system_errno(to) : 0;
    buf_printf(why, "%s: %s", path, to ? sqlite3_errmsg(to) : sqlite3_errstr(rc));
    bool full = (rc & 0xff) == SQLITE_FULL || sys == ENOSPC || sys == EDQUOT || sys == EFBIG;
    return full ? ERR_STORE_FULL : ERR_STORE_IO;
}

/* In one step: between steps a writer of another process would make it begin again, for ever under load. */
static int copy(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
    if (!b) {
        return sqlite3_extended_errcode(to);
    }
    (void)sqlite3_backup_step(b, -1);
    return sqlite3_backup_finish(b); /* tells the step's error */
}

enum err sqlite_backup(sqlite3 *from, const char *path, struct buf *why)
{
    sqlite3 *to = NULL;
    enum err e = file_make(path, why);
    if (e != ERR_OK) {
        return e;
    }
    int rc = sqlite3_open_v2(
        path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(to, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
    }
    if (rc == SQLITE_OK) {
        rc = copy(from, to);
    }
    e = rc == SQLITE_OK ? ERR_OK : fault_of(to, rc, path, why);
    sqlite3_close(to);
    if (e != ERR_OK) {
        (void)unlink(path);
    }
    return e;
}

enum err sqlite_check(sqlite3 *db, struct buf *why)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &st, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(st);
    }
    const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
    bool sound = text && strcmp(text, "ok") == 0;
    if (!sound) {
        buf_cstr(why, text ? text : sqlite3_errmsg(db));
    }
    sqlite3_finalize(st);
    return sound ? ERR_OK : ERR_STORE_IO;
}
