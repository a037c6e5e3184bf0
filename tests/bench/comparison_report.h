/* The comparisons as sections of the report. */
#pragma once

#include "tests/bench/comparison.h"
#include "tests/bench/report.h"

/* A GPtrArray of comparison, each with a round at least. */
void comparison_report(const GPtrArray *comparisons, bench_report *report);
