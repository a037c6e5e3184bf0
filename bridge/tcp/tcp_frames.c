/* Taking a stream apart. The buffer is longer than any frame that is accepted, so there is always room for the rest of
 * one. */
#include "bridge/tcp/tcp_frames.h"

#include "bridge/transport/udp.h"
#include "bridge/transport/wire.h"

#include <glib.h>
#include <string.h>

G_STATIC_ASSERT(CG_TCP_READ_SIZE >= CG_TCP_FRAME_HEADER + CG_UDP_MAX_DATAGRAM);

uint8_t *cg_tcp_frames_room(cg_tcp_frames *frames, size_t *ret_room)
{
    memmove(frames->data, frames->data + frames->start, frames->end - frames->start);
    frames->end -= frames->start;
    frames->start = 0;
    *ret_room = sizeof frames->data - frames->end;
    return frames->data + frames->end;
}

void cg_tcp_frames_add(cg_tcp_frames *frames, size_t size)
{
    g_assert(size <= sizeof frames->data - frames->end);
    frames->end += size;
}

cg_tcp_frame_status cg_tcp_frames_next(cg_tcp_frames *frames, const uint8_t **ret_data, size_t *ret_size)
{
    while (frames->end - frames->start >= CG_TCP_FRAME_HEADER) {
        size_t length = cg_read_u16(frames->data + frames->start);
        if (length > CG_UDP_MAX_DATAGRAM)
            return CG_TCP_FRAME_TOO_LONG;
        if (frames->end - frames->start < CG_TCP_FRAME_HEADER + length)
            return CG_TCP_FRAME_PARTIAL;
        *ret_data = frames->data + frames->start + CG_TCP_FRAME_HEADER;
        *ret_size = length;
        frames->start += CG_TCP_FRAME_HEADER + length;
        if (length > 0)
            return CG_TCP_FRAME;
    }
    return CG_TCP_FRAME_PARTIAL;
}

void cg_tcp_frames_unread(cg_tcp_frames *frames, size_t size)
{
    g_assert(frames->start >= CG_TCP_FRAME_HEADER + size);
    frames->start -= CG_TCP_FRAME_HEADER + size;
}
