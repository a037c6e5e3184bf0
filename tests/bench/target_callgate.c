/* Callgate with one media worker: pairs of clients call each other through /signal. */
#include "tests/bench/bench_call.h"
#include "tests/bench/target.h"

typedef struct {
    const target_world *compared;
    bench_world world;
    GPtrArray *clients;
} callgate_state;

static void *start(const target_world *compared)
{
    callgate_state *state = g_new0(callgate_state, 1);
    gateway_options options = {.program = compared->callgate, .netns = compared->netns, .address = compared->address};
    state->compared = compared;
    state->world =
        (bench_world){.loop = compared->loop, .gateway = gateway_process_new(&options), .identity = compared->identity};
    state->clients = bench_clients_new();
    bench_clients_add(&state->world, state->clients, 2 * compared->calls);
    return state;
}

static void call(void *user, unsigned number, load_client *ret_ends[static 2])
{
    callgate_state *state = user;
    webrtc_peer *peers[2];
    for (unsigned side = 0; side < 2; side++) {
        ret_ends[side] = load_add_webrtc(state->compared->load, state->world.identity);
        peers[side] = load_client_peer(ret_ends[side]);
    }
    bench_signalling signalling =
        bench_signal_call(state->clients->pdata[2 * number], state->clients->pdata[2 * number + 1], peers);
    for (unsigned side = 0; side < 2; side++)
        g_free(signalling.sids[side]);
}

static pid_t pid(const void *user)
{
    return gateway_process_pid(((const callgate_state *) user)->world.gateway);
}

char *target_callgate_metrics(const void *user)
{
    return gateway_process_metrics(((const callgate_state *) user)->world.gateway);
}

static void stop(void *user)
{
    callgate_state *state = user;
    g_ptr_array_unref(state->clients);
    gateway_process_free(state->world.gateway);
    g_free(state);
}

const target target_callgate = {.key = "callgate",
                                .label = "Callgate",
                                .kind = TARGET_OURS,
                                .start = start,
                                .call = call,
                                .pid = pid,
                                .stop = stop};
