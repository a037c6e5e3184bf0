/* Calls are set up a few at a time, as they come to a busy server, then all of them talk. */
#include "tests/bench/comparison.h"

#include "base/clock.h"
#include "tests/bench/samples.h"

#include <sys/resource.h>

/* After some calls that failed no more are tried. */
enum { AT_ONCE = 4, PATIENCE_US = 15000000, SETTLE_US = 1000000, MAX_FAILED = 4 };

typedef struct {
    load_client *ends[2];
    int64_t started_us;
} rising_call;

typedef struct {
    comparison *comparison;
    GArray *rising; /* of rising_call */
    unsigned failed;
    unsigned wanted; /* at most so many rising */
} setup;

comparison *comparison_new(const target *compared)
{
    comparison *c = g_new0(comparison, 1);
    c->target = compared;
    c->setup_ms = samples_new();
    c->latency_us = samples_new();
    c->cpu_us = samples_new();
    c->memory = samples_new();
    return c;
}

void comparison_free(comparison *c)
{
    g_array_unref(c->setup_ms);
    g_array_unref(c->latency_us);
    g_array_unref(c->cpu_us);
    g_array_unref(c->memory);
    g_free(c);
}

/* --- set-up --- */

/* True if the call rises no more: it is up, or was given up. */
static bool has_risen(setup *s, const rising_call *call)
{
    comparison *c = s->comparison;
    int64_t heard_us[2] = {load_client_heard_us(call->ends[0]), load_client_heard_us(call->ends[1])};
    if (heard_us[0] != 0 && heard_us[1] != 0) {
        samples_add(c->setup_ms, (double) (MAX(heard_us[0], heard_us[1]) - call->started_us) / 1000);
        c->up++;
        return true;
    }
    bool failed = cg_clock_monotonic_us() - call->started_us > PATIENCE_US;
    s->failed += failed;
    return failed;
}

static bool few_rise(void *user)
{
    setup *s = user;
    for (guint i = s->rising->len; i-- > 0;)
        if (has_risen(s, &g_array_index(s->rising, rising_call, i)))
            g_array_remove_index_fast(s->rising, i);
    return s->rising->len <= s->wanted;
}

bool comparison_set_up(comparison *c, const target_world *world, void *state, unsigned first, unsigned calls)
{
    g_autoptr(GArray) rising = g_array_new(FALSE, FALSE, sizeof(rising_call));
    setup s = {.comparison = c, .rising = rising, .wanted = c->target->paced ? calls : AT_ONCE - 1};
    int64_t start_us = cg_clock_monotonic_us();
    for (unsigned i = first; i < first + calls && s.failed < MAX_FAILED; i++) {
        rising_call call = {.started_us = cg_clock_monotonic_us()};
        c->target->call(state, i, call.ends);
        g_array_append_val(rising, call);
        bench_loop_until(world->loop, few_rise, &s, INT64_MAX / 2);
    }
    s.wanted = 0;
    bench_loop_until(world->loop, few_rise, &s, INT64_MAX / 2);
    c->setup_s += (double) (cg_clock_monotonic_us() - start_us) / 1e6;
    c->calls += calls;
    return s.failed == 0;
}

/* --- the load --- */

static double own_cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void add_counts(comparison *c, const load_counts *counts)
{
    c->sent += counts->sent;
    c->received += counts->received;
    c->reordered += counts->reordered;
    c->repeated += counts->repeated;
    c->stalls += counts->stalls;
    c->dropped += counts->dropped;
    g_array_append_vals(c->latency_us, counts->latency_us->data, counts->latency_us->len);
}

void comparison_begin(comparison *c, const target_world *world, void *state)
{
    load_begin(world->load);
    c->begun_own_s = own_cpu_s();
    c->begun_us = cg_clock_monotonic_us();
    c->begun_cpu = cpu_read(c->target->pid(state));
}

void comparison_end(comparison *c, const target_world *world, void *state)
{
    cpu_reading used = {0};
    pid_t pid = c->target->pid(state);
    cpu_add_since(&used, pid, &c->begun_cpu);
    cpu_add_since(&c->cpu, pid, &c->begun_cpu);
    c->load_cpu_s += own_cpu_s() - c->begun_own_s;
    c->measured_s += (double) (cg_clock_monotonic_us() - c->begun_us) / 1e6;
    const load_counts *counts = load_end(world->load);
    add_counts(c, counts);
    samples_add(c->cpu_us, cpu_split(&used).total_us / (double) MAX(counts->received, 1));
    c->rounds++;
}

void comparison_measure(comparison *c, const target_world *world, void *state, unsigned seconds)
{
    comparison_begin(c, world, state);
    bench_loop_run(world->loop, seconds * INT64_C(1000000));
    comparison_end(c, world, state);
}

void *comparison_start(comparison *c, const target_world *world, unsigned calls)
{
    void *state = c->target->start(world);
    pid_t pid = c->target->pid(state);
    bench_loop_run(world->loop, SETTLE_US);
    double idle = memory_resident(pid);
    comparison_set_up(c, world, state, 0, calls);
    bench_loop_run(world->loop, SETTLE_US);
    samples_add(c->memory, (memory_resident(pid) - idle) / calls);
    return state;
}

void comparison_stop(comparison *c, const target_world *world, void *state)
{
    c->target->stop(state);
    load_remove_clients(world->load);
}

void comparison_run(comparison *c, const target_world *world, unsigned seconds)
{
    void *state = comparison_start(c, world, world->calls);
    comparison_measure(c, world, state, seconds);
    comparison_stop(c, world, state);
}

bool comparison_is_overloaded(const comparison *c)
{
    return c->up < c->calls || (double) c->received < 0.99 * (double) c->sent;
}

/* --- results --- */

cpu_time comparison_cpu(const comparison *c)
{
    cpu_time used = cpu_split(&c->cpu);
    double packets = (double) MAX(c->received, 1);
    return (cpu_time){used.total_us / packets, used.user_us / packets, used.system_us / packets};
}

double comparison_memory(const comparison *c)
{
    return samples_percentile(c->memory, 50);
}

double comparison_server_load(const comparison *c)
{
    return cpu_split(&c->cpu).total_us / 1e6 / c->measured_s;
}
