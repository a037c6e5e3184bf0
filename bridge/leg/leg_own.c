/* Each transcoder, and each run, is a source of its own to the rewriter, so that the stream goes on without a gap where
 * one follows the other. */
#include "bridge/leg/leg.h"

#include "bridge/rtp/rtp.h"
#include "bridge/worker/worker.h"

#include <string.h>

enum { PACKETS_PER_SECOND = 50 };

bool cg_leg_send_frame(cg_worker *worker, cg_leg *leg, const cg_leg_frame *frame, int64_t now_us)
{
    const cg_path *path = cg_leg_path_out(leg);
    uint32_t clock_rate = cg_codec_get_info(frame->codec)->clock_rate;
    cg_rtp_place place;
    if (path == NULL ||
        !cg_rtp_rewriter_place(&leg->stream, frame->source, frame->position, clock_rate, now_us, &place))
        return false;
    cg_rtp_header header = {
        .marker = frame->first || place.first,
        .payload_type = leg->media.payload_type_of[frame->codec],
        .sequence = place.sequence,
        .timestamp = place.timestamp,
        .ssrc = leg->stream.ssrc,
    };
    uint8_t *data = cg_worker_buffer(worker, path);
    cg_rtp_write(data, &header);
    memcpy(data + CG_RTP_HEADER_SIZE, frame->payload, frame->size);
    cg_leg_send_rtp(worker, leg, data, CG_RTP_HEADER_SIZE + frame->size, frame->size);
    return true;
}

void cg_leg_begin_own(cg_leg *leg)
{
    leg->own.run++;
    leg->own.next = (cg_rtp_position){.sequence = 1 << 16}; /* as cg_reception_count begins: there is room below */
}

void cg_leg_send_own(cg_worker *worker, cg_leg *leg, cg_codec codec, const uint8_t *payload, size_t size,
                     int64_t now_us)
{
    cg_leg_frame frame = {
        .source = {.leg = leg->id, .ssrc = leg->own.run},
        .position = leg->own.next,
        .codec = codec,
        .payload = payload,
        .size = size,
    };
    cg_leg_send_frame(worker, leg, &frame, now_us);
    leg->own.next.sequence++;
    leg->own.next.timestamp += cg_codec_get_info(codec)->clock_rate / PACKETS_PER_SECOND;
}
