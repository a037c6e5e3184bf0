/* The two floors: the relay alone, and the relay with SRTP. */
#include "tests/bench/relay_process.h"
#include "tests/bench/target.h"

typedef struct {
    relay_process *relay;
    load_client **clients; /* two for each call */
} floor_state;

static void *start(const target_world *world, bool srtp)
{
    unsigned count = 2 * world->calls;
    floor_state *state = g_new0(floor_state, 1);
    g_autofree struct sockaddr_in *ends = g_new0(struct sockaddr_in, count);
    state->relay = relay_process_new(world->netns, world->address);
    state->clients = g_new0(load_client *, count);
    for (unsigned i = 0; i < count; i++) {
        peer_dtls_keys keys = relay_keys(i);
        state->clients[i] = load_add_rtp(world->load, NULL, srtp ? &keys : NULL);
        ends[i] = load_client_address(state->clients[i]);
    }
    relay_process_start(state->relay, ends, count, srtp);
    return state;
}

static void *start_plain(const target_world *world)
{
    return start(world, false);
}

static void *start_srtp(const target_world *world)
{
    return start(world, true);
}

static void call(void *user, unsigned number, load_client *ret_ends[static 2])
{
    floor_state *state = user;
    for (unsigned side = 0; side < 2; side++) {
        ret_ends[side] = state->clients[2 * number + side];
        load_client_send_to(ret_ends[side], relay_process_address(state->relay));
    }
}

static pid_t pid(const void *user)
{
    return relay_process_pid(((const floor_state *) user)->relay);
}

static void stop(void *user)
{
    floor_state *state = user;
    relay_process_free(state->relay);
    g_free(state->clients);
    g_free(state);
}

const target target_floor = {.key = "floor",
                             .label = "floor: recvfrom, sendto",
                             .kind = TARGET_FLOOR,
                             .start = start_plain,
                             .call = call,
                             .pid = pid,
                             .stop = stop};
const target target_srtp_floor = {.key = "srtp_floor",
                                  .label = "floor with SRTP off and on",
                                  .kind = TARGET_FLOOR,
                                  .start = start_srtp,
                                  .call = call,
                                  .pid = pid,
                                  .stop = stop};
