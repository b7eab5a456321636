/* The file layer of our SQLite connections. Private to the SQLite engine. */
#ifndef KASSA_STORE_SQLITE_VFS_H
#define KASSA_STORE_SQLITE_VFS_H

/* Registers the layer, once for the process, before the first connection. Its name for sqlite3_open_v2. */
const char *sqlite_vfs_register(void);

#endif
