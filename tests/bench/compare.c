/* Callgate beside its peers and the floors, all under the same load: tests/bench/compare, docs/performance.md. Runs in
 * the clients' namespace; starts and ends the servers in theirs. */
#include "tests/bench/comparison.h"
#include "tests/bench/comparison_report.h"
#include "tests/bench/machine.h"

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

typedef struct {
    char *callgate, *commit, *only, *netns, *address;
    int calls, seconds, rounds;
    gboolean json;
} compare_arguments;

static const target *const targets[] = {
    &target_floor,      &target_srtp_floor, &target_callgate,        &target_janus_echo,
    &target_janus_call, &target_rtpengine,  &target_rtpengine_plain,
};

static bool parse(int argc, char **argv, compare_arguments *a)
{
    const GOptionEntry entries[] = {
        {"callgate", 0, 0, G_OPTION_ARG_FILENAME, &a->callgate, "the gateway to measure", "PROGRAM"},
        {"commit", 0, 0, G_OPTION_ARG_STRING, &a->commit, "what it was built from, for the output", "TEXT"},
        {"netns", 0, 0, G_OPTION_ARG_STRING, &a->netns, "namespace of the servers; none: this one", "NAME"},
        {"address", 0, 0, G_OPTION_ARG_STRING, &a->address, "address of the servers", "ADDRESS"},
        {"calls", 0, 0, G_OPTION_ARG_INT, &a->calls, "running at once (200)", "N"},
        {"seconds", 0, 0, G_OPTION_ARG_INT, &a->seconds, "of load in each round (10)", "N"},
        {"rounds", 0, 0, G_OPTION_ARG_INT, &a->rounds, "of all targets, in turn (2)", "N"},
        {"only", 0, 0, G_OPTION_ARG_STRING, &a->only, "these targets, comma between", "NAMES"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &a->json, "JSON instead of a table", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- compare gateways");
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse(context, &argc, &argv, &error) && a->callgate != NULL && argc == 1 && a->calls > 0 &&
        a->seconds > 0 && a->rounds > 0)
        return true;
    fprintf(stderr, "bench-compare: %s\n", error != NULL ? error->message : "see --help");
    return false;
}

/* Sockets of thousands of clients, here and in the servers, which inherit this. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Those named in `only` (NULL: all); NULL if a name is nobody's. */
static GPtrArray *choose(const char *only)
{
    GPtrArray *chosen = g_ptr_array_new_with_free_func((GDestroyNotify) comparison_free);
    g_auto(GStrv) names = only != NULL ? g_strsplit(only, ",", -1) : NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++)
        if (names == NULL || g_strv_contains((const char *const *) names, targets[i]->key))
            g_ptr_array_add(chosen, comparison_new(targets[i]));
    if (names == NULL || chosen->len == g_strv_length(names))
        return chosen;
    g_ptr_array_unref(chosen);
    return NULL;
}

static bool compare(const compare_arguments *a, bench_report *report)
{
    g_autoptr(GPtrArray) chosen = choose(a->only);
    if (chosen == NULL) {
        fprintf(stderr, "bench-compare: no such target: %s\n", a->only);
        return false;
    }
    bench_loop *loop = bench_loop_new();
    target_world world = {.loop = loop,
                          .load = load_new(loop),
                          .identity = peer_identity_new(),
                          .callgate = a->callgate,
                          .netns = a->netns,
                          .address = a->address,
                          .calls = (unsigned) a->calls};
    for (int round = 0; round < a->rounds; round++)
        for (guint i = 0; i < chosen->len; i++)
            comparison_run(chosen->pdata[i], &world, (unsigned) a->seconds);
    comparison_report(chosen, report);
    load_free(world.load);
    peer_identity_free(world.identity);
    bench_loop_free(loop);
    return true;
}

int main(int argc, char **argv)
{
    compare_arguments a = {.calls = 200, .seconds = 10, .rounds = 2, .address = g_strdup("10.77.0.1")};
    if (!parse(argc, argv, &a))
        return 2;
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    webrtc_peer_global_init();
    bench_report *report = report_new();
    report_fact(report, "callgate", a.commit != NULL ? a.commit : "unknown");
    machine_describe(report);
    bool known = compare(&a, report);
    if (known && a.json)
        report_print_json(report);
    else if (known)
        report_print_table(report);
    report_free(report);
    g_free(a.callgate);
    g_free(a.commit);
    g_free(a.only);
    g_free(a.netns);
    g_free(a.address);
    return known ? 0 : 2;
}
