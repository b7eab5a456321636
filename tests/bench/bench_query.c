/* What the gateway asks its store again and again, whatever it holds: medians in microseconds. */
#include "base/mem.h"
#include "bench.h"
#include "bench_store.h"
#include "store/store_outbox.h"
#include "store/store_payment.h"

#include <stdio.h>

#define TIMES 200
#define IDS_MAX 64

struct asker {
    struct db *db;
    int64_t now;
};

static enum err expired(struct asker *q)
{
    int64_t ids[IDS_MAX];
    int count;
    return store_payment_expired(q->db, q->now, ids, IDS_MAX, &count);
}

static enum err next_expiry(struct asker *q)
{
    int64_t at;
    return store_payment_next_expiry(q->db, &at);
}

static enum err attempts_due(struct asker *q)
{
    int64_t ids[IDS_MAX];
    int count;
    return store_attempt_due(q->db, q->now, ids, IDS_MAX, &count);
}

static enum err next_due(struct asker *q)
{
    int64_t at;
    return store_outbox_next_due(q->db, &at);
}

static int64_t median_us(struct asker *q, enum err (*ask)(struct asker *q), const char *what)
{
    struct bench_times t;
    bench_times_init(&t);
    for (int i = 0; i < TIMES; i++) {
        int64_t from = bench_now_ns();
        enum err e = ask(q);
        if (e != ERR_OK && e != ERR_NO_ROW) {
            bench_die(what);
        }
        bench_times_add(&t, (bench_now_ns() - from) / 1000);
    }
    int64_t median = bench_times_quantile(&t, 0.5);
    bench_times_clear(&t);
    return median;
}

int bench_query(int argc, char **argv)
{
    (void)argc;
    static const struct {
        const char *name;
        enum err (*ask)(struct asker *q);
    } questions[] = {{"expired_us", expired}, {"next_expiry_us", next_expiry},
        {"attempts_due_us", attempts_due}, {"outbox_next_due_us", next_due}};
    struct clock clock;
    clock_init(&clock);
    struct store *s = bench_store_open(argv[0], &clock);
    struct asker q = {.db = bench_store_reader(s), .now = clock_now_ms(&clock)};
    for (size_t i = 0; i < array_len(questions); i++) {
        printf("%s\"%s\":%lld", i ? "," : "{", questions[i].name,
            (long long)median_us(&q, questions[i].ask, questions[i].name));
    }
    puts("}");
    store_close(s);
    return 0;
}
