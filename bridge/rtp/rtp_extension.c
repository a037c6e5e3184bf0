/* Header extension elements in both forms of RFC 8285. Dropped elements become padding (zero octets), which both forms
 * allow between elements, so that nothing has to move. */
#include "bridge/rtp/rtp_extension.h"

#include "bridge/transport/wire.h"

#include <string.h>

enum { ONE_BYTE = 0xbede, TWO_BYTE = 0x1000, ONE_BYTE_STOP = 15, X_BIT = 0x10 };

static uint8_t new_id(const uint8_t map[static CG_RTP_EXTENSION_IDS], uint8_t id)
{
    return id < CG_RTP_EXTENSION_IDS ? map[id] : 0;
}

/* Section 4.2: id and length minus one share an octet; id 15 ends the reading. Returns how many elements are left. */
static unsigned map_one_byte(uint8_t *at, uint8_t *end, const uint8_t map[static CG_RTP_EXTENSION_IDS])
{
    unsigned kept = 0;
    while (at < end) {
        uint8_t id = at[0] >> 4;
        size_t element = id == 0 ? 1 : 2 + (size_t) (at[0] & 0x0f);
        if (id == ONE_BYTE_STOP || element > (size_t) (end - at)) {
            memset(at, 0, (size_t) (end - at));
            break;
        }
        uint8_t mapped = id == 0 ? 0 : new_id(map, id);
        if (mapped == 0)
            memset(at, 0, element);
        else
            at[0] = (uint8_t) (mapped << 4 | (at[0] & 0x0f)), kept++;
        at += element;
    }
    return kept;
}

/* Section 4.3: an octet of id, an octet of length; id 0 is one octet of padding without a length. */
static unsigned map_two_byte(uint8_t *at, uint8_t *end, const uint8_t map[static CG_RTP_EXTENSION_IDS])
{
    unsigned kept = 0;
    while (at < end) {
        if (at[0] == 0) {
            at++;
            continue;
        }
        size_t element = end - at < 2 ? SIZE_MAX : 2 + (size_t) at[1];
        if (element > (size_t) (end - at)) {
            memset(at, 0, (size_t) (end - at));
            break;
        }
        uint8_t mapped = new_id(map, at[0]);
        if (mapped == 0)
            memset(at, 0, element);
        else
            at[0] = mapped, kept++;
        at += element;
    }
    return kept;
}

static size_t take_out(uint8_t *data, const cg_rtp_header *header)
{
    memmove(data + header->extension_size, data, header->extension_offset);
    data[header->extension_size] &= (uint8_t) ~X_BIT;
    return header->extension_size;
}

size_t cg_rtp_extension_map(uint8_t *data, const cg_rtp_header *header, const uint8_t map[static CG_RTP_EXTENSION_IDS])
{
    if (header->extension_size == 0)
        return 0;
    uint8_t *begin = data + header->extension_offset + 4, *end = data + header->payload_offset;
    uint16_t profile = cg_read_u16(data + header->extension_offset);
    unsigned kept = 0;
    if (profile == ONE_BYTE)
        kept = map_one_byte(begin, end, map);
    else if ((profile & 0xfff0) == TWO_BYTE)
        kept = map_two_byte(begin, end, map);
    return kept > 0 ? 0 : take_out(data, header);
}
