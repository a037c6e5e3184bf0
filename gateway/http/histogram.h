/* A histogram as Prometheus has it: how many values were at most so large, for each of a few bounds. */
#pragma once

#include <glib.h>
#include <stdint.h>

#define CG_HISTOGRAM_MAX_BOUNDS 12

/* Bounds in rising order, as they are written; the last bucket, of everything, has none. */
typedef struct {
    size_t count;
    struct {
        double limit;
        const char *text;
    } bounds[CG_HISTOGRAM_MAX_BOUNDS];
} cg_histogram_shape;

/* All zero is an empty one. Each is used with one shape only. */
typedef struct {
    uint64_t at_most[CG_HISTOGRAM_MAX_BOUNDS]; /* by bound */
    uint64_t count;
    double sum;
} cg_histogram;

void cg_histogram_add(cg_histogram *histogram, const cg_histogram_shape *shape, double value);

/* The lines _bucket, _sum and _count of `name`; `labels` like `trunk="carrier"`. */
void cg_histogram_print(const cg_histogram *histogram, const cg_histogram_shape *shape, const char *name,
                        const char *labels, GString *page);
