#include "base/metrics.h"

#include "base/log.h"
#include "base/mem.h"
#include <inttypes.h>
#include <stdatomic.h>

/* Upper bounds in microseconds; one more bucket takes what is above the last. */
static const int64_t bounds[] = {100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
    250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000};

/* A cache line each, so that threads that count different things don't slow each other down. */
struct cell {
    _Alignas(64) _Atomic int64_t v;
};

struct histogram_cells {
    _Alignas(64) _Atomic int64_t sum;
    _Atomic int64_t buckets[array_len(bounds) + 1];
};

struct metric_info {
    const char *name;
    const char *kind;
    const char *help;
};

#define KIND_COUNTER "counter"
#define KIND_GAUGE "gauge"

static const struct metric_info metric_infos[] = {
#define M(name, kind, help) [METRIC_##name] = {#name, KIND_##kind, help},
#define H(name, help)
#include "base/metrics.def"
#undef M
#undef H
};

static const struct metric_info histogram_infos[] = {
#define M(name, kind, help)
#define H(name, help) [HISTOGRAM_##name] = {#name, "histogram", help},
#include "base/metrics.def"
#undef M
#undef H
};

static struct cell cells[METRIC_COUNT];
static struct histogram_cells histograms[HISTOGRAM_COUNT];

static _Atomic int64_t *cell_of(enum metric m)
{
    ensure((unsigned)m < METRIC_COUNT, "no such metric");
    return &cells[m].v;
}

void metric_add(enum metric m, int64_t delta)
{
    atomic_fetch_add_explicit(cell_of(m), delta, memory_order_relaxed);
}

void metric_set(enum metric m, int64_t value)
{
    atomic_store_explicit(cell_of(m), value, memory_order_relaxed);
}

int64_t metric_get(enum metric m)
{
    return atomic_load_explicit(cell_of(m), memory_order_relaxed);
}

void metric_observe(enum histogram h, int64_t microseconds)
{
    ensure((unsigned)h < HISTOGRAM_COUNT, "no such histogram");
    int64_t us = microseconds > 0 ? microseconds : 0;
    size_t i = 0;
    while (i < array_len(bounds) && us > bounds[i])
        i++;
    atomic_fetch_add_explicit(&histograms[h].buckets[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histograms[h].sum, us, memory_order_relaxed);
}

static void info_render(struct buf *out, const struct metric_info *info)
{
    buf_printf(out, "# HELP kassa_%s %s\n", info->name, info->help);
    buf_printf(out, "# TYPE kassa_%s %s\n", info->name, info->kind);
}

/* The count is the sum of the buckets read here, so that it always equals the last one. */
static void histogram_render(struct buf *out, enum histogram h)
{
    const struct metric_info *info = &histogram_infos[h];
    struct histogram_cells *cells_h = &histograms[h];
    int64_t count = 0;
    info_render(out, info);
    for (size_t i = 0; i < array_len(bounds); i++) {
        count += atomic_load_explicit(&cells_h->buckets[i], memory_order_relaxed);
        buf_printf(
            out, "kassa_%s_bucket{le=\"%" PRId64 "\"} %" PRId64 "\n", info->name, bounds[i], count);
    }
    count += atomic_load_explicit(&cells_h->buckets[array_len(bounds)], memory_order_relaxed);
    buf_printf(out, "kassa_%s_bucket{le=\"+Inf\"} %" PRId64 "\n", info->name, count);
    buf_printf(out, "kassa_%s_sum %" PRId64 "\n", info->name,
        atomic_load_explicit(&cells_h->sum, memory_order_relaxed));
    buf_printf(out, "kassa_%s_count %" PRId64 "\n", info->name, count);
}

void metrics_render(struct buf *out)
{
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        info_render(out, &metric_infos[m]);
        buf_printf(out, "kassa_%s %" PRId64 "\n", metric_infos[m].name, metric_get((enum metric)m));
    }
    for (unsigned h = 0; h < HISTOGRAM_COUNT; h++)
        histogram_render(out, (enum histogram)h);
}
