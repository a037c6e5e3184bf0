/* The bridge moves media. It has workers, legs and links, and never learns what a call is.
 *
 * A leg is one peer's ICE, DTLS-SRTP and RTP, or (phones, trunks) RTP or SRTP alone; a link joins two legs of one
 * worker so that each receives what the other sends. Every function here is called on the control thread and only posts
 * to the worker that owns the leg, in order; what happens comes back as events, delivered on the control thread through
 * the mailbox given at creation. A leg that is gone ignores what it is told. */
#pragma once

#include "base/mailbox.h"
#include "base/media.h"
#include "bridge/audio/music.h"
#include "bridge/ice/ice_servers.h"
#include "bridge/leg/leg_event.h"
#include "bridge/transport/rtp_host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cg_bridge cg_bridge;

typedef enum {
    CG_ICE_LITE, /* the peers check, we answer: one UDP port of each worker for all its legs */
    CG_ICE_FULL, /* an agent for each leg, for gateways behind a NAT that need STUN or TURN */
} cg_ice_mode;

typedef struct {
    unsigned workers; /* 0: one per core */
    cg_ice_mode ice;
    uint16_t udp_port; /* ICE_LITE: worker i listens on udp_port + i, IPv4 and IPv6; 0: any free ones (tests) */
    const char *const
        *addresses; /* IP addresses for candidates and binding, NULL-terminated; empty or NULL: every address of every
                       interface that is up, without link-local, and loopback only if there is no other */
    const char *const *advertise;  /* extra candidate addresses (1:1 NAT), NULL-terminated; may be NULL */
    cg_ice_servers_config servers; /* ICE_FULL */
    unsigned gather_timeout_ms;    /* ICE_FULL: until GATHER_LATE; 0: 1000 */
    uint16_t tcp_port; /* ICE-TCP for peers that cannot send UDP, all workers' legs on it; 0: none; ICE_LITE */
    bool tcp_any_port; /* ICE-TCP on any free port, which the candidates tell (tests) */
    unsigned tcp_claim_timeout_ms;       /* from connecting to the first check; 0: 5000 */
    unsigned handshake_threads;          /* 0: one */
    unsigned handshake_queue;            /* handshakes that may wait; calls beyond are not admitted; 0: 1024 */
    unsigned max_legs;                   /* per worker; 0: 4096 */
    unsigned load_limit_percent;         /* of a core: no more calls for a worker that is busier; 0: no limit */
    unsigned setup_timeout_ms;           /* from remote description to CONNECTED; 0: 15000 */
    unsigned consent_warning_ms;         /* 0: 10000 */
    unsigned consent_timeout_ms;         /* 0: 30000 */
    uint16_t rtp_port_min, rtp_port_max; /* of legs of plain RTP, two each; 0: 20000 to 29999 */
    const char *const *rtp_addresses;    /* told to their peers: one of IPv4, one of IPv6, or both, the preferred first,
                                            NULL-terminated; empty or NULL: as rtp_host.h says */
    unsigned rtp_timeout_ms;             /* silence that ends one whose peer may send; 0: 60000 */
    unsigned rtp_latch_window_ms;        /* after a description, in which the first packet wins; 0: the signalled
                                            address only (rtp_latch.h) */
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

/* Why no two legs can be added that are to be linked. */
typedef enum {
    CG_ADMISSION_GRANTED,
    CG_ADMISSION_LOAD,       /* every worker is too busy, counting what was admitted and has no media yet */
    CG_ADMISSION_DROPS,      /* the kernel dropped packets because the worker did not come to them */
    CG_ADMISSION_LATE,       /* the worker answers too late */
    CG_ADMISSION_HANDSHAKES, /* as many as the pool takes are under way or due */
    CG_ADMISSION_LEGS,       /* `max_legs` are open */
    CG_ADMISSION_COUNT
} cg_admission;

const char *cg_admission_name(cg_admission admission); /* "load", for logs and metrics */

/* Is there room for two more legs that will be linked, and on which worker: the least loaded. Where loads are alike,
 * the one with the fewest legs. The worker `near` is taken if it admits, however busy others are: what may be linked
 * with its legs later belongs there. Nobody's running media suffers from a refusal. */
#define CG_ANY_WORKER ((unsigned) -1)
cg_admission cg_bridge_admit(const cg_bridge *bridge, unsigned near, unsigned *ret_worker);

/* The leg will be linked: from now on what a link costs counts as load of its worker, until its media is there to be
 * measured. Once per pair; a leg that closes takes it back. */
void cg_bridge_leg_expect(cg_bridge *bridge, cg_leg_id leg);

/* The leg and what it is linked with have no codec in common: from now on what translation costs counts as load of its
 * worker, until it is there to be measured. Once for each link. */
void cg_bridge_leg_expect_translation(cg_bridge *bridge, cg_leg_id leg);

/* Measures the workers; called a few times a second. */
void cg_bridge_tick(cg_bridge *bridge, int64_t now_us);

/* Who makes the first offer; of full ICE agents that one controls (RFC 8445 section 6.1.1). */
typedef enum { CG_LEG_ANSWERS, CG_LEG_OFFERS } cg_leg_role;

/* Opens a leg on `worker` and fills `ret_local`: fresh ICE credentials, the fingerprint, an SSRC for the stream it will
 * send. Formats, extensions and direction are left empty: the caller negotiates them and hands the whole back in
 * cg_bridge_leg_connect. With ICE_FULL it gathers candidates from now on. 0 if the worker has no room. */
cg_leg_id cg_bridge_leg_open(cg_bridge *bridge, unsigned worker, cg_leg_role role, cg_media_description *ret_local);

/* The same for a leg without ICE and DTLS (SRTP if the descriptions in cg_bridge_leg_connect have a key each, RTP if
 * neither has): fills in an SSRC and where it receives (`ret_local->rtp`,
 * without mux): at an address of `family` (AF_UNSPEC: the preferred one). 0 also if there is none of it, or no port is
 * free. */
cg_leg_id cg_bridge_leg_open_rtp(cg_bridge *bridge, unsigned worker, int family, cg_media_description *ret_local);

/* The same, for a peer that is a leg of the bridge too: two of these are how media gets from one worker to another. */
cg_leg_id cg_bridge_leg_open_inside(cg_bridge *bridge, unsigned worker, cg_media_description *ret_local);

/* Where such legs receive. Valid as long as the bridge. */
const cg_rtp_host *cg_bridge_rtp_host(const cg_bridge *bridge);

/* The RTCP CNAME (RFC 7022: it says nothing about us) of the stream with that SSRC, for SDP. */
#define CG_CNAME_SIZE 16
void cg_bridge_cname(uint32_t ssrc, char ret_cname[static CG_CNAME_SIZE]);

cg_ice_mode cg_bridge_ice(const cg_bridge *bridge);

/* ICE_LITE: host candidates of the worker, for SDP, UDP first. Valid as long as the bridge. ICE_FULL: none, they come
 * as events. */
const cg_candidate *cg_bridge_candidates(const cg_bridge *bridge, unsigned worker, size_t *ret_count);

/* The negotiated media of both sides: from now on the leg may handshake and carry media. Called again after every later
 * offer/answer: a changed `local->ice` with a changed `remote->ice` is an ICE restart (the old pair serves until the
 * new one is nominated); directions give hold; formats may change. The fingerprint of a leg must stay the same while it
 * is connected; a change ends it with FINGERPRINT_MISMATCH. */
void cg_bridge_leg_connect(cg_bridge *bridge, cg_leg_id leg, const cg_media_description *local,
                           const cg_media_description *remote);

/* Fresh local ICE credentials for a restart, to be written in the next description and handed to leg_connect. */
void cg_bridge_leg_restart(cg_bridge *bridge, cg_leg_id leg, cg_ice_credentials *ret_local);

/* ICE_FULL: a candidate of the peer's, from its description or trickled (RFC 8838); before leg_connect or after. So
 * many are taken between two restarts (libnice's own limit is 25). ICE_LITE: none, the peer's checks tell where it is.
 */
#define CG_ICE_MAX_REMOTE_CANDIDATES 24
void cg_bridge_leg_add_candidate(cg_bridge *bridge, cg_leg_id leg, const cg_candidate *candidate);

/* The worker that a leg lives on. */
unsigned cg_bridge_leg_worker(cg_leg_id leg);

/* Joins two legs of one worker, or (either may be 0) takes a leg's link away. A leg has one link at a time; linking
 * anew replaces it. */
void cg_bridge_link(cg_bridge *bridge, cg_leg_id a, cg_leg_id b);

/* Stops (false) or lets (true) media flow from and to the leg, beside what the negotiated directions allow:
 * gateway-side hold and mute. */
void cg_bridge_leg_set_flow(cg_bridge *bridge, cg_leg_id leg, bool from_leg, bool to_leg);

/* The leg's peer hears the music from now on (takes a reference), as far as directions and flow let anything through to
 * it, and nothing of the linked leg; NULL: no music. Linked or not. */
void cg_bridge_leg_play(cg_bridge *bridge, cg_leg_id leg, cg_music *music);

/* The leg's peer only rings, or (false) does no longer: while it does, its silence does not end the leg. Of one without
 * ICE. */
void cg_bridge_leg_set_ringing(cg_bridge *bridge, cg_leg_id leg, bool ringing);

/* How the keys of a leg's peer come and go. */
typedef enum {
    CG_KEYS_EVENTS,    /* RFC 4733 events, where telephone-event was negotiated, or not at all */
    CG_KEYS_AUTO,      /* where it was not, tones */
    CG_KEYS_SIGNALLED, /* not in its media: by requests that whoever opened the leg deals with */
} cg_keys_form;

void cg_bridge_leg_set_keys(cg_bridge *bridge, cg_leg_id leg, cg_keys_form form);

/* The leg's peer has pressed these keys, its signalling says. Like keys in its media they are told as events of the
 * leg and given to the linked one; what it says in two forms is one key. */
void cg_bridge_leg_take_digits(cg_bridge *bridge, cg_leg_id leg, const char *digits);

/* Sends digits (0-9 * # A-D, w: half a second's pause) to the leg's peer in its form, after those still waiting. At
 * most 64 wait; more are dropped, and all are if the peer takes no form of them: cg_leg_stats counts them. */
void cg_bridge_leg_send_digits(cg_bridge *bridge, cg_leg_id leg, const char *digits);

/* Asks for CG_LEG_EVENT_STATS. */
void cg_bridge_leg_stats(cg_bridge *bridge, cg_leg_id leg);

/* Sends RTCP BYE, forgets the leg; ENDED follows with CG_LEG_END_CLOSED (or has already been posted with another
 * reason). */
void cg_bridge_leg_close(cg_bridge *bridge, cg_leg_id leg);
