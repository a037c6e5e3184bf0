/* A bridge on loopback and the peers that talk to it, all driven from the test's one thread: the world in which the
 * bridge's end-to-end tests play. What happens is kept (events, packets) so that a test can wait for it and look. */
#pragma once

#include "bridge/bridge_stats.h"
#include "tests/lib-native/webrtc_peer.h"

#include <glib.h>

#define WORLD_MAX_CALLERS 32

typedef struct {
    cg_rtp_header header;
    uint8_t data[512]; /* the whole packet, decrypted */
    size_t size;
} world_packet;

typedef struct {
    cg_leg_id leg;
    webrtc_peer *peer;          /* NULL: not there */
    cg_media_description local; /* what the bridge says to this peer */
    GArray *packets;            /* world_packet, RTP received */
    GArray *reports;            /* cg_rtcp_report received */
} world_caller;

typedef struct {
    cg_mailbox *control;
    cg_bridge *bridge;
    peer_identity *identity;
    GArray *events; /* cg_leg_event */
    GPtrArray *log; /* lines */
    GThread *thread;
    world_caller callers[WORLD_MAX_CALLERS];
} world;

/* One worker on 127.0.0.1 and ::1; fields of `config` that are zero get defaults. */
world *world_new(const cg_bridge_config *config);
void world_free(world *w);

/* Lets everything run for at most `ms`, or until something has happened. */
void world_step(world *w, int ms);
/* Lets everything run for `ms`: to see that something does not happen. */
void world_run(world *w, int ms);

#define WORLD_WAIT(w, condition)                                                      \
    do {                                                                              \
        int64_t deadline_ = g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND;         \
        while (!(condition) && g_get_monotonic_time() < deadline_)                    \
            world_step((w), 5);                                                       \
        if (!(condition))                                                             \
            g_error("%s:%d: waited in vain for: %s", __FILE__, __LINE__, #condition); \
    } while (0)

/* A leg with its peer; not described yet. `config` may be NULL; its callbacks are the world's. If the peer is
 * `controlled`, the leg has offered. */
world_caller *world_open(world *w, const webrtc_peer_config *config);
/* Tells both sides of each other: what an offer and answer would have negotiated (all that the peer has). */
void world_describe(world *w, world_caller *caller);
/* The same again after the peer's description or `caller->local` was changed. */
void world_describe_bridge(world *w, world_caller *caller);
void world_describe_peer(world *w, world_caller *caller);
/* Open, describe, and wait until it is connected. */
world_caller *world_connect(world *w, const webrtc_peer_config *config);
/* Two connected and linked callers. */
void world_call(world *w, world_caller **ret_a, world_caller **ret_b);
/* `count` packets of Opus from the caller's peer, a millisecond apart, from `sequence` on. */
void world_send_audio(world *w, world_caller *from, uint16_t sequence, unsigned count);
/* The leg has ended once, for that reason. */
void world_assert_ended(const world *w, const world_caller *caller, cg_leg_end end);
void world_close(world *w, world_caller *caller); /* waits for ENDED, frees the peer */

unsigned world_count(const world *w, const world_caller *caller, cg_leg_event_kind kind);
/* The last event of that kind; it must be there. */
const cg_leg_event *world_event(const world *w, const world_caller *caller, cg_leg_event_kind kind);
/* The first candidate told for this caller of that type and its peer's family; NULL if there is none yet. */
const cg_candidate *world_candidate(const world *w, const world_caller *caller, cg_candidate_type type);
/* Lines of the log with that event (its name at their front) and the leg's number; a line logged by any thread but the
 * test's, which is the control thread here, is an error of its own. */
unsigned world_logged(const world *w, const char *event, cg_leg_id leg);
/* The digits told for this caller, in order. */
char *world_digits(const world *w, const world_caller *caller);

const world_packet *world_packet_at(const world_caller *caller, unsigned index);
void world_forget_packets(world_caller *caller);
cg_worker_stats world_stats(const world *w);

/* In the place of g_test_init(), for tests that look at memory. */
void world_init_tests(int *argc, char ***argv);
size_t world_memory(void); /* octets in use, the worker's too */
/* No more than a little has been added to what was in use then. */
void world_assert_memory(size_t early);
