/* What a bridge reports of a leg: how it fares, what its peer does, why it ended. */
#pragma once

#include "base/media.h"

#include <stdint.h>

typedef uint64_t cg_leg_id; /* worker, slot and generation; 0 is no leg; unique for the life of the process */

typedef enum {
    CG_LEG_END_NONE,
    CG_LEG_END_CLOSED,               /* cg_bridge_leg_close */
    CG_LEG_END_ICE_TIMEOUT,          /* no valid connectivity check in time */
    CG_LEG_END_DTLS_TIMEOUT,         /* the handshake did not finish in time */
    CG_LEG_END_DTLS_FAILED,          /* alert, protocol error, no common SRTP profile */
    CG_LEG_END_FINGERPRINT_MISMATCH, /* the peer's certificate is not the one in its SDP */
    CG_LEG_END_CONSENT_LOST,         /* checks and media stopped and did not come back (RFC 7675) */
    CG_LEG_END_MEDIA_TIMEOUT,        /* without ICE: nothing came for too long */
    CG_LEG_END_SRTP_FAILED,          /* without DTLS: the keys of the descriptions are refused */
} cg_leg_end;

const char *cg_leg_end_name(cg_leg_end end); /* "ice_timeout", for logs, metrics and records */

typedef struct {
    uint64_t packets_received, bytes_received; /* authenticated RTP */
    uint64_t packets_sent, bytes_sent;         /* RTP */
    uint64_t packets_translated;               /* of what this peer sent, for its present partner */
    uint64_t packets_lost;                     /* by us, RFC 3550 appendix A.3 */
    uint64_t packets_lost_remote;              /* as the peer's reports say */
    uint64_t dropped_unauthenticated;          /* SRTP that failed authentication */
    uint64_t dropped_replayed;
    uint64_t dropped_other;  /* unknown payload type, not linked, before keys */
    uint64_t digits_dropped; /* keys for the peer that found no room, or that it takes no events for */
    uint32_t jitter_us, jitter_remote_us;
    uint32_t round_trip_us; /* from RTCP, 0 until known */
    uint32_t handshake_us;  /* first ClientHello to keys */
} cg_leg_stats;

typedef enum {
    CG_LEG_EVENT_CONNECTED,   /* ICE and DTLS are done: media can flow */
    CG_LEG_EVENT_MEDIA,       /* the first authenticated RTP packet came */
    CG_LEG_EVENT_INTERRUPTED, /* nothing heard for `consent_warning_ms` */
    CG_LEG_EVENT_RECOVERED,   /* heard again after INTERRUPTED */
    CG_LEG_EVENT_MOVED,       /* the peer nominated another address */
    CG_LEG_EVENT_DIGIT,       /* one key pressed by the peer, once in whatever forms */
    CG_LEG_EVENT_STATS,       /* the answer to cg_bridge_leg_stats */
    CG_LEG_EVENT_CANDIDATE,   /* ICE_FULL: a candidate of ours was gathered */
    CG_LEG_EVENT_GATHERED,    /* ICE_FULL: and no further one will be */
    CG_LEG_EVENT_GATHER_LATE, /* ICE_FULL: not GATHERED within `gather_timeout_ms`; it still may be */
    CG_LEG_EVENT_ENDED,       /* the last event of every leg: `end` and final `stats` */
} cg_leg_event_kind;

typedef struct {
    cg_leg_event_kind kind;
    cg_leg_id leg;
    char digit;             /* DIGIT: 0-9 * # A-D */
    cg_leg_end end;         /* ENDED */
    cg_leg_stats stats;     /* CONNECTED, STATS, ENDED */
    char peer[64];          /* CONNECTED, MOVED: the peer's address and port as text */
    cg_candidate candidate; /* CANDIDATE */
} cg_leg_event;
