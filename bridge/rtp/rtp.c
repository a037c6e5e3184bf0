/* RTP header reading and writing. Every length in a packet comes from the peer: each is checked against what is left
 * before it is used. */
#include "bridge/rtp/rtp.h"

#include "bridge/transport/wire.h"

enum { VERSION_2 = 0x80, PADDING = 0x20, EXTENSION = 0x10, CSRC_COUNT = 0x0f, MARKER = 0x80 };

/* RFC 3550 section 5.3.1: the length counts 32-bit words after the four-byte extension header. */
static bool find_extension(const uint8_t *data, size_t size, size_t offset, size_t *ret_size)
{
    *ret_size = 0;
    if (!(data[0] & EXTENSION))
        return true;
    if (size - offset < 4)
        return false;
    size_t extension_size = 4 + 4 * (size_t) cg_read_u16(data + offset + 2);
    if (size - offset < extension_size)
        return false;
    *ret_size = extension_size;
    return true;
}

/* Section 5.1, padding (P): the last octet counts the padding octets, itself included. */
static bool find_padding(const uint8_t *data, size_t size, size_t offset, size_t *ret_size)
{
    *ret_size = 0;
    if (!(data[0] & PADDING))
        return true;
    if (size == offset)
        return false;
    *ret_size = data[size - 1];
    return *ret_size > 0 && *ret_size <= size - offset;
}

bool cg_rtp_parse(const uint8_t *data, size_t size, cg_rtp_header *ret_header)
{
    if (size < CG_RTP_HEADER_SIZE || (data[0] & 0xc0) != VERSION_2)
        return false;
    size_t extension_offset = CG_RTP_HEADER_SIZE + 4 * (size_t) (data[0] & CSRC_COUNT);
    size_t extension_size, padding;
    if (size < extension_offset || !find_extension(data, size, extension_offset, &extension_size))
        return false;
    size_t payload_offset = extension_offset + extension_size;
    if (!find_padding(data, size, payload_offset, &padding))
        return false;
    *ret_header = (cg_rtp_header){
        .marker = data[1] & MARKER,
        .payload_type = data[1] & 0x7f,
        .sequence = cg_read_u16(data + 2),
        .timestamp = cg_read_u32(data + 4),
        .ssrc = cg_read_u32(data + 8),
        .extension_offset = extension_offset,
        .extension_size = extension_size,
        .payload_offset = payload_offset,
        .payload_size = size - payload_offset - padding,
    };
    return true;
}

void cg_rtp_rewrite(uint8_t *data, const cg_rtp_header *header)
{
    data[1] = (uint8_t) ((header->marker ? MARKER : 0) | (header->payload_type & 0x7f));
    cg_write_u16(data + 2, header->sequence);
    cg_write_u32(data + 4, header->timestamp);
    cg_write_u32(data + 8, header->ssrc);
}

void cg_rtp_write(uint8_t data[static CG_RTP_HEADER_SIZE], const cg_rtp_header *header)
{
    data[0] = VERSION_2;
    cg_rtp_rewrite(data, header);
}
