/* Payments of a store by chance: their order ids in one file, the paths of their pages in another. */
#include "base/crypto.h"
#include "bench.h"
#include "bench_store.h"
#include "store/store_payment.h"

#include <stdio.h>
#include <string.h>

#define FIRST_ID 100000001 /* of payments */

static enum err newest(void *arg, const struct payment_row *p)
{
    *(int64_t *)arg = p->id;
    return ERR_OK;
}

static int64_t random_upto(int64_t n)
{
    uint64_t r;
    random_bytes(&r, sizeof r);
    return (int64_t)(r % (uint64_t)n);
}

static FILE *file_new(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f) {
        bench_die(path);
    }
    return f;
}

/* Ids have gaps, where a process left a part of its block unused. */
static void sample(
    struct db *db, int64_t first, int64_t last, int64_t count, FILE *orders, FILE *paths)
{
    struct arena a;
    arena_init(&a, 1 << 20);
    for (int64_t i = 0; i < count;) {
        struct payment_row p;
        arena_reset(&a);
        if (store_payment_by_id(db, &a, first + random_upto(last - first + 1), &p) == ERR_OK) {
            fprintf(orders, "%.*s\n", STR_FMT(p.order_id));
            fprintf(paths, "/%.*s\n", STR_FMT(p.uuid));
            i++;
        }
    }
    arena_clear(&a);
}

int bench_sample(int argc, char **argv)
{
    (void)argc;
    struct clock clock;
    int64_t last = 0;
    clock_init(&clock);
    struct store *s = bench_store_open(argv[0], &clock);
    struct db *db = bench_store_reader(s);
    if (store_payment_each(db, 0, STR_ABSENT, 1, newest, &last) != ERR_OK || last == 0) {
        bench_die("no payment is stored");
    }
    FILE *orders = file_new(argv[2]), *paths = file_new(argv[3]);
    sample(db, FIRST_ID, last, bench_number(argv[1]), orders, paths);
    store_close(s);
    return fclose(orders) == 0 && fclose(paths) == 0 ? 0 : 1;
}
