/* /proc/cpuinfo, uname(2), dpkg-query. */
#include "tests/bench/machine.h"

#include <glib.h>
#include <string.h>
#include <sys/utsname.h>

static char *processor(void)
{
    g_autofree char *text = NULL;
    g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL);
    const char *line = text != NULL ? strstr(text, "model name") : NULL;
    const char *name = line != NULL ? strchr(line, ':') : NULL;
    g_autofree char *model = name != NULL ? g_strndup(name + 2, strcspn(name + 2, "\n")) : g_strdup("unknown");
    return g_strdup_printf("%s, %u cores", model, g_get_num_processors());
}

/* "libnice10 0.1.21-1, ..."; what is not installed by its Debian name is left out. */
static char *packages(void)
{
    static char *const query[] = {"dpkg-query",
                                  "-W",
                                  "-f=${Package} ${Version}, ",
                                  "libwebsockets17",
                                  "libnice10",
                                  "libsrtp2-1",
                                  "libmbedtls14",
                                  "libglib2.0-0",
                                  "libssl3",
                                  "janus",
                                  "rtpengine-daemon",
                                  NULL};
    char *text = NULL;
    if (!g_spawn_sync(NULL, (char **) query, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &text,
                      NULL, NULL, NULL))
        return g_strdup("unknown");
    text[MAX(strlen(text), 2) - 2] = '\0';
    return text;
}

void machine_describe(bench_report *report)
{
    struct utsname system;
    uname(&system);
    g_autofree char *cpu = processor(), *versions = packages();
    g_autofree char *kernel = g_strdup_printf("%s %s %s", system.sysname, system.release, system.machine);
    report_fact(report, "processor", cpu);
    report_fact(report, "kernel", kernel);
    report_fact(report, "packages", versions);
}
