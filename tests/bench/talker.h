/* One end of a call's media: a WebRTC peer on a loop that, once connected, sends a packet of audio at a steady pace and
 * counts what it hears. */
#pragma once

#include "tests/bench/bench_loop.h"
#include "tests/lib-native/webrtc_peer.h"

enum { TALKER_PAYLOAD = 80 }; /* octets: about what Opus makes of 20 ms of speech */

typedef struct {
    bench_loop *loop;
    webrtc_peer *peer;
    bench_source source;
    uint16_t sequence;
    int64_t interval_us;  /* between packets */
    unsigned left;        /* packets until it is silent */
    int64_t next_send_us; /* monotonic */
    int64_t connected_us; /* when ICE and DTLS were done; 0: not yet */
    int64_t heard_us;     /* when the first packet of the other came; 0: not yet */
    uint64_t sent, received;
} talker;

/* Sends at once when it is connected, then every `interval_us`. */
talker *talker_new(bench_loop *loop, peer_identity *identity, int64_t interval_us);
void talker_free(talker *t);

/* So many packets more, one every `interval_us`, the first at `first_us`. Those that this process was too late for are
 * sent later, at the same pace: callers do not stall and burst together. */
void talker_send(talker *t, unsigned packets, int64_t interval_us, int64_t first_us);
