/* Counting values into buckets, each of which includes those below it. */
#include "gateway/http/histogram.h"

void cg_histogram_add(cg_histogram *histogram, const cg_histogram_shape *shape, double value)
{
    for (size_t i = 0; i < shape->count; i++)
        histogram->at_most[i] += value <= shape->bounds[i].limit;
    histogram->count++;
    histogram->sum += value;
}

void cg_histogram_print(const cg_histogram *histogram, const cg_histogram_shape *shape, const char *name,
                        const char *labels, GString *page)
{
    char sum[G_ASCII_DTOSTR_BUF_SIZE];
    for (size_t i = 0; i < shape->count; i++)
        g_string_append_printf(page, "%s_bucket{%s,le=\"%s\"} %" G_GUINT64_FORMAT "\n", name, labels,
                               shape->bounds[i].text, histogram->at_most[i]);
    g_string_append_printf(page, "%s_bucket{%s,le=\"+Inf\"} %" G_GUINT64_FORMAT "\n", name, labels, histogram->count);
    g_ascii_formatd(sum, sizeof sum, "%.6f", histogram->sum);
    g_string_append_printf(page, "%s_sum{%s} %s\n", name, labels, sum);
    g_string_append_printf(page, "%s_count{%s} %" G_GUINT64_FORMAT "\n", name, labels, histogram->count);
}
