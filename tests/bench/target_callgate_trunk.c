/* Callgate between a trunk and clients: phones call at an even pace, WebRTC clients take the calls. What both sides
 * have passes through, or Opus is translated to a phone's PCMU. */
#include "tests/bench/bench_call.h"
#include "tests/bench/sipp_caller.h"
#include "tests/bench/target.h"

enum { CALLS_PER_S = 50, PCMU = 0 };

#define PHONES_ADDRESS "10.77.0.2" /* of the clients' namespace */

typedef struct {
    const target_world *compared;
    bench_world world;
    GPtrArray *clients;
    char **callsids; /* by call */
    sipp_caller *phones;
} trunk_state;

static void *start(const target_world *compared, const char *format)
{
    trunk_state *state = g_new0(trunk_state, 1);
    gateway_options options = {.program = compared->callgate,
                               .netns = compared->netns,
                               .address = compared->address,
                               .trunk = PHONES_ADDRESS "/32",
                               .numbers = compared->calls};
    state->compared = compared;
    state->world =
        (bench_world){.loop = compared->loop, .gateway = gateway_process_new(&options), .identity = compared->identity};
    state->clients = bench_clients_new();
    state->callsids = g_new0(char *, compared->calls);
    bench_clients_add(&state->world, state->clients, compared->calls);
    g_autofree char *server = g_strdup_printf("%s:%d", compared->address, GATEWAY_SIP_PORT);
    state->phones = sipp_caller_new(&(sipp_caller_options){.load = compared->load,
                                                           .address = PHONES_ADDRESS,
                                                           .server = server,
                                                           .calls = compared->calls,
                                                           .per_second = CALLS_PER_S,
                                                           .format = format});
    return state;
}

static void *start_passing(const target_world *compared)
{
    return start(compared, "111\na=rtpmap:111 opus/48000/2");
}

static void *start_translating(const target_world *compared)
{
    return start(compared, "0\na=rtpmap:0 PCMU/8000");
}

/* The phone calls by itself. */
static void take_call(trunk_state *state, unsigned number, load_client *ends[static 2])
{
    sipp_caller_start(state->phones);
    state->callsids[number] = bench_signal_answer(state->clients->pdata[number], load_client_peer(ends[0]));
}

static void add_ends(trunk_state *state, load_client *ret_ends[static 2])
{
    ret_ends[0] = load_add_webrtc(state->compared->load, state->world.identity);
    ret_ends[1] = load_add_rtp(state->compared->load, NULL, NULL);
}

static void call(void *user, unsigned number, load_client *ret_ends[static 2])
{
    trunk_state *state = user;
    add_ends(state, ret_ends);
    take_call(state, number, ret_ends);
}

static void call_translated(void *user, unsigned number, load_client *ret_ends[static 2])
{
    trunk_state *state = user;
    add_ends(state, ret_ends);
    load_client_speak(ret_ends[0], state->compared->opus, 0);
    load_client_speak(ret_ends[1], state->compared->pcmu, PCMU);
    take_call(state, number, ret_ends);
}

static pid_t pid(const void *user)
{
    return gateway_process_pid(((const trunk_state *) user)->world.gateway);
}

static void stop(void *user)
{
    trunk_state *state = user;
    for (unsigned i = 0; i < state->compared->calls; i++)
        if (state->callsids[i] != NULL)
            signal_client_hang_up(state->clients->pdata[i], state->callsids[i]);
    sipp_caller_free(state->phones);
    for (unsigned i = 0; i < state->compared->calls; i++)
        g_free(state->callsids[i]);
    g_free(state->callsids);
    g_ptr_array_unref(state->clients);
    gateway_process_free(state->world.gateway);
    g_free(state);
}

const target target_callgate_trunk = {.key = "callgate_trunk",
                                      .label = "Callgate, SIP trunk to WebRTC",
                                      .kind = TARGET_OURS,
                                      .start = start_passing,
                                      .call = call,
                                      .paced = true,
                                      .pid = pid,
                                      .stop = stop};
const target target_callgate_translating = {.key = "callgate_translating",
                                            .label = "Callgate, Opus to a trunk's PCMU",
                                            .kind = TARGET_OURS,
                                            .start = start_translating,
                                            .call = call_translated,
                                            .paced = true,
                                            .pid = pid,
                                            .stop = stop};
