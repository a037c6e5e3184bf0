/* What load.c and load_client.c share. load.c has the time and the counting, load_client.c what one client says and
 * hears. */
#pragma once

#include "tests/bench/load.h"
#include "tests/bench/load_socket.h"
#include "tests/lib-native/peer_srtp.h"

struct load_client {
    load *load;
    unsigned index;
    webrtc_peer *peer;        /* NULL: plain */
    struct sockaddr_in to;    /* of a plain one; port 0: not known yet */
    const recording *voice;   /* NULL: packets that tell of themselves */
    uint8_t payload_type;     /* of a plain one */
    srtp_t inbound, outbound; /* of a plain one with keys */
    uint64_t number;          /* of its next packet */
    uint64_t highest;         /* number heard, plus one */
    uint32_t ssrc;
    bool talks;
    int64_t heard_us, next_us;
    load_client *next; /* in the line */
};

struct load {
    bench_loop *loop;
    load_socket *socket;
    bench_source source;
    GPtrArray *clients;        /* by index */
    GPtrArray *connecting;     /* WebRTC ones that are not yet; not owned */
    load_client *first, *last; /* the line of those that send */
    int64_t setup_us;          /* when `connecting` are looked at */
    unsigned speakers;         /* clients with a lower index speak */
    uint32_t window;           /* that counts; 0: none */
    uint32_t windows;          /* so far */
    int64_t received_ns;       /* of the datagram being taken */
    uint64_t dropped_before;
    load_counts counts;
};

/* Both free a client and all it holds, and end a handshake that has failed with the benchmark. */
void load_client_free(void *client);
void load_client_take(load_client *client, const struct sockaddr_in *from, uint8_t *data, size_t size);
/* Its next packet. */
void load_client_send(load_client *client);
/* It sends from now on, with the others. */
void load_start_talking(load *l, load_client *client);
