/* Format parameters (a=fmtp) that Callgate knows, in one canonical spelling. Everything else is kept out, so that no
 * text of one browser's reaches another unread. */
#pragma once

#include "base/media.h"
#include "signaling/sdp/slice.h"

/* Opus as we ask for it when no other end has a wish: RFC 7587 section 6.1, both browsers' own default. */
#define CG_SDP_OPUS_FMTP "minptime=10;useinbandfec=1"
#define CG_SDP_EVENTS_FMTP "0-15" /* RFC 4733 section 2.4.1: what is meant where nothing is said */

/* Keeps the known parameters of `value` with values in bounds, each once (the first); empty if none is left. For RED it
 * is the block list as it stands, checked by cg_sdp_red_names once Opus's payload type is known. */
void cg_sdp_clean_fmtp(cg_codec codec, cg_slice value, char ret_fmtp[static CG_MAX_FMTP + 1]);

/* True if the block list of a RED format (RFC 2198 section 5: "111/111") names that payload type only. */
bool cg_sdp_red_names(const char *fmtp, uint8_t payload_type);

/* The block list for one redundant block and the primary one. */
void cg_sdp_write_red_fmtp(uint8_t payload_type, char ret_fmtp[static CG_MAX_FMTP + 1]);
