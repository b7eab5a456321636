/* SQLite writes each page of a commit into its log by two system calls, a header of 24 bytes and the page; a commit of a
 * batch has a hundred pages. This layer keeps what is written to the log in memory and hands it to the system in one
 * piece, at the latest when the log is synced, read, measured or closed.
 *
 * Why that is safe: with synchronous=FULL a commit syncs the log before it publishes its pages in the shared index, and
 * no other connection reads pages that are not published. What is lost with the process before that sync was never
 * committed. A write that fails late fails the sync, and so the commit.
 *
 * All other files go to the system's layer unchanged. A connection belongs to one thread at a time, and so do its files. */
#include "store/sqlite_vfs.h"

#include "base/log.h"
#include "base/mem.h"
#include <sqlite3.h>
#include <string.h>

#define HELD_MAX (1024 * 1024)
/* SQLite's layer takes less than 128 KiB in one call. */
#define PIECE (64 * 1024)

struct wal_file {
    sqlite3_file base;
    unsigned char *held; /* HELD_MAX bytes, or NULL: nothing was ever written */
    sqlite3_int64 at;    /* where in the file the held bytes belong */
    int n;
};

static sqlite3_vfs *system_vfs;

/* The system's file lies behind ours. */
static sqlite3_file *real(sqlite3_file *f)
{
    return (sqlite3_file *)((struct wal_file *)(void *)f + 1);
}

static int flush(struct wal_file *l)
{
    sqlite3_file *r = real(&l->base);
    int rc = SQLITE_OK;
    for (int from = 0; rc == SQLITE_OK && from < l->n; from += PIECE) {
        int n = l->n - from < PIECE ? l->n - from : PIECE;
        rc = r->pMethods->xWrite(r, l->held + from, n, l->at + from);
    }
    /* A failed write fails the commit; its pages are not written again by this transaction. */
    l->n = 0;
    return rc;
}

static int wal_close(sqlite3_file *f)
{
    struct wal_file *l = (void *)f;
    int rc = flush(l);
    mem_free(l->held);
    int closed = real(f)->pMethods->xClose(real(f));
    return rc == SQLITE_OK ? closed : rc;
}

static int wal_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    int rc = flush((void *)f);
    return rc == SQLITE_OK ? real(f)->pMethods->xRead(real(f), p, n, at) : rc;
}

static int wal_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    struct wal_file *l = (void *)f;
    /* Pages are 64 KiB at most. */
    ensure(n <= HELD_MAX, "a write into the log is longer than a page");
    if (l->n > 0 && (at != l->at + l->n || n > HELD_MAX - l->n)) {
        int rc = flush(l);
        if (rc != SQLITE_OK)
            return rc;
    }
    if (!l->held)
        l->held = mem_alloc(HELD_MAX);
    if (l->n == 0)
        l->at = at;
    memcpy(l->held + l->n, p, (size_t)n);
    l->n += n;
    return SQLITE_OK;
}

static int wal_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int rc = flush((void *)f);
    return rc == SQLITE_OK ? real(f)->pMethods->xTruncate(real(f), size) : rc;
}

static int wal_sync(sqlite3_file *f, int flags)
{
    int rc = flush((void *)f);
    return rc == SQLITE_OK ? real(f)->pMethods->xSync(real(f), flags) : rc;
}

static int wal_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    int rc = flush((void *)f);
    return rc == SQLITE_OK ? real(f)->pMethods->xFileSize(real(f), ret) : rc;
}

static int wal_lock(sqlite3_file *f, int kind)
{
    return real(f)->pMethods->xLock(real(f), kind);
}

static int wal_unlock(sqlite3_file *f, int kind)
{
    return real(f)->pMethods->xUnlock(real(f), kind);
}

static int wal_reserved(sqlite3_file *f, int *ret)
{
    return real(f)->pMethods->xCheckReservedLock(real(f), ret);
}

static int wal_control(sqlite3_file *f, int op, void *arg)
{
    return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int wal_sector(sqlite3_file *f)
{
    return real(f)->pMethods->xSectorSize(real(f));
}

static int wal_traits(sqlite3_file *f)
{
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

/* Version 1: the log is neither shared memory nor mapped. */
static const sqlite3_io_methods WAL_METHODS = {
    .iVersion = 1,
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_size,
    .xLock = wal_lock,
    .xUnlock = wal_unlock,
    .xCheckReservedLock = wal_reserved,
    .xFileControl = wal_control,
    .xSectorSize = wal_sector,
    .xDeviceCharacteristics = wal_traits,
};

static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    (void)v;
    if (!(flags & SQLITE_OPEN_WAL))
        return system_vfs->xOpen(system_vfs, name, f, flags, ret_flags);
    struct wal_file *l = (void *)f;
    *l = (struct wal_file){0};
    int rc = system_vfs->xOpen(system_vfs, name, real(f), flags, ret_flags);
    /* SQLite closes what has methods, also after a failed open. */
    if (rc == SQLITE_OK)
        l->base.pMethods = &WAL_METHODS;
    else if (real(f)->pMethods)
        real(f)->pMethods->xClose(real(f));
    return rc;
}

const char *sqlite_vfs_register(void)
{
    static sqlite3_vfs ours;
    system_vfs = sqlite3_vfs_find(NULL);
    ensure(system_vfs, "SQLite has no file layer");
    ours =
        *system_vfs; /* all else is the system's, which takes no notice of the vfs it is called with */
    ours.zName = "kassa";
    ours.pNext = NULL;
    ours.szOsFile += (int)sizeof(struct wal_file);
    ours.xOpen = vfs_open;
    ensure(sqlite3_vfs_register(&ours, 0) == SQLITE_OK, "SQLite takes no file layer");
    return ours.zName;
}
