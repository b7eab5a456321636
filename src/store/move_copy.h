/* The rows of all tables, from one store to another, read back and compared. Private to the store: move.h tells the whole. */
#ifndef KASSA_STORE_MOVE_COPY_H
#define KASSA_STORE_MOVE_COPY_H

#include "base/crypto.h"
#include "store/shape.h"

/* Over all rows, in their order: each one's digest covers the one before it. */
struct digest {
    int64_t rows;
    uint8_t sum[SHA256_LEN];
};

struct moved {
    struct db_sql select, clear; /* their texts are this table's */
    struct digest from, to;
    char hex[2 * SHA256_LEN + 1];
};

/* Of the connections, which are its owner's, the first can tell its shape and the second loads and unloads (store/db.h). */
struct move_copy {
    struct db *from, *to;
    struct shape shape;
    struct moved *
        tables; /* as the shape's; freed behind the connections, which know their statements by them */
};

/* Reads the shape. A text is in `why` on failure, here and below: ERR_STATE or ERR_IO. */
enum err move_copy_init(
    struct move_copy *c, struct db *from, struct db *to, struct buf *why) must_check;
void move_copy_clear(struct move_copy *c);
/* Within transactions on both. */
enum err move_copy_run(struct move_copy *c, struct buf *why) must_check;
/* Only compares, all but the settings. ERR_STATE: they differ. */
enum err move_copy_same(struct move_copy *c, struct buf *why) must_check;

#endif
