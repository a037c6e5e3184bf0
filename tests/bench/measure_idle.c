/* What clients cost that do nothing: memory, CPU for their heartbeats, and telling all of them something at once. For
 * the last their account is suspended: two messages to each, `error` and `offline`, on the ordinary way. */
#include "tests/bench/bench_call.h"
#include "tests/bench/idle_floor.h"
#include "tests/bench/measures.h"
#include "tests/bench/process_usage.h"

#include "base/clock.h"

#include <math.h>
#include <sys/resource.h>

enum { HEARTBEAT_US = 5000000, SETTLE_US = 500000, MESSAGES = 2, SPARE_DESCRIPTORS = 200 };

/* What one process used, for so many clients. */
typedef struct {
    double memory;           /* bytes, per client */
    double idle_us, told_us; /* CPU */
    double told_after_us;    /* until the last client had read everything */
    size_t message;          /* octets of the messages told, on average */
} usage;

static unsigned crowd_of(unsigned wanted)
{
    struct rlimit limit;
    g_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    return (unsigned) MIN(wanted, limit.rlim_cur - SPARE_DESCRIPTORS);
}

static double cpu_since(pid_t pid, const cpu_reading *before)
{
    cpu_reading used = {0};
    cpu_add_since(&used, pid, before);
    return cpu_split(&used).total_us;
}

static double be_idle(bench_loop *loop, pid_t pid, unsigned seconds)
{
    cpu_reading before = cpu_read(pid);
    bench_loop_run(loop, (int64_t) seconds * 1000000);
    return cpu_since(pid, &before);
}

/* Octets of a message as it was on the wire, with the header of its frame. */
static size_t size_of(const signal_message *message)
{
    size_t size;
    cg_json_raw(cg_json_root(message->json), &size);
    return size + (size < 126 ? 2 : 4);
}

static void tell_clients(bench_world *world, GPtrArray *clients, usage *used)
{
    pid_t pid = gateway_process_pid(world->gateway);
    cpu_reading before = cpu_read(pid);
    int64_t begin_us = cg_clock_monotonic_us(), last_us = 0;
    gateway_process_suspend_account(world->gateway);
    for (unsigned i = 0; i < clients->len; i++) {
        g_autoptr(signal_message) error = signal_client_expect(clients->pdata[i], "error");
        g_autoptr(signal_message) offline = signal_client_expect(clients->pdata[i], "offline");
        last_us = MAX(last_us, offline->received_us);
        used->message = (size_of(error) + size_of(offline)) / MESSAGES;
    }
    used->told_us = cpu_since(pid, &before);
    used->told_after_us = (double) (last_us - begin_us);
}

static usage measure_gateway(const measure_options *options, unsigned count)
{
    usage used = {0};
    g_autoptr(GPtrArray) clients = bench_clients_new();
    bench_world world;
    bench_world_init(&world, options->program);
    pid_t pid = gateway_process_pid(world.gateway);
    bench_loop_run(world.loop, SETTLE_US);
    double started = memory_resident(pid);
    bench_clients_add(&world, clients, count);
    used.idle_us = be_idle(world.loop, pid, options->crowd_s);
    used.memory = (memory_resident(pid) - started) / count;
    tell_clients(&world, clients, &used);
    g_ptr_array_set_size(clients, 0);
    bench_world_finish(&world);
    return used;
}

static usage measure_floor(const measure_options *options, unsigned count, size_t message)
{
    usage used = {.memory = NAN, .message = message};
    bench_loop *loop = bench_loop_new();
    idle_floor *floor = idle_floor_new(loop, count, HEARTBEAT_US);
    used.idle_us = be_idle(loop, idle_floor_pid(floor), options->crowd_s);
    cpu_reading before = cpu_read(idle_floor_pid(floor));
    int64_t begin_us = cg_clock_monotonic_us();
    idle_floor_tell_all(floor, MESSAGES, message);
    used.told_after_us = (double) (cg_clock_monotonic_us() - begin_us);
    used.told_us = cpu_since(idle_floor_pid(floor), &before);
    idle_floor_free(floor);
    bench_loop_free(loop);
    return used;
}

static void add_row(bench_report *report, const char *key, const char *label, const char *unit, double gateway,
                    double floor)
{
    double values[] = {gateway, floor, gateway / floor};
    report_row(report, key, label, unit, values);
}

void measure_idle(const measure_options *options, bench_report *report)
{
    static const char *const columns[] = {"gateway", "floor", "ratio"};
    unsigned count = crowd_of(options->crowd);
    double beats = (double) count * options->crowd_s * 1e6 / HEARTBEAT_US, messages = (double) count * MESSAGES;
    usage gateway = measure_gateway(options, count), floor = measure_floor(options, count, gateway.message);
    g_autofree char *title = g_strdup_printf("Idle, %u registered clients for %u s", count, options->crowd_s);

    report_section(report, "idle", title, G_N_ELEMENTS(columns), columns);
    add_row(report, "memory_kib", "resident per client", "KiB", gateway.memory / 1024, floor.memory);
    add_row(report, "idle_percent", "CPU while nothing happens", "% of a core",
            gateway.idle_us / options->crowd_s / 1e4, floor.idle_us / options->crowd_s / 1e4);
    add_row(report, "heartbeat_us", "CPU per heartbeat and its echo", "us", gateway.idle_us / beats,
            floor.idle_us / beats);
    add_row(report, "told_us", "CPU per message when all are told at once", "us", gateway.told_us / messages,
            floor.told_us / messages);
    add_row(report, "told_after_ms", "until the last client has read its two messages", "ms",
            gateway.told_after_us / 1000, floor.told_after_us / 1000);
}
