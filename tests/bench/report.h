/* The figures of a run: gathered by the measurements, printed once, as a table for people or as JSON for programs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define REPORT_MAX_COLUMNS 8

typedef struct bench_report bench_report;

bench_report *report_new(void);
void report_free(bench_report *report);

/* Facts about the run: machine, kernel, versions. */
void report_fact(bench_report *report, const char *key, const char *value);
/* Begins a section; its rows have a value per column. `key` and column names are those of the JSON. */
void report_section(bench_report *report, const char *key, const char *title, size_t columns, const char *const *names);
/* Values in the order of the section's columns, NAN where a column does not apply; `key` ends with the unit. */
void report_row(bench_report *report, const char *key, const char *label, const char *unit, const double *values);

void report_print_table(const bench_report *report);
void report_print_json(const bench_report *report);
