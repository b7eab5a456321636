/* What a store says of a move (store/move.h): a setting that opening it looks for. Private to the store. */
#ifndef KASSA_STORE_MOVE_MARK_H
#define KASSA_STORE_MOVE_MARK_H

#include "store/db.h"

#define MOVE_ID_LEN 32

enum move_state {
    MOVE_NONE,
    MOVE_BEGUN, /* a copy is under way, or was cut off: nobody may write here, nor there yet */
    MOVE_GONE,  /* the books are kept elsewhere now */
};

struct move_mark {
    enum move_state state;
    char id[MOVE_ID_LEN + 1]; /* of the move; "" in MOVE_NONE */
};

void move_id_new(char ret[MOVE_ID_LEN + 1]);
/* A store without tables has none. ERR_STORE_IO: it can't be read. */
enum err move_mark_read(struct db *db, struct move_mark *ret) must_check;
/* Within a writer's transaction. MOVE_NONE takes the mark away. */
enum err move_mark_write(struct db *db, const struct move_mark *m) must_check;
/* Which move a store came from; "": none. */
enum err move_origin_read(struct db *db, char ret[MOVE_ID_LEN + 1]) must_check;
enum err move_origin_write(struct db *db, const char *id) must_check;

/* ERR_STATE with a text in `why` when the books are not kept here, or not for certain. */
enum err move_mark_refuse(struct db *db, const char *path, struct buf *why) must_check;

#endif
