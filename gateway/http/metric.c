/* Names and helps are our own: nothing in them needs escaping. */
#include "gateway/http/metric.h"

void cg_metric_describe(GString *page, const char *name, const char *type, const char *help)
{
    g_string_append_printf(page, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}
