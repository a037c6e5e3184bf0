/* What a figure was measured on. Without it a figure says nothing. */
#pragma once

#include "tests/bench/report.h"

/* Processor, kernel and the versions of the packages that do the work. */
void machine_describe(bench_report *report);
