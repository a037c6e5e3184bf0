/* The comparisons as sections of the report. */
#pragma once

#include "tests/bench/comparison.h"
#include "tests/bench/report.h"

/* A GPtrArray of comparison, each with a count at least, all of so many calls. `first` is true for the calls asked for;
 * others have the number in their sections' names. */
void comparison_report(const GPtrArray *comparisons, unsigned calls, bool first, bench_report *report);

/* Begins the section of what is wanted of the gateway; then a row for each. */
void verdict_section(bench_report *report);
typedef enum { VERDICT_AT_LEAST, VERDICT_AT_MOST } verdict_kind;
/* NAN: could not be measured. */
void verdict_row(bench_report *report, const char *key, const char *label, double measured, verdict_kind kind,
                 double wanted);
/* Those that come out of comparing: a GPtrArray of GPtrArrays of comparison, with fewer calls each. Two are compared
 * with the most calls that both bore. */
void comparison_verdicts(const GPtrArray *blocks, bench_report *report);
