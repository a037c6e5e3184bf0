/* What is kept of a browser's description once it is checked: shared by the files that read, choose and write.
 * Text of the browser's that we must repeat in an answer is kept only as RFC 8866 tokens. */
#pragma once

#include "signaling/sdp/lines.h"
#include "signaling/sdp/sdp.h"

#include <glib.h>

#define CG_SDP_MAX_WORD 63 /* bytes of a media type, protocol, format or mid; RFC 9143 asks for mids of 3 or less */

typedef struct {
    char media[CG_SDP_MAX_WORD + 1];    /* "audio" */
    char protocol[CG_SDP_MAX_WORD + 1]; /* "UDP/TLS/RTP/SAVPF" */
    char format[CG_SDP_MAX_WORD + 1];   /* the first one: RFC 3264 section 6 wants one even when rejected */
    char mid[CG_SDP_MAX_WORD + 1];      /* RFC 5888; empty if there is none */
    uint16_t port;                      /* 0: rejected, unless bundle-only */
    bool bundled;                       /* in the same BUNDLE group as the audio section */
} cg_sdp_section;

struct cg_sdp {
    cg_media_description media;
    cg_sdp_section section[CG_SDP_MAX_SECTIONS]; /* in the order of the m-lines */
    size_t section_count;
    size_t audio;             /* index into section: the one we take */
    bool extmap_allow_mixed;  /* RFC 8285 section 6 */
    cg_candidate *candidates; /* owned; NULL: none */
    size_t candidate_count;
};

struct cg_sdp_layout {
    size_t audio; /* index into section */
    size_t count;
    cg_sdp_section section[]; /* as in cg_sdp */
};

/* What the readers of single concepts share while a description is read. */
typedef struct {
    const cg_sdp_lines *lines;
    cg_sdp_kind kind;
    const char *const *protocols; /* those of an audio section that we take, NULL-terminated */
    cg_sdp *sdp;                  /* being filled */
    size_t audio;                 /* section of `lines`, from 1 */
    size_t
        tagged; /* section of `lines` whose transport the bundle uses, from 1; the audio section's own if unbundled */
} cg_sdp_reading;

/* The section that says `name` for our audio: its own; else, for what a bundle shares, the tagged one (RFC 9143
 * section 7.1.3 lets a bundled section leave it out); else the session. 0, the session, also if none says it. */
size_t cg_sdp_section_with(const cg_sdp_reading *reading, const char *name);

/* sections.c: the m-lines, mids, the bundle group and which section is our audio. */
cg_sdp_status cg_sdp_read_sections(cg_sdp_reading *reading);

/* transport.c: ICE credentials, fingerprint, DTLS role, rtcp-mux. */
cg_sdp_status cg_sdp_read_transport(const cg_sdp_reading *reading);

/* rtp_transport.c: what a phone has in place of that, an address. */
cg_sdp_status cg_sdp_read_rtp_transport(const cg_sdp_reading *reading);

/* crypto.c: RTP/SAVP or RTP/AVP, and the keys for it. */
cg_sdp_status cg_sdp_read_crypto(const cg_sdp_reading *reading);
void cg_sdp_write_crypto(GString *out, const cg_media_description *local);

/* formats.c: payload types with rtpmap and fmtp. */
cg_sdp_status cg_sdp_read_formats(const cg_sdp_reading *reading);

/* attributes.c: direction, packet times, SSRC, header extensions. */
cg_sdp_status cg_sdp_read_attributes(const cg_sdp_reading *reading);

/* candidates.c: those that are of use. */
cg_sdp_status cg_sdp_read_candidates(const cg_sdp_reading *reading);

const char *cg_sdp_candidate_type_name(cg_candidate_type type); /* "srflx" */
const char *cg_sdp_direction_word(cg_direction direction);      /* "sendrecv" */
const char *cg_sdp_hash_name(cg_hash hash);                     /* "sha-256" */
