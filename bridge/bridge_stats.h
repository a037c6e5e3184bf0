/* What a bridge counts: for metrics, on the control thread unless it says otherwise. */
#pragma once

#include "bridge/bridge.h"

/* Counters of one worker since start; readable at any time from any thread. */
typedef struct {
    uint64_t legs;
    uint64_t packets_received, packets_sent, bytes_received, bytes_sent; /* datagrams with media */
    uint64_t packets_forwarded;                                          /* RTP from one leg sent to its link */
    uint64_t transcoded_legs;                                            /* whose speech is translated for their link */
    uint64_t packets_transcoded;                                         /* RTP made that way */
    uint64_t stun_requests, stun_rejected; /* rejected: unknown ufrag, wrong integrity, malformed */
    uint64_t dropped_unknown_source;       /* not STUN and from no validated address */
    uint64_t dropped_unauthenticated, dropped_replayed, dropped_malformed, dropped_not_negotiated, dropped_no_keys;
    uint64_t dropped_too_many; /* media beyond what an audio stream can have */
    uint64_t packets_lost;     /* sum over legs, ended ones included */
    uint64_t handshakes_done, handshakes_failed;
    uint64_t handshake_us_sum;    /* of those done */
    uint64_t handshake_bucket[8]; /* done within 10, 25, 50, 100, 250, 500, 1000 ms, and all: cumulative */
    uint64_t mailbox_depth;       /* waiting for the worker */
    uint64_t loop_lag_us;         /* how late its last timer ran */
    uint64_t send_failures;       /* datagrams the kernel refused */
    uint64_t receive_drops;       /* datagrams the kernel dropped because the receive buffer was full */
    uint64_t tcp_connections;     /* open ones, each a path of a leg */
    uint64_t tcp_dropped;         /* packets for peers that do not read their connection */
} cg_worker_stats;

/* Why a TCP connection was ended before it belonged to a leg. */
typedef enum {
    CG_TCP_REFUSED_ADDRESS,   /* made to an address that is not one of ours */
    CG_TCP_REFUSED_NETWORK,   /* too many from its address (IPv6: /64) that belong to no leg yet */
    CG_TCP_REFUSED_TOO_MANY,  /* too many in all: it was silent longest */
    CG_TCP_REFUSED_TIMEOUT,   /* said nothing in time */
    CG_TCP_REFUSED_CLOSED,    /* closed by the peer before it said anything */
    CG_TCP_REFUSED_MALFORMED, /* began with something else than a connectivity check */
    CG_TCP_REFUSED_CHECK,     /* unknown ufrag, wrong integrity */
    CG_TCP_REFUSAL_COUNT
} cg_tcp_refusal;

const char *cg_tcp_refusal_name(cg_tcp_refusal refusal); /* "check_refused", for logs and metrics */

typedef struct {
    uint64_t accepted; /* since start, refused ones included */
    uint64_t refused[CG_TCP_REFUSAL_COUNT];
} cg_tcp_stats;

unsigned cg_bridge_worker_count(const cg_bridge *bridge);
void cg_bridge_worker_stats(const cg_bridge *bridge, unsigned worker, cg_worker_stats *ret_stats);
/* Share of a core, smoothed over a second: as measured, and with what was admitted and is not in the measurement. */
double cg_bridge_worker_load(const cg_bridge *bridge, unsigned worker, double *ret_expected);
void cg_bridge_tcp_stats(const cg_bridge *bridge, cg_tcp_stats *ret_stats); /* zero without ICE-TCP */
size_t cg_bridge_handshake_queue_depth(const cg_bridge *bridge);
