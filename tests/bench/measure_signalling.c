/* How long the gateway needs from the caller's `invite` to the callee's. Both times are taken at the clients, so they
 * hold two ways through the kernel and this program's turn as well; the round trip of a request that the gateway
 * refuses at once has those too. It is taken before every call, and the difference is the gateway's. */
#include "tests/bench/bench_call.h"
#include "tests/bench/measures.h"
#include "tests/bench/samples.h"

static double time_nothing(signal_client *client)
{
    int64_t sent_us = signal_client_ask_nothing(client);
    g_autoptr(signal_message) answer = signal_client_expect(client, "error");
    return (double) (answer->received_us - sent_us);
}

/* Rings and hangs up again. */
static double time_invite(signal_client *caller, signal_client *callee, const char *offer)
{
    int64_t sent_us = signal_client_invite(caller, "TJbench", signal_client_identity(callee), offer);
    g_autoptr(signal_message) invite = signal_client_expect(callee, "invite");
    g_autoptr(signal_message) ringing = signal_client_expect(caller, "ringing");
    signal_client_hang_up(caller, signal_message_text(ringing, "callsid"));
    g_autoptr(signal_message) cancel = signal_client_expect(callee, "cancel");
    return (double) (invite->received_us - sent_us);
}

static void add_rows(bench_report *report, GArray *trips, GArray *invites)
{
    double trip[SAMPLES_COLUMNS], invite[SAMPLES_COLUMNS], server[SAMPLES_COLUMNS];
    samples_columns(trips, trip);
    samples_columns(invites, invite);
    for (unsigned i = 0; i < SAMPLES_COLUMNS; i++)
        server[i] = invite[i] - trip[i];
    report_row(report, "round_trip_us", "floor: round trip of a request refused at once", "us", trip);
    report_row(report, "invite_to_invite_us", "caller's invite to callee's invite", "us", invite);
    report_row(report, "server_us", "difference: the gateway's own time", "us", server);
}

void measure_signalling(const measure_options *options, bench_report *report)
{
    static const char *const columns[] = {"p50", "p99"};
    g_autofree char *title = g_strdup_printf("Signalling, %u calls one after another", options->invites);
    g_autoptr(GArray) trips = samples_new(), invites = samples_new();
    g_autoptr(GPtrArray) clients = bench_clients_new();
    bench_world world;

    bench_world_init(&world, options->program);
    bench_clients_add(&world, clients, 2);
    webrtc_peer_config config = {.address = "127.0.0.1", .identity = world.identity};
    webrtc_peer *peer = webrtc_peer_new(&config);
    g_autofree char *offer = webrtc_peer_write_sdp(peer, WEBRTC_PEER_OFFER);
    for (unsigned i = 0; i < options->invites; i++) {
        samples_add(trips, time_nothing(clients->pdata[0]));
        samples_add(invites, time_invite(clients->pdata[0], clients->pdata[1], offer));
    }
    webrtc_peer_free(peer);
    g_ptr_array_set_size(clients, 0);
    bench_world_finish(&world);
    report_section(report, "signalling", title, SAMPLES_COLUMNS, columns);
    add_rows(report, trips, invites);
}
