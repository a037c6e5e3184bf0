/* What a registered client and a running call hold of the gateway's memory: resident bytes before and after, divided.
 * The peers of held calls speak once a second only; how much they say is not what costs memory. */
#include "tests/bench/bench_call.h"
#include "tests/bench/measures.h"
#include "tests/bench/process_usage.h"

#include <limits.h>

enum { FIRST_PACKETS_US = 20000, HELD_US = 1000000, SETTLE_US = 500000 };

/* Legs are closed by the worker after the clients were told, and nothing outside tells when: time for that. */
static double settled_memory(const bench_world *world)
{
    bench_loop_run(world->loop, SETTLE_US);
    return memory_resident(gateway_process_pid(world->gateway));
}

static GPtrArray *hold_calls(bench_world *world, GPtrArray *clients, unsigned count)
{
    GPtrArray *calls = g_ptr_array_new_with_free_func((GDestroyNotify) bench_call_free);
    for (unsigned i = 0; i < count; i++) {
        bench_call *call = bench_call_new(world, clients->pdata[2 * i], clients->pdata[2 * i + 1], FIRST_PACKETS_US);
        for (unsigned side = 0; side < 2; side++)
            talker_send(call->talkers[side], UINT_MAX, HELD_US, call->talkers[side]->next_send_us);
        g_ptr_array_add(calls, call);
    }
    return calls;
}

static void add_row(bench_report *report, const char *key, const char *label, const char *unit, double value)
{
    report_row(report, key, label, unit, &value);
}

void measure_memory(const measure_options *options, bench_report *report)
{
    static const char *const columns[] = {"value"};
    static const double kib = 1024, mib = 1024 * 1024;
    g_autofree char *title =
        g_strdup_printf("Memory, %u registered clients, %u calls", options->idle_clients, options->held_calls);
    g_autoptr(GPtrArray) clients = bench_clients_new();
    bench_world world;

    g_assert(options->idle_clients >= 2 * options->held_calls);
    bench_world_init(&world, options->program);
    double started = settled_memory(&world);
    bench_clients_add(&world, clients, options->idle_clients);
    double idle = settled_memory(&world);
    GPtrArray *calls = hold_calls(&world, clients, options->held_calls);
    double busy = settled_memory(&world);
    g_ptr_array_unref(calls);
    double after = settled_memory(&world);
    g_ptr_array_unref(hold_calls(&world, clients, options->held_calls));
    double again = settled_memory(&world);
    g_ptr_array_set_size(clients, 0);
    bench_world_finish(&world);

    report_section(report, "memory", title, 1, columns);
    add_row(report, "started_mib", "resident after start", "MiB", started / mib);
    add_row(report, "registered_mib", "with the clients registered", "MiB", idle / mib);
    add_row(report, "calls_mib", "with the calls running", "MiB", busy / mib);
    add_row(report, "ended_mib", "after the calls ended, clients still registered", "MiB", after / mib);
    add_row(report, "again_mib", "after as many calls once more", "MiB", again / mib);
    add_row(report, "per_client_kib", "per registered client", "KiB", (idle - started) / options->idle_clients / kib);
    add_row(report, "per_call_kib", "per call", "KiB", (busy - idle) / options->held_calls / kib);
}
