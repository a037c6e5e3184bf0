/* Reads /proc, proc(5). */
#include "tests/bench/process_usage.h"

#include "tests/bench/bench_loop.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL if it cannot be read. Free with g_free. */
static char *read_proc(pid_t pid, const char *name)
{
    char *text = NULL;
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int) pid, name);
    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

static uint64_t run_ns(pid_t pid)
{
    uint64_t sum = 0;
    g_autofree char *path = g_strdup_printf("/proc/%d/task", (int) pid);
    g_autoptr(GDir) tasks = g_dir_open(path, 0, NULL);
    if (tasks == NULL)
        bench_fail("process %d is gone", (int) pid);
    for (const char *task; (task = g_dir_read_name(tasks)) != NULL;) {
        g_autofree char *name = g_strdup_printf("task/%s/schedstat", task);
        g_autofree char *text = read_proc(pid, name);
        sum += text != NULL ? strtoull(text, NULL, 10) : 0;
    }
    return sum;
}

cpu_reading cpu_read(pid_t pid)
{
    cpu_reading reading = {.run_ns = run_ns(pid)};
    g_autofree char *text = read_proc(pid, "stat");
    /* The name in brackets may hold anything; utime and stime are the 12th and 13th fields behind it. */
    const char *fields = text != NULL ? strrchr(text, ')') : NULL;
    if (fields == NULL ||
        sscanf(fields, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
               &reading.user_ticks, &reading.system_ticks) != 2)
        bench_fail("/proc/%d/stat is not as proc(5) says", (int) pid);
    return reading;
}

void cpu_add_since(cpu_reading *sum, pid_t pid, const cpu_reading *before)
{
    cpu_reading now = cpu_read(pid);
    sum->run_ns += now.run_ns - before->run_ns;
    sum->user_ticks += now.user_ticks - before->user_ticks;
    sum->system_ticks += now.system_ticks - before->system_ticks;
}

cpu_time cpu_split(const cpu_reading *used)
{
    uint64_t ticks = used->user_ticks + used->system_ticks;
    double total_us = (double) used->run_ns / 1000;
    double user_us = ticks > 0 ? total_us * (double) used->user_ticks / (double) ticks : 0;
    return (cpu_time){.total_us = total_us, .user_us = user_us, .system_us = ticks > 0 ? total_us - user_us : 0};
}

double memory_resident(pid_t pid)
{
    g_autofree char *text = read_proc(pid, "smaps_rollup");
    const char *line = text != NULL ? strstr(text, "\nRss:") : NULL;
    if (line == NULL)
        bench_fail("/proc/%d/smaps_rollup has no Rss", (int) pid);
    return (double) strtoull(line + strlen("\nRss:"), NULL, 10) * 1024;
}
