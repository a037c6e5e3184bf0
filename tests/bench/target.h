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
    const recording *opus, *pcmu; /* of targets that translate */
} target_world;

/* A floor is no gateway: nothing is set up, nothing is held. */
typedef enum { TARGET_PEER, TARGET_OURS, TARGET_FLOOR } target_kind;

typedef struct {
    const char *key, *label;
    target_kind kind;
    /* The server runs and its clients are there, as idle as clients are. */
    void *(*start)(const target_world *world);
    /* Says all that is to be said for call number `call`; media comes up by itself, between `ret_ends`. */
    void (*call)(void *state, unsigned call, load_client *ret_ends[static 2]);
    bool paced; /* calls begin when somebody else has them begin */
    pid_t (*pid)(const void *state);
    void (*stop)(void *state);
} target;

extern const target target_floor, target_srtp_floor;
extern const target target_callgate, target_callgate_trunk, target_callgate_translating;
extern const target target_janus_echo, target_janus_call, target_janus_threads;
extern const target target_rtpengine, target_rtpengine_plain, target_rtpengine_translating;

/* The gateway's /metrics, of the state of target_callgate; g_free. */
char *target_callgate_metrics(const void *state);
