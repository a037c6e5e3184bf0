/* Values of one kind, and their percentiles. */
#pragma once

#include <glib.h>

/* A GArray of double. */
static inline GArray *samples_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(double));
}

static inline void samples_add(GArray *samples, double value)
{
    g_array_append_val(samples, value);
}

static inline int samples_compare(const void *a, const void *b)
{
    double left = *(const double *) a, right = *(const double *) b;
    return left < right ? -1 : left > right;
}

/* The nearest rank: the smallest value that at least `percent` of all are not above. There must be one. */
static inline double samples_percentile(GArray *samples, double percent)
{
    g_array_sort(samples, samples_compare);
    guint rank = (guint) (percent / 100 * samples->len + 0.999999);
    return g_array_index(samples, double, CLAMP(rank, 1, samples->len) - 1);
}

#define SAMPLES_COLUMNS 2

/* Writes p50 and p99, as the report's columns are. */
static inline void samples_columns(GArray *samples, double ret_values[static SAMPLES_COLUMNS])
{
    ret_values[0] = samples_percentile(samples, 50);
    ret_values[1] = samples_percentile(samples, 99);
}
