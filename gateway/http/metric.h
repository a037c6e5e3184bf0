/* A metric in Prometheus' text format: the lines that come before its values. */
#pragma once

#include <glib.h>

/* `type` is "gauge", "counter" or "histogram". */
void cg_metric_describe(GString *page, const char *name, const char *type, const char *help);
