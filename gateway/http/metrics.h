/* Metrics in the Prometheus text format, version 0.0.4. */
#pragma once

#include "gateway/gateway.h"

/* The whole page; free with g_free. */
char *cg_metrics_format(const cg_gateway *gateway);
