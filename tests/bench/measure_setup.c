/* From the callee's `answer` to the first packet of audio that each side hears. Both sides send as soon as their
 * handshake is done and every 20 ms from then on, so a packet that comes before the other leg is ready costs 20 ms. */
#include "tests/bench/bench_call.h"
#include "tests/bench/measures.h"
#include "tests/bench/samples.h"

enum { PACKET_US = 20000 };

typedef struct {
    GArray *whole, *connect, *rest;
} setup_times;

static void time_call(bench_world *world, GPtrArray *clients, const setup_times *times)
{
    bench_call *call = bench_call_new(world, clients->pdata[0], clients->pdata[1], PACKET_US);
    const talker *a = call->talkers[0], *b = call->talkers[1];
    int64_t connected_us = MAX(a->connected_us, b->connected_us), heard_us = MAX(a->heard_us, b->heard_us);
    samples_add(times->whole, (double) (heard_us - call->signalling.answered_us) / 1000);
    samples_add(times->connect, (double) (connected_us - call->signalling.answered_us) / 1000);
    samples_add(times->rest, (double) (heard_us - connected_us) / 1000);
    bench_call_free(call);
}

static void add_row(bench_report *report, const char *key, const char *label, GArray *samples)
{
    double values[SAMPLES_COLUMNS];
    samples_columns(samples, values);
    report_row(report, key, label, "ms", values);
}

void measure_setup(const measure_options *options, bench_report *report)
{
    static const char *const columns[] = {"p50", "p99"};
    g_autofree char *title = g_strdup_printf("Media, %u calls one after another", options->setups);
    g_autoptr(GArray) whole = samples_new(), connect = samples_new(), rest = samples_new();
    g_autoptr(GPtrArray) clients = bench_clients_new();
    bench_world world;

    bench_world_init(&world, options->program);
    bench_clients_add(&world, clients, 2);
    for (unsigned i = 0; i < options->setups; i++)
        time_call(&world, clients, &(setup_times){whole, connect, rest});
    g_ptr_array_set_size(clients, 0);
    bench_world_finish(&world);
    report_section(report, "media", title, SAMPLES_COLUMNS, columns);
    add_row(report, "answer_to_media_ms", "answer to media heard on both sides", whole);
    add_row(report, "ice_dtls_ms", "of that, until both peers had ICE and DTLS done", connect);
    add_row(report, "first_packet_ms", "from there until each had heard the other", rest);
}
