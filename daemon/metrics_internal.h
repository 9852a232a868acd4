/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_METRICS_INTERNAL_H
#define BM_DAEMON_METRICS_INTERNAL_H

#include "daemon/metrics.h"

/* What Prometheus is told about each metric. */
struct metrics_name {
    const char *name;
    bool gauge;
    /* Of a family; the second is NULL where there is but one. */
    const char *label[2];
    /* Of a histogram: values are divided by it, to be in base units. */
    unsigned unit;
    const char *help;
};
extern const struct metrics_name metrics_value_names[METRICS_VALUES];
extern const struct metrics_name metrics_histogram_names[METRICS_HISTOGRAMS];
extern const struct metrics_name metrics_family_names[METRICS_FAMILIES];

/* The last rows are the "other" of each family. */
#define METRICS_OPEN_ROWS (METRICS_LABELS_MAX - METRICS_FAMILIES)

#endif
