/* RFC 2198 section 3. Headers come first: four octets for a redundant block (F=1, payload type, 14 bits of timestamp
 * offset, 10 bits of length), one octet (F=0) for the primary; then the blocks in the same order. */
#include "bridge/rtp/red.h"

enum { FOLLOWS = 0x80, REDUNDANT_HEADER = 4, PRIMARY_HEADER = 1 };

typedef struct {
    size_t headers[CG_RED_MAX_BLOCKS]; /* offsets of the block headers, the primary's last */
    unsigned count;
    size_t primary; /* offset of the primary block */
} red_layout;

static bool read_layout(const uint8_t *payload, size_t size, red_layout *ret_layout)
{
    size_t at = 0, redundant = 0;
    unsigned count = 0;
    while (at < size && (payload[at] & FOLLOWS)) {
        if (count == CG_RED_MAX_BLOCKS - 1 || size - at < REDUNDANT_HEADER)
            return false;
        ret_layout->headers[count++] = at;
        redundant += (size_t) (payload[at + 2] & 0x03) << 8 | payload[at + 3];
        at += REDUNDANT_HEADER;
    }
    if (at == size || redundant > size - at - PRIMARY_HEADER)
        return false;
    ret_layout->headers[count++] = at;
    ret_layout->count = count;
    ret_layout->primary = at + PRIMARY_HEADER + redundant;
    return true;
}

bool cg_red_map(uint8_t *payload, size_t size, const uint8_t map[static 128])
{
    red_layout layout;
    if (!read_layout(payload, size, &layout))
        return false;
    for (unsigned i = 0; i < layout.count; i++)
        if (map[payload[layout.headers[i]] & 0x7f] == CG_RED_DROP)
            return false;
    for (unsigned i = 0; i < layout.count; i++) {
        uint8_t *header = payload + layout.headers[i];
        *header = (uint8_t) ((*header & FOLLOWS) | map[*header & 0x7f]);
    }
    return true;
}

bool cg_red_find_primary(const uint8_t *payload, size_t size, uint8_t *ret_payload_type, size_t *ret_offset)
{
    red_layout layout;
    if (!read_layout(payload, size, &layout))
        return false;
    *ret_payload_type = payload[layout.headers[layout.count - 1]];
    *ret_offset = layout.primary;
    return true;
}
