/* A call as two browsers make it, one step after another. */
#include "tests/bench/bench_call.h"

#include <string.h>

enum { SETUP_PATIENCE_US = 15000000 };

void bench_world_init(bench_world *world, const char *program)
{
    world->loop = bench_loop_new();
    world->gateway = gateway_process_new(&(gateway_options){.program = program});
    world->identity = peer_identity_new();
}

void bench_world_finish(bench_world *world)
{
    gateway_process_free(world->gateway);
    peer_identity_free(world->identity);
    bench_loop_free(world->loop);
}

GPtrArray *bench_clients_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) signal_client_free);
}

void bench_clients_add(bench_world *world, GPtrArray *clients, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *identity = g_strdup_printf("bench-%u", clients->len);
        g_autofree char *token = gateway_process_mint(world->gateway, identity);
        signal_client *client = signal_client_new(world->loop, gateway_process_server(world->gateway), identity, token);
        signal_client_register(client);
        g_ptr_array_add(clients, client);
    }
}

static bool both_heard(void *user)
{
    const bench_call *call = user;
    return call->talkers[0]->heard_us != 0 && call->talkers[1]->heard_us != 0;
}

static void read_sdp(webrtc_peer *reader, const signal_message *message)
{
    if (!webrtc_peer_read_sdp(reader, signal_message_text(message, "sdp")))
        bench_fail("the gateway's description in \"%s\" is unusable", message->type);
}

static char *place(signal_client *caller, signal_client *callee, webrtc_peer *peer)
{
    g_autofree char *offer = webrtc_peer_write_sdp(peer, WEBRTC_PEER_OFFER);
    signal_client_invite(caller, "TJbench", signal_client_identity(callee), offer);
    g_autoptr(signal_message) ringing = signal_client_expect(caller, "ringing");
    return g_strdup(signal_message_text(ringing, "callsid"));
}

static char *take_call(signal_client *callee, webrtc_peer *peer, int64_t *ret_answered_us)
{
    g_autoptr(signal_message) invite = signal_client_expect(callee, "invite");
    read_sdp(peer, invite);
    g_autofree char *sdp = webrtc_peer_write_sdp(peer, WEBRTC_PEER_ANSWER);
    char *callsid = g_strdup(signal_message_text(invite, "callsid"));
    *ret_answered_us = signal_client_answer(callee, callsid, sdp);
    return callsid;
}

char *bench_signal_answer(signal_client *callee, webrtc_peer *peer)
{
    int64_t answered_us;
    return take_call(callee, peer, &answered_us);
}

bench_signalling bench_signal_call(signal_client *caller, signal_client *callee, webrtc_peer *const peers[static 2])
{
    bench_signalling call = {.sids[0] = place(caller, callee, peers[0])};
    call.sids[1] = take_call(callee, peers[1], &call.answered_us);
    g_autoptr(signal_message) answered = signal_client_expect(caller, "answer");
    read_sdp(peers[0], answered);
    return call;
}

bench_call *bench_call_new(bench_world *world, signal_client *caller, signal_client *callee, int64_t interval_us)
{
    bench_call *call = g_new0(bench_call, 1);
    *call = (bench_call){.world = world, .caller = caller, .callee = callee};
    for (unsigned side = 0; side < 2; side++)
        call->talkers[side] = talker_new(world->loop, world->identity, interval_us);
    call->signalling =
        bench_signal_call(caller, callee, (webrtc_peer *[]){call->talkers[0]->peer, call->talkers[1]->peer});
    if (!bench_loop_until(world->loop, both_heard, call, SETUP_PATIENCE_US))
        bench_fail("media of %s never came up: %s%s", signal_client_identity(caller),
                   call->talkers[0]->heard_us == 0 ? "caller hears nothing " : "",
                   call->talkers[1]->heard_us == 0 ? "callee hears nothing" : "");
    return call;
}

void bench_call_free(bench_call *call)
{
    signal_client_hang_up(call->caller, call->signalling.sids[0]);
    g_autoptr(signal_message) ended = signal_client_expect(call->callee, "hangup");
    for (unsigned side = 0; side < 2; side++) {
        talker_free(call->talkers[side]);
        g_free(call->signalling.sids[side]);
    }
    g_free(call);
}
