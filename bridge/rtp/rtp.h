/* The RTP header (RFC 3550 section 5.1): read with every bound checked, written in place. No state. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CG_RTP_HEADER_SIZE 12

typedef struct {
    bool marker;
    uint8_t payload_type;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
    size_t extension_offset; /* of the extension's four-byte header; meaningless without extension_size */
    size_t extension_size;   /* its header included; 0: none */
    size_t payload_offset;
    size_t payload_size; /* without padding */
} cg_rtp_header;

/* Reads a whole (decrypted) packet. False, and `ret_header` untouched, if it is not well-formed RTP version 2. */
bool cg_rtp_parse(const uint8_t *data, size_t size, cg_rtp_header *ret_header);

/* Writes marker, payload type, sequence, timestamp and SSRC of `header` over a packet's; the rest of the first octet
 * (padding, extension, CSRC count) stays. */
void cg_rtp_rewrite(uint8_t *data, const cg_rtp_header *header);

/* Begins a packet of our own: version 2, no padding, extension or CSRC. */
void cg_rtp_write(uint8_t data[static CG_RTP_HEADER_SIZE], const cg_rtp_header *header);
