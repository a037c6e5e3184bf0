/* The bridge moves media. It has workers, legs and links, and never learns what a call is.
 *
 * A leg is one peer's ICE, DTLS-SRTP and RTP; a link joins two legs of one worker so that each receives what the other
 * sends. Every function here is called on the control thread and only posts to the worker that owns the leg, in order;
 * what happens comes back as events, delivered on the control thread through the mailbox given at creation. A leg that
 * is gone ignores what it is told. */
#pragma once

#include "base/mailbox.h"
#include "base/media.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cg_bridge cg_bridge;
typedef uint64_t cg_leg_id; /* worker, slot and generation; 0 is no leg; unique for the life of the process */

typedef enum {
    CG_LEG_END_NONE,
    CG_LEG_END_CLOSED,               /* cg_bridge_leg_close */
    CG_LEG_END_ICE_TIMEOUT,          /* no valid connectivity check in time */
    CG_LEG_END_DTLS_TIMEOUT,         /* the handshake did not finish in time */
    CG_LEG_END_DTLS_FAILED,          /* alert, protocol error, no common SRTP profile */
    CG_LEG_END_FINGERPRINT_MISMATCH, /* the peer's certificate is not the one in its SDP */
    CG_LEG_END_CONSENT_LOST,         /* checks and media stopped and did not come back (RFC 7675) */
} cg_leg_end;

const char *cg_leg_end_name(cg_leg_end end); /* "ice_timeout", for logs, metrics and records */

typedef struct {
    uint64_t packets_received, bytes_received; /* authenticated RTP */
    uint64_t packets_sent, bytes_sent;         /* RTP */
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
    CG_LEG_EVENT_DIGIT,       /* one key pressed by the peer (RFC 4733), once per key */
    CG_LEG_EVENT_STATS,       /* the answer to cg_bridge_leg_stats */
    CG_LEG_EVENT_ENDED,       /* the last event of every leg: `end` and final `stats` */
} cg_leg_event_kind;

typedef struct {
    cg_leg_event_kind kind;
    cg_leg_id leg;
    char digit;         /* DIGIT: 0-9 * # A-D */
    cg_leg_end end;     /* ENDED */
    cg_leg_stats stats; /* CONNECTED, STATS, ENDED */
    char peer[64];      /* CONNECTED, MOVED: the peer's address and port as text */
} cg_leg_event;

typedef struct {
    unsigned workers;  /* 0: one per core */
    uint16_t udp_port; /* worker i listens on udp_port + i, IPv4 and IPv6; 0: any free ones (tests) */
    const char *const
        *addresses; /* IP addresses for candidates and binding, NULL-terminated; empty or NULL: every address of every
                       interface that is up, without link-local, and loopback only if there is no other */
    const char *const *advertise; /* extra candidate addresses (1:1 NAT), NULL-terminated; may be NULL */
    unsigned handshake_threads;   /* 0: one */
    unsigned handshake_queue;     /* handshakes that may wait; more are refused as DTLS_FAILED; 0: 1024 */
    unsigned max_legs;            /* per worker; 0: 4096 */
    unsigned setup_timeout_ms;    /* from remote description to CONNECTED; 0: 15000 */
    unsigned consent_warning_ms;  /* 0: 10000 */
    unsigned consent_timeout_ms;  /* 0: 30000 */
} cg_bridge_config;

/* What cg_bridge_new checks of a configuration before it opens anything. False and a message (free with g_free) for the
 * operator if it cannot work. */
bool cg_bridge_check(const cg_bridge_config *config, char **ret_error);

/* Opens the sockets, makes the certificate, starts workers and the handshake pool. Events are posted to `control` and,
 * when it is delivered there, handed to `on_event`. NULL and a message (free with g_free) if a port or address cannot
 * be had. */
cg_bridge *cg_bridge_new(const cg_bridge_config *config, cg_mailbox *control,
                         void (*on_event)(const cg_leg_event *event, void *user), void *user, char **ret_error);

/* Ends every leg, joins the threads. No event is delivered after it returns (posted ones are discarded). */
void cg_bridge_free(cg_bridge *bridge);

/* The worker that a new call should use: the least loaded. */
unsigned cg_bridge_pick_worker(cg_bridge *bridge);

/* Opens a leg on `worker` and fills `ret_local`: fresh ICE credentials, the fingerprint, an SSRC for the stream it will
 * send. Formats, extensions and direction are left empty: the caller negotiates them and hands the whole back in
 * cg_bridge_leg_connect. 0 if the worker has no room. */
cg_leg_id cg_bridge_leg_open(cg_bridge *bridge, unsigned worker, cg_media_description *ret_local);

/* The RTCP CNAME (RFC 7022: it says nothing about us) of the stream with that SSRC, for SDP. */
#define CG_CNAME_SIZE 16
void cg_bridge_cname(uint32_t ssrc, char ret_cname[static CG_CNAME_SIZE]);

/* Host candidates of the worker, for SDP. Valid as long as the bridge. */
const cg_candidate *cg_bridge_candidates(const cg_bridge *bridge, unsigned worker, size_t *ret_count);

/* The negotiated media of both sides: from now on the leg may handshake and carry media. Called again after every later
 * offer/answer: a changed `local->ice` with a changed `remote->ice` is an ICE restart (the old pair serves until the
 * new one is nominated); directions give hold; formats may change. The fingerprint of a leg must stay the same while it
 * is connected; a change ends it with FINGERPRINT_MISMATCH. */
void cg_bridge_leg_connect(cg_bridge *bridge, cg_leg_id leg, const cg_media_description *local,
                           const cg_media_description *remote);

/* Fresh local ICE credentials for a restart, to be written in the next description and handed to leg_connect. */
void cg_bridge_leg_restart(cg_bridge *bridge, cg_leg_id leg, cg_ice_credentials *ret_local);

/* Joins two legs of one worker, or (either may be 0) takes a leg's link away. A leg has one link at a time; linking
 * anew replaces it. */
void cg_bridge_link(cg_bridge *bridge, cg_leg_id a, cg_leg_id b);

/* Stops (false) or lets (true) media flow from and to the leg, beside what the negotiated directions allow:
 * gateway-side hold and mute. */
void cg_bridge_leg_set_flow(cg_bridge *bridge, cg_leg_id leg, bool from_leg, bool to_leg);

/* Sends digits (0-9 * # A-D, w: half a second's pause) to the leg's peer as RFC 4733 events, after those still waiting.
 * At most 64 wait; more are dropped, and all are if the peer takes no events: cg_leg_stats counts them. */
void cg_bridge_leg_send_digits(cg_bridge *bridge, cg_leg_id leg, const char *digits);

/* Asks for CG_LEG_EVENT_STATS. */
void cg_bridge_leg_stats(cg_bridge *bridge, cg_leg_id leg);

/* Sends RTCP BYE, forgets the leg; ENDED follows with CG_LEG_END_CLOSED (or has already been posted with another
 * reason). */
void cg_bridge_leg_close(cg_bridge *bridge, cg_leg_id leg);

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
} cg_worker_stats;

unsigned cg_bridge_worker_count(const cg_bridge *bridge);
void cg_bridge_worker_stats(const cg_bridge *bridge, unsigned worker, cg_worker_stats *ret_stats);
size_t cg_bridge_handshake_queue_depth(const cg_bridge *bridge);
