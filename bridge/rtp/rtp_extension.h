/* RTP header extensions (RFC 8285): what a peer numbers one way is handed on under the numbers of the other peer; what
 * the other peer did not negotiate is taken out. */
#pragma once

#include "bridge/rtp/rtp.h"

#define CG_RTP_EXTENSION_IDS 15 /* ids 1..14 are ours to map; 0 is padding, 15 and above are never negotiated by us */

/* Rewrites the extension elements of a parsed packet in place. `map[id]` is the id to write, 0: drop the element. If no
 * element is left, or the extension is of another kind than RFC 8285's two, the whole extension is taken out: the
 * packet then begins `result` bytes later and its X bit is clear. Returns those bytes, 0 if it begins where it did. */
size_t cg_rtp_extension_map(uint8_t *data, const cg_rtp_header *header, const uint8_t map[static CG_RTP_EXTENSION_IDS]);
