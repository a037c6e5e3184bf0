/* What a comparison compares: one way to bring packets from client to client, each a server of its own in the servers'
 * namespace. Every one is given the same calls by the same load. */
#pragma once

#include "tests/bench/load.h"

#include <netinet/in.h>
#include <sys/types.h>

typedef struct {
    bench_loop *loop;
    load *load;
    peer_identity *identity;
    const char *callgate; /* the gateway's program */
    const char *netns;    /* where servers run */
    const char *address;  /* theirs */
    unsigned calls;
} target_world;

typedef struct {
    const char *key, *label;
    bool floor; /* no gateway: nothing is set up, nothing is held */
    /* The server runs and its clients are there, as idle as clients are. */
    void *(*start)(const target_world *world);
    /* Says all that is to be said for call number `call`; media comes up by itself, between `ret_ends`. */
    void (*call)(void *state, unsigned call, load_client *ret_ends[static 2]);
    pid_t (*pid)(const void *state);
    void (*stop)(void *state);
} target;

extern const target target_floor, target_srtp_floor, target_callgate;
extern const target target_janus_echo, target_janus_call, target_janus_threads;
extern const target target_rtpengine, target_rtpengine_plain;

/* The gateway's /metrics, of the state of target_callgate; g_free. */
char *target_callgate_metrics(const void *state);
