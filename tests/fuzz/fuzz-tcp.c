/* The stream of ICE-TCP, cut into reads as the input says: what comes out does not depend on the cuts, is bounded, and
 * once the stream is broken it stays so. */
#include "bridge/ice/ice_lite.h"
#include "bridge/tcp/tcp_frames.h"
#include "bridge/transport/udp.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

typedef struct {
    size_t frames, octets;
    bool broken;
} outcome;

/* Takes all frames that are there. */
static void take(cg_tcp_frames *frames, outcome *sum)
{
    const uint8_t *data;
    size_t size;
    char ufrag[CG_ICE_UFRAG_MAX + 1];
    cg_tcp_frame_status status;
    while ((status = cg_tcp_frames_next(frames, &data, &size)) == CG_TCP_FRAME) {
        require(size > 0 && size <= CG_UDP_MAX_DATAGRAM && !sum->broken);
        require(data >= frames->data && data + size <= frames->data + sizeof frames->data);
        cg_stun_peek_ufrag(data, size, ufrag);
        if (sum->frames == 0) {
            const uint8_t *again;
            cg_tcp_frames_unread(frames, size);
            require(cg_tcp_frames_next(frames, &again, &size) == CG_TCP_FRAME && again == data);
        }
        sum->frames++;
        sum->octets += size;
    }
    sum->broken = sum->broken || status == CG_TCP_FRAME_TOO_LONG;
}

static outcome read_stream(const uint8_t *data, size_t size, size_t step)
{
    static cg_tcp_frames frames;
    outcome sum = {0};
    frames = (cg_tcp_frames){0};
    while (size > 0 && !sum.broken) {
        size_t room;
        uint8_t *to = cg_tcp_frames_room(&frames, &room);
        require(room > 0);
        size_t part = size < step ? size : step;
        part = part < room ? part : room;
        memcpy(to, data, part);
        cg_tcp_frames_add(&frames, part);
        take(&frames, &sum);
        data += part;
        size -= part;
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    outcome whole = read_stream(data + 1, size - 1, SIZE_MAX), cut = read_stream(data + 1, size - 1, 1u + data[0]);
    require(whole.frames == cut.frames && whole.octets == cut.octets && whole.broken == cut.broken);
    return 0;
}
