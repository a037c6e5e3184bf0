/* Continuity of the outgoing stream. What must never happen is that one sequence number is used for two packets: the
 * SRTP index would be used twice (RFC 3711 section 9.1), which libsrtp refuses and a peer drops as replay. */
#include "bridge/rtp/rtp_rewriter.h"

enum {
    MINIMUM_STEP_PER_SECOND = 50, /* between two sources at least one packet time, 20 ms, passes */
    LATE_PER_SECOND = 4,          /* what is behind by more than 250 ms is not late: its clock stood still */
};

void cg_rtp_rewriter_init(cg_rtp_rewriter *rewriter, uint32_t ssrc, uint16_t sequence, uint32_t timestamp,
                          uint32_t clock_rate)
{
    *rewriter = (cg_rtp_rewriter){
        .ssrc = ssrc,
        .clock_rate = clock_rate,
        .sequence = (uint16_t) (sequence - 1),
        .timestamp = timestamp,
    };
}

uint32_t cg_rtp_rewriter_timestamp_at(const cg_rtp_rewriter *rewriter, int64_t now_us)
{
    if (!rewriter->running)
        return rewriter->timestamp;
    int64_t elapsed_us = now_us - rewriter->sent_us;
    return rewriter->timestamp + (uint32_t) (elapsed_us * rewriter->clock_rate / 1000000);
}

/* A packet that follows those of another source: by elapsed time, but never onto the timestamp before. */
static uint32_t next_timestamp(const cg_rtp_rewriter *rewriter, int64_t now_us)
{
    if (!rewriter->running)
        return rewriter->timestamp;
    uint32_t by_time = cg_rtp_rewriter_timestamp_at(rewriter, now_us) - rewriter->timestamp;
    uint32_t least = rewriter->clock_rate / MINIMUM_STEP_PER_SECOND;
    return rewriter->timestamp + (by_time > least ? by_time : least);
}

static void join_sequence(cg_rtp_rewriter *rewriter, uint32_t sequence)
{
    rewriter->base = sequence;
    rewriter->highest = sequence - 1;
    rewriter->sequence_offset = (uint16_t) (rewriter->sequence + 1 - sequence);
    rewriter->broken = false;
}

static void join_source(cg_rtp_rewriter *rewriter, cg_rtp_source source, cg_rtp_position position, int64_t now_us)
{
    rewriter->source = source;
    rewriter->timestamp_offset = next_timestamp(rewriter, now_us) - position.timestamp;
    join_sequence(rewriter, position.sequence);
}

/* How far a packet of the source would be behind what was sent last; 0: it is not. */
static uint32_t lateness(const cg_rtp_rewriter *rewriter, cg_rtp_position position)
{
    int32_t behind = (int32_t) (rewriter->timestamp - (position.timestamp + rewriter->timestamp_offset));
    return behind > 0 ? (uint32_t) behind : 0;
}

/* Behind what was left out, or a packet of our own. False: it was said before that and has come too late, so it is left
 * out like what came in time: the stream's clock would go back. */
static bool rejoin(cg_rtp_rewriter *rewriter, cg_rtp_source source, cg_rtp_position position, bool is_event,
                   int64_t now_us)
{
    uint32_t late = lateness(rewriter, position);
    if (!is_event && late > rewriter->clock_rate / LATE_PER_SECOND)
        join_source(rewriter, source, position, now_us);
    else if (!is_event && late > 0)
        return false;
    else
        join_sequence(rewriter, position.sequence);
    return true;
}

bool cg_rtp_rewriter_place(cg_rtp_rewriter *rewriter, cg_rtp_source source, cg_rtp_position position,
                           uint32_t clock_rate, int64_t now_us, cg_rtp_place *ret_place)
{
    bool first = rewriter->source.leg != source.leg || rewriter->source.ssrc != source.ssrc;
    if (clock_rate != 0)
        rewriter->clock_rate = clock_rate;
    if (first)
        join_source(rewriter, source, position, now_us);
    else if (rewriter->broken ? (int32_t) (position.sequence - rewriter->highest) <= 0 ||
                                    !rejoin(rewriter, source, position, clock_rate == 0, now_us)
                              : (int32_t) (position.sequence - rewriter->base) < 0)
        return false;
    *ret_place = (cg_rtp_place){
        .sequence = (uint16_t) (position.sequence + rewriter->sequence_offset),
        .timestamp = position.timestamp + rewriter->timestamp_offset,
        .first = first,
    };
    if ((int32_t) (position.sequence - rewriter->highest) > 0) {
        rewriter->highest = position.sequence;
        rewriter->sequence = ret_place->sequence;
        rewriter->timestamp = ret_place->timestamp;
        rewriter->sent_us = now_us;
        rewriter->running = true;
    }
    return true;
}

void cg_rtp_rewriter_skip(cg_rtp_rewriter *rewriter)
{
    rewriter->broken = true;
}

uint16_t cg_rtp_rewriter_insert_again(cg_rtp_rewriter *rewriter)
{
    rewriter->broken = true;
    return ++rewriter->sequence;
}

cg_rtp_place cg_rtp_rewriter_insert(cg_rtp_rewriter *rewriter, int64_t now_us)
{
    rewriter->timestamp = next_timestamp(rewriter, now_us);
    rewriter->sent_us = now_us;
    rewriter->running = true;
    return (cg_rtp_place){
        .sequence = cg_rtp_rewriter_insert_again(rewriter),
        .timestamp = rewriter->timestamp,
        .first = true,
    };
}
