/* Session descriptions (RFC 8866) as browsers and gateway exchange them: offer/answer per JSEP (RFC 8829) and RFC 3264,
 * for one bundled audio section; every other section is kept in order and answered as rejected (port 0). Those of
 * phones (RTP/AVP or RTP/SAVP, an address in place of ICE and DTLS) are read and written by the same rules.
 * Reading is strict and bounded; what is not known is kept out of what we write. No I/O, no state. */
#pragma once

#include "base/media.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define CG_SDP_MAX_SIZE 16384 /* bytes of a description */
#define CG_SDP_MAX_LINES 512
#define CG_SDP_MAX_SECTIONS 8 /* m-lines */
#define CG_SDP_MAX_CANDIDATES 32
#define CG_SDP_MAX_CANDIDATE_SIZE 512 /* bytes of a trickled one */

typedef struct cg_sdp cg_sdp; /* a description from a browser, checked */

typedef enum {
    CG_SDP_OK,
    CG_SDP_MALFORMED, /* not SDP, over a limit, broken line */
    CG_SDP_NO_AUDIO,  /* no audio section, or it is rejected */
    CG_SDP_PROTOCOL,  /* audio is not UDP/TLS/RTP/SAVPF (or SAVP); a phone's is not RTP/AVP or RTP/SAVP */
    CG_SDP_NO_ICE,    /* ufrag or pwd missing or out of bounds */
    CG_SDP_NO_FINGERPRINT,
    CG_SDP_TWO_FINGERPRINTS, /* more than one fingerprint applies to the section (different values) */
    CG_SDP_WEAK_FINGERPRINT, /* sha-1 or md5 */
    CG_SDP_SETUP,            /* a=setup does not let us be the DTLS client: active where passive or actpass is needed */
    CG_SDP_NO_RTCP_MUX,
    CG_SDP_NO_CRYPTO, /* RTP/SAVP without a key that we take (AES_CM_128_HMAC_SHA1_80 or _32) */
    CG_SDP_NO_CODEC,  /* nothing in it that Callgate speaks */
    CG_SDP_STATUS_COUNT
} cg_sdp_status;

const char *cg_sdp_status_text(cg_sdp_status status); /* a sentence for the client's error message */
const char *cg_sdp_status_name(cg_sdp_status status); /* "no_fingerprint", for logs and metrics */

typedef enum { CG_SDP_OFFER, CG_SDP_ANSWER } cg_sdp_kind;

/* Reads an offer or answer from a browser. On CG_SDP_OK `*ret_sdp` is the caller's, else untouched. */
cg_sdp_status cg_sdp_parse(const char *text, size_t size, cg_sdp_kind kind, cg_sdp **ret_sdp);
/* The same from a phone: RTP/AVP or RTP/SAVP; `rtp` of the media is where it wants to be sent to, `crypto` what it
 * protects what it sends with. */
cg_sdp_status cg_sdp_parse_rtp(const char *text, size_t size, cg_sdp_kind kind, cg_sdp **ret_sdp);
void cg_sdp_free(cg_sdp *sdp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cg_sdp, cg_sdp_free)

/* The audio section, formats we speak only, in the browser's order. Valid as long as `sdp`. */
const cg_media_description *cg_sdp_media(const cg_sdp *sdp);

/* The browser's candidates for it, in its order; the first CG_SDP_MAX_CANDIDATES that a full agent can use. */
const cg_candidate *cg_sdp_candidates(const cg_sdp *sdp, size_t *ret_count);

typedef enum {
    CG_SDP_CANDIDATE_OK,
    CG_SDP_CANDIDATE_USELESS, /* sound, but not RTP over UDP to an IP address */
    CG_SDP_CANDIDATE_MALFORMED,
} cg_sdp_candidate_status;

/* A trickled candidate, "candidate:1 1 udp ..." (RFC 8839 section 5.1). `*ret_candidate` is set on OK only. */
cg_sdp_candidate_status cg_sdp_parse_candidate(const char *text, cg_candidate *ret_candidate);

/* The same text of one of ours. Free with g_free. */
char *cg_sdp_write_candidate(const cg_candidate *candidate);

/* What the gateway says of itself, beside the media description. */
typedef struct {
    uint64_t session_id;      /* o= line */
    uint64_t session_version; /* o= line; one more with every description of a leg that says something else */
    const cg_candidate *candidates;
    size_t candidate_count;
    bool candidates_complete; /* no further ones will be told */
    bool ice_lite;
    const char *cname; /* RTCP CNAME of our stream */
} cg_sdp_origin;

/* The m-lines of a description, which all later offers of its session have, too. */
typedef struct cg_sdp_layout cg_sdp_layout;

/* NULL: one m-line without a mid, as our first offer to a phone has. */
cg_sdp_layout *cg_sdp_layout_of(const cg_sdp *sdp);
void cg_sdp_layout_free(cg_sdp_layout *layout); /* NULL is nothing */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cg_sdp_layout, cg_sdp_layout_free)

/* Writes our offer to a browser (setup:active: the gateway is always DTLS client), or to a phone if `local->rtp` is
 * there: then only session id and version are used of `origin`. `before` is of what was last agreed on with that side;
 * NULL: nothing yet. Of its m-lines the audio is ours, the others are refused. Free with g_free. */
char *cg_sdp_write_offer(const cg_sdp_origin *origin, const cg_media_description *local, const cg_sdp_layout *before);

/* Writes our answer (setup:active; to a phone as above) to `offer`: its sections in its order, mids, bundle group. Free
 * with g_free. */
char *cg_sdp_write_answer(const cg_sdp_origin *origin, const cg_media_description *local, const cg_sdp *offer);

/* Chooses what of a remote offer we take. `local->formats` and `extensions` become those of `offer` that are also in
 * `allowed` (codecs; NULL: all we speak), with the offer's payload types and order; fmtp as we answer it; direction is
 * the answer to the offer's and what we want (`wanted`). RED stays only beside Opus, CN only beside G.711 or G.722,
 * telephone-event per clock in use. Nothing in common leaves no format: then there is no answer to write. */
void cg_sdp_answer_media(const cg_media_description *offer, const bool allowed[CG_CODEC_COUNT], cg_direction wanted,
                         cg_media_description *local);

/* Fills `local` with an offer of our own: those codecs of `preferred` (the caller's formats and order; NULL: all in
 * default order) with payload types that do not clash; telephone-events in any case, for keys are passed on in whatever
 * form; extensions under our ids; sendrecv. ICE, fingerprint, ssrc are
 * left to the caller. */
void cg_sdp_offer_media(const cg_media_description *preferred, cg_media_description *local);

/* Adds to our own offer, behind what is there, the speech codecs that are not: for a gateway that translates. Events
 * come along where a clock is new; RED and CN only make sense where they pass through. */
void cg_sdp_offer_more(cg_media_description *local);

/* Leaves of `media` those codecs of `allowed` (ended by CG_CODEC_COUNT) that it has, in the order of `allowed`, behind
 * them comfort noise and (`events`) the telephone-events that go with them, and no header extensions: what a trunk is
 * offered. */
void cg_sdp_prefer_codecs(const cg_codec *allowed, bool events, cg_media_description *media);

/* Takes a remote answer to our offer `local`: leaves of it what the answer has, too. False, and nothing changed, if
 * that leaves no speech codec. */
bool cg_sdp_narrow_media(const cg_media_description *answer, cg_media_description *local);

/* SRTP with keys in the descriptions (SDES, RFC 4568), towards phones. */
typedef enum {
    CG_SRTP_OFF,
    CG_SRTP_OPTIONAL, /* offered as phones do that may as well go without: RTP/AVP, with keys that can be passed over */
    CG_SRTP_REQUIRED, /* RTP/SAVP, nothing else */
} cg_srtp_policy;

/* Puts fresh keys into an offer of ours. */
void cg_sdp_offer_crypto(cg_srtp_policy policy, cg_media_description *local);

/* Chooses a key of a phone's `offer`, and leaves no other there; `local`, what was last agreed on, gets ours: the same
 * as before if there was one for that suite. False, and nothing changed, if the policy forbids what is offered. */
bool cg_sdp_answer_crypto(cg_srtp_policy policy, cg_media_description *offer, cg_media_description *local);

/* Takes a phone's `answer` to our offer `local`, and leaves one key in either, or none. False, and nothing changed, if
 * the policy forbids it or it answers no key of ours. */
bool cg_sdp_narrow_crypto(cg_srtp_policy policy, cg_media_description *answer, cg_media_description *local);

bool cg_sdp_has_speech(const cg_media_description *media);

/* Lets the far end's wishes cross: `local`'s formats take over the fmtp of `far`'s of the same codec, its ptime and
 * maxptime. `far` is what the other leg's browser said (cg_sdp_media). Call it behind cg_sdp_answer_media when the
 * callee's answer is there; cg_sdp_offer_media has done it with `preferred`. RED keeps naming `local`'s own Opus. */
void cg_sdp_cross_media(const cg_media_description *far, cg_media_description *local);
