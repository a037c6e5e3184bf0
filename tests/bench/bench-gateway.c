/* Figures of the real gateway, driven from outside by clients of our own: bench-gateway --help, docs/performance.md.
 * It starts and ends the gateways itself; the exit status is 0 if every call came about. */
#include "tests/bench/machine.h"
#include "tests/bench/measures.h"
#include "tests/lib-native/webrtc_peer.h"

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

typedef struct {
    char *program, *commit, *only;
    gboolean json, quick;
} bench_arguments;

static const struct {
    const char *name;
    void (*measure)(const measure_options *options, bench_report *report);
} measurements[] = {
    {"signalling", measure_signalling}, {"media", measure_setup}, {"memory", measure_memory},
    {"cpu", measure_forwarding},        {"idle", measure_idle},   {"strangers", measure_strangers},
};

static bool parse(int argc, char **argv, bench_arguments *arguments)
{
    const GOptionEntry entries[] = {
        {"callgate", 0, 0, G_OPTION_ARG_FILENAME, &arguments->program, "the gateway to measure", "PROGRAM"},
        {"commit", 0, 0, G_OPTION_ARG_STRING, &arguments->commit, "what it was built from, for the output", "TEXT"},
        {"only", 0, 0, G_OPTION_ARG_STRING, &arguments->only, "signalling, media, memory, cpu, idle or strangers",
         "NAME"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &arguments->json, "JSON instead of a table", NULL},
        {"quick", 0, 0, G_OPTION_ARG_NONE, &arguments->quick, "a few calls only: shows that it works, not how fast",
         NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- measure a gateway");
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse(context, &argc, &argv, &error) && arguments->program != NULL && argc == 1)
        return true;
    fprintf(stderr, "bench-gateway: %s\n", error != NULL ? error->message : "--callgate PROGRAM is needed");
    return false;
}

/* Thousands of sockets, here and in the gateway, which inherits this. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static measure_options sizes(const bench_arguments *arguments)
{
    if (arguments->quick)
        return (measure_options){.program = arguments->program, 20, 3, 20, 3, 2, 1, 200, 1, 500};
    return (measure_options){.program = arguments->program, 1000, 100, 2000, 200, 50, 10, 15000, 10, 50000};
}

/* False if no measurement has the name asked for. */
static bool measure(const bench_arguments *arguments, bench_report *report)
{
    bool any = false;
    measure_options options = sizes(arguments);
    for (size_t i = 0; i < G_N_ELEMENTS(measurements); i++) {
        if (arguments->only != NULL && g_strcmp0(arguments->only, measurements[i].name) != 0)
            continue;
        measurements[i].measure(&options, report);
        any = true;
    }
    return any;
}

int main(int argc, char **argv)
{
    bench_arguments arguments = {0};
    if (!parse(argc, argv, &arguments))
        return 2;
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    webrtc_peer_global_init();
    bench_report *report = report_new();
    report_fact(report, "callgate", arguments.commit != NULL ? arguments.commit : "unknown");
    machine_describe(report);
    bool known = measure(&arguments, report);
    if (!known)
        fprintf(stderr, "bench-gateway: no measurement is named %s\n", arguments.only);
    else if (arguments.json)
        report_print_json(report);
    else
        report_print_table(report);
    report_free(report);
    g_free(arguments.program);
    g_free(arguments.commit);
    g_free(arguments.only);
    return known ? 0 : 2;
}
