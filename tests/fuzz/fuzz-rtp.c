/* RTP headers, header extensions and RED blocks as a peer may send them once authenticated. Whatever comes, the packet
 * that goes on is well-formed and carries the same payload. */
#include "bridge/rtp/red.h"
#include "bridge/rtp/rtp.h"
#include "bridge/rtp/rtp_extension.h"

#include <stdlib.h>
#include <string.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void map_extensions(const uint8_t *original, uint8_t *packet, size_t size, const cg_rtp_header *header)
{
    static const uint8_t map[CG_RTP_EXTENSION_IDS] = {[1] = 4, [4] = 1, [5] = 14};
    cg_rtp_header after;
    size_t shift = cg_rtp_extension_map(packet, header, map);
    require(shift == 0 || shift == header->extension_size);
    cg_rtp_rewrite(packet + shift, header);
    require(cg_rtp_parse(packet + shift, size - shift, &after));
    require(after.sequence == header->sequence && after.ssrc == header->ssrc);
    require(after.payload_size == header->payload_size);
    require(after.extension_size == (shift == 0 ? header->extension_size : 0));
    require(memcmp(packet + shift + after.payload_offset, original + header->payload_offset, after.payload_size) == 0);
}

static void map_red(uint8_t *payload, size_t size)
{
    uint8_t map[128], payload_type;
    size_t offset, mapped_offset;
    for (unsigned i = 0; i < sizeof map; i++)
        map[i] = (uint8_t) (i % 7 == 0 ? CG_RED_DROP : 127 - i);
    bool found = cg_red_find_primary(payload, size, &payload_type, &offset);
    require(!found || offset <= size);
    bool mapped = cg_red_map(payload, size, map);
    require(!mapped || found);
    if (mapped)
        require(cg_red_find_primary(payload, size, &payload_type, &mapped_offset) && mapped_offset == offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cg_rtp_header header;
    uint8_t *packet = malloc(size); /* not an octet more, for the sanitizer */
    memcpy(packet, data, size);
    if (cg_rtp_parse(packet, size, &header)) {
        require(header.payload_offset + header.payload_size <= size);
        map_extensions(data, packet, size, &header);
        memcpy(packet, data, size);
        map_red(packet + header.payload_offset, header.payload_size);
    }
    free(packet);
    return 0;
}
