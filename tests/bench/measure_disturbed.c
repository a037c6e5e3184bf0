/* New calls are started at an even pace, whether those before are up or not; their clients keep silent, so that what
 * they cost is the setting up. */
#include "base/clock.h"
#include "tests/bench/comparison.h"
#include "tests/bench/disturbances.h"
#include "tests/bench/samples.h"

#include <math.h>

enum { HANDSHAKES_PER_CALL = 2 };

typedef struct {
    const char *key, *label;
    comparison *count;
    double handshakes_per_s;
} phase;

/* Returns the calls started; one that comes too late takes the place of the next. */
static unsigned start_calls(target_world *world, void *state, unsigned first, unsigned seconds, unsigned handshakes)
{
    unsigned started = 0;
    int64_t start_us = cg_clock_monotonic_us(), interval_us = 1000000 * HANDSHAKES_PER_CALL / handshakes;
    int64_t end_us = start_us + seconds * INT64_C(1000000), next_us = start_us;
    while (next_us < end_us && first + started < world->calls) {
        load_client *ends[2];
        int64_t now_us = cg_clock_monotonic_us();
        if (now_us < next_us)
            bench_loop_run(world->loop, next_us - now_us);
        target_callgate.call(state, first + started++, ends);
        next_us = MAX(next_us + interval_us, cg_clock_monotonic_us());
    }
    bench_loop_run(world->loop, MAX(end_us - cg_clock_monotonic_us(), 0));
    return started;
}

static void add_row(bench_report *report, const phase *p)
{
    const comparison *c = p->count;
    bool any = c->latency_us->len > 0;
    double values[] = {p->handshakes_per_s,
                       (double) c->sent,
                       (double) c->sent - (double) c->received,
                       any ? samples_percentile(c->latency_us, 50) : NAN,
                       any ? samples_percentile(c->latency_us, 99) : NAN,
                       any ? samples_percentile(c->latency_us, 99.9) : NAN,
                       100 * comparison_server_load(c),
                       100 * c->load_cpu_s / c->measured_s};
    report_row(report, p->key, p->label, "", values);
}

void measure_disturbed(target_world *world, unsigned seconds, unsigned handshakes, bench_report *report)
{
    static const char *const columns[] = {"shakes/s", "sent",     "lost",     "p50 us",
                                          "p99 us",   "p99.9 us", "server %", "load %"};
    unsigned running = world->calls;
    g_autofree char *title = g_strdup_printf("%u calls while others are set up", running);
    comparison *whole = comparison_new(&target_callgate);
    phase quiet = {"quiet", "nothing else happens", comparison_new(&target_callgate), 0};
    phase busy = {"busy", "handshakes go on", comparison_new(&target_callgate), 0};

    world->calls = running + seconds * handshakes / HANDSHAKES_PER_CALL;
    void *state = comparison_start(whole, world, running);
    load_set_speakers(world->load, 2 * running);
    comparison_measure(quiet.count, world, state, seconds);
    comparison_begin(busy.count, world, state);
    busy.handshakes_per_s =
        (double) HANDSHAKES_PER_CALL * start_calls(world, state, running, seconds, handshakes) / seconds;
    comparison_end(busy.count, world, state);
    comparison_stop(whole, world, state);

    report_section(report, "setup_load", title, G_N_ELEMENTS(columns), columns);
    add_row(report, &quiet);
    add_row(report, &busy);
    comparison_free(whole);
    comparison_free(quiet.count);
    comparison_free(busy.count);
}
