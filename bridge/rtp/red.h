/* Redundant audio (RFC 2198): a packet of blocks, each under a payload type of its own that has to be renumbered like
 * the packet's. Block headers are checked against the payload before anything is written. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_RED_MAX_BLOCKS 10 /* more redundancy than any peer uses; RFC 2198 names no bound */
#define CG_RED_DROP 0xff     /* in a map: this payload type has no counterpart */

/* Renumbers the blocks of a payload. False, and the payload untouched, if it is malformed or a block's payload type
 * maps to CG_RED_DROP. */
bool cg_red_map(uint8_t *payload, size_t size, const uint8_t map[static 128]);

/* Finds the primary block (the last one): what a peer without RED shall get. False if the payload is malformed. */
bool cg_red_find_primary(const uint8_t *payload, size_t size, uint8_t *ret_payload_type, size_t *ret_offset);
