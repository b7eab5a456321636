#include "bench_store.h"

#include "bench.h"
#include "store/store_account.h"
#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

struct store *bench_store_open(const char *path, const struct clock *clock)
{
    struct buf why;
    struct store *s;
    buf_init(&why, 4096);
    struct store_options o = {.path = path, .queue_max = 16, .batch_max = 16, .clock = clock};
    if (store_open(&o, &why, &s) != ERR_OK) {
        fail(why.p);
    }
    buf_clear(&why);
    return s;
}

struct db *bench_store_reader(struct store *s)
{
    struct db *db = store_reader(s);
    if (!db) {
        fail("the store can't be read");
    }
    return db;
}

int64_t bench_account_id(struct store *s, const char *uuid)
{
    struct arena a;
    struct account_row row;
    arena_init(&a, 1 << 20);
    if (store_account_by_uuid(bench_store_reader(s), &a, str_from(uuid), &row) != ERR_OK) {
        fail("there is no such account");
    }
    int64_t id = row.id;
    arena_clear(&a);
    return id;
}
