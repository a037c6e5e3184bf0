/* More and more calls until packets are lost or the load has no core left to make them with, then between the last two
 * numbers. All of them stay connected; how many of them speak is what changes. */
#include "tests/bench/capacity.h"

#include "tests/bench/comparison.h"
#include "tests/bench/comparison_report.h"
#include "tests/bench/samples.h"

#include <limits.h>
#include <math.h>

enum { FIRST_CALLS = 100, TRY_S = 3, PROOF_S = 10, HALF_CALLS = 400, PRECISION = 20, APPROACHES = 4 };

#define HALF_AT_LEAST 0.45
#define HALF_AT_MOST 0.55
#define LOAD_AT_MOST 0.8 /* of its core; beyond it, what waits and what is lost is the load's own */

/* What a number of calls led to. */
typedef struct {
    unsigned calls;
    double lost, server, load; /* packets; of a core */
    double p50_us, p99_us, p999_us;
} trial;

typedef struct {
    target_world *world;
    const target *target;
    comparison *whole; /* set-up; each trial has figures of its own */
    void *state;
    unsigned up; /* calls */
} bearer;

static trial try_calls(bearer *b, unsigned calls, unsigned seconds)
{
    comparison *c = comparison_new(b->target);
    load_set_speakers(b->world->load, 2 * calls);
    comparison_measure(c, b->world, b->state, seconds);
    bool any = c->latency_us->len > 0;
    trial result = {.calls = calls,
                    .lost = (double) c->sent - (double) c->received,
                    .server = comparison_server_load(c),
                    .load = c->load_cpu_s / c->measured_s,
                    .p50_us = any ? samples_percentile(c->latency_us, 50) : NAN,
                    .p99_us = any ? samples_percentile(c->latency_us, 99) : NAN,
                    .p999_us = any ? samples_percentile(c->latency_us, 99.9) : NAN};
    comparison_free(c);
    return result;
}

static bool is_borne(const trial *t)
{
    return t->lost == 0 && t->load <= LOAD_AT_MOST;
}

/* A loss counts if it comes twice: the machine may have been somewhere else for a moment. */
static trial try_twice(bearer *b, unsigned calls)
{
    trial now = try_calls(b, calls, TRY_S);
    return is_borne(&now) ? now : try_calls(b, calls, TRY_S);
}

static bearer begin(target_world *world, const target *bearing, unsigned calls)
{
    bearer b = {.world = world, .target = bearing, .whole = comparison_new(bearing), .up = calls};
    b.state = comparison_start(b.whole, world, calls);
    return b;
}

static void end(bearer *b)
{
    comparison_stop(b->whole, b->world, b->state);
    comparison_free(b->whole);
}

static bool add_calls(bearer *b, unsigned more)
{
    load_set_speakers(b->world->load, UINT_MAX);
    bool all = comparison_set_up(b->whole, b->world, b->state, b->up, more);
    b->up += more;
    return all;
}

/* Adds calls until they are not borne or the world has no more; returns the last that was borne, and what was not. */
static trial climb(bearer *b, trial *ret_too_many)
{
    trial borne = {0}, now = try_twice(b, b->up);
    while (is_borne(&now)) {
        borne = now;
        unsigned more = MIN(b->up / 4, b->world->calls - b->up);
        if (more == 0 || !add_calls(b, more))
            break;
        now = try_twice(b, b->up);
    }
    *ret_too_many = now;
    return borne;
}

/* `ret_too_many` is why there are no more. */
static trial find_capacity(bearer *b, trial *ret_too_many)
{
    trial borne = climb(b, ret_too_many);
    while (ret_too_many->calls - borne.calls > MAX(ret_too_many->calls / PRECISION, 1)) {
        trial now = try_twice(b, (borne.calls + ret_too_many->calls) / 2);
        *(is_borne(&now) ? &borne : ret_too_many) = now;
    }
    return borne;
}

static void add_trial(bench_report *report, const char *key, const char *label, const trial *t)
{
    double values[] = {t->calls, t->lost, 100 * t->server, 100 * t->load, t->p50_us, t->p99_us, t->p999_us};
    report_row(report, key, label, "", values);
}

/* How many calls to try next; 0: `now` will do. Fewer packets share fewer wake-ups, so half the calls are more than
 * half the load: the number is approached. */
static unsigned next_calls(const bearer *b, const trial *now)
{
    bool more = now->server < HALF_AT_LEAST && now->load < LOAD_AT_MOST - 0.1;
    bool fewer = now->server > HALF_AT_MOST || now->load > LOAD_AT_MOST;
    if (!more && !fewer)
        return 0;
    double factor = fmin(0.5 / now->server, (LOAD_AT_MOST - 0.05) / now->load);
    unsigned calls = CLAMP((unsigned) (now->calls * factor), 1, b->world->calls);
    return calls != now->calls ? calls : 0;
}

/* The trial with which the server has half of a core to do, or as much of it as the load can make. */
static trial half_busy(bearer *b)
{
    trial now = try_calls(b, b->up, TRY_S);
    for (unsigned i = 0, calls; i < APPROACHES && (calls = next_calls(b, &now)) != 0; i++) {
        if (calls > b->up && !add_calls(b, calls - b->up))
            break;
        now = try_calls(b, calls, TRY_S);
    }
    return try_calls(b, now.calls, PROOF_S);
}

static trial measure_gateway(target_world *world, bench_report *report)
{
    bearer b = begin(world, &target_callgate, MIN(FIRST_CALLS, world->calls));
    trial too_many, most = find_capacity(&b, &too_many);
    trial proof = try_calls(&b, MAX(most.calls * 8 / 10, 1), PROOF_S);
    trial half = half_busy(&b);
    end(&b);
    add_trial(report, "capacity", "Callgate, the most without loss", &most);
    add_trial(report, "too_many", too_many.lost > 0 ? "Callgate, too many" : "Callgate, more than the load can make",
              &too_many);
    add_trial(report, "capacity_80", "Callgate, 80 % of the most", &proof);
    add_trial(report, target_callgate.key, "Callgate, half busy", &half);
    verdict_section(report);
    verdict_row(report, "lost_80", "packets lost at 80 % of capacity, at most", most.calls > 0 ? proof.lost : NAN,
                VERDICT_AT_MOST, 0);
    return half;
}

static trial measure_other(const target_world *all, const target *other)
{
    target_world world = *all;
    world.calls = MIN(HALF_CALLS, all->calls);
    bearer b = begin(&world, other, MIN(FIRST_CALLS, world.calls));
    trial half = half_busy(&b);
    end(&b);
    return half;
}

void measure_capacity(target_world *world, const GPtrArray *targets, bench_report *report)
{
    static const char *const columns[] = {"calls", "lost", "server %", "load %", "p50 us", "p99 us", "p99.9 us"};
    double wire_us = NAN, best_peer_us = NAN;
    report_section(report, "capacity", "One worker's capacity, and half of a core's load", G_N_ELEMENTS(columns),
                   columns);
    for (guint i = 0; i < targets->len; i++) {
        const target *other = targets->pdata[i];
        if (other == &target_callgate)
            continue;
        trial half = measure_other(world, other);
        g_autofree char *label = g_strconcat(other->label, ", half busy", NULL);
        add_trial(report, other->key, label, &half);
        if (other == &target_floor)
            wire_us = half.p50_us;
        else if (other->kind != TARGET_FLOOR)
            best_peer_us = fmin(best_peer_us, half.p99_us);
    }
    trial ours = measure_gateway(world, report);
    verdict_row(report, "added_ms", "p99 that we add at half load (to the floor's p50), ms, at most",
                (ours.p99_us - wire_us) / 1000, VERDICT_AT_MOST, 1);
    verdict_row(report, "p99_peers", "p99 at half load, ours to the best peer's, at most", ours.p99_us / best_peer_us,
                VERDICT_AT_MOST, 1);
}
