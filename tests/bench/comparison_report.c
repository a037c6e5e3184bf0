/* One section for each kind of figure, one row for each target. */
#include "tests/bench/comparison_report.h"

#include "tests/bench/samples.h"

#include <math.h>

static const comparison *find(const GPtrArray *comparisons, const target *wanted)
{
    for (guint i = 0; i < comparisons->len; i++)
        if (((const comparison *) comparisons->pdata[i])->target == wanted)
            return comparisons->pdata[i];
    return NULL;
}

static const comparison *find_ours(const GPtrArray *comparisons)
{
    for (guint i = 0; i < comparisons->len; i++)
        if (((const comparison *) comparisons->pdata[i])->target->kind == TARGET_OURS)
            return comparisons->pdata[i];
    return NULL;
}

/* NAN where one is not there or could not do it. */
static double cpu_ratio(const comparison *c, const comparison *of)
{
    bool both = c != NULL && of != NULL && !comparison_is_overloaded(c) && !comparison_is_overloaded(of);
    return both ? comparison_cpu(c).total_us / comparison_cpu(of).total_us : NAN;
}

static void cpu_row(const comparison *c, const GPtrArray *all, double *ret)
{
    cpu_time used = comparison_cpu(c);
    for (size_t i = 0; i < REPORT_MAX_COLUMNS; i++)
        ret[i] = NAN;
    if (comparison_is_overloaded(c))
        return; /* what it spent went into packets that never left */
    ret[0] = used.total_us;
    ret[1] = used.user_us;
    ret[2] = used.system_us;
    ret[3] = samples_percentile(c->cpu_us, 0);
    ret[4] = samples_percentile(c->cpu_us, 100);
    ret[5] = cpu_ratio(c, find_ours(all));
    ret[6] = cpu_ratio(c, find(all, &target_floor));
    ret[7] = cpu_ratio(c, find(all, &target_srtp_floor));
}

static void latency_row(const comparison *c, const GPtrArray *all, double *ret)
{
    static const double percents[] = {50, 99, 99.9, 100};
    for (size_t i = 0; i < G_N_ELEMENTS(percents); i++)
        ret[i] = c->latency_us->len > 0 ? samples_percentile(c->latency_us, percents[i]) : NAN;
}

static void packet_row(const comparison *c, const GPtrArray *all, double *ret)
{
    ret[0] = (double) c->sent;
    ret[1] = (double) c->received;
    ret[2] = (double) c->sent - (double) c->received;
    ret[3] = (double) c->reordered;
    ret[4] = (double) c->repeated;
}

static void setup_row(const comparison *c, const GPtrArray *all, double *ret)
{
    bool any = c->setup_ms->len > 0 && c->target->kind != TARGET_FLOOR;
    ret[0] = c->calls;
    ret[1] = c->up;
    ret[2] = any ? c->up / c->setup_s : NAN;
    bool timed = any && !c->target->paced; /* else the waiting for a call is in it */
    ret[3] = timed ? samples_percentile(c->setup_ms, 50) : NAN;
    ret[4] = timed ? samples_percentile(c->setup_ms, 99) : NAN;
}

static void memory_row(const comparison *c, const GPtrArray *all, double *ret)
{
    const comparison *ours = find_ours(all);
    bool floor = c->target->kind == TARGET_FLOOR;
    ret[0] = floor ? NAN : comparison_memory(c) / 1024;
    ret[1] = floor || ours == NULL ? NAN : comparison_memory(c) / comparison_memory(ours);
}

/* Whether the load was what limited: it must have had time left. */
static void load_row(const comparison *c, const GPtrArray *all, double *ret)
{
    ret[0] = 100 * comparison_server_load(c);
    ret[1] = ret[0] * c->rounds / MAX(c->up, 1);
    ret[2] = 100 * c->load_cpu_s / c->measured_s;
    ret[3] = (double) c->stalls;
    ret[4] = (double) c->dropped;
}

static const struct {
    const char *key, *title, *unit;
    size_t columns;
    const char *names[REPORT_MAX_COLUMNS];
    void (*row)(const comparison *c, const GPtrArray *all, double *ret);
} sections[] = {
    {"cpu_us",
     "CPU of the server per packet",
     "us",
     8,
     {"total", "user", "system", "least", "most", "x ours", "x floor", "x srtp"},
     cpu_row},
    {"latency_us", "One way through the server", "us", 4, {"p50", "p99", "p99.9", "max"}, latency_row},
    {"packets", "Packets", "", 5, {"sent", "received", "lost", "reordered", "repeated"}, packet_row},
    {"setup",
     "Set-up, first message to media both ways",
     "",
     5,
     {"calls", "up", "per s", "p50 ms", "p99 ms"},
     setup_row},
    {"memory_kib", "Memory of a call", "KiB", 2, {"per call", "x ours"}, memory_row},
    {"load",
     "Of a core: the server, the load",
     "",
     5,
     {"server %", "a call %", "load %", "stalls", "dropped"},
     load_row},
};

void comparison_report(const GPtrArray *comparisons, unsigned calls, bool first, bench_report *report)
{
    for (size_t s = 0; s < G_N_ELEMENTS(sections); s++) {
        g_autofree char *key =
            first ? g_strdup(sections[s].key) : g_strdup_printf("%s_%u_calls", sections[s].key, calls);
        g_autofree char *title = g_strdup_printf("%s, %u calls", sections[s].title, calls);
        report_section(report, key, title, sections[s].columns, sections[s].names);
        for (guint i = 0; i < comparisons->len; i++) {
            const comparison *c = comparisons->pdata[i];
            const char *note = comparison_is_overloaded(c) ? " (overloaded)" : "";
            g_autofree char *label = g_strconcat(c->target->label, note, NULL);
            double values[REPORT_MAX_COLUMNS];
            sections[s].row(c, comparisons, values);
            report_row(report, c->target->key, label, sections[s].unit, values);
        }
    }
}

/* --- what is wanted --- */

void verdict_section(bench_report *report)
{
    static const char *const columns[] = {"measured", "wanted", "met"};
    report_section(report, "wanted", "Wanted of the gateway", G_N_ELEMENTS(columns), columns);
}

void verdict_row(bench_report *report, const char *key, const char *label, double measured, verdict_kind kind,
                 double wanted)
{
    bool met = kind == VERDICT_AT_LEAST ? measured >= wanted : measured <= wanted;
    double values[] = {measured, wanted, isnan(measured) ? NAN : met};
    report_row(report, key, label, isnan(measured) ? "not measured" : met ? "met" : "NOT met", values);
}

static double memory_ratio(const comparison *c, const comparison *of)
{
    bool both = c != NULL && of != NULL && !comparison_is_overloaded(c) && !comparison_is_overloaded(of);
    return both ? comparison_memory(c) / comparison_memory(of) : NAN;
}

static double first_ratio(const GPtrArray *blocks, double (*ratio)(const comparison *c, const comparison *of),
                          const target *measured, const target *of)
{
    double found = NAN;
    for (guint i = 0; i < blocks->len && isnan(found); i++)
        found = ratio(find(blocks->pdata[i], measured), find(blocks->pdata[i], of));
    return found;
}

/* Of the two ways Janus works in, the one that is better for it. */
static double janus_ratio(const GPtrArray *blocks, double (*ratio)(const comparison *c, const comparison *of))
{
    return fmin(first_ratio(blocks, ratio, &target_janus_call, &target_callgate),
                first_ratio(blocks, ratio, &target_janus_threads, &target_callgate));
}

void comparison_verdicts(const GPtrArray *blocks, bench_report *report)
{
    verdict_row(report, "cpu_janus", "CPU per packet, Janus's to ours, at least", janus_ratio(blocks, cpu_ratio),
                VERDICT_AT_LEAST, 8);
    verdict_row(report, "cpu_rtpengine", "CPU per packet, rtpengine's to ours, at least",
                first_ratio(blocks, cpu_ratio, &target_rtpengine, &target_callgate), VERDICT_AT_LEAST, 3);
    verdict_row(report, "cpu_floor", "CPU per packet, ours to the SRTP floor's, at most",
                first_ratio(blocks, cpu_ratio, &target_callgate, &target_srtp_floor), VERDICT_AT_MOST, 1.5);
    verdict_row(report, "memory_janus", "memory of a call, Janus's to ours, at least",
                janus_ratio(blocks, memory_ratio), VERDICT_AT_LEAST, 8);
    verdict_row(report, "memory_rtpengine", "memory of a call, rtpengine's to ours, at least",
                first_ratio(blocks, memory_ratio, &target_rtpengine, &target_callgate), VERDICT_AT_LEAST, 1);
}
