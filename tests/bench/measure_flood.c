/* The flood comes from the clients' side of the network, through the same link; what the running calls lose under it is
 * set beside what they lose when as many packets more are valid. */
#include "tests/bench/comparison.h"
#include "tests/bench/disturbances.h"
#include "tests/bench/flood.h"
#include "tests/bench/samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GARBAGE = 100, PACKETS_PER_CALL = 2 * 1000000 / LOAD_INTERVAL_US, REASONS = 7 };

static const char *const reasons[REASONS] = {"unknown_source", "unauthenticated", "replayed", "malformed",
                                             "not_negotiated", "no_keys",         "too_many"};

static const char *const short_reasons[REASONS] = {"unknown",    "no auth", "replayed", "malformed",
                                                   "not agreed", "no keys", "too many"};

typedef struct {
    target_world *world;
    void *state;
    load_client *victim; /* a client of a running call, whose packets and credentials are abused */
    unsigned seconds;
} field;

typedef struct {
    const char *key, *label;
    double flood_per_s;
    double sent, lost, p99_us, server; /* of the running calls; of a core */
    double memory[2];                  /* of the gateway, before and after */
    double drops[REASONS];
} outcome;

static void read_drops(const field *f, double ret[static REASONS])
{
    g_autofree char *metrics = target_callgate_metrics(f->state);
    for (size_t i = 0; i < REASONS; i++) {
        g_autofree char *line = g_strdup_printf("\ncallgate_media_packets_dropped_total{reason=\"%s\"} ", reasons[i]);
        const char *found = strstr(metrics, line);
        if (found == NULL)
            bench_fail("/metrics says nothing of %s", reasons[i]);
        ret[i] = strtod(found + strlen(line), NULL);
    }
}

/* `plan` NULL: no flood. */
static outcome endure(const field *f, const char *key, const char *label, const flood_plan *plan)
{
    outcome result = {.key = key, .label = label};
    double before[REASONS];
    pid_t pid = target_callgate.pid(f->state);
    comparison *c = comparison_new(&target_callgate);
    read_drops(f, before);
    result.memory[0] = memory_resident(pid);
    comparison_begin(c, f->world, f->state);
    flood_process flood = {0};
    if (plan != NULL)
        flood = flood_start(load_get_socket(f->world->load), plan);
    bench_loop_run(f->world->loop, f->seconds * INT64_C(1000000));
    comparison_end(c, f->world, f->state);
    result.flood_per_s = plan != NULL ? (double) flood_end(&flood) / f->seconds : 0;
    result.memory[1] = memory_resident(pid);
    read_drops(f, result.drops);
    for (size_t i = 0; i < REASONS; i++)
        result.drops[i] -= before[i];
    result.sent = (double) c->sent;
    result.lost = (double) c->sent - (double) c->received;
    result.p99_us = c->latency_us->len > 0 ? samples_percentile(c->latency_us, 99) : NAN;
    result.server = comparison_server_load(c);
    comparison_free(c);
    return result;
}

static outcome endure_garbage(const field *f, flood_plan plan)
{
    plan.size = GARBAGE;
    return endure(f, "garbage", "random octets", &plan);
}

/* Right credentials, no nomination: everyone who can read the signalling could send them. */
static outcome endure_checks(const field *f, flood_plan plan)
{
    uint8_t check[512];
    plan.size = webrtc_peer_write_check(load_client_peer(f->victim), false, check);
    plan.data = check;
    return endure(f, "checks", "valid checks of 10,000 addresses", &plan);
}

static outcome endure_replays(const field *f, flood_plan plan)
{
    uint8_t packet[LOAD_MAX_DATAGRAM];
    plan.size = load_client_record(f->victim, packet);
    plan.data = packet;
    plan.first_source = load_client_index(f->victim);
    plan.sources = 1;
    return endure(f, "replays", "a packet of a running call, again", &plan);
}

static outcome endure_valid(const field *f, comparison *whole, unsigned running)
{
    comparison_set_up(whole, f->world, f->state, running, f->world->calls - running);
    outcome result = endure(f, "valid", "as many packets of further calls", NULL);
    result.flood_per_s = fmax(result.sent / f->seconds - running * PACKETS_PER_CALL, 0); /* where not all came up */
    return result;
}

static void add_rows(bench_report *report, const outcome *outcomes, size_t count, unsigned calls)
{
    static const char *const columns[] = {"per s", "sent", "lost", "lost %", "p99 us", "server %", "MiB then", "after"};
    g_autofree char *title = g_strdup_printf("%u calls under a flood", calls);
    report_section(report, "flood", title, G_N_ELEMENTS(columns), columns);
    for (size_t i = 0; i < count; i++) {
        const outcome *o = &outcomes[i];
        double values[] = {o->flood_per_s,
                           o->sent,
                           o->lost,
                           100 * o->lost / MAX(o->sent, 1),
                           o->p99_us,
                           100 * o->server,
                           o->memory[0] / 1048576,
                           o->memory[1] / 1048576};
        report_row(report, o->key, o->label, "", values);
    }
    report_section(report, "flood_drops", "Datagrams the gateway dropped (its metrics)", REASONS, short_reasons);
    for (size_t i = 0; i < count; i++)
        report_row(report, outcomes[i].key, outcomes[i].label, "", outcomes[i].drops);
}

void measure_flood(target_world *world, unsigned seconds, unsigned rate, bench_report *report)
{
    load_client *ends[2];
    unsigned running = world->calls;
    comparison *whole = comparison_new(&target_callgate);
    world->calls = running + rate / PACKETS_PER_CALL + 1;
    field f = {.world = world, .seconds = seconds};
    f.state = comparison_start(whole, world, running);
    target_callgate.call(f.state, running, ends); /* the victim: as the others, but its packets are not counted on */
    f.victim = ends[0];
    bench_loop_run(world->loop, 1000000);
    flood_plan plan = {
        .first_source = FLOOD_FIRST_SOURCE, .sources = FLOOD_SOURCES, .per_second = rate, .seconds = seconds};
    memcpy(&plan.to, webrtc_peer_remote_address(load_client_peer(f.victim)), sizeof plan.to);
    outcome outcomes[] = {endure(&f, "quiet", "no flood", NULL), endure_garbage(&f, plan), endure_checks(&f, plan),
                          endure_replays(&f, plan), endure_valid(&f, whole, running + 1)};
    add_rows(report, outcomes, G_N_ELEMENTS(outcomes), running + 1);
    comparison_stop(whole, world, f.state);
    comparison_free(whole);
}
