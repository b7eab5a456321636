/* A store on a given engine: for tests, and for an engine chosen by configuration. */
#ifndef KASSA_STORE_STORE_ENGINE_H
#define KASSA_STORE_STORE_ENGINE_H

#include "store/db.h"
#include "store/store.h"

/* Like store_open. `g` outlives the store. */
enum err store_open_on(const struct db_engine *g, const struct store_options *o, struct buf *why,
    struct store **ret) must_check;

enum err store_schema_look_on(const struct db_engine *g, const char *path, struct buf *why,
    struct store_schema *ret) must_check;

#endif
