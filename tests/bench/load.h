/* The load: clients that each send a packet of audio every 20 ms and count what they hear. All of them are one socket
 * (load_socket.h) and one source of the loop. A packet's payload says when it was made and which one it is, so that
 * what comes back tells latency, loss and order. */
#pragma once

#include "tests/bench/bench_loop.h"
#include "tests/bench/recording.h"
#include "tests/lib-native/webrtc_peer.h"

#include <glib.h>

enum { LOAD_PAYLOAD = 80, LOAD_INTERVAL_US = 20000 };

typedef struct load load;
typedef struct load_client load_client;

load *load_new(bench_loop *loop);
void load_free(load *l); /* its clients as well */

/* A WebRTC client; it sends as soon as it is connected. */
load_client *load_add_webrtc(load *l, peer_identity *identity);
/* A client of plain RTP, or of SRTP with fixed keys (NULL: RTP); it sends to `to` at once, or, if that is NULL, to
 * where it is first heard from. */
load_client *load_add_rtp(load *l, const struct sockaddr_in *to, const peer_dtls_keys *keys);
/* All of them; their addresses are used again. */
void load_remove_clients(load *l);

webrtc_peer *load_client_peer(load_client *client);
struct sockaddr_in load_client_address(const load_client *client);
/* Of all clients only the first so many send audio; the others keep their connection. UINT_MAX at first. */
void load_set_speakers(load *l, unsigned count);

/* It says that, with payload type `type` if it is a plain one (a WebRTC client: as negotiated), in place of packets
 * that tell of themselves, and counts what it hears with the same type; of that neither latency nor order is known. */
void load_client_speak(load_client *client, const recording *voice, uint8_t type);
/* Where a plain client is to send, once that is known. */
void load_client_send_to(load_client *client, const struct sockaddr_in *to);
int64_t load_client_heard_us(const load_client *client); /* when its first packet came; 0: not yet */

/* Its socket, for a process that floods from the same addresses. */
struct load_socket *load_get_socket(load *l);
unsigned load_client_index(const load_client *client);
/* A packet of audio as it would send it now, sent as well. Returns its size. */
size_t load_client_record(load_client *client, uint8_t ret_datagram[static 2048]);

typedef struct {
    uint64_t sent, received;
    uint64_t reordered; /* came behind one sent later */
    uint64_t repeated;  /* came twice */
    uint64_t stalls;    /* times this process was late by more than an interval */
    uint64_t dropped;   /* lost in this process's own buffer */
    GArray *latency_us; /* samples.h; of every packet received */
} load_counts;

/* Spreads the clients evenly over the interval and begins to count. */
void load_begin(load *l);
/* Counts no more of what is sent from now on; waits for what is on its way. The counts are the load's until it begins
 * again. */
const load_counts *load_end(load *l);
