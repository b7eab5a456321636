/* Payments of a store by chance: the order ids of some in one file, the paths of others' pages in another. Pages are those of the
 * newest payments, which are open still: that of an ended one only sends the payer on. */
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

typedef void (*sample_fn)(FILE *out, const struct payment_row *p);

static void order_print(FILE *out, const struct payment_row *p)
{
    fprintf(out, "%.*s\n", STR_FMT(p->order_id));
}

static void path_print(FILE *out, const struct payment_row *p)
{
    fprintf(out, "/%.*s\n", STR_FMT(p->uuid));
}

struct range {
    int64_t first, last, count;
};

/* Ids have gaps, where a process left a part of its block unused. */
static void sample(struct db *db, struct range r, const char *file, sample_fn print)
{
    struct arena a;
    FILE *out = file_new(file);
    arena_init(&a, 1 << 20);
    for (int64_t i = 0; i < r.count;) {
        struct payment_row p;
        arena_reset(&a);
        int64_t id = r.first + random_upto(r.last - r.first + 1);
        if (store_payment_by_id(db, &a, id, &p) == ERR_OK) {
            print(out, &p);
            i++;
        }
    }
    arena_clear(&a);
    if (fclose(out) != 0) {
        bench_die(file);
    }
}

int bench_sample(int argc, char **argv)
{
    (void)argc;
    struct clock clock;
    struct range r = {.first = FIRST_ID, .count = bench_number(argv[1])};
    int64_t newest_count = bench_number(argv[2]);
    clock_init(&clock);
    struct store *s = bench_store_open(argv[0], &clock);
    struct db *db = bench_store_reader(s);
    if (store_payment_each(db, 0, STR_ABSENT, 1, newest, &r.last) != ERR_OK || r.last == 0) {
        bench_die("no payment is stored");
    }
    sample(db, r, argv[3], order_print);
    r.first = r.last - newest_count + 1;
    sample(db, r, argv[4], path_print);
    store_close(s);
    return 0;
}
