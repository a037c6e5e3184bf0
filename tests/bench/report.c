/* Rows are kept as they come; both printers walk them. */
#include "tests/bench/report.h"

#include "base/json_writer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_WIDTH = 48 };

typedef struct {
    char *key, *label, *unit;
    double values[REPORT_MAX_COLUMNS];
} row;

typedef struct {
    char *key, *title;
    size_t columns;
    const char *const *names; /* static */
    GPtrArray *rows;
} section;

typedef struct {
    char *key, *value;
} fact;

struct bench_report {
    GPtrArray *facts, *sections;
};

static void row_free(void *data)
{
    row *r = data;
    g_free(r->key);
    g_free(r->label);
    g_free(r->unit);
    g_free(r);
}

static void section_free(void *data)
{
    section *s = data;
    g_ptr_array_unref(s->rows);
    g_free(s->key);
    g_free(s->title);
    g_free(s);
}

static void fact_free(void *data)
{
    fact *f = data;
    g_free(f->key);
    g_free(f->value);
    g_free(f);
}

bench_report *report_new(void)
{
    bench_report *made = g_new0(bench_report, 1);
    made->facts = g_ptr_array_new_with_free_func(fact_free);
    made->sections = g_ptr_array_new_with_free_func(section_free);
    return made;
}

void report_free(bench_report *report)
{
    g_ptr_array_unref(report->facts);
    g_ptr_array_unref(report->sections);
    g_free(report);
}

void report_fact(bench_report *report, const char *key, const char *value)
{
    fact *added = g_new0(fact, 1);
    *added = (fact){g_strdup(key), g_strdup(value)};
    g_ptr_array_add(report->facts, added);
}

void report_section(bench_report *report, const char *key, const char *title, size_t columns, const char *const *names)
{
    section *added = g_new0(section, 1);
    g_assert(columns <= REPORT_MAX_COLUMNS);
    *added = (section){g_strdup(key), g_strdup(title), columns, names, g_ptr_array_new_with_free_func(row_free)};
    g_ptr_array_add(report->sections, added);
}

void report_row(bench_report *report, const char *key, const char *label, const char *unit, const double *values)
{
    section *last = report->sections->pdata[report->sections->len - 1];
    row *added = g_new0(row, 1);
    *added = (row){.key = g_strdup(key), .label = g_strdup(label), .unit = g_strdup(unit)};
    memcpy(added->values, values, last->columns * sizeof *values);
    g_ptr_array_add(last->rows, added);
}

/* --- the table --- */

static int decimals(double value)
{
    return value == floor(value) || fabs(value) >= 1000 ? 0 : fabs(value) < 10 ? 2 : 1;
}

static void print_value(double value)
{
    if (isnan(value))
        printf("%10s", "");
    else
        printf("%10.*f", decimals(value), value);
}

static void print_section(const section *s)
{
    printf("\n%-*s", LABEL_WIDTH + 2, s->title);
    for (size_t i = 0; i < s->columns; i++)
        printf("%10s", s->names[i]);
    putchar('\n');
    for (guint at = 0; at < s->rows->len; at++) {
        const row *r = s->rows->pdata[at];
        printf("  %-*s", LABEL_WIDTH, r->label);
        for (size_t i = 0; i < s->columns; i++)
            print_value(r->values[i]);
        printf("  %s\n", r->unit);
    }
}

void report_print_table(const bench_report *report)
{
    for (guint i = 0; i < report->facts->len; i++) {
        const fact *f = report->facts->pdata[i];
        printf("%-10s %s\n", f->key, f->value);
    }
    for (guint i = 0; i < report->sections->len; i++)
        print_section(report->sections->pdata[i]);
}

/* --- JSON --- */

static void write_section(cg_json_writer *writer, const section *s)
{
    cg_json_begin_object(writer, s->key);
    for (guint at = 0; at < s->rows->len; at++) {
        const row *r = s->rows->pdata[at];
        if (s->columns == 1) {
            cg_json_write_double(writer, r->key, r->values[0]);
            continue;
        }
        cg_json_begin_object(writer, r->key);
        for (size_t i = 0; i < s->columns; i++)
            if (!isnan(r->values[i]))
                cg_json_write_double(writer, s->names[i], r->values[i]);
        cg_json_end_object(writer);
    }
    cg_json_end_object(writer);
}

void report_print_json(const bench_report *report)
{
    g_autoptr(cg_json_writer) writer = cg_json_writer_new();
    cg_json_begin_object(writer, NULL);
    for (guint i = 0; i < report->facts->len; i++) {
        const fact *f = report->facts->pdata[i];
        cg_json_write_string(writer, f->key, f->value);
    }
    for (guint i = 0; i < report->sections->len; i++)
        write_section(writer, report->sections->pdata[i]);
    cg_json_end_object(writer);
    puts(cg_json_writer_text(writer, NULL));
}
