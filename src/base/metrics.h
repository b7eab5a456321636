/* Counters, gauges and histograms from metrics.def. Lock-free; any thread. */
#ifndef KASSA_BASE_METRICS_H
#define KASSA_BASE_METRICS_H

#include "base/buf.h"

enum metric {
#define M(name, kind, help) METRIC_##name,
#define H(name, help)
#include "base/metrics.def"
#undef M
#undef H
    METRIC_COUNT
};

enum histogram {
#define M(name, kind, help)
#define H(name, help) HISTOGRAM_##name,
#include "base/metrics.def"
#undef M
#undef H
    HISTOGRAM_COUNT
};

void metric_add(enum metric m, int64_t delta);
void metric_set(enum metric m, int64_t value);
int64_t metric_get(enum metric m);
void metric_observe(enum histogram h, int64_t microseconds);
/* Prometheus text format 0.0.4. */
void metrics_render(struct buf *out);

#endif
