/* Callgate beside its peers and the floors, all under the same load: tests/bench/compare, docs/performance.md. Runs in
 * the clients' namespace; starts and ends the servers in theirs. */
#include "tests/bench/capacity.h"
#include "tests/bench/comparison.h"
#include "tests/bench/comparison_report.h"
#include "tests/bench/disturbances.h"
#include "tests/bench/machine.h"
#include "tests/bench/target_sets.h"

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

typedef struct {
    char *callgate, *commit, *only, *netns, *address;
    int calls, seconds, rounds, rate;
    gboolean json, capacity, setup, flood, sip;
} compare_arguments;

/* A translated call takes some ten times the CPU of one that passes through. */
enum { FEWEST_CALLS = 10, TRANSLATED_SHARE = 5, RECORDED_S = 10, RECORDED_RATE = 8000 };

static bool parse(int argc, char **argv, compare_arguments *a)
{
    const GOptionEntry entries[] = {
        {"callgate", 0, 0, G_OPTION_ARG_FILENAME, &a->callgate, "the gateway to measure", "PROGRAM"},
        {"commit", 0, 0, G_OPTION_ARG_STRING, &a->commit, "what it was built from, for the output", "TEXT"},
        {"netns", 0, 0, G_OPTION_ARG_STRING, &a->netns, "namespace of the servers; none: this one", "NAME"},
        {"address", 0, 0, G_OPTION_ARG_STRING, &a->address, "address of the servers", "ADDRESS"},
        {"calls", 0, 0, G_OPTION_ARG_INT, &a->calls,
         "running at once (200; --setup, --sip: 500); --capacity: the most to try (2000)", "N"},
        {"seconds", 0, 0, G_OPTION_ARG_INT, &a->seconds, "of load in each round (10)", "N"},
        {"rounds", 0, 0, G_OPTION_ARG_INT, &a->rounds, "of all targets, in turn (2)", "N"},
        {"only", 0, 0, G_OPTION_ARG_STRING, &a->only, "these targets, comma between", "NAMES"},
        {"capacity", 0, 0, G_OPTION_ARG_NONE, &a->capacity,
         "how many calls one worker bears without loss, and latency at half of a core's load", NULL},
        {"setup", 0, 0, G_OPTION_ARG_NONE, &a->setup, "what handshakes do to the calls that run", NULL},
        {"flood", 0, 0, G_OPTION_ARG_NONE, &a->flood, "what a flood does to the calls that run", NULL},
        {"sip", 0, 0, G_OPTION_ARG_NONE, &a->sip,
         "calls between phones and browsers, 50 new ones a second, and a fifth as many translated", NULL},
        {"rate", 0, 0, G_OPTION_ARG_INT, &a->rate, "of --setup, handshakes (100); of --flood, packets (100000) per s",
         "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &a->json, "JSON instead of a table", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- compare gateways");
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    bool parsed = g_option_context_parse(context, &argc, &argv, &error);
    if (a->calls == 0)
        a->calls = a->capacity ? 2000 : a->setup || a->sip ? 500 : 200;
    if (a->rate == 0)
        a->rate = a->setup ? 100 : 100000;
    if (parsed && target_sets_know(a->only) && a->callgate != NULL && argc == 1 && a->calls > 0 && a->seconds > 0 &&
        a->rounds > 0 && a->rate > 0)
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

static bool is_peer(const target *compared)
{
    return compared->kind == TARGET_PEER;
}

/* A peer that a round was too much for is spared the others. */
static GPtrArray *run_rounds(const compare_arguments *a, const target_world *world, const GPtrArray *chosen)
{
    GPtrArray *results = g_ptr_array_new_with_free_func((GDestroyNotify) comparison_free);
    for (guint i = 0; i < chosen->len; i++)
        g_ptr_array_add(results, comparison_new(chosen->pdata[i]));
    for (int round = 0; round < a->rounds; round++) {
        for (guint i = 0; i < chosen->len; i++) {
            comparison *c = results->pdata[i];
            if (round > 0 && is_peer(c->target) && comparison_is_overloaded(c))
                continue;
            fprintf(stderr, "round %d of %d, %u calls: %s\n", round + 1, a->rounds, world->calls, c->target->label);
            comparison_run(c, world, (unsigned) a->seconds);
        }
    }
    return results;
}

/* Nothing here fails by a figure; a call of the gateway's that does not come up is none. */
static void fail_on_lost_calls(const GPtrArray *results)
{
    for (guint i = 0; i < results->len; i++) {
        const comparison *c = results->pdata[i];
        if (c->target->kind == TARGET_OURS && c->up < c->calls)
            bench_fail("%u of %u calls did not come up", c->calls - c->up, c->calls);
    }
}

/* The peers that could not bear it, with what they are compared with; none: NULL. */
static GPtrArray *overloaded(const GPtrArray *results)
{
    GPtrArray *again = g_ptr_array_new();
    bool any = false;
    for (guint i = 0; i < results->len; i++) {
        const comparison *c = results->pdata[i];
        bool overloaded_peer = is_peer(c->target) && comparison_is_overloaded(c);
        any = any || overloaded_peer;
        if (overloaded_peer || !is_peer(c->target))
            g_ptr_array_add(again, (void *) c->target);
    }
    if (any)
        return again;
    g_ptr_array_unref(again);
    return NULL;
}

/* Whoever cannot bear the load asked for is compared once more with half of it, and so on. Returns an array of arrays
 * of comparison. */
static GPtrArray *compare(const compare_arguments *a, target_world *world, GPtrArray *chosen, bench_report *report)
{
    GPtrArray *blocks = g_ptr_array_new_with_free_func((GDestroyNotify) g_ptr_array_unref);
    g_autoptr(GPtrArray) again = g_ptr_array_ref(chosen);
    for (; again != NULL; world->calls /= 2) {
        GPtrArray *results = run_rounds(a, world, again);
        g_ptr_array_add(blocks, results);
        fail_on_lost_calls(results);
        comparison_report(results, world->calls, blocks->len == 1 && !a->sip, report);
        g_ptr_array_unref(again);
        again = world->calls >= 2 * FEWEST_CALLS ? overloaded(results) : NULL;
    }
    return blocks;
}

static void compare_webrtc(const compare_arguments *a, target_world *world, GPtrArray *chosen, bench_report *report)
{
    g_autoptr(GPtrArray) blocks = compare(a, world, chosen, report);
    verdict_section(report);
    comparison_verdicts(blocks, report);
}

static void compare_sip(const compare_arguments *a, target_world *world, bench_report *report)
{
    g_autoptr(GPtrArray) trunk = target_sets_choose(TARGETS_TRUNK, a->only);
    g_autoptr(GPtrArray) translating = target_sets_choose(TARGETS_TRANSLATING, a->only);
    recording *opus = recording_new(CG_CODEC_OPUS, RECORDED_RATE, RECORDED_S);
    recording *pcmu = recording_new(CG_CODEC_PCMU, RECORDED_RATE, RECORDED_S);
    unsigned calls = world->calls;
    world->opus = opus;
    world->pcmu = pcmu;
    g_ptr_array_unref(compare(a, world, trunk, report));
    world->calls = MAX(calls / TRANSLATED_SHARE, 1);
    g_ptr_array_unref(compare(a, world, translating, report));
    recording_free(opus);
    recording_free(pcmu);
}

static void run(const compare_arguments *a, bench_report *report)
{
    g_autoptr(GPtrArray) chosen = target_sets_choose(TARGETS_WEBRTC, a->only);
    bench_loop *loop = bench_loop_new();
    target_world world = {.loop = loop,
                          .load = load_new(loop),
                          .identity = peer_identity_new(),
                          .callgate = a->callgate,
                          .netns = a->netns,
                          .address = a->address,
                          .calls = (unsigned) a->calls};
    if (a->capacity)
        measure_capacity(&world, chosen, report);
    else if (a->setup)
        measure_disturbed(&world, (unsigned) a->seconds, (unsigned) a->rate, report);
    else if (a->flood)
        measure_flood(&world, (unsigned) a->seconds, (unsigned) a->rate, report);
    else if (a->sip)
        compare_sip(a, &world, report);
    else
        compare_webrtc(a, &world, chosen, report);
    load_free(world.load);
    peer_identity_free(world.identity);
    bench_loop_free(loop);
}

static void free_arguments(compare_arguments *a)
{
    g_free(a->callgate);
    g_free(a->commit);
    g_free(a->only);
    g_free(a->netns);
    g_free(a->address);
}

int main(int argc, char **argv)
{
    compare_arguments a = {.seconds = 10, .rounds = 2, .address = g_strdup("10.77.0.1")};
    bool parsed = parse(argc, argv, &a);
    if (parsed) {
        signal(SIGPIPE, SIG_IGN);
        raise_descriptor_limit();
        webrtc_peer_global_init();
        bench_report *report = report_new();
        report_fact(report, "callgate", a.commit != NULL ? a.commit : "unknown");
        machine_describe(report);
        run(&a, report);
        if (a.json)
            report_print_json(report);
        else
            report_print_table(report);
        report_free(report);
    }
    free_arguments(&a);
    return parsed ? 0 : 2;
}
